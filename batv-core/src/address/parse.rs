//! Parser of paths, mailboxes, local parts and domains.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::class::{ATEXT, CLASS, DOT, IN_TAG, LABEL, UPPER};
use super::domain::{DOMAIN_LIMIT, Domain};
use super::local_part::LocalPart;
use super::mailbox::Mailbox;
use super::path::{PATH_LIMIT, Path};
use crate::error::{Error, Syntax};

impl<'a> Path<'a> {
    /// Reads a path with or without its brackets.
    ///
    /// A source route, which needs the brackets, is read and dropped (RFC 5321 §4.1.1.3, Appendix C).
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
        Parser::new(octets)?.path()
    }
}

impl<'a> Mailbox<'a> {
    /// Reads a mailbox: anything that [`Path::parse`] takes but the null path.
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
}

impl<'a> Domain<'a> {
    /// Reads a domain name in ASCII, or an address literal with its brackets.
    ///
    /// A name in U-labels must be converted to A-labels first (RFC 5890 §2.3.2), as `batv_policy::address` does.
    /// Underscores are accepted, though RFC 5321 has none: such names exist, and their bounces come back.
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
    pub fn parse<T: AsRef<[u8]> + ?Sized>(text: &'a T) -> Result<Self, Error> {
        let parser = Parser::new(text.as_ref())?;
        parser.refuse_controls_beyond_ascii()?;
        parser.domain(0, parser.text.len())
    }
}

impl<'a> LocalPart<'a> {
    /// Reads a local part, with or without quotes.
    ///
    /// # Errors
    /// [`Error::Syntax`] with the offset of the first wrong octet.
    ///
    /// ```
    /// # use batv_core::{Error, LocalPart, Syntax};
    /// assert_eq!(LocalPart::parse(r#""al\ice""#)?, LocalPart::parse("alice")?);
    /// assert_eq!(LocalPart::parse("a b"), Err(Error::Syntax { what: Syntax::Space, offset: 1 }));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn parse<T: AsRef<[u8]> + ?Sized>(text: &'a T) -> Result<Self, Error> {
        let parser = Parser::new(text.as_ref())?;
        parser.refuse_controls_beyond_ascii()?;
        match parser.local_part(0, parser.text.len())? {
            (local_part, after) if after == parser.text.len() && !local_part.is_empty() => Ok(local_part),
            (_, after) => Err(parser.octet(after).map_or(Error::syntax(Syntax::EmptyLocalPart, after), |octet| {
                Error::syntax(Parser::unexpected(octet), after)
            })),
        }
    }
}

/// Implements `TryFrom<&str>` by `parse`: `FromStr` can't borrow.
macro_rules! try_from_str {
    ($($name:ident),+) => {
        $(
            impl<'a> TryFrom<&'a str> for $name<'a> {
                type Error = Error;

                fn try_from(text: &'a str) -> Result<Self, Error> {
                    Self::parse(text)
                }
            }
        )+
    };
}

try_from_str!(Path, Mailbox, LocalPart, Domain);

/// Parser of one text. Offsets are octets into it; the text is only cut at ASCII characters.
struct Parser<'a> {
    text: &'a str,
}

impl<'a> Parser<'a> {
    #[inline]
    fn new(octets: &'a [u8]) -> Result<Self, Error> {
        match str::from_utf8(octets) {
            Ok(text) => Ok(Self { text }),
            Err(error) => Err(Error::syntax(Syntax::NotUtf8, error.valid_up_to())),
        }
    }

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
        let (local_part, after) = self.local_part(start, end)?;
        match self.octet(after) {
            Some(b'@') if after < end => {
                if local_part.is_empty() {
                    return Err(Error::syntax(Syntax::EmptyLocalPart, after));
                }
                Ok(Mailbox::new(local_part, self.domain(after + 1, end)?))
            }
            Some(octet) if after < end => Err(Error::syntax(Self::unexpected(octet), after)),
            // RFC 5321 §4.1.1.3: postmaster alone needs no domain.
            _ if local_part.is_postmaster() => Ok(Mailbox::new(local_part, Domain::NONE)),
            _ => Err(Error::syntax(Syntax::MissingDomain, after)),
        }
    }

    /// The local part at `start`, and the offset after it.
    #[inline(always)]
    fn local_part(&self, start: usize, end: usize) -> Result<(LocalPart<'a>, usize), Error> {
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
        match self.octet(plain_end) {
            // Exim, libsrs2 and postsrsd put a tag before the quotes: `prvs=0269378067="a b"@b.c`.
            Some(b'"') if plain_end < end && (head.is_empty() || head.ends_with('=')) => {
                let close = self.closing_quote(plain_end, end)?;
                if close == plain_end + 1 {
                    return Err(Error::syntax(Syntax::EmptyLocalPart, close));
                }
                Ok((LocalPart::new(head, &self.text[plain_end + 1..close], true), close + 1))
            }
            _ => {
                let may_be_tagged = seen & IN_TAG != 0;
                Ok((LocalPart::unquoted(head, may_be_tagged), plain_end))
            }
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
        Ok(Domain::new(&self.text[start..end], seen & UPPER != 0))
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
            return if content.parse::<Ipv4Addr>().is_ok() { Ok(self.literal(start, end)) } else { wrong(start + 1) };
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
        if good { Ok(self.literal(start, end)) } else { wrong(rest_at) }
    }

    fn literal(&self, start: usize, end: usize) -> Domain<'a> {
        let text = &self.text[start..end];
        Domain::new(text, text.bytes().any(|octet| octet.is_ascii_uppercase()))
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
