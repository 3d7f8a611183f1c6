//! HMAC (RFC 2104) over SHA-1 and SHA-256 (FIPS 180-4): the only file that names a hash.
//!
//! A key keeps the chaining values behind its padded secret, so that nearly each message costs the two compressions that
//! HMAC can't do without; a general HMAC type costs half as much again in copies and buffers. The compressions are those
//! of the `sha1` and `sha2` crates, and the tests hold the whole against the `hmac` crate at every length.

use core::fmt;

use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::address::{Domain, LocalPart};

const BLOCK: usize = 64;
/// The most octets that leave room in one block for the 0x80 and the 64-bit length (FIPS 180-4 §5.1.1).
const SHORT: usize = BLOCK - 9;

/// An HMAC-SHA1, 160 bits.
pub(crate) type Sha1Mac = [u8; 20];
/// An HMAC-SHA256, 256 bits.
pub(crate) type Sha256Mac = [u8; 32];

/// The labels of the keys for marks and for fingerprints, each of which is the HMAC-SHA256 of its label.
const MARK: &[u8] = b"batv mark 1";
const FINGERPRINT: &[u8] = b"batv fingerprint 1";

/// A secret, ready to compute either HMAC, and those under the keys that it leads to for other uses. The secret itself is not
/// kept, and what is kept is wiped.
pub(crate) struct MacKey {
    sha1: Keyed<Sha1>,
    sha256: Keyed<Sha256>,
    mark: Keyed<Sha256>,
    fingerprint: Keyed<Sha256>,
}

impl MacKey {
    /// Takes a secret of any length; HMAC hashes one of more than 64 octets first (RFC 2104 §2).
    pub(crate) fn set(&mut self, secret: &[u8]) {
        self.sha1.set(secret);
        self.sha256.set(secret);
        // No other MAC is over these: that of a tag begins with a digit or `batv=`, and that of SRS is over `SRS`.
        for (key, label) in [(&mut self.mark, MARK), (&mut self.fingerprint, FINGERPRINT)] {
            let mut secret = self.sha256.compute(|message| message.push(label));
            key.set(&secret);
            secret.zeroize();
        }
    }

    /// Takes what another key has come to.
    pub(crate) fn copy(&mut self, other: &Self) {
        self.sha1.copy(&other.sha1);
        self.sha256.copy(&other.sha256);
        self.mark.copy(&other.mark);
        self.fingerprint.copy(&other.fingerprint);
    }

    pub(crate) const UNSET: Self =
        Self { sha1: Keyed::UNSET, sha256: Keyed::UNSET, mark: Keyed::UNSET, fingerprint: Keyed::UNSET };

    /// HMAC-SHA1 of what `write` puts into the message.
    pub(crate) fn sha1(&self, write: impl FnOnce(&mut Message<Sha1>)) -> Sha1Mac {
        self.sha1.compute(write)
    }

    /// HMAC-SHA256 of what `write` puts into the message.
    pub(crate) fn sha256(&self, write: impl FnOnce(&mut Message<Sha256>)) -> Sha256Mac {
        self.sha256.compute(write)
    }

    /// HMAC-SHA256 under the key for marks.
    pub(crate) fn mark(&self, write: impl FnOnce(&mut Message<Sha256>)) -> Sha256Mac {
        self.mark.compute(write)
    }

    /// HMAC-SHA256 under the key for fingerprints.
    pub(crate) fn fingerprint(&self, write: impl FnOnce(&mut Message<Sha256>)) -> Sha256Mac {
        self.fingerprint.compute(write)
    }
}

/// SHA-256, without a key, of what `write` puts into the message.
pub(crate) fn digest_sha256(write: impl FnOnce(&mut Message<Sha256>)) -> Sha256Mac {
    let mut message = Message { state: Sha256::INITIAL, block: [0; BLOCK], length: 0, hashed: 0, folding: false };
    write(&mut message);
    Sha256::mac(message.finish())
}

/// A hash with its compression function laid open.
pub(crate) trait Hash: Sized {
    /// The chaining value.
    type State: Copy + Zeroize;
    type Mac;
    const INITIAL: Self::State;

    /// Hashes a secret that is longer than a block.
    fn shorten(secret: &[u8], block: &mut [u8; BLOCK]);
    fn compress(state: &mut Self::State, block: &[u8; BLOCK]);
    /// The last block of a message that ends with this chaining value, one block before it.
    fn last_block(state: Self::State) -> [u8; BLOCK];
    fn mac(state: Self::State) -> Self::Mac;
}

macro_rules! hash {
    ($hash:ty, $words:literal, $compress:path, $initial:expr) => {
        impl Hash for $hash {
            type State = [u32; $words];
            type Mac = [u8; 4 * $words];
            const INITIAL: Self::State = $initial;

            fn shorten(secret: &[u8], block: &mut [u8; BLOCK]) {
                let mut digest = <Self as Digest>::digest(secret);
                block[..4 * $words].copy_from_slice(&digest);
                digest.as_mut_slice().zeroize();
            }

            #[inline]
            fn compress(state: &mut Self::State, block: &[u8; BLOCK]) {
                $compress(state, core::slice::from_ref(block));
            }

            #[inline]
            fn last_block(state: Self::State) -> [u8; BLOCK] {
                // Each word from a register: what is stored in smaller pieces can't be loaded again at once.
                let word = |at| match at {
                    0..$words => state[at],
                    $words => 0x8000_0000,
                    15 => 32 * (16 + $words),
                    _ => 0u32,
                };
                let mut block = [0; BLOCK];
                for (at, octets) in block.chunks_exact_mut(4).enumerate() {
                    octets.copy_from_slice(&word(at).to_be_bytes());
                }
                block
            }

            #[inline]
            fn mac(state: Self::State) -> Self::Mac {
                let mut mac = [0; 4 * $words];
                for (octets, word) in mac.chunks_exact_mut(4).zip(state) {
                    octets.copy_from_slice(&word.to_be_bytes());
                }
                mac
            }
        }
    };
}

// The initial hash values of FIPS 180-4 §5.3.1 and §5.3.3.
hash!(Sha1, 5, sha1::block_api::compress, [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]);
hash!(
    Sha256,
    8,
    sha2::block_api::compress256,
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19]
);

/// The chaining values after the block of the secret and ipad, and of the secret and opad.
struct Keyed<H: Hash> {
    inner: H::State,
    outer: H::State,
}

impl<H: Hash> Keyed<H> {
    const UNSET: Self = Self { inner: H::INITIAL, outer: H::INITIAL };

    /// In place, for a move would leave a copy behind that nobody wipes.
    fn set(&mut self, secret: &[u8]) {
        let mut block = [0; BLOCK];
        match block.get_mut(..secret.len()) {
            Some(start) => start.copy_from_slice(secret),
            None => H::shorten(secret, &mut block),
        }
        block.iter_mut().for_each(|octet| *octet ^= 0x36);
        H::compress(&mut self.inner, &block);
        block.iter_mut().for_each(|octet| *octet ^= 0x36 ^ 0x5c);
        H::compress(&mut self.outer, &block);
        block.zeroize();
    }

    fn copy(&mut self, other: &Self) {
        (self.inner, self.outer) = (other.inner, other.outer);
    }

    #[inline]
    fn compute(&self, write: impl FnOnce(&mut Message<H>)) -> H::Mac {
        let mut message = Message { state: self.inner, block: [0; BLOCK], length: 0, hashed: BLOCK, folding: false };
        write(&mut message);
        let mut outer = self.outer;
        H::compress(&mut outer, &H::last_block(message.finish()));
        H::mac(outer)
    }
}

impl<H: Hash> Drop for Keyed<H> {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// What is being hashed, gathered block by block.
pub(crate) struct Message<H: Hash> {
    state: H::State,
    block: [u8; BLOCK],
    /// Octets in the block.
    length: usize,
    /// Octets in the blocks before it.
    hashed: usize,
    folding: bool,
}

impl<H: Hash> Message<H> {
    #[inline]
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        match self.block.get_mut(self.length..end) {
            Some(room) => {
                room.copy_from_slice(octets);
                self.length = end;
            }
            None => self.push_across(octets),
        }
    }

    /// Pushes a local part as it prints.
    #[inline]
    pub(crate) fn push_local_part(&mut self, local_part: &LocalPart<'_>) {
        let written = local_part.write_to(self);
        debug_assert!(written.is_ok(), "a message takes all that is written");
    }

    /// Pushes a domain as it prints, in lower case.
    #[inline]
    pub(crate) fn push_domain(&mut self, domain: &Domain<'_>) {
        let written = domain.write_to(self);
        debug_assert!(written.is_ok(), "a message takes all that is written");
    }

    /// Pushes a local part as it stands between quotes.
    #[inline]
    pub(crate) fn push_content(&mut self, local_part: &LocalPart<'_>) {
        let written = local_part.write_content(self);
        debug_assert!(written.is_ok(), "a message takes all that is written");
    }

    /// Hashes all ASCII letters in lower case; to be called before anything is pushed.
    #[inline]
    pub(crate) fn fold(&mut self) {
        debug_assert!(self.length == 0 && self.hashed == BLOCK, "what was hashed stays hashed");
        self.folding = true;
    }

    #[cold]
    fn push_across(&mut self, mut octets: &[u8]) {
        while let Some((start, rest)) = octets.split_at_checked(BLOCK - self.length) {
            self.block[self.length..].copy_from_slice(start);
            self.compress();
            octets = rest;
        }
        self.block[..octets.len()].copy_from_slice(octets);
        self.length = octets.len();
    }

    /// Pads as FIPS 180-4 §5.1.1 has it, and gives the last chaining value.
    #[inline]
    fn finish(&mut self) -> H::State {
        let bits = 8 * (self.hashed + self.length) as u64;
        if self.length == BLOCK {
            self.compress();
        }
        if self.folding {
            // The whole block: its fixed length makes this a few vector instructions.
            self.block.make_ascii_lowercase();
            self.folding = false;
        }
        self.block[self.length] = 0x80;
        if self.length > SHORT {
            self.compress();
        }
        self.block[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
        H::compress(&mut self.state, &self.block);
        self.state
    }

    #[cold]
    fn compress(&mut self) {
        if self.folding {
            self.block.make_ascii_lowercase();
        }
        H::compress(&mut self.state, &self.block);
        (self.block, self.length) = ([0; BLOCK], 0);
        self.hashed += BLOCK;
    }
}

impl<H: Hash> fmt::Write for Message<H> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::vec::Vec;

    use super::*;
    use hmac::{Hmac, KeyInit, Mac};

    /// Every length of secret and message around the block boundaries, in one piece and in many.
    #[test]
    fn equals_the_hmac_crate_at_every_length() {
        let octets: Vec<u8> = (0..=255).cycle().skip(b'A'.into()).take(300).collect();
        for secret_length in (0..10).chain(60..70).chain([127, 128, 129, 200]) {
            let secret = &octets[..secret_length];
            let mut key = MacKey::UNSET;
            key.set(secret);
            for length in 0..200 {
                let message = &octets[..length];
                let sha1 = Hmac::<Sha1>::new_from_slice(secret).unwrap().chain_update(message).finalize();
                let sha256 = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize();
                assert_eq!(key.sha1(|hashed| hashed.push(message))[..], sha1.into_bytes()[..]);
                let in_pieces = key.sha256(|hashed| message.chunks(7).for_each(|piece| hashed.push(piece)));
                assert_eq!(in_pieces[..], sha256.into_bytes()[..]);
            }
        }
    }

    /// A digest and derived keys, against the crates, around the block boundaries.
    #[test]
    fn equals_the_sha2_crate_at_every_length() {
        let mut key = MacKey::UNSET;
        key.set(b"s3kr1t");
        let hmac = |secret: &[u8], message: &[u8]| {
            Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes()
        };
        let [mark, fingerprint] = [MARK, FINGERPRINT].map(|label| hmac(b"s3kr1t", label));
        let octets: Vec<u8> = (0..=255).collect();
        for length in 0..200 {
            let message = &octets[..length];
            let digest = digest_sha256(|hashed| message.chunks(7).for_each(|piece| hashed.push(piece)));
            assert_eq!(digest[..], Sha256::digest(message)[..]);
            assert_eq!(key.mark(|hashed| hashed.push(message))[..], hmac(&mark, message)[..]);
            assert_eq!(key.fingerprint(|hashed| hashed.push(message))[..], hmac(&fingerprint, message)[..]);
        }
    }

    #[test]
    fn folds_the_letters_of_short_and_long_messages() {
        let mut key = MacKey::UNSET;
        key.set(b"s3kr1t");
        for repeats in [1, 3, 4, 20] {
            let text = "Alice@Example.COM".repeat(repeats);
            let folded = key.sha256(|message| {
                message.fold();
                text.as_bytes().chunks(5).for_each(|piece| message.push(piece));
            });
            assert_eq!(folded, key.sha256(|message| message.push(text.to_ascii_lowercase().as_bytes())));
        }
    }
}
