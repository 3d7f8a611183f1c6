//! The value of an Authentication-Results field (RFC 8601 §2.2), read as generously as real servers write it.
//!
//! Anyone can write such a field: [`TrustedResults`](super::TrustedResults) has those of our own servers.

use alloc::borrow::Cow;

use super::outcome::Outcome;
use crate::read::domain::a_labels;

/// The most octets of a value that are read.
const LENGTH_LIMIT: usize = 65_536;
/// The most comments inside of each other.
const COMMENT_LIMIT: usize = 32;
/// The most results in one field.
const RESULT_LIMIT: usize = 200;

/// Results in one field.
#[derive(Clone, Debug)]
pub(super) struct AuthenticationResults<'x> {
    /// The version of the syntax, where one is given: digits. 1 is the only one that there is (RFC 8601 §2.2).
    pub(super) version: Option<&'x str>,
    /// Results, in order; nothing for `none`.
    pub(super) results: Vec<Resinfo<'x>>,
}

impl<'x> AuthenticationResults<'x> {
    /// Reads what stands behind the colon of the field, line ends included.
    ///
    /// A result that has no readable shape is passed over, up to the next semicolon.
    pub(super) fn parse(value: &'x [u8]) -> Result<Self, Unusable> {
        if value.len() > LENGTH_LIMIT {
            return Err(Unusable);
        }
        let text = str::from_utf8(value).map_err(|_| Unusable)?;
        Reader { text, at: 0 }.field()
    }
}

/// Result of one method: `method/version=result reason=… ptype.property=value…`.
#[derive(Clone, Debug)]
pub(super) struct Resinfo<'x> {
    /// The method as it is written.
    pub(super) method: &'x str,
    /// The version of the method, where one is given: digits.
    pub(super) version: Option<&'x str>,
    /// The result as it is written.
    pub(super) result: &'x str,
    /// Identities that were checked, in order.
    pub(super) properties: Vec<Property<'x>>,
}

impl<'x> Resinfo<'x> {
    /// Whether it is of this method, in any case, in the version that is known: 1, or none given (RFC 8601 §2.2).
    pub(super) fn is(&self, method: &str) -> bool {
        self.method.eq_ignore_ascii_case(method) && matches!(self.version, None | Some("1"))
    }

    /// Result as one of those that are known.
    pub(super) fn outcome(&self) -> Outcome {
        Outcome::of_keyword(self.result)
    }

    /// Values of a property, in order, without empty ones. Names are compared in any case.
    pub(super) fn values(&self, ptype: &str, name: &str) -> impl Iterator<Item = Value<'x>> {
        self.properties
            .iter()
            .filter(move |property| {
                property.ptype.eq_ignore_ascii_case(ptype) && property.name.eq_ignore_ascii_case(name)
            })
            .map(|property| property.value)
            .filter(|value| !value.text().is_empty())
    }
}

/// Identity that was checked: `ptype.property=value`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property<'x> {
    /// Place of the identity: `smtp`, `header`, `body` or `policy` (RFC 8601 §2.3).
    pub(super) ptype: &'x str,
    /// Its name: a command of SMTP, a field, a tag of a signature.
    pub(super) name: &'x str,
    /// Its value; empty where the server has written none.
    pub(super) value: Value<'x>,
}

/// A token, a quoted string or an address, as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'x> {
    written: &'x str,
}

impl<'x> Value<'x> {
    /// The text without quotes, escapes and line ends.
    pub(super) fn text(&self) -> Cow<'x, str> {
        // Line ends stand only inside of quotes.
        if !self.written.contains('"') {
            return Cow::Borrowed(self.written);
        }
        let mut text = String::with_capacity(self.written.len());
        let mut characters = self.written.chars();
        let mut in_quotes = false;
        while let Some(character) = characters.next() {
            match character {
                '"' => in_quotes = !in_quotes,
                '\\' if in_quotes => text.extend(characters.next()),
                _ => text.push(character),
            }
        }
        text.retain(|character| !matches!(character, '\r' | '\n'));
        Cow::Owned(text)
    }

    /// Domain of an address or a domain: the text behind the last `@`, or else all of it, in A-labels.
    pub(super) fn domain(&self) -> Cow<'x, str> {
        let behind = |text: &str| text.rfind('@').map_or(0, |at| at + 1);
        match self.text() {
            Cow::Borrowed(text) => a_labels(&text[behind(text)..]),
            Cow::Owned(text) => Cow::Owned(a_labels(&text[behind(&text)..]).into_owned()),
        }
    }
}

/// Error of a field of which nothing may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unusable;

struct Reader<'x> {
    text: &'x str,
    at: usize,
}

impl<'x> Reader<'x> {
    fn field(mut self) -> Result<AuthenticationResults<'x>, Unusable> {
        self.skip_cfws()?;
        let authserv_id = self.value()?;
        let written = authserv_id.written;
        if authserv_id.text().is_empty() || !written.starts_with('"') && written.contains('=') {
            return Err(Unusable);
        }
        self.skip_cfws()?;
        let version = self.version()?;
        let mut results = Vec::new();
        while let Some(octet) = self.octet() {
            if octet != b';' {
                return Err(Unusable);
            }
            self.at += 1;
            self.skip_cfws()?;
            if let Some(result) = self.resinfo()? {
                if results.len() == RESULT_LIMIT {
                    return Err(Unusable);
                }
                results.push(result);
            }
            self.skip_to_semicolon()?;
        }
        Ok(AuthenticationResults { version, results })
    }

    /// What stands before the next semicolon; `None` when it is no result, or holds what belongs to none: a name that
    /// somebody chose to look like one, and that the server has not quoted.
    fn resinfo(&mut self) -> Result<Option<Resinfo<'x>>, Unusable> {
        let method = self.run(is_keyword);
        self.skip_cfws()?;
        let version = if self.take(b'/') {
            self.skip_cfws()?;
            self.version()?
        } else {
            None
        };
        if method.is_empty() || !self.take(b'=') {
            return Ok(None);
        }
        self.skip_cfws()?;
        let result = self.run(is_keyword);
        if result.is_empty() {
            return Ok(None);
        }
        let mut resinfo = Resinfo { method, version, result, properties: Vec::new() };
        loop {
            self.skip_cfws()?;
            if matches!(self.octet(), None | Some(b';')) {
                return Ok(Some(resinfo));
            }
            let ptype = self.run(is_keyword);
            self.skip_cfws()?;
            let name = if self.take(b'.') {
                self.skip_cfws()?;
                let name = self.run(is_property);
                self.skip_cfws()?;
                Some(name)
            } else {
                None
            };
            if ptype.is_empty() || name == Some("") || !self.take(b'=') {
                return Ok(None);
            }
            let value = self.property_value()?;
            // Without a name it is a reason, or such as the `action=none` of Microsoft.
            if let Some(name) = name {
                resinfo.properties.push(Property { ptype, name, value });
            }
        }
    }

    fn version(&mut self) -> Result<Option<&'x str>, Unusable> {
        let digits = self.run(|octet| octet.is_ascii_digit());
        self.skip_cfws()?;
        Ok((!digits.is_empty()).then_some(digits))
    }

    /// The value of a property, which may be missing: then the next property stands where it should.
    fn property_value(&mut self) -> Result<Value<'x>, Unusable> {
        let before = self.at;
        self.skip_cfws()?;
        let mut ahead = Reader { ..*self };
        let is_next = !ahead.run(is_keyword).is_empty()
            && ahead.take(b'.')
            && !ahead.run(is_property).is_empty()
            && ahead.take(b'=');
        if self.at > before && is_next { Ok(Value { written: "" }) } else { self.value() }
    }

    /// Tokens and quoted strings without anything between them: also `"a b"@example.org`.
    fn value(&mut self) -> Result<Value<'x>, Unusable> {
        let start = self.at;
        loop {
            match self.octet() {
                Some(b'"') => self.skip_quoted_string()?,
                Some(octet) if is_value(octet) => self.at += 1,
                _ => return Ok(Value { written: &self.text[start..self.at] }),
            }
        }
    }

    fn skip_to_semicolon(&mut self) -> Result<(), Unusable> {
        loop {
            self.skip_cfws()?;
            match self.octet() {
                None | Some(b';') => return Ok(()),
                Some(b'"') => self.skip_quoted_string()?,
                Some(_) => self.at += 1,
            }
        }
    }

    /// Comments and white space (RFC 5322 §3.2.2).
    fn skip_cfws(&mut self) -> Result<(), Unusable> {
        loop {
            match self.octet() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'(') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Unusable> {
        let mut depth = 0;
        while let Some(octet) = self.octet() {
            self.at += 1;
            match octet {
                b'\\' => self.at += 1,
                b'(' if depth == COMMENT_LIMIT => return Err(Unusable),
                b'(' => depth += 1,
                b')' if depth == 1 => return Ok(()),
                b')' => depth -= 1,
                _ => {}
            }
        }
        Err(Unusable)
    }

    fn skip_quoted_string(&mut self) -> Result<(), Unusable> {
        self.at += 1;
        while let Some(octet) = self.octet() {
            self.at += 1;
            match octet {
                b'"' => return Ok(()),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        Err(Unusable)
    }

    /// The octets of this class, of ASCII only.
    fn run(&mut self, class: fn(u8) -> bool) -> &'x str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.bytes().position(|octet| !class(octet)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn take(&mut self, octet: u8) -> bool {
        let is_there = self.octet() == Some(octet);
        self.at += usize::from(is_there);
        is_there
    }

    fn octet(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// `Keyword` of RFC 8601 §2.2, and the underscore, which some servers write.
const fn is_keyword(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')
}

const fn is_property(octet: u8) -> bool {
    is_keyword(octet) || octet == b'.'
}

/// Octet of a value outside of quotes: not white space, a control character or a delimiter.
const fn is_value(octet: u8) -> bool {
    !matches!(octet, b'\0'..=b' ' | b'\x7F' | b'(' | b')' | b';' | b'"')
}

#[cfg(test)]
mod tests;
