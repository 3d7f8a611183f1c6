#![doc = include_str!("../README.md")]

extern crate alloc;

mod counted;
mod domains;
mod event;
mod field;
mod figures;
mod format;
pub mod health;
pub mod html;
pub mod json;
mod line;
mod pending;
mod persist;
mod reader;
mod recent;
mod redact;
mod report;
mod samples;
mod senders;
mod tally;
pub mod text;
mod timeline;
mod timestamp;

pub use event::{Decision, Departure, Event, Outcome, Told};
pub use field::Word;
pub use figures::{Lines, Page};
pub use persist::Unreadable;
pub use reader::Reader;
pub use recent::Recent;
pub use redact::{Plain, Shown};
pub use report::Report;
pub use tally::{Column, Tally};
