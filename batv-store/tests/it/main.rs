//! The stores as they are used: on files, and on servers that the tests start.
#![expect(clippy::unwrap_used, reason = "a test ends there")]

extern crate alloc;

mod alias;
mod counter;
mod guarded;
mod hostile;
mod model;
mod place;
mod property;
mod redis;
mod semantics;
mod sent;
mod server;
mod size;
mod sqlite;
