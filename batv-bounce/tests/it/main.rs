//! What whole messages are read as, and what is ruled on them.

extern crate alloc;

mod bounds;
mod classify;
mod crafted;
mod dkim;
mod messages;
mod origin;
mod reading;
#[path = "../shapes/mod.rs"]
mod shapes;
