//! `cargo bench -p batv-bounce [-- FOLDER]`: how fast messages are read, beside the bare parser of MIME on the same octets:
//! the project's own, ordinary mail with an attachment, and all files under a folder.
//!
//! Both take turns in one run, and the least time of each counts.

use core::hint::black_box;
use core::time::Duration;
use std::path::Path as FilePath;
use std::time::Instant;
use std::{env, fs, io};

use batv_bounce::{Limits, Origin, OwnMail, Proof, origin, read};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path, Pattern};
use mail_parser::MessageParser;

const TURNS: u32 = 15;
/// Octets that each turn reads, at least.
const TURN_OCTETS: usize = 20_000_000;
const MESSAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages");
/// One that Postfix writes, with a mark in the header that it returns.
const DSN: &str = "dsn/english-postfix-failed-null-mark-headers.eml";

fn main() -> io::Result<()> {
    // `cargo nextest` and `cargo test --benches` only want to know that it runs.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    println!("{:<40}{:>10}{:>14}{:>14}{:>12}", "", "octets", "MIME, MB/s", "read, MB/s", "read is");
    compare("the project's own", &files(FilePath::new(MESSAGES))?);
    for (name, octets) in [("1 KB", 1_000), ("100 KB", 100_000), ("5 MB", 5_000_000)] {
        compare(&format!("mail with an attachment of {name}"), &[mail(octets)]);
        compare(&format!("a bounce that returns {name}"), &[bounce(&mail(octets))]);
    }
    if let Some(folder) = env::args().skip(1).find(|argument| !argument.starts_with("--")) {
        compare(&folder, &files(FilePath::new(&folder))?);
    }
    report(&fs::read(format!("{MESSAGES}/{DSN}"))?);
    Ok(())
}

fn files(folder: &FilePath) -> io::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_none_or(|extension| extension != "tsv") {
            files.push(fs::read(path)?);
        }
    }
    Ok(files)
}

/// Ordinary mail.
fn mail(attached: usize) -> Vec<u8> {
    let text = "Here are the figures that you asked for. Tell me when something is missing.\r\n".repeat(10);
    let line = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n";
    format!(
        "Return-Path: <bob@example.net>\r\n\
         Received: from mx.example.net (mx.example.net [192.0.2.1])\r\n\tby mx.example.com with ESMTPS id 4XyZ\r\n\t\
         for <alice@example.com>; Wed, 25 Nov 2026 10:00:00 +0000\r\n\
         From: Bob <bob@example.net>\r\nTo: Alice <alice@example.com>\r\nSubject: The figures of October\r\n\
         Date: Wed, 25 Nov 2026 09:59:58 +0000\r\nMessage-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_1\"\r\n\r\n--=_1\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--=_1\r\n\
         Content-Type: application/pdf; name=\"figures.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"figures.pdf\"\r\n\r\n{}\r\n--=_1--\r\n",
        line.repeat(attached / line.len() + 1)
    )
    .into_bytes()
}

fn bounce(original: &[u8]) -> Vec<u8> {
    let before = "From: MAILER-DAEMON@mx.example.net\r\nTo: alice@example.com\r\nSubject: Undelivered mail\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_2\"\r\n\r\n\
         --=_2\r\n\r\nYour message could not be delivered.\r\n\
         --=_2\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
         Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         --=_2\r\nContent-Type: message/rfc822\r\n\r\n";
    [before.as_bytes(), original, b"\r\n--=_2--\r\n"].concat()
}

fn compare(name: &str, messages: &[Vec<u8>]) {
    let octets: usize = messages.iter().map(Vec::len).sum();
    let repeats = TURN_OCTETS.div_ceil(octets.max(1));
    let parser = MessageParser::default();
    let limits = Limits::default();
    let each = |work: &dyn Fn(&[u8])| (0..repeats).for_each(|_| messages.iter().for_each(|message| work(message)));
    let [mime, ours] = least([&mut || each(&|message| drop(black_box(parser.parse(black_box(message))))), &mut || {
        each(&|message| drop(black_box(read(black_box(message), None, &limits))))
    }]);
    let rate = |time: Duration| (octets * repeats) as f64 / 1e6 / time.as_secs_f64();
    let (mime, ours) = (rate(mime), rate(ours));
    println!("{name:<40}{octets:>10}{mime:>14.0}{ours:>14.0}{:>11.0} %", 100.0 * ours / mime);
}

/// The least time of each of two, of several that take turns.
fn least(mut runs: [&mut dyn FnMut(); 2]) -> [Duration; 2] {
    let mut least = [Duration::MAX; 2];
    for _ in 0..TURNS {
        for (least, run) in least.iter_mut().zip(&mut runs) {
            let start = Instant::now();
            run();
            *least = (*least).min(start.elapsed());
        }
    }
    least
}

/// One DSN: to read it, and to prove its origin.
fn report(message: &[u8]) {
    const COUNT: u32 = 5_000;
    let id = KeyId::new(4).expect("a digit");
    let secret = b"the public secret of our test messages";
    let keys = [Key::new(KeyUse::Batv(id), Algorithm::HmacSha256, secret).expect("a key")];
    let today = Day::new(20_782).expect("a day");
    let alice = Mailbox::parse("alice@example.com").expect("a mailbox");
    let protected = [Pattern::parse("example.com").expect("a pattern")];
    let ours = OwnMail::new(&protected);
    let limits = Limits::default();
    let prove = || {
        let reading = read(black_box(message), Some(Path::Null), &limits);
        origin(&reading, &alice, &keys, &ours, today).origin
    };
    let proved = Origin::Proved(Proof::Mark);
    assert_eq!(prove(), proved);
    let [reading, proving] = least([
        &mut || (0..COUNT).for_each(|_| drop(black_box(read(black_box(message), Some(Path::Null), &limits)))),
        &mut || (0..COUNT).for_each(|_| assert_eq!(prove(), proved)),
    ]);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(COUNT);
    println!(
        "\na DSN of {} octets: {:.1} µs to read, {:.1} µs to read it and to prove its origin",
        message.len(),
        each(reading),
        each(proving)
    );
}
