//! One address or message as it was read, and the answer about it.

use alloc::borrow::Cow;
use core::fmt::{self, Display, Write as _};
use std::ffi::OsStr;
use std::io::{self, Write};

use batv_core::{Error, Path};
use batv_policy::address;
use serde::Serialize;

use crate::error;
use crate::json::{Text, object};

/// Octets of a line that are read at most.
pub(crate) const LINE_LIMIT: usize = 64 * 1024;

/// An argument, or a line of input without its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) octets: &'a [u8],
    /// Counted from 1; `None` for an argument.
    pub(crate) number: Option<u64>,
    /// Whether these are only the first octets of the line.
    pub(crate) cut: bool,
    /// The spelling that counts, of an address.
    spelled: &'a [u8],
}

/// An address whose domain is in U-labels has another spelling, and one behind a byte order mark.
fn spelled<'a>(octets: &'a [u8], storage: &'a mut String) -> &'a [u8] {
    if octets.is_ascii() { octets } else { respelled(octets, address::path(octets), storage) }
}

fn respelled<'a>(octets: &'a [u8], spelled: Result<Cow<'a, str>, Error>, storage: &'a mut String) -> &'a [u8] {
    match spelled {
        Ok(Cow::Borrowed(text)) => text.as_bytes(),
        Ok(Cow::Owned(text)) => {
            *storage = text;
            storage.as_bytes()
        }
        Err(_) => octets,
    }
}

impl<'a> Line<'a> {
    /// An address of the command line. `storage` keeps its spelling where that is another.
    pub(crate) fn argument(text: &'a OsStr, storage: &'a mut String) -> Self {
        let octets = text.as_encoded_bytes();
        Self { octets, number: None, cut: false, spelled: spelled(octets, storage) }
    }

    /// The sender of the command line, in any spelling that a server takes.
    pub(crate) fn sender(text: &'a OsStr, storage: &'a mut String) -> Self {
        let octets = text.as_encoded_bytes();
        Self { octets, number: None, cut: false, spelled: respelled(octets, address::reverse_path(octets), storage) }
    }

    /// A line of input.
    pub(crate) fn numbered(octets: &'a [u8], number: Option<u64>, storage: &'a mut String) -> Self {
        Self { octets, number, cut: false, spelled: spelled(octets, storage) }
    }

    /// The first octets of a line that is too long.
    pub(crate) const fn cut(octets: &'a [u8], number: Option<u64>) -> Self {
        Self { octets, number, cut: true, spelled: octets }
    }

    /// The name of a message, or something of it.
    pub(crate) const fn named(text: &'a str) -> Self {
        Self { octets: text.as_bytes(), number: None, cut: false, spelled: text.as_bytes() }
    }

    pub(crate) fn path(&self) -> Result<Path<'a>, Malformed> {
        if self.cut {
            return Err(Malformed::LineTooLong);
        }
        Path::parse(self.spelled).map_err(Malformed::Address)
    }

    /// The text for JSON, which knows no other octets than those of UTF-8.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.octets)
    }

    /// The text for a terminal, which must not take it for a command.
    pub(crate) fn shown(&self) -> String {
        let mut shown = String::new();
        for character in self.text().chars() {
            if character.is_control() {
                shown.extend(character.escape_default());
            } else {
                shown.push(character);
            }
        }
        shown
    }
}

/// Text of a message for a terminal, which must not take it for a command.
pub(crate) fn shown(text: impl Display) -> String {
    Line::named(&text.to_string()).shown()
}

/// Why a line is not an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error(transparent)]
    Address(#[from] Error),
    #[error("line of more than {LINE_LIMIT} octets")]
    LineTooLong,
}

/// Answer about some addresses: lines for programs, notes for people.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) out: Out,
    pub(crate) notes: Out,
    pub(crate) outcome: Outcome,
}

impl Answer {
    /// Octets held.
    pub(crate) fn len(&self) -> usize {
        self.out.0.len() + self.notes.0.len()
    }

    /// Writes all that was gathered so far.
    pub(crate) fn print(&mut self) -> Result<(), error::Error> {
        print(&self.out.0)?;
        // Standard error may be closed: then nobody wants to be told.
        let _ = io::stderr().write_all(&self.notes.0);
        self.out.0.clear();
        self.notes.0.clear();
        Ok(())
    }

    /// Adds an object of JSON.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> fmt::Result {
        serde_json::to_writer(&mut self.out.0, object).map_err(|_| fmt::Error)
    }

    /// Adds a line for people, which names the address.
    pub(crate) fn note(&mut self, line: &Line<'_>, what: impl Display) {
        // `Out` takes all that is written.
        let _ = match line.number {
            Some(number) => writeln!(self.notes, "batv: line {number}: {what}"),
            None => writeln!(self.notes, "batv: {}: {what}", line.shown()),
        };
    }

    /// Adds a line for people about an address that was refused, or did not verify.
    pub(crate) fn refuse(&mut self, line: &Line<'_>, why: impl Display) {
        self.note(line, why);
        self.outcome = Outcome::Refused;
    }

    /// Answers with the line itself.
    pub(crate) fn unchanged(&mut self, line: &Line<'_>) -> fmt::Result {
        self.out.raw(line.octets);
        Ok(())
    }

    /// Adds an object for an address that was refused.
    pub(crate) fn refuse_in_json(&mut self, line: &Line<'_>, why: impl Display) -> fmt::Result {
        self.outcome = Outcome::Refused;
        self.json(&object! { input: line.text(), error: Text(&why) })
    }
}

/// Outcome for all addresses: the worst counts.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Outcome {
    #[default]
    Good,
    /// An address was refused, or did not verify.
    Refused,
    /// A recipient could not be judged.
    Undecided,
}

/// Writes octets to standard output.
pub(crate) fn print(octets: &[u8]) -> Result<(), error::Error> {
    let mut output = io::stdout().lock();
    output.write_all(octets).and_then(|()| output.flush()).map_err(error::Error::Output)
}

/// Answers as they are gathered.
#[derive(Debug, Default)]
pub(crate) struct Out(pub(crate) Vec<u8>);

impl Out {
    /// Adds octets, which need not be UTF-8.
    #[inline]
    pub(crate) fn raw(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }
}

impl fmt::Write for Out {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.raw(text.as_bytes());
        Ok(())
    }
}
