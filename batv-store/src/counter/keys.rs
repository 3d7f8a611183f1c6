//! Keys of the counters.

use alloc::vec;
use alloc::vec::Vec;
use core::{iter, ptr};

use batv_core::fingerprint::Fingerprint;
use batv_core::{Key, KeyState, KeyUse, Pattern};

/// There are ten key ids, so live keys of one scope are no more.
const MOST_KEYS: usize = 10;

/// Keys of the counters, which are of no mailbox. The first one writes, and a total is the sum over all of them: a new
/// key forgets nothing while the old one verifies, and hosts that sign with either of them count together.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyState, KeyUse};
/// use batv_store::counter::{self, CountingKeys};
/// use batv_store::{Store, memory::Memory};
///
/// let key = |id| Key::new(KeyUse::Batv(KeyId::new(id)?), Algorithm::HmacSha256, &[id; 32]);
/// let store = Memory::default();
/// let count = |ring: &[Key]| {
///     let batch = counter::bounce(&CountingKeys::of(ring).expect("a live key"), "2026-12-01 alice@example.com", 60);
///     store.run(batch, 0, std::time::Duration::ZERO).map(|answers| counter::total(&answers))
/// };
/// assert_eq!(count(&[key(3)?])?, Some(1));
/// assert_eq!(count(&[key(3)?.with_state(KeyState::Verifying), key(4)?])?, Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CountingKeys<'k>(Vec<&'k Key>);

impl<'k> CountingKeys<'k> {
    /// Live keys of a ring: those for tags, or for SRS where there are no others. The first one that signs writes. Of more
    /// than ten keys, those with its scope come first, and then those that come first in the ring. `None` when no key is
    /// live.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyState, KeyUse};
    /// use batv_store::counter::CountingKeys;
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"s3kr1t")?;
    /// assert!(CountingKeys::of(&[key.clone()]).is_some());
    /// assert!(CountingKeys::of(&[key.with_state(KeyState::Retired)]).is_none());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn of(ring: &'k [Key]) -> Option<Self> {
        let is_live = |key: &&Key| key.state() != KeyState::Retired;
        let has_tags = ring.iter().filter(is_live).any(|key| key.key_use() != KeyUse::Srs);
        let live = || ring.iter().filter(is_live).filter(|key| (key.key_use() != KeyUse::Srs) == has_tags);
        let first = live().find(|key| key.state() == KeyState::Signing).or_else(|| live().next())?;
        let scope = |key: &'k Key| key.scope().iter().map(Pattern::as_str);
        let others = |of_its_scope: bool| {
            live().filter(move |key| !ptr::eq(*key, first) && scope(key).eq(scope(first)) == of_its_scope)
        };
        let keys = iter::once(first).chain(others(true)).chain(others(false));
        Some(Self(keys.take(MOST_KEYS).collect()))
    }

    /// Names of a counter, under each key.
    pub(super) fn names(&self, label: &str, parts: &[&[u8]]) -> Vec<Fingerprint> {
        self.0.iter().map(|key| Fingerprint::of(key, label, parts)).collect()
    }
}

impl<'k> From<&'k Key> for CountingKeys<'k> {
    fn from(key: &'k Key) -> Self {
        Self(vec![key])
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use batv_core::{Algorithm, KeyId};

    use super::*;

    fn key(key_use: KeyUse, state: KeyState) -> Key {
        Key::new(key_use, Algorithm::HmacSha256, b"a secret of 32 octets or more ...").unwrap().with_state(state)
    }

    fn batv(id: u8, state: KeyState) -> Key {
        key(KeyUse::Batv(KeyId::new(id).unwrap()), state)
    }

    fn scoped(id: u8, state: KeyState, domain: &str) -> Key {
        batv(id, state).with_scope(vec![Pattern::parse(domain.to_owned()).unwrap()])
    }

    fn uses(ring: &[Key]) -> Vec<KeyUse> {
        CountingKeys::of(ring).map_or_else(Vec::new, |keys| keys.0.into_iter().map(Key::key_use).collect())
    }

    fn ids(numbers: &[u8]) -> Vec<KeyUse> {
        numbers.iter().map(|number| KeyUse::Batv(KeyId::new(*number).unwrap())).collect()
    }

    #[test]
    fn the_first_key_that_signs_writes_and_every_live_one_is_read() {
        use KeyState::{Retired, Signing, Verifying};
        let srs = || key(KeyUse::Srs, Signing);
        let org = |id, state| scoped(id, state, "example.org");
        for (ring, expected) in [
            (vec![srs(), batv(1, Signing)], ids(&[1])),
            (vec![batv(1, Verifying), batv(2, Signing), batv(3, Retired)], ids(&[2, 1])),
            // The key of another domain signs before the new one, and writes.
            (vec![batv(1, Verifying), org(5, Signing), batv(2, Signing)], ids(&[5, 1, 2])),
            (vec![org(5, Verifying), batv(1, Verifying), batv(2, Signing)], ids(&[2, 1, 5])),
            (vec![srs(), batv(1, Verifying)], ids(&[1])),
            (vec![key(KeyUse::Srs, Verifying), srs(), batv(1, Retired)], vec![KeyUse::Srs; 2]),
            (vec![batv(1, Retired)], vec![]),
        ] {
            assert_eq!(uses(&ring), expected, "{ring:?}");
        }
    }

    #[test]
    fn of_many_keys_those_of_one_scope_are_read() {
        let domain = |number: usize| format!("{number}.example");
        let mut ring: Vec<Key> = (0..50).map(|number| scoped(1, KeyState::Verifying, &domain(number))).collect();
        ring.extend((0..50).map(|number| scoped(2, KeyState::Signing, &domain(number))));
        let keys = CountingKeys::of(&ring).unwrap();
        let scopes: Vec<_> = keys.0.iter().map(|key| key.scope()[0].as_str()).collect();
        let expected = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8].map(domain);
        assert_eq!(scopes, expected);
        assert_eq!(keys.0[0].state(), KeyState::Signing);
    }
}
