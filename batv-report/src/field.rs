//! Fields of a message of the log, as `tracing`'s format writes them.
//!
//! A field is a name, `=`, and a value that ends with a space. A value written by `Debug` has quotes and escapes; an
//! address is written as it is, and may have a quoted string with spaces in it (RFC 5321 §4.1.2), whose quoted pairs
//! look the same. So one rule finds the end of both, and no address can pass for another field.

use alloc::borrow::Cow;
use core::fmt;

use memchr::memchr2;

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

/// Text that strangers chose: it is written in quotes.
impl<'a> Value<'a> for Cow<'a, str> {
    fn read(text: &'a str) -> Self {
        unquote(text)
    }

    fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {name}={self:?}")
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
