//! Index of keys by the mailboxes and domains of their scopes.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::address::{Fit, LocalPart};
use crate::key::material::Key;
use crate::key::served::Served;

/// One pattern of the scope of one key; of a key for everybody, just the key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: usize,
    pattern: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    mailboxes: Table,
    domains: Table,
    everybody: Box<[Entry]>,
    /// A pattern for each domain that one names, or one of its mailboxes.
    names: Table,
}

impl Index {
    pub(super) fn new(keys: &[Key]) -> Self {
        let (mut mailboxes, mut domains, mut names) = (Vec::new(), Vec::new(), Vec::new());
        let mut known = BTreeSet::new();
        for (key, scope) in keys.iter().map(Key::scope).enumerate() {
            for (place, pattern) in scope.iter().enumerate() {
                let entry = Entry { key, pattern: place };
                let domain = pattern.domain();
                let hash = domain_hash(domain);
                if known.insert(domain.to_ascii_lowercase()) {
                    names.push((hash, entry));
                }
                match pattern.mailbox() {
                    Some(mailbox) => mailboxes.push((mailbox_hash(hash, &mailbox.local_part()), entry)),
                    None => domains.push((hash, entry)),
                }
            }
        }
        let unscoped = keys.iter().enumerate().filter(|(_, key)| !key.is_scoped());
        Self {
            mailboxes: Table::new(mailboxes),
            domains: Table::new(domains),
            everybody: unscoped.map(|(key, _)| Entry { key, pattern: 0 }).collect(),
            names: Table::new(names),
        }
    }

    /// All entries that may serve with this fit, in the order of the keys, among others.
    #[inline]
    pub(super) fn entries(&self, fit: Fit, served: Served<'_>) -> &[Entry] {
        match fit {
            Fit::Mailbox => match served.local_part() {
                Some(local_part) if !self.mailboxes.is_empty() => {
                    self.mailboxes.bucket(mailbox_hash(domain_hash(served.domain().as_str()), &local_part))
                }
                _ => &[],
            },
            Fit::Domain if self.domains.is_empty() => &[],
            Fit::Domain => self.domains.bucket(domain_hash(served.domain().as_str())),
            Fit::Any => &self.everybody,
        }
    }

    /// Whether an entry makes its key serve with this fit, and no closer one.
    #[inline]
    pub(super) fn serves(&self, keys: &[Key], entry: &Entry, served: Served<'_>, fit: Fit) -> bool {
        let key = &keys[entry.key];
        let has_fit = |entry: &Entry, fit| {
            key.scope()[entry.pattern].fit(&served.domain(), served.local_part().as_ref()) == Some(fit)
        };
        let is_closer = || {
            let mailboxes = self.entries(Fit::Mailbox, served);
            mailboxes.iter().any(|other| other.key == entry.key && has_fit(other, Fit::Mailbox))
        };
        served.takes(key)
            && match fit {
                Fit::Any => true,
                Fit::Domain => has_fit(entry, Fit::Domain) && !is_closer(),
                Fit::Mailbox => has_fit(entry, Fit::Mailbox),
            }
    }

    /// Whether a scope names this domain, or one of its mailboxes.
    pub(super) fn names(&self, keys: &[Key], domain: &str) -> bool {
        self.names
            .bucket(domain_hash(domain))
            .iter()
            .any(|entry| keys[entry.key].scope()[entry.pattern].domain().eq_ignore_ascii_case(domain))
    }

    pub(super) fn everybody(&self) -> &[Entry] {
        &self.everybody
    }
}

/// Entries by hash: those of a bucket stand side by side, in the order of the keys.
#[derive(Clone, Debug, Default)]
struct Table {
    /// Where each bucket begins, and where the last one ends.
    starts: Box<[usize]>,
    entries: Box<[Entry]>,
}

impl Table {
    fn new(mut hashed: Vec<(u64, Entry)>) -> Self {
        if hashed.is_empty() {
            return Self::default();
        }
        let buckets = hashed.len().next_power_of_two().max(2);
        let bucket = |hash| bucket(hash, buckets);
        // A stable sort, which leaves the keys in their order.
        hashed.sort_by_key(|(hash, _)| bucket(*hash));
        let starts = (0..=buckets).map(|wanted| hashed.partition_point(|(hash, _)| bucket(*hash) < wanted)).collect();
        Self { starts, entries: hashed.into_iter().map(|(_, entry)| entry).collect() }
    }

    const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline]
    fn bucket(&self, hash: u64) -> &[Entry] {
        let Some(buckets) = self.starts.len().checked_sub(1) else { return &[] };
        let at = bucket(hash, buckets);
        &self.entries[self.starts[at]..self.starts[at + 1]]
    }
}

/// The bucket of a hash, by its upper bits, which multiplication mixes best. The count is a power of two, and not one.
#[inline]
fn bucket(hash: u64, buckets: usize) -> usize {
    usize::try_from(hash >> (u64::BITS - buckets.trailing_zeros())).unwrap_or_default()
}

/// A hash that is the same in either case. Keys are ours, so nobody else can fill a bucket.
#[inline]
fn domain_hash(domain: &str) -> u64 {
    domain.as_bytes().chunks(8).fold(0, |hash, chunk| {
        let mut octets = [0; 8];
        octets[..chunk.len()].copy_from_slice(chunk);
        mix(hash, u64::from_le_bytes(octets) | 0x2020_2020_2020_2020)
    })
}

#[inline]
fn mailbox_hash(domain: u64, local_part: &LocalPart<'_>) -> u64 {
    local_part.characters().fold(domain, |hash, character| mix(hash, u32::from(character.to_ascii_lowercase()).into()))
}

/// A step of FxHash, whose multiplier is that of the Rust compiler's.
#[inline]
const fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}
