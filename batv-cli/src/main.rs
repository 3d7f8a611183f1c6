//! `batv`: signs, verifies, unwraps and judges envelope addresses.

extern crate alloc;

mod addresses;
mod answer;
mod cli;
mod command;
mod error;
mod explain;
mod flags;
mod json;
mod key_messages;
mod keys;
mod messages;
mod ordered;
mod progress;
mod stream;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::answer::Outcome;
use crate::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().command.run(Cli::command) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Ok(Outcome::Undecided) => ExitCode::from(2),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed: then nobody wants to be told.
            let _ = writeln!(io::stderr(), "batv: {error}");
            ExitCode::from(2)
        }
    }
}
