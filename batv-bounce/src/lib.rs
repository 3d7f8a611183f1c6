#![doc = include_str!("../README.md")]
#![warn(clippy::must_use_candidate)]

extern crate alloc;

mod classify;
mod evidence;
mod origin;
mod read;
mod reading;
mod record;
pub mod trusted_results;

pub use classify::auto_reply;
pub use classify::{Class, is_daemon};
pub use evidence::{Evidence, Place};
pub use origin::{
    Identity, Investigation, Origin, OwnMail, Proof, Provenance, ReturnedTag, SentQuery, author, dkim, origin,
};
pub use read::header;
pub use read::message::Limits;
pub use reading::{Reading, read};
pub use record::{Action, Extent, Original, RecipientReport, Report};
