//! Aliases, from a sender that is too long and back.

use batv_core::srs::{Srs, SrsVerdict};
use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, Domain, Key, KeyId, KeyUse, Mailbox, TagVerdict};
use batv_store::alias::{Handle, Request, resolve, resolved};
use batv_store::{Answer, Store};

use crate::place::{FOREVER, NOW, Place, answers};

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

fn batv_key(algorithm: Algorithm) -> Key {
    Key::new(KeyUse::Batv(KeyId::new(3).unwrap()), algorithm, b"a secret of 32 octets or more ...").unwrap()
}

fn request(sender: &str, client: &str) -> Request {
    Request::new(&batv_key(Algorithm::HmacSha256), &Mailbox::parse(sender).unwrap(), client.as_bytes(), WEEK)
}

fn sender_of(store: &dyn Store, handle: Handle, now: u64) -> Option<String> {
    let answers = answers(store, vec![resolve(handle)], now);
    resolved(&answers[0]).map(Into::into)
}

/// Of 64 octets: too long for any tag.
fn long() -> String {
    format!("{}@example.com", "a".repeat(64))
}

#[test]
fn a_tagged_alias_comes_back_as_its_sender_in_every_form() {
    let today = Day::from_unix_seconds(NOW.cast_signed()).unwrap();
    for place in Place::all() {
        let store = place.open();
        let handle = request(&long(), "192.0.2.7").handle(&*store, NOW, FOREVER).unwrap();
        for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
            let keys = [batv_key(algorithm)];
            for form in [Form::Prvs, Form::Strong] {
                let alias = handle.mailbox("example.com");
                let alias = Mailbox::parse(&alias).unwrap();
                let tagged = tag::sign(&keys, &alias, form, None, today).unwrap().to_string();
                let bounce = Mailbox::parse(&tagged).unwrap();
                bounce.check_length().unwrap();
                let verification = tag::verify(&keys, &bounce, today);
                assert_eq!(verification.verdict, TagVerdict::Valid, "{tagged}");
                let found = Handle::of(&verification.mailbox).unwrap();
                assert_eq!(sender_of(&*store, found, NOW), Some(long()), "{tagged}");
            }
        }
    }
}

#[test]
fn a_rewritten_alias_comes_back_as_its_sender() {
    let today = Day::from_unix_seconds(NOW.cast_signed()).unwrap();
    let ours = [Domain::parse("forwarder.example.net").unwrap()];
    let srs = Srs::new(&ours).unwrap();
    for place in Place::all() {
        let store = place.open();
        let sender = format!("{}@{}.example.org", "b".repeat(60), "c".repeat(60));
        for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
            let keys = [Key::new(KeyUse::Srs, algorithm, b"tops3cr3t").unwrap()];
            let mailbox = Mailbox::parse(&sender).unwrap();
            assert!(srs.forward(&keys, &mailbox, today).is_err());
            let request = Request::new(&keys[0], &mailbox, b"192.0.2.7", 3 * WEEK);
            let handle = request.handle(&*store, NOW, FOREVER).unwrap();
            let alias = handle.srs_mailbox();
            let forwarded = srs.forward(&keys, &Mailbox::parse(&alias).unwrap(), today).unwrap().to_string();
            assert!(forwarded.contains("=alias=") && forwarded.ends_with("@forwarder.example.net"), "{forwarded}");
            let bounce = Mailbox::parse(&forwarded).unwrap();
            let reversal = srs.reverse(&keys, &bounce, today);
            assert_eq!(reversal.verdict, SrsVerdict::Valid);
            let found = Handle::of(&reversal.mailbox.unwrap()).unwrap();
            assert_eq!(sender_of(&*store, found, NOW), Some(sender.clone()));
        }
    }
}

#[test]
fn a_sender_keeps_the_handle_while_it_outlives_the_tag_on_it() {
    for place in Place::all() {
        let store = place.open();
        let request = request(&long(), "192.0.2.7");
        let first = request.handle(&*store, NOW, FOREVER).unwrap();
        assert_eq!(request.handle(&*store, NOW + WEEK - 1, FOREVER).unwrap(), first);
        // The last tag on it was made just now, and lives for a week.
        let second = request.handle(&*store, NOW + WEEK, FOREVER).unwrap();
        assert_ne!(second, first);
        for (handle, now, is_there) in [
            (first, NOW + 2 * WEEK + DAY - 1, true),
            (first, NOW + 2 * WEEK + DAY, false),
            (second, NOW + 2 * WEEK + DAY, true),
            (second, NOW + 3 * WEEK + DAY, false),
        ] {
            assert_eq!(sender_of(&*store, handle, now), is_there.then(long), "{}", place.name());
        }
    }
}

/// A tag lives until the end of its last day, whatever the hour at which it was made.
#[test]
fn a_handle_outlives_each_tag_on_it() {
    let day = |now: u64| Day::from_unix_seconds(now.cast_signed()).unwrap();
    let keys = [batv_key(Algorithm::HmacSha256)];
    for place in Place::all() {
        let store = place.open();
        for hour in 0..24 {
            let sender = format!("{hour}.{}", long());
            let begun = NOW + hour * 3_600;
            let handle = request(&sender, "192.0.2.7").handle(&*store, begun, FOREVER).unwrap();
            let last = begun + WEEK - 1;
            assert_eq!(request(&sender, "192.0.2.7").handle(&*store, last, FOREVER).unwrap(), handle);
            let alias = handle.mailbox("example.com");
            let tagged = tag::sign(&keys, &Mailbox::parse(&alias).unwrap(), Form::Prvs, None, day(last)).unwrap();
            let tagged = tagged.to_string();
            let is_valid =
                |now| tag::verify(&keys, &Mailbox::parse(&tagged).unwrap(), day(now)).verdict == TagVerdict::Valid;
            let end = (last..).step_by(3_600).find(|now| !is_valid(*now)).unwrap();
            let found = sender_of(&*store, handle, end - 3_600);
            assert_eq!(found, Some(sender), "made at {hour}:00, in {}", place.name());
        }
    }
}

#[test]
fn a_flood_of_senders_costs_only_the_client_that_makes_it() {
    for place in Place::all() {
        let store = place.open();
        let honest = request(&long(), "192.0.2.7").with_quota(5);
        let kept = honest.handle(&*store, NOW, FOREVER).unwrap();
        let mut handles = Vec::new();
        for number in 0..30 {
            // The first one is the honest one's, so that it would be forgotten if they shared it.
            let sender = if number == 0 { long() } else { format!("{number}.{}", long()) };
            handles.push(request(&sender, "198.51.100.66").with_quota(5).handle(&*store, NOW, FOREVER).unwrap());
        }
        for (number, handle) in handles.into_iter().enumerate() {
            assert_eq!(sender_of(&*store, handle, NOW).is_some(), number >= 25, "{number}, {}", place.name());
        }
        assert_eq!(sender_of(&*store, kept, NOW), Some(long()));
        assert_eq!(honest.handle(&*store, NOW, FOREVER).unwrap(), kept);
    }
}

#[test]
fn who_is_forgotten_gets_another_handle_and_no_dead_one() {
    for place in Place::all() {
        let store = place.open();
        let first = request(&long(), "192.0.2.7").with_quota(1);
        let other = request("other@example.com", "192.0.2.7").with_quota(1);
        let handle = first.handle(&*store, NOW, FOREVER).unwrap();
        other.handle(&*store, NOW, FOREVER).unwrap();
        assert_eq!(sender_of(&*store, handle, NOW), None);
        let again = first.handle(&*store, NOW, FOREVER).unwrap();
        assert_ne!(again, handle);
        assert_eq!(sender_of(&*store, again, NOW), Some(long()));
    }
}

#[test]
fn handles_are_read_in_any_case_and_nothing_else_is_one() {
    let handle = Handle::new(*b"abcdefghij");
    let cases = [
        ("alias=mfrggzdfmztwq2lk@example.com", true),
        ("ALIAS=MFRGGZDFMZTWQ2LK@example.com", true),
        ("mfrggzdfmztwq2lk@alias", true),
        ("Mfrggzdfmztwq2lk@Alias", true),
        ("alias=mfrggzdfmztwq2lk@alias", true),
        ("alias=mfrggzdfmztwq2l@example.com", false),
        ("alias=mfrggzdfmztwq2lkk@example.com", false),
        ("alias=mfrggzdfmztwq2l1@example.com", false),
        ("alias=@example.com", false),
        ("alias@example.com", false),
        ("mfrggzdfmztwq2lk@example.com", false),
        ("mfrggzdfmztwq2lk@alias.example.com", false),
        ("\"alias=mfrggzdfmztwq2lk \"@example.com", false),
        ("aliaß=mfrggzdfmztwq2lk@example.com", false),
    ];
    for (text, is_handle) in cases {
        assert_eq!(Handle::of(&Mailbox::parse(text).unwrap()), is_handle.then_some(handle), "{text}");
    }
}

#[test]
fn values_that_make_no_sense_are_no_handle_and_no_sender() {
    let request = request(&long(), "192.0.2.7");
    let value = |octets: &[u8]| Answer::Value(Some(octets.to_vec()));
    for answer in [
        Answer::Done { dropped: 0 },
        Answer::Total(1),
        Answer::Value(None),
        value(b""),
        value(&[0; 9]),
        value(&[0; 11]),
    ] {
        assert_eq!(request.known(&answer), None, "{answer:?}");
    }
    for answer in
        [Answer::Done { dropped: 0 }, Answer::Value(None), value(b""), value(b"\xff@example.com"), value(b"a@b@c\r\n")]
    {
        assert_eq!(resolved(&answer), None, "{answer:?}");
    }
    assert!(!format!("{request:?}").contains("aaaa"));
}
