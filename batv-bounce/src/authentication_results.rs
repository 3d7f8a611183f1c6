//! The value of an Authentication-Results field (RFC 8601 §2.2), read as generously as real servers write it.
//!
//! Anyone can write such a field: see [`TrustedResults`](crate::trusted_results::TrustedResults) for whom to believe.

use alloc::borrow::Cow;
use core::fmt::{self, Write};

use thiserror::Error;

/// The most octets of a value that are read.
pub const LENGTH_LIMIT: usize = 65_536;
/// The most comments inside of each other.
pub const COMMENT_LIMIT: usize = 32;
/// The most results in one field.
pub const RESULT_LIMIT: usize = 200;

/// One field: who checked, and what came out.
///
/// It prints without comments, on one line; what it prints reads as the same.
///
/// ```
/// use batv_bounce::authentication_results::{AuthenticationResults, Outcome};
///
/// let value = b" mx.example.net (checked);\r\n\tspf = pass smtp . mailfrom=\"a b\"@example.org;";
/// let field = AuthenticationResults::parse(value)?;
/// assert_eq!(field.authserv_id.text(), "mx.example.net");
/// assert_eq!(field.results[0].outcome(), Outcome::Pass);
/// assert_eq!(field.results[0].values("smtp", "mailfrom").next().ok_or("no property")?.text(), "a b@example.org");
/// assert_eq!(field.to_string(), r#"mx.example.net; spf=pass smtp.mailfrom="a b@example.org""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AuthenticationResults<'x> {
    /// Whoever claims to have checked.
    pub authserv_id: Value<'x>,
    /// The version of the syntax, where one is given: digits. 1 is the only one that there is (RFC 8601 §2.2).
    pub version: Option<&'x str>,
    /// What came out, in order; nothing for `none`.
    pub results: Vec<Resinfo<'x>>,
}

impl<'x> AuthenticationResults<'x> {
    /// Reads what stands behind the colon of the field, line ends included.
    ///
    /// A result that has no readable shape is passed over, up to the next semicolon.
    ///
    /// # Errors
    /// [`enum@Error`]: nothing of such a field may be used.
    ///
    /// ```
    /// # use batv_bounce::authentication_results::{AuthenticationResults, Error};
    /// assert!(AuthenticationResults::parse(b"mx.example.net 1; none")?.results.is_empty());
    /// // Microsoft's own servers name nobody.
    /// let unsigned = AuthenticationResults::parse(b"spf=pass smtp.mailfrom=example.org");
    /// assert_eq!(unsigned, Err(Error::NoAuthservId { offset: 0 }));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn parse(value: &'x [u8]) -> Result<Self, Error> {
        if value.len() > LENGTH_LIMIT {
            return Err(Error::TooLong { length: value.len() });
        }
        let text = str::from_utf8(value).map_err(|error| Error::NotUtf8 { offset: error.valid_up_to() })?;
        Reader { text, at: 0 }.field()
    }
}

impl fmt::Display for AuthenticationResults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.authserv_id)?;
        if let Some(version) = self.version {
            write!(f, " {version}")?;
        }
        if self.results.is_empty() {
            return f.write_str("; none");
        }
        self.results.iter().try_for_each(|result| write!(f, "; {result}"))
    }
}

/// What one method found: `method/version=result reason=… ptype.property=value…`.
///
/// ```
/// use batv_bounce::authentication_results::{AuthenticationResults, Outcome};
///
/// let field = AuthenticationResults::parse(br#"mx.example.net; DKIM/1=Fail reason="no key" header.d=example.org"#)?;
/// let dkim = &field.results[0];
/// assert!(dkim.is("dkim"));
/// assert_eq!(dkim.outcome(), Outcome::Fail);
/// assert_eq!(dkim.reason.as_ref().ok_or("no reason")?.text(), "no key");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Resinfo<'x> {
    /// The method as it is written.
    pub method: &'x str,
    /// The version of the method, where one is given: digits.
    pub version: Option<&'x str>,
    /// The result as it is written.
    pub result: &'x str,
    /// Why, in words.
    pub reason: Option<Value<'x>>,
    /// What was checked, in order.
    pub properties: Vec<Property<'x>>,
}

impl<'x> Resinfo<'x> {
    /// Whether it is of this method, in any case, in the version that is known: 1, or none given (RFC 8601 §2.2).
    ///
    /// ```
    /// # use batv_bounce::authentication_results::AuthenticationResults;
    /// let field = AuthenticationResults::parse(b"mx.example.net; spf/2=pass")?;
    /// assert!(!field.results[0].is("spf"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is(&self, method: &str) -> bool {
        self.method.eq_ignore_ascii_case(method) && matches!(self.version, None | Some("1"))
    }

    /// The result as one of those that are known.
    ///
    /// ```
    /// # use batv_bounce::authentication_results::{AuthenticationResults, Outcome};
    /// let field = AuthenticationResults::parse(b"mx.example.net; dmarc=bestguesspass")?;
    /// assert_eq!(field.results[0].outcome(), Outcome::Other);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn outcome(&self) -> Outcome {
        let known = Outcome::NAMES.into_iter().find(|(name, _)| self.result.eq_ignore_ascii_case(name));
        known.map_or(Outcome::Other, |(_, outcome)| outcome)
    }

    /// The values of a property, in order; the names in any case. Empty ones are left out.
    ///
    /// ```
    /// # use batv_bounce::authentication_results::AuthenticationResults;
    /// let field = AuthenticationResults::parse(b"mx.example.net; dkim=pass header.d=example.org header.s=")?;
    /// assert_eq!(field.results[0].values("header", "d").count(), 1);
    /// assert_eq!(field.results[0].values("header", "s").count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self, ptype: &str, name: &str) -> impl Iterator<Item = Value<'x>> {
        self.properties
            .iter()
            .filter(move |property| {
                property.ptype.eq_ignore_ascii_case(ptype) && property.name.eq_ignore_ascii_case(name)
            })
            .map(|property| property.value)
            .filter(|value| !value.text().is_empty())
    }
}

impl fmt::Display for Resinfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method)?;
        if let Some(version) = self.version {
            write!(f, "/{version}")?;
        }
        write!(f, "={}", self.result)?;
        if let Some(reason) = self.reason {
            write!(f, " reason={reason}")?;
        }
        self.properties.iter().try_for_each(|property| {
            let Property { ptype, name, value } = property;
            write!(f, " {ptype}.{name}={value}")
        })
    }
}

/// What was checked: `ptype.property=value`.
///
/// ```
/// use batv_bounce::authentication_results::AuthenticationResults;
///
/// let field = AuthenticationResults::parse(b"mx.example.net; spf=pass smtp.mailfrom=@example.org")?;
/// let property = &field.results[0].properties[0];
/// assert_eq!((property.ptype, property.name), ("smtp", "mailfrom"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Property<'x> {
    /// Where it was found: `smtp`, `header`, `body` or `policy` (RFC 8601 §2.3).
    pub ptype: &'x str,
    /// Its name: a command of SMTP, a field, a tag of a signature.
    pub name: &'x str,
    /// Its value; empty where the server has written none.
    pub value: Value<'x>,
}

/// A token, a quoted string or an address, as it is written. Equal when the text is.
///
/// ```
/// use batv_bounce::authentication_results::AuthenticationResults;
///
/// let field = AuthenticationResults::parse(br#""mx.\example.net"; none"#)?;
/// assert_eq!(field.authserv_id.text(), "mx.example.net");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Value<'x> {
    written: &'x str,
}

impl<'x> Value<'x> {
    /// The text without quotes, escapes and line ends.
    ///
    /// ```
    /// # use batv_bounce::authentication_results::AuthenticationResults;
    /// let field = AuthenticationResults::parse(br#"mx.example.net; spf=pass smtp.mailfrom="a\"b"@example.org"#)?;
    /// assert_eq!(field.results[0].properties[0].value.text(), r#"a"b@example.org"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn text(&self) -> Cow<'x, str> {
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

    /// What stands behind the last `@`, or else the whole text: the domain, where the value is an address or a domain.
    ///
    /// ```
    /// # use batv_bounce::authentication_results::AuthenticationResults;
    /// let field = AuthenticationResults::parse(b"mx.example.net; dkim=pass header.i=@example.org header.d=example.org")?;
    /// assert!(field.results[0].properties.iter().all(|property| property.value.domain() == "example.org"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn domain(&self) -> Cow<'x, str> {
        let behind = |text: &str| text.rfind('@').map_or(0, |at| at + 1);
        match self.text() {
            Cow::Borrowed(text) => Cow::Borrowed(&text[behind(text)..]),
            Cow::Owned(text) => Cow::Owned(text[behind(&text)..].to_owned()),
        }
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Value<'_> {}

impl fmt::Display for Value<'_> {
    /// Quoted where it is no token (RFC 2045 §5.1) and no address of tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        let is_all_token = |part: &str| !part.is_empty() && part.bytes().all(is_token);
        let domain = text.strip_prefix('@').or_else(|| {
            let (local_part, domain) = text.split_once('@')?;
            is_all_token(local_part).then_some(domain)
        });
        if is_all_token(domain.unwrap_or(&text)) {
            return f.write_str(&text);
        }
        f.write_char('"')?;
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        f.write_char('"')
    }
}

/// A result, from the best to the worst, as far as a bounce is concerned (RFC 8601 §2.7).
///
/// ```
/// use batv_bounce::authentication_results::Outcome;
///
/// assert!(Outcome::Pass < Outcome::Neutral && Outcome::SoftFail < Outcome::Fail);
/// assert_eq!(Outcome::SoftFail.as_str(), "softfail");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Outcome {
    /// It is as it claims.
    Pass,
    /// There was nothing to check.
    None,
    /// It was checked, to no avail.
    Neutral,
    /// One that is not known here. It never proves anything.
    Other,
    /// It passed, but not in a way that the server takes.
    Policy,
    /// It could not be checked now.
    TempError,
    /// It can't be checked.
    PermError,
    /// It is probably forged.
    SoftFail,
    /// It is forged.
    Fail,
}

impl Outcome {
    /// `hardfail` is what RFC 5451 called the failure of SPF.
    const NAMES: [(&'static str, Self); 9] = [
        ("pass", Self::Pass),
        ("none", Self::None),
        ("neutral", Self::Neutral),
        ("policy", Self::Policy),
        ("temperror", Self::TempError),
        ("permerror", Self::PermError),
        ("softfail", Self::SoftFail),
        ("fail", Self::Fail),
        ("hardfail", Self::Fail),
    ];

    /// The keyword of RFC 8601 §2.7, or `other`.
    ///
    /// ```
    /// # use batv_bounce::authentication_results::Outcome;
    /// assert_eq!(Outcome::TempError.as_str(), "temperror");
    /// ```
    pub fn as_str(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, outcome)| *outcome == self).map_or("other", |(name, _)| name)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a field can't be used. Offsets count octets of the value from 0.
///
/// ```
/// use batv_bounce::authentication_results::AuthenticationResults;
///
/// let error = AuthenticationResults::parse(b"mx.example.net (checked; spf=pass").unwrap_err();
/// assert_eq!(error.to_string(), "the comment at offset 15 does not end: `)` ends it");
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Longer than [`LENGTH_LIMIT`].
    #[error("Authentication-Results of {length} octets are over the limit of {LENGTH_LIMIT}")]
    TooLong {
        /// Its length in octets.
        length: usize,
    },
    /// Not UTF-8 (RFC 6532 §3).
    #[error("octet at offset {offset} is not UTF-8")]
    NotUtf8 {
        /// Where.
        offset: usize,
    },
    /// Nobody is named.
    #[error("no authserv-id at offset {offset}: the name of a server must come first, then `;`")]
    NoAuthservId {
        /// Where.
        offset: usize,
    },
    /// Something between the authserv-id and the results.
    #[error("a version or `;` must follow the authserv-id, at offset {offset}")]
    NoSemicolon {
        /// Where.
        offset: usize,
    },
    /// A comment or a quoted string without its end.
    #[error("the {} at offset {offset} does not end: `{end}` ends it", if *end == ')' { "comment" } else { "quoted string" })]
    Unclosed {
        /// Where it begins.
        offset: usize,
        /// What would end it: `)` or `"`.
        end: char,
    },
    /// Deeper than [`COMMENT_LIMIT`].
    #[error("the comment at offset {offset} is deeper than the limit of {COMMENT_LIMIT}")]
    TooDeep {
        /// Where it begins.
        offset: usize,
    },
    /// More than [`RESULT_LIMIT`].
    #[error("there are more results than the limit of {RESULT_LIMIT}, at offset {offset}")]
    TooManyResults {
        /// Where the first one too many begins.
        offset: usize,
    },
}

struct Reader<'x> {
    text: &'x str,
    at: usize,
}

impl<'x> Reader<'x> {
    fn field(mut self) -> Result<AuthenticationResults<'x>, Error> {
        self.skip_cfws()?;
        let offset = self.at;
        let authserv_id = self.value()?;
        let written = authserv_id.written;
        if authserv_id.text().is_empty() || !written.starts_with('"') && written.contains('=') {
            return Err(Error::NoAuthservId { offset });
        }
        self.skip_cfws()?;
        let version = self.version()?;
        let mut results = Vec::new();
        while let Some(octet) = self.octet() {
            if octet != b';' {
                return Err(Error::NoSemicolon { offset: self.at });
            }
            self.at += 1;
            self.skip_cfws()?;
            let offset = self.at;
            if let Some(result) = self.resinfo()? {
                if results.len() == RESULT_LIMIT {
                    return Err(Error::TooManyResults { offset });
                }
                results.push(result);
            }
            self.skip_to_semicolon()?;
        }
        Ok(AuthenticationResults { authserv_id, version, results })
    }

    /// What stands before the next semicolon; `None` when it is no result, or holds what belongs to none: a name that
    /// somebody chose to look like one, and that the server has not quoted.
    fn resinfo(&mut self) -> Result<Option<Resinfo<'x>>, Error> {
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
        let mut resinfo = Resinfo { method, version, result, reason: None, properties: Vec::new() };
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
            match name {
                Some(name) => resinfo.properties.push(Property { ptype, name, value }),
                None if ptype.eq_ignore_ascii_case("reason") => {
                    resinfo.reason.get_or_insert(value);
                }
                // Such as the `action=none` of Microsoft.
                None => {}
            }
        }
    }

    fn version(&mut self) -> Result<Option<&'x str>, Error> {
        let digits = self.run(|octet| octet.is_ascii_digit());
        self.skip_cfws()?;
        Ok((!digits.is_empty()).then_some(digits))
    }

    /// The value of a property, which may be missing: then the next property stands where it should.
    fn property_value(&mut self) -> Result<Value<'x>, Error> {
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
    fn value(&mut self) -> Result<Value<'x>, Error> {
        let start = self.at;
        loop {
            match self.octet() {
                Some(b'"') => self.skip_quoted_string()?,
                Some(octet) if is_value(octet) => self.at += 1,
                _ => return Ok(Value { written: &self.text[start..self.at] }),
            }
        }
    }

    fn skip_to_semicolon(&mut self) -> Result<(), Error> {
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
    fn skip_cfws(&mut self) -> Result<(), Error> {
        loop {
            match self.octet() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'(') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Error> {
        let offset = self.at;
        let mut depth = 0;
        while let Some(octet) = self.octet() {
            self.at += 1;
            match octet {
                b'\\' => self.at += 1,
                b'(' if depth == COMMENT_LIMIT => return Err(Error::TooDeep { offset: self.at - 1 }),
                b'(' => depth += 1,
                b')' if depth == 1 => return Ok(()),
                b')' => depth -= 1,
                _ => {}
            }
        }
        Err(Error::Unclosed { offset, end: ')' })
    }

    fn skip_quoted_string(&mut self) -> Result<(), Error> {
        let offset = self.at;
        self.at += 1;
        while let Some(octet) = self.octet() {
            self.at += 1;
            match octet {
                b'"' => return Ok(()),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        Err(Error::Unclosed { offset, end: '"' })
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

/// What a value is made of outside of quotes: all but white space, controls and what has a meaning of its own.
const fn is_value(octet: u8) -> bool {
    !matches!(octet, b'\0'..=b' ' | b'\x7F' | b'(' | b')' | b';' | b'"')
}

/// RFC 2045 §5.1, and UTF-8 (RFC 6532 §3).
const fn is_token(octet: u8) -> bool {
    is_value(octet) && !matches!(octet, b'<' | b'>' | b'@' | b',' | b':' | b'\\' | b'/' | b'[' | b']' | b'?' | b'=')
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// What each product writes, and what of it is read.
    const SAMPLES: [(&str, &str, &str); 24] = [
        ("nothing checked", "example.org 1; none", "example.org 1; none"),
        ("no result at all", "example.org", "example.org; none"),
        (
            "a semicolon at the end",
            " mx.example.net; spf=pass smtp.mailfrom=example.org; ",
            "mx.example.net; spf=pass smtp.mailfrom=example.org",
        ),
        (
            "comments everywhere",
            " mx.example.net (a) 1 (b (c));\r\n dkim (d) / (e) 1 (f) = (g) fail\r\n policy (h;) . (i=j) \
                expired\r\n (k) = (l.m=n) 1792915200 (o)",
            "mx.example.net 1; dkim/1=fail policy.expired=1792915200",
        ),
        (
            "python3-spf-engine beside Postfix",
            " mx.example.net; spf=pass (sender SPF authorized) smtp.mailfrom=example.org \
                (client-ip=192.0.2.1; helo=mail.example.org; envelope-from=alice@example.org; receiver=<UNKNOWN>)",
            "mx.example.net; spf=pass smtp.mailfrom=example.org",
        ),
        (
            "opendkim, two signatures",
            " mx.example.net;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=example.org header.i=@example.org \
                header.a=rsa-sha256 header.s=mail header.b=Ab/+x=Y9;\r\n\tdkim=fail reason=\"signature verification \
                failed\" (1024-bit key; unprotected) header.d=example.com header.i=@example.com header.b=Zz",
            "mx.example.net; dkim=pass header.d=example.org header.i=@example.org header.a=rsa-sha256 header.s=mail \
                header.b=\"Ab/+x=Y9\"; dkim=fail reason=\"signature verification failed\" header.d=example.com \
                header.i=@example.com header.b=Zz",
        ),
        ("opendkim, no signature", "mx.example.net; dkim=none", "mx.example.net; dkim=none"),
        (
            "opendmarc",
            "mx.example.net; dmarc=pass (p=reject dis=none) header.from=example.org",
            "mx.example.net; dmarc=pass header.from=example.org",
        ),
        (
            "opendmarc, null sender",
            "mx.example.net; spf=none smtp.helo=mail.example.org smtp.mailfrom=",
            "mx.example.net; spf=none smtp.helo=mail.example.org smtp.mailfrom=\"\"",
        ),
        (
            "OpenARC",
            "mx.example.net; arc=pass smtp.remote-ip=192.0.2.1 arc.chain=\"list.example:example.org\"",
            "mx.example.net; arc=pass smtp.remote-ip=192.0.2.1 arc.chain=\"list.example:example.org\"",
        ),
        (
            "rspamd",
            "mx.example.net;\r\n\tdkim=pass header.d=example.org header.s=mail header.b=AbCd;\r\n\tspf=pass \
                (mx.example.net: domain of \"a=b@example.org\" designates 192.0.2.1 as permitted sender) \
                smtp.mailfrom=\"a=b@example.org\";\r\n\tdmarc=pass (policy=none) header.from=example.org;\r\n\t\
                arc=pass (\"list.example:s=a:i=1\")",
            "mx.example.net; dkim=pass header.d=example.org header.s=mail header.b=AbCd; spf=pass \
                smtp.mailfrom=\"a=b@example.org\"; dmarc=pass header.from=example.org; arc=pass",
        ),
        (
            "Exim",
            "mx.example.net;\n\tiprev=pass (mail.example.org) smtp.remote-ip=2001:db8::1;\n\tspf=pass \
                smtp.mailfrom=example.org;\n\tdkim=pass header.d=example.org header.s=mail header.a=rsa-sha256;\n\t\
                dmarc=pass header.from=example.org; arc=none",
            "mx.example.net; iprev=pass smtp.remote-ip=\"2001:db8::1\"; spf=pass smtp.mailfrom=example.org; \
                dkim=pass header.d=example.org header.s=mail header.a=rsa-sha256; dmarc=pass header.from=example.org; \
                arc=none",
        ),
        (
            "amavis",
            "mx.example.net (amavisd-new);\n dkim=fail (2048-bit key)\n reason=\"fail (message has been altered)\" \
                header.d=example.org",
            "mx.example.net; dkim=fail reason=\"fail (message has been altered)\" header.d=example.org",
        ),
        (
            "Google",
            "mx.google.example;\r\n       dkim=pass header.i=@example.org header.s=mail header.b=iuniqXuF;\r\n       \
                spf=softfail (google.example: domain of transitioning alice@example.org does not designate 192.0.2.1 as \
                permitted sender) smtp.mailfrom=alice@example.org;\r\n       dmarc=pass (p=QUARANTINE sp=QUARANTINE \
                dis=NONE) header.from=example.org",
            "mx.google.example; dkim=pass header.i=@example.org header.s=mail header.b=iuniqXuF; spf=softfail \
                smtp.mailfrom=alice@example.org; dmarc=pass header.from=example.org",
        ),
        (
            "Microsoft, in the set of ARC",
            "mx.microsoft.example 1; spf=pass smtp.mailfrom=example.org; dmarc=pass action=none \
                header.from=example.org; dkim=pass header.d=example.org; arc=none",
            "mx.microsoft.example 1; spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org; \
                dkim=pass header.d=example.org; arc=none",
        ),
        (
            "Sendmail",
            "mx.example.net; auth=pass (PLAIN) smtp.auth=alice smtp.mailfrom=alice@example.net",
            "mx.example.net; auth=pass smtp.auth=alice smtp.mailfrom=alice@example.net",
        ),
        (
            "upper case, and white space around the marks",
            "MX.example.NET ; SPF = Pass  SMTP . MailFrom = Example.ORG",
            "MX.example.NET; SPF=Pass SMTP.MailFrom=Example.ORG",
        ),
        (
            "an address that looks like a property",
            "mx.example.net; spf=pass smtp.mailfrom=a.b=c@example.org",
            "mx.example.net; spf=pass smtp.mailfrom=\"a.b=c@example.org\"",
        ),
        (
            "missing values",
            "mx.example.net; dkim=pass header.d= header.i=@example.org header.s=",
            "mx.example.net; dkim=pass header.d=\"\" header.i=@example.org header.s=\"\"",
        ),
        (
            "no space after a comment",
            "mx.example.net; spf=pass (ok)smtp.mailfrom=example.org",
            "mx.example.net; spf=pass smtp.mailfrom=example.org",
        ),
        (
            "UTF-8",
            "mx.bücher.example; spf=pass smtp.mailfrom=grüße@bücher.example",
            "mx.bücher.example; spf=pass smtp.mailfrom=grüße@bücher.example",
        ),
        (
            "what only looks like results",
            "mx.example.net; spf; =pass; spf=; dkim=pass@example.org; dmarc=pass header.from=a b@example.org; (x) ; x=y z;; \
                dkim=none",
            "mx.example.net; dkim=none",
        ),
        (
            "a result in a comment or in quotes is none",
            r#"mx.example.net (\); spf=pass; x); dkim=fail reason="x; spf=pass smtp.mailfrom=example.org" header.d=(")a"#,
            r#"mx.example.net; dkim=fail reason="x; spf=pass smtp.mailfrom=example.org" header.d=a"#,
        ),
        (
            "a folded quoted string",
            "mx.example.net; dkim=fail reason=\"not\r\n\ttoday\"",
            "mx.example.net; dkim=fail reason=\"not\ttoday\"",
        ),
    ];

    #[test]
    fn reads_what_servers_write() {
        for (name, value, read) in SAMPLES {
            assert_eq!(AuthenticationResults::parse(value.as_bytes()).unwrap().to_string(), read, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let deep = format!("mx.example.net {}", "(".repeat(COMMENT_LIMIT + 1));
        let many = format!("mx.example.net{}", "; spf=pass".repeat(RESULT_LIMIT + 1));
        let cases: [(&[u8], _); 12] = [
            (b"", Error::NoAuthservId { offset: 0 }),
            (b" (mx.example.net) ; spf=pass", Error::NoAuthservId { offset: 18 }),
            (b"spf=pass smtp.mailfrom=example.org; dkim=none", Error::NoAuthservId { offset: 0 }),
            (b"\"\"; spf=pass", Error::NoAuthservId { offset: 0 }),
            (b"mta.example.net  from=example.org; dkim=pass (ok)", Error::NoSemicolon { offset: 17 }),
            (b"spf = pass", Error::NoSemicolon { offset: 4 }),
            (b"mx.example.net; spf=pass (", Error::Unclosed { offset: 25, end: ')' }),
            (b"mx.example.net; spf=pass reason=\"\\", Error::Unclosed { offset: 32, end: '"' }),
            (b"mx.example.net; spf=pass smtp.mailfrom=\xFF", Error::NotUtf8 { offset: 39 }),
            (deep.as_bytes(), Error::TooDeep { offset: 15 + COMMENT_LIMIT }),
            (many.as_bytes(), Error::TooManyResults { offset: 16 + 10 * RESULT_LIMIT }),
            (&[b' '; LENGTH_LIMIT + 1], Error::TooLong { length: LENGTH_LIMIT + 1 }),
        ];
        for (value, error) in cases {
            let found = AuthenticationResults::parse(value).unwrap_err();
            assert_eq!(found, error, "{}", String::from_utf8_lossy(value));
            let message = found.to_string();
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        }
    }

    fn check(value: &[u8]) {
        let Ok(field) = AuthenticationResults::parse(value) else { return };
        let printed = field.to_string();
        assert_eq!(AuthenticationResults::parse(printed.as_bytes()).as_ref(), Ok(&field), "{printed}");
    }

    proptest! {
        #[test]
        fn any_octets_are_read(octets in vec(any::<u8>(), 0..200)) {
            check(&octets);
        }

        #[test]
        fn what_prints_reads_as_the_same(pieces in vec(select(vec![
            "mx.example.net", ";", " ", "\r\n\t", "spf", "=", "pass", "dkim/1=fail", "header", ".", "d", "reason=",
            "smtp.mailfrom=", "(", ")", "\"", "\\", "@", "example.org", "a b", "é", "none", "1", "\u{1}", "\0", ",",
        ]), 0..40)) {
            check(format!("mx.example.net; {}", pieces.concat()).as_bytes());
            check(pieces.concat().as_bytes());
        }
    }
}
