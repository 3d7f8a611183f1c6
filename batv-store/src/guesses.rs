//! Whether to put a client off that may be guessing tags: a tag has 24 bits, and whoever may try for ever finds one.
//!
//! A bounce comes once, and its tag is right. So who brought a wrong one of late is put off, whatever it brings then, while
//! many come from its network, or to the mailbox from everywhere; it learns nothing from that. A server that brought none is
//! never put off for what others do, though they be its neighbours, or guess for the same mailbox.
//!
//! What is put off comes again, for five days with most servers (RFC 5321 §4.5.4.1), and counts no more: a server can't tell
//! the wrong from the right, and tries both. A wrong tag is forgotten within four days: so a server that has brought one by
//! mistake, as the bounce of spam with a made-up tag, loses no bounce for it.
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
//! // It is counted in three windows, each of which is read with the one before.
//! assert_eq!(guesses.look().len(), 6);
//! // There were 50 of its network within a day, and one of its own.
//! assert!(guesses.are_too_many(&[0, 0, 50, 0, 1, 0].map(Answer::Total), &Limits::default()));
//! // None of its own.
//! assert!(!guesses.are_too_many(&[0, 0, 50, 0, 0, 0].map(Answer::Total), &Limits::default()));
//! # Ok::<(), batv_core::Error>(())
//! ```

use alloc::vec::Vec;
use core::net::IpAddr;

use batv_core::{Key, Mailbox};

use crate::counter::{Failures, Networks, Subject};
use crate::operation::{Answer, Operation};

const DAY_SECONDS: u64 = 24 * 3600;
/// A wrong tag counts for two of these at most: that leaves a day of the five for which a bounce is tried again.
const OF_LATE_SECONDS: u64 = 2 * DAY_SECONDS;

/// Wrong tags in a day from which on those are put off who brought some of late; 0 for any number.
///
/// ```
/// use batv_store::guesses::Limits;
///
/// let limits = Limits::default();
/// assert_eq!((limits.per_network, limits.per_mailbox), (50, 200));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever guesses comes from somewhere, and wants to reach somebody")]
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

/// What is counted of a recipient with a tag.
#[derive(Clone, Debug)]
pub struct Guesses {
    /// To the mailbox and from the network in a day, and from the client of late.
    counts: Vec<Failures>,
}

impl Guesses {
    /// Of a client, if it has an address, and a mailbox without its tag. `key` must be the same for all mailboxes and
    /// hosts, and `now` is in seconds since 1970-01-01.
    ///
    /// ```
    /// # use batv_core::{Key, Mailbox};
    /// # use batv_store::guesses::Guesses;
    /// fn of_local_client(key: &Key, mailbox: &Mailbox<'_>, now: u64) -> Guesses {
    ///     Guesses::of(key, None, mailbox, now)
    /// }
    /// ```
    pub fn of(key: &Key, client: Option<IpAddr>, mailbox: &Mailbox<'_>, now: u64) -> Self {
        let mut counts = Vec::from([Failures::of(key, &Subject::mailbox(mailbox), DAY_SECONDS, now)]);
        if let Some(client) = client {
            let of = |networks, window| Failures::of(key, &Subject::network(client, networks), window, now);
            // Servers with neighbours who guess have an IPv4 address, too.
            counts.extend([of(Networks::default(), DAY_SECONDS), of(Networks::CLIENT, OF_LATE_SECONDS)]);
        }
        Self { counts }
    }

    /// What to ask the store before all: what there was until now.
    ///
    /// ```
    /// # use batv_store::Operation;
    /// # use batv_store::guesses::Guesses;
    /// fn look(guesses: &Guesses) -> Vec<Operation> {
    ///     guesses.look()
    /// }
    /// ```
    pub fn look(&self) -> Vec<Operation> {
        self.operations(0)
    }

    /// Counts a wrong tag of a client that is not put off for what there was before. One that is put off already comes again
    /// and again, for days: if that counted, a server that brought some by mistake would be put off for as long.
    ///
    /// ```
    /// # use batv_store::guesses::{Guesses, Limits};
    /// # use batv_store::{Answer, Operation};
    /// fn counted(guesses: &Guesses, answers: &[Answer]) -> Vec<Operation> {
    ///     if guesses.are_too_many(answers, &Limits::default()) { Vec::new() } else { guesses.add() }
    /// }
    /// ```
    pub fn add(&self) -> Vec<Operation> {
        self.operations(1)
    }

    fn operations(&self, by: u32) -> Vec<Operation> {
        self.counts.iter().flat_map(|count| count.add(by)).collect()
    }

    /// Whether there were so many that the client is put off, whatever it brings: by the answers to [`look`](Self::look).
    ///
    /// ```
    /// # use batv_store::Answer;
    /// # use batv_store::guesses::{Guesses, Limits};
    /// fn reply(guesses: &Guesses, answers: &[Answer]) -> &'static str {
    ///     if guesses.are_too_many(answers, &Limits::default()) { "451 4.7.1 try again later" } else { "250 2.1.5 ok" }
    /// }
    /// ```
    pub fn are_too_many(&self, answers: &[Answer], limits: &Limits) -> bool {
        self.exceed(answers, 0, limits)
    }

    /// The same by the answers to [`add`](Self::add): of wrong tags that come at the same stage only so many are answered.
    ///
    /// ```
    /// # use batv_store::Answer;
    /// # use batv_store::guesses::{Guesses, Limits};
    /// fn reply(guesses: &Guesses, answers: &[Answer]) -> &'static str {
    ///     if guesses.were_too_many(answers, &Limits::default()) { "451 4.7.1 try again later" } else { "550 5.7.1 no" }
    /// }
    /// ```
    pub fn were_too_many(&self, answers: &[Answer], limits: &Limits) -> bool {
        self.exceed(answers, 1, limits)
    }

    fn exceed(&self, answers: &[Answer], counted: u32, limits: &Limits) -> bool {
        let totals = self.counts.iter().zip(answers.chunks(2));
        let mut before = totals.map(|(count, answers)| count.total(answers).saturating_sub(counted));
        let to_mailbox = before.next().unwrap_or(0);
        let (from_network, by_client) = (before.next(), before.next());
        let exceeds = |count: u32, most: u32| most > 0 && count >= most;
        // Who has no address can't be told from others.
        by_client.is_none_or(|count| count > 0)
            && (exceeds(from_network.unwrap_or(0), limits.per_network) || exceeds(to_mailbox, limits.per_mailbox))
    }
}

#[cfg(test)]
mod tests {
    use batv_core::{Algorithm, KeyId, KeyUse};

    use super::*;

    #[test]
    fn who_is_put_off() {
        let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").unwrap();
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let (some, none) = (Some("192.0.2.7".parse().unwrap()), None);
        for (client, to_mailbox, from_network, by_client, expected) in [
            (some, 0, 0, 0, false),
            (some, 0, 49, 49, false),
            (some, 0, 50, 50, true),
            (some, 0, 50, 1, true),
            // Neighbours guess.
            (some, 0, 5000, 0, false),
            // Others guess.
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
    /// Whoever tries again for five days comes through, however the windows lie.
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
    fn who_is_one_with_whom() {
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
