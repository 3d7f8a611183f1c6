//! What a site decides.

extern crate alloc;

mod address;
mod decisions;
mod rows;
