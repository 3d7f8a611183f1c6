//! The report: its page, its bounds, and the log that it reads.

extern crate alloc;

mod memory;
mod page;
mod tracing;
