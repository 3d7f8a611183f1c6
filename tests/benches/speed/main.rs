//! `cargo bench`: how fast the library and the command are, as ratios against limits and peers of the same run.
//!
//! Every figure is the least of several rounds that take turns, so that a busy machine slows all of them alike.

mod command;
mod keys;
mod library;
mod openssl;
mod rounds;

use std::process::ExitCode;

fn main() -> ExitCode {
    // `cargo nextest` and `cargo test --benches` only want to know that it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let openssl = openssl::Openssl::build().inspect_err(|error| eprintln!("no figure for OpenSSL: {error}")).ok();
    library::print(openssl.as_ref());
    keys::print();
    match command::print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("no figures for the command: {error}");
            ExitCode::FAILURE
        }
    }
}
