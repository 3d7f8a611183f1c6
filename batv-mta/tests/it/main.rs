//! The daemon `batvd` and its manual; `servers` has it beside real mail servers.

extern crate alloc;

#[path = "../servers/case.rs"]
mod case;
mod decisions;
mod descriptors;
mod faults;
mod files;
mod filters;
mod listeners;
mod local_domain;
mod long_messages;
mod manual;
mod manual_pages;
mod memory;
mod milter;
mod oracle;
mod page;
mod processes;
mod setup;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod threads;
mod unit;
