//! What the tests share: the vector files, generators of addresses, and the programs that they compare with.

extern crate alloc;

pub mod browser;
pub mod fixed;
pub mod folder;
pub mod generate;
pub mod guesses;
pub mod host;
pub mod interop;
pub mod invariants;
pub mod messages;
pub mod milter;
pub mod peer;
pub mod redis;
mod reference;
pub mod site;
pub mod smtp;
pub mod vectors;

/// The examples of the manual's page for Rust.
#[cfg(doctest)]
#[doc = include_str!("../../docs/src/rust.md")]
struct Manual;
