//! What each subcommand does.

mod check;
mod generate;
mod key;
mod sign;
mod srs;
mod unwrap;
mod verify;

use batv_config::clock;
use batv_core::Day;

use crate::answer::Outcome;
use crate::cli::{Clock, Command, Output};
use crate::error::Error;
use crate::stream::Tail;

/// Does what was asked; tells what it came to.
pub(crate) fn run(command: &Command) -> Result<Outcome, Error> {
    match command {
        Command::Sign(arguments) => sign::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Unwrap(arguments) => unwrap::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Srs(arguments) => srs::run(&arguments.direction),
        Command::Key(arguments) => key::run(&arguments.operation).map(|()| Outcome::Good),
        Command::Generate(arguments) => generate::run(&arguments.what).map(|()| Outcome::Good),
    }
}

impl Clock {
    fn today(&self) -> Result<Day, Error> {
        self.at.map_or_else(|| Ok(clock::today()?), Ok)
    }
}

impl Output {
    /// An over-long line goes through a filter, but not into an object.
    fn tail(&self) -> Tail {
        if self.json { Tail::Dropped } else { Tail::Passed }
    }
}
