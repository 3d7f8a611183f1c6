//! Reading of a whole message.

use alloc::borrow::Cow;

use batv_core::Path;
use memchr::memmem;

use crate::classify::Class;
use crate::classify::classify;
use crate::evidence::Evidence;
use crate::read::header::{fields, without_envelope_line};
use crate::read::message::{Limits, Message};
use crate::record::original::Original;
use crate::record::report::{Action, Report};

/// Reading of a message: its class, its report and the message that it returns.
///
/// ```
/// use batv_bounce::{Action, Class, Limits, read};
/// use batv_core::Path;
///
/// let bounce = b"From: MAILER-DAEMON@mx.example.net\r\nTo: alice@example.com\r\n\
///     Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
///     --b\r\n\r\nYour message could not be delivered.\r\n\
///     --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
///     Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\
///     --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@example.com>\r\n--b--\r\n";
/// let reading = read(bounce, Some(Path::Null), &Limits::default());
/// assert_eq!((reading.class, reading.action), (Class::Dsn, Some(Action::Failed)));
/// assert_eq!(reading.original.and_then(|original| original.field("Message-ID")).as_deref(), Some("<1@example.com>"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reading<'x> {
    /// Header, octet by octet, up to the limit.
    pub header: Cow<'x, [u8]>,
    /// Class of the message.
    pub class: Class,
    /// Worst fate of a recipient, if the message is a bounce.
    pub action: Option<Action>,
    /// Evidence, in the order in which it was found.
    pub evidence: Vec<Evidence>,
    /// Fields of the report.
    pub report: Report,
    /// Returned message.
    pub original: Option<Original<'x>>,
    /// Other candidates for the returned message.
    pub others: Vec<Original<'x>>,
    /// Message-IDs in In-Reply-To and References.
    pub answers: Vec<String>,
    /// Whether the message exceeds a limit, beyond which nothing was read.
    pub cut: bool,
}

impl Reading<'_> {
    /// First field of this name in the header, on one line.
    ///
    /// ```
    /// # use batv_bounce::{Limits, read};
    /// let reading = read(b"Delivered-To: alice@example.com\n\nTo: bob@example.net\n", None, &Limits::default());
    /// assert_eq!(reading.field("delivered-to").as_deref(), Some("alice@example.com"));
    /// assert_eq!(reading.field("To"), None);
    /// ```
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        fields(&self.header).find(|field| field.is(name)).map(|field| field.text())
    }

    /// Copies borrowed octets, so that the reading outlives the message.
    ///
    /// ```
    /// # use batv_bounce::{Limits, Reading, read};
    /// fn reading(message: Vec<u8>) -> Reading<'static> {
    ///     read(&message, None, &Limits::default()).into_owned()
    /// }
    /// # assert!(!reading(Vec::new()).cut);
    /// ```
    pub fn into_owned(self) -> Reading<'static> {
        Reading {
            header: self.header.into_owned().into(),
            class: self.class,
            action: self.action,
            evidence: self.evidence,
            report: self.report,
            original: self.original.map(Original::into_owned),
            others: self.others.into_iter().map(Original::into_owned).collect(),
            answers: self.answers,
            cut: self.cut,
        }
    }
}

/// Reads a message. Any octets are a message of some class.
///
/// `reverse_path` is of the envelope; where it isn't known, the field Return-Path tells it.
///
/// ```
/// use batv_bounce::{Class, Limits, read};
///
/// assert_eq!(read(b"Subject: lunch\n\nAt noon?\n", None, &Limits::default()).class, Class::Ordinary);
/// ```
#[must_use]
pub fn read<'x>(octets: &'x [u8], reverse_path: Option<Path<'_>>, limits: &Limits) -> Reading<'x> {
    let mut reading = match with_line_feeds(octets, limits) {
        Cow::Borrowed(octets) => read_lines(octets, reverse_path, limits),
        Cow::Owned(octets) => read_lines(&octets, reverse_path, limits).into_owned(),
    };
    // What was cut can have become short enough.
    reading.cut |= octets.len() > limits.octets;
    reading
}

fn read_lines<'x>(octets: &'x [u8], reverse_path: Option<Path<'_>>, limits: &Limits) -> Reading<'x> {
    let message = Message::read(octets, limits);
    let found = classify(&message, reverse_path);
    let (others, others_cut) = match found.class {
        Class::Ordinary => (Vec::new(), false),
        _ => Original::others(&message, found.original.as_ref()),
    };
    let answers = ["In-Reply-To", "References"].into_iter().filter_map(|name| message.field(name));
    let answers = answers.flat_map(|field| message_ids(&field.text())).collect();
    Reading {
        header: message.header.into(),
        class: found.class,
        action: found.action,
        evidence: found.evidence,
        report: found.report,
        original: found.original,
        others,
        answers,
        cut: message.is_cut() || others_cut,
    }
}

/// Line ends other than those of RFC 5322 §2.1 and of files.
#[derive(Clone, Copy)]
enum LineEnds {
    /// A carriage return alone.
    Return,
    /// Two carriage returns: `\r\r\n`.
    DoubleReturn,
}

/// A message, or its body, whose lines end otherwise gets line feeds. The header and the body can differ: a mail server
/// that hands over the header as a list of fields makes the ends of its lines anew.
fn with_line_feeds<'x>(octets: &'x [u8], limits: &Limits) -> Cow<'x, [u8]> {
    let within = |octets: &'x [u8]| &octets[..octets.len().min(limits.octets)];
    let start = &octets[..octets.len().min(4096)];
    if memchr::memchr(b'\n', start).is_none() && memchr::memchr(b'\r', start).is_some() {
        return line_feeds(within(octets), LineEnds::Return).into();
    }
    let message = without_envelope_line(octets);
    if let Some(ends) = line_ends(message) {
        return line_feeds(within(message), ends).into();
    }
    let body = body(message);
    let Some(ends) = line_ends(&message[body..]) else { return Cow::Borrowed(octets) };
    let within = within(message);
    let (header, body) = within.split_at(body.min(within.len()));
    [header, &line_feeds(body, ends)].concat().into()
}

/// Unusual end of the first line.
fn line_ends(octets: &[u8]) -> Option<LineEnds> {
    match memchr::memchr(b'\n', octets) {
        Some(end) => octets[..end].ends_with(b"\r\r").then_some(LineEnds::DoubleReturn),
        None => memchr::memchr(b'\r', octets).map(|_| LineEnds::Return),
    }
}

fn line_feeds(octets: &[u8], ends: LineEnds) -> Vec<u8> {
    match ends {
        LineEnds::Return => octets.iter().map(|octet| if *octet == b'\r' { b'\n' } else { *octet }).collect(),
        LineEnds::DoubleReturn => {
            let mut made = Vec::with_capacity(octets.len());
            let mut from = 0;
            for at in memmem::find_iter(octets, b"\r\r\n") {
                made.extend_from_slice(&octets[from..at]);
                from = at + 1;
            }
            made.extend_from_slice(&octets[from..]);
            made
        }
    }
}

/// Start of the body, behind the first empty line.
fn body(octets: &[u8]) -> usize {
    let lines = memchr::memchr_iter(b'\n', octets);
    let empty = lines.map(|end| end + 1).find_map(|start| match &octets[start..] {
        [b'\n', ..] => Some(start + 1),
        [b'\r', b'\n', ..] => Some(start + 2),
        _ => None,
    });
    empty.unwrap_or(octets.len())
}

/// The most Message-IDs that are kept.
const MOST_ANSWERS: usize = 50;

fn message_ids(text: &str) -> Vec<String> {
    let ids = text.split_inclusive('>').filter_map(|piece| piece.find('<').map(|at| piece[at..].to_owned()));
    ids.take(MOST_ANSWERS).collect()
}
