#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod client;
pub mod config;
pub mod content;
mod decision;
pub mod files;
pub mod filter;
pub mod http;
pub mod line;
mod listening;
pub mod log;
pub mod lookup;
pub mod memory;
mod message;
pub mod metrics;
pub mod milter;
pub mod page;
pub mod policy;
pub mod protocol;
pub mod sandbox;
pub mod server;
pub mod settings;
pub mod setup;
mod signing;
pub mod socketmap;
pub mod transaction;
