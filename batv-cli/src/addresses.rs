//! Addresses of a command: its arguments, or standard input.

use core::fmt;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use crate::answer::{Answer, Line, Outcome};
use crate::error::Error;
use crate::flags::Output;
use crate::progress::Progress;
use crate::stream::{self, Outputs, Tail};

/// The forms of an answer: functions of what all lines have in common, and of one of them.
pub(crate) struct Forms<C> {
    pub(crate) json: Form<C>,
    pub(crate) plain: Form<C>,
    /// For a single address, where that is not [`Self::plain`]. It ends its lines itself.
    pub(crate) alone: Option<Form<C>>,
}

type Form<C> = fn(&C, &Line<'_>, &mut Answer) -> fmt::Result;

/// Answers all addresses in their order; `-` stands for standard input, and so does no address at all.
pub(crate) fn answer<C: Sync>(
    addresses: &[OsString],
    output: &Output,
    common: &C,
    forms: &Forms<C>,
) -> Result<Outcome, Error> {
    let mut answer = Answer::default();
    let form = if output.json { forms.json } else { forms.plain };
    if let ([address], Some(alone), false) = (addresses, forms.alone, output.json)
        && address != "-"
    {
        alone(common, &Line::argument(address, &mut String::new()), &mut answer)?;
        answer.print()?;
        return Ok(answer.outcome);
    }
    let answer_line = |line: &Line<'_>, answer: &mut Answer| form(common, line, answer);
    if addresses.is_empty() {
        return answer_input(output.tail(), &answer_line);
    }
    for address in addresses {
        if address == "-" {
            answer.print()?;
            answer.outcome = answer.outcome.max(answer_input(output.tail(), &answer_line)?);
        } else {
            answer_line(&Line::argument(address, &mut String::new()), &mut answer)?;
            answer.out.raw(b"\n");
        }
    }
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
    let outputs = Outputs { answers, notes, progress: Progress::new("lines", shown) };
    stream::answer_lines(input, outputs, tail, answer_line)
}
