//! The command `batv`, run as it would be.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cmd;
mod decisions;
mod examples;
mod oracle;
#[cfg(unix)]
mod process;
mod vectors;
