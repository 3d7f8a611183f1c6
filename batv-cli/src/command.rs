//! Commands: each has its options beside its code.

mod check;
mod generate;
mod judge;
mod key;
mod may_bounce;
mod migrate;
mod report;
mod sign;
mod srs;
mod unwrap;
mod verify;

use clap::Subcommand;

use crate::answer::Outcome;
use crate::error::Error;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sign(sign::Sign),
    Verify(verify::Verify),
    Unwrap(unwrap::Unwrap),
    Check(check::Check),
    Judge(judge::Judge),
    MayBounce(may_bounce::MayBounce),
    Report(report::Report),
    Srs(srs::Srs),
    Key(key::Key),
    Migrate(migrate::Migrate),
    Generate(generate::Generate),
}

impl Command {
    /// Runs the command; `program` describes the whole command line.
    pub(crate) fn run(&self, program: fn() -> clap::Command) -> Result<Outcome, Error> {
        match self {
            Self::Sign(arguments) => sign::run(arguments),
            Self::Verify(arguments) => verify::run(arguments),
            Self::Unwrap(arguments) => unwrap::run(arguments),
            Self::Check(arguments) => check::run(arguments),
            Self::Judge(arguments) => judge::run(arguments),
            Self::MayBounce(arguments) => may_bounce::run(arguments),
            Self::Report(arguments) => report::run(arguments),
            Self::Srs(arguments) => srs::run(arguments),
            Self::Key(arguments) => key::run(arguments),
            Self::Migrate(arguments) => migrate::run(arguments),
            Self::Generate(arguments) => generate::run(arguments, program()),
        }
    }
}
