//! What a site decides.

extern crate alloc;

mod address;
mod decisions;
mod many_recipients;
mod may_bounce;
mod replies;
mod senders;
