#![doc = include_str!("../README.md")]

extern crate alloc;
