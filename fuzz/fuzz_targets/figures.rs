#![cfg_attr(fuzzing, no_main)]
//! Any octets as figures that a daemon has kept: they are refused, or can be shown, added to, and kept again.

use batv_report::{Departure, Event, Outcome, Page, Recent, Told, html};

batv_fuzz::fuzz!(|data| {
    let Ok(mut recent) = Recent::restored(7, data) else { return };
    let again = Recent::restored(7, recent.kept().as_bytes()).expect("what was kept");
    assert_eq!(again.report().decisions(), recent.report().decisions());
    let tagged = recent.report().departures(Outcome::Tagged);
    recent.add(&Event { time: None, told: Told::Departure(Departure::new(Outcome::Tagged, "alice@example.com")) });
    let report = recent.report();
    assert!(report.departures(Outcome::Tagged) == tagged + 1);
    assert!(!html::render(&Page::new(&report)).is_empty());
});
