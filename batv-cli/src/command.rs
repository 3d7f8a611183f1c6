//! What each subcommand does.

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

use batv_config::clock;
use batv_core::envelope::OnError;
use batv_core::tag::Delimiter;
use batv_core::{Day, Pattern};
use batv_policy::{Rules, SrsRules};

use crate::answer::Outcome;
use crate::cli::{self, Clock, Command, Output};
use crate::error::Error;
use crate::stream::Tail;

/// Does what was asked; tells what it came to.
pub(crate) fn run(command: &Command) -> Result<Outcome, Error> {
    match command {
        Command::Sign(arguments) => sign::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Unwrap(arguments) => unwrap::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Judge(arguments) => judge::run(arguments),
        Command::MayBounce(arguments) => may_bounce::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Srs(arguments) => srs::run(&arguments.direction),
        Command::Key(arguments) => key::run(&arguments.operation).map(|()| Outcome::Good),
        Command::Migrate(arguments) => migrate::run(arguments),
        Command::Generate(arguments) => generate::run(&arguments.what).map(|()| Outcome::Good),
    }
}

impl Clock {
    fn today(&self) -> Result<Day, Error> {
        self.at.map_or_else(|| Ok(clock::today()?), Ok)
    }
}

impl cli::Policy {
    fn rules(&self) -> Result<Rules, Error> {
        let srs = SrsRules {
            domains: self.srs_domains.clone(),
            hash_length: self.srs_hash_minimum,
            hash_minimum: self.srs_hash_minimum,
            max_age: self.srs_max_age,
            takes_mail: self.srs_takes_mail,
            ..SrsRules::default()
        };
        srs.check()?;
        Ok(Rules {
            protected: patterns(&self.protected)?,
            exempt: patterns(&self.exempt)?,
            form: self.form.with(Delimiter::default()),
            mode: self.mode,
            modes: self.modes.iter().cloned().collect(),
            signing_since: self.signing_since,
            on_error: match self.on_error {
                cli::OnError::Tempfail => OnError::Tempfail,
                cli::OnError::Accept => OnError::Accept,
            },
            srs,
            ..Rules::default()
        })
    }
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern<String>>, Error> {
    Ok(texts.iter().map(|text| Pattern::parse(text.clone())).collect::<Result<_, _>>()?)
}

impl Output {
    /// An over-long line goes through a filter, but not into an object.
    fn tail(&self) -> Tail {
        if self.json { Tail::Dropped } else { Tail::Passed }
    }
}
