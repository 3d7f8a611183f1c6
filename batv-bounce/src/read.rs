//! Messages from octets: header fields, MIME parts, mailboxes and domains in them.

mod boundaries;
pub(crate) mod domain;
pub mod header;
mod html;
pub(crate) mod mailboxes;
pub(crate) mod message;
