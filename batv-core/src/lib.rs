#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

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
mod mac;
mod mailbox;
pub mod mark;
mod names;
mod pattern;
pub mod srs;
pub mod tag;

pub use day::{Day, Lifetime};
pub use error::{Error, Syntax};
pub use key::{Algorithm, Key, KeyId, KeyRing, KeyState, KeyUse};
pub use mailbox::{DOMAIN_LIMIT, Domain, LOCAL_PART_LIMIT, LocalPart, Mailbox, PATH_LIMIT, Path};
pub use names::UnknownName;
pub use pattern::Pattern;
pub use tag::TagVerdict;
