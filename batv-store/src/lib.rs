#![doc = include_str!("../README.md")]

extern crate alloc;

mod error;
mod operation;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod store;

pub use error::Error;
pub use operation::{Answer, BATCH_LIMIT, Operation, Share, Table, VALUE_LIMIT};
pub use store::{Answers, Store};
