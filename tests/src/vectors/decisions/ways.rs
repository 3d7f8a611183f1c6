//! The comparison of one way in with the file.

use alloc::collections::{BTreeMap, BTreeSet};
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use batv_config::date;
use batv_core::Day;
use batv_core::envelope::Verdict;

use super::{FIELDS, NOTHING, Row, vectors};

/// What is said of a ruling, by field; `-` for what has no value. What isn't said isn't there.
pub type Said = BTreeMap<&'static str, String>;

/// What should be said in one row, and what was.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "these two are compared")]
pub struct Heard {
    /// What should be said.
    pub expected: Said,
    /// What was.
    pub said: Said,
}

/// What came of all rows.
#[derive(Default)]
struct Tally {
    failures: String,
    failed: usize,
    asked: usize,
    verdicts: BTreeSet<String>,
    said: BTreeSet<&'static str>,
    unsaid: BTreeSet<&'static str>,
    unasked: BTreeMap<&'static str, usize>,
}

/// Puts all rows to a way in, and then names all in which it says something else, and all that it says or leaves out
/// against what the file knows of it. A row that can't be put to it is an `Err` with what it would need.
///
/// # Panics
/// When there is such a row.
pub fn agree(way: &str, ask: impl Fn(&Row<'_>, Day) -> Result<Heard, &'static str>) {
    let file = vectors();
    let cannot_say = file.cannot_say.get(way).unwrap_or_else(|| panic!("the file knows no way {way}"));
    let today = || date::today().expect("a day");
    let tally = loop {
        let day = today();
        let mut tally = Tally::default();
        file.rows().iter().for_each(|row| tally.add(row, catch_unwind(AssertUnwindSafe(|| ask(row, day)))));
        // What was made for one day isn't asked on another.
        if today() == day {
            break tally;
        }
    };
    let Tally { failures, failed, asked, verdicts, said, unsaid, unasked } = tally;
    eprintln!("{way}: {asked} rows; not asked: {unasked:?}");
    assert!(failures.is_empty(), "{way}: of {asked} rows {failed} differ:\n{failures}");
    let never: BTreeSet<&str> = FIELDS.into_iter().filter(|field| !said.contains(field)).collect();
    let at_times: BTreeSet<&str> = unsaid.intersection(&said).copied().collect();
    let questions: BTreeSet<&str> = unasked.keys().copied().collect();
    for (what, found, known) in [
        ("never", never, &cannot_say.never),
        ("at_times", at_times, &cannot_say.at_times),
        ("questions", questions, &cannot_say.questions),
    ] {
        let known: BTreeSet<&str> = known.keys().map(String::as_str).collect();
        assert_eq!(found, known, "what {way} can't say ({what}): found, and in the file");
    }
    let missing: Vec<_> = Verdict::ALL.iter().filter(|verdict| !verdicts.contains(verdict.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}: verdicts that {way} was never asked for");
}

impl Tally {
    fn add(&mut self, row: &Row<'_>, heard: std::thread::Result<Result<Heard, &'static str>>) {
        let Heard { expected, mut said } = match heard {
            Ok(Ok(heard)) => heard,
            Ok(Err(needed)) => {
                *self.unasked.entry(needed).or_default() += 1;
                return;
            }
            Err(_) => {
                self.asked += 1;
                return self.fail(row, "  panicked, see above\n");
            }
        };
        self.asked += 1;
        if row.is_unread() {
            said.retain(|field, value| !(matches!(*field, "class" | "origin") && value == NOTHING));
        }
        self.verdicts.insert(expected["verdict"].clone());
        let differing: String = said
            .iter()
            .filter(|(field, value)| expected.get(*field) != Some(value))
            .map(|(field, value)| format!("  {field}: expected {:?}, found {value:?}\n", expected[field]))
            .collect();
        let differing = if said.contains_key("verdict") { differing } else { "  no verdict is said\n".to_owned() };
        self.unsaid.extend(FIELDS.into_iter().filter(|field| !said.contains_key(field)));
        self.said.extend(said.keys());
        if !differing.is_empty() {
            self.fail(row, &differing);
        }
    }

    fn fail(&mut self, row: &Row<'_>, how: &str) {
        self.failed += 1;
        self.failures += &format!("{}: {}\n{how}", row.group(), row.name);
    }
}
