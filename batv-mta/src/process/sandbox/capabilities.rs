//! Capabilities (capabilities(7)): the rights of root, each by itself.

use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
};

use super::state::State;

/// Gives all of them up. A process of root's is then one that owns root's files, and no more.
pub(super) fn drop_all() -> State {
    match attempt() {
        Ok(()) => State::Active,
        Err(error) => State::Missing(error.to_string()),
    }
}

fn attempt() -> Result<(), Errno> {
    // Those that a program could get back by another program. Only root may give them up, and has them alone to lose.
    for number in 0..u64::BITS {
        if remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)).is_err() {
            break;
        }
    }
    // A kernel before 4.3 has none.
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}
