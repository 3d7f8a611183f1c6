//! Counters of bounces to a tag, and of wrong tags.
//!
//! A tagged address accepts bounces from anybody until it expires. Genuine mail causes few: a tag that comes back more
//! than
//! [`BOUNCES_PER_TAG`] times is being replayed. A tag has 24 bits, so guessing one takes millions of attempts: wrong tags
//! are counted, for each network that they come from, and for each mailbox that they go to.
//!
//! ```
//! use std::net::IpAddr;
//! use std::time::Duration;
//!
//! use batv_core::{Algorithm, Key, KeyId, KeyUse};
//! use batv_store::counter::{CountingKeys, Failures, Networks, Subject};
//! use batv_store::{Store, sqlite};
//!
//! # let directory = tempfile::tempdir()?;
//! # let store = sqlite::Sqlite::open(&directory.path().join("store.sqlite"), sqlite::DEFAULT_LIMIT)?;
//! let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
//! let (now, wait) = (1_795_478_400, Duration::from_secs(10));
//! let of = |client: &str| {
//!     let client: IpAddr = client.parse()?;
//!     let subject = Subject::network(client, Networks::default());
//!     Ok::<_, std::net::AddrParseError>(Failures::of(&CountingKeys::from(&key), &subject, 3_600, now))
//! };
//!
//! let failures = of("192.0.2.7")?;
//! store.run(failures.add(1), now, wait)?;
//! let failures = of("192.0.2.99")?;
//! assert_eq!(failures.total(&store.run(failures.look(), now, wait)?), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::iter;
use core::net::IpAddr;

use batv_core::Mailbox;
use batv_core::fingerprint::Fingerprint;
use batv_core::mark::MessageDigest;
use ipnet::IpNet;

pub use self::keys::CountingKeys;
use crate::operation::{Answer, Operation};
use crate::text;

mod keys;

/// Default number of bounces to one tag that are accepted.
///
/// ```
/// # use batv_store::counter::BOUNCES_PER_TAG;
/// assert_eq!(BOUNCES_PER_TAG, 100);
/// ```
pub const BOUNCES_PER_TAG: u32 = 100;

/// Number of bounces to one message of ours that are not suspicious: it may have had many recipients.
///
/// ```
/// # use batv_store::counter::{BOUNCES_PER_MESSAGE, BOUNCES_PER_TAG};
/// assert!(BOUNCES_PER_MESSAGE > BOUNCES_PER_TAG);
/// ```
pub const BOUNCES_PER_MESSAGE: u32 = 1_000;

const TAG: &str = "counter tag";
const MESSAGE: &str = "counter message";
const NETWORK: &str = "counter network";
const MAILBOX: &str = "counter mailbox";
const DOMAIN: &str = "counter domain";
const KNOWN_NETWORK: &str = "counter network of known clients";
const KNOWN: &str = "counter known client";

/// Operations that count a bounce to a tagged mailbox or an SRS address. `address` is the same text for all of its spellings,
/// such as the day of the tag and the mailbox without it. `expires` is the time until which the address is accepted, in seconds
/// since 1970-01-01 (UTC).
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse};
/// use batv_store::counter::{self, CountingKeys};
/// use batv_store::Operation;
///
/// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let batch = counter::bounce(&CountingKeys::from(&key), "2026-12-01 alice@example.com", 1_796_169_600);
/// assert!(matches!(batch[..], [Operation::Count { by: 1, expires: 1_796_169_600, .. }]));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[must_use]
pub fn bounce(keys: &CountingKeys<'_>, address: &str, expires: u64) -> Vec<Operation> {
    count(&keys.names(TAG, &[address.as_bytes()]), 1, expires).collect()
}

/// Operations that count a bounce to a mailbox, without a tag, of a message of ours, proved by a mark, a DKIM signature
/// or the sent log.
///
/// ```
/// use batv_core::mark::MessageDigest;
/// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
/// use batv_store::counter::{self, CountingKeys};
///
/// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"s3kr1t")?;
/// let [alice, bob] = ["alice@example.com", "bob@example.com"].map(Mailbox::parse);
/// let (alice, bob) = (alice?, bob?);
/// let of = |mailbox: &Mailbox<'_>, message_id: &[u8]| {
///     counter::bounce_of(&CountingKeys::from(&key), mailbox, &MessageDigest::of(message_id), 1_795_478_400)
/// };
/// assert_eq!(of(&alice, b"<1@example.com>"), of(&alice, b"1@example.com"));
/// // Whoever has a mailbox of ours may quote the Message-ID of another one's message.
/// assert_ne!(of(&alice, b"<1@example.com>"), of(&bob, b"<1@example.com>"));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[must_use]
pub fn bounce_of(
    keys: &CountingKeys<'_>,
    mailbox: &Mailbox<'_>,
    message: &MessageDigest,
    expires: u64,
) -> Vec<Operation> {
    let parts = [text::folded(mailbox), message.to_string()];
    count(&keys.names(MESSAGE, &parts.each_ref().map(String::as_bytes)), 1, expires).collect()
}

/// Total of a counter, from the answers to [`bounce`] or [`bounce_of`]; `None` if they are no answers to it.
///
/// ```
/// use batv_store::Answer;
/// use batv_store::counter::total;
///
/// assert_eq!(total(&[60, 40].map(Answer::Total)), Some(100));
/// assert_eq!(total(&[]), None);
/// ```
#[must_use]
pub fn total(answers: &[Answer]) -> Option<u32> {
    let totals = answers.iter().map(|answer| match answer {
        Answer::Total(total) => Some(*total),
        Answer::Done { .. } | Answer::Value(_) => None,
    });
    totals.reduce(|one, other| Some(one?.saturating_add(other?))).flatten()
}

/// Adds to a counter under the name that comes first, and reads it under the others.
fn count(names: &[Fingerprint], by: u32, expires: u64) -> impl Iterator<Item = Operation> {
    let added = iter::once(by).chain(iter::repeat(0));
    names.iter().zip(added).map(move |(key, by)| Operation::Count { key: *key, by, expires })
}

/// Sizes of networks that count as one client, as prefix lengths.
///
/// ```
/// # use batv_store::counter::Networks;
/// let networks = Networks::default();
/// assert_eq!((networks.v4, networks.v6), (24, 48));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Networks {
    /// Prefix length for IPv4: 24.
    pub v4: u8,
    /// Prefix length for IPv6: 48, the network of a site (RFC 6177 §2), which has many networks of 64.
    pub v6: u8,
}

impl Networks {
    /// Networks of a client by itself: an IPv4 address, and the site of an IPv6 address.
    pub const CLIENT: Self = Self { v4: 32, v6: 48 };
    /// Networks of one host: an IPv4 address, and the network of 64 bits of an IPv6 address (RFC 4291 §2.5.1).
    pub const HOST: Self = Self { v4: 32, v6: 64 };

    /// Network of a client. An IPv4-mapped IPv6 address is its IPv4 address.
    ///
    /// ```
    /// # use batv_store::counter::Networks;
    /// let of = |client: &str| Ok::<_, std::net::AddrParseError>(Networks::default().of(client.parse()?).to_string());
    /// assert_eq!(of("2001:db8::1")?, "2001:db8::/48");
    /// assert_eq!(of("::ffff:192.0.2.1")?, "192.0.2.0/24");
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn of(self, client: IpAddr) -> IpNet {
        let client = client.to_canonical();
        let bits = match client {
            IpAddr::V4(_) => self.v4.min(32),
            IpAddr::V6(_) => self.v6.min(128),
        };
        IpNet::new_assert(client, bits).trunc()
    }
}

impl Default for Networks {
    fn default() -> Self {
        Self { v4: 24, v6: 48 }
    }
}

/// Subject whose failures are counted: a network, a mailbox, or a domain of SRS addresses.
///
/// ```
/// use batv_core::Mailbox;
/// use batv_store::counter::Subject;
///
/// let alice = Subject::mailbox(&Mailbox::parse("Alice@example.com")?);
/// assert_eq!(alice, Subject::mailbox(&Mailbox::parse("alice@example.com")?));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    label: &'static str,
    text: String,
}

impl Subject {
    /// Network of a client.
    ///
    /// ```
    /// # use batv_store::counter::{Networks, Subject};
    /// let of = |client: &str| Ok::<_, std::net::AddrParseError>(Subject::network(client.parse()?, Networks::default()));
    /// assert_eq!(of("2001:db8::1")?, of("2001:db8::2")?);
    /// assert_eq!(of("::ffff:192.0.2.1")?, of("192.0.2.2")?);
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn network(client: IpAddr, networks: Networks) -> Self {
        Self { label: NETWORK, text: networks.of(client).to_string() }
    }

    /// Mailbox without its tag.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// # use batv_store::counter::Subject;
    /// let [alice, bob] = ["alice@example.com", "bob@example.com"].map(Mailbox::parse);
    /// assert_ne!(Subject::mailbox(&alice?), Subject::mailbox(&bob?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn mailbox(mailbox: &Mailbox<'_>) -> Self {
        Self { label: MAILBOX, text: text::folded(mailbox) }
    }

    /// Domain of SRS addresses. A client makes up the mailbox in such an address, but not the domain.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// # use batv_store::counter::Subject;
    /// let [one, other] = ["SRS0=AAAA=2W=a.example=a@Fwd.example", "SRS0=BBBB=2W=b.example=b@fwd.example"].map(Mailbox::parse);
    /// assert_eq!(Subject::domain(&one?), Subject::domain(&other?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn domain(mailbox: &Mailbox<'_>) -> Self {
        Self { label: DOMAIN, text: mailbox.domain().as_str().to_ascii_lowercase() }
    }

    /// Network of clients that have brought bounces to good tags.
    pub(crate) fn known_network(client: IpAddr, networks: Networks) -> Self {
        Self { label: KNOWN_NETWORK, text: networks.of(client).to_string() }
    }

    /// Host that has brought a bounce to a good tag.
    pub(crate) fn known(client: IpAddr) -> Self {
        Self { label: KNOWN, text: Networks::HOST.of(client).to_string() }
    }
}

/// Failures of a subject within the last seconds.
///
/// They are counted in consecutive windows. The window before counts in proportion, as if its failures had come evenly:
/// two counters approximate a list of all times.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
/// use batv_store::Answer;
/// use batv_store::counter::{CountingKeys, Failures, Subject};
///
/// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
///
/// // A quarter of this hour has passed: of the hour before, three quarters still count.
/// let failures = Failures::of(&CountingKeys::from(&key), &alice, 3_600, 100 * 3_600 + 900);
/// assert_eq!(failures.total(&[Answer::Total(5), Answer::Total(40)]), 35);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Failures {
    present: Vec<Fingerprint>,
    before: Vec<Fingerprint>,
    window: u64,
    now: u64,
}

impl Failures {
    /// Failures of a subject in the `window` seconds, at least one, before `now`, in seconds since 1970-01-01 (UTC).
    ///
    /// All hosts must use the same keys, for all subjects.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::counter::{CountingKeys, Failures, Subject};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// let at = |now| Failures::of(&CountingKeys::from(&key), &alice, 3_600, now).look();
    /// // Each hour has a counter of its own.
    /// let [now, later] = [at(1_795_478_400), at(1_795_482_000)];
    /// assert_ne!(now[0], later[0]);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn of(keys: &CountingKeys<'_>, subject: &Subject, window: u64, now: u64) -> Self {
        let window = window.max(1);
        let number = now / window;
        let of = |number: u64| {
            let parts: [&[u8]; 3] = [subject.text.as_bytes(), &window.to_be_bytes(), &number.to_be_bytes()];
            keys.names(subject.label, &parts)
        };
        Self { present: of(number), before: of(number.wrapping_sub(1)), window, now }
    }

    /// Operations that add `by` failures.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::Operation;
    /// use batv_store::counter::{CountingKeys, Failures, Subject};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// let batch = Failures::of(&CountingKeys::from(&key), &alice, 3_600, 1_795_478_400).add(1);
    /// // The second one only reads the window before. Each further key has two that read.
    /// assert!(matches!(batch[..], [Operation::Count { by: 1, .. }, Operation::Count { by: 0, .. }]));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn add(&self, by: u32) -> Vec<Operation> {
        // They count in the next window, too.
        let expires = (self.now / self.window).saturating_add(2).saturating_mul(self.window);
        count(&self.present, by, expires).chain(count(&self.before, 0, expires)).collect()
    }

    /// Operations that ask for the number of failures.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::counter::{CountingKeys, Failures, Subject};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// assert_eq!(Failures::of(&CountingKeys::from(&key), &alice, 3_600, 1_795_478_400).look().len(), 2);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn look(&self) -> Vec<Operation> {
        self.add(0)
    }

    /// Number of failures, from the answers to [`add`](Self::add) or [`look`](Self::look).
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::Answer;
    /// use batv_store::counter::{CountingKeys, Failures, Subject};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// let failures = Failures::of(&CountingKeys::from(&key), &alice, 3_600, 100 * 3_600 + 1_800);
    /// assert_eq!(failures.total(&[Answer::Total(5), Answer::Total(40)]), 5 + 40 / 2);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn total(&self, answers: &[Answer]) -> u32 {
        let answers = answers.get(..self.len()).unwrap_or_default();
        let (present, before) = answers.split_at(answers.len() / 2);
        let (Some(present), Some(before)) = (total(present), total(before)) else { return 0 };
        let left = self.window - self.now % self.window;
        let weighed = u128::from(before) * u128::from(left) / u128::from(self.window);
        present.saturating_add(u32::try_from(weighed).unwrap_or(u32::MAX))
    }

    /// Number of the operations of [`add`](Self::add) and [`look`](Self::look).
    pub(crate) const fn len(&self) -> usize {
        self.present.len() + self.before.len()
    }
}
