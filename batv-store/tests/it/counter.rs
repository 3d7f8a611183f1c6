//! Counters of bounces and of failures.

use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
use batv_store::counter::{BOUNCES_PER_TAG, Failures, Networks, Subject, bounce, is_replayed};
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
    let failures = Failures::of(&key(), subject, HOUR, now);
    failures.total(&answers(store, failures.add(by), now))
}

fn look(store: &dyn Store, subject: &Subject, now: u64) -> u32 {
    let failures = Failures::of(&key(), subject, HOUR, now);
    failures.total(&answers(store, failures.look(), now))
}

#[test]
fn a_tag_may_come_back_so_often_and_no_more() {
    for place in Place::all() {
        let store = place.open();
        let [tag, other] = ["2026-12-01 alice@example.com", "2026-12-02 alice@example.com"];
        for number in 1..=BOUNCES_PER_TAG + 5 {
            let answer = answers(&*store, vec![bounce(&key(), tag, NOW + 9)], NOW).remove(0);
            assert_eq!(answer, Answer::Total(number));
            assert_eq!(is_replayed(&answer, BOUNCES_PER_TAG), number > BOUNCES_PER_TAG, "{}", place.name());
        }
        assert_eq!(answers(&*store, vec![bounce(&key(), other, NOW + 9)], NOW), [Answer::Total(1)]);
        // The tag is dead, and so is its counter.
        assert_eq!(answers(&*store, vec![bounce(&key(), tag, NOW + 99)], NOW + 9), [Answer::Total(1)]);
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
    let failures = Failures::of(&key(), &alice, 2 * HOUR, START);
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
        let failures = Failures::of(&key(), &alice, window, now);
        let total = failures.total(&[Answer::Total(u32::MAX), Answer::Total(u32::MAX)]);
        assert_eq!(total, u32::MAX);
        assert_eq!(failures.add(1).len(), 2);
        assert_eq!(failures.total(&[]), 0);
        assert_eq!(failures.total(&[Answer::Done { dropped: 0 }, Answer::Total(1)]), 0);
    }
}
