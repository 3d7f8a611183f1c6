//! The C library, from C, Python, Exim, and Rust.

extern crate alloc;

mod c;
mod decisions;
mod exim;
mod handles;
mod header;
mod install;
mod messages;
mod properties;
mod python;
mod readme;
mod site;
mod support;
mod table;
