//! Recipients who were taken at RCPT TO, until the end of the message tells of them again.
//!
//! The log tells what the envelope says, and at the end of DATA what the message says besides: of one recipient there may
//! be two lines, of which the later one counts. What is never told of again counts as it stands: a question whether the
//! mailbox exists, a tag that nothing speaks against.

use core::array::from_fn;
use core::hash::{Hash, Hasher};
use core::mem;
use std::hash::DefaultHasher;
use std::sync::LazyLock;

use batv_core::envelope::Reason;
use batv_core::{Mailbox, Path, dialect};
use batv_policy::rows::{ROWS, Row};

use crate::event::Decision;
use crate::report::Counted;

const SETS: usize = 128;
/// How many of one set wait at a time; the oldest makes room.
const WAYS: usize = 8;

#[derive(Clone, Debug)]
struct Held {
    key: u64,
    counted: Counted,
}

/// In sets, so that no number of questions makes looking up slow; each in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending(Vec<Vec<Held>>);

impl Pending {
    /// Keeps one that may be told of again; gives back one that has waited for too long.
    pub(crate) fn hold(&mut self, key: u64, counted: Counted) -> Option<Counted> {
        if self.0.is_empty() {
            self.0.resize_with(SETS, Vec::new);
        }
        let set = &mut self.0[index(key)];
        let oldest = (set.len() == WAYS).then(|| set.remove(0).counted);
        set.push(Held { key, counted });
        oldest
    }

    /// Forgets the latest with this key that this reason can follow: it is told of again.
    pub(crate) fn forget(&mut self, key: u64, reason: Option<Reason>) {
        if let Some(set) = self.0.get_mut(index(key))
            && let Some(at) = set.iter().rposition(|held| held.key == key && follows(held.counted.reason, reason))
        {
            set.remove(at);
        }
    }

    /// All of them.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Counted> + use<> {
        mem::take(&mut self.0).into_iter().flatten().map(|held| held.counted)
    }
}

/// Whether a message can turn the first reason, that of the envelope at RCPT TO, into the second. One that neither version
/// knows may be anything.
fn follows(first: Option<Reason>, second: Option<Reason>) -> bool {
    static TABLE: LazyLock<[[bool; Reason::ALL.len()]; Reason::ALL.len()]> =
        LazyLock::new(|| from_fn(|first| from_fn(|second| turns_into(Reason::ALL[first], Reason::ALL[second]))));
    first.zip(second).is_none_or(|(first, second)| TABLE[first as usize][second as usize])
}

fn turns_into(first: Reason, second: Reason) -> bool {
    // What is open at RCPT TO is one of these at the end.
    let alone = match first {
        Reason::Callout => &[Reason::Untagged, Reason::SigningGrace][..],
        _ => &[first],
    };
    let by_row = |row: &Row| row.effect.is_some_and(|then| then.reason == second);
    let by_row = |row: &Row| by_row(row) && alone.iter().any(|reason| row.envelope.contains(reason));
    alone.contains(&second) || ROWS.iter().any(by_row)
}

fn index(key: u64) -> usize {
    usize::try_from(key % SETS as u64).unwrap_or_default()
}

/// The same for both lines: a recipient who is refused at the end still has his tag.
pub(crate) fn key(decision: &Decision<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (decision.listener, decision.client, decision.from).hash(&mut hasher);
    match untagged(decision.to) {
        Some(mailbox) => mailbox.hash(&mut hasher),
        None => decision.to.hash(&mut hasher),
    }
    hasher.finish()
}

/// The address without any tag, where it has one.
pub(crate) fn untagged(address: &str) -> Option<String> {
    if !address.contains('=') {
        return None;
    }
    let Ok(Path::Mailbox(mailbox)) = Path::parse(address) else { return None };
    let inner: Option<Mailbox<'_>> =
        dialect::unwrap(&mailbox, dialect::Strictness::Identity).filter_map(|layer| layer.mailbox).last();
    inner.map(|mailbox| mailbox.to_string())
}
