//! The MACs of tags.

use crate::address::Mailbox;
use crate::base32::Base32;
use crate::key::{Algorithm, Hash, Key, Message};
use crate::tag::value::{SHORT_OCTETS, STRONG_CHARACTERS, Stamp};

/// Form of the hashed address. We hash the canonical form; other programs hash the address as given, and servers on the way
/// back may change its spelling.
#[derive(Clone, Copy)]
pub(super) struct Spelling {
    /// For an `hmac-sha1` key: an `hmac-sha256` key ignores case.
    pub(super) domain: DomainCase,
    pub(super) quotes: Quotes,
}

impl Spelling {
    pub(super) const CANONICAL: Self = Self { domain: DomainCase::Lower, quotes: Quotes::Canonical };
}

#[derive(Clone, Copy)]
pub(super) enum DomainCase {
    AsItCame,
    Lower,
}

#[derive(Clone, Copy)]
pub(super) enum Quotes {
    /// As the local part prints.
    Canonical,
    /// Without quotes where it prints with them, and the reverse: Exim hashes needless quotes, and a server may take
    /// them off the tagged address, which no longer needs them for `.a` inside of it.
    Other,
}

/// The first 24 bits of the HMAC over K, DDD and the address, with nothing between (draft §4).
pub(super) fn short_mac(key: &Key, stamp: Stamp, mailbox: &Mailbox<'_>, spelling: Spelling) -> [u8; SHORT_OCTETS] {
    let first = |mac: &[u8]| [mac[0], mac[1], mac[2]];
    match key.algorithm() {
        Algorithm::HmacSha1 => first(&key.mac().sha1(|message| {
            message.push(&stamp.to_ascii());
            write_address(message, mailbox, spelling);
        })),
        Algorithm::HmacSha256 => first(&key.mac().sha256(|message| {
            message.fold();
            message.push(&stamp.to_ascii());
            write_address(message, mailbox, spelling);
        })),
    }
}

/// 60 bits of HMAC-SHA256 as lower-case base32. Its message starts with a letter and that of a prvs tag with a digit,
/// so neither can stand for the other.
pub(super) fn strong_mac(
    key: &Key,
    stamp: Stamp,
    mailbox: &Mailbox<'_>,
    spelling: Spelling,
) -> Base32<STRONG_CHARACTERS> {
    Base32::of(&key.mac().sha256(|message| {
        message.fold();
        message.push(b"batv=");
        message.push(&stamp.to_ascii());
        write_address(message, mailbox, spelling);
    }))
}

/// The local part, `@` and the domain.
fn write_address<H: Hash>(message: &mut Message<H>, mailbox: &Mailbox<'_>, spelling: Spelling) {
    let local_part = mailbox.local_part();
    match spelling.quotes {
        Quotes::Canonical => message.push_local_part(&local_part),
        Quotes::Other if local_part.needs_quotes() => message.push_content(&local_part),
        Quotes::Other => {
            message.push(b"\"");
            message.push_content(&local_part);
            message.push(b"\"");
        }
    }
    message.push(b"@");
    match spelling.domain {
        DomainCase::AsItCame => message.push(mailbox.domain().as_str().as_bytes()),
        DomainCase::Lower => message.push_domain(&mailbox.domain()),
    }
}
