//! `cargo bench -p batv-bounce --bench crafted [-- NAME]`: how long messages take that somebody has crafted, beside an ordinary
//! bounce of the same length, which returns a message with an attachment.
//!
//! Behind them the same for messages with many recipients: how long it takes until the origin is known for all of them, beside
//! the time for one.
//!
//! The least time of several counts.

use core::hint::black_box;
use core::time::Duration;
use std::env;
use std::time::Instant;

use batv_bounce::{Investigation, Limits, read};
use batv_core::{Mailbox, Path};

#[path = "../tests/shapes/mod.rs"]
mod shapes;

const TURNS: u32 = 15;

fn main() {
    // `cargo nextest` and `cargo test --benches` only want to know that it runs.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    let ordinary = measure(&ordinary());
    let print = |name: &str, [reading, finding]: [Duration; 2]| {
        let all = |[reading, finding]: [Duration; 2]| (reading + finding).as_secs_f64();
        let ratio = all([reading, finding]) / all(ordinary);
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        println!("{name:<54}{:>12.2}{:>12.2}{ratio:>10.1}", milliseconds(reading), milliseconds(finding));
    };
    println!("{:<54}{:>12}{:>12}{:>10}", "", "read, ms", "origin, ms", "ratio");
    print("an ordinary bounce", ordinary);
    for crafted in shapes::all().iter().filter(|crafted| crafted.name.contains(&wanted)) {
        print(crafted.name, measure(&crafted.message));
    }
    println!("\n{:<54}{:>12}{:>12}{:>10}", "", "one, ms", "10,000, ms", "ratio");
    for crafted in shapes::for_many_recipients().iter().filter(|crafted| crafted.name.contains(&wanted)) {
        let name = |number: usize| format!("u{number}@example.com");
        let one = measure_for(&crafted.message, &[name(0)]);
        for (which, recipients) in [("the same", vec![name(0); 10_000]), ("others", (0..10_000).map(name).collect())] {
            let all = measure_for(&crafted.message, &recipients);
            let ratio = all.as_secs_f64() / one.as_secs_f64();
            let [one, all] = [one, all].map(|time| time.as_secs_f64() * 1e3);
            println!("{:<54}{one:>12.2}{all:>12.2}{ratio:>10.1}", format!("{}, {which}", crafted.name));
        }
    }
}

fn ordinary() -> Vec<u8> {
    let line = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n";
    let mut message = format!(
        "From: MAILER-DAEMON@mx.example.net\r\nTo: alice@example.com\r\nSubject: Undelivered mail\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_2\"\r\n\r\n\
         --=_2\r\n\r\nYour message could not be delivered.\r\n\
         --=_2\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
         Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         --=_2\r\nContent-Type: message/rfc822\r\n\r\n\
         Received: from mx.example.net (mx.example.net [192.0.2.1])\r\n\tby mx.example.com with ESMTPS id 4XyZ\r\n\t\
         for <alice@example.com>; Wed, 25 Nov 2026 10:00:00 +0000\r\n\
         From: Bob <bob@example.net>\r\nTo: Alice <alice@example.com>\r\nSubject: The figures of October\r\n\
         Date: Wed, 25 Nov 2026 09:59:58 +0000\r\nMessage-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_1\"\r\n\r\n--=_1\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nHere are the figures.\r\n--=_1\r\n\
         Content-Type: application/pdf; name=\"figures.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        line.repeat(1024 * 1024 / line.len())
    );
    message.truncate(1024 * 1024);
    message.into_bytes()
}

/// The time to read a message, and the time to look for the origin of what it returns.
fn measure(message: &[u8]) -> [Duration; 2] {
    let mut least = [Duration::MAX; 2];
    let begun = Instant::now();
    for turn in 0..TURNS {
        let start = Instant::now();
        let reading = black_box(read(black_box(message), Some(Path::Null), &Limits::default()));
        let middle = Instant::now();
        black_box(shapes::find_origin(&reading));
        least = [least[0].min(middle - start), least[1].min(middle.elapsed())];
        if turn >= 2 && begun.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    least
}

/// The time to read a message, and to look for its origin for all of these recipients.
fn measure_for(message: &[u8], recipients: &[String]) -> Duration {
    let recipients: Vec<Mailbox<'_>> = recipients.iter().filter_map(|name| Mailbox::parse(name).ok()).collect();
    let keys = shapes::keys();
    let find = || {
        let start = Instant::now();
        let reading = black_box(read(black_box(message), Some(Path::Null), &Limits::default()));
        shapes::with_own_mail(|ours, today| {
            let investigation = Investigation::new(&reading, &keys, *ours, today);
            for recipient in &recipients {
                black_box(investigation.origin(recipient));
            }
        });
        start.elapsed()
    };
    (0..TURNS).map(|_| find()).min().unwrap_or_default()
}
