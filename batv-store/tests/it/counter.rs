//! Counters of bounces and of failures.

use batv_core::mark::MessageDigest;
use batv_core::{Algorithm, Key, KeyId, KeyState, KeyUse, Mailbox};
use batv_store::counter::{CountingKeys, Failures, Networks, Subject, bounce, bounce_of, total};
use batv_store::record::Record;
use batv_store::{Answer, Store};

use crate::place::{NOW, Place, answers};

const HOUR: u64 = 3_600;
/// The beginning of a window.
const START: u64 = NOW - NOW % HOUR;

fn key() -> Key {
    Key::new(KeyUse::Batv(KeyId::new(3).unwrap()), Algorithm::HmacSha256, b"a secret of 32 octets or more ...").unwrap()
}

fn network(client: &str) -> Subject {
    Subject::network(client.parse().unwrap(), Networks::default())
}

fn add(store: &dyn Store, subject: &Subject, by: u32, now: u64) -> u32 {
    let failures = Failures::of(&CountingKeys::from(&key()), subject, HOUR, now);
    failures.total(&answers(store, failures.add(by), now))
}

fn look(store: &dyn Store, subject: &Subject, now: u64) -> u32 {
    let failures = Failures::of(&CountingKeys::from(&key()), subject, HOUR, now);
    failures.total(&answers(store, failures.look(), now))
}

#[test]
fn a_tag_may_come_back_so_often_and_no_more() {
    for place in Place::all() {
        let store = place.open();
        let [tag, other] = ["2026-12-01 alice@example.com", "2026-12-02 alice@example.com"];
        let key = key();
        let keys = CountingKeys::from(&key);
        let count = |tag, expires, now| total(&answers(&*store, bounce(&keys, tag, expires), now));
        for number in 1..=9 {
            assert_eq!(count(tag, NOW + 9, NOW), Some(number), "{}", place.name());
        }
        assert_eq!(count(other, NOW + 9, NOW), Some(1));
        // The tag is dead, and so is its counter.
        assert_eq!(count(tag, NOW + 99, NOW + 9), Some(1));
    }
}

#[test]
fn a_message_is_counted_by_mailbox() {
    for place in Place::all() {
        let store = place.open();
        let key = key();
        let count = |mailbox: &str, message_id: &[u8]| {
            let mailbox = Mailbox::parse(mailbox).unwrap();
            let keys = CountingKeys::from(&key);
            total(&answers(&*store, bounce_of(&keys, &mailbox, &MessageDigest::of(message_id), NOW + 9), NOW))
        };
        assert_eq!(count("alice@example.com", b"<1@example.com>"), Some(1));
        assert_eq!(count("Alice@Example.COM", b"1@example.com"), Some(2), "{}", place.name());
        assert_eq!(count("mallory@example.com", b"<1@example.com>"), Some(1));
        assert_eq!(count("alice@example.com", b"<2@example.com>"), Some(1));
    }
}

/// Counts and records that one key wrote, with the keyring of each step.
#[test]
fn counts_outlive_a_change_of_keys() {
    let new = Key::new(KeyUse::Batv(KeyId::new(4).unwrap()), Algorithm::HmacSha256, b"another secret ...").unwrap();
    let verifying = |key: &Key| key.clone().with_state(KeyState::Verifying);
    let rings = [
        vec![key()],
        vec![key(), verifying(&new)],
        vec![verifying(&key()), new.clone()],
        vec![key().with_state(KeyState::Retired), new],
    ];
    let alice = Mailbox::parse("alice@example.com").unwrap();
    let message = MessageDigest::of(b"<1@example.com>");
    for place in Place::all() {
        let store = place.open();
        for (ring, expected) in rings.iter().zip([1, 2, 3, 2]) {
            let keys = CountingKeys::of(ring).unwrap();
            let ask = |batch| answers(&*store, batch, NOW);
            assert_eq!(
                total(&ask(bounce(&keys, "2026-12-01 alice@example.com", NOW + 9))),
                Some(expected),
                "{}",
                place.name()
            );
            assert_eq!(total(&ask(bounce_of(&keys, &alice, &message, NOW + 9))), Some(expected));
            let failures = Failures::of(&keys, &network("192.0.2.7"), HOUR, NOW);
            assert_eq!(failures.total(&ask(failures.add(1))), expected);
        }
        let record = |ring: usize| Record::of(&CountingKeys::of(&rings[ring]).unwrap(), [192, 0, 2, 7].into(), NOW);
        answers(&*store, record(0).earn(), NOW);
        let good = [0, 1, 2, 3].map(|ring| record(ring).is_good(&answers(&*store, record(ring).look(), NOW)));
        assert_eq!(good, [true, true, true, false], "{}", place.name());
    }
}

#[test]
fn failures_fade_within_the_next_window() {
    for place in Place::all() {
        let store = place.open();
        let alice = Subject::mailbox(&Mailbox::parse("alice@example.com").unwrap());
        assert_eq!(look(&*store, &alice, START), 0);
        assert_eq!(add(&*store, &alice, 1, START), 1);
        assert_eq!(add(&*store, &alice, 99, START + HOUR - 1), 100);
        for (after, left) in [(0, 100), (HOUR / 4, 75), (HOUR / 2, 50), (HOUR - 36, 1), (HOUR - 1, 0)] {
            assert_eq!(look(&*store, &alice, START + HOUR + after), left, "{after} s, {}", place.name());
        }
        assert_eq!(add(&*store, &alice, 7, START + 2 * HOUR - 1), 7);
        assert_eq!(look(&*store, &alice, START + 2 * HOUR), 7);
        assert_eq!(look(&*store, &alice, START + 3 * HOUR), 0);
    }
}

#[test]
fn subjects_and_windows_are_apart() {
    let places = Place::all();
    let store = places[1].open();
    let alice = Subject::mailbox(&Mailbox::parse("alice@example.com").unwrap());
    add(&*store, &alice, 5, START);
    let others =
        [Subject::mailbox(&Mailbox::parse("bob@example.com").unwrap()), network("192.0.2.7"), network("2001:db8::1")];
    for other in &others {
        assert_eq!(look(&*store, other, START), 0, "{other:?}");
    }
    let failures = Failures::of(&CountingKeys::from(&key()), &alice, 2 * HOUR, START);
    assert_eq!(failures.total(&answers(&*store, failures.look(), START)), 0);
}

#[test]
fn a_network_is_what_one_client_has() {
    let same = [
        ("192.0.2.1", "192.0.2.254"),
        ("::ffff:192.0.2.1", "192.0.2.9"),
        ("2001:db8:1:2::1", "2001:db8:1:ffff:ffff:ffff:ffff:ffff"),
    ];
    for (one, other) in same {
        assert_eq!(network(one), network(other));
    }
    for (one, other) in [("192.0.2.1", "192.0.3.1"), ("2001:db8:1::1", "2001:db8:2::1"), ("::1", "0.0.0.1")] {
        assert_ne!(network(one), network(other));
    }
    let mut networks = Networks::default();
    (networks.v4, networks.v6) = (255, 255);
    let exact = |client: &str| Subject::network(client.parse().unwrap(), networks);
    assert_ne!(exact("192.0.2.1"), exact("192.0.2.2"));
    assert_ne!(exact("2001:db8::1"), exact("2001:db8::2"));
}

#[test]
fn no_numbers_are_too_large() {
    let alice = Subject::mailbox(&Mailbox::parse("alice@example.com").unwrap());
    for (window, now) in [(0, 0), (0, u64::MAX), (1, u64::MAX), (u64::MAX, 0), (u64::MAX, u64::MAX), (HOUR, 0)] {
        let failures = Failures::of(&CountingKeys::from(&key()), &alice, window, now);
        let total = failures.total(&[Answer::Total(u32::MAX), Answer::Total(u32::MAX)]);
        assert_eq!(total, u32::MAX);
        assert_eq!(failures.add(1).len(), 2);
        assert_eq!(failures.total(&[]), 0);
        assert_eq!(failures.total(&[Answer::Done { dropped: 0 }, Answer::Total(1)]), 0);
    }
}
