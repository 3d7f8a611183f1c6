//! Conflicts between the keys of a keyring.

use core::hash::Hash;
use std::collections::HashMap;

use batv_core::KeyState;

use crate::entry::Use;
use crate::fault::Fault;
use crate::parse::{Misplaced, Placed};

/// Refuses two keys that conflict. `line_of` turns an offset into a line.
pub(crate) fn check(placed: &[Placed], line_of: impl Fn(usize) -> usize) -> Result<(), Misplaced> {
    let mut signing = HashMap::new();
    let mut ids = HashMap::new();
    let mut secrets = HashMap::new();
    for (entry, offset) in placed {
        let key_use = Use::from(entry.key_use());
        let scope = |member: Option<&str>| member.unwrap_or("everybody").to_owned();
        for member in entry.scope().members() {
            if entry.state() == KeyState::Signing
                && let Some(other) = earlier(&mut signing, (key_use, member), *offset)
            {
                return Err((Fault::TwoSign { scope: scope(member), other: line_of(other) }, *offset));
            }
            if let Some(id) = entry.id()
                && let Some(other) = earlier(&mut ids, (id, member), *offset)
            {
                return Err((Fault::TwoHaveId { id, scope: scope(member), other: line_of(other) }, *offset));
            }
        }
        let (other_use, other) = *secrets.entry(entry.expose_secret()).or_insert((key_use, *offset));
        if other_use != key_use {
            return Err((Fault::SharedSecret { other: line_of(other) }, *offset));
        }
    }
    Ok(())
}

/// Offset at which a thing was seen before, if it was.
fn earlier<T: Eq + Hash>(seen: &mut HashMap<T, usize>, thing: T, offset: usize) -> Option<usize> {
    let first = *seen.entry(thing).or_insert(offset);
    (first != offset).then_some(first)
}
