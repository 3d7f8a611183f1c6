//! `cargo bench -p batv-report`: how fast lines are read and events added, what a copy of the report costs whoever holds
//! it, and how long its pages take. The least time of some turns counts.

use core::hint::black_box;
use core::time::Duration;
use std::env;
use std::time::Instant;

use batv_report::{Event, Page, Reader, Report, html, json, text};

const TURNS: u32 = 15;
const LINES: u32 = 100_000;
/// Makes the line, or the lines, of a number.
type Line = fn(u32) -> String;

/// 2026-11-25T00:00:00Z.
const NOW: i64 = 1_795_564_800;

fn main() {
    // `cargo nextest` and `cargo test --benches` only want to know that it runs.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("{:<44}{:>12}{:>16}", "", "read, ns", "and added, ns");
    let kinds: [(&str, Line); 6] = [
        ("others' lines", other),
        ("tagged", tagged),
        ("judged, genuine", |number| judged(number, "genuine", "tag-ok", "rcpt")),
        ("judged twice, of 128 networks and more", twice),
        ("judged, as journalctl -o json has it", journal),
        ("judged, other domains each time", |number| {
            judged(number, "genuine", "tag-ok", "data").replace("example", &format!("d{number}"))
        }),
    ];
    for (name, line) in kinds {
        let lines: Vec<_> =
            (0..LINES).flat_map(|number| line(number).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let each = |time: Duration| time.as_nanos() / lines.len() as u128;
        let read = least(|| {
            let mut reader = Reader::new(NOW);
            lines.iter().filter(|line| reader.read(line.as_bytes()).is_some()).count()
        });
        let added = least(|| report(&lines).decisions().total());
        println!("{name:<44}{:>12}{:>16}", each(read), each(added));
    }

    let lines: Vec<_> =
        (0..LINES).map(twice).flat_map(|both| both.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let events: Vec<_> = lines.iter().filter_map(|line| Event::parse(line.split_once(": ")?.1)).collect();
    let mut full = report(&lines);
    let added = least(|| events.iter().for_each(|event| full.add(event)));
    println!("\nadded to a full report: {} ns an event", added.as_nanos() / events.len() as u128);
    let page = Page::new(&full);
    for (name, time) in [
        ("a copy of it", least(|| full.clone())),
        ("settled", least(|| full.settled())),
        (
            "merged with another",
            least(|| {
                let mut both = full.clone();
                both.merge(&full);
                both
            }),
        ),
        ("as a page", least(|| html::render(&page))),
        ("as text", least(|| text::render(&page))),
        ("as JSON", least(|| json::render(&page))),
    ] {
        println!("{name:<22}{:>8} µs", time.as_micros());
    }
    println!("octets of the page: {}", html::render(&page).len());
}

fn least<T>(mut work: impl FnMut() -> T) -> Duration {
    let turn = |_| {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    };
    (0..TURNS).map(turn).min().unwrap_or_default()
}

fn report(lines: &[String]) -> Report {
    let (mut report, mut reader) = (Report::default(), Reader::new(NOW));
    for line in lines {
        if let Some(event) = reader.read(line.as_bytes()) {
            report.add(&event);
        }
    }
    report
}

fn stamp(number: u32) -> String {
    let minutes = number / 40;
    format!("Nov {:2} {:02}:{:02}:{:02} mx ", 20 + minutes / 1440 % 5, minutes / 60 % 24, minutes % 60, number % 40)
}

fn other(number: u32) -> String {
    format!(
        "{}postfix/smtpd[99]: 4Zx1Fq{number:x}: client=unknown[192.0.2.7], sasl_username=alice@example.com",
        stamp(number)
    )
}

fn tagged(number: u32) -> String {
    format!(
        "{}batvd[7]: tagged queue_id=\"4Zx1Fq{number:x}\" from=user{}@example.com key=3",
        stamp(number),
        number % 500
    )
}

fn judged(number: u32, verdict: &str, reason: &str, at: &str) -> String {
    format!(
        "{}batvd[7]: judged listener=milter queue_id=\"4Zx1Fq{number:x}\" client=192.{}.2.7 from=<> to=user{}@example.com \
         verdict={verdict} reason={reason} disposition=accept mode=observe at={at}",
        stamp(number),
        number % 200,
        number % 500
    )
}

fn twice(number: u32) -> String {
    let first = judged(number, "unverified", "callout", "rcpt");
    let second = judged(number, "disproved", "backscatter-disproved", "data");
    format!("{first}\n{second} class=dsn origin=disproved")
}

fn journal(number: u32) -> String {
    let line = judged(number, "genuine", "tag-ok", "data");
    let message = line.split_once(": ").map_or("", |(_, message)| message).replace('"', "\\\"");
    format!(
        "{{\"_TRANSPORT\":\"stdout\",\"__CURSOR\":\"s=0123456789abcdef0123456789abcdef;i=1234;b=0123456789abcdef0123456789abcdef\",\
         \"_UID\":\"998\",\"_SYSTEMD_UNIT\":\"batvd.service\",\"_HOSTNAME\":\"mx\",\"PRIORITY\":\"6\",\"_COMM\":\"batvd\",\
         \"_CMDLINE\":\"/usr/bin/batvd --config /etc/batv/batvd.toml\",\"_CAP_EFFECTIVE\":\"0\",\"SYSLOG_FACILITY\":\"3\",\
         \"_BOOT_ID\":\"0123456789abcdef0123456789abcdef\",\"__MONOTONIC_TIMESTAMP\":\"123456789012\",\"_PID\":\"7\",\
         \"__REALTIME_TIMESTAMP\":\"17955{:05}000000\",\"MESSAGE\":\" INFO {message}\"}}",
        number % 64_000
    )
}
