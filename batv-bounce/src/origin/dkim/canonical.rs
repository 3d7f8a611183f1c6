//! Canonicalisation (RFC 6376 §3.4): what is hashed of a field and of a body.
//!
//! A line ends in CRLF, or in the LF that programs make of it, which is hashed as CRLF. A CR elsewhere is an octet like
//! others.

use core::{iter, mem};

use crate::read::header::{self, Field};

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Canonicalization {
    #[default]
    Simple,
    Relaxed,
}

impl Canonicalization {
    /// The algorithms for header and body that a `c=` tag names (RFC 6376 §3.5).
    pub(super) fn parse(value: &[u8]) -> Option<(Self, Self)> {
        let mut names = value.split(|octet| *octet == b'/');
        let header = Self::named(names.next()?)?;
        let body = names.next().map_or(Some(Self::Simple), Self::named)?;
        names.next().is_none().then_some((header, body))
    }

    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"simple" => Some(Self::Simple),
            b"relaxed" => Some(Self::Relaxed),
            _ => None,
        }
    }

    /// A field without its last line end (§3.4.1, §3.4.2).
    pub(super) fn field(self, field: &Field<'_>, mut out: impl FnMut(&[u8])) {
        match self {
            Self::Simple => join(lines(field.octets), b"\r\n", out),
            Self::Relaxed => {
                out(&field.name.to_ascii_lowercase());
                out(b":");
                join(lines(field.value).flat_map(words), b" ", out);
            }
        }
    }

    /// A body (§3.4.3, §3.4.4).
    pub(super) fn body(self, body: &[u8], mut out: impl FnMut(&[u8])) {
        let mut is_empty = true;
        let mut empty_lines = 0;
        for line in lines(body) {
            if line.is_empty() || self == Self::Relaxed && line.iter().all(is_white_space) {
                empty_lines += 1;
                continue;
            }
            is_empty = false;
            for _ in 0..mem::take(&mut empty_lines) {
                out(b"\r\n");
            }
            match self {
                Self::Simple => out(line),
                Self::Relaxed => {
                    if line.first().is_some_and(is_white_space) {
                        out(b" ");
                    }
                    join(words(line), b" ", &mut out);
                }
            }
            out(b"\r\n");
        }
        if is_empty && self == Self::Simple {
            out(b"\r\n");
        }
    }
}

fn join<'x>(parts: impl Iterator<Item = &'x [u8]>, separator: &[u8], mut out: impl FnMut(&[u8])) {
    for (number, part) in parts.enumerate() {
        if number > 0 {
            out(separator);
        }
        out(part);
    }
}

/// The lines without their ends.
fn lines(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::from_fn(move || {
        let (line, rest) = octets.split_at(header::line(octets).len());
        octets = rest;
        let text = line.strip_suffix(b"\n").map(|text| text.strip_suffix(b"\r").unwrap_or(text));
        text.or_else(|| (!line.is_empty()).then_some(line))
    })
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(is_white_space).filter(|word| !word.is_empty())
}

/// `WSP` (RFC 6376 §2.8).
fn is_white_space(octet: &u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Canonicalization::{Relaxed, Simple};
    use super::*;
    use crate::read::header::fields;

    fn field(canonicalization: Canonicalization, field: &Field<'_>) -> Vec<u8> {
        let mut canonical = Vec::new();
        canonicalization.field(field, |octets| canonical.extend_from_slice(octets));
        canonical
    }

    fn body(canonicalization: Canonicalization, body: &[u8]) -> Vec<u8> {
        let mut canonical = Vec::new();
        canonicalization.body(body, |octets| canonical.extend_from_slice(octets));
        canonical
    }

    #[test]
    fn fields_are_hashed_as_they_stand_or_on_one_line() {
        // The first two are of RFC 6376 §3.4.5.
        let cases: [(&[u8], &[u8], &[u8]); 7] = [
            (b"A: X\r\n", b"A: X", b"a:X"),
            (b"B : Y\t\r\n\tZ  \r\n", b"B : Y\t\r\n\tZ  ", b"b:Y Z"),
            (b"B : Y\t\n\tZ  \n", b"B : Y\t\r\n\tZ  ", b"b:Y Z"),
            (b"C:\r\n \r\n", b"C:\r\n ", b"c:"),
            (b"D:", b"D:", b"d:"),
            (b"E: \xe9\r \x0b\n", b"E: \xe9\r \x0b", b"e:\xe9\r \x0b"),
            (b"F:a\r\n b\n c", b"F:a\r\n b\r\n c", b"f:a b c"),
        ];
        for (octets, simple, relaxed) in cases {
            let read = fields(octets).next().expect("a field");
            assert_eq!(field(Simple, &read), simple, "{read:?}");
            assert_eq!(field(Relaxed, &read), relaxed, "{read:?}");
        }
    }

    #[test]
    fn bodies_end_in_one_line_end_and_only_relaxed_ones_may_be_empty() {
        // The first is of RFC 6376 §3.4.5.
        let cases: [(&[u8], &[u8], &[u8]); 7] = [
            (b" C \r\nD \t E\r\n\r\n\r\n", b" C \r\nD \t E\r\n", b" C\r\nD E\r\n"),
            (b"", b"\r\n", b""),
            (b"\n\r\n", b"\r\n", b""),
            (b" \n", b" \r\n", b""),
            (b"a\n\n\nb", b"a\r\n\r\n\r\nb\r\n", b"a\r\n\r\n\r\nb\r\n"),
            (b"\n \n\ta", b"\r\n \r\n\ta\r\n", b"\r\n\r\n a\r\n"),
            (b"a\rb\r", b"a\rb\r\r\n", b"a\rb\r\r\n"),
        ];
        for (octets, simple, relaxed) in cases {
            let shown = String::from_utf8_lossy(octets);
            assert_eq!(body(Simple, octets), simple, "{shown:?}");
            assert_eq!(body(Relaxed, octets), relaxed, "{shown:?}");
        }
    }

    #[test]
    fn c_names_one_algorithm_or_two() {
        let cases: [(&[u8], _); 7] = [
            (b"simple", Some((Simple, Simple))),
            (b"relaxed", Some((Relaxed, Simple))),
            (b"simple/relaxed", Some((Simple, Relaxed))),
            (b"relaxed/relaxed", Some((Relaxed, Relaxed))),
            (b"", None),
            (b"relaxed/nowsp", None),
            (b"relaxed/relaxed/relaxed", None),
        ];
        for (value, expected) in cases {
            assert_eq!(Canonicalization::parse(value), expected, "{}", String::from_utf8_lossy(value));
        }
    }

    /// Octets that matter here, and others.
    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![prop::sample::select(b" \t\r\na:".as_slice()), any::<u8>()];
        prop::collection::vec(octet, 0..80)
    }

    /// A field of words with one kind of white space between them or another.
    fn spaced() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let space = || prop::sample::select([" ", "\t", "  ", "\r\n ", " \n\t", "\r\n \r\n "].as_slice());
        let around = || prop::sample::select(["", " ", "\t\t"].as_slice());
        let parts = prop::collection::vec(("[!-~é]{1,5}", space(), space()), 1..8);
        (parts, around(), around(), "\r?\n|").prop_map(|(parts, front, back, end)| {
            let (mut one, mut other) = ("Subject:".to_owned(), format!("SUBJECT{back}:{front}"));
            for (number, (word, first, second)) in parts.iter().enumerate() {
                if number > 0 {
                    one.push_str(first);
                    other.push_str(second);
                }
                one.push_str(word);
                other.push_str(word);
            }
            (one.into_bytes(), (other + back + &end).into_bytes())
        })
    }

    proptest! {
        #[test]
        fn what_is_canonical_stays_so(octets in octets()) {
            for canonicalization in [Simple, Relaxed] {
                let once = body(canonicalization, &octets);
                prop_assert_eq!(body(canonicalization, &once), &once[..]);
                for read in fields(&octets) {
                    let once = field(canonicalization, &read);
                    let again = fields(&once).next().expect("a field");
                    prop_assert_eq!(field(canonicalization, &again), &once[..]);
                }
            }
        }

        #[test]
        fn relaxed_fields_are_the_same_whatever_their_white_space((one, other) in spaced()) {
            let [one, other] = [&one, &other].map(|octets| fields(octets).next().expect("a field"));
            prop_assert_eq!(field(Relaxed, &one), field(Relaxed, &other));
        }
    }
}
