#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod config;
mod decision;
pub mod door;
pub mod filter;
pub mod http;
pub mod line;
pub mod log;
pub mod lookup;
pub mod metrics;
pub mod milter;
pub mod policy;
pub mod server;
pub mod settings;
pub mod setup;
mod signing;
pub mod socketmap;
pub mod transaction;
