//! One address or message as it came in, and what is said about it.

use alloc::borrow::Cow;
use core::fmt::{self, Display, Write};
use std::ffi::OsStr;

use batv_core::{Error, Path};
use batv_policy::address;
use serde::Serialize;

use crate::json;
use crate::stream::LINE_LIMIT;

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

/// Why there is no address in a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error(transparent)]
    Address(#[from] Error),
    #[error("line of more than {LINE_LIMIT} octets")]
    LineTooLong,
}

/// What is said about some addresses: answers for programs, notes for people.
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

    /// Adds an object of JSON.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> fmt::Result {
        serde_json::to_writer(&mut self.out.0, object).map_err(|_| fmt::Error)
    }

    /// Adds a line for people, which says what address it is about.
    pub(crate) fn note(&mut self, line: &Line<'_>, what: impl Display) {
        // `Out` takes all that is written.
        let _ = match line.number {
            Some(number) => writeln!(self.notes, "batv: line {number}: {what}"),
            None => writeln!(self.notes, "batv: {}: {what}", line.shown()),
        };
    }

    /// Adds the same, and that the address was refused, or did not verify.
    pub(crate) fn refuse(&mut self, line: &Line<'_>, why: impl Display) {
        self.note(line, why);
        self.outcome = Outcome::Refused;
    }

    /// Adds an object for an address that was refused.
    pub(crate) fn refuse_in_json(&mut self, line: &Line<'_>, why: impl Display) -> fmt::Result {
        self.outcome = Outcome::Refused;
        self.json(&json::Refused { input: &line.text(), error: why.to_string() })
    }
}

/// What it came to, for all addresses: the worst counts.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Outcome {
    #[default]
    Good,
    /// An address was refused, or did not verify.
    Refused,
    /// A recipient could not be judged.
    Undecided,
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

impl Write for Out {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.raw(text.as_bytes());
        Ok(())
    }
}
