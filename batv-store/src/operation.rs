//! Operations of a store, and their answers.

use alloc::vec::Vec;

use batv_core::fingerprint::Fingerprint;

/// Largest number of operations in a batch: each delays the batches of others.
///
/// ```
/// # use batv_store::BATCH_LIMIT;
/// assert_eq!(BATCH_LIMIT, 4_096);
/// ```
pub const BATCH_LIMIT: usize = 4_096;

/// Largest size of a value in octets: the longest path has 254 (RFC 5321 §4.5.3.1.3), and that of RFC 6531 is not much
/// longer.
///
/// ```
/// # use batv_store::VALUE_LIMIT;
/// assert_eq!(VALUE_LIMIT, 1_024);
/// ```
pub const VALUE_LIMIT: usize = 1_024;

/// Table of an entry; keys of two tables never name the same entry. Where there is no room, entries of the first table
/// are dropped first.
///
/// ```
/// # use batv_store::Table;
/// assert!(Table::Sent < Table::Alias);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a back end has to keep them all")]
pub enum Table {
    /// Sent messages: [`sent`](crate::sent).
    Sent,
    /// Handles by their senders: [`alias`](crate::alias).
    Handle,
    /// Senders by their handles: [`alias`](crate::alias).
    Alias,
}

/// Owner of an entry, and the number of entries that the owner may have.
///
/// ```
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::Share;
///
/// let share = Share { owner: Fingerprint::new([1; 16]), quota: 10_000 };
/// assert_eq!(share.quota, 10_000);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a back end has to heed both")]
pub struct Share {
    /// Owner.
    pub owner: Fingerprint,
    /// Number of entries at a time. The oldest are dropped when there are more, at most 1,000 of them with each new
    /// one; a back end may let an owner exceed the quota by a 64th.
    pub quota: u32,
}

/// Operation of a store. An expired entry counts as missing; times are in seconds since 1970-01-01 (UTC).
///
/// ```
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::{Operation, Table};
///
/// let key = Fingerprint::new([1; 16]);
/// let put = Operation::Put { table: Table::Sent, key, value: vec![1], expires: 1_795_564_800, share: None };
/// let get = Operation::Get { table: Table::Sent, key };
/// assert_ne!(put, get);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a back end has to do them all")]
pub enum Operation {
    /// Stores a value in place of an earlier one; removes the entry if the value has expired already. Its answer is
    /// [`Answer::Done`].
    Put {
        /// Table.
        table: Table,
        /// Name of the entry.
        key: Fingerprint,
        /// Value, of up to [`VALUE_LIMIT`] octets.
        value: Vec<u8>,
        /// Time at which the entry expires.
        expires: u64,
        /// Owner and quota, if the number of entries is limited. The entry becomes the owner's newest.
        share: Option<Share>,
    },
    /// Reads a value. Its answer is [`Answer::Value`].
    Get {
        /// Table.
        table: Table,
        /// Name of the entry.
        key: Fingerprint,
    },
    /// Adds to a counter. Its answer is [`Answer::Total`]. Counters are a table of their own.
    Count {
        /// Name of the counter.
        key: Fingerprint,
        /// Number to add, with saturation; 0 only reads.
        by: u32,
        /// Time at which a new counter expires. A counter that exists keeps its own.
        expires: u64,
    },
}

/// Answer to an operation.
///
/// ```
/// # use batv_store::Answer;
/// assert_ne!(Answer::Value(None), Answer::Value(Some(Vec::new())));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "one for each operation")]
pub enum Answer {
    /// Answer to [`Operation::Put`].
    Done {
        /// Number of other entries of its owner that were dropped because of the quota.
        dropped: u32,
    },
    /// Value, if the entry exists.
    Value(Option<Vec<u8>>),
    /// Total of the counter.
    Total(u32),
}
