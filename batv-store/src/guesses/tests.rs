use core::time::Duration;

use batv_core::{Algorithm, Key, KeyId, KeyState, KeyUse, Mailbox};

use super::*;
use crate::Store as _;
use crate::memory::Memory;

fn key() -> Key {
    Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").unwrap()
}

fn alice() -> Subject {
    Subject::mailbox(&Mailbox::parse("alice@example.com").unwrap())
}

/// A site that has counters alone.
struct Site {
    keys: Vec<Key>,
    store: Memory,
    limits: Limits,
    now: u64,
}

impl Site {
    fn new() -> Self {
        Self { keys: vec![key()], store: Memory::default(), limits: Limits::default(), now: 0 }
    }

    fn keys(&self) -> CountingKeys<'_> {
        CountingKeys::of(&self.keys).unwrap()
    }

    fn defers(&self, client: &str, guess: Guess) -> bool {
        self.defers_for(client, &alice(), guess)
    }

    fn defers_for(&self, client: &str, subject: &Subject, guess: Guess) -> bool {
        let guesses = Guesses::of(&self.keys(), client.parse().ok(), subject, self.now);
        guesses.defer(guess, &self.limits, |batch| self.store.run(batch, self.now, Duration::ZERO).ok())
    }

    fn know(&self, client: &str) {
        let record = Record::of(&self.keys(), client.parse().unwrap(), self.now);
        self.store.run(record.earn(), self.now, Duration::ZERO).unwrap();
    }

    /// Wrong tags that are answered of so many, each from the address that follows the one before.
    fn answered(&self, count: u32, client: impl Fn(u32) -> String) -> u32 {
        (0..count).map(|number| u32::from(!self.defers(&client(number), Guess::WRONG))).sum()
    }
}

#[test]
fn clients_that_are_deferred() {
    let guesses = Guesses::of(&CountingKeys::from(&key()), Some([192, 0, 2, 7].into()), &alice(), 0);
    let nobody = Guesses::of(&CountingKeys::from(&key()), None, &alice(), 0);
    let limits = Limits::default();
    for (has_record, to_mailbox, of_late, strangers, known, expected) in [
        (false, 0, 0, 0, 0, false),
        (false, 0, 49, 49, 0, false),
        (false, 0, 50, 50, 0, true),
        (false, 0, 1, 50, 0, true),
        // Only neighbours guess.
        (false, 0, 0, 5000, 5000, false),
        // Neighbours with a record take nothing away from strangers.
        (false, 0, 1, 1, 5000, false),
        // Only others guess for the mailbox.
        (false, 5000, 0, 0, 0, false),
        (false, 200, 1, 1, 0, true),
        (false, 199, 5, 5, 0, false),
        // Strangers take nothing away from a client with a record.
        (true, 5000, 1, 5000, 1, false),
        (true, 0, 99, 0, 99, false),
        (true, 0, 100, 0, 100, true),
        (true, 0, 1, 0, 100, true),
        (true, 0, 0, 0, 5000, false),
    ] {
        let total = |count: u32| [Answer::Total(count), Answer::Total(0)];
        let answers = [to_mailbox, has_record.into(), of_late, strangers, known].map(total).concat();
        let counted = guesses.counted(&answers);
        assert_eq!(counted.exceed(Guess::RIGHT, &limits), expected, "{answers:?}");
        assert_eq!(counted.exceed(Guess::WRONG, &limits), expected, "{answers:?}");
        let unlimited = Limits { per_network: 0, per_mailbox: 0 };
        assert!(!counted.exceed(Guess::WRONG, &unlimited), "{answers:?}");
    }
    for (to_mailbox, expected) in [(199, false), (200, true)] {
        let counted = nobody.counted(&[to_mailbox, 0].map(Answer::Total));
        assert_eq!(counted.exceed(Guess::RIGHT, &limits), expected, "{to_mailbox}");
    }
}

#[test]
fn one_client_gets_its_answers_and_no_more() {
    let site = Site::new();
    assert_eq!(site.answered(1000, |_| "192.0.2.7".to_owned()), 50);
    assert!(site.defers("192.0.2.7", Guess::RIGHT));
    site.know("198.51.100.7");
    assert_eq!(site.answered(1000, |_| "198.51.100.7".to_owned()), 100);
    assert!(site.defers("198.51.100.7", Guess::RIGHT));
}

/// However the addresses of a network share its guesses, and whichever of them have a record.
#[test]
fn a_network_gets_as_many_answers_as_are_promised() {
    let address = |number: u32| format!("192.0.2.{}", number % 256);
    for known in [0, 1, 8, 256] {
        for in_turn in [true, false] {
            let site = Site::new();
            (0..known).for_each(|number| site.know(&address(number)));
            let of = |number: u32| address(if in_turn { number } else { number / 10 });
            let mut answered = site.answered(256 * 10, of);
            // Who comes again brings no more.
            answered += site.answered(256 * 10, of);
            let expected = 50 + 256 + if known > 0 { 100 } else { 0 };
            assert!(answered <= expected.min(MOST_ANSWERED), "{known} {in_turn}: {answered}");
        }
    }
}

#[test]
fn others_can_not_use_up_what_a_client_with_a_record_gets() {
    let site = Site::new();
    site.know("192.0.2.7");
    // It bounced spam with a made-up tag.
    assert!(!site.defers("192.0.2.7", Guess::WRONG));
    assert!(!site.defers("192.0.2.8", Guess::WRONG));
    // Its neighbours guess, and half the world does for this mailbox.
    site.answered(1000, |number| format!("192.0.2.{}", 9 + number % 200));
    site.answered(1000, |number| format!("10.{}.{}.1", number / 256, number % 256));
    assert!(!site.defers("192.0.2.7", Guess::RIGHT));
    assert!(site.defers("192.0.2.8", Guess::RIGHT), "it has no record");
}

#[test]
fn a_guess_in_several_spellings_counts_as_several() {
    let site = Site::new();
    let guess = Guess { is_wrong: true, spellings: 4 };
    let answered = (0..256).filter(|number| !site.defers(&format!("192.0.2.{number}"), guess)).count();
    assert_eq!(answered, 13, "of 50 for the network; none of them is a first mistake");
    assert!(site.defers("192.0.2.255", Guess { is_wrong: false, spellings: 4 }), "the same for a right one");
    assert!(!site.defers("192.0.2.255", Guess::RIGHT));
}

#[test]
fn wrong_srs_addresses_count_for_their_domain() {
    let site = Site { limits: Limits { per_network: 0, per_mailbox: 5 }, ..Site::new() };
    let subject = |number: u32| {
        let address = format!("SRS0=AAAA=2W=victim{number}.example=victim{number}@fwd.example");
        Subject::domain(&Mailbox::parse(&address).unwrap())
    };
    let deferred = (0..20).filter(|&number| site.defers_for("192.0.2.7", &subject(number), Guess::WRONG)).count();
    assert_eq!(deferred, 15);
    assert!(!site.defers("192.0.2.7", Guess::RIGHT), "mailboxes count by themselves");
}

/// A server that retries for five days gets through, however the windows lie.
#[test]
fn a_wrong_tag_is_forgotten_before_a_bounce_is_given_up() {
    let of_late = |now| {
        let guesses = Guesses::of(&CountingKeys::from(&key()), Some([192, 0, 2, 7].into()), &alice(), now);
        guesses.of_client.unwrap().of_late.look().into_iter().map(|operation| match operation {
            Operation::Count { key, .. } => key,
            other => panic!("{other:?}"),
        })
    };
    for wrong in (0..4 * DAY_SECONDS).step_by(5000) {
        let counted = of_late(wrong).next().unwrap();
        assert!(of_late(wrong + DAY_SECONDS / 2).any(|key| key == counted));
        assert!(!of_late(wrong + 4 * DAY_SECONDS).any(|key| key == counted));
    }
}

#[test]
fn a_record_lasts_for_thirty_days_and_no_more_than_sixty() {
    let key = key();
    for earned in (0..60 * DAY_SECONDS).step_by(50_000) {
        let store = Memory::default();
        let at = |now| Record::of(&CountingKeys::from(&key), [192, 0, 2, 7].into(), now);
        store.run(at(earned).earn(), earned, Duration::ZERO).unwrap();
        let is_good = |now| at(now).is_good(&store.run(at(now).look(), now, Duration::ZERO).unwrap());
        assert!(is_good(earned) && is_good(earned + 30 * DAY_SECONDS), "{earned}");
        assert!(!is_good(earned + 60 * DAY_SECONDS), "{earned}");
    }
}

#[test]
fn addresses_that_count_together() {
    let of = |client: &str| {
        let client = Guesses::of(&CountingKeys::from(&key()), client.parse().ok(), &alice(), 0).of_client.unwrap();
        [client.strangers.look(), client.of_late.look(), client.record.look()]
    };
    for (one, other, expected) in [
        ("192.0.2.7", "192.0.2.8", [true, false, false]),
        ("192.0.2.7", "::ffff:192.0.2.7", [true, true, true]),
        ("192.0.2.7", "192.0.3.7", [false, false, false]),
        ("2001:db8::1", "2001:db8::2", [true, true, true]),
        ("2001:db8::1", "2001:db8:0:ffff::1", [true, true, false]),
        ("2001:db8::1", "2001:db8:1::1", [false, false, false]),
    ] {
        let (one_of, other_of) = (of(one), of(other));
        let found: Vec<bool> = one_of.iter().zip(&other_of).map(|(one, other)| one == other).collect();
        assert_eq!(found, expected, "{one} {other}");
    }
}

#[test]
fn a_new_key_forgets_neither_wrong_tags_nor_records_while_the_old_one_verifies() {
    let mut site = Site::new();
    site.know("192.0.2.7");
    assert_eq!(site.answered(60, |_| "192.0.2.8".to_owned()), 50);
    let new = Key::new(KeyUse::Batv(KeyId::new(1).unwrap()), Algorithm::HmacSha256, b"another").unwrap();
    site.keys = vec![key().with_state(KeyState::Verifying), new];
    assert!(site.defers("192.0.2.8", Guess::RIGHT));
    assert!(!site.defers("192.0.2.7", Guess::WRONG));
    assert!(!site.defers("192.0.2.7", Guess::RIGHT), "it has a record");
    // A host that signs with the old key still counts the same.
    let both = core::mem::replace(&mut site.keys, vec![key()]);
    site.keys.push(both[1].clone().with_state(KeyState::Verifying));
    assert_eq!(site.answered(100, |_| "192.0.2.7".to_owned()), 99);
    site.keys = both;
    assert!(site.defers("192.0.2.7", Guess::RIGHT));
    site.keys.remove(0);
    assert!(!site.defers("192.0.2.8", Guess::RIGHT), "a retired key counts no more");
}
