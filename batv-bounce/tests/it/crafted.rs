//! Messages that somebody crafts to be read slowly: what is read of them is bounded in number, not only in octets.
//!
//! Time is for `cargo bench --bench crafted`. What takes time without bounds here does not end before the limit of each test.

use core::cell::Cell;

use allocation_counter::measure;
use batv_bounce::{Class, Investigation, Limits, Origin, Proof, Provenance, SentQuery, read};
use batv_core::{Domain, Key, KeyRing, Keys, Mailbox, Path, mark};
use data_encoding::BASE64;

use crate::shapes;

/// The most times that memory is asked for, and the most octets of it together, for each octet of a message.
const ALLOCATIONS: u64 = 1;
const MEMORY: u64 = 64;
/// The same octets for what is asked of a message that was read.
const MEMORY_OF_QUESTIONS: u64 = 4;

#[test]
fn crafted_messages_take_no_more_work_than_their_octets_allow() {
    let all = shapes::all();
    assert!(all.len() >= 100);
    for shapes::Crafted { name, message } in &all {
        let octets = u64::try_from(message.len()).expect("a length");
        let reading = read(message, Some(Path::Null), &Limits::default());
        for (what, most, used) in [
            ("reading", MEMORY, measure(|| drop(read(message, Some(Path::Null), &Limits::default())))),
            ("its origin", MEMORY_OF_QUESTIONS, measure(|| drop(shapes::find_origin(&reading)))),
            ("the question to the log", MEMORY_OF_QUESTIONS, measure(|| drop(SentQuery::of(&reading)))),
        ] {
            assert!(used.count_total <= ALLOCATIONS * octets, "{name}, {what}: {} allocations", used.count_total);
            assert!(used.bytes_total <= most * octets, "{name}, {what}: {} octets allocated", used.bytes_total);
        }
    }
}

/// Keys, and how often they were looked up: once for each mark or tag that is verified.
struct Counted {
    keys: Vec<Key>,
    lookups: Cell<u64>,
}

impl KeyRing for Counted {
    fn batv_keys<'k, 'm>(&'k self, mailbox: &'m Mailbox<'m>) -> Keys<'k, 'm> {
        self.lookups.set(self.lookups.get() + 1);
        self.keys.batv_keys(mailbox)
    }

    fn srs_keys<'k, 'm>(&'k self, domain: &'m Domain<'m>) -> Keys<'k, 'm> {
        self.keys.srs_keys(domain)
    }
}

/// The keys that were looked up and the times that memory was asked for, until the origin was known for each recipient; and for
/// how many nothing was looked for.
fn work_for(message: &[u8], recipients: &[String]) -> (u64, u64, usize) {
    let ring = Counted { keys: shapes::keys(), lookups: Cell::new(0) };
    let recipients: Vec<Mailbox<'_>> = recipients.iter().map(|name| Mailbox::parse(name).expect("a mailbox")).collect();
    let reading = read(message, Some(Path::Null), &Limits::default());
    let mut cut = 0;
    let used = measure(|| {
        shapes::with_own_mail(|ours, today| {
            let investigation = Investigation::new(&reading, &ring, *ours, today);
            for recipient in &recipients {
                let found = investigation.origin(recipient);
                cut += usize::from(found.cut);
                assert!(!found.cut || found.origin == Origin::Unknown, "{found:?}");
            }
            assert_eq!(investigation.is_cut(), cut > 0);
        });
    });
    (ring.lookups.get(), used.count_total, cut)
}

/// Many recipients make no more work than the hundred whose origin is searched for.
#[test]
fn the_work_for_a_message_is_bounded_for_all_its_recipients_together() {
    const MANY: usize = 10_000;
    // Its name is compared.
    const EACH: u64 = 4 * 10_000;
    let of = |name: &dyn Fn(usize) -> String, count: usize| (0..count).map(name).collect::<Vec<String>>();
    for shapes::Crafted { name, message } in shapes::for_many_recipients() {
        let (lookups, allocations, cut) = work_for(&message, &of(&|_| "alice@example.com".to_owned(), 1));
        assert!(lookups <= 2_000, "{name}: {lookups} lookups");
        assert_eq!(cut, 0, "{name}");

        let (same, used, cut) = work_for(&message, &of(&|_| "alice@example.com".to_owned(), MANY));
        assert_eq!((same, cut), (lookups, 0), "{name}: the same recipient");
        assert!(used <= allocations + EACH, "{name}: {used} allocations for the same recipient");

        let (others, used, cut) = work_for(&message, &of(&|number| format!("u{number}@example.com"), MANY));
        assert!(others <= lookups + 100 * 101, "{name}: {others} lookups");
        assert!(used <= allocations + EACH + 100 * 1_000, "{name}: {used} allocations");
        assert_eq!(cut, MANY - 100, "{name}");

        let (_, used, cut) = work_for(&message, &of(&|number| format!("u@d{number}.example"), MANY));
        assert!(used <= 11 * allocations + EACH + 100 * 1_000, "{name}: {used} allocations for many domains");
        assert!(cut >= MANY - 100, "{name}: {cut}");
    }
}

fn reading_of<T>(message: &[u8], limits: &Limits, look: impl FnOnce(&batv_bounce::Reading<'_>) -> T) -> T {
    look(&read(message, Some(Path::Null), limits))
}

/// The text in which somebody's message is returned, behind so many octets of other texts.
fn behind_texts(octets: usize) -> Vec<u8> {
    let other = format!("--b\n\n{}\n", "a b\n".repeat(4096));
    let texts = other.repeat(octets / (16 * 1024));
    let returned =
        "--b\n\nFrom: a@example.org\nTo: b@example.net\nDate: Wed, 25 Nov 2026 10:00:00 +0000\nSubject: c\n\n--b--\n";
    format!(
        "From: MAILER-DAEMON@example.net\nSubject: failure notice\nContent-Type: multipart/mixed; boundary=b\n\n{texts}{returned}"
    )
    .into_bytes()
}

#[test]
fn of_many_texts_four_long_ones_are_read() {
    for (octets, is_found) in [(0, true), (240 * 1024, true), (256 * 1024, false)] {
        let (found, cut) = reading_of(&behind_texts(octets), &Limits::default(), |reading| {
            assert_eq!(reading.class, Class::NonstandardDsn);
            (reading.original.is_some(), reading.cut)
        });
        assert_eq!((found, cut), (is_found, !is_found), "{octets}");
    }
}

#[test]
fn the_texts_of_returned_reports_count_as_texts_of_the_message() {
    let report = |text: &str| {
        format!(
            "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=c\n\n--c\n\n{text}\n--c--\n"
        )
    };
    let returned = "From: a@example.org\nTo: b@example.net\nDate: Wed, 25 Nov 2026 10:00:00 +0000\nSubject: d\n";
    for (texts, is_found) in [(0, true), (15, true), (16, false)] {
        let others = report(&"a b\n".repeat(4096)).repeat(texts);
        let message = format!(
            "From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             {}{others}--b--\n",
            report(returned)
        );
        let (found, cut) = reading_of(message.as_bytes(), &Limits::default(), |reading| {
            (reading.others.iter().any(|other| other.in_text), reading.cut)
        });
        assert_eq!((found, cut), (is_found, !is_found), "{texts}");
    }
}

/// Domains with a letter that is no ASCII.
fn u_labels(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("\u{fc}{number}.example"))
}

#[test]
fn of_a_message_100_domains_are_converted() {
    for (count, cut) in [(50, false), (51, true)] {
        let to = |count| u_labels(count).map(|name| format!("a@{name}, ")).collect::<String>();
        let message = format!(
            "From: MAILER-DAEMON@example.net\nTo: {}\nDelivered-To: {}\nSubject: failure notice\n\nHello\n",
            to(50),
            to(count)
        );
        reading_of(message.as_bytes(), &Limits::default(), |reading| assert_eq!(reading.cut, cut, "{count}"));
    }
    for (count, cut) in [(100, false), (101, true)] {
        let received: String = u_labels(count).map(|name| format!("Received: from {name}\n")).collect();
        assert_eq!(origin_of(&returned(&received)).cut, cut, "{count}");
    }
    // An address has no such domain.
    for name in ["\u{fc}".repeat(64), format!("{}\u{fc}", "a.".repeat(127))] {
        let received = format!("Received: from {name}\n").repeat(101);
        assert!(!origin_of(&returned(&received)).cut, "{name}");
    }
}

fn origin_of(message: &[u8]) -> Provenance {
    reading_of(message, &Limits::default(), shapes::find_origin)
}

#[test]
fn a_message_id_is_no_longer_than_a_line() {
    let alice = Mailbox::parse("alice@example.com").expect("a mailbox");
    for (octets, is_read) in [(998, true), (999, false)] {
        let id = format!("<{}@example.com>", "1".repeat(octets - "<@example.com>".len()));
        let mark = shapes::with_own_mail(|_, today| mark::make(&shapes::keys(), id.as_bytes(), &alice, today));
        let mark = mark.expect("a key that signs");
        for id in [id.clone(), format!("{} {id}", "x".repeat(1000))] {
            let found = origin_of(&returned(&format!("Message-ID: {id}\n{}: {mark}\n", mark::FIELD)));
            let expected = if is_read { Origin::Proved(Proof::Mark) } else { Origin::Hinted };
            assert_eq!(found.origin, expected, "{octets}: {:?}", found.evidence);
        }
    }
}

/// A signature that names our RSA key.
fn signature() -> String {
    let signature = BASE64.encode(&[0x11; 512]);
    format!("DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa; h=from; bh=eA==; b={signature}\n")
}

#[test]
fn of_a_message_ten_signatures_are_checked_those_of_the_first_header_first() {
    // The header that comes last is looked at first.
    for (first, last, checked, cut) in [(1, 9, 2, false), (1, 10, 1, true), (2, 9, 2, true), (0, 11, 1, true)] {
        let part = |signatures: usize| {
            format!(
                "--b\nContent-Type: text/rfc822-headers\n\nFrom: a{signatures}@example.com\n{}\n",
                signature().repeat(signatures)
            )
        };
        let message = format!(
            "From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             {}{}--b--\n",
            part(first),
            part(last)
        );
        let found = origin_of(&message.into_bytes());
        let hints = found.evidence.iter().filter(|evidence| evidence.words.contains("that names our key")).count();
        assert_eq!((hints, found.cut), (checked, cut), "{first}, {last}: {:?}", found.evidence);
    }
}

#[test]
fn of_headers_that_are_signed_512_kib_are_hashed() {
    for (signatures, cut) in [(2, false), (3, true)] {
        let header = format!("From: a@example.com\n{}{}", signature().repeat(signatures), "X: y\n".repeat(900));
        let header = header.replace('y', &"y".repeat(200));
        assert_eq!(origin_of(&returned(&header)).cut, cut, "{signatures}");
    }
}

#[test]
fn of_a_header_a_thousand_fields_are_read() {
    let message = |fields: usize| format!("{}Subject: Undeliverable\n\n", "X: y\n".repeat(fields)).into_bytes();
    for (fields, is_read) in [(999, true), (1000, false)] {
        reading_of(&message(fields), &Limits::default(), |reading| {
            let is_seen = reading.evidence.iter().any(|evidence| evidence.words.contains("undeliver"));
            assert_eq!((is_seen, reading.cut), (is_read, !is_read), "{fields}: {:?}", reading.evidence);
        });
    }
}

fn returned(header: &str) -> Vec<u8> {
    format!(
        "From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: message/rfc822\n\n{header}\nHello\n--b--\n"
    )
    .into_bytes()
}

#[test]
fn of_a_returned_header_a_thousand_fields_and_broken_lines_are_read() {
    const COMPLETE: &str =
        "From: a@example.org\nDate: Wed, 25 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\nReceived: x\n";
    for (more, length, complete) in [
        ("X: y\n".repeat(996), COMPLETE.len() + 996 * 5, true),
        ("X: y\n".repeat(997), COMPLETE.len() + 996 * 5, false),
        // Each of them is joined with what stands above, behind a space.
        ("\x0c\n".repeat(1000), COMPLETE.len() + 1000 * 3, false),
        ("\x0c\n".repeat(1001), COMPLETE.len() + 1000 * 3, false),
    ] {
        reading_of(&returned(&format!("{COMPLETE}{more}")), &Limits::default(), |reading| {
            let original = reading.original.as_ref().expect("an original");
            assert_eq!((original.header.len(), original.complete), (length, complete));
        });
    }
}

#[test]
fn headers_of_other_originals_are_as_long_together_as_one_may_be() {
    let part = |number: usize| {
        format!(
            "--b\nContent-Type: message/rfc822\n\nMessage-ID: <{number}@example.org>\nX: {}\n\nHello\n",
            "y".repeat(8000)
        )
    };
    let message = format!(
        "From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n{}--b--\n",
        (0..6).map(part).collect::<String>()
    );
    for (header_octets, others, cut) in [(256 * 1024, 5, false), (17_000, 2, true)] {
        let limits = Limits { header_octets, ..Limits::default() };
        let found = reading_of(message.as_bytes(), &limits, |reading| (reading.others.len(), reading.cut));
        assert_eq!(found, (others, cut));
    }
}

#[test]
fn of_a_report_ten_thousand_fields_are_read() {
    for (fields, is_read) in [(9_999, true), (10_000, false)] {
        let part = format!("{}Reporting-MTA: dns; mx.example.net\n", "a:\n".repeat(fields));
        let report = batv_bounce::Report::read(part.as_bytes());
        assert_eq!(report.reporting_mta.is_some(), is_read, "{fields}");
    }
}
