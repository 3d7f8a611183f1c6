#![doc = include_str!("../README.md")]

extern crate alloc;

mod conflict;
pub mod date;
mod edit;
mod entry;
mod error;
mod expiry;
pub mod export;
mod fault;
mod file;
pub mod import;
mod keyring;
mod keyring_file;
mod line_ending;
mod nearest;
mod parse;
pub mod paths;
mod position;
mod replace;
mod rotation;
mod scope;
mod secret;
#[cfg(feature = "site")]
pub mod site;

pub use entry::{Entry, Handle, Use};
pub use error::Error;
pub use fault::Fault;
pub use file::{Permissions, read_file, read_secret, read_secret_file};
pub use keyring::Keyring;
pub use keyring_file::KeyringFile;
pub use line_ending::without_line_ending;
pub use position::Position;
pub use replace::{Access, replace_file};
pub use rotation::{Force, NewKey, Rotation};
pub use scope::{Scope, ScopeError};
pub use secret::Secret;
