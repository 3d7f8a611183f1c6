//! Tags of our own senders: the prvs form of draft-levine-smtp-batv-01 §4, its sub-address form, and a strong form.

pub(crate) mod form;
mod mac;
#[cfg(feature = "serde")]
mod serde;
mod sign;
mod value;
mod verify;

pub use form::{Delimiter, Form};
pub use sign::{Signing, Tagged, Unchanged, sign};
pub(crate) use sign::{is_signed, signing_key};
pub(crate) use verify::live_keys;
pub use verify::{TagVerdict, Verification, spellings, verify};
