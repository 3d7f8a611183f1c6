//! Counters: how often a tag came back, and how often a tag was wrong.
//!
//! Whoever saw a tagged address can send bounces to it until it expires. Genuine mail causes a few: a tag that comes back
//! more than [`BOUNCES_PER_TAG`] times is being replayed. And a tag has 24 bits, so who guesses needs millions of attempts:
//! wrong tags are counted, for each network that they come from, and for each mailbox that they go to.
//!
//! ```
//! use std::net::IpAddr;
//!
//! use batv_core::{Algorithm, Key, KeyId, KeyUse};
//! use batv_store::counter::{Failures, Networks, Subject};
//! use batv_store::{Store, sqlite};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let directory = tempfile::tempdir()?;
//! # let store = sqlite::Sqlite::open(&directory.path().join("store.sqlite"), sqlite::DEFAULT_LIMIT)?;
//! let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
//! let now = 1_795_478_400;
//! let of = |client: &str| {
//!     let client: IpAddr = client.parse()?;
//!     Ok::<_, std::net::AddrParseError>(Failures::of(&key, &Subject::network(client, Networks::default()), 3_600, now))
//! };
//!
//! let failures = of("192.0.2.7")?;
//! store.run(failures.add(1), now).await?;
//! let failures = of("192.0.2.99")?;
//! assert_eq!(failures.total(&store.run(failures.look(), now).await?), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use batv_core::fingerprint::Fingerprint;
use batv_core::{Key, Mailbox};
use ipnet::IpNet;

use crate::operation::{Answer, Operation};
use crate::text;

/// Bounces that a tag may bring in its life, when not told otherwise.
///
/// ```
/// # use batv_store::counter::BOUNCES_PER_TAG;
/// assert_eq!(BOUNCES_PER_TAG, 100);
/// ```
pub const BOUNCES_PER_TAG: u32 = 100;

const TAG: &str = "counter tag";
const NETWORK: &str = "counter network";
const MAILBOX: &str = "counter mailbox";

/// Counts a bounce to a tagged mailbox, until the tag expires at that second. `key` is the one that verified the tag.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
/// use batv_store::counter;
///
/// let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let tagged = Mailbox::parse("prvs=3788433eb7=alice@example.com")?;
/// let batch = vec![counter::bounce(&key, &tagged, 1_796_169_600)];
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn bounce(key: &Key, tagged: &Mailbox<'_>, expires: u64) -> Operation {
    Operation::Count { key: Fingerprint::of(key, TAG, &[text::folded(tagged).as_bytes()]), by: 1, expires }
}

/// Whether these are more bounces than a tag may bring, the one that was counted included.
///
/// ```
/// use batv_store::Answer;
/// use batv_store::counter::{self, BOUNCES_PER_TAG};
///
/// assert!(!counter::is_replayed(&Answer::Total(100), BOUNCES_PER_TAG));
/// assert!(counter::is_replayed(&Answer::Total(101), BOUNCES_PER_TAG));
/// ```
pub const fn is_replayed(answer: &Answer, cap: u32) -> bool {
    matches!(answer, Answer::Total(total) if *total > cap)
}

/// How much of a client's address counts as one: who has one has all of it.
///
/// ```
/// # use batv_store::counter::Networks;
/// let networks = Networks::default();
/// assert_eq!((networks.v4, networks.v6), (24, 48));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Networks {
    /// Bits of an IPv4 address: 24.
    pub v4: u8,
    /// Bits of an IPv6 address: 48, which is what a site gets (RFC 6177 §2): it has as many networks of 64 as it likes.
    pub v6: u8,
}

impl Networks {
    /// A client by itself: an IPv4 address, and the site of an IPv6 address.
    pub const CLIENT: Self = Self { v4: 32, v6: 48 };

    /// The network of a client. An IPv4 address is the same however it is written.
    ///
    /// ```
    /// # use batv_store::counter::Networks;
    /// let of = |client: &str| Ok::<_, std::net::AddrParseError>(Networks::default().of(client.parse()?).to_string());
    /// assert_eq!(of("2001:db8::1")?, "2001:db8::/48");
    /// assert_eq!(of("::ffff:192.0.2.1")?, "192.0.2.0/24");
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
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

/// Whose failures are counted.
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
    /// The network of a client.
    ///
    /// ```
    /// # use batv_store::counter::{Networks, Subject};
    /// let of = |client: &str| Ok::<_, std::net::AddrParseError>(Subject::network(client.parse()?, Networks::default()));
    /// assert_eq!(of("2001:db8::1")?, of("2001:db8::2")?);
    /// assert_eq!(of("::ffff:192.0.2.1")?, of("192.0.2.2")?);
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn network(client: IpAddr, networks: Networks) -> Self {
        Self { label: NETWORK, text: networks.of(client).to_string() }
    }

    /// A mailbox without tag.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// # use batv_store::counter::Subject;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn mailbox(mailbox: &Mailbox<'_>) -> Self {
        Self { label: MAILBOX, text: text::folded(mailbox) }
    }
}

/// The failures of a subject within the last so many seconds.
///
/// They are counted in windows that follow each other. As many of the window before count as would lie in the last
/// `window` seconds, had they come evenly: two counters tell what a list of all times would tell about.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
/// use batv_store::Answer;
/// use batv_store::counter::{Failures, Subject};
///
/// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
///
/// // A quarter of this hour has passed: of the hour before, three quarters still count.
/// let failures = Failures::of(&key, &alice, 3_600, 100 * 3_600 + 900);
/// assert_eq!(failures.total(&[Answer::Total(5), Answer::Total(40)]), 35);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Failures {
    present: Fingerprint,
    before: Fingerprint,
    window: u64,
    now: u64,
}

impl Failures {
    /// Of this subject, in the `window` seconds before `now`; a window has at least one second. All hosts must take the same
    /// key: for a mailbox the one that signs for it, for a network the same one for all mailboxes. When another key takes its
    /// place, counting begins anew.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// # use batv_store::counter::{Failures, Subject};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Subject::mailbox(&Mailbox::parse("alice@example.com")?);
    /// let failures = Failures::of(&key, &alice, 3_600, 1_795_478_400);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn of(key: &Key, subject: &Subject, window: u64, now: u64) -> Self {
        let window = window.max(1);
        let number = now / window;
        let of = |number: u64| {
            let parts: [&[u8]; 3] = [subject.text.as_bytes(), &window.to_be_bytes(), &number.to_be_bytes()];
            Fingerprint::of(key, subject.label, &parts)
        };
        Self { present: of(number), before: of(number.wrapping_sub(1)), window, now }
    }

    /// Adds so many.
    ///
    /// ```
    /// # use batv_store::{Operation, counter::Failures};
    /// fn one_more(failures: &Failures) -> Vec<Operation> {
    ///     failures.add(1)
    /// }
    /// ```
    pub fn add(&self, by: u32) -> Vec<Operation> {
        // It counts in the window after its own, too.
        let expires = (self.now / self.window).saturating_add(2).saturating_mul(self.window);
        vec![Operation::Count { key: self.present, by, expires }, Operation::Count { key: self.before, by: 0, expires }]
    }

    /// Asks how many there were.
    ///
    /// ```
    /// # use batv_store::{Operation, counter::Failures};
    /// fn batch(failures: &[Failures]) -> Vec<Operation> {
    ///     failures.iter().flat_map(Failures::look).collect()
    /// }
    /// ```
    pub fn look(&self) -> Vec<Operation> {
        self.add(0)
    }

    /// How many there were, from the answers to either.
    ///
    /// ```
    /// # use batv_store::{Answer, counter::Failures};
    /// fn is_guessing(failures: &Failures, answers: &[Answer]) -> bool {
    ///     failures.total(answers) > 20
    /// }
    /// ```
    pub fn total(&self, answers: &[Answer]) -> u32 {
        let [Answer::Total(present), Answer::Total(before), ..] = answers else { return 0 };
        let left = self.window - self.now % self.window;
        let weighed = u128::from(*before) * u128::from(left) / u128::from(self.window);
        present.saturating_add(u32::try_from(weighed).unwrap_or(u32::MAX))
    }
}
