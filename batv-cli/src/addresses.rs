//! Addresses of a command: its arguments, or standard input.

use core::fmt;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use crate::answer::{Answer, Line, Outcome};
use crate::error::Error;
use crate::progress::Progress;
use crate::stream::{self, Outputs, Tail};

/// Answers each address on a line of its own.
pub(crate) fn answer_all<F>(addresses: &[OsString], tail: Tail, answer_line: F) -> Result<Outcome, Error>
where
    F: Fn(&Line<'_>, &mut Answer) -> fmt::Result + Sync,
{
    if addresses.is_empty() {
        return answer_input(tail, &answer_line);
    }
    let mut answer = Answer::default();
    for address in addresses {
        if address == "-" {
            answer.print()?;
            answer.outcome = answer.outcome.max(answer_input(tail, &answer_line)?);
        } else {
            let spelling = OnceLock::new();
            let line = Line::argument(address, &spelling);
            answer_line(&line, &mut answer).map_err(io::Error::other).map_err(Error::Output)?;
            answer.out.raw(b"\n");
        }
    }
    answer.print()?;
    Ok(answer.outcome)
}

/// The one address that is asked about, if it is one and not a stream. `spelling` keeps its spelling where that is
/// another.
pub(crate) fn only_one<'a>(addresses: &'a [OsString], spelling: &'a OnceLock<String>) -> Option<Line<'a>> {
    match addresses {
        [address] if address != "-" => Some(Line::argument(address, spelling)),
        _ => None,
    }
}

/// Answers one address, which may need no line at all.
pub(crate) fn answer_one(
    line: &Line<'_>,
    answer_line: impl Fn(&Line<'_>, &mut Answer) -> fmt::Result,
) -> Result<Outcome, Error> {
    let mut answer = Answer::default();
    answer_line(line, &mut answer).map_err(io::Error::other).map_err(Error::Output)?;
    answer.print()?;
    Ok(answer.outcome)
}

fn answer_input<F>(tail: Tail, answer_line: &F) -> Result<Outcome, Error>
where
    F: Fn(&Line<'_>, &mut Answer) -> fmt::Result + Sync,
{
    let (input, answers, notes) = (io::stdin(), io::stdout(), io::stderr());
    if input.is_terminal() {
        let _ = writeln!(&notes, "batv: type one address per line; end with Ctrl-D");
    }
    let shown = notes.is_terminal() && !answers.is_terminal() && !input.is_terminal();
    let outputs = Outputs { answers, notes, progress: shown.then(|| Progress::new("lines")) };
    stream::answer_lines(input, outputs, tail, answer_line)
}
