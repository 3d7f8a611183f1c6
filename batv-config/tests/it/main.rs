//! Keyring files and configurations, as other crates use them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod exchange;
#[cfg(unix)]
mod file;
mod foreign;
mod rotation;
mod text;
