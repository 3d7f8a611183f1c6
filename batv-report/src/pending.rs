//! Recipients accepted at RCPT TO, whose line at the end of the message may follow.
//!
//! The log tells what the envelope says, and at the end of DATA what the message says besides: of one recipient there
//! may be two lines, of which the later one counts. What is never told of again counts as it stands: a question whether
//! the mailbox exists, a tag that nothing speaks against.

use core::hash::{Hash, Hasher};
use core::mem;
use std::hash::DefaultHasher;

use batv_core::envelope::Reason;

use crate::counted::Counted;
use crate::event::Decision;
use crate::redact::untagged;

const SETS: usize = 128;
/// Entries of a set; the oldest makes room.
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

    /// Removes all entries.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Counted> + use<> {
        mem::take(&mut self.0).into_iter().flatten().map(|held| held.counted)
    }
}

/// Whether a message can turn the first reason, that of the envelope at RCPT TO, into the second. A reason that neither
/// version knows may be anything.
fn follows(first: Option<Reason>, second: Option<Reason>) -> bool {
    first.zip(second).is_none_or(|(first, second)| first.may_become(second))
}

fn index(key: u64) -> usize {
    usize::try_from(key % SETS as u64).unwrap_or_default()
}

/// Key of both lines on a recipient. In the line on a refusal the recipient still has its tag.
pub(crate) fn key(decision: &Decision<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (decision.listener, &decision.client, &decision.from).hash(&mut hasher);
    match untagged(&decision.to) {
        Some(mailbox) => mailbox.hash(&mut hasher),
        None => decision.to.hash(&mut hasher),
    }
    hasher.finish()
}
