#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod config;
pub mod door;
pub mod filter;
pub mod line;
pub mod lookup;
pub mod milter;
pub mod policy;
pub mod server;
pub mod settings;
pub mod setup;
pub mod socketmap;
pub mod transaction;
