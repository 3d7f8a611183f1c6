//! Message that a bounce returns: whole, its header, or lines of it in a text.

use alloc::borrow::Cow;

use crate::read::header::{Field, MOST_FIELDS, fields, is_empty, line};
use crate::read::message::{Message, Part};

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
const ENOUGH: u32 = 3;
/// The most messages that are kept beside the first, and the most parts in which they are looked for.
const MOST_OTHERS: usize = 7;
const MOST_CANDIDATES: usize = 50;
/// The most texts in which others are looked for.
const MOST_TEXTS: usize = 4;
/// The most characters of quotation before a line.
const MOST_QUOTATION: usize = 16;

batv_core::names! {
    /// Extent of the returned message, and the place where it stands.
    ///
    /// ```
    /// use batv_bounce::Extent;
    ///
    /// assert_eq!(Extent::Headers.as_str(), "headers");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Extent {
        /// The message, as a part of its own.
        Whole = "whole",
        /// Its header, as a part of its own.
        Headers = "headers",
        /// Unchanged header in a text, perhaps with the body.
        Inline = "inline",
        /// Lines of its header, some left out or changed.
        Partial = "partial",
    }
}

/// Message that a bounce returns.
///
/// ```
/// use batv_bounce::{Extent, Limits, read};
///
/// let bounce = b"From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message:\n\n\
///     From: alice@example.com\nTo: bob@example.net\nMessage-ID: <1@example.com>\n\nHello\n";
/// let reading = read(bounce, None, &Limits::default());
/// let original = reading.original.ok_or("no original")?;
/// assert_eq!(original.extent, Extent::Partial);
/// assert_eq!(original.field("message-id").as_deref(), Some("<1@example.com>"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Original<'x> {
    /// Extent of the message that came back.
    pub extent: Extent,
    /// Header, octet by octet, without quotation marks.
    pub header: Cow<'x, [u8]>,
    /// Body, if it seems complete.
    pub body: Option<Cow<'x, [u8]>>,
    /// Whether nothing seems to be missing in the header: it begins and ends, no line of it is broken, and it has what
    /// RFC 5322 §3.6 wants and a trace of its way. Only such a header can show by what it doesn't have that it isn't ours.
    pub complete: bool,
    /// Whether it stands in a text, not in a part of its own.
    pub in_text: bool,
    /// Number of the part where it stands (RFC 3501 §6.4.5); empty in a message of one part.
    pub part: String,
}

impl<'x> Original<'x> {
    /// First field of this name, on one line.
    ///
    /// ```
    /// # use batv_bounce::{Limits, read};
    /// # let reading = read(b"From: postmaster@example.net\nSubject: x\n\nFrom: a@example.com\nTo: b@example.net\nSubject: y\n", None, &Limits::default());
    /// # let original = reading.original.ok_or("no original")?;
    /// assert_eq!(original.field("From").as_deref(), Some("a@example.com"));
    /// assert_eq!(original.field("DKIM-Signature"), None);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        fields(&self.header).find(|field| field.is(name)).map(|field| field.text())
    }

    /// Copies borrowed octets, so that the original outlives the message.
    ///
    /// ```
    /// # use batv_bounce::{Limits, Original, read};
    /// fn original(message: &[u8]) -> Option<Original<'static>> {
    ///     read(message, None, &Limits::default()).original.map(Original::into_owned)
    /// }
    /// # assert!(original(b"From: postmaster@example.net\nSubject: x\n\nFrom: a@example.com\nTo: b@example.net\nSubject: y\n").is_some());
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Original<'static> {
        Original {
            extent: self.extent,
            header: self.header.into_owned().into(),
            body: self.body.map(|body| body.into_owned().into()),
            complete: self.complete,
            in_text: self.in_text,
            part: self.part,
        }
    }

    /// Finds it among the parts of a message: a part of its own first, else the text that has most of a header.
    pub(crate) fn find(message: &Message<'x>) -> Option<Self> {
        // Behind the report, or the first words: a gateway's wrapping comes before.
        let own = message.parts.iter().rev().find_map(|part| Self::of_part(message, part));
        own.or_else(|| {
            let texts = texts(message).filter_map(|part| Self::in_text(message, part));
            texts.max_by_key(|original| common_fields(&original.header))
        })
    }

    /// What else may be the original: other parts, the header that a text shows besides, and what a returned bounce returns
    /// itself. Their headers together are not longer than one may be. The flag says whether one is left out for that.
    pub(crate) fn others(message: &Message<'x>, first: Option<&Self>) -> (Vec<Self>, bool) {
        let own = message.parts.iter().rev().filter(|part| part.is(WHOLE) || part.is(HEADERS)).take(MOST_CANDIDATES);
        let own = own.filter_map(|part| Self::of_part(message, part));
        let texts = texts(message).take(MOST_TEXTS).filter_map(|part| Self::in_text(message, part));
        let whole = message.parts.iter().rev().filter(|part| part.is(WHOLE)).take(MOST_CANDIDATES);
        let inside = whole.filter_map(|part| Self::inside(message, part));
        let is_other = |other: &Self| first.is_none_or(|first| first.header != other.header);
        let mut left = message.limits.header_octets;
        let mut others = Vec::new();
        for other in own.chain(texts).chain(inside).filter(is_other).take(MOST_OTHERS) {
            match left.checked_sub(other.header.len()) {
                Some(rest) => left = rest,
                None => return (others, true),
            }
            others.push(other);
        }
        (others, false)
    }

    /// The original of a bounce that is returned.
    fn inside(message: &Message<'x>, part: &Part<'x>) -> Option<Self> {
        let octets = part.octets();
        let is_report = |field: Field<'_>| {
            field.is("Content-Type") && field.text().to_ascii_lowercase().contains("multipart/report")
        };
        if !fields(beginning(&octets)).any(is_report) {
            return None;
        }
        let found = message.look_inside(&octets, Original::find)?;
        Some(Self { part: part.number_inside(&found.part), ..found.into_owned() })
    }

    fn of_part(message: &Message<'_>, part: &Part<'x>) -> Option<Self> {
        let whole = part.is(WHOLE);
        if !whole && !part.is(HEADERS) {
            return None;
        }
        let octets = part.octets();
        // Some put an empty line first.
        let before = octets.len() - beginning(&octets).len();
        let octets = from(octets, before);
        let (length, is_whole) = header_length(&octets, message.limits.header_octets);
        let (header, rest) = split(octets, length);
        fields(&header).next()?;
        // A part that is followed by nothing may have been cut off anywhere, and so may a header that something follows.
        let alone = whole || rest.trim_ascii().is_empty();
        let ended = is_whole && alone && if whole { !rest.is_empty() } else { part.ends };
        let body = if rest.starts_with(b"\r\n") { from(rest, 2) } else { from(rest, 1) };
        let whole_body = whole && part.ends && !message.cut;
        let (header, intact) = joined(header);
        Some(Self {
            extent: match (ended, whole) {
                (false, _) => Extent::Partial,
                (true, true) => Extent::Whole,
                (true, false) => Extent::Headers,
            },
            complete: ended && intact && is_complete(&header),
            in_text: false,
            body: (whole_body && ended).then_some(body),
            header,
            part: part.number.clone(),
        })
    }

    /// A header in a text, which may be quoted or indented.
    fn in_text(message: &Message<'_>, part: &Part<'x>) -> Option<Self> {
        let text = message.text(part);
        let header = best_header(text.as_bytes())?;
        let complete = header.whole && is_complete(&header.octets) && has_unread_fields(&header.octets);
        Some(Self {
            extent: if header.whole && fields(&header.octets).any(|field| field.is("Received")) {
                Extent::Inline
            } else {
                Extent::Partial
            },
            complete,
            in_text: true,
            header: header.octets.into(),
            body: None,
            part: part.number.clone(),
        })
    }
}

/// Types of parts that return a message.
const WHOLE: &[&str] = &["message/rfc822", "message/global"];
/// Types of parts that return its header.
const HEADERS: &[&str] =
    &["text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "text/rfc822-header"];

fn texts<'m, 'x>(message: &'m Message<'x>) -> impl Iterator<Item = &'m Part<'x>> {
    message.parts.iter().filter(|part| part.is(&["text/plain", "text/html"]))
}

/// From the first line that is not empty.
fn beginning(octets: &[u8]) -> &[u8] {
    let mut octets = octets;
    while !octets.is_empty() && is_empty(line(octets)) {
        octets = &octets[line(octets).len()..];
    }
    octets
}

/// A header whose lines are all fields or folded, and whether it was so: a line that was broken without an indent, as
/// gateways do, goes on with the field above it.
fn joined(header: Cow<'_, [u8]>) -> (Cow<'_, [u8]>, bool) {
    if lines(&header).all(is_of_field) {
        return (header, true);
    }
    let mut joined = Vec::with_capacity(header.len() + 16);
    let mut broken = 0;
    for line in lines(&header) {
        if !is_of_field(line) && !joined.is_empty() {
            broken += 1;
            if broken > MOST_FIELDS {
                break;
            }
            join(&mut joined, line);
        } else {
            joined.extend_from_slice(line);
        }
    }
    (joined.into(), false)
}

/// Adds a line to the field above it. The equals sign that quoted-printable puts before a break of its own is left out.
fn join(above: &mut Vec<u8>, line: &[u8]) {
    // No further up: what is crafted can be white space all the way.
    let start = above.len() - last_line(above).len();
    let end = start + above[start..].trim_ascii_end().len();
    if above[..end].ends_with(b"=") {
        above.drain(end - 1..end);
    }
    above.push(b' ');
    above.extend_from_slice(line);
}

/// The last line, with its end.
fn last_line(octets: &[u8]) -> &[u8] {
    let before = octets.strip_suffix(b"\n").unwrap_or(octets);
    &octets[memchr::memrchr(b'\n', before).map_or(0, |end| end + 1)..]
}

/// Without a line that was cut at the limit.
fn whole_lines(octets: &[u8]) -> &[u8] {
    memchr::memrchr(b'\n', octets).map_or(octets, |end| &octets[..=end])
}

fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets.split_inclusive(|octet| *octet == b'\n')
}

/// Whether a line begins a field or goes on with one.
fn is_of_field(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', ..]) || begins_field(line)
}

/// Length of a header as far as it is read, and whether that is all of it.
fn header_length(octets: &[u8], most: usize) -> (usize, bool) {
    // With the empty line behind a header that is as long as it may be.
    let within = &octets[..octets.len().min(most.saturating_add(2))];
    let mut header = fields(within);
    header.by_ref().take(MOST_FIELDS).for_each(drop);
    let read = within.len() - header.rest().len();
    let is_whole = header.next().is_none();
    let length = if is_whole { within.len() - header.rest().len() } else { read };
    if length <= most { (length, is_whole) } else { (whole_lines(&octets[..most]).len(), false) }
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
/// refused it must have received it, and told its Message-ID.
fn is_complete(header: &[u8]) -> bool {
    named(header, &["From", "Date", "Message-ID", "Received"]) == 4
}

/// Whether it is more than a list of the fields that somebody has chosen: those leave the ones of MIME out.
fn has_unread_fields(header: &[u8]) -> bool {
    fields(header).any(|field| field.is("MIME-Version") || field.is("Content-Type"))
}

fn common_fields(header: &[u8]) -> u32 {
    named(header, &COMMON)
}

/// The number of these names, at most 32, that a field of a header has.
fn named(header: &[u8], names: &[&str]) -> u32 {
    let mut found = 0_u32;
    for field in fields(header) {
        if let Some(place) = names.iter().position(|name| field.is(name)) {
            found |= 1 << place;
        }
    }
    found.count_ones()
}

struct TextHeader {
    octets: Vec<u8>,
    /// Whether it is as it was: not quoted, with a beginning and an end, and no line broken.
    whole: bool,
}

/// The run of lines with the most common fields.
fn best_header(text: &[u8]) -> Option<TextHeader> {
    let mut best = None;
    let mut most = ENOUGH - 1;
    let mut rest = text;
    let mut separated = true;
    while !rest.is_empty() {
        let first = line(rest);
        let quotation = quotation(first);
        if !begins_field(&first[quotation.len()..]) {
            rest = &rest[first.len()..];
            separated = is_separator(first);
            continue;
        }
        let mut header = TextHeader { octets: Vec::new(), whole: separated && quotation.is_empty() };
        let mut lines = 0;
        let mut ended = false;
        while !rest.is_empty() {
            let next = line(rest);
            let behind = &rest[next.len()..];
            let Some(unquoted) = next.strip_prefix(quotation) else {
                ended = next.trim_ascii().is_empty();
                break;
            };
            let is_blank = unquoted.trim_ascii().is_empty();
            if is_blank {
                ended = true;
                break;
            }
            if is_of_field(unquoted) {
                header.octets.extend_from_slice(unquoted);
            } else if lines > 0 && line(behind).strip_prefix(quotation).is_some_and(is_of_field) {
                join(&mut header.octets, unquoted);
                header.whole = false;
            } else {
                break;
            }
            lines += 1;
            rest = behind;
        }
        // What stopped it is looked at again, and begins no header.
        separated = false;
        if lines < ENOUGH {
            continue;
        }
        let common = common_fields(&header.octets);
        if common > most {
            most = common;
            header.whole &= ended;
            best = Some(header);
        }
    }
    best
}

/// Whether a header may begin below this line: it is empty, or drawn.
fn is_separator(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || [b"--".as_slice(), b"==", b"__", b"**", b"~~", b"##"].iter().any(|drawn| line.starts_with(drawn))
}

/// Quotation before a line: `> `, or white space.
fn quotation(line: &[u8]) -> &[u8] {
    let end = line.iter().take(MOST_QUOTATION).take_while(|octet| matches!(octet, b'>' | b'|' | b' ' | b'\t')).count();
    &line[..end]
}

fn begins_field(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', &line[..line.len().min(80)]) else { return false };
    let name = &line[..colon];
    !name.is_empty() && name.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}
