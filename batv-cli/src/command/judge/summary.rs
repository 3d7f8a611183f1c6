//! Summary of an archive.

use core::cmp::Reverse;
use core::fmt::{self, Write};
use std::collections::HashMap;

use batv_bounce::Class;
use batv_core::envelope::{Disposition, Mode, Verdict};
use serde::Serialize;

use crate::answer::shown;
use crate::json::{Counts, object};

const DISPOSITIONS: [Disposition; 5] =
    [Disposition::Accept, Disposition::Mark, Disposition::Quarantine, Disposition::Reject, Disposition::Tempfail];
/// Causes that are listed.
const LARGEST: usize = 10;
/// Causes that are counted at most: a sender can invent hosts without end.
const MOST_CAUSES: usize = 64 * 1024;
/// Causes that are kept when there are more: the largest.
const KEPT_CAUSES: usize = 8 * 1024;

/// Result of one message.
pub(super) struct Tally {
    pub(super) verdict: Verdict,
    pub(super) class: Class,
    pub(super) cut: bool,
    /// Disposition in each mode; empty for a message that cannot be judged.
    pub(super) ladder: Vec<Disposition>,
    /// Cause, of a message that did not verify.
    pub(super) cause: Option<Cause>,
}

/// Cause for which a message did not verify, and the host to ask.
#[derive(Debug, Eq, Hash, PartialEq)]
pub(super) struct Cause {
    pub(super) reason: &'static str,
    pub(super) class: Class,
    pub(super) host: Option<String>,
}

#[derive(Default)]
pub(super) struct Summary {
    pub(super) messages: u64,
    pub(super) unreadable: u64,
    cut: u64,
    verdicts: Counted,
    classes: Counted,
    modes: [Counted; 4],
    causes: HashMap<Cause, u64>,
}

impl Summary {
    pub(super) fn add(&mut self, tally: Tally) {
        self.cut += u64::from(tally.cut);
        *self.verdicts.entry(tally.verdict.as_str()).or_default() += 1;
        *self.classes.entry(tally.class.as_str()).or_default() += 1;
        for (counts, disposition) in self.modes.iter_mut().zip(tally.ladder) {
            *counts.entry(disposition.as_str()).or_default() += 1;
        }
        if let Some(cause) = tally.cause {
            *self.causes.entry(cause).or_default() += 1;
            if self.causes.len() > MOST_CAUSES {
                let mut causes: Vec<_> = self.causes.drain().collect();
                causes.sort_unstable_by_key(|(_, count)| Reverse(*count));
                self.causes.extend(causes.into_iter().take(KEPT_CAUSES));
            }
        }
    }

    /// The same as JSON.
    pub(super) fn object(&self) -> impl Serialize {
        let causes = self.largest_causes().into_iter().map(|(Cause { reason, class, host }, messages)| {
            object! { reason: reason, class: class.as_str(), host: host, messages: messages }
        });
        object! {
            messages: self.messages,
            unreadable: self.unreadable,
            cut: self.cut,
            verdicts: Counts(self.verdicts()),
            classes: Counts(self.classes()),
            modes: Counts(self.modes().map(|(mode, counts)| (mode, Counts(counts))).collect()),
            causes: causes.collect::<Vec<_>>(),
        }
    }

    /// Writes tables for people.
    pub(super) fn write(&self, out: &mut impl Write) -> fmt::Result {
        for (name, count) in [("messages", self.messages), ("too long", self.cut), ("unreadable", self.unreadable)] {
            writeln!(out, "{name:<15} {count:>10}")?;
        }
        for (title, counts) in [("verdict", self.verdicts()), ("class", self.classes())] {
            writeln!(out, "\n{title:<15} {:>10}", "messages")?;
            for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                writeln!(out, "{name:<15} {count:>10}")?;
            }
        }
        write!(out, "\n{:<15}", "mode")?;
        DISPOSITIONS.iter().try_for_each(|disposition| write!(out, " {:>10}", disposition.as_str()))?;
        for (mode, counts) in self.modes() {
            write!(out, "\n{mode:<15}")?;
            counts.iter().try_for_each(|(_, count)| write!(out, " {count:>10}"))?;
        }
        writeln!(out)?;
        let causes = self.largest_causes();
        if !causes.is_empty() {
            writeln!(out, "\n  messages did not verify: reason, class, reporting host or sender")?;
        }
        for (Cause { reason, class, host }, count) in causes {
            writeln!(
                out,
                "{count:>10} {reason}, {class}, {}",
                host.as_ref().map_or_else(|| "unknown".to_owned(), shown)
            )?;
        }
        Ok(())
    }

    fn verdicts(&self) -> Vec<(&'static str, u64)> {
        counts(Verdict::NAMES, &self.verdicts)
    }

    fn classes(&self) -> Vec<(&'static str, u64)> {
        counts(Class::NAMES, &self.classes)
    }

    fn modes(&self) -> impl Iterator<Item = (&'static str, Vec<(&'static str, u64)>)> {
        Mode::NAMES
            .iter()
            .copied()
            .zip(self.modes.iter().map(|counted| counts(&DISPOSITIONS.map(Disposition::as_str), counted)))
    }

    /// Causes of the same number come in the order of their names.
    fn largest_causes(&self) -> Vec<(&Cause, u64)> {
        let mut causes: Vec<_> = self.causes.iter().map(|(cause, count)| (cause, *count)).collect();
        causes.sort_unstable_by_key(|(cause, count)| {
            (Reverse(*count), (cause.reason, cause.class.as_str(), &cause.host))
        });
        causes.truncate(LARGEST);
        causes
    }
}

/// Counts by name.
type Counted = HashMap<&'static str, u64>;

/// The counts of all these names, in their order.
fn counts(names: &[&'static str], counted: &Counted) -> Vec<(&'static str, u64)> {
    names.iter().map(|name| (*name, counted.get(name).copied().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_without_end_take_no_space_without_end() {
        let mut summary = Summary::default();
        let mut add = |host: String| {
            summary.add(Tally {
                verdict: Verdict::Disproved,
                class: Class::Dsn,
                cut: false,
                ladder: Vec::new(),
                cause: Some(Cause { reason: "backscatter-disproved", class: Class::Dsn, host: Some(host) }),
            });
            assert!(summary.causes.len() <= MOST_CAUSES);
        };
        for number in 0..2 * MOST_CAUSES {
            add(format!("{number}.example"));
            if number % 10 == 0 {
                add("mx.example.net".to_owned());
            }
        }
        let (largest, count) = summary.largest_causes()[0];
        assert_eq!(largest.host.as_deref(), Some("mx.example.net"));
        assert!(count > 13_000);
    }
}
