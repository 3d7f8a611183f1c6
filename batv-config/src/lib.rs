#![doc = include_str!("../README.md")]

mod change;
mod check;
pub mod clock;
mod draft;
mod entry;
mod error;
pub mod exchange;
mod file;
pub mod foreign;
mod keyring;
mod life;
pub mod place;
mod read;
mod scope;
mod secret;

pub use change::{Force, NewKey, Rotation};
pub use entry::{Entry, Use};
pub use error::{Error, Fault};
pub use file::{KeyringFile, Permissions, read_secret};
pub use keyring::Keyring;
pub use scope::Scope;
