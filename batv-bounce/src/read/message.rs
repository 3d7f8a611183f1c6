//! A message as its MIME structure (RFC 2045 to 2049): its parts in order, none of them decoded before it is asked for.

use alloc::borrow::Cow;
use core::cell::{Cell, OnceCell};
use std::sync::LazyLock;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Address, ContentType, HeaderName, HeaderValue, MessageParser};
use memchr::memmem;

use super::boundaries::Boundaries;
use super::html::text_of_html;
use crate::read::domain::Conversions;
use crate::read::header::{Field, MOST_FIELDS, fields, is_empty, line, without_envelope_line};

/// The most octets of a field that are taken apart.
const MOST_FIELD_OCTETS: usize = 8192;
/// The same of a field with parameters: the parser goes through them again for each of them.
const MOST_PARAMETER_OCTETS: usize = 2048;
/// The texts that may be as long as a text may be. Those of all parts together are read up to this number times
/// [`Limits::text_octets`].
const LONG_TEXTS: usize = 4;

/// Limits of the message that is read. What lies beyond is as if it had been cut off, and the reading says so.
///
/// ```
/// use batv_bounce::Limits;
///
/// let limits = Limits { octets: 1024 * 1024, ..Limits::default() };
/// assert_eq!(limits.parts, 10_000);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..Limits::default()`")]
pub struct Limits {
    /// Octets of the message.
    pub octets: usize,
    /// Octets of each header.
    pub header_octets: usize,
    /// Octets of a text, decoded, whose words are read. Of all texts together it is four times as much.
    pub text_octets: usize,
    /// Parts, multiparts among them. Those of messages inside are not looked for.
    pub parts: usize,
    /// Multiparts in one another. A line can be compared with the delimiters of all of them.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { octets: 16 * 1024 * 1024, header_octets: 256 * 1024, text_octets: 64 * 1024, parts: 10_000, depth: 20 }
    }
}

/// Message as its MIME parts, not yet decoded.
#[derive(Debug)]
pub(crate) struct Message<'x> {
    pub(crate) header: &'x [u8],
    fields: Vec<Field<'x>>,
    subject: OnceCell<String>,
    /// The parts of the message itself, not those of messages inside it.
    pub(crate) parts: Vec<Part<'x>>,
    /// Whether it ends at a limit.
    pub(crate) cut: bool,
    /// Octets of texts that may still be decoded.
    text_left: Cell<usize>,
    /// Whether a text was longer than that.
    text_cut: Cell<bool>,
    /// Domains of its mailboxes.
    pub(crate) conversions: Conversions,
    pub(crate) limits: Limits,
}

/// Part of a message.
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
    text: OnceCell<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Encoding {
    Identity,
    Base64,
    QuotedPrintable,
}

impl<'x> Message<'x> {
    pub(crate) fn read(octets: &'x [u8], limits: &Limits) -> Self {
        let within = &octets[..octets.len().min(limits.octets)];
        let beyond = within.len() < octets.len();
        let octets = without_envelope_line(within);
        let Structure { parts, header_length, cut, .. } = Structure::read(octets, limits);
        let header = &octets[..header_length.min(limits.header_octets)];
        let mut all_fields = fields(header);
        let fields = all_fields.by_ref().take(MOST_FIELDS).collect();
        Self {
            header,
            fields,
            subject: OnceCell::new(),
            parts,
            cut: cut || beyond || all_fields.next().is_some(),
            text_left: Cell::new(limits.text_octets.saturating_mul(LONG_TEXTS)),
            text_cut: Cell::new(false),
            conversions: Conversions::default(),
            limits: *limits,
        }
    }

    /// Looks at a message inside, whose texts count as texts of this one.
    pub(crate) fn look_inside<'o, T>(&self, octets: &'o [u8], look: impl FnOnce(&Message<'o>) -> T) -> T {
        let inner = Message { text_left: self.text_left.clone(), ..Message::read(octets, &self.limits) };
        let seen = look(&inner);
        self.text_left.set(inner.text_left.get());
        self.text_cut.set(self.text_cut.get() || inner.text_cut.get());
        seen
    }

    /// Whether something of it was not read.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut || self.text_cut.get() || self.conversions.is_cut()
    }

    /// Its fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'x>> {
        self.fields.iter().copied()
    }

    /// The first field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<Field<'x>> {
        self.fields.iter().find(|field| field.is(name)).copied()
    }

    /// Its subject, encoded words decoded (RFC 2047).
    pub(crate) fn subject(&self) -> &str {
        self.subject.get_or_init(|| self.field("Subject").map(|field| self.decoded(field)).unwrap_or_default())
    }

    /// The value of a field, encoded words decoded. What has octets that are no ASCII is in the charset of the text.
    fn decoded(&self, field: Field<'_>) -> String {
        let value = field.text();
        if !field.value.is_ascii() {
            let charset = self.parts.iter().find_map(|part| part.charset.as_deref());
            let raw: Vec<u8> =
                beginning(field.value).iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
            return decode_charset(raw.trim_ascii(), charset);
        }
        static PARSER: LazyLock<MessageParser> = LazyLock::new(|| MessageParser::new().default_header_text());
        let parsed = PARSER.parse_headers(beginning(field.octets));
        match parsed.as_ref().and_then(|parsed| parsed.headers().first()).map(|header| &header.value) {
            Some(HeaderValue::Text(text)) => text.clone().into_owned(),
            _ => value,
        }
    }

    /// Names and mailboxes of its authors.
    pub(crate) fn authors(&self) -> Vec<(String, String)> {
        self.field("From").map(authors).unwrap_or_default()
    }

    /// Text of a part, decoded, up to the limit.
    pub(crate) fn text<'p>(&self, part: &'p Part<'x>) -> &'p str {
        part.text.get_or_init(|| self.decode_text(part))
    }

    fn decode_text(&self, part: &Part<'x>) -> String {
        let left = self.text_left.get();
        let most = self.limits.text_octets.min(left);
        let encoded = match part.encoding {
            Encoding::Identity => &part.body[..part.body.len().min(most)],
            // At most three octets stand for one, and line ends.
            _ => &part.body[..part.body.len().min(4 * most)],
        };
        let octets = decode(encoded, part.encoding);
        let octets = &octets[..octets.len().min(most)];
        // What stands for nothing takes time too.
        self.text_left.set(left - most.min(octets.len().max(encoded.len() / 4)));
        if most < self.limits.text_octets && part.body.len() > encoded.len() {
            self.text_cut.set(true);
        }
        let text = decode_charset(octets, part.charset.as_deref());
        if part.kind == "text/html" { text_of_html(&text) } else { text }
    }
}

impl<'x> Part<'x> {
    pub(crate) fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind.as_str())
    }

    /// The number of what is inside this part, by the number that it has in there.
    pub(crate) fn number_inside(&self, number: &str) -> String {
        let separator = if self.number.is_empty() || number.is_empty() { "" } else { "." };
        format!("{}{separator}{number}", self.number)
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
    if octets.is_ascii() && charset.is_some_and(is_ascii_alike) {
        return String::from_utf8_lossy(octets).into_owned();
    }
    let is_utf_7 = |charset: &str| ["utf-7", "utf_7", "csutf7"].iter().any(|name| charset.eq_ignore_ascii_case(name));
    if charset.is_some_and(is_utf_7) {
        return charset_decoder(b"utf-7").map_or_else(String::new, |decode| decode(&with_ended_shifts(octets)));
    }
    let known = charset.filter(|charset| !charset.eq_ignore_ascii_case("us-ascii") || octets.is_ascii());
    let decoder = known.and_then(|charset| charset_decoder(charset.as_bytes()));
    let guess = || {
        if memmem::find(octets, b"\x1b$").is_some() {
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

/// Text in UTF-7, with `-` where a line ends a shifted sequence.
///
/// RFC 2152: only a `-` belongs to the sequence that it ends; the decoder takes the line end away as well.
fn with_ended_shifts(octets: &[u8]) -> Vec<u8> {
    let mut ended = Vec::with_capacity(octets.len());
    let mut shifted = false;
    for octet in octets {
        match octet {
            b'+' if !shifted => shifted = true,
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {}
            b'-' => shifted = false,
            _ if shifted => {
                ended.push(b'-');
                shifted = false;
            }
            _ => {}
        }
        ended.push(*octet);
    }
    ended
}

/// Whether what has octets of ASCII alone is ASCII.
fn is_ascii_alike(charset: &str) -> bool {
    let begins = |start: &str| charset.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start));
    ["us-ascii", "utf-8", "iso-8859-", "windows-"].into_iter().any(begins)
}

/// As much of a field as is parsed.
fn beginning(field: &[u8]) -> &[u8] {
    &field[..field.len().min(MOST_FIELD_OCTETS)]
}

/// Names and mailboxes in a field From.
pub(crate) fn authors(field: Field<'_>) -> Vec<(String, String)> {
    static PARSER: LazyLock<MessageParser> =
        LazyLock::new(|| MessageParser::new().header_address(HeaderName::From).default_header_ignore());
    let parsed = PARSER.parse_headers(beginning(field.octets));
    let Some(HeaderValue::Address(address)) = parsed.as_ref().and_then(|parsed| parsed.header(HeaderName::From)) else {
        return vec![(field.text(), String::new())];
    };
    let text = |text: &Option<Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
    match address {
        Address::List(list) => list.iter().map(|author| (text(&author.name), text(&author.address))).collect(),
        Address::Group(_) => Vec::new(),
    }
}

fn is_multipart(field: &Field<'_>) -> bool {
    const MULTIPART: &[u8] = b"multipart/";
    let value = field.value.trim_ascii_start();
    value.get(..MULTIPART.len()).is_some_and(|start| start.eq_ignore_ascii_case(MULTIPART))
}

/// A value with parameters (RFC 2045 §5.1).
fn parameterized(field: Field<'_>) -> Option<ContentType<'_>> {
    static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
        MessageParser::new()
            .header_content_type(HeaderName::ContentType)
            .header_content_type(HeaderName::ContentDisposition)
            .default_header_ignore()
    });
    let octets = &field.octets[..field.octets.len().min(MOST_PARAMETER_OCTETS)];
    let mut parsed = PARSER.parse_headers(octets)?;
    match parsed.parts.first_mut()?.headers.pop()?.value {
        HeaderValue::ContentType(value) => Some(value),
        _ => None,
    }
}

/// The parts of a message, in the order in which they begin. Nothing is decoded, and messages inside are not taken apart:
/// so each line is looked at once, whatever the message is made of.
struct Structure<'x, 'l> {
    octets: &'x [u8],
    limits: &'l Limits,
    parts: Vec<Part<'x>>,
    /// The parts that have not ended, from the outermost on: all but the last are multiparts.
    open: Vec<Open>,
    /// Their boundaries.
    boundaries: Boundaries,
    /// Octets of the first header.
    header_length: usize,
    cut: bool,
}

struct Open {
    /// Its place among the parts.
    place: usize,
    is_multipart: bool,
    children: usize,
}

/// A delimiter line (RFC 2046 §5.1.1).
struct Delimiter {
    /// Level of the open part to which it belongs.
    level: usize,
    /// Whether it is the last of them.
    closes: bool,
    /// Start, with the line end before it.
    start: usize,
    /// Start of the next line.
    end: usize,
}

impl<'x, 'l> Structure<'x, 'l> {
    fn read(octets: &'x [u8], limits: &'l Limits) -> Self {
        let mut structure = Self {
            octets,
            limits,
            parts: Vec::new(),
            open: Vec::new(),
            boundaries: Boundaries::default(),
            header_length: 0,
            cut: false,
        };
        let mut next = Some(0);
        while let Some(start) = next {
            if structure.parts.len() >= limits.parts.max(1) {
                structure.close(0, start);
                structure.cut = true;
                break;
            }
            let body = structure.begin(start);
            next = structure.next_part(body);
        }
        structure
    }

    /// Begins the part whose header starts here, and tells where its body does.
    fn begin(&mut self, start: usize) -> usize {
        let (end, body) = self.header(start);
        let header = &self.octets[start..end];
        self.cut |= header.len() > self.limits.header_octets;
        let header = &header[..header.len().min(self.limits.header_octets)];
        let (number, in_digest) = match self.open.last() {
            None => {
                self.header_length = end;
                (String::new(), false)
            }
            Some(Open { place, children, .. }) => {
                let parent = &self.parts[*place];
                (parent.number_inside(&children.to_string()), parent.kind == "multipart/digest")
            }
        };
        let (mut part, mut boundary) = Part::read(number, header, &self.octets[body..], in_digest);
        if boundary.is_some() && self.open.len() >= self.limits.depth {
            (part.kind, boundary) = ("text/plain".to_owned(), None);
            self.cut = true;
        }
        self.open.push(Open { place: self.parts.len(), is_multipart: boundary.is_some(), children: 0 });
        if let Some(boundary) = boundary {
            self.boundaries.open(boundary.into_bytes());
        }
        self.parts.push(part);
        body
    }

    /// End of the header that starts here, and start of its body: behind an empty line, or at a delimiter.
    fn header(&self, start: usize) -> (usize, usize) {
        let mut end = start;
        loop {
            let next = line(&self.octets[end..]);
            if is_empty(next) {
                return (end, end + next.len());
            }
            if self.delimiter_at(end).is_some() {
                return (end, end);
            }
            end += next.len();
        }
    }

    /// Ends all parts that end before the next one begins, and tells where that is.
    fn next_part(&mut self, mut from: usize) -> Option<usize> {
        while let Some(Delimiter { level, closes, start, end }) = self.delimiter(from) {
            if !closes {
                self.close(level + 1, start);
                self.open[level].children += 1;
                return Some(end);
            }
            self.close(level, start);
            from = end;
        }
        self.close(0, self.octets.len());
        None
    }

    /// Ends the open parts from this level on.
    fn close(&mut self, level: usize, end: usize) {
        let behind = self.octets.len() - end;
        self.boundaries.close(level);
        for Open { place, is_multipart, children } in self.open.drain(level..) {
            let part = &mut self.parts[place];
            part.body = &part.body[..part.body.len().saturating_sub(behind)];
            part.ends = behind > 0;
            if is_multipart && children == 0 {
                // A multipart whose delimiter is missing.
                part.kind = "text/plain".to_owned();
            }
        }
    }

    /// The first delimiter of an open multipart, from a line start on.
    fn delimiter(&self, from: usize) -> Option<Delimiter> {
        if self.boundaries.is_empty() {
            return None;
        }
        let others = || memmem::find_iter(&self.octets[from..], b"\n--");
        self.delimiter_at(from).or_else(|| others().find_map(|at| self.delimiter_at(from + at + 1)))
    }

    /// The delimiter that is the line which starts here.
    fn delimiter_at(&self, start: usize) -> Option<Delimiter> {
        let octets = line(self.octets[start..].strip_prefix(b"--")?);
        let (level, closes) = self.boundaries.of_line(octets)?;
        let before = &self.octets[..start];
        let before = before.strip_suffix(b"\n").unwrap_or(before);
        let before = before.strip_suffix(b"\r").unwrap_or(before);
        Some(Delimiter { level, closes, start: before.len(), end: start + 2 + octets.len() })
    }
}

impl<'x> Part<'x> {
    /// Reads the header of a part, and the boundary that it names when it is a multipart.
    fn read(number: String, header: &[u8], body: &'x [u8], in_digest: bool) -> (Self, Option<String>) {
        let names = ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"];
        let mut found = [None; 3];
        for field in fields(header) {
            if let Some(place) = names.iter().position(|name| field.is(name)) {
                // There must be one (RFC 5322 §3.6). Of several types that of a multipart is the sender's own, which its
                // delimiters confirm; the other is what a gateway puts where it sees none.
                let is_better = place == 0 && is_multipart(&field) && !found[0].as_ref().is_some_and(is_multipart);
                if found[place].is_none() || is_better {
                    found[place] = Some(field);
                }
            }
        }
        let [kind, disposition, encoding] = found;
        let kind = kind.and_then(parameterized);
        let attribute = |name: &str| kind.as_ref().and_then(|kind| kind.attribute(name));
        let disposition = disposition.and_then(parameterized);
        let name = disposition.as_ref().and_then(|disposition| disposition.attribute("filename"));
        let encoding = encoding.map(|field| field.text());
        let of_parts = kind.as_ref().is_some_and(|kind| kind.ctype() == "multipart");
        let boundary = attribute("boundary").map(|boundary| boundary.trim_end().to_owned());
        let boundary = boundary.filter(|boundary| of_parts && !boundary.is_empty());
        let part = Self {
            number,
            kind: match &kind {
                // RFC 2046 §5.1.5.
                None if in_digest => "message/rfc822".to_owned(),
                Some(kind) if !of_parts || boundary.is_some() => {
                    format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
                }
                _ => "text/plain".to_owned(),
            },
            report_type: attribute("report-type").unwrap_or_default().to_ascii_lowercase(),
            // A name that is encoded can have line ends.
            name: name.or_else(|| attribute("name")).unwrap_or_default().replace(char::is_control, ""),
            body,
            charset: attribute("charset").map(str::to_owned),
            encoding: match encoding.as_deref().map(str::trim) {
                Some(name) if name.eq_ignore_ascii_case("base64") => Encoding::Base64,
                Some(name) if name.eq_ignore_ascii_case("quoted-printable") => Encoding::QuotedPrintable,
                _ => Encoding::Identity,
            },
            ends: false,
            text: OnceCell::new(),
        };
        (part, boundary)
    }
}
