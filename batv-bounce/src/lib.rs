#![doc = include_str!("../README.md")]

extern crate alloc;

mod arc;
pub mod authentication_results;
pub mod auto_reply;
mod class;
mod classify;
mod clues;
pub mod dkim;
mod evidence;
pub mod header;
mod mailboxes;
pub mod may_bounce;
mod message;
mod names;
pub mod notify;
mod origin;
mod original;
mod reading;
mod report;
mod sender;
mod sent_query;
pub mod trusted_results;
mod wording;

pub use class::Class;
pub use evidence::{Evidence, Place};
pub use message::Limits;
pub use origin::{Investigation, Origin, OwnMail, Proof, Provenance, origin};
pub use original::{Form, Original};
pub use reading::{Reading, read};
pub use report::{Action, RecipientReport, Report};
pub use sender::is_daemon;
pub use sent_query::SentQuery;
