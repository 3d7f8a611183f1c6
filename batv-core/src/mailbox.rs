//! Paths and mailboxes of RFC 5321 §4.1.2 and RFC 6531 §3.3, borrowed from the text that they came in.
//!
//! Reading is generous in length, for RFC 5321 §4.5.3.1 asks a receiver to set no limits, and a bounce to an over-long
//! address is a bounce all the same. Writing is not: see [`Mailbox::check_length`].

use core::fmt::{self, Write};
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Syntax};

/// The most octets of a local part that may leave (RFC 5321 §4.5.3.1.1).
pub const LOCAL_PART_LIMIT: usize = 64;
/// The most octets of a domain (RFC 5321 §4.5.3.1.2).
pub const DOMAIN_LIMIT: usize = 255;
/// The most octets of a path that are read: what one text line holds (RFC 5321 §4.5.3.1.6).
pub const PATH_LIMIT: usize = 1000;

/// What MAIL FROM or RCPT TO names: a mailbox, or nobody.
///
/// ```
/// use batv_core::Path;
///
/// assert_eq!(Path::parse("<>")?, Path::Null);
/// let Path::Mailbox(mailbox) = Path::parse("<@relay.example:Alice@Example.COM>")? else { panic!() };
/// assert_eq!(mailbox.to_string(), "Alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 5321 §4.1.2 knows no third kind of reverse-path")]
pub enum Path<'a> {
    /// The null reverse-path `<>`, or the empty text: mail that must not be answered (RFC 5321 §4.5.5).
    Null,
    /// A mailbox.
    Mailbox(Mailbox<'a>),
}

impl<'a> Path<'a> {
    /// Reads a path with or without its brackets. A source route, which only brackets can hold, is read and dropped
    /// (RFC 5321 §4.1.1.3, Appendix C).
    ///
    /// # Errors
    /// [`Error::Syntax`] with the offset of the first wrong octet, [`Error::DomainTooLong`] over 255 octets,
    /// [`Error::PathTooLong`] over 1000.
    ///
    /// ```
    /// # use batv_core::Path;
    /// assert!(Path::parse(b"<postmaster>").is_ok());
    /// assert!(Path::parse(b"<alice@example.com").is_err());
    /// ```
    #[inline]
    pub fn parse<T: AsRef<[u8]> + ?Sized>(text: &'a T) -> Result<Self, Error> {
        let octets = text.as_ref();
        if octets.len() > PATH_LIMIT {
            return Err(Error::PathTooLong { length: octets.len(), limit: PATH_LIMIT });
        }
        let text = str::from_utf8(octets).map_err(|error| Error::syntax(Syntax::NotUtf8, error.valid_up_to()))?;
        Parser { text }.path()
    }

    /// The mailbox, if there is one.
    ///
    /// ```
    /// # use batv_core::Path;
    /// assert!(Path::Null.mailbox().is_none());
    /// ```
    pub const fn mailbox(&self) -> Option<&Mailbox<'a>> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }
}

impl fmt::Display for Path<'_> {
    /// `<>`, or the mailbox without brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Mailbox(mailbox) => mailbox.fmt(f),
        }
    }
}

/// A local part and a domain.
///
/// Two mailboxes are equal when they name the same mailbox: quoting and the case of the domain don't matter, the case
/// of the local part does (RFC 5321 §2.4), but for `postmaster` (§4.5.1).
///
/// It prints in canonical form: the domain in lower case, quotes and escapes only where they are needed.
///
/// ```
/// use batv_core::Mailbox;
///
/// let mailbox = Mailbox::parse(r#""al\ice"@Example.COM"#)?;
/// assert_eq!(mailbox, Mailbox::parse("alice@example.com")?);
/// assert_eq!(mailbox.to_string(), "alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mailbox<'a> {
    local_part: LocalPart<'a>,
    domain: Domain<'a>,
}

impl<'a> Mailbox<'a> {
    /// Reads a mailbox; what [`Path::parse`] takes, but not `<>`.
    ///
    /// # Errors
    /// Those of [`Path::parse`], and [`Error::NullPath`].
    ///
    /// ```
    /// # use batv_core::{Error, Mailbox};
    /// assert_eq!(Mailbox::parse("alice@[192.0.2.1]")?.domain().as_str(), "[192.0.2.1]");
    /// assert_eq!(Mailbox::parse("<>"), Err(Error::NullPath));
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn parse<T: AsRef<[u8]> + ?Sized>(text: &'a T) -> Result<Self, Error> {
        match Path::parse(text)? {
            Path::Null => Err(Error::NullPath),
            Path::Mailbox(mailbox) => Ok(mailbox),
        }
    }

    pub(crate) const fn new(local_part: LocalPart<'a>, domain: Domain<'a>) -> Self {
        Self { local_part, domain }
    }

    /// What stands before the `@`.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert_eq!(Mailbox::parse("alice@example.com")?.local_part().to_string(), "alice");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn local_part(&self) -> LocalPart<'a> {
        self.local_part
    }

    /// What stands after the `@`; empty for a bare `postmaster` (RFC 5321 §4.1.1.3).
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert_eq!(Mailbox::parse("alice@Example.COM")?.domain().as_str(), "Example.COM");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn domain(&self) -> Domain<'a> {
        self.domain
    }

    /// Refuses what RFC 5321 §4.5.3.1 lets nobody send: a local part over 64 octets as it prints.
    ///
    /// # Errors
    /// [`Error::LocalPartTooLong`].
    ///
    /// ```
    /// # use batv_core::{Error, Mailbox};
    /// let long = format!("{}@example.com", "a".repeat(65));
    /// let mailbox = Mailbox::parse(&long)?;
    /// assert_eq!(mailbox.check_length(), Err(Error::LocalPartTooLong { length: 65, limit: 64 }));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn check_length(&self) -> Result<(), Error> {
        check_local_part_length(self.local_part.printed_length())
    }

    /// Writes the canonical form.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// let mut text = String::new();
    /// Mailbox::parse("Alice@Example.COM")?.write_to(&mut text)?;
    /// assert_eq!(text, "Alice@example.com");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        self.local_part.write_to(out)?;
        self.domain.write_after_at(out)
    }
}

impl fmt::Display for Mailbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl PartialEq for Mailbox<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.domain == other.domain && self.local_part == other.local_part
    }
}

impl Eq for Mailbox<'_> {}

/// The part of a mailbox before the `@`, with the quotes taken off and the escapes left in.
///
/// Equality and printing are those of [`Mailbox`].
///
/// ```
/// use batv_core::Mailbox;
///
/// let mailbox = Mailbox::parse(r#""a b"@example.com"#)?;
/// assert_eq!(mailbox.local_part().to_string(), r#""a b""#);
/// assert!(mailbox.local_part().characters().eq("a b".chars()));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LocalPart<'a> {
    /// What stands before `text`: a tag outside the quotes, as Exim writes it, or the `SRS0` of a reversed SRS1.
    head: &'a str,
    text: &'a str,
    quoted: bool,
    /// Whether one of the characters is in it that every tag has.
    may_be_tagged: bool,
}

impl<'a> LocalPart<'a> {
    pub(crate) const fn new(head: &'a str, text: &'a str, quoted: bool) -> Self {
        Self { head, text, quoted, may_be_tagged: true }
    }

    /// The characters that it stands for: no quotes, no escapes.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// let mailbox = Mailbox::parse(r#""a\"b"@example.com"#)?;
    /// assert!(mailbox.local_part().characters().eq(r#"a"b"#.chars()));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn characters(&self) -> impl Iterator<Item = char> + Clone + use<'a> {
        Unescaped { quoted: self.quoted, rest: self.head.chars().chain(self.text.chars()) }
    }

    /// Whether it is `postmaster` in any case, which every server must accept (RFC 5321 §4.5.1).
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert!(Mailbox::parse("PostMaster@example.com")?.local_part().is_postmaster());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn is_postmaster(&self) -> bool {
        self.is("postmaster")
    }

    /// Whether it is this word of ASCII in any case.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.characters().map(|character| character.to_ascii_lowercase()).eq(word.chars())
    }

    pub(crate) fn eq_ignore_ascii_case(&self, other: &LocalPart<'_>) -> bool {
        let fold = |character: char| character.to_ascii_lowercase();
        self.characters().map(fold).eq(other.characters().map(fold))
    }

    /// False when it holds no tag for sure.
    pub(crate) const fn may_be_tagged(&self) -> bool {
        self.may_be_tagged
    }

    /// The part that a tag at its front stands in.
    pub(crate) const fn front(&self) -> &'a str {
        if self.head.is_empty() { self.text } else { self.head }
    }

    /// The text in one piece, if it is.
    pub(crate) const fn whole(&self) -> Option<&'a str> {
        if self.head.is_empty() { Some(self.text) } else { None }
    }

    /// The same with another text, or part of the text, in one piece.
    pub(crate) const fn with(&self, text: &'a str) -> Self {
        Self::new("", text, self.quoted)
    }

    /// The same without the backslash that escaped what once followed.
    pub(crate) fn unescaped_end(self) -> Self {
        let backslashes = self.text.len() - self.text.trim_end_matches('\\').len();
        if self.quoted && backslashes % 2 == 1 { self.with(&self.text[..self.text.len() - 1]) } else { self }
    }

    pub(crate) const fn is_quoted(&self) -> bool {
        self.quoted
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.head.is_empty() && self.text.is_empty()
    }

    /// The same without its first octets, which must be ASCII; `None` when they are not there, or go across the quote.
    pub(crate) fn skip(&self, octets: usize) -> Option<Self> {
        if self.head.is_empty() {
            self.text.get(octets..).map(|text| self.with(text))
        } else {
            Some(Self { head: self.head.get(octets..)?, ..*self })
        }
    }

    /// What stands before the first of these ASCII characters, and what after it.
    #[inline]
    pub(crate) fn split_once(&self, delimiter: u8) -> Option<(&'a str, Self)> {
        // Fields are a few octets long: `str::split_once`, made for long texts, takes twice the time.
        let front = self.front();
        let at = front.bytes().position(|octet| octet == delimiter)?;
        Some((&front[..at], self.skip(at + 1)?))
    }

    /// Whether it has to be quoted to be printed.
    pub(crate) fn needs_quotes(&self) -> bool {
        self.quoted && !is_dot_string(self.characters())
    }

    /// Whether somebody may write it with quotes where it prints without, or the reverse.
    pub(crate) fn has_other_spelling(&self) -> bool {
        self.quoted || !is_dot_string(self.characters())
    }

    /// Octets of the content as it stands between the quotes, or without any.
    pub(crate) fn content_length(&self) -> usize {
        if self.quoted {
            let escaped = |character: char| character.len_utf8() + usize::from(matches!(character, '"' | '\\'));
            self.characters().map(escaped).sum()
        } else {
            self.head.len() + self.text.len()
        }
    }

    pub(crate) fn printed_length(&self) -> usize {
        self.content_length() + 2 * usize::from(self.needs_quotes())
    }

    /// Writes the content as it stands between quotes: `"` and `\` escaped, nothing else.
    #[inline]
    pub(crate) fn write_content<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        if !self.quoted {
            out.write_str(self.head)?;
            return out.write_str(self.text);
        }
        for character in self.characters() {
            if matches!(character, '"' | '\\') {
                out.write_char('\\')?;
            }
            out.write_char(character)?;
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        if self.needs_quotes() {
            out.write_char('"')?;
            self.write_content(out)?;
            out.write_char('"')
        } else {
            self.write_content(out)
        }
    }
}

impl fmt::Display for LocalPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl PartialEq for LocalPart<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.characters().eq(other.characters()) || self.is_postmaster() && other.is_postmaster()
    }
}

impl Eq for LocalPart<'_> {}

/// Takes the backslash from each quoted pair (RFC 5321 §4.1.2, `quoted-pairSMTP`).
#[derive(Clone)]
struct Unescaped<I> {
    quoted: bool,
    rest: I,
}

impl<I: Iterator<Item = char>> Iterator for Unescaped<I> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.rest.next() {
            Some('\\') if self.quoted => self.rest.next().or(Some('\\')),
            character => character,
        }
    }
}

/// A domain name or an address literal in brackets; empty after a bare `postmaster`.
///
/// Equal when equal but for ASCII case (RFC 5321 §2.4); prints in lower case.
///
/// ```
/// use batv_core::Domain;
///
/// assert_eq!(Domain::parse("Example.COM")?, Domain::parse("example.com")?);
/// assert_eq!(Domain::parse("Example.COM")?.to_string(), "example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Domain<'a> {
    text: &'a str,
    has_upper_case: bool,
}

impl<'a> Domain<'a> {
    pub(crate) const NONE: Self = Self { text: "", has_upper_case: false };

    fn new(text: &'a str) -> Self {
        Self { text, has_upper_case: text.bytes().any(|octet| octet.is_ascii_uppercase()) }
    }

    /// Reads a domain name, in ASCII, or an address literal with its brackets. A name in U-labels is another spelling of
    /// the one in A-labels (RFC 5890 §2.3.2): what takes both makes one of them first, as `batv-policy` does.
    ///
    /// Underscores are read, though RFC 5321 has none: such names exist, and their bounces come back.
    ///
    /// # Errors
    /// [`Error::Syntax`] with the offset of the first wrong octet; [`Error::DomainTooLong`] over 255 octets.
    ///
    /// ```
    /// # use batv_core::{Domain, Error, Syntax};
    /// assert!(Domain::parse("[IPv6:2001:db8::1]").is_ok());
    /// assert_eq!(
    ///     Domain::parse("example..com"),
    ///     Err(Error::Syntax { what: Syntax::EmptyLabel, offset: 8 })
    /// );
    /// # Ok::<(), Error>(())
    /// ```
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let parser = Parser { text };
        parser.refuse_controls_beyond_ascii()?;
        parser.domain(0, text.len())
    }

    /// The text as it came.
    ///
    /// ```
    /// # use batv_core::Domain;
    /// assert_eq!(Domain::parse("Example.COM")?.as_str(), "Example.COM");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether it prints otherwise than it came.
    pub(crate) const fn has_upper_case(&self) -> bool {
        self.has_upper_case
    }

    pub(crate) fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        if self.has_upper_case {
            self.text.chars().try_for_each(|character| out.write_char(character.to_ascii_lowercase()))
        } else {
            out.write_str(self.text)
        }
    }

    pub(crate) fn write_after_at<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        if self.text.is_empty() {
            return Ok(());
        }
        out.write_char('@')?;
        self.write_to(out)
    }
}

impl fmt::Display for Domain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl PartialEq for Domain<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(other.text)
    }
}

impl Eq for Domain<'_> {}

pub(crate) fn check_local_part_length(length: usize) -> Result<(), Error> {
    if length > LOCAL_PART_LIMIT {
        return Err(Error::LocalPartTooLong { length, limit: LOCAL_PART_LIMIT });
    }
    Ok(())
}

/// Whether it may stand as a local part without quotes (RFC 5321 §4.1.2, `Dot-string`; RFC 6531 §3.3, `atext`).
pub(crate) fn is_dot_string(characters: impl Iterator<Item = char>) -> bool {
    let mut after_dot = true;
    for character in characters {
        let dot = character == '.';
        if dot && after_dot || !dot && !is_atext(character) {
            return false;
        }
        after_dot = dot;
    }
    !after_dot
}

fn is_atext(character: char) -> bool {
    u8::try_from(character).map_or(true, |octet| !octet.is_ascii() || CLASS[usize::from(octet)] & ATEXT != 0)
}

/// May stand in an unquoted local part: `atext` and UTF-8. A dot has a class of its own.
const ATEXT: u8 = 1;
const DOT: u8 = 2;
/// May stand in a label of a domain.
const LABEL: u8 = 4;
/// An upper-case letter of ASCII.
const UPPER: u8 = 8;
/// All tags hold a `=`, but for those of infradead.org, which hold a `+`.
const MARK: u8 = 16;

const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut octet = 0u8;
    loop {
        class[octet as usize] = match octet {
            b'A'..=b'Z' => ATEXT | LABEL | UPPER,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => ATEXT | LABEL,
            0x80.. => ATEXT,
            b'+' | b'=' => ATEXT | MARK,
            b'!' | b'#'..=b'\'' | b'*' | b'/' | b'?' | b'^' | b'`' | b'{'..=b'~' => ATEXT,
            b'.' => DOT,
            _ => 0,
        };
        if octet == u8::MAX {
            break class;
        }
        octet += 1;
    }
};

/// Reads from one text; offsets are octets into it. It only ever cuts at ASCII characters.
struct Parser<'a> {
    text: &'a str,
}

impl<'a> Parser<'a> {
    #[inline]
    fn path(&self) -> Result<Path<'a>, Error> {
        self.refuse_controls_beyond_ascii()?;
        let end = self.text.len();
        if self.octet(0) != Some(b'<') {
            return if end == 0 { Ok(Path::Null) } else { self.mailbox(0, end).map(Path::Mailbox) };
        }
        let Some(close) = self.text.rfind('>') else {
            // What is wrong inside is nearer to the cause than the bracket that is not there.
            self.routed_mailbox(1, end)?;
            return Err(Error::syntax(Syntax::UnbalancedBracket, end));
        };
        match self.octet(close + 1) {
            Some(octet) => Err(Error::syntax(Self::unexpected(octet), close + 1)),
            None if close == 1 => Ok(Path::Null),
            None => self.routed_mailbox(1, close).map(Path::Mailbox),
        }
    }

    fn refuse_controls_beyond_ascii(&self) -> Result<(), Error> {
        if self.text.is_ascii() {
            return Ok(());
        }
        let control = |(_, character): &(usize, char)| character.is_control();
        match self.text.char_indices().find(control) {
            Some((offset, _)) => Err(Error::syntax(Syntax::ControlCharacter, offset)),
            None => Ok(()),
        }
    }

    /// `[A-d-l ":"] Mailbox` (RFC 5321 §4.1.2).
    fn routed_mailbox(&self, start: usize, end: usize) -> Result<Mailbox<'a>, Error> {
        if self.octet(start) != Some(b'@') || start == end {
            return self.mailbox(start, end);
        }
        let mut at = start;
        loop {
            if self.octet(at) != Some(b'@') {
                return Err(Error::syntax(Syntax::SourceRoute, at));
            }
            let stop = self.find(at + 1, end, |octet| octet == b',' || octet == b':' || octet == b'[');
            let stop = match self.octet(stop) {
                // Colons inside of an address literal belong to it.
                Some(b'[') => self.find(stop, end, |octet| octet == b']') + 1,
                _ => stop,
            }
            .min(end);
            self.domain(at + 1, stop)?;
            match self.octet(stop) {
                Some(b',') if stop < end => at = stop + 1,
                Some(b':') if stop < end => return self.mailbox(stop + 1, end),
                _ => return Err(Error::syntax(Syntax::SourceRoute, stop)),
            }
        }
    }

    #[inline(always)]
    fn mailbox(&self, start: usize, end: usize) -> Result<Mailbox<'a>, Error> {
        let octets = &self.text.as_bytes()[..end];
        let (mut plain_end, mut seen) = (start, 0);
        while plain_end < octets.len() {
            let class = CLASS[usize::from(octets[plain_end])];
            if class & (ATEXT | DOT) == 0 {
                break;
            }
            seen |= class;
            plain_end += 1;
        }
        let head = &self.text[start..plain_end];
        let (local_part, after) = match self.octet(plain_end) {
            // Exim, libsrs2 and postsrsd put a tag before the quotes: `prvs=0269378067="a b"@b.c`.
            Some(b'"') if plain_end < end && (head.is_empty() || head.ends_with('=')) => {
                let close = self.closing_quote(plain_end, end)?;
                if close == plain_end + 1 {
                    return Err(Error::syntax(Syntax::EmptyLocalPart, close));
                }
                (LocalPart::new(head, &self.text[plain_end + 1..close], true), close + 1)
            }
            _ => {
                let may_be_tagged = seen & MARK != 0;
                (LocalPart { head: "", text: head, quoted: false, may_be_tagged }, plain_end)
            }
        };
        match self.octet(after) {
            Some(b'@') if after < end => {
                if local_part.is_empty() {
                    return Err(Error::syntax(Syntax::EmptyLocalPart, after));
                }
                Ok(Mailbox::new(local_part, self.domain(after + 1, end)?))
            }
            Some(octet) if after < end => {
                let what = if octet == b'"' { Syntax::UnbalancedQuote } else { Self::unexpected(octet) };
                Err(Error::syntax(what, after))
            }
            // RFC 5321 §4.1.1.3: postmaster alone needs no domain.
            _ if local_part.is_postmaster() => Ok(Mailbox::new(local_part, Domain::NONE)),
            _ => Err(Error::syntax(Syntax::MissingDomain, after)),
        }
    }

    /// The offset of the quote that closes the one at `open` (RFC 5321 §4.1.2, `Quoted-string`).
    fn closing_quote(&self, open: usize, end: usize) -> Result<usize, Error> {
        let mut at = open + 1;
        while at < end {
            let octet = self.text.as_bytes()[at];
            match octet {
                b'"' => return Ok(at),
                b'\\' if at + 1 < end && matches!(self.text.as_bytes()[at + 1], b' '..=b'~') => at += 2,
                b'\\' if at + 1 < end => {
                    return Err(Error::syntax(Self::unexpected(self.text.as_bytes()[at + 1]), at + 1));
                }
                _ if octet.is_ascii_control() => return Err(Error::syntax(Syntax::ControlCharacter, at)),
                _ => at += 1,
            }
        }
        Err(Error::syntax(Syntax::UnbalancedQuote, end))
    }

    #[inline(always)]
    fn domain(&self, start: usize, end: usize) -> Result<Domain<'a>, Error> {
        if end - start > DOMAIN_LIMIT {
            return Err(Error::DomainTooLong { length: end - start, limit: DOMAIN_LIMIT });
        }
        if start < end && self.octet(start) == Some(b'[') {
            return self.address_literal(start, end);
        }
        let octets = &self.text.as_bytes()[..end];
        let (mut label, mut at, mut seen) = (start, start, 0);
        while at < octets.len() {
            let class = CLASS[usize::from(octets[at])];
            if class & LABEL == 0 {
                match octets[at] {
                    b'.' => {}
                    0x80.. => return Err(Error::syntax(Syntax::ULabel, at)),
                    octet => return Err(Error::syntax(Self::unexpected(octet), at)),
                }
                self.label(label, at)?;
                label = at + 1;
            }
            seen |= class;
            at += 1;
        }
        self.label(label, end)?;
        Ok(Domain { text: &self.text[start..end], has_upper_case: seen & UPPER != 0 })
    }

    #[inline]
    fn label(&self, start: usize, end: usize) -> Result<(), Error> {
        match self.text.as_bytes()[start..end] {
            [] => Err(Error::syntax(Syntax::EmptyLabel, start)),
            [b'-', ..] => Err(Error::syntax(Syntax::HyphenAtEdge, start)),
            [.., b'-'] => Err(Error::syntax(Syntax::HyphenAtEdge, end - 1)),
            ref label if label.len() > 63 => Err(Error::syntax(Syntax::LabelTooLong, start + 63)),
            _ => Ok(()),
        }
    }

    /// RFC 5321 §4.1.3: `[192.0.2.1]`, `[IPv6:2001:db8::1]` or `[tag:content]`.
    fn address_literal(&self, start: usize, end: usize) -> Result<Domain<'a>, Error> {
        let wrong = |offset| Err(Error::syntax(Syntax::AddressLiteral, offset));
        let close = self.find(start, end, |octet| octet == b']');
        if close == end {
            return Err(Error::syntax(Syntax::UnbalancedBracket, end));
        }
        if close + 1 < end {
            return Err(Error::syntax(Self::unexpected(self.text.as_bytes()[close + 1]), close + 1));
        }
        let content = &self.text[start + 1..close];
        let Some((tag, rest)) = content.split_once(':') else {
            return if content.parse::<Ipv4Addr>().is_ok() {
                Ok(Domain::new(&self.text[start..end]))
            } else {
                wrong(start + 1)
            };
        };
        let rest_at = start + tag.len() + 2;
        let good = if tag.eq_ignore_ascii_case("IPv6") {
            rest.parse::<Ipv6Addr>().is_ok()
        } else {
            let label = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
            if tag.is_empty() || !tag.bytes().all(label) || tag.ends_with('-') {
                return wrong(start + 1);
            }
            // `dcontent`: printable ASCII but `[`, `\` and `]`.
            !rest.is_empty() && rest.bytes().all(|octet| matches!(octet, b'!'..=b'Z' | b'^'..=b'~'))
        };
        if good { Ok(Domain::new(&self.text[start..end])) } else { wrong(rest_at) }
    }

    const fn unexpected(octet: u8) -> Syntax {
        match octet {
            b' ' => Syntax::Space,
            b'<' | b'>' => Syntax::UnbalancedBracket,
            b'"' => Syntax::UnbalancedQuote,
            _ if octet.is_ascii_control() => Syntax::ControlCharacter,
            _ => Syntax::Character,
        }
    }

    fn octet(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The offset of the first such octet from `start` on, or `end`.
    fn find(&self, start: usize, end: usize, stop: impl Fn(u8) -> bool) -> usize {
        let octets = self.text.as_bytes().get(start..end).unwrap_or_default();
        octets.iter().position(|&octet| stop(octet)).map_or(end, |position| start + position)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_tag_outside_the_quotes_is_part_of_the_local_part() {
        let outside = Mailbox::parse(r#"prvs=0269378067="a b"@b.c"#).unwrap();
        let inside = Mailbox::parse(r#""prvs=0269378067=a b"@b.c"#).unwrap();
        assert_eq!(outside, inside);
        assert_eq!(outside.to_string(), r#""prvs=0269378067=a b"@b.c"#);
        assert!(Mailbox::parse(r#"ab"c d"@b.c"#).is_err());
    }

    #[test]
    fn an_unquoted_local_part_stays_unquoted_whatever_its_dots() {
        assert_eq!(Mailbox::parse("a..b.@example.com").unwrap().to_string(), "a..b.@example.com");
        assert_eq!(Mailbox::parse("\"a..b.\"@example.com").unwrap().to_string(), "\"a..b.\"@example.com");
    }
}
