//! `batv`: signs, verifies, unwraps and judges envelope addresses.

extern crate alloc;

mod addresses;
mod answer;
mod cli;
mod command;
mod error;
mod explain;
mod json;
mod keys;
mod messages;
mod progress;
mod stream;
mod turns;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::answer::Outcome;
use crate::cli::Cli;

fn main() -> ExitCode {
    match command::run(&Cli::parse().command) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Ok(Outcome::Undecided) => ExitCode::from(2),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever closes standard error does not want to be told.
            let _ = writeln!(io::stderr(), "batv: {error}");
            ExitCode::from(2)
        }
    }
}
