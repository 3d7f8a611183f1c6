//! What a site decides.

extern crate alloc;

mod address;
mod decisions;
mod may_bounce;
mod replies;
mod senders;
