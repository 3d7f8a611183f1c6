//! Memory under attack: wrong tags from everywhere, long senders, many recipients, long messages, all at once. `BATV_ATTACK`
//! says how much (scripts/jobs/attack); its measurements go to standard error.

use core::fmt::Write as _;
use std::fs;
use std::thread;

use batv_tests::site::{ALICE, forged, tagged};

use super::mail::{Client, message};
use super::place::Place;
use crate::support::Daemon;

/// Wrong tags, when not told otherwise; of all else there is less.
const DEFAULT_WRONG: u32 = 1_000;
const CONNECTIONS: u32 = 8;
/// Octets by which the daemon may grow: 20 messages at a time of 1 MiB, and as much again.
const MOST: u64 = 64 << 20;

#[test]
fn memory_is_bounded() {
    let wrong = std::env::var("BATV_ATTACK").map_or(DEFAULT_WRONG, |text| text.parse().expect("a number"));
    for place in Place::all() {
        let limits = "[limits]\nbounces_per_minute = 0\n[verify]\nmode = 'reject'\n";
        let daemon = place.daemon("milliseconds = 250", limits);
        warm(&daemon);
        let before = daemon.memory();
        let mut said = String::new();
        for (name, attack) in [
            ("wrong tags", &wrong_tags as &(dyn Fn(&Daemon, u32, u32) + Sync)),
            ("long senders", &long_senders),
            ("recipients", &recipients),
            ("long messages", &long_messages),
        ] {
            thread::scope(|scope| {
                for number in 0..CONNECTIONS {
                    let daemon = &daemon;
                    scope.spawn(move || attack(daemon, number, wrong / CONNECTIONS));
                }
            });
            let _ = write!(said, ", {} after {name}", mib(daemon.memory()));
        }
        let peak = daemon.peak();
        let store = match &place {
            Place::File => ["", "-wal"].iter().map(|end| size(&daemon, &format!("store/store.sqlite{end}"))).sum(),
            Place::Server(server) => server.memory(),
        };
        eprintln!(
            "{}: {} before{said}, {} at most; {} in the store; the store was {}",
            place.name(),
            mib(before),
            mib(peak),
            mib(store),
            if daemon.log().contains("doesn't answer") { "overloaded" } else { "there all the time" },
        );
        assert!(peak < before + MOST, "{}: {} before, {} at most", place.name(), mib(before), mib(peak));
    }
}

fn mib(octets: u64) -> String {
    format!("{}.{} MiB", octets >> 20, ((octets & 0xf_ffff) * 10) >> 20)
}

fn size(daemon: &Daemon, name: &str) -> u64 {
    fs::metadata(daemon.path(name)).map_or(0, |file| file.len())
}

/// Memory that is needed once is allocated then.
fn warm(daemon: &Daemon) {
    for number in 0..CONNECTIONS {
        wrong_tags(daemon, number, 10);
    }
}

/// Each from an address of its own.
fn wrong_tags(daemon: &Daemon, number: u32, count: u32) {
    let wrong = forged(&tagged(ALICE, 0));
    let mut client = Client::from(daemon, "192.0.2.1");
    for address in 0..count {
        let octets = (address << 4).to_be_bytes();
        client.next(&format!("{}.{}.{}.{}", 10 + number, octets[1], octets[2], octets[3]));
        let replies = client.ask("", &[&wrong]);
        assert!(replies[0].is_some(), "a wrong tag is taken");
    }
}

fn long_senders(daemon: &Daemon, number: u32, count: u32) {
    let mut client = Client::of_ours(daemon, "192.0.2.66");
    for sender in 0..count / 4 {
        let sender = format!("{}{number}.{sender:06}@example.com", "newsletter-".repeat(5));
        let said = client.send(&sender, &["dave@example.net"], &message("<1@laptop.example>"));
        assert!(said.replies.is_empty(), "{said:?}");
    }
}

/// More than one message may have.
fn recipients(daemon: &Daemon, number: u32, count: u32) {
    let mut client = Client::from(daemon, &format!("198.51.100.{number}"));
    let recipients: Vec<String> = (0..count.min(12_000)).map(|to| format!("{to}.{ALICE}")).collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    client.ask("carol@example.org", &recipients);
}

/// Each of 7 MB.
fn long_messages(daemon: &Daemon, number: u32, count: u32) {
    let body = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123\n".repeat(100_000);
    let mut client = Client::from(daemon, &format!("203.0.113.{number}"));
    for _ in 0..=count / 5_000 {
        let said = client.send("", &[ALICE], &format!("Subject: test\n\n{body}"));
        assert!(said.replies.is_empty(), "{said:?}");
    }
}
