//! What the table of decisions covers.

use alloc::collections::{BTreeMap, BTreeSet};

use batv_bounce::Class;
use batv_config::date;
use batv_core::envelope::{Mode, Reason, Verdict};
use batv_tests::vectors::decisions::{FIELDS, some_handle, vectors};

/// Those that batv-core makes: nothing is dropped.
const DISPOSITIONS: [&str; 5] = ["accept", "mark", "quarantine", "reject", "tempfail"];
/// Groups of which there must be at least so many cases.
const MANY: usize = 10;
const LARGE: [&str; 5] = ["srs", "idn", "handles", "limits", "null-sender"];

fn all<T: ToString>(names: &[T]) -> BTreeSet<String> {
    names.iter().map(T::to_string).collect()
}

#[test]
fn every_reason_verdict_disposition_class_and_mode_occurs() {
    let file = vectors();
    let today = date::today().expect("a day");
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in file.rows() {
        let expected = row.question(today, &some_handle).expected;
        for (field, value) in expected {
            found.entry(field).or_default().insert(value);
        }
    }
    assert_eq!(found["reason"], all(Reason::ALL));
    assert_eq!(found["verdict"], all(Verdict::ALL));
    assert_eq!(found["disposition"], all(&DISPOSITIONS));
    assert_eq!(found["in_reject"], all(&DISPOSITIONS));
    assert_eq!(found["mode"], all(Mode::ALL));
    assert_eq!(found["class"], &all(Class::ALL) | &all(&["-"]));
}

#[test]
fn there_are_many_rows_of_each_group() {
    let file = vectors();
    let rows = file.rows();
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *groups.entry(row.group()).or_default() += 1);
    eprintln!("{} rows: {groups:?}", rows.len());
    assert!(groups.keys().eq(file.groups.keys()), "{groups:?}");
    assert!(LARGE.iter().all(|group| groups[group] >= MANY * Mode::ALL.len()), "{groups:?}");
    assert!(rows.len() >= 200);
}

#[test]
fn each_way_says_its_verdict() {
    for (way, cannot_say) in vectors().cannot_say {
        for field in cannot_say.never.keys().chain(cannot_say.at_times.keys()) {
            assert!(FIELDS.contains(&field.as_str()), "{way}: {field} is no field");
            assert_ne!(field, "verdict", "{way}");
        }
    }
}
