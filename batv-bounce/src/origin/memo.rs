//! What was found once, and is asked for again.

use core::cell::OnceCell;

/// Values by their keys: a list, for there are few, whose entries stay where they are.
#[derive(Debug)]
pub(super) struct Memo<K, V>(OnceCell<Box<Entry<K, V>>>);

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    value: V,
    next: Memo<K, V>,
}

impl<K: PartialEq, V> Memo<K, V> {
    pub(super) const fn new() -> Self {
        Self(OnceCell::new())
    }

    /// Value of this key. It is found now if there is none yet; `None` if there are as many of others as there may be.
    pub(super) fn get_or_find(&self, key: K, most: usize, find: impl FnOnce(&K) -> V) -> Option<&V> {
        let mut memo = self;
        for _ in 0..most {
            let Some(entry) = memo.0.get() else {
                let value = find(&key);
                return Some(&memo.0.get_or_init(|| Box::new(Entry { key, value, next: Self::new() })).value);
            };
            if entry.key == key {
                return Some(&entry.value);
            }
            memo = &entry.next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_once_and_no_more_than_there_may_be() {
        let memo = Memo::new();
        let mut found = Vec::new();
        for key in [1, 2, 1, 3, 2, 4, 3] {
            let value = memo.get_or_find(key, 3, |key| {
                found.push(*key);
                key * 10
            });
            assert_eq!(value.copied(), (key < 4).then_some(key * 10));
        }
        assert_eq!(found, [1, 2, 3]);
    }
}
