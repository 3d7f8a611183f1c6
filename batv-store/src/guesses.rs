//! Whether to put a client off that may be guessing tags: a tag has 24 bits, and whoever may try for ever finds one.
//!
//! A bounce comes once, and its tag is right. So a network that brings many wrong ones is put off for a while, whatever it
//! brings then, and learns nothing from that. A mailbox that gets many from everywhere is closed only to networks that brought
//! a wrong one of late: a server that never did is never put off for what others do.
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
//! // A wrong one: it is counted in three windows, each of which is read with the one before.
//! assert_eq!(guesses.operations(true).len(), 6);
//! let twenty_from_there = [1, 0, 21, 0, 21, 0].map(Answer::Total);
//! assert!(guesses.are_too_many(&twenty_from_there, true, &Limits::default()));
//! # Ok::<(), batv_core::Error>(())
//! ```

use alloc::vec::Vec;
use core::net::IpAddr;

use batv_core::{Key, Mailbox};

use crate::counter::{Failures, Networks, Subject};
use crate::operation::{Answer, Operation};

const HOUR_SECONDS: u64 = 3600;
const WEEK_SECONDS: u64 = 7 * 24 * HOUR_SECONDS;

/// Wrong tags that are answered in an hour; 0 for any number.
///
/// ```
/// use batv_store::guesses::Limits;
///
/// let limits = Limits::default();
/// assert_eq!((limits.per_network, limits.per_mailbox), (20, 100));
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
        Self { per_network: 20, per_mailbox: 100 }
    }
}

/// What is counted of a recipient with a tag.
#[derive(Clone, Debug)]
pub struct Guesses {
    /// To the mailbox, and from the network in an hour and in a week.
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
        let mut counts = Vec::from([Failures::of(key, &Subject::mailbox(mailbox), HOUR_SECONDS, now)]);
        if let Some(client) = client {
            let network = Subject::network(client, Networks::default());
            counts.extend([HOUR_SECONDS, WEEK_SECONDS].map(|window| Failures::of(key, &network, window, now)));
        }
        Self { counts }
    }

    /// What to ask the store; a tag that is wrong is counted by it.
    ///
    /// ```
    /// # use batv_store::Operation;
    /// # use batv_store::guesses::Guesses;
    /// fn look(guesses: &Guesses) -> Vec<Operation> {
    ///     guesses.operations(false)
    /// }
    /// ```
    pub fn operations(&self, is_wrong: bool) -> Vec<Operation> {
        self.counts.iter().flat_map(|count| count.add(is_wrong.into())).collect()
    }

    /// Whether there were so many before this one that the client is put off, whatever it brings.
    ///
    /// ```
    /// # use batv_store::Answer;
    /// # use batv_store::guesses::{Guesses, Limits};
    /// fn reply(guesses: &Guesses, answers: &[Answer]) -> &'static str {
    ///     if guesses.are_too_many(answers, false, &Limits::default()) { "451 4.7.1 try again later" } else { "250 2.1.5 ok" }
    /// }
    /// ```
    pub fn are_too_many(&self, answers: &[Answer], is_wrong: bool, limits: &Limits) -> bool {
        let totals = self.counts.iter().zip(answers.chunks(2));
        let mut before = totals.map(|(count, answers)| count.total(answers).saturating_sub(is_wrong.into()));
        let to_mailbox = before.next().unwrap_or(0);
        let (in_an_hour, of_late) = (before.next(), before.next());
        let exceeds = |count: u32, most: u32| most > 0 && count >= most;
        exceeds(in_an_hour.unwrap_or(0), limits.per_network)
            || exceeds(to_mailbox, limits.per_mailbox) && of_late.is_none_or(|count| count > 0)
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
        for (client, to_mailbox, by_network, of_late, expected) in [
            (some, 0, 0, 0, false),
            (some, 0, 19, 19, false),
            (some, 0, 20, 20, true),
            // Others guess.
            (some, 5000, 0, 0, false),
            (some, 5000, 0, 1, true),
            (some, 99, 5, 5, false),
            (none, 99, 0, 0, false),
            (none, 100, 0, 0, true),
        ] {
            let guesses = Guesses::of(&key, client, &alice, 0);
            for is_wrong in [false, true] {
                let total = |count: u32| Answer::Total(count + u32::from(is_wrong));
                let answers = [to_mailbox, by_network, of_late].map(|count| [total(count), Answer::Total(0)]).concat();
                let found = guesses.are_too_many(&answers, is_wrong, &Limits::default());
                assert_eq!(found, expected, "{client:?} {to_mailbox} {by_network} {of_late}");
            }
            let unlimited = Limits { per_network: 0, per_mailbox: 0 };
            assert!(!guesses.are_too_many(&[5000, 0, 5000, 0, 5000, 0].map(Answer::Total), false, &unlimited));
        }
    }
}
