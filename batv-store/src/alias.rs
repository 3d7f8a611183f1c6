//! Aliases: short handles for senders that are too long to be tagged.
//!
//! A tag makes a local part 16 octets longer, SRS makes it longer by the whole domain, and 64 octets is all that there
//! may be (RFC 5321 §4.5.3.1.1). Where that doesn't fit, the store remembers the sender under a random handle of 80 bits,
//! and the handle is tagged or rewritten in its place:
//!
//! ```text
//! prvs=3788433eb7=alias=mfrggzdfmztwq2lk@example.com
//! SRS0=Xu1M=2W=alias=mfrggzdfmztwq2lk@forwarder.example.net
//! ```
//!
//! The tag authenticates the handle, so nobody can try handles. What a handle stands for is stored as it is, for it must be
//! read again: of all that a store holds, aliases alone show addresses, of senders with long names, for some days. A key that
//! all hosts have would not keep them from who reads the store *and* a keyring, and who reads the store alone should be kept
//! out by its permissions.
//!
//! ```
//! use batv_core::tag::{self, Form};
//! use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
//! use batv_store::alias::{self, Request};
//! use batv_store::{Store, sqlite};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let directory = tempfile::tempdir()?;
//! # let store = sqlite::Sqlite::open(&directory.path().join("store.sqlite"), sqlite::DEFAULT_LIMIT)?;
//! let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
//! let (now, today) = (1_795_478_400, Day::new(20_781)?);
//! let long = format!("{}@example.com", "newsletter-".repeat(5));
//! let sender = Mailbox::parse(&long)?;
//! assert!(tag::sign(&keys, &sender, Form::Prvs, None, today).is_err());
//!
//! // It gets a handle, and the same one the next time.
//! let request = Request::new(&keys[0], &sender, b"192.0.2.7", 7 * 86_400);
//! let handle = request.handle(&store, now).await?;
//! assert_eq!(request.handle(&store, now + 86_400).await?, handle);
//!
//! let short = handle.mailbox("example.com");
//! let tagged = tag::sign(&keys, &Mailbox::parse(&short)?, Form::Prvs, None, today)?.to_string();
//!
//! // A bounce brings it back.
//! let bounce = tag::verify(&keys, &Mailbox::parse(&tagged)?, today);
//! let handle = alias::Handle::of(&bounce.mailbox).expect("it is one");
//! let answers = store.run(vec![alias::resolve(handle)], now).await?;
//! assert_eq!(alias::resolved(&answers[0]), Some(long.as_str()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod handle;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use batv_core::fingerprint::Fingerprint;
use batv_core::{Key, Mailbox};

use crate::error::Error;
use crate::operation::{Answer, Operation, Share, Table};
use crate::store::Store;
pub use handle::{Handle, SRS_DOMAIN};

/// Aliases that a client may have at a time, when not told otherwise.
///
/// ```
/// # use batv_store::alias::DEFAULT_QUOTA;
/// assert_eq!(DEFAULT_QUOTA, 10_000);
/// ```
pub const DEFAULT_QUOTA: u32 = 10_000;

const DAY_SECONDS: u64 = 86_400;
const SENDER: &str = "alias sender";
const CLIENT: &str = "alias client";

/// A sender that needs a handle.
#[derive(Clone)]
pub struct Request {
    lookup: Fingerprint,
    client: Fingerprint,
    sender: String,
    lifetime: u64,
    quota: u32,
}

impl Request {
    /// For a sender without tag, on behalf of a client: whatever tells one who may send from another, such as the name he
    /// logged in with, or his network. `lifetime` is how long a bounce to the tag is taken, in seconds; `key` that which
    /// signs for the sender or rewrites it, by which both are found without being kept in clear.
    ///
    /// A handle lives twice as long and a day, and is given to the same sender of the same client again for the first half of
    /// that: so it outlives each tag on it, which lives until the end of its last day, and a mailing needs one. Clients share no handles: otherwise one whose quota is
    /// used up could have those of another forgotten.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    /// # use batv_store::alias::Request;
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let request = Request::new(&key, &Mailbox::parse("alice@example.com")?, b"user bob", 21 * 86_400);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn new(key: &Key, sender: &Mailbox<'_>, client: &[u8], lifetime: u64) -> Self {
        // The local part of a sender is his own to read: another case may be another mailbox.
        let sender = sender.to_string();
        Self {
            lookup: Fingerprint::of(key, SENDER, &[sender.as_bytes(), client]),
            client: Fingerprint::of(key, CLIENT, &[client]),
            sender,
            lifetime,
            quota: DEFAULT_QUOTA,
        }
    }

    /// The same, where the client may have so many. Beyond that, his oldest are forgotten.
    ///
    /// ```
    /// # use batv_store::alias::Request;
    /// fn newsletter(request: Request) -> Request {
    ///     request.with_quota(100_000)
    /// }
    /// ```
    #[must_use]
    pub const fn with_quota(mut self, quota: u32) -> Self {
        self.quota = quota;
        self
    }

    /// Asks whether the sender has a handle.
    ///
    /// ```
    /// # use batv_store::{Operation, alias::Request};
    /// fn ask(request: &Request) -> Vec<Operation> {
    ///     vec![request.question()]
    /// }
    /// ```
    pub const fn question(&self) -> Operation {
        Operation::Get { table: Table::Handle, key: self.lookup }
    }

    /// The handle that the answer to the question brings.
    ///
    /// ```
    /// # use batv_store::{Answer, alias::Handle, alias::Request};
    /// fn known(request: &Request, answers: &[Answer]) -> Option<Handle> {
    ///     request.known(answers.first()?)
    /// }
    /// ```
    pub fn known(&self, answer: &Answer) -> Option<Handle> {
        let Answer::Value(Some(value)) = answer else { return None };
        value.as_slice().try_into().ok().map(Handle::new)
    }

    /// Gives the sender this handle, from `now` on.
    ///
    /// ```
    /// # use batv_store::{Operation, alias::Handle, alias::Request};
    /// fn give(request: &Request, now: u64) -> Result<Vec<Operation>, batv_store::Error> {
    ///     Ok(request.remember(Handle::random()?, now))
    /// }
    /// ```
    pub fn remember(&self, handle: Handle, now: u64) -> Vec<Operation> {
        // Two entries each, of which the one that leads to the other is older, and so never outlives it.
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

    /// The handle of the sender: the one that it has, or a new one. This is one round trip or two.
    ///
    /// # Errors
    /// Those of the store, and [`Error::Failed`] when the system has no random numbers.
    ///
    /// ```
    /// # use batv_store::{Error, Store, alias::Request};
    /// async fn local_part(request: &Request, store: &dyn Store, now: u64) -> Result<String, Error> {
    ///     Ok(format!("alias={}", request.handle(store, now).await?))
    /// }
    /// ```
    pub async fn handle(&self, store: &(impl Store + ?Sized), now: u64) -> Result<Handle, Error> {
        let answers = store.run(vec![self.question()], now).await?;
        if let Some(handle) = answers.first().and_then(|answer| self.known(answer)) {
            return Ok(handle);
        }
        let handle = Handle::random()?;
        store.run(self.remember(handle, now), now).await?;
        Ok(handle)
    }
}

impl core::fmt::Debug for Request {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request").field("lookup", &self.lookup).field("client", &self.client).finish_non_exhaustive()
    }
}

/// Asks what a handle stands for. Verify the tag on it first.
///
/// ```
/// # use batv_store::alias::{self, Handle};
/// let batch = vec![alias::resolve(Handle::new([7; 10]))];
/// ```
pub const fn resolve(handle: Handle) -> Operation {
    Operation::Get { table: Table::Alias, key: handle.key() }
}

/// The sender that the answer brings. A value that is no mailbox is as if it weren't there.
///
/// ```
/// # use batv_store::{Answer, alias};
/// assert_eq!(alias::resolved(&Answer::Value(Some(b"alice@example.com".to_vec()))), Some("alice@example.com"));
/// assert_eq!(alias::resolved(&Answer::Value(Some(b"alice".to_vec()))), None);
/// ```
pub fn resolved(answer: &Answer) -> Option<&str> {
    let Answer::Value(Some(value)) = answer else { return None };
    str::from_utf8(value).ok().filter(|text| Mailbox::parse(text).is_ok())
}
