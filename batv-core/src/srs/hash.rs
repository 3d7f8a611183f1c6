//! The hash of a rewritten address.

use data_encoding::BASE64_NOPAD;
use subtle::ConstantTimeEq;

use crate::key::{Algorithm, Hash, Key, Message};
use crate::srs::fields::Fields;
use crate::srs::scheme::{HASH_MAXIMUM, SEPARATED_HASH_LENGTH};

/// How a quoted local part is hashed: by its content as pysrs and we do, or with its quotes as libsrs2 and postsrsd do.
#[derive(Clone, Copy)]
pub(super) enum Quotes {
    Without,
    With,
}

impl Fields<'_> {
    pub(super) fn has_hash(&self, shown: &str, key: &Key) -> bool {
        let local_part = match self {
            Self::Srs0(fields) => fields.local_part,
            Self::Srs1(fields) => fields.rest,
        };
        let matches = |quotes| {
            let (mut left, mut right) = ([0; HASH_MAXIMUM as usize], self.hash(key, quotes, shown.len()));
            let (left, right) = (&mut left[..shown.len()], &mut right[..shown.len()]);
            left.copy_from_slice(shown.as_bytes());
            left.iter_mut().chain(right.iter_mut()).for_each(|octet| *octet = fold_base64(*octet));
            bool::from(left.ct_eq(right))
        };
        matches(Quotes::Without) || local_part.is_quoted() && matches(Quotes::With)
    }

    /// At least the first `length` characters of the hash, which are at most 27.
    pub(super) fn hash(&self, key: &Key, quotes: Quotes, length: usize) -> [u8; HASH_MAXIMUM as usize] {
        let mut text = [0; HASH_MAXIMUM as usize];
        let octets = (length * 6).div_ceil(8).min(20);
        let mut encode =
            |mac: &[u8]| BASE64_NOPAD.encode_mut(&mac[..octets], &mut text[..BASE64_NOPAD.encode_len(octets)]);
        match key.algorithm() {
            Algorithm::HmacSha1 => encode(&key.mac().sha1(|message| {
                message.fold();
                self.write_to(message, b"", quotes);
            })),
            Algorithm::HmacSha256 => encode(&key.mac().sha256(|message| {
                message.fold();
                message.push(match self {
                    Self::Srs0(_) => b"srs0\0",
                    Self::Srs1(_) => b"srs1\0",
                });
                self.write_to(message, b"\0", quotes);
            })),
        }
        text
    }

    fn write_to<H: Hash>(&self, message: &mut Message<H>, between: &[u8], quotes: Quotes) {
        let local_part = match self {
            Self::Srs0(fields) => {
                message.push(&fields.timestamp.to_ascii());
                message.push(between);
                message.push(fields.domain.as_bytes());
                fields.local_part
            }
            Self::Srs1(fields) => {
                message.push(fields.host.as_bytes());
                fields.rest
            }
        };
        message.push(between);
        match quotes {
            Quotes::Without => message.push_content(&local_part),
            Quotes::With => {
                message.push(b"\"");
                message.push_content(&local_part);
                message.push(b"\"");
            }
        }
    }
}

/// Characters of hash for a key: as many as asked for, and enough for a separated one.
pub(super) fn hash_bounds(key: &Key, wanted: u8) -> u8 {
    match key.algorithm() {
        Algorithm::HmacSha1 => wanted,
        Algorithm::HmacSha256 => wanted.max(SEPARATED_HASH_LENGTH),
    }
}

/// The two alphabets of RFC 4648 as one, and both cases as one: gateways change case, and postsrsd the alphabet.
const fn fold_base64(octet: u8) -> u8 {
    match octet {
        b'-' => b'+',
        b'_' => b'/',
        _ => octet.to_ascii_lowercase(),
    }
}
