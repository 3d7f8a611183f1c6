//! The value of a tag: key id, day of expiry and MAC (`tag-val` of the draft, §3).

use core::fmt::{self, Write};

use crate::base32::Base32;
use crate::day::ExpiryDigits;
use crate::key::KeyId;

/// Octets of the MAC in `KDDDSSSSSS`: 24 bits.
pub(super) const SHORT_OCTETS: usize = 3;
/// Characters of `KDDDSSSSSS`.
pub(super) const SHORT_TAG: usize = 4 + 2 * SHORT_OCTETS;
/// Characters of base32 in the strong form: 60 bits.
pub(super) const STRONG_CHARACTERS: usize = 12;
/// Characters of `KDDD` and the base32.
pub(super) const STRONG_TAG: usize = 4 + STRONG_CHARACTERS;

/// `K` and `DDD`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) key_id: KeyId,
    pub(super) expiry: ExpiryDigits,
}

impl Stamp {
    fn parse(text: [u8; 4]) -> Option<Self> {
        let [key_id, digits @ ..] = text;
        Some(Self { key_id: KeyId::parse(key_id)?, expiry: ExpiryDigits::parse(digits)? })
    }

    pub(super) fn to_ascii(self) -> [u8; 4] {
        let [first, second, third] = self.expiry.to_ascii();
        [self.key_id.to_ascii(), first, second, third]
    }
}

/// The MAC that a tag shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum TagMac {
    Short([u8; SHORT_OCTETS]),
    Strong(Base32<STRONG_CHARACTERS>),
}

/// Writes `KDDDSSSSSS`, or `KDDD` and base32.
pub(super) fn write<W: Write + ?Sized>(stamp: Stamp, mac: TagMac, out: &mut W) -> fmt::Result {
    let mut tag = [0; STRONG_TAG];
    tag[..4].copy_from_slice(&stamp.to_ascii());
    let length = match mac {
        TagMac::Short(mac) => {
            tag[4..SHORT_TAG].copy_from_slice(&hex(mac));
            SHORT_TAG
        }
        TagMac::Strong(mac) => {
            tag[4..].copy_from_slice(&mac.0);
            STRONG_TAG
        }
    };
    // Digits, hex and base32 are ASCII.
    out.write_str(str::from_utf8(&tag[..length]).unwrap_or_default())
}

/// `KDDDSSSSSS`, in any case.
pub(super) fn read_short(tag: &[u8; SHORT_TAG]) -> Option<(Stamp, TagMac)> {
    let [key_id, first, second, third, hex @ ..] = tag;
    // A table, for no branch can foresee which digits are letters.
    let [a, b, c, d, e, f] = hex.map(|digit| HEX_VALUE[usize::from(digit)]);
    if (a | b | c | d | e | f) > 15 {
        return None;
    }
    let stamp = Stamp::parse([*key_id, *first, *second, *third])?;
    Some((stamp, TagMac::Short([a * 16 + b, c * 16 + d, e * 16 + f])))
}

/// The value of each hexadecimal digit, and 255 for what is none.
const HEX_VALUE: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

/// `KDDD` and base32, in any case.
pub(super) fn read_strong(tag: &[u8; STRONG_TAG]) -> Option<(Stamp, TagMac)> {
    let [key_id, first, second, third, base32 @ ..] = tag;
    let stamp = Stamp::parse([*key_id, *first, *second, *third])?;
    let lower = base32.map(|character| character.to_ascii_lowercase());
    Some((stamp, TagMac::Strong(Base32::read(&lower)?)))
}

fn hex(mac: [u8; SHORT_OCTETS]) -> [u8; 2 * SHORT_OCTETS] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let [first, second, third] = mac;
    [first >> 4, first & 15, second >> 4, second & 15, third >> 4, third & 15].map(|digit| DIGITS[usize::from(digit)])
}
