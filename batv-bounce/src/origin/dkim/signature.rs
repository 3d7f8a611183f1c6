//! One signature (RFC 6376 §3.5), and the octets that it signs (§3.7, §5.4.2).

use alloc::collections::BTreeMap;
use core::ptr;

use batv_core::Day;
use batv_core::mark::MessageDigest;
use sha2::{Digest, Sha256};

use super::canonical::Canonicalization;
use super::key::decode_base64;
use super::tags::Tags;
use super::verdict::{Body, Failure};
use crate::read::header::{Field, fields};

/// Fields that tell whose message it is, and when it left.
const JUDGED_BY: [&str; 2] = ["From", "Date"];
/// Names that `h=` may list. Nobody signs as many.
const NAMES_LIMIT: usize = 1000;

/// The fields of a header by their names in lower case, each from the top down.
pub(super) struct Index<'x>(BTreeMap<Vec<u8>, Vec<Field<'x>>>);

impl<'x> Index<'x> {
    pub(super) fn of(header: &'x [u8]) -> Self {
        let mut index: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for field in fields(header) {
            index.entry(field.name.to_ascii_lowercase()).or_default().push(field);
        }
        Self(index)
    }

    fn of_name(&self, name: &[u8]) -> &[Field<'x>] {
        self.0.get(&name.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Parsed signature.
pub(super) struct Signature<'x> {
    field: Field<'x>,
    tags: Tags<'x>,
    names: Vec<&'x [u8]>,
    header: Canonicalization,
    body: Canonicalization,
    body_hash: Vec<u8>,
    /// Most octets of the canonical body that are hashed.
    length: usize,
    /// The signature itself.
    pub(super) octets: Vec<u8>,
}

impl<'x> Signature<'x> {
    /// `x=` is not read, as a bounce may be late, nor is `q=`: the keys are at hand.
    pub(super) fn parse(field: Field<'x>, tags: Tags<'x>) -> Result<Self, Failure> {
        let needed = |tag| tags.get(tag).ok_or(Failure::Missing(tag));
        let base64 = |tag| decode_base64(needed(tag)?).ok_or(Failure::Malformed(tag));
        if needed("v")? != b"1" {
            return Err(Failure::Malformed("v"));
        }
        let names: Vec<_> = tags.items("h").ok_or(Failure::Missing("h"))?.take(NAMES_LIMIT + 1).collect();
        if names.len() > NAMES_LIMIT {
            return Err(Failure::TooManyNames);
        }
        if !names.iter().any(|name| name.eq_ignore_ascii_case(b"From")) {
            return Err(Failure::FromNotSigned);
        }
        let (header, body) = match tags.get("c") {
            Some(value) => Canonicalization::parse(value).ok_or(Failure::Malformed("c"))?,
            None => Default::default(),
        };
        let length = match tags.get("l") {
            Some(digits) => read_length(digits).ok_or(Failure::Malformed("l"))?,
            None => usize::MAX,
        };
        let (body_hash, octets) = (base64("bh")?, base64("b")?);
        Ok(Self { field, tags, names, header, body, body_hash, length, octets })
    }

    /// The hash that is signed.
    pub(super) fn header_hash(&self, index: &Index<'x>) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut left: BTreeMap<Vec<u8>, &[Field<'x>]> = BTreeMap::new();
        for name in &self.names {
            let left = left.entry(name.to_ascii_lowercase()).or_insert_with(|| index.of_name(name));
            // Each name takes the lowest field that is left, and nothing when none is (§5.4.2). A signature that lists
            // signatures does not mean itself (§3.5).
            while let Some((lowest, above)) = left.split_last() {
                *left = above;
                if !ptr::eq(lowest.octets, self.field.octets) {
                    self.header.field(lowest, |octets| hash.update(octets));
                    hash.update(b"\r\n");
                    break;
                }
            }
        }
        self.hash_itself(&mut hash);
        hash.finalize().into()
    }

    /// The field of the signature comes last, with `b=` empty and without its line end.
    fn hash_itself(&self, hash: &mut Sha256) {
        let Field { octets, name, value } = self.field;
        let value_at = octets.len() - value.len();
        let signature = self.tags.place("b").unwrap_or_default();
        let without = [&octets[..value_at + signature.start], &value[signature.end..]].concat();
        let field = Field { octets: &without, name, value: &without[value_at..] };
        self.header.field(&field, |octets| hash.update(octets));
    }

    /// First field that tells whose message it is and when it left, and that the signature does not cover or the header has
    /// twice: any other than the signed one may be the one that is read.
    pub(super) fn open(&self, index: &Index<'x>) -> Option<&'static str> {
        JUDGED_BY.into_iter().find(|name| self.covered(name, index).is_none())
    }

    /// The only field of this name, if it is signed.
    fn covered(&self, name: &str, index: &Index<'x>) -> Option<Field<'x>> {
        match index.of_name(name.as_bytes())[..] {
            [only] if self.signs(name) => Some(only),
            _ => None,
        }
    }

    /// The field of this name that the signature covers, whatever was put above it: the lowest (RFC 6376 §5.4.2).
    fn signed(&self, name: &str, index: &Index<'x>) -> Option<Field<'x>> {
        index.of_name(name.as_bytes()).last().copied().filter(|_| self.signs(name))
    }

    fn signs(&self, name: &str) -> bool {
        self.names.iter().any(|signed| signed.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Message that was signed, by its Message-ID, as a mark of it tells. Without one it is told by the fields that every
    /// signature that counts covers, and not by the signature: there may be several on one message.
    pub(super) fn message(&self, index: &Index<'x>) -> MessageDigest {
        let value = |name| self.signed(name, index).map(|field| field.value);
        value("Message-ID").map_or_else(
            || MessageDigest::of(&JUDGED_BY.map(|name| value(name).unwrap_or_default()).concat()),
            MessageDigest::of,
        )
    }

    /// Day on which it was made (`t=`), if it says so.
    pub(super) fn day(&self) -> Option<Day> {
        let seconds = str::from_utf8(self.tags.get("t")?).ok()?.parse().ok()?;
        Day::from_unix_seconds(seconds).ok()
    }

    /// Whether this is the body that was signed.
    pub(super) fn compare(&self, body: Option<&[u8]>) -> Body {
        let Some(body) = body else { return Body::Absent };
        let mut hash = Sha256::new();
        let mut left = self.length;
        let mut is_longer = false;
        self.body.body(body, |octets| {
            let hashed = &octets[..left.min(octets.len())];
            left -= hashed.len();
            is_longer |= hashed.len() < octets.len();
            hash.update(hashed);
        });
        match hash.finalize()[..] == self.body_hash {
            true if is_longer => Body::Longer,
            true => Body::Matches,
            false => Body::Differs,
        }
    }
}

/// A number too great for us is one that no body reaches.
fn read_length(digits: &[u8]) -> Option<usize> {
    let digits = str::from_utf8(digits).ok()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}
