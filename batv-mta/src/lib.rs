//! **No API is promised**: this library is the inside of `batvd`, public only for its tests.
//!
#![doc = include_str!("../README.md")]

extern crate alloc;

mod client;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod exposure;
#[doc(hidden)]
pub mod files;
mod held;
#[doc(hidden)]
pub mod listen;
#[doc(hidden)]
pub mod log;
mod message_buffer;
#[doc(hidden)]
pub mod metrics;
#[doc(hidden)]
pub mod process;
#[doc(hidden)]
pub mod protocol;
#[doc(hidden)]
pub mod settings;
#[doc(hidden)]
pub mod setup;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod threads;
mod transaction;
