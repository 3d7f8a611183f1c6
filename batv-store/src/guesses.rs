//! Rule that defers clients which may be guessing tags: a tag has 24 bits, so a client with unlimited attempts finds
//! one.
//!
//! A bounce comes once, and its tag is right. A client that brought a wrong tag of late is deferred, whatever it
//! brings, while many wrong tags come from its network, or to the mailbox from everywhere; it learns nothing from that.
//! A server that brought none is never deferred because of others, not even of neighbours, or of clients that guess for
//! the same mailbox.
//!
//! Deferred mail comes again, for five days from most servers (RFC 5321 §4.5.4.1), and is no longer counted: a server
//! can't tell wrong tags from right ones, and retries both. A wrong tag is forgotten within four days: so a server that
//! brought one by mistake, such as the bounce of spam with a made-up tag, loses no bounce for it.
//!
//! ```
//! use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
//! use batv_store::Answer;
//! use batv_store::guesses::{Guesses, Limits};
//!
//! let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
//! let alice = Mailbox::parse("alice@example.com")?;
//! let client = "192.0.2.7".parse().ok();
//! let guesses = Guesses::of(&key, client, &alice, 1_795_478_400);
//! // There are three counts: to the mailbox, from the network, from the client. Each has two counters.
//! assert_eq!(guesses.look().len(), 6);
//! // 50 from the network within a day, and one from the client.
//! assert!(guesses.are_too_many(&[0, 0, 50, 0, 1, 0].map(Answer::Total), &Limits::default()));
//! // None from the client.
//! assert!(!guesses.are_too_many(&[0, 0, 50, 0, 0, 0].map(Answer::Total), &Limits::default()));
//! # Ok::<(), batv_core::Error>(())
//! ```

use alloc::vec::Vec;
use core::net::IpAddr;

use batv_core::{Key, Mailbox};

use crate::counter::{Failures, Networks, Subject};
use crate::operation::{Answer, Operation};

const DAY_SECONDS: u64 = 24 * 3600;
/// Window for a client. A wrong tag counts for two of them at most: that leaves one of the five days of retries.
const OF_LATE_SECONDS: u64 = 2 * DAY_SECONDS;

/// Numbers of wrong tags in a day from which on clients that brought some of late are deferred; 0 for no limit.
///
/// ```
/// use batv_store::guesses::Limits;
///
/// let limits = Limits::default();
/// assert_eq!((limits.per_network, limits.per_mailbox), (50, 200));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a guess has a client and a recipient")]
pub struct Limits {
    /// From one network.
    pub per_network: u32,
    /// To one mailbox.
    pub per_mailbox: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_network: 50, per_mailbox: 200 }
    }
}

/// Counts of wrong tags that concern a client and a mailbox.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
/// use batv_store::guesses::Guesses;
///
/// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let guesses = Guesses::of(&key, "192.0.2.7".parse().ok(), &Mailbox::parse("alice@example.com")?, 1_795_478_400);
/// assert_eq!(guesses.look().len(), guesses.add().len());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Guesses {
    /// To the mailbox in a day, from the network in a day, and from the client of late.
    counts: Vec<Failures>,
}

impl Guesses {
    /// Counts for a client, if it has an address, and a mailbox without its tag. `key` must be the same for all
    /// mailboxes and hosts; `now` is in seconds since 1970-01-01 (UTC).
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
    /// use batv_store::guesses::Guesses;
    ///
    /// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let of_local_client = Guesses::of(&key, None, &Mailbox::parse("alice@example.com")?, 1_795_478_400);
    /// // Only the mailbox is counted.
    /// assert_eq!(of_local_client.look().len(), 2);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn of(key: &Key, client: Option<IpAddr>, mailbox: &Mailbox<'_>, now: u64) -> Self {
        let mut counts = Vec::from([Failures::of(key, &Subject::mailbox(mailbox), DAY_SECONDS, now)]);
        if let Some(client) = client {
            let of = |networks, window| Failures::of(key, &Subject::network(client, networks), window, now);
            // Servers with neighbours that guess have an IPv4 address, too.
            counts.extend([of(Networks::default(), DAY_SECONDS), of(Networks::CLIENT, OF_LATE_SECONDS)]);
        }
        Self { counts }
    }

    /// Operations that ask for the counts so far. They come first.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
    /// use batv_store::guesses::Guesses;
    /// use batv_store::Operation;
    ///
    /// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// let guesses = Guesses::of(&key, "192.0.2.7".parse().ok(), &alice, 1_795_478_400);
    /// assert!(guesses.look().iter().all(|operation| matches!(operation, Operation::Count { by: 0, .. })));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn look(&self) -> Vec<Operation> {
        self.operations(0)
    }

    /// Operations that count a wrong tag of a client that is not deferred. A deferred client comes again and again, for
    /// days: if that counted, a server that brought wrong tags by mistake would be deferred for as long.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
    /// use batv_store::guesses::Guesses;
    /// use batv_store::Operation;
    ///
    /// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// let guesses = Guesses::of(&key, "192.0.2.7".parse().ok(), &alice, 1_795_478_400);
    /// let counts_one = |operation: &Operation| matches!(operation, Operation::Count { by: 1, .. });
    /// assert_eq!(guesses.add().iter().filter(|&operation| counts_one(operation)).count(), 3);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn add(&self) -> Vec<Operation> {
        self.operations(1)
    }

    fn operations(&self, by: u32) -> Vec<Operation> {
        self.counts.iter().flat_map(|count| count.add(by)).collect()
    }

    /// Whether the client is deferred, whatever it brings, by the answers to [`look`](Self::look).
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
    /// use batv_store::guesses::{Guesses, Limits};
    /// use batv_store::Answer;
    ///
    /// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// let guesses = Guesses::of(&key, "192.0.2.7".parse().ok(), &alice, 1_795_478_400);
    /// // To the mailbox, from the network, from the client: each in this window and in the one before.
    /// let answers = [200, 0, 1, 0, 1, 0].map(Answer::Total);
    /// assert!(guesses.are_too_many(&answers, &Limits::default()));
    /// assert!(!guesses.are_too_many(&answers, &Limits { per_network: 50, per_mailbox: 0 }));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn are_too_many(&self, answers: &[Answer], limits: &Limits) -> bool {
        self.exceed(answers, 0, limits)
    }

    /// Whether the client is deferred, by the answers to [`add`](Self::add): of wrong tags that come at the same time,
    /// only as many as the limit are answered.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
    /// use batv_store::guesses::{Guesses, Limits};
    /// use batv_store::Answer;
    ///
    /// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// let guesses = Guesses::of(&key, "192.0.2.7".parse().ok(), &alice, 1_795_478_400);
    /// let answers = |from_network: u32| [1, 0, from_network, 0, 2, 0].map(Answer::Total);
    /// // The 50th wrong tag is answered, the 51st is not.
    /// assert!(!guesses.were_too_many(&answers(50), &Limits::default()));
    /// assert!(guesses.were_too_many(&answers(51), &Limits::default()));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn were_too_many(&self, answers: &[Answer], limits: &Limits) -> bool {
        self.exceed(answers, 1, limits)
    }

    fn exceed(&self, answers: &[Answer], counted: u32, limits: &Limits) -> bool {
        let totals = self.counts.iter().zip(answers.chunks(2));
        let mut before = totals.map(|(count, answers)| count.total(answers).saturating_sub(counted));
        let to_mailbox = before.next().unwrap_or(0);
        let (from_network, by_client) = (before.next(), before.next());
        let exceeds = |count: u32, most: u32| most > 0 && count >= most;
        // A client without an address can't be told from others.
        by_client.is_none_or(|count| count > 0)
            && (exceeds(from_network.unwrap_or(0), limits.per_network) || exceeds(to_mailbox, limits.per_mailbox))
    }
}

#[cfg(test)]
mod tests {
    use batv_core::{Algorithm, KeyId, KeyUse};

    use super::*;

    #[test]
    fn clients_that_are_deferred() {
        let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").unwrap();
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let (some, none) = (Some("192.0.2.7".parse().unwrap()), None);
        for (client, to_mailbox, from_network, by_client, expected) in [
            (some, 0, 0, 0, false),
            (some, 0, 49, 49, false),
            (some, 0, 50, 50, true),
            (some, 0, 50, 1, true),
            // Only neighbours guess.
            (some, 0, 5000, 0, false),
            // Only others guess.
            (some, 5000, 0, 0, false),
            (some, 5000, 1, 1, true),
            (some, 200, 1, 1, true),
            (some, 199, 5, 5, false),
            (none, 199, 0, 0, false),
            (none, 200, 0, 0, true),
        ] {
            let guesses = Guesses::of(&key, client, &alice, 0);
            let answers = |counted: u32| {
                let total = |count: u32| [Answer::Total(count + counted), Answer::Total(0)];
                [to_mailbox, from_network, by_client].map(total).concat()
            };
            let limits = Limits::default();
            let found = [guesses.are_too_many(&answers(0), &limits), guesses.were_too_many(&answers(1), &limits)];
            assert_eq!(found, [expected; 2], "{client:?} {to_mailbox} {from_network} {by_client}");
            let unlimited = Limits { per_network: 0, per_mailbox: 0 };
            assert!(!guesses.are_too_many(&[5000, 0, 5000, 0, 5000, 0].map(Answer::Total), &unlimited));
        }
    }

    /// A server that retries for five days gets through, however the windows lie.
    #[test]
    fn a_wrong_tag_is_forgotten_before_a_bounce_is_given_up() {
        let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").unwrap();
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let keys = |now| {
            let operations = Guesses::of(&key, "192.0.2.7".parse().ok(), &alice, now).look();
            operations.into_iter().skip(4).map(|operation| match operation {
                Operation::Count { key, .. } => key,
                other => panic!("{other:?}"),
            })
        };
        for wrong in (0..4 * DAY_SECONDS).step_by(5000) {
            let counted = keys(wrong).next().unwrap();
            assert!(keys(wrong + DAY_SECONDS / 2).any(|key| key == counted));
            assert!(!keys(wrong + 4 * DAY_SECONDS).any(|key| key == counted));
        }
    }

    #[test]
    fn addresses_that_count_together() {
        let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").unwrap();
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let of = |client: &str| {
            let operations = Guesses::of(&key, client.parse().ok(), &alice, 0).look();
            [operations[2].clone(), operations[4].clone()]
        };
        for (one, other, network, client) in [
            ("192.0.2.7", "192.0.2.8", true, false),
            ("192.0.2.7", "::ffff:192.0.2.7", true, true),
            ("192.0.2.7", "192.0.3.7", false, false),
            ("2001:db8::1", "2001:db8:0:ffff::1", true, true),
            ("2001:db8::1", "2001:db8:1::1", false, false),
        ] {
            let ([network_of, client_of], [other_network, other_client]) = (of(one), of(other));
            assert_eq!((network_of == other_network, client_of == other_client), (network, client), "{one} {other}");
        }
    }
}
