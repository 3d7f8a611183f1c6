//! HMAC (RFC 2104) over SHA-1 and SHA-256 (FIPS 180-4): the only file that names a hash.
//!
//! Nearly each message that is hashed here fits one block, and then the two compressions that HMAC cannot do without
//! cost less than the buffering around them. So a key keeps the chaining values behind its padded secret and finishes
//! such a message itself; a longer one goes through the `hmac` crate, and the tests hold the one against the other.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::mailbox::{Domain, LocalPart};

const BLOCK: usize = 64;
/// The most octets that leave room in one block for the 0x80 and the 64-bit length (FIPS 180-4 §5.1.1).
const SHORT: usize = BLOCK - 9;

/// An HMAC-SHA1, 160 bits.
pub(crate) type Sha1Mac = [u8; 20];
/// An HMAC-SHA256, 256 bits.
pub(crate) type Sha256Mac = [u8; 32];

/// A secret, ready to compute either HMAC. The secret itself is not kept, and what is kept is wiped.
pub(crate) struct MacKey {
    sha1: Keyed<Sha1>,
    sha256: Keyed<Sha256>,
}

impl MacKey {
    /// Takes a secret of any length; HMAC hashes one of more than 64 octets first (RFC 2104 §2).
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self { sha1: Keyed::new(secret), sha256: Keyed::new(secret) }
    }

    /// HMAC-SHA1 of what `write` puts into the message.
    pub(crate) fn sha1(&self, write: impl FnOnce(&mut Message<'_, Sha1>)) -> Sha1Mac {
        self.sha1.compute(write)
    }

    /// HMAC-SHA256 of what `write` puts into the message.
    pub(crate) fn sha256(&self, write: impl FnOnce(&mut Message<'_, Sha256>)) -> Sha256Mac {
        self.sha256.compute(write)
    }
}

/// A hash with its compression function laid open.
pub(crate) trait Hash: Sized {
    /// The chaining value.
    type State: Copy + Zeroize;
    type Mac;
    type Long: Clone + KeyInit + Mac;
    const INITIAL: Self::State;

    /// Hashes a secret that is longer than a block.
    fn shorten(secret: &[u8], block: &mut [u8; BLOCK]);
    fn compress(state: &mut Self::State, block: &[u8; BLOCK]);
    /// The last block of a message that ends with this chaining value, one block before it.
    fn last_block(state: Self::State) -> [u8; BLOCK];
    fn mac(state: Self::State) -> Self::Mac;
    fn finish(long: Self::Long) -> Self::Mac;
}

macro_rules! hash {
    ($hash:ty, $words:literal, $compress:path, $initial:expr) => {
        impl Hash for $hash {
            type State = [u32; $words];
            type Mac = [u8; 4 * $words];
            type Long = Hmac<$hash>;
            const INITIAL: Self::State = $initial;

            fn shorten(secret: &[u8], block: &mut [u8; BLOCK]) {
                block[..4 * $words].copy_from_slice(&<Self as Digest>::digest(secret));
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

            fn finish(long: Self::Long) -> Self::Mac {
                long.finalize().into_bytes().into()
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

/// One hash with a secret in it.
struct Keyed<H: Hash> {
    /// The chaining values after the block of the secret and ipad, and of the secret and opad.
    inner: H::State,
    outer: H::State,
    long: H::Long,
}

impl<H: Hash> Keyed<H> {
    fn new(secret: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        match block.get_mut(..secret.len()) {
            Some(start) => start.copy_from_slice(secret),
            None => H::shorten(secret, &mut block),
        }
        let long = <H::Long as KeyInit>::new_from_slice(&block).unwrap_or_else(|_| unreachable!("any length is one"));
        let chain = |pad: u8, mut block: [u8; BLOCK]| {
            let mut state = H::INITIAL;
            block.iter_mut().for_each(|octet| *octet ^= pad);
            H::compress(&mut state, &block);
            block.zeroize();
            state
        };
        let keyed = Self { inner: chain(0x36, block), outer: chain(0x5c, block), long };
        block.zeroize();
        keyed
    }

    #[inline]
    fn compute(&self, write: impl FnOnce(&mut Message<'_, H>)) -> H::Mac {
        let mut message = Message { key: self, block: [0; BLOCK], length: 0, folding: false, long: None };
        write(&mut message);
        if let Some(long) = message.long {
            return H::finish(long);
        }
        let length = message.length;
        let block = &mut message.block;
        if message.folding {
            // The whole block: its fixed length makes this a few vector instructions.
            block.make_ascii_lowercase();
        }
        // FIPS 180-4 §5.1.1.
        block[length] = 0x80;
        block[BLOCK - 8..].copy_from_slice(&(8 * (BLOCK + length) as u64).to_be_bytes());
        let mut inner = self.inner;
        H::compress(&mut inner, block);
        let mut outer = self.outer;
        H::compress(&mut outer, &H::last_block(inner));
        H::mac(outer)
    }
}

impl<H: Hash> Drop for Keyed<H> {
    fn drop(&mut self) {
        // `long` wipes itself.
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// What is being hashed: gathered in one block, handed on to `hmac` when it outgrows that.
pub(crate) struct Message<'k, H: Hash> {
    key: &'k Keyed<H>,
    block: [u8; BLOCK],
    length: usize,
    folding: bool,
    long: Option<H::Long>,
}

impl<H: Hash> Message<'_, H> {
    #[inline]
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        if end <= SHORT && self.long.is_none() {
            self.block[self.length..end].copy_from_slice(octets);
            self.length = end;
        } else {
            self.push_long(octets);
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
        debug_assert!(self.length == 0 && self.long.is_none(), "what was hashed stays hashed");
        self.folding = true;
    }

    #[cold]
    fn push_long(&mut self, octets: &[u8]) {
        let gathered = (self.block, self.length);
        let long = self.long.get_or_insert_with(|| self.key.long.clone());
        let mut update = |mut block: [u8; BLOCK], length: usize| {
            if self.folding {
                block.make_ascii_lowercase();
            }
            long.update(&block[..length]);
        };
        update(gathered.0, gathered.1);
        self.length = 0;
        for piece in octets.chunks(BLOCK) {
            let mut block = [0; BLOCK];
            block[..piece.len()].copy_from_slice(piece);
            update(block, piece.len());
        }
    }
}

impl<H: Hash> fmt::Write for Message<'_, H> {
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

    /// Every length of secret and message around the block boundaries, in one piece and in many.
    #[test]
    fn equals_the_hmac_crate_at_every_length() {
        let octets: Vec<u8> = (0..=255).cycle().skip(b'A'.into()).take(300).collect();
        for secret_length in (0..10).chain(60..70).chain([127, 128, 129, 200]) {
            let secret = &octets[..secret_length];
            let key = MacKey::new(secret);
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

    #[test]
    fn folds_the_letters_of_short_and_long_messages() {
        let key = MacKey::new(b"s3kr1t");
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
