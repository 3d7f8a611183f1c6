//! Messages from octets: header fields, MIME parts, mailboxes and domains in them.

pub(crate) mod domain;
pub mod header;
pub(crate) mod mailboxes;
pub(crate) mod message;
