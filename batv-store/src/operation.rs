//! What a store is asked to do, and what it answers.

use alloc::vec::Vec;

use batv_core::fingerprint::Fingerprint;

/// Operations that one batch may have: each holds up those of others.
///
/// ```
/// # use batv_store::BATCH_LIMIT;
/// assert_eq!(BATCH_LIMIT, 4_096);
/// ```
pub const BATCH_LIMIT: usize = 4_096;

/// Octets that a value may have: the longest path has 254 (RFC 5321 §4.5.3.1.3), and that of RFC 6531 is not much longer.
///
/// ```
/// # use batv_store::VALUE_LIMIT;
/// assert_eq!(VALUE_LIMIT, 1_024);
/// ```
pub const VALUE_LIMIT: usize = 1_024;

/// What an entry is about; keys of two tables are never the same entry. Where there is no room, entries of the first are
/// the first to go.
///
/// ```
/// # use batv_store::Table;
/// assert!(Table::Sent < Table::Alias);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a back end has to keep them all")]
pub enum Table {
    /// What was sent: [`sent`](crate::sent).
    Sent,
    /// The handle that a sender has: [`alias`](crate::alias).
    Handle,
    /// The sender that a handle stands for.
    Alias,
}

/// Whose an entry is, and how many such entries the owner may have.
///
/// ```
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::Share;
///
/// let share = Share { owner: Fingerprint::new([1; 16]), quota: 10_000 };
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a back end has to heed both")]
pub struct Share {
    /// Who.
    pub owner: Fingerprint,
    /// Entries that may be alive at a time. The oldest go when there are more, at most 1,000 of them with each new one; a
    /// back end may wait with that until there are a 64th more.
    pub quota: u32,
}

/// What a store is asked to do. An entry that has expired is as if it weren't there; seconds count from 1970-01-01 (UTC).
///
/// ```
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::{Operation, Table};
///
/// let key = Fingerprint::new([1; 16]);
/// let put = Operation::Put { table: Table::Sent, key, value: vec![1], expires: 1_795_564_800, share: None };
/// let get = Operation::Get { table: Table::Sent, key };
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a back end has to do them all")]
pub enum Operation {
    /// Remembers a value in the place of the one before, if any; forgets it when it has expired already. Answers
    /// [`Answer::Done`].
    Put {
        /// The table.
        table: Table,
        /// The entry.
        key: Fingerprint,
        /// Up to [`VALUE_LIMIT`] octets.
        value: Vec<u8>,
        /// The first second at which it isn't there any more.
        expires: u64,
        /// Whose it is, if its number is limited. It is the newest one of that owner then.
        share: Option<Share>,
    },
    /// Answers the value: [`Answer::Value`].
    Get {
        /// The table.
        table: Table,
        /// The entry.
        key: Fingerprint,
    },
    /// Adds to a counter, and answers what it comes to: [`Answer::Total`]. Counters are a table of their own. By 0 it
    /// only reads.
    Count {
        /// The counter.
        key: Fingerprint,
        /// What to add. A total that would be too large stays at the largest.
        by: u32,
        /// The first second at which it isn't there any more. This counts when the counter begins, and not again.
        expires: u64,
    },
}

/// The answer to an operation.
///
/// ```
/// # use batv_store::Answer;
/// let unknown = Answer::Value(None);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "one for each operation")]
pub enum Answer {
    /// It was put.
    Done {
        /// Others of its owner that have gone for it, as there were more than its quota.
        dropped: u32,
    },
    /// The value, if the entry is there.
    Value(Option<Vec<u8>>),
    /// What the counter has come to.
    Total(u32),
}
