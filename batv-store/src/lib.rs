#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod alias;
#[cfg(any(feature = "redis", feature = "sqlite"))]
mod bounds;
pub mod clock;
pub mod counter;
mod error;
mod guarded;
pub mod guesses;
mod operation;
#[cfg(feature = "redis")]
pub mod redis;
pub mod sent;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod store;
mod text;
#[cfg(any(feature = "redis", feature = "sqlite"))]
mod worker;

pub use error::Error;
pub use guarded::{Guarded, Health, Patience};
pub use operation::{Answer, BATCH_LIMIT, Operation, Share, Table, VALUE_LIMIT};
pub use store::Store;
