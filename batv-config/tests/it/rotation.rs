//! No change of a keyring orphans a live tag, and no id is given out while a tag made with it can be alive.

use batv_config::{Entry, Error, Force, Handle, Keyring, NewKey, Scope, Use};
use batv_core::tag::{self, Form, Signing};
use batv_core::{Algorithm, Day, KeyId, KeyState, Lifetime, Mailbox, TagVerdict};
use proptest::prelude::*;

fn day(number: u32) -> Day {
    Day::new(20_780 + number).unwrap()
}

fn batv(keyring: &mut Keyring, secret: &[u8], today: u32) -> Handle {
    keyring.add(&NewKey::new(Use::Batv), secret, day(today)).unwrap()
}

fn rotate(keyring: &mut Keyring, secret: &[u8], today: u32) -> Result<Handle, Error> {
    keyring.rotate(&NewKey::new(Use::Batv), secret, day(today)).map(|rotation| rotation.signing)
}

fn at(keyring: &Keyring, index: usize) -> Handle {
    keyring.entries()[index].handle()
}

fn ids(keyring: &Keyring) -> Vec<u8> {
    keyring.entries().iter().filter_map(|entry| entry.id()).map(KeyId::number).collect()
}

fn states(keyring: &Keyring) -> Vec<KeyState> {
    keyring.entries().iter().map(|entry| entry.state()).collect()
}

use KeyState::{Retired as R, Signing as S, Verifying as V};

#[test]
fn a_rotation_a_week_goes_on_for_ever_with_three_keys_alive() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, &[0], 0);
    for week in 1..=200 {
        rotate(&mut keyring, &week.to_string().into_bytes(), 7 * week).unwrap();
        assert!(states(&keyring).iter().filter(|state| **state != R).count() <= 3);
    }
    assert_eq!(keyring.entries().len(), 10);
}

#[test]
fn a_rotation_a_day_goes_on_for_ever_with_the_usual_lifetime() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, &[0], 0);
    for today in 1..=100 {
        rotate(&mut keyring, &today.to_string().into_bytes(), today).unwrap();
    }
    // Eight verify, for the tags that the oldest of them made on its last day die today.
    assert_eq!(states(&keyring).iter().filter(|state| **state == V).count(), 8);
}

#[test]
fn ten_live_ids_are_told_with_the_day_on_which_one_can_be_free() {
    let mut keyring = Keyring::default();
    let mut key = NewKey::new(Use::Batv);
    key.lifetime = Lifetime::new(30).ok();
    keyring.add(&key, b"first", day(0)).unwrap();
    for today in 1..=9 {
        rotate(&mut keyring, &today.to_string().into_bytes(), today).unwrap();
    }
    let error = rotate(&mut keyring, b"last", 10).unwrap_err();
    assert_eq!(error, Error::NoFreeId { until: Some(day(31)) });
    assert_eq!(
        error.to_string(),
        "no id is free, since tags of all ten may still be valid: retire a key after 2026-12-24"
    );
    assert!(rotate(&mut keyring, b"last", 31).is_err());
    rotate(&mut keyring, b"last", 32).unwrap();
    assert_eq!(ids(&keyring), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
}

#[test]
fn the_first_key_signs_and_a_second_waits() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, b"first", 0);
    batv(&mut keyring, b"second", 1);
    assert_eq!((states(&keyring), ids(&keyring)), (vec![S, V], vec![0, 1]));
    assert_eq!(keyring.entries()[1].created(), None);
    let rotation = keyring.promote(at(&keyring, 1), day(5)).unwrap();
    assert_eq!(
        (rotation.signing, rotation.verifying, rotation.retired),
        (at(&keyring, 1), vec![at(&keyring, 0)], vec![])
    );
    assert_eq!(keyring.entries()[1].created(), Some(day(5)));
    assert_eq!(keyring.last_valid_day(at(&keyring, 0), day(5)), Some(day(12)));
    assert_eq!(keyring.last_valid_day(at(&keyring, 1), day(6)), Some(day(13)));
}

#[test]
fn each_domain_has_a_first_key_of_its_own() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, b"everybody", 0);
    let mut key = NewKey::new(Use::Batv);
    key.scope = Scope::parse(["example.com"]).unwrap();
    keyring.add(&key, b"one domain", day(0)).unwrap();
    keyring.add(&NewKey::new(Use::Srs), b"srs", day(0)).unwrap();
    assert_eq!((states(&keyring), ids(&keyring)), (vec![S, S, S], vec![0, 0]));
    let rotation = keyring.rotate(&key, b"next", day(1)).unwrap();
    assert_eq!((rotation.signing, rotation.verifying), (at(&keyring, 3), vec![at(&keyring, 1)]));
    assert_eq!(states(&keyring), [S, V, S, S]);
}

#[test]
fn a_rotation_keeps_the_algorithm_and_the_lifetime() {
    let text = "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:a\"\nstate = \"signing\"\n\
                lifetime = 21\n";
    let mut keyring = Keyring::parse(text).unwrap();
    let handle = rotate(&mut keyring, b"b", 0).unwrap();
    let entry = keyring.entry(handle).unwrap();
    assert_eq!((entry.algorithm().as_str(), entry.lifetime().days()), ("hmac-sha1", 21));
}

#[test]
fn a_key_waits_with_the_algorithm_and_the_lifetime_of_the_one_that_signs() {
    let mut keyring = Keyring::default();
    let fresh = keyring.add(&NewKey::new(Use::Srs), b"srs 0", day(0)).unwrap();
    assert_eq!(keyring.entry(fresh).unwrap().algorithm(), Algorithm::HmacSha256);
    let mut shared = NewKey::new(Use::Batv);
    (shared.algorithm, shared.lifetime) = (Some(Algorithm::HmacSha1), Some(Lifetime::new(14).unwrap()));
    keyring.add(&shared, b"key 0", day(0)).unwrap();
    let waiting = batv(&mut keyring, b"key 1", 1);
    let waiting = keyring.entry(waiting).unwrap();
    assert_eq!((waiting.algorithm(), waiting.lifetime().days()), (Algorithm::HmacSha1, 14));
}

#[test]
fn a_key_that_takes_over_from_a_strong_one_is_strong() {
    let mut keyring = Keyring::default();
    let since = |keyring: &Keyring, key| keyring.entry(key).and_then(Entry::strong_since);
    let first = batv(&mut keyring, b"key 0", 0);
    let waiting = batv(&mut keyring, b"key 1", 0);
    assert!(keyring.strengthen(first, day(5), day(1)).unwrap());
    assert!(!keyring.strengthen(first, day(6), day(1)).unwrap(), "a later day changes nothing");
    // It was there before, and others may have tags of it only from the day on which the first is strong.
    keyring.promote(waiting, day(2)).unwrap();
    assert_eq!(since(&keyring, waiting), Some(day(5)));
    let rotated = rotate(&mut keyring, b"key 2", 8).unwrap();
    assert_eq!(since(&keyring, rotated), Some(day(8)));
    let new = batv(&mut keyring, b"key 3", 9);
    assert_eq!(since(&keyring, new), None, "it has made no tags yet");
    keyring.promote(new, day(10)).unwrap();
    assert_eq!(since(&keyring, new), Some(day(10)));
}

#[test]
fn short_tags_of_a_key_that_signs_again_stay_valid() {
    let mut keyring = Keyring::default();
    let first = batv(&mut keyring, b"key 0", 0);
    let mut strong = NewKey::new(Use::Batv);
    strong.strong = true;
    let second = keyring.add(&strong, b"key 1", day(3)).unwrap();
    keyring.promote(second, day(3)).unwrap();
    keyring.promote(first, day(3)).unwrap();
    assert_eq!(keyring.entry(first).unwrap().strong_since(), Some(day(4)), "it made short tags on this day");
}

#[test]
fn strong_tags_begin_tomorrow_at_the_earliest_and_not_for_srs() {
    let mut keyring = Keyring::default();
    let key = batv(&mut keyring, b"key 0", 0);
    let srs = keyring.add(&NewKey::new(Use::Srs), b"srs 0", day(0)).unwrap();
    let before = keyring.as_toml().to_owned();
    assert_eq!(keyring.strengthen(key, day(4), day(4)), Err(Error::StrongTooSoon { earliest: day(5) }));
    assert_eq!(keyring.strengthen(srs, day(9), day(4)), Err(Error::StrongSrs));
    let mut strong = NewKey::new(Use::Srs);
    strong.strong = true;
    assert_eq!(keyring.add(&strong, b"srs 1", day(0)), Err(Error::StrongSrs));
    assert_eq!(keyring.as_toml().to_owned(), before);
}

#[test]
fn a_handle_finds_its_key_whatever_else_has_changed() {
    let mut keyring = Keyring::default();
    let first = batv(&mut keyring, b"first", 0);
    let second = rotate(&mut keyring, b"second", 1).unwrap();
    keyring.retire(first, Force::Yes, day(2)).unwrap();
    let mut key = NewKey::new(Use::Batv);
    key.id = KeyId::new(0).ok();
    // The dead key leaves the keyring for one with its id, and the others move up.
    let third = keyring.add(&key, b"third", day(100)).unwrap();
    assert_eq!(at(&keyring, 0), second);
    assert_eq!(keyring.entry(second).unwrap().expose_secret(), b"second");
    assert_eq!(keyring.promote(third, day(100)).unwrap().verifying, [second]);
    assert!(keyring.entry(first).is_none());
    assert_eq!(keyring.last_valid_day(first, day(100)), None);
    assert_eq!(keyring.promote(first, day(100)), Err(Error::NotInKeyring));
    assert_eq!(keyring.retire(first, Force::Yes, day(100)), Err(Error::NotInKeyring));
    let mut other = Keyring::parse(keyring.as_toml()).unwrap();
    assert_eq!(other.retire(second, Force::Yes, day(100)), Err(Error::NotInKeyring));
}

#[test]
fn refusals_change_nothing() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, b"first", 0);
    rotate(&mut keyring, b"second", 2).unwrap();
    batv(&mut keyring, b"waiting", 2);
    let mut wide = NewKey::new(Use::Batv);
    wide.scope = Scope::parse(["example.com", "example.net"]).unwrap();
    keyring.add(&wide, b"wide", day(2)).unwrap();
    let before = keyring.as_toml().to_owned();
    let today = day(9);
    let mut with_id = NewKey::new(Use::Batv);
    let mut cases: Vec<(String, String)> = Vec::new();
    for (id, message) in [
        (0, "id 0 belongs to a verifying key for everybody: retire it after 2026-12-02"),
        (1, "id 1 belongs to a signing key for everybody"),
        (2, "id 2 belongs to a verifying key for everybody: retire it first"),
    ] {
        with_id.id = KeyId::new(id).ok();
        cases.push((keyring.add(&with_id, b"new", today).unwrap_err().to_string(), message.to_owned()));
    }
    let mut narrow = NewKey::new(Use::Batv);
    narrow.scope = Scope::parse(["example.com"]).unwrap();
    let mut srs = NewKey::new(Use::Srs);
    let mut expect = |error: Error, message: &str| cases.push((error.to_string(), message.to_owned()));
    expect(
        keyring.rotate(&narrow, b"new", today).unwrap_err(),
        "the key that signs now is for example.com, example.net: the new key must be for all of that",
    );
    expect(
        keyring.rotate(&srs, b"new", today).unwrap_err(),
        "no srs key signs for everybody: add one, or promote a verifying one",
    );
    expect(
        keyring.add(&srs, b"first", today).unwrap_err(),
        "a key for the other use has the same secret: BATV and SRS need different secrets",
    );
    expect(keyring.add(&srs, b"", today).unwrap_err(), "secret is empty");
    srs.scope = Scope::parse(["alice@example.com"]).unwrap();
    expect(keyring.add(&srs, b"new", today).unwrap_err(), "an SRS key is for whole domains, not for mailboxes");
    srs.id = KeyId::new(0).ok();
    expect(keyring.add(&srs, b"new", today).unwrap_err(), "an SRS key has no id");
    expect(
        keyring.promote(at(&keyring, 1), today).unwrap_err(),
        "the key is signing: only a verifying key can be promoted",
    );
    expect(
        keyring.retire(at(&keyring, 0), Force::No, today).unwrap_err(),
        "tags of the key are valid until 2026-12-02: they would no longer verify",
    );
    expect(
        keyring.retire(at(&keyring, 1), Force::No, today).unwrap_err(),
        "it is the only key that signs for everybody: rotate it first, so that its tags still verify",
    );
    expect(
        keyring.retire(at(&keyring, 2), Force::No, today).unwrap_err(),
        "tags of the key may still be valid: the keyring does not tell when the last one expires",
    );
    expect(keyring.find(Use::Srs, None, None).unwrap_err(), "no srs key in the keyring");
    expect(
        keyring.find(Use::Batv, KeyId::new(7).ok(), Some(&narrow.scope)).unwrap_err(),
        "no batv key with id 7 for example.com in the keyring",
    );
    expect(
        keyring.find(Use::Batv, KeyId::new(0).ok(), None).unwrap_err(),
        "2 keys match `batv key with id 0`: name one by its id and domains",
    );
    for (said, message) in cases {
        assert_eq!(said, message);
    }
    assert_eq!(keyring.as_toml(), before);
    keyring.retire(at(&keyring, 0), Force::No, day(10)).unwrap();
    assert_eq!(keyring.retire(at(&keyring, 0), Force::Yes, day(10)), Err(Error::AlreadyRetired));
    assert_eq!(keyring.promote(at(&keyring, 0), day(10)), Err(Error::NotVerifying { state: R }));
}

#[test]
fn a_key_that_was_retired_by_force_keeps_its_id_until_its_tags_are_dead() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, b"first", 0);
    keyring.retire(at(&keyring, 0), Force::Yes, day(20)).unwrap();
    batv(&mut keyring, b"second", 30);
    assert_eq!((states(&keyring), ids(&keyring)), (vec![R, S], vec![0, 1]));
    let mut key = NewKey::new(Use::Batv);
    key.id = KeyId::new(0).ok();
    // It stopped on day 20, but the only date that the file has since is that of the next key, day 30.
    let error = keyring.add(&key, b"third", day(37)).unwrap_err();
    assert_eq!(error.to_string(), "id 0 belongs to a retired key for everybody whose tags are valid until 2026-12-30");
    keyring.add(&key, b"third", day(38)).unwrap();
    assert_eq!(ids(&keyring), [1, 0]);
}

#[test]
fn a_date_that_a_wrong_clock_has_given_is_mended_by_the_next_rotation() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, b"first", 0);
    rotate(&mut keyring, b"from the future", 4000).unwrap();
    rotate(&mut keyring, b"third", 5).unwrap();
    assert_eq!(keyring.last_valid_day(at(&keyring, 0), day(5)), Some(day(12)));
    assert_eq!(keyring.last_valid_day(at(&keyring, 1), day(5)), Some(day(12)));
}

#[test]
fn the_date_of_a_key_that_never_signed_is_not_taken_for_the_end_of_another() {
    let mut keyring = Keyring::default();
    batv(&mut keyring, b"first", 0);
    batv(&mut keyring, b"dated by hand", 10);
    batv(&mut keyring, b"third", 10);
    let text = keyring.as_toml().replacen("\"verifying\"\n", "\"verifying\"\ncreated = 2026-12-03\n", 1);
    let mut keyring = Keyring::parse(&text).unwrap();
    assert_eq!(keyring.entries()[1].created(), Some(day(10)));
    // The first one signs until then, so its tags live to day 27 at least.
    keyring.retire(at(&keyring, 0), Force::Yes, day(20)).unwrap();
    keyring.promote(at(&keyring, 2), day(21)).unwrap();
    assert_eq!(keyring.last_valid_day(at(&keyring, 0), day(21)), Some(day(28)));
}

/// Changes by hand: a keyring, and whether its first key can be retired on day 100.
#[test]
fn what_a_hand_has_changed_is_believed_only_as_far_as_it_can_be() {
    let key = |id: u8, state: &str, created: &str| {
        format!("[[key]]\nuse = \"batv\"\nid = {id}\nsecret = \"text:{id}\"\nstate = \"{state}\"\n{created}\n")
    };
    let on = |number: u32| format!("created = {}", day(number));
    for (what, text, can_be_retired) in [
        ("a new key was added", key(0, "verifying", &on(0)) + &key(1, "signing", &on(90)), Some(97)),
        ("the new key has no date", key(0, "verifying", &on(0)) + &key(1, "signing", ""), None),
        ("the old key has no date", key(0, "verifying", "") + &key(1, "signing", &on(90)), None),
        ("the old key came back", key(0, "verifying", &on(10)) + &key(1, "signing", &on(5)), None),
        (
            "an old key came back, and another waits and was given a date",
            key(0, "verifying", &on(10)) + &key(1, "signing", &on(5)) + &key(2, "verifying", &on(12)),
            None,
        ),
        ("nothing signs", key(0, "verifying", &on(0)) + &key(1, "verifying", &on(90)), None),
        (
            "another was between",
            key(0, "verifying", &on(0)) + &key(1, "verifying", &on(40)) + &key(2, "signing", &on(95)),
            Some(47),
        ),
        (
            "another waits",
            key(0, "verifying", &on(0)) + &key(1, "verifying", "") + &key(2, "signing", &on(95)),
            Some(102),
        ),
        (
            "another waits, and was given a date",
            key(0, "verifying", &on(0)) + &key(1, "verifying", &on(99)) + &key(2, "signing", &on(95)),
            Some(102),
        ),
        (
            "the next one is for another domain",
            key(0, "verifying", &on(0)) + &key(1, "signing", &(on(90) + "\ndomains = [\"example.com\"]")),
            None,
        ),
    ] {
        let mut keyring = Keyring::parse(&text).unwrap();
        let last = can_be_retired.map(day);
        assert_eq!(keyring.last_valid_day(at(&keyring, 0), day(100)), last, "{what}");
        let is_retired = keyring.retire(at(&keyring, 0), Force::No, day(100)).is_ok();
        assert_eq!(is_retired, last.is_some_and(|last| last < day(100)), "{what}");
    }
}

/// One step of somebody who keeps a keyring.
#[derive(Clone, Debug)]
enum Step {
    Wait(u32),
    Add(Kind, Option<u8>),
    Rotate(Kind),
    Promote(prop::sample::Index),
    Retire(prop::sample::Index),
    RetireByForce(prop::sample::Index),
    /// Lets a key that waits sign, with an editor, and touches no date.
    PromoteByHand(prop::sample::Index),
    /// Gives a key that waits the date of today, with an editor, although it has never signed.
    DateByHand(prop::sample::Index),
}

#[derive(Clone, Debug)]
struct Kind {
    scope: &'static [&'static str],
    lifetime: Option<u32>,
}

fn kinds() -> impl Strategy<Value = Kind> {
    let scope = prop::sample::select(vec![
        &[][..],
        &[],
        &["example.com"],
        &["example.net"],
        &["example.com", "example.net"],
        &["alice@example.com"],
    ]);
    (scope, prop::sample::select(vec![None, None, Some(1), Some(3), Some(30)]))
        .prop_map(|(scope, lifetime)| Kind { scope, lifetime })
}

fn steps() -> impl Strategy<Value = Step> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        4 => (1..12_u32).prop_map(Step::Wait),
        3 => (kinds(), prop::option::weighted(0.3, 0..=9_u8)).prop_map(|(kind, id)| Step::Add(kind, id)),
        4 => kinds().prop_map(Step::Rotate),
        3 => place().prop_map(Step::Promote),
        2 => place().prop_map(Step::Retire),
        1 => place().prop_map(Step::RetireByForce),
        1 => place().prop_map(Step::PromoteByHand),
        2 => place().prop_map(Step::DateByHand),
    ]
}

/// A tag that was made, and what made it.
struct Made {
    address: String,
    expires: Day,
    id: KeyId,
    secret: Vec<u8>,
    scope: Scope,
    /// Its key was retired by force.
    is_lost: bool,
}

const MAILBOXES: [&str; 4] = ["alice@example.com", "bob@example.com", "bob@example.net", "bob@example.org"];

#[derive(Default)]
struct Keeper {
    keyring: Keyring,
    today: u32,
    secrets: u32,
    made: Vec<Made>,
}

impl Keeper {
    fn go(&mut self, step: &Step) {
        let today = day(self.today);
        self.secrets += 1;
        let secret = format!("secret {}", self.secrets).into_bytes();
        let entries = self.keyring.entries();
        // What is refused changes nothing, and that is all right here.
        match step {
            Step::Wait(days) => self.today += days,
            Step::Add(kind, id) => {
                let mut key = kind.key();
                key.id = id.and_then(|id| KeyId::new(id).ok());
                if let Ok(place) = self.keyring.add(&key, &secret, today) {
                    self.no_tag_has_the_id_of(place);
                }
            }
            Step::Rotate(kind) => {
                if let Ok(rotation) = self.keyring.rotate(&kind.key(), &secret, today) {
                    self.no_tag_has_the_id_of(rotation.signing);
                }
            }
            Step::Promote(place) if !entries.is_empty() => {
                let _ = self.keyring.promote(entries[place.index(entries.len())].handle(), today);
            }
            Step::Retire(place) if !entries.is_empty() => {
                let _ = self.keyring.retire(entries[place.index(entries.len())].handle(), Force::No, today);
            }
            Step::RetireByForce(place) if !entries.is_empty() => {
                let place = place.index(entries.len());
                let secret = entries[place].expose_secret().to_vec();
                let _ = self.keyring.retire(entries[place].handle(), Force::Yes, today);
                self.made.iter_mut().filter(|tag| tag.secret == secret).for_each(|tag| tag.is_lost = true);
            }
            Step::PromoteByHand(place) if !entries.is_empty() => self.promote_by_hand(place.index(entries.len())),
            Step::DateByHand(place) if !entries.is_empty() => self.date_by_hand(place.index(entries.len())),
            _ => {}
        }
    }

    fn promote_by_hand(&mut self, place: usize) {
        if !self.waits(place) {
            return;
        }
        let chosen = self.keyring.entries()[place].scope().clone();
        let shared = |scope: &Scope| scope.domains().iter().any(|domain| chosen.domains().contains(domain));
        self.edit(|index, entry, table| match entry.state() {
            _ if index == place => table.replace("\"verifying\"", "\"signing\""),
            S if *entry.scope() == chosen || shared(entry.scope()) => table.replace("\"signing\"", "\"verifying\""),
            _ => table.to_owned(),
        });
    }

    fn date_by_hand(&mut self, place: usize) {
        if !self.waits(place) {
            return;
        }
        let dated = format!("state = \"verifying\"\ncreated = {}\n", day(self.today));
        let date = |table: &str| table.replace("state = \"verifying\"\n", &dated);
        self.edit(|index, _, table| if index == place { date(table) } else { table.to_owned() });
    }

    fn waits(&self, place: usize) -> bool {
        let entry = &self.keyring.entries()[place];
        entry.state() == V && entry.created().is_none()
    }

    fn edit(&mut self, edit: impl Fn(usize, &Entry, &str) -> String) {
        let text = self.keyring.as_toml();
        let (heading, tables) = text.split_once("[[key]]").unwrap();
        let tables = self.keyring.entries().iter().zip(tables.split("[[key]]")).enumerate();
        let edited = tables.map(|(index, (entry, table))| format!("[[key]]{}", edit(index, entry, table)));
        self.keyring = Keyring::parse(&format!("{heading}{}", edited.collect::<String>())).unwrap();
    }

    fn no_tag_has_the_id_of(&self, added: Handle) {
        let entry = self.keyring.entry(added).unwrap();
        let shares = |scope: &Scope| {
            scope == entry.scope() || scope.domains().iter().any(|domain| entry.scope().domains().contains(domain))
        };
        let tag = self
            .made
            .iter()
            .find(|tag| tag.expires >= day(self.today) && Some(tag.id) == entry.id() && shares(&tag.scope));
        assert!(tag.is_none(), "{} is alive", tag.unwrap().address);
    }

    fn sign_and_verify(&mut self) {
        let today = day(self.today);
        for mailbox in MAILBOXES {
            let mailbox = Mailbox::parse(mailbox).unwrap();
            let signing = tag::sign(self.keyring.keys(), &mailbox, Form::Prvs, None, today).unwrap();
            let Signing::Tagged(tagged) = signing else { continue };
            // The same key signs twice on one day; a second tag of it would be the same.
            let address = tagged.to_string();
            if self.made.iter().any(|tag| tag.address == address) {
                continue;
            }
            let alone = |index: &usize| {
                let keys = &self.keyring.keys()[*index..=*index];
                tag::sign(keys, &mailbox, Form::Prvs, None, today).is_ok_and(|alone| alone.to_string() == address)
            };
            let entry = &self.keyring.entries()[(0..self.keyring.keys().len()).find(alone).unwrap()];
            self.made.push(Made {
                address,
                expires: tagged.expires().unwrap(),
                id: tagged.key_id(),
                secret: entry.expose_secret().to_vec(),
                scope: entry.scope().clone(),
                is_lost: false,
            });
        }
        for tag in self.made.iter().filter(|tag| !tag.is_lost && tag.expires >= today) {
            let verification = tag::verify(self.keyring.keys(), &Mailbox::parse(&tag.address).unwrap(), today);
            assert_eq!(verification.verdict, TagVerdict::Valid, "{}\n{}", tag.address, self.keyring.as_toml());
        }
    }
}

impl Kind {
    fn key(&self) -> NewKey {
        let mut key = NewKey::new(Use::Batv);
        key.scope = Scope::parse(self.scope).unwrap();
        key.lifetime = self.lifetime.and_then(|days| Lifetime::new(days).ok());
        key
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_live_tag_is_orphaned_and_no_live_id_given_out(steps in prop::collection::vec(steps(), 1..60)) {
        let mut keeper = Keeper::default();
        for step in &steps {
            keeper.sign_and_verify();
            keeper.go(step);
            keeper.sign_and_verify();
        }
    }
}
