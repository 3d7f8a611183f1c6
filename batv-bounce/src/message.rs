//! A message as its MIME structure (RFC 2045 to 2049): its parts in order, none of them decoded before it is asked for.

use alloc::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Address, ContentType, HeaderName, HeaderValue, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::header::{Field, fields, line};

/// How much of a message is read. What is beyond is as if it had been cut off, and the reading says so.
///
/// ```
/// use batv_bounce::Limits;
///
/// let mut limits = Limits::default();
/// limits.octets = 1024 * 1024;
/// assert_eq!(limits.parts, 10_000);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of the message.
    pub octets: usize,
    /// Octets of each header.
    pub header_octets: usize,
    /// Octets of a text, decoded, whose words are read.
    pub text_octets: usize,
    /// Lines that could begin a part, and fields that could tell its type: more parts than that can't be. So it bounds
    /// the depth, too.
    pub parts: usize,
    /// Fields that could tell of a multipart. A search for a delimiter that isn't there goes through all that follows, so
    /// that the time is bounded by this number times the octets.
    pub multiparts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            octets: 16 * 1024 * 1024,
            header_octets: 256 * 1024,
            text_octets: 64 * 1024,
            parts: 10_000,
            multiparts: 250,
        }
    }
}

/// A message of which nothing is decoded yet.
#[derive(Debug)]
pub(crate) struct Message<'x> {
    pub(crate) header: &'x [u8],
    /// The parts of the message itself, not those of messages inside it.
    pub(crate) parts: Vec<Part<'x>>,
    /// Whether it ends at a limit.
    pub(crate) cut: bool,
    pub(crate) limits: Limits,
}

/// One part.
#[derive(Clone, Debug)]
pub(crate) struct Part<'x> {
    /// Its number as in RFC 3501 §6.4.5, such as `2.1`; empty for a message of one part.
    pub(crate) number: String,
    /// Type and subtype, in lower case.
    pub(crate) kind: String,
    /// `report-type` of a multipart/report (RFC 6522 §3), in lower case.
    pub(crate) report_type: String,
    /// Its file name.
    pub(crate) name: String,
    pub(crate) body: &'x [u8],
    charset: Option<String>,
    encoding: Encoding,
    /// Whether the message goes on behind it.
    pub(crate) ends: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Encoding {
    Identity,
    Base64,
    QuotedPrintable,
}

impl<'x> Message<'x> {
    pub(crate) fn read(octets: &'x [u8], limits: &Limits) -> Self {
        let octets = without_envelope_line(octets);
        let (octets, mut cut) = bounded(octets, limits);
        let mut header = fields(octets);
        header.by_ref().for_each(drop);
        let header_length = octets.len() - header.rest().len();
        cut |= header_length > limits.header_octets;
        let header = &octets[..header_length.min(limits.header_octets)];
        let parts = structure(octets, header_length, limits);
        Self { header, parts, cut, limits: *limits }
    }

    /// The first field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<Field<'x>> {
        fields(self.header).find(|field| field.is(name))
    }

    /// Its subject, encoded words decoded (RFC 2047).
    pub(crate) fn subject(&self) -> String {
        self.field("Subject").map(|field| self.decoded(field)).unwrap_or_default()
    }

    /// The value of a field, encoded words decoded. What has octets that are no ASCII is in the charset of the text.
    fn decoded(&self, field: Field<'_>) -> String {
        let value = field.text();
        if !field.value.is_ascii() {
            let charset = self.parts.iter().find_map(|part| part.charset.as_deref());
            let raw: Vec<u8> = field.value.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
            return decode_charset(raw.trim_ascii(), charset);
        }
        let parser = MessageParser::new().default_header_text();
        let parsed = parser.parse_headers(field.octets);
        match parsed.as_ref().and_then(|parsed| parsed.headers().first()).map(|header| &header.value) {
            Some(HeaderValue::Text(text)) => text.clone().into_owned(),
            _ => value,
        }
    }

    /// Names and mailboxes of its authors.
    pub(crate) fn authors(&self) -> Vec<(String, String)> {
        let Some(field) = self.field("From") else { return Vec::new() };
        let parser = MessageParser::new().header_address(HeaderName::From).default_header_ignore();
        let parsed = parser.parse_headers(field.octets);
        let Some(HeaderValue::Address(address)) = parsed.as_ref().and_then(|parsed| parsed.header(HeaderName::From))
        else {
            return vec![(field.text(), String::new())];
        };
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
        match address {
            Address::List(list) => list.iter().map(|author| (text(&author.name), text(&author.address))).collect(),
            Address::Group(_) => Vec::new(),
        }
    }

    /// What a part says, decoded, as much of it as is read.
    pub(crate) fn text(&self, part: &Part<'x>) -> String {
        let encoded = match part.encoding {
            Encoding::Identity => &part.body[..part.body.len().min(self.limits.text_octets)],
            // At most three octets stand for one, and line ends.
            _ => &part.body[..part.body.len().min(4 * self.limits.text_octets)],
        };
        let octets = decode(encoded, part.encoding);
        let octets = &octets[..octets.len().min(self.limits.text_octets)];
        let text = decode_charset(octets, part.charset.as_deref());
        if part.kind == "text/html" { html_to_text(&text) } else { text }
    }
}

impl<'x> Part<'x> {
    pub(crate) fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind.as_str())
    }

    /// The octets of the part, without its transfer encoding.
    pub(crate) fn octets(&self) -> Cow<'x, [u8]> {
        decode(self.body, self.encoding)
    }
}

fn decode(octets: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let decoded = match encoding {
        Encoding::Identity => None,
        // Behind it may stand what a gateway has added.
        Encoding::Base64 => base64_decode(octets).or_else(|| base64_decode(base64_prefix(octets))),
        Encoding::QuotedPrintable => quoted_printable_decode(octets),
    };
    decoded.map_or(Cow::Borrowed(octets), Cow::Owned)
}

fn base64_prefix(octets: &[u8]) -> &[u8] {
    let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/= \t\r\n".contains(octet);
    &octets[..octets.iter().position(|octet| !is_base64(octet)).unwrap_or(octets.len())]
}

/// Text in a charset, or in one that is guessed where nobody tells it, or it is one that nobody knows.
fn decode_charset(octets: &[u8], charset: Option<&str>) -> String {
    let known = charset.filter(|charset| !charset.eq_ignore_ascii_case("us-ascii") || octets.is_ascii());
    let decoder = known.and_then(|charset| charset_decoder(charset.as_bytes()));
    let guess = || {
        if memchr::memmem::find(octets, b"\x1b$").is_some() {
            "iso-2022-jp"
        } else if core::str::from_utf8(octets).map_or_else(|error| error.error_len().is_none(), |_| true) {
            "utf-8"
        } else {
            "windows-1252"
        }
    };
    let decoder = decoder.or_else(|| charset_decoder(guess().as_bytes()));
    decoder.map_or_else(|| String::from_utf8_lossy(octets).into_owned(), |decode| decode(octets))
}

/// Without the line that some mailboxes put above a message (RFC 4155), and empty lines.
fn without_envelope_line(octets: &[u8]) -> &[u8] {
    let octets = octets.trim_ascii_start();
    match octets.strip_prefix(b">").unwrap_or(octets) {
        [b'F', b'r', b'o', b'm', b' ', ..] => &octets[line(octets).len()..],
        _ => octets,
    }
}

/// As much of a message as the limits allow, and whether that is less than all.
fn bounded<'x>(octets: &'x [u8], limits: &Limits) -> (&'x [u8], bool) {
    static PARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder().ascii_case_insensitive(true).build(["\n--", "content-type", "boundary"]).ok()
    });
    let within = &octets[..octets.len().min(limits.octets)];
    let (mut parts, mut multiparts) = (0, 0);
    for found in PARTS.iter().flat_map(|parts| parts.find_iter(within)) {
        parts += usize::from(found.pattern().as_usize() < 2);
        multiparts += usize::from(found.pattern().as_usize() == 2);
        if parts > limits.parts || multiparts > limits.multiparts {
            return (&within[..found.start()], true);
        }
    }
    (within, within.len() < octets.len())
}

/// Reads types and places of all parts. Their transfer encoding is hidden from the parser: so it decodes nothing, and
/// never goes from a decoded message into the next one by recursion.
fn structure<'x>(octets: &'x [u8], header_length: usize, limits: &Limits) -> Vec<Part<'x>> {
    static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
        MessageParser::new()
            .header_content_type(HeaderName::ContentType)
            .header_content_type(HeaderName::ContentDisposition)
            .default_header_ignore()
    });
    let mut parts = Vec::new();
    // Messages inside are taken apart without recursion: they may be as deep as there are parts.
    let mut taken_apart = Vec::new();
    if let Some(message) = PARSER.parse(octets) {
        let mut numbers = vec![String::new(); message.parts.len()];
        for (at, part) in message.parts.into_iter().enumerate() {
            let number = core::mem::take(&mut numbers[at]);
            parts.push(read_part(octets, number.clone(), &part, limits));
            match part.body {
                PartType::Multipart(children) => {
                    for (position, child) in children.into_iter().enumerate() {
                        let child = usize::try_from(child).ok().and_then(|child| numbers.get_mut(child));
                        let separator = if number.is_empty() { "" } else { "." };
                        // Of its own numbers a part can be deep in; the text of one is bounded all the same.
                        if let Some(child) = child.filter(|_| number.len() < 64) {
                            *child = format!("{number}{separator}{}", position + 1);
                        }
                    }
                }
                PartType::Message(inside) => taken_apart.push(inside),
                _ => {}
            }
        }
    }
    while let Some(mut message) = taken_apart.pop() {
        for part in message.parts.drain(..) {
            if let PartType::Message(inside) = part.body {
                taken_apart.push(inside);
            }
        }
    }
    if parts.is_empty() {
        parts.push(Part {
            number: String::new(),
            kind: "text/plain".to_owned(),
            report_type: String::new(),
            name: String::new(),
            body: &octets[header_length..],
            charset: None,
            encoding: Encoding::Identity,
            ends: false,
        });
    }
    parts
}

fn read_part<'x>(octets: &'x [u8], number: String, part: &MessagePart<'_>, limits: &Limits) -> Part<'x> {
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX).min(octets.len());
    let (start, body, end) = (place(part.offset_header), place(part.offset_body), place(part.offset_end));
    let header = octets.get(start..body).unwrap_or_default();
    let header = &header[..header.len().min(limits.header_octets)];
    let kind = part.content_type();
    let subtype = |kind: &ContentType<'_>| {
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
    };
    let attribute = |name: &str| kind.and_then(|kind| kind.attribute(name)).map(str::to_owned);
    let kind = match &part.body {
        // Without a type, or in a digest (RFC 2046 §5.1.5).
        PartType::Message(_) => "message/rfc822".to_owned(),
        PartType::Multipart(_) => kind.map_or_else(String::new, subtype),
        // A multipart whose delimiter is missing.
        _ if kind.is_some_and(|kind| kind.ctype() == "multipart") => "text/plain".to_owned(),
        _ => kind.map_or_else(|| "text/plain".to_owned(), subtype),
    };
    let encoding = fields(header).find(|field| field.is("Content-Transfer-Encoding")).map(|field| field.text());
    Part {
        number,
        kind,
        report_type: attribute("report-type").unwrap_or_default().to_ascii_lowercase(),
        name: part.attachment_name().unwrap_or_default().to_owned(),
        body: octets.get(body..end).unwrap_or_default(),
        charset: attribute("charset"),
        encoding: match encoding.as_deref().map(str::trim) {
            Some(name) if name.eq_ignore_ascii_case("base64") => Encoding::Base64,
            Some(name) if name.eq_ignore_ascii_case("quoted-printable") => Encoding::QuotedPrintable,
            _ => Encoding::Identity,
        },
        ends: end < octets.len(),
    }
}
