//! A report holds no more than it says, whatever comes.

use batv_report::{Column, Page, Reader, Report, html};

const LINES: u64 = 5_000;

/// All that a stranger, a wrong clock or a later version can make different, in each line.
fn line(number: u64) -> String {
    let long = "x".repeat(2000);
    let at = if number.is_multiple_of(2) { "rcpt" } else { "data" };
    let address = format!("{number}-{long}@{number}.{long}.example");
    let (year, month, day) = (1000 + number * 7 % 9000, number % 12 + 1, number % 28 + 1);
    format!(
        "{year:04}-{month:02}-{day:02}T00:00:00Z mx batvd[7]: judged listener={number}{long} queue_id=\"{number}{long}\" \
         client=2001:db8:{:x}:{:x}::1 from={address} to={address} verdict=disproved reason=tag-forged disposition=accept \
         mode=observe at={at} class={number}{long} origin={number}{long}",
        number >> 16,
        number & 0xffff
    )
}

#[test]
fn a_report_is_bounded() {
    let mut held = None;
    let info = allocation_counter::measure(|| {
        let (mut report, mut reader) = (Report::default(), Reader::new(1_795_613_534));
        for number in 0..LINES {
            report.add(&reader.read(line(number).as_bytes()).expect("an event"));
        }
        held = Some(report);
    });
    assert!(info.bytes_current < 2_000_000, "{} octets", info.bytes_current);

    let report = held.expect("it was made");
    assert_eq!(report.decisions().of(Column::Disproved), LINES);
    let mut all = Report::default();
    let info = allocation_counter::measure(|| (0..10).for_each(|_| all.merge(&report)));
    assert!(info.bytes_current < 2_000_000, "{} octets", info.bytes_current);
    assert_eq!(all.decisions().refusable, 10 * LINES);
    let page = html::render(&Page::new(&all));
    assert!(page.len() < 500_000, "{} octets", page.len());
}
