//! Rule that defers clients which may be guessing tags: a tag has 24 bits, so a client with unlimited attempts finds
//! one.
//!
//! A bounce comes once, and its tag is right. Wrong tags are counted for the client, its network, and the mailbox (of an
//! SRS address: its domain, because the client makes up the mailbox). Who is deferred learns nothing, whatever it brings:
//!
//! | client | is deferred when |
//! |---|---|
//! | without a wrong tag of late | never |
//! | with one, and a good [`Record`] | the clients with a record of its network brought twice [`per_network`](Limits::per_network) in a day, itself included |
//! | with one, and no record | the others of its network brought `per_network` in a day, or the mailbox got [`per_mailbox`](Limits::per_mailbox) from everywhere |
//!
//! So nobody can have the bounces of a server deferred that brings no wrong tags, and of one with a good record only
//! somebody who makes that server bring many. A network of 256 addresses gets [`MOST_ANSWERED`] answers a day, however its
//! clients share them.
//!
//! Deferred mail comes again, for five days from most servers (RFC 5321 §4.5.4.1), and is no longer counted: a server
//! can't tell wrong tags from right ones, and retries both. A wrong tag is forgotten within four days: so a server that
//! brought one by mistake, such as the bounce of spam with a made-up tag, loses no bounce for it.
//!
//! ```
//! use std::time::Duration;
//!
//! use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
//! use batv_store::counter::{CountingKeys, Subject};
//! use batv_store::guesses::{Guess, Guesses, Limits};
//! use batv_store::memory::Memory;
//!
//! let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
//! let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
//! let store = Memory::default();
//! let guesses = |client: &str| Guesses::of(&CountingKeys::from(&key), client.parse().ok(), &alice, 1_795_478_400);
//! let defers = |client: &str, guess| guesses(client).defer(guess, &Limits::default(), |batch| {
//!     batv_store::Store::run(&store, batch, 1_795_478_400, Duration::ZERO).ok()
//! });
//! for _ in 0..50 {
//!     assert!(!defers("192.0.2.7", Guess::WRONG));
//! }
//! assert!(defers("192.0.2.7", Guess::WRONG));
//! assert!(defers("192.0.2.7", Guess::RIGHT));
//! // Its neighbour brought no wrong tag.
//! assert!(!defers("192.0.2.8", Guess::RIGHT));
//! # Ok::<(), batv_core::Error>(())
//! ```

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::counter::{CountingKeys, Failures, Networks, Subject};
use crate::operation::{Answer, Operation};
use crate::record::Record;

const DAY_SECONDS: u64 = 24 * 3600;
/// Window for a client. A wrong tag counts for two of them at most: that leaves one of the five days of retries.
const OF_LATE_SECONDS: u64 = 2 * DAY_SECONDS;
/// Clients with a good record in one network get so many times as many answers together as its strangers do. Servers that are
/// made to guess, by spam with made-up tags, bear as many.
const WITH_RECORD: u32 = 2;

/// Most answers in a day to the wrong tags of a /24 of IPv4, by the default [`Limits`]: 50 to its strangers, 100 to its
/// clients with a good record, and the first one to each of its 256 addresses. A wrong tag that is written so that it counts
/// [twice or more](Guess::spellings) takes as many of them.
///
/// ```
/// use batv_store::guesses::{Limits, MOST_ANSWERED};
///
/// assert_eq!(MOST_ANSWERED, Limits::default().per_network * 3 + 256);
/// ```
pub const MOST_ANSWERED: u32 = 406;

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
    /// From the strangers of one network, or half as many as from its clients with a good record.
    pub per_network: u32,
    /// To one mailbox, or to one domain of SRS addresses.
    pub per_mailbox: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_network: 50, per_mailbox: 200 }
    }
}

/// Tag, or SRS address, that a client brings.
///
/// ```
/// use batv_store::guesses::Guess;
///
/// assert!(Guess::WRONG.is_wrong && !Guess::RIGHT.is_wrong);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a guess is right or wrong")]
pub struct Guess {
    /// Whether none of our keys made it.
    pub is_wrong: bool,
    /// Number of spellings with which its tag is compared, at least 1: it counts as so many. Written in more than one, it is
    /// not taken for a first mistake, be it right or wrong.
    pub spellings: u32,
}

impl Guess {
    /// A right one.
    pub const RIGHT: Self = Self { is_wrong: false, spellings: 1 };
    /// A wrong one.
    pub const WRONG: Self = Self { is_wrong: true, spellings: 1 };
}

/// Counts of wrong tags that concern a client and a mailbox.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
/// use batv_store::counter::{CountingKeys, Subject};
/// use batv_store::guesses::{Guess, Guesses, Limits};
///
/// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
/// let guesses = Guesses::of(&CountingKeys::from(&key), "192.0.2.7".parse().ok(), &alice, 1_795_478_400);
/// // A store that doesn't answer defers nobody.
/// assert!(!guesses.defer(Guess::WRONG, &Limits::default(), |_| None));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Guesses {
    to_mailbox: Failures,
    /// `None` for a client without an address, which can't be told from others.
    of_client: Option<OfClient>,
}

#[derive(Clone, Debug)]
struct OfClient {
    record: Record,
    of_late: Failures,
    /// From clients of its network without a record in a day.
    strangers: Failures,
    /// From clients of its network with a good record in a day.
    known: Failures,
}

/// Totals in the answers to one batch.
struct Counted {
    to_mailbox: u32,
    of_client: Option<CountedOfClient>,
}

struct CountedOfClient {
    has_record: bool,
    of_late: u32,
    strangers: u32,
    known: u32,
}

impl Guesses {
    /// Counts for a client, if it has an address, and a mailbox without its tag, or a domain of SRS addresses. `keys` must be
    /// the same for all of them and on all hosts; `now` is in seconds since 1970-01-01 (UTC).
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::counter::{CountingKeys, Subject};
    /// use batv_store::guesses::{Guess, Guesses, Limits};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// let of_local_client = Guesses::of(&CountingKeys::from(&key), None, &alice, 1_795_478_400);
    /// let mut asked = 0;
    /// of_local_client.defer(Guess::RIGHT, &Limits::default(), |batch| {
    ///     asked = batch.len();
    ///     None
    /// });
    /// assert_eq!(asked, 2, "only the mailbox is counted");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn of(keys: &CountingKeys<'_>, client: Option<IpAddr>, subject: &Subject, now: u64) -> Self {
        let of_client = client.map(|client| {
            // Servers with neighbours that guess have an IPv4 address, too.
            let of = |networks, window| Failures::of(keys, &Subject::network(client, networks), window, now);
            OfClient {
                record: Record::of(keys, client, now),
                of_late: of(Networks::CLIENT, OF_LATE_SECONDS),
                strangers: of(Networks::default(), DAY_SECONDS),
                known: Failures::of(keys, &Subject::known_network(client, Networks::default()), DAY_SECONDS, now),
            }
        });
        Self { to_mailbox: Failures::of(keys, subject, DAY_SECONDS, now), of_client }
    }

    /// Whether the client is deferred, whatever it brings. A wrong tag of one that isn't is counted; one that is comes again
    /// and again, for days: if that counted, a server that brought wrong tags by mistake would be deferred for as long.
    ///
    /// `ask` runs a batch on the store. Of wrong tags that come at the same time, only as many as the limit are answered.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::counter::{CountingKeys, Subject};
    /// use batv_store::guesses::{Guess, Guesses, Limits};
    /// use batv_store::{Store, memory::Memory};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// let store = Memory::default();
    /// let limits = Limits { per_network: 2, per_mailbox: 0 };
    /// let deferred = [(); 4].map(|()| {
    ///     let guesses = Guesses::of(&CountingKeys::from(&key), "192.0.2.7".parse().ok(), &alice, 0);
    ///     guesses.defer(Guess::WRONG, &limits, |batch| store.run(batch, 0, std::time::Duration::ZERO).ok())
    /// });
    /// assert_eq!(deferred, [false, false, true, true]);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn defer(
        &self,
        guess: Guess,
        limits: &Limits,
        mut ask: impl FnMut(Vec<Operation>) -> Option<Vec<Answer>>,
    ) -> bool {
        let Some(before) = ask(self.operations(0, false)) else { return false };
        let before = self.counted(&before);
        let has_record = before.of_client.as_ref().is_some_and(|client| client.has_record);
        if before.exceed(guess, limits) {
            return true;
        }
        let mut add = || ask(self.operations(guess.spellings, has_record));
        guess.is_wrong
            && add().is_some_and(|answers| {
                self.counted(&answers).without(guess.spellings, has_record).exceed(guess, limits)
            })
    }

    /// Operations that add to the counters of such a client, and read the others.
    fn operations(&self, by: u32, has_record: bool) -> Vec<Operation> {
        let mut operations = self.to_mailbox.add(by);
        if let Some(client) = &self.of_client {
            let (of_known, of_strangers) = if has_record { (by, 0) } else { (0, by) };
            operations.extend(client.record.look());
            operations.extend(client.of_late.add(by));
            operations.extend(client.strangers.add(of_strangers));
            operations.extend(client.known.add(of_known));
        }
        operations
    }

    fn counted(&self, answers: &[Answer]) -> Counted {
        // Each count has as many operations: two for each key.
        let mut answers = answers.chunks(self.to_mailbox.len());
        let mut next = || answers.next().unwrap_or_default();
        let to_mailbox = self.to_mailbox.total(next());
        let of_client = self.of_client.as_ref().map(|client| CountedOfClient {
            has_record: client.record.is_good(next()),
            of_late: client.of_late.total(next()),
            strangers: client.strangers.total(next()),
            known: client.known.total(next()),
        });
        Counted { to_mailbox, of_client }
    }
}

impl Counted {
    /// The totals before so many were added.
    fn without(self, by: u32, has_record: bool) -> Self {
        let (of_known, of_strangers) = if has_record { (by, 0) } else { (0, by) };
        let of_client = self.of_client.map(|client| CountedOfClient {
            has_record,
            of_late: client.of_late.saturating_sub(by),
            strangers: client.strangers.saturating_sub(of_strangers),
            known: client.known.saturating_sub(of_known),
        });
        Self { to_mailbox: self.to_mailbox.saturating_sub(by), of_client }
    }

    fn exceed(&self, guess: Guess, limits: &Limits) -> bool {
        let exceeds = |count: u32, most: u32| most > 0 && count >= most;
        let to_mailbox = exceeds(self.to_mailbox, limits.per_mailbox);
        match &self.of_client {
            // A client without an address can't be told from others.
            None => to_mailbox,
            Some(client) if client.of_late == 0 && guess.spellings <= 1 => false,
            Some(client) if client.has_record => exceeds(client.known, limits.per_network.saturating_mul(WITH_RECORD)),
            Some(client) => exceeds(client.strangers, limits.per_network) || to_mailbox,
        }
    }
}

#[cfg(test)]
mod tests;
