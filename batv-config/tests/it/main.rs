//! Keyring files and configurations, as other crates use them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod export;
#[cfg(unix)]
mod file;
mod import;
mod rotation;
#[cfg(feature = "site")]
mod site;
mod text;
