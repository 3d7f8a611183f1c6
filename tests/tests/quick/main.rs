//! The core by its vectors and by random input: what `scripts/test --quick` has time for. It is a target of its own, so that
//! nothing else is built for it.

extern crate alloc;

mod key_set;
mod properties;
mod vectors;
