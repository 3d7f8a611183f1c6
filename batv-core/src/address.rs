//! Addresses of RFC 5321 §4.1.2 and RFC 6531 §3.3.
//!
//! Over-long local parts are read, since RFC 5321 §4.5.3.1 asks receivers to avoid limits and a bounce to such an address
//! is still a bounce. They are not sent: see [`Mailbox::check_length`].

mod class;
mod domain;
mod local_part;
mod mailbox;
#[cfg(feature = "alloc")]
mod owned;
mod parse;
mod path;
mod pattern;
#[cfg(feature = "serde")]
mod serde;

pub use domain::{DOMAIN_LIMIT, Domain};
pub use local_part::{LOCAL_PART_LIMIT, LocalPart};
pub(crate) use local_part::{check_local_part_length, is_dot_string};
pub use mailbox::Mailbox;
#[cfg(feature = "alloc")]
pub use owned::MailboxBuf;
pub use path::{PATH_LIMIT, Path};
pub(crate) use pattern::Fit;
pub use pattern::Pattern;
