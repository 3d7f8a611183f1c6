#![doc = include_str!("../README.md")]
#![no_std]
#![warn(clippy::must_use_candidate)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod address;
mod base32;
mod day;
pub mod dialect;
pub mod envelope;
mod error;
pub mod fingerprint;
mod key;
/// What a tag does not stop, and what to do about it.
///
#[doc = include_str!("../docs/limits.md")]
pub mod limits {}
pub mod mark;
mod names;
#[cfg(feature = "serde")]
mod serde_text;
pub mod srs;
pub mod tag;

#[cfg(feature = "alloc")]
pub use address::MailboxBuf;
pub use address::{DOMAIN_LIMIT, Domain, LOCAL_PART_LIMIT, LocalPart, Mailbox, PATH_LIMIT, Path, Pattern};
pub use day::{Day, Lifetime};
pub use error::{Error, Syntax};
#[cfg(feature = "alloc")]
pub use key::KeySet;
pub use key::{Algorithm, Key, KeyId, KeyRing, KeyState, KeyUse, Keys};
pub use names::UnknownName;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub use serde_core;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub use serde_text::deserialize as deserialize_text;
pub use tag::TagVerdict;
