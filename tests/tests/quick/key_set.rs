//! Keys found by the index of a set are those that a search of the slice finds, in the same order.

use batv_core::{Algorithm, Day, Domain, Key, KeyId, KeyRing, KeySet, KeyUse, Mailbox, Pattern};
use batv_tests::generate::key;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const DOMAINS: [&str; 7] = [
    "a.example",
    "A.Example",
    "mail.a.example",
    "b.example",
    "a-domain-of-more-than-eight-octets.example",
    "[192.0.2.1]",
    "[IPv6:2001:DB8::1]",
];
const LOCAL_PARTS: [&str; 7] = ["alice", "Alice", "\"alice\"", "bob", "\"a b\"", "\"a@b\"", "j\u{f6}rg"];

fn mailbox() -> impl Strategy<Value = String> {
    (select(LOCAL_PARTS.to_vec()), select(DOMAINS.to_vec())).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

fn pattern() -> impl Strategy<Value = Pattern<String>> {
    let bracketed = mailbox().prop_map(|mailbox| format!("<{mailbox}>"));
    prop_oneof![select(DOMAINS.to_vec()).prop_map(str::to_owned), mailbox(), bracketed]
        .prop_map(|text| Pattern::parse(text).expect("a pattern"))
}

/// Keys that their day tells apart.
fn keys() -> impl Strategy<Value = Vec<Key>> {
    let scope = prop_oneof![1 => Just(Vec::new()), 4 => vec(pattern(), 1..5)];
    vec((any::<bool>(), scope), 0..40).prop_map(|entries| {
        let keys = entries.into_iter().zip(0..).map(|((is_srs, scope), number)| {
            let key_use = if is_srs { KeyUse::Srs } else { KeyUse::Batv(KeyId::default()) };
            let day = Day::new(number).expect("a day");
            key(key_use, Algorithm::HmacSha1, b"s3kr1t").with_created(day).with_scope(scope)
        });
        keys.collect()
    })
}

fn batv_keys(ring: &dyn KeyRing, mailbox: &Mailbox<'_>) -> Vec<Option<Day>> {
    ring.batv_keys(mailbox).map(Key::created).collect()
}

fn srs_keys(ring: &dyn KeyRing, domain: &Domain<'_>) -> Vec<Option<Day>> {
    ring.srs_keys(domain).map(Key::created).collect()
}

proptest! {
    #[test]
    fn a_set_answers_as_its_slice(keys in keys(), mailboxes in vec(mailbox(), 10)) {
        let set = KeySet::from(keys.clone());
        prop_assert_eq!(set.len(), keys.len());
        for text in mailboxes {
            let mailbox = Mailbox::parse(&text).expect("a mailbox");
            prop_assert_eq!(batv_keys(&set, &mailbox), batv_keys(&keys, &mailbox), "{}", mailbox);
        }
        for text in DOMAINS.into_iter().chain(["nobody.example"]) {
            let domain = Domain::parse(text).expect("a domain");
            prop_assert_eq!(srs_keys(&set, &domain), srs_keys(&keys, &domain), "{}", domain);
            let is_named = |pattern: &Pattern<String>| {
                let named = pattern.as_str().trim_end_matches('>').rsplit('@').next();
                named.is_some_and(|named| named.eq_ignore_ascii_case(text))
            };
            prop_assert_eq!(set.names(text), keys.iter().flat_map(Key::scope).any(is_named), "{}", text);
        }
        let unscoped = keys.iter().filter(|key| key.scope().is_empty()).map(Key::created);
        prop_assert!(set.for_everybody().map(Key::created).eq(unscoped));
    }
}

/// Each holder of a ring is one, and a clone of a key makes the same tags.
#[test]
fn holders_of_a_ring_are_rings() {
    let key = key(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"s3kr1t");
    let alice = Mailbox::parse("alice@a.example").expect("a mailbox");
    let keys = vec![key];
    let tag = |ring: &dyn KeyRing| {
        let form = batv_core::tag::Form::Prvs;
        batv_core::tag::sign(ring, &alice, form, None, Day::MIN).expect("room").to_string()
    };
    let expected = tag(&keys);
    assert!(expected.starts_with("prvs="), "{expected}");
    let boxed: Box<dyn KeyRing> = Box::new(keys.clone());
    assert_eq!(tag(&boxed), expected);
    assert_eq!(tag(&alloc::sync::Arc::new(keys.clone())), expected);
    assert_eq!(tag(&[keys[0].clone()]), expected);
    assert_eq!(tag(&keys.as_slice()), expected);
    assert_eq!(tag(&KeySet::from(keys)), expected);
}
