//! Keys: what they are for, what they may do, how they make MACs, and where they are found.

mod algorithm;
mod id;
#[cfg(feature = "alloc")]
mod index;
mod mac;
mod material;
mod purpose;
mod ring;
#[cfg(feature = "serde")]
mod serde;
mod served;
#[cfg(feature = "alloc")]
mod set;
mod state;

pub use algorithm::Algorithm;
pub use id::KeyId;
pub(crate) use mac::{Hash, Message, Sha256Mac, digest_sha256};
pub use material::Key;
pub use purpose::KeyUse;
pub use ring::{KeyRing, Keys};
#[cfg(feature = "alloc")]
pub use set::KeySet;
pub use state::KeyState;
