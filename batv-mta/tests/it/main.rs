//! The daemon `batvd` and its manual; `servers` has it beside real mail servers.

extern crate alloc;

#[path = "../servers/case.rs"]
mod case;
mod decisions;
mod faults;
mod filters;
mod listeners;
mod manual;
mod manual_pages;
mod memory;
mod milter;
mod oracle;
mod page;
mod processes;
mod setup;
#[path = "../support/mod.rs"]
mod support;
mod unit;
