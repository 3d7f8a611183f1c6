//! Fields of a message of the log, as `tracing`'s format writes them.
//!
//! A field is a name, `=`, and a value that ends with a space. A value written by `Debug` has quotes and escapes; an
//! address is written as it is, or as a [`Word`] in quotes. Older logs have addresses as they came, with quoted strings and
//! spaces in them (RFC 5321 §4.1.2), whose quoted pairs look the same as escapes. So one rule finds the end of all, and no
//! address can pass for another field.

use alloc::borrow::Cow;
use core::fmt::{self, Write as _};
use core::ops::Deref;

use memchr::memchr2;

use crate::redact::acts;

/// Value of a field.
pub(crate) trait Value<'a> {
    /// Reads the value.
    fn read(text: &'a str) -> Self;

    /// Writes a space and the field, if it has a value.
    fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<'a> Value<'a> for &'a str {
    fn read(text: &'a str) -> Self {
        text
    }

    fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {name}={self}")
    }
}

impl<'a> Value<'a> for Option<&'a str> {
    fn read(text: &'a str) -> Self {
        Some(text)
    }

    fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map_or(Ok(()), |text| text.write(name, f))
    }
}

/// Name that a peer chose: it is always in quotes.
impl<'a> Value<'a> for Cow<'a, str> {
    fn read(text: &'a str) -> Self {
        unquote(text)
    }

    fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {name}={}", Quoted(self))
    }
}

/// Text that strangers chose, such as an address, as one word of the log.
///
/// It stands there as it is, unless something in it could pass for another field, or affects the text around it: spaces,
/// quotes, backslashes, and characters that are invisible or change the direction of text. Then it stands in quotes, and
/// these characters are escaped, spaces too: no search for a field finds one inside an address.
///
/// ```
/// use batv_report::Word;
///
/// assert_eq!(Word::from("alice@example.com").in_log().to_string(), "alice@example.com");
/// let hostile = Word::from("\"x verdict=genuine\"@example.com");
/// assert_eq!(hostile.in_log().to_string(), r#""\"x\u{20}verdict=genuine\"@example.com""#);
/// assert_eq!(Word::from("a\u{202e}b@example.com").in_log().to_string(), r#""a\u{202e}b@example.com""#);
/// assert_eq!(&*hostile, "\"x verdict=genuine\"@example.com");
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Word<'a>(Cow<'a, str>);

impl Word<'_> {
    /// The word as the log has it.
    #[must_use]
    pub fn in_log(&self) -> impl fmt::Display {
        InLog(&self.0)
    }
}

impl Deref for Word<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Word<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Word<'a> {
    fn from(text: &'a String) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Word<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl PartialEq<str> for Word<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for Word<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == **other
    }
}

impl<'a> Value<'a> for Word<'a> {
    fn read(text: &'a str) -> Self {
        Self(unquote(text))
    }

    fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {name}={}", self.in_log())
    }
}

struct InLog<'t>(&'t str);

impl fmt::Display for InLog<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() || self.0.contains(misleads) { Quoted(self.0).fmt(f) } else { f.write_str(self.0) }
    }
}

/// Text in quotes, without a space.
pub(crate) struct Quoted<'t>(pub(crate) &'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                _ if misleads(character) => write!(f, "{}", character.escape_unicode())?,
                _ => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}

/// Whether an address with this character needs quotes.
fn misleads(character: char) -> bool {
    match character {
        '"' | '\\' => true,
        '!'..='~' => false,
        _ => character.is_whitespace() || acts(character),
    }
}

/// Declares a message whose fields are those of a struct, in their order: its `Display`, and `set`, which reads a
/// field.
macro_rules! message {
    (
        $(#[$meta:meta])*
        $text:literal pub struct $name:ident<$life:lifetime> {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        pub struct $name<$life> {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        impl<$life> $name<$life> {
            /// Sets the field of this name. A later version may write more of them.
            pub(crate) fn set(&mut self, name: &str, value: &$life str) {
                match name {
                    $(stringify!($field) => self.$field = $crate::field::Value::read(value),)+
                    _ => {}
                }
            }
        }

        impl ::core::fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str($text)?;
                $($crate::field::Value::write(&self.$field, stringify!($field), f)?;)+
                Ok(())
            }
        }
    };
}

pub(crate) use message;

/// Fields of a message that are not read yet.
pub(crate) struct Fields<'a>(pub(crate) &'a str);

impl<'a> Fields<'a> {
    /// Reads the next field; `Some(None)` at the end, `None` when the text is no field.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Option<(&'a str, &'a str)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let octets = self.0.as_bytes();
        let equals = memchr2(b'=', b' ', octets).filter(|at| octets[*at] == b'=')?;
        let end = equals + 1 + value_length(&octets[equals + 1..])?;
        let field = (self.0.get(..equals)?, self.0.get(equals + 1..end)?);
        self.0 = self.0.get(end + 1..).unwrap_or_default();
        Some(Some(field))
    }
}

/// Octets of a value, up to a space or the end; `None` when a quoted string was cut off.
#[inline]
fn value_length(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = memchr2(b' ', b'"', octets.get(at..)?) {
        at += next;
        if octets[at] == b' ' {
            return Some(at);
        }
        at += quoted_length(&octets[at..])?;
    }
    Some(octets.len())
}

fn quoted_length(octets: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match octets.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Text without the quotes and escapes of `Debug`, if it has quotes.
pub(crate) fn unquote(value: &str) -> Cow<'_, str> {
    // An address of an older log may begin with a quote, but it ends with a domain.
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(value);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at + 1..]).unwrap_or(('\\', 0));
        text.push(character);
        rest = &rest[at + 1 + length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Character of an escape, and the number of its octets after the backslash.
fn escape(after: &str) -> Option<(char, usize)> {
    Some(match *after.as_bytes().first()? {
        b'n' => ('\n', 1),
        b'r' => ('\r', 1),
        b't' => ('\t', 1),
        b'0' => ('\0', 1),
        octet @ (b'\\' | b'"' | b'\'') => (char::from(octet), 1),
        b'u' => {
            let digits = after.strip_prefix("u{")?;
            let end = digits.find('}')?;
            let number = u32::from_str_radix(digits.get(..end)?, 16).ok()?;
            (char::from_u32(number)?, end + 3)
        }
        _ => return None,
    })
}
