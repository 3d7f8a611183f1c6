//! Aliases: short handles for senders that are too long to be tagged.
//!
//! A tag makes a local part 16 octets longer, and SRS makes it longer by the whole domain; a local part may have 64
//! octets (RFC 5321 §4.5.3.1.1). Where there is no room, the store remembers the sender under a random handle of 80
//! bits, and the handle is tagged or rewritten in its place:
//!
//! ```text
//! prvs=3788433eb7=alias=mfrggzdfmztwq2lk@example.com
//! SRS0=Xu1M=2W=alias=mfrggzdfmztwq2lk@forwarder.example.net
//! ```
//!
//! The tag authenticates the handle, so handles can't be guessed. Senders are stored in clear, as they have to be read
//! again: of all entries of a store, only aliases contain addresses, those of senders with long names, for some days. A
//! key that all hosts have would not hide them from a reader of the store *and* a keyring; readers of the store alone
//! are kept out by its permissions.
//!
//! ```
//! use std::time::Duration;
//!
//! use batv_core::tag::{self, Form};
//! use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
//! use batv_store::alias::{self, Request};
//! use batv_store::{Store, sqlite};
//!
//! # let directory = tempfile::tempdir()?;
//! # let store = sqlite::Sqlite::open(&directory.path().join("store.sqlite"), sqlite::DEFAULT_LIMIT)?;
//! let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
//! let (now, wait, today) = (1_795_478_400, Duration::from_secs(10), Day::new(20_781)?);
//! let long = format!("{}@example.com", "newsletter-".repeat(5));
//! let sender = Mailbox::parse(&long)?;
//! assert!(tag::sign(&keys, &sender, Form::Prvs, None, today).is_err());
//!
//! // It gets a handle, and the same one the next time.
//! let request = Request::new(&keys[0], &sender, b"192.0.2.7", 7 * 86_400);
//! let handle = request.handle(&store, now, wait)?;
//! assert_eq!(request.handle(&store, now + 86_400, wait)?, handle);
//!
//! let short = handle.mailbox("example.com");
//! let tagged = tag::sign(&keys, &Mailbox::parse(&short)?, Form::Prvs, None, today)?.to_string();
//!
//! // A bounce comes to the handle.
//! let bounce = tag::verify(&keys, &Mailbox::parse(&tagged)?, today);
//! let handle = alias::Handle::of(&bounce.mailbox).expect("it is one");
//! let answers = store.run(vec![alias::resolve(handle)], now, wait)?;
//! assert_eq!(alias::resolved(&answers[0]), Some(long.as_str()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod handle;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use batv_core::fingerprint::Fingerprint;
use batv_core::{Key, Mailbox};

use crate::error::Error;
use crate::operation::{Answer, Operation, Share, Table};
use crate::store::Store;
pub use handle::{Handle, SRS_DOMAIN};

/// Default number of aliases that a client may have at a time.
///
/// ```
/// # use batv_store::alias::DEFAULT_QUOTA;
/// assert_eq!(DEFAULT_QUOTA, 10_000);
/// ```
pub const DEFAULT_QUOTA: u32 = 10_000;

const DAY_SECONDS: u64 = 86_400;
const SENDER: &str = "alias sender";
const CLIENT: &str = "alias client";

/// Request of a handle for a sender.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
/// use batv_store::alias::{self, Handle, Request};
///
/// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let request = Request::new(&key, &Mailbox::parse("alice@example.com")?, b"user bob", 21 * 86_400);
/// let handle = Handle::new(*b"abcdefghij");
/// // An entry leads from the sender to the handle, another one back.
/// assert_eq!(request.remember(handle, 1_795_478_400).len(), 2);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Request {
    lookup: Fingerprint,
    client: Fingerprint,
    sender: String,
    lifetime: u64,
    quota: u32,
}

impl Request {
    /// Request for a sender without tag, on behalf of a client.
    ///
    /// `client` tells one that may send from another, such as the login name, or the network. `lifetime` is the time in
    /// seconds for which a bounce to the tag is accepted. `key` is the key that signs for the sender, or rewrites it:
    /// sender and client are found by fingerprints under it.
    ///
    /// A handle lives twice as long as `lifetime` and a day, and is given to the same sender of the same client again
    /// during the first `lifetime`: so it outlives each tag on it, which is valid to the end of its last day, and a
    /// mailing needs one. Clients share no handles: otherwise a client that has used up its quota could have those of
    /// another dropped.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::alias::Request;
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// let of = |client: &[u8]| Request::new(&key, &alice, client, 21 * 86_400).question();
    /// assert_eq!(of(b"user bob"), of(b"user bob"));
    /// assert_ne!(of(b"user bob"), of(b"user carol"));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn new(key: &Key, sender: &Mailbox<'_>, client: &[u8], lifetime: u64) -> Self {
        // Case counts: in another domain another case may be another mailbox.
        let sender = sender.to_string();
        Self {
            lookup: Fingerprint::of(key, SENDER, &[sender.as_bytes(), client]),
            client: Fingerprint::of(key, CLIENT, &[client]),
            sender,
            lifetime,
            quota: DEFAULT_QUOTA,
        }
    }

    /// Sets the number of aliases that the client may have. Beyond it, its oldest are dropped.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::Operation;
    /// use batv_store::alias::{Handle, Request};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let request = Request::new(&key, &Mailbox::parse("alice@example.com")?, b"user bob", 21 * 86_400);
    /// let batch = request.with_quota(500).remember(Handle::new([7; 10]), 1_795_478_400);
    /// // An alias has two entries.
    /// assert!(matches!(batch[0], Operation::Put { share: Some(share), .. } if share.quota == 1_000));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn with_quota(mut self, quota: u32) -> Self {
        self.quota = quota;
        self
    }

    /// Operation that asks for the handle of the sender, which [`known`](Self::known) reads from the answer.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::alias::Request;
    /// use batv_store::{Operation, Table};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let request = Request::new(&key, &Mailbox::parse("alice@example.com")?, b"user bob", 21 * 86_400);
    /// assert!(matches!(request.question(), Operation::Get { table: Table::Handle, .. }));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn question(&self) -> Operation {
        Operation::Get { table: Table::Handle, key: self.lookup }
    }

    /// Handle in the answer to the [`question`](Self::question); `None` when the sender has none.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::Answer;
    /// use batv_store::alias::{Handle, Request};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let request = Request::new(&key, &Mailbox::parse("alice@example.com")?, b"user bob", 21 * 86_400);
    /// let answer = Answer::Value(Some(b"abcdefghij".to_vec()));
    /// assert_eq!(request.known(&answer), Some(Handle::new(*b"abcdefghij")));
    /// assert_eq!(request.known(&Answer::Value(None)), None);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn known(&self, answer: &Answer) -> Option<Handle> {
        let Answer::Value(Some(value)) = answer else { return None };
        value.as_slice().try_into().ok().map(Handle::new)
    }

    /// Operations that give the sender a handle, from `now` on, in seconds since 1970-01-01 (UTC).
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::Operation;
    /// use batv_store::alias::{Handle, Request};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let (now, lifetime) = (1_795_478_400, 21 * 86_400);
    /// let request = Request::new(&key, &Mailbox::parse("alice@example.com")?, b"user bob", lifetime);
    /// let batch = request.remember(Handle::new([7; 10]), now);
    /// assert!(matches!(batch[0], Operation::Put { expires, .. } if expires == now + lifetime));
    /// assert!(matches!(batch[1], Operation::Put { expires, .. } if expires == now + 2 * lifetime + 86_400));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn remember(&self, handle: Handle, now: u64) -> Vec<Operation> {
        // The entry that leads to the other one is the older of the two, and so never outlives it.
        let share = Some(Share { owner: self.client, quota: self.quota.saturating_mul(2) });
        let ends = |seconds: u64| now.saturating_add(seconds);
        let put = |table, key, value, expires| Operation::Put { table, key, value, expires, share };
        vec![
            put(Table::Handle, self.lookup, handle.octets().to_vec(), ends(self.lifetime)),
            put(
                Table::Alias,
                handle.key(),
                self.sender.clone().into_bytes(),
                ends(self.lifetime.saturating_mul(2).saturating_add(DAY_SECONDS)),
            ),
        ]
    }

    /// Handle that the sender has, or a new one. This is one round trip or two, each of which waits for `wait` at most.
    ///
    /// # Errors
    /// Errors of the store, and [`Error::Failed`] when the system has no random numbers.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// use batv_store::alias::Request;
    /// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Sqlite::open(&directory.path().join("store.sqlite"), DEFAULT_LIMIT)?;
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let request = Request::new(&key, &Mailbox::parse("alice@example.com")?, b"user bob", 21 * 86_400);
    /// let (now, wait) = (1_795_478_400, Duration::from_secs(10));
    /// assert_eq!(request.handle(&store, now, wait)?, request.handle(&store, now, wait)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handle(&self, store: &(impl Store + ?Sized), now: u64, wait: Duration) -> Result<Handle, Error> {
        let answers = store.run(vec![self.question()], now, wait)?;
        if let Some(handle) = answers.first().and_then(|answer| self.known(answer)) {
            return Ok(handle);
        }
        let handle = Handle::random()?;
        store.run(self.remember(handle, now), now, wait)?;
        Ok(handle)
    }
}

impl core::fmt::Debug for Request {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request").field("lookup", &self.lookup).field("client", &self.client).finish_non_exhaustive()
    }
}

/// Operation that asks for the sender of a handle, which [`resolved`] reads from the answer. Verify the tag on it
/// first.
///
/// ```
/// use batv_store::alias::{self, Handle};
/// use batv_store::{Operation, Table};
///
/// assert!(matches!(alias::resolve(Handle::new([7; 10])), Operation::Get { table: Table::Alias, .. }));
/// ```
#[must_use]
pub const fn resolve(handle: Handle) -> Operation {
    Operation::Get { table: Table::Alias, key: handle.key() }
}

/// Sender in the answer to [`resolve`]; `None` when there is none, or the value is no mailbox.
///
/// ```
/// # use batv_store::{Answer, alias};
/// assert_eq!(alias::resolved(&Answer::Value(Some(b"alice@example.com".to_vec()))), Some("alice@example.com"));
/// assert_eq!(alias::resolved(&Answer::Value(Some(b"alice".to_vec()))), None);
/// ```
#[must_use]
pub fn resolved(answer: &Answer) -> Option<&str> {
    let Answer::Value(Some(value)) = answer else { return None };
    str::from_utf8(value).ok().filter(|text| Mailbox::parse(text).is_ok())
}
