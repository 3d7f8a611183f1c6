//! The Sender Rewriting Scheme: senders of mail that we forward, as Mail::SRS, libsrs2, pysrs and postsrsd write them.
//!
//! The published hash runs its fields together, so the boundary between domain and local part is not authenticated:
//! who has one address can move a letter from the one to the other. So reverse only for the null reverse-path, and
//! where all hosts are ours, prefer a key with `hmac-sha256`: its hash is longer, and separates the fields.

mod domains;
mod fields;
mod forward;
mod hash;
mod reverse;
mod scheme;
#[cfg(feature = "serde")]
mod serde;

pub use domains::Domains;
pub use forward::{Forwarding, Rewritten};
pub use reverse::{Covered, Reversal, SrsVerdict};
pub use scheme::{DEFAULT_MAX_AGE, HASH_MAXIMUM, HASH_MINIMUM, SEPARATED_HASH_LENGTH, Separator, Srs};
