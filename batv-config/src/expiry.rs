//! Expiry of the tags of a key.
//!
//! A keyring file has one date for a key, `created`, the day since which it signs; so the end of one key is told by the
//! beginning of another. The rule is in the README, under "When a key is dead". Where it does not tell, tags are taken to
//! be valid. Each change of this crate keeps to it, and moves a date that contradicts it to the day of the change, which
//! is never too early.

use batv_core::{Day, KeyState};

use crate::entry::{Entry, Use};

/// Last day on which a tag of the key at this place can be valid: a tag made today if it signs, else its last tag.
pub(crate) fn last_valid_day(entries: &[Entry], index: usize, today: Day) -> Option<Day> {
    let entry = &entries[index];
    let last_signing = if entry.state() == KeyState::Signing { Some(today) } else { stopped(entries, index) };
    last_signing?.plus(entry.lifetime().days().into())
}

/// Whether all tags of the key have expired.
pub(crate) fn is_dead(entries: &[Entry], index: usize, today: Day) -> bool {
    last_valid_day(entries, index, today).is_some_and(|last| last < today)
}

/// Last day on which a key that does not sign can have signed.
fn stopped(entries: &[Entry], index: usize) -> Option<Day> {
    let entry = &entries[index];
    let began = entry.created()?;
    let others = || {
        let key_use = Use::from(entry.key_use());
        entries.iter().enumerate().filter(move |(place, other)| *place != index && other.meets(key_use, entry.scope()))
    };
    let signing = || others().filter(|(_, other)| other.state() == KeyState::Signing);
    let took_over = |other: &Entry, day: Day| match other.state() {
        KeyState::Signing => day >= began,
        _ => {
            let has_signed =
                |(_, now): (usize, &Entry)| now.scope().overlaps(other.scope()) && now.created() >= Some(day);
            day > began && signing().any(has_signed)
        }
    };
    others().filter_map(|(_, other)| other.created().filter(|day| took_over(other, *day))).min()
}
