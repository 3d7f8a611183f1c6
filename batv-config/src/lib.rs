#![doc = include_str!("../README.md")]

extern crate alloc;

mod change;
pub mod clock;
mod entry;
mod error;
pub mod exchange;
mod file;
mod keyring;
pub mod place;
mod scope;

pub use change::{Force, NewKey, Rotation};
pub use entry::{Entry, Use};
pub use error::{Error, Fault};
pub use file::{KeyringFile, Permissions, read_secret};
pub use keyring::Keyring;
pub use scope::Scope;
