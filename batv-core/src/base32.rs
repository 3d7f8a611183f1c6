//! Base32 (RFC 4648 §6), in lower case: how our longer MACs are written.

use core::fmt;

use data_encoding::BASE32_NOPAD;

use crate::key::Sha256Mac;

/// Characters of the longest: 120 bits.
const LONGEST: usize = 24;

/// The first bits of a hash in base32 (RFC 4648 §6), in lower case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base32<const CHARACTERS: usize>(pub(crate) [u8; CHARACTERS]);

impl<const CHARACTERS: usize> Base32<CHARACTERS> {
    pub(crate) fn of(hash: &Sha256Mac) -> Self {
        let mut text = [0; LONGEST];
        BASE32_NOPAD.encode_mut(&hash[..LONGEST * 5 / 8], &mut text);
        text.make_ascii_lowercase();
        let mut first = [0; CHARACTERS];
        first.copy_from_slice(&text[..CHARACTERS]);
        Self(first)
    }

    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        text.iter().all(|&character| is_base32(character)).then_some(Self(text.try_into().ok()?))
    }
}

impl<const CHARACTERS: usize> fmt::Display for Base32<CHARACTERS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Base32 is ASCII.
        f.write_str(str::from_utf8(&self.0).unwrap_or_default())
    }
}

pub(crate) const fn is_base32(octet: u8) -> bool {
    octet.is_ascii_alphabetic() || matches!(octet, b'2'..=b'7')
}
