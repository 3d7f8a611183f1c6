//! The crates together, and beside other programs.

extern crate alloc;

mod allocations;
mod decisions;
mod guesses;
mod interop_exim;
mod interop_mail_srs;
mod interop_migration;
mod interop_postsrsd;
mod interop_pysrs;
mod messages;
