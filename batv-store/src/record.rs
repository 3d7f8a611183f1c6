//! Record of a client: whether it has brought bounces to good tags, as mail servers do and guessers don't.
//!
//! A bounce earns it whose tag nobody else has brought before, so that a tag that got around makes one client known, and
//! not all who have seen it. It is kept for 30 days after the last one, 60 at most.
//!
//! ```
//! use std::time::Duration;
//!
//! use batv_core::{Algorithm, Key, KeyId, KeyUse};
//! use batv_store::memory::Memory;
//! use batv_store::counter::CountingKeys;
//! use batv_store::{Store, record::Record};
//!
//! let key = Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
//! let (store, now, wait) = (Memory::default(), 1_795_478_400, Duration::ZERO);
//! let record = Record::of(&CountingKeys::from(&key), "192.0.2.7".parse()?, now);
//! assert!(!record.is_good(&store.run(record.look(), now, wait)?));
//! store.run(record.earn(), now, wait)?;
//! assert!(record.is_good(&store.run(record.look(), now, wait)?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::counter::{CountingKeys, Failures, Subject};
use crate::operation::{Answer, Operation};

/// A record counts in the window of the last bounce, and in the next.
const WINDOW_SECONDS: u64 = 30 * 24 * 3600;

/// Record of one client: an IPv4 address, or an IPv6 network of 64 bits.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyUse};
/// use batv_store::counter::CountingKeys;
/// use batv_store::record::Record;
///
/// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
/// let of = |client: &str| client.parse().map(|client| Record::of(&CountingKeys::from(&key), client, 0).look());
/// assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
/// assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Record(Failures);

impl Record {
    /// Record of a client. `keys` must be the same on all hosts; `now` is in seconds since 1970-01-01 (UTC).
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// # use batv_store::counter::CountingKeys;
    /// # use batv_store::record::Record;
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// assert_eq!(Record::of(&CountingKeys::from(&key), [192, 0, 2, 7].into(), 1_795_478_400).look().len(), 2);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn of(keys: &CountingKeys<'_>, client: IpAddr, now: u64) -> Self {
        Self(Failures::of(keys, &Subject::known(client), WINDOW_SECONDS, now))
    }

    /// Operations that ask for the record.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// # use batv_store::counter::CountingKeys;
    /// # use batv_store::record::Record;
    /// # use batv_store::Operation;
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let batch = Record::of(&CountingKeys::from(&key), [192, 0, 2, 7].into(), 1_795_478_400).look();
    /// assert!(batch.iter().all(|operation| matches!(operation, Operation::Count { by: 0, .. })));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn look(&self) -> Vec<Operation> {
        self.0.look()
    }

    /// Operations that give a good record to a client which brought a bounce to a good tag, the first to that tag.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// # use batv_store::counter::CountingKeys;
    /// # use batv_store::record::Record;
    /// # use batv_store::Operation;
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let batch = Record::of(&CountingKeys::from(&key), [192, 0, 2, 7].into(), 1_795_478_400).earn();
    /// assert!(matches!(batch[..], [Operation::Count { by: 1, .. }, Operation::Count { by: 0, .. }]));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn earn(&self) -> Vec<Operation> {
        self.0.add(1)
    }

    /// Whether the record is good, by the answers to [`look`](Self::look).
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// # use batv_store::counter::CountingKeys;
    /// # use batv_store::record::Record;
    /// # use batv_store::Answer;
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?;
    /// let record = Record::of(&CountingKeys::from(&key), [192, 0, 2, 7].into(), 1_795_478_400);
    /// // The bounce came in this window, or in the one before.
    /// assert!(record.is_good(&[1, 0].map(Answer::Total)) && record.is_good(&[0, 1].map(Answer::Total)));
    /// assert!(!record.is_good(&[0, 0].map(Answer::Total)));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_good(&self, answers: &[Answer]) -> bool {
        answers.iter().take(self.len()).any(|answer| matches!(answer, Answer::Total(1..)))
    }

    /// Number of the operations of [`look`](Self::look).
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}
