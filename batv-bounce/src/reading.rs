//! What a message is, read from its octets alone.

use alloc::borrow::Cow;

use batv_core::Path;

use crate::class::Class;
use crate::classify::classify;
use crate::evidence::Evidence;
use crate::header::fields;
use crate::message::{Limits, Message};
use crate::original::Original;
use crate::report::{Action, Report};

/// What was read in a message.
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
    /// Its header, octet by octet, as much of it as is read.
    pub header: Cow<'x, [u8]>,
    /// What kind of message it is.
    pub class: Class,
    /// Of a bounce: what became of the message, at worst.
    pub action: Option<Action>,
    /// What was seen, in the order in which it was looked for.
    pub evidence: Vec<Evidence>,
    /// The fields of the report.
    pub report: Report,
    /// The message that is returned.
    pub original: Option<Original<'x>>,
    /// What else may be that message, where there is more than one.
    pub others: Vec<Original<'x>>,
    /// Message-IDs that it answers: In-Reply-To and References.
    pub answers: Vec<String>,
    /// Whether a limit was met, behind which nothing was read.
    pub cut: bool,
}

impl Reading<'_> {
    /// The first field of this name in its header, on one line.
    ///
    /// ```
    /// # use batv_bounce::{Limits, read};
    /// let reading = read(b"Delivered-To: alice@example.com\n\nTo: bob@example.net\n", None, &Limits::default());
    /// assert_eq!(reading.field("delivered-to").as_deref(), Some("alice@example.com"));
    /// assert_eq!(reading.field("To"), None);
    /// ```
    pub fn field(&self, name: &str) -> Option<String> {
        fields(&self.header).find(|field| field.is(name)).map(|field| field.text())
    }

    /// The same without anything borrowed.
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

/// Reads a message: what it is, and what it returns. Any octets are a message of some kind.
///
/// `reverse_path` is of the envelope; where it isn't known, the field Return-Path tells it.
///
/// ```
/// use batv_bounce::{Class, Limits, read};
///
/// assert_eq!(read(b"Subject: lunch\n\nAt noon?\n", None, &Limits::default()).class, Class::Ordinary);
/// ```
pub fn read<'x>(octets: &'x [u8], reverse_path: Option<Path<'_>>, limits: &Limits) -> Reading<'x> {
    match with_line_feeds(octets, limits) {
        Cow::Borrowed(octets) => read_lines(octets, reverse_path, limits),
        Cow::Owned(octets) => read_lines(&octets, reverse_path, limits).into_owned(),
    }
}

fn read_lines<'x>(octets: &'x [u8], reverse_path: Option<Path<'_>>, limits: &Limits) -> Reading<'x> {
    let message = Message::read(octets, limits);
    let found = classify(&message, reverse_path);
    let others =
        if found.class == Class::Ordinary { Vec::new() } else { Original::others(&message, found.original.as_ref()) };
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
        cut: message.cut,
    }
}

/// A file whose lines end with a carriage return alone gets line feeds instead.
fn with_line_feeds<'x>(octets: &'x [u8], limits: &Limits) -> Cow<'x, [u8]> {
    let start = &octets[..octets.len().min(4096)];
    if memchr::memchr(b'\n', start).is_some() || memchr::memchr(b'\r', start).is_none() {
        return Cow::Borrowed(octets);
    }
    // One more than is read shows that there are more.
    let octets = &octets[..octets.len().min(limits.octets.saturating_add(1))];
    octets.iter().map(|octet| if *octet == b'\r' { b'\n' } else { *octet }).collect::<Vec<u8>>().into()
}

/// The most Message-IDs that are kept.
const MOST_ANSWERS: usize = 50;

fn message_ids(text: &str) -> Vec<String> {
    let ids = text.split_inclusive('>').filter_map(|piece| piece.find('<').map(|at| piece[at..].to_owned()));
    ids.take(MOST_ANSWERS).collect()
}
