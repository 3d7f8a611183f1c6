#![cfg_attr(fuzzing, no_main)]
//! Any octets as lines of a log: what is read, and written again, reads the same; the report of it shows nothing that
//! acts on whoever looks.

use batv_report::{Event, Page, Reader, Report, Shown, html, json, text};

/// 2026-11-25T00:00:00Z.
const NOW: i64 = 1_795_564_800;

batv_fuzz::fuzz!(|data| {
    let mut report = Report::default();
    let mut reader = Reader::new(NOW);
    for line in data.split(|octet| *octet == b'\n') {
        if let Some(event) = reader.read(line) {
            let written = event.to_string();
            let again = Event::parse(&written).map(|again| Event { time: event.time, ..again });
            assert_eq!(again.as_ref(), Some(&event), "{written}");
            report.add(&event);
        }
    }
    let mut merged = report.clone();
    merged.merge(&report);
    assert_eq!(merged.decisions().total(), 2 * report.decisions().total());
    let mut page = Page::new(&report);
    page.shown = if data.len().is_multiple_of(2) { Shown::Whole } else { Shown::Redacted };
    for shown in [html::render(&page), text::render(&page), json::render(&page)] {
        assert!(
            !shown.contains(|one: char| one.is_control() && one != '\n' || ('\u{202a}'..='\u{202e}').contains(&one))
        );
    }
});
