#![doc = include_str!("../README.md")]
#![allow(non_camel_case_types, reason = "the names are those of batv.h")]

extern crate alloc;

mod boundary;
mod check;
mod code;
mod failure;
#[cfg(feature = "messages")]
mod judge;
mod keyring;
mod mark;
#[cfg(feature = "messages")]
mod may_bounce;
#[cfg(feature = "messages")]
mod message;
mod settings;
mod srs;
mod tag;
mod text;
mod version;

// All that is public in there is the interface.
pub use boundary::*;
pub use check::*;
pub use code::*;
#[cfg(feature = "messages")]
pub use judge::*;
pub use keyring::*;
pub use mark::*;
#[cfg(feature = "messages")]
pub use may_bounce::*;
#[cfg(feature = "messages")]
pub use message::*;
pub use settings::*;
pub use srs::*;
pub use tag::*;
pub use text::*;
pub use version::*;
