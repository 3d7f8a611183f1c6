//! What the tests share: the vector files, generators of addresses, and the programs that they compare with.

extern crate alloc;

pub mod fixed;
pub mod generate;
pub mod host;
pub mod interop;
pub mod invariants;
pub mod messages;
pub mod milter;
pub mod peer;
mod reference;
pub mod site;
pub mod smtp;
pub mod vectors;
