//! Local parts, quoted or not.

use core::cmp::Ordering;
use core::fmt::{self, Write};
use core::hash::{Hash, Hasher};

use super::class::{ATEXT, CLASS};
use crate::error::Error;

/// Longest local part that may be sent, in octets (RFC 5321 §4.5.3.1.1).
pub const LOCAL_PART_LIMIT: usize = 64;

/// Part of a mailbox before the `@`.
///
/// Equality, order, hash and printing are those of [`Mailbox`](crate::Mailbox).
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
    /// Text before `text`: a tag outside the quotes, as Exim writes it, or the `SRS0` of a reversed SRS1.
    head: &'a str,
    /// Content without quotes, with its escapes.
    text: &'a str,
    quoted: bool,
    /// Whether it holds one of the characters that every tag has.
    may_be_tagged: bool,
}

impl<'a> LocalPart<'a> {
    pub(crate) const fn new(head: &'a str, text: &'a str, quoted: bool) -> Self {
        Self { head, text, quoted, may_be_tagged: true }
    }

    pub(super) const fn unquoted(text: &'a str, may_be_tagged: bool) -> Self {
        Self { head: "", text, quoted: false, may_be_tagged }
    }

    /// Characters without quotes and escapes.
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

    /// True for `postmaster` in any case, which every server must accept (RFC 5321 §4.5.1).
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert!(Mailbox::parse("PostMaster@example.com")?.local_part().is_postmaster());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_postmaster(&self) -> bool {
        self.is("postmaster")
    }

    /// True for this word of lower-case ASCII in any case.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.characters().map(|character| character.to_ascii_lowercase()).eq(word.chars())
    }

    pub(crate) fn eq_ignore_ascii_case(&self, other: &LocalPart<'_>) -> bool {
        let fold = |character: char| character.to_ascii_lowercase();
        self.characters().map(fold).eq(other.characters().map(fold))
    }

    /// Characters by which local parts are ordered and hashed: equal exactly when the local parts are.
    fn compared(&self) -> impl Iterator<Item = char> + use<'a> {
        let is_postmaster = self.is_postmaster();
        let fold = move |character: char| if is_postmaster { character.to_ascii_lowercase() } else { character };
        self.characters().map(fold)
    }

    /// False when it certainly holds no tag.
    pub(crate) const fn may_be_tagged(&self) -> bool {
        self.may_be_tagged
    }

    /// First piece of the text: where a tag at the front would be.
    pub(crate) const fn front(&self) -> &'a str {
        if self.head.is_empty() { self.text } else { self.head }
    }

    /// Whole text; `None` when it is in two pieces.
    pub(crate) const fn whole(&self) -> Option<&'a str> {
        if self.head.is_empty() { Some(self.text) } else { None }
    }

    /// Local part with this text instead, or a part of its own.
    pub(crate) const fn with(&self, text: &'a str) -> Self {
        Self::new("", text, self.quoted)
    }

    /// Local part without a last backslash that escaped a character now cut off.
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

    /// Local part without its first octets, which must be ASCII; `None` when it is shorter, or they reach across the quote.
    pub(crate) fn skip(&self, octets: usize) -> Option<Self> {
        if self.head.is_empty() {
            self.text.get(octets..).map(|text| self.with(text))
        } else {
            Some(Self { head: self.head.get(octets..)?, ..*self })
        }
    }

    /// Parts before and after the first of this ASCII character.
    #[inline]
    pub(crate) fn split_once(&self, delimiter: u8) -> Option<(&'a str, Self)> {
        // Fields are a few octets long: `str::split_once`, made for long texts, takes twice the time.
        let front = self.front();
        let at = front.bytes().position(|octet| octet == delimiter)?;
        Some((&front[..at], self.skip(at + 1)?))
    }

    /// Whether it must be printed with quotes.
    pub(crate) fn needs_quotes(&self) -> bool {
        self.quoted && !is_dot_string(self.characters())
    }

    /// Whether others may write it with quotes where we print none, or the reverse.
    pub(crate) fn has_other_spelling(&self) -> bool {
        self.quoted || !is_dot_string(self.characters())
    }

    /// Octets of the content, without the quotes around it.
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

    /// Writes the content without the quotes around it; `"` and `\` are escaped, nothing else.
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

impl PartialOrd for LocalPart<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LocalPart<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compared().cmp(other.compared())
    }
}

impl Hash for LocalPart<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compared().for_each(|character| character.hash(state));
        state.write_u8(0xFF);
    }
}

/// Characters of a text, without the backslash of each quoted pair (RFC 5321 §4.1.2, `quoted-pairSMTP`).
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

pub(crate) fn check_local_part_length(length: usize) -> Result<(), Error> {
    if length > LOCAL_PART_LIMIT {
        return Err(Error::LocalPartTooLong { length, limit: LOCAL_PART_LIMIT });
    }
    Ok(())
}

/// Whether these characters need no quotes as a local part (RFC 5321 §4.1.2, `Dot-string`; RFC 6531 §3.3, `atext`).
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
