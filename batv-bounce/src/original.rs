//! The message that a bounce returns: all of it, its header, or lines of it in a text.

use alloc::borrow::Cow;
use core::fmt;

use crate::header::{fields, line};
use crate::message::{Message, Part};

/// Fields that nearly each message has: three of them in a row are the header of one.
const COMMON: [&str; 12] = [
    "Return-Path",
    "Received",
    "Date",
    "Sent",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Reply-To",
    "Cc",
];
const ENOUGH: usize = 3;
/// The most characters of quotation before a line.
const MOST_QUOTATION: usize = 16;

/// How much of the original came back.
///
/// ```
/// use batv_bounce::Form;
///
/// assert_eq!(Form::Headers.as_str(), "headers");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Form {
    /// The message, as a part of its own.
    Whole,
    /// Its header, as a part of its own.
    Headers,
    /// Header and perhaps body in a text, as they were.
    Inline,
    /// Lines of its header in a text, some left out or changed.
    Partial,
}

impl Form {
    /// The name in outputs.
    ///
    /// ```
    /// # use batv_bounce::Form;
    /// assert_eq!(Form::Whole.as_str(), "whole");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Headers => "headers",
            Self::Inline => "inline",
            Self::Partial => "partial",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The returned original.
///
/// ```
/// use batv_bounce::{Form, Limits, read};
///
/// let bounce = b"From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message:\n\n\
///     From: alice@example.com\nTo: bob@example.net\nMessage-ID: <1@example.com>\n\nHello\n";
/// let reading = read(bounce, None, &Limits::default());
/// let original = reading.original.ok_or("no original")?;
/// assert_eq!(original.form, Form::Partial);
/// assert_eq!(original.field("message-id").as_deref(), Some("<1@example.com>"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Original<'x> {
    /// How much came back.
    pub form: Form,
    /// Its header, octet by octet; without quotation, where it was quoted.
    pub header: Cow<'x, [u8]>,
    /// Its body, when all of it seems to be there.
    pub body: Option<Cow<'x, [u8]>>,
    /// Whether nothing seems to be missing in the header: it ends, and has what RFC 5322 §3.6 wants and a trace of its
    /// way. Only such a header can show by what it doesn't have that it isn't ours.
    pub complete: bool,
    /// The number of the part where it stands (RFC 3501 §6.4.5); empty in a message of one part.
    pub part: String,
}

impl<'x> Original<'x> {
    /// The first field of this name, on one line.
    ///
    /// ```
    /// # use batv_bounce::{Limits, read};
    /// # let reading = read(b"From: postmaster@example.net\nSubject: x\n\nFrom: a@example.com\nTo: b@example.net\nSubject: y\n", None, &Limits::default());
    /// # let original = reading.original.ok_or("no original")?;
    /// assert_eq!(original.field("From").as_deref(), Some("a@example.com"));
    /// assert_eq!(original.field("DKIM-Signature"), None);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn field(&self, name: &str) -> Option<String> {
        fields(&self.header).find(|field| field.is(name)).map(|field| field.text())
    }

    /// The same without anything borrowed.
    ///
    /// ```
    /// # use batv_bounce::{Limits, Original, read};
    /// fn original(message: &[u8]) -> Option<Original<'static>> {
    ///     read(message, None, &Limits::default()).original.map(Original::into_owned)
    /// }
    /// # assert!(original(b"From: postmaster@example.net\nSubject: x\n\nFrom: a@example.com\nTo: b@example.net\nSubject: y\n").is_some());
    /// ```
    pub fn into_owned(self) -> Original<'static> {
        Original {
            form: self.form,
            header: self.header.into_owned().into(),
            body: self.body.map(|body| body.into_owned().into()),
            complete: self.complete,
            part: self.part,
        }
    }

    /// Finds it among the parts of a message: a part of its own first, else the text that has most of a header.
    pub(crate) fn find(message: &Message<'x>) -> Option<Self> {
        // Behind the report, or the first words: a gateway's wrapping comes before.
        let own = message.parts.iter().rev().find_map(|part| Self::of_part(message, part));
        own.or_else(|| {
            let texts = message.parts.iter().filter(|part| part.is(&["text/plain", "text/html"]));
            texts.filter_map(|part| Self::in_text(message, part)).max_by_key(|original| common_fields(&original.header))
        })
    }

    fn of_part(message: &Message<'_>, part: &Part<'x>) -> Option<Self> {
        let whole = part.is(&["message/rfc822", "message/global"]);
        let headers =
            part.is(&["text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "text/rfc822-header"]);
        if !whole && !headers {
            return None;
        }
        let octets = part.octets();
        let header_length = header_length(&octets);
        let most = message.limits.header_octets;
        let (header, rest) = split(octets, header_length.min(most));
        // A part that is followed by nothing may have been cut off anywhere.
        let ended = header_length <= most && if whole { !rest.is_empty() } else { part.ends };
        let body = if rest.starts_with(b"\r\n") { from(rest, 2) } else { from(rest, 1) };
        let whole_body = whole && part.ends && !message.cut;
        Some(Self {
            form: match (ended, whole) {
                (false, _) => Form::Partial,
                (true, true) => Form::Whole,
                (true, false) => Form::Headers,
            },
            complete: ended && is_complete(&header),
            body: (whole_body && ended).then_some(body),
            header,
            part: part.number.clone(),
        })
    }

    /// A header in a text, which may be quoted or indented.
    fn in_text(message: &Message<'_>, part: &Part<'x>) -> Option<Self> {
        let text = message.text(part);
        let header = best_header(text.as_bytes())?;
        let complete = header.whole && is_complete(&header.octets);
        Some(Self {
            form: if header.whole && fields(&header.octets).any(|field| field.is("Received")) {
                Form::Inline
            } else {
                Form::Partial
            },
            complete,
            header: header.octets.into(),
            body: None,
            part: part.number.clone(),
        })
    }
}

fn header_length(octets: &[u8]) -> usize {
    let mut header = fields(octets);
    header.by_ref().for_each(drop);
    octets.len() - header.rest().len()
}

fn split(octets: Cow<'_, [u8]>, at: usize) -> (Cow<'_, [u8]>, Cow<'_, [u8]>) {
    match octets {
        Cow::Borrowed(octets) => {
            let (header, rest) = octets.split_at(at);
            (header.into(), rest.into())
        }
        Cow::Owned(mut octets) => {
            let rest = octets.split_off(at);
            (octets.into(), rest.into())
        }
    }
}

fn from(octets: Cow<'_, [u8]>, at: usize) -> Cow<'_, [u8]> {
    let at = at.min(octets.len());
    split(octets, at).1
}

/// Whether a header has all that each message has when it has left its host: RFC 5322 §3.6 wants From and Date, and who
/// refused it must have received it, or told its Message-ID.
fn is_complete(header: &[u8]) -> bool {
    let has = |name: &str| fields(header).any(|field| field.is(name));
    has("From") && has("Date") && has("Message-ID") && has("Received")
}

fn common_fields(header: &[u8]) -> usize {
    COMMON.iter().filter(|name| fields(header).any(|field| field.is(name))).count()
}

struct TextHeader {
    octets: Vec<u8>,
    /// Whether it is as it was: not quoted, and with an end.
    whole: bool,
}

/// The run of lines with the most common fields.
fn best_header(text: &[u8]) -> Option<TextHeader> {
    let mut best = None;
    let mut most = ENOUGH - 1;
    let mut rest = text;
    while !rest.is_empty() {
        let first = line(rest);
        let quotation = quotation(first);
        if !begins_field(&first[quotation.len()..]) {
            rest = &rest[first.len()..];
            continue;
        }
        let mut octets = Vec::new();
        let mut lines = 0;
        let mut ended = false;
        while !rest.is_empty() {
            let next = line(rest);
            let Some(unquoted) = next.strip_prefix(quotation) else {
                ended = next.trim_ascii().is_empty();
                break;
            };
            if !(begins_field(unquoted) || matches!(unquoted, [b' ' | b'\t', ..]) && !unquoted.trim_ascii().is_empty())
            {
                ended = unquoted.trim_ascii().is_empty();
                break;
            }
            octets.extend_from_slice(unquoted);
            lines += 1;
            rest = &rest[next.len()..];
        }
        if lines < ENOUGH {
            continue;
        }
        let common = common_fields(&octets);
        if common > most {
            most = common;
            best = Some(TextHeader { octets, whole: quotation.is_empty() && ended });
        }
    }
    best
}

/// What stands before a quoted line: `> `, or white space.
fn quotation(line: &[u8]) -> &[u8] {
    let end = line.iter().take(MOST_QUOTATION).take_while(|octet| matches!(octet, b'>' | b'|' | b' ' | b'\t')).count();
    &line[..end]
}

fn begins_field(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', &line[..line.len().min(80)]) else { return false };
    let name = &line[..colon];
    !name.is_empty() && name.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}
