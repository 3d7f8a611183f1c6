//! What must hold for every input (`invariants`), asked with random ones.
//!
//! A failure prints the smallest input that shows it, and keeps it in `properties.regressions`, to be asked again.

use batv_core::envelope::{Earlier, Envelope, Mode, OnError, Policy, Stage};
use batv_core::tag::Form;
use batv_core::{Algorithm, Day, Domain, Key, KeyId, KeyState, KeyUse, Lifetime, Mailbox, Path, Pattern, TagVerdict};
use batv_core::{dialect, tag};
use batv_tests::generate::{
    Damage, algorithm, batv_key, damage, day, domain_name, form, key, mailbox, mark, message_id, path, ring, secret,
    separator, srs_key,
};
use batv_tests::invariants::{self, Rewriting};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// A tag that more can stand behind.
fn layer() -> impl Strategy<Value = &'static str> {
    select(vec![
        "SRS0=Xu1M=2W=e.example=",
        "prvs=0123abcdef=",
        "btv1==0123abcdef0==",
        "SRS1=Dz2w=f.example==Xu1M=2W=e.example=",
    ])
}

fn rewriting() -> impl Strategy<Value = Rewriting> {
    let max_age = prop_oneof![Just(21), 1u16..=1000];
    (separator(), Rewriting::HASH_LENGTHS, max_age).prop_map(|(separator, hash_length, max_age)| Rewriting {
        separator,
        hash_length,
        max_age,
    })
}

/// Any mailbox, or one of a few that are often equal.
fn any_mailbox() -> impl Strategy<Value = String> {
    let spelled = || select(vec!["postmaster", "PostMaster", "\"post\\master\"", "alice", "\"al\\ice\"", "Alice"]);
    let domain = || select(vec!["", "@example.com", "@Example.COM", "@example.org"]);
    let few = (spelled(), domain()).prop_map(|(local_part, domain)| match domain {
        "" => "postmaster".to_owned(),
        _ => format!("{local_part}{domain}"),
    });
    prop_oneof![mailbox(), few]
}

fn envelope_settings() -> impl Strategy<Value = (Mode, Stage, OnError, Option<Day>, Earlier, Stage, bool)> {
    let stage = || select(vec![Stage::RcptTo, Stage::EndOfData]);
    (
        select(vec![Mode::Observe, Mode::Mark, Mode::Quarantine, Mode::Reject]),
        stage(),
        select(vec![OnError::Tempfail, OnError::Accept]),
        option::of(day()),
        select(vec![Earlier::None, Earlier::Settled, Earlier::Undecided]),
        stage(),
        any::<bool>(),
    )
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn paths_print_what_they_read(octets in path()) {
        invariants::path(&octets);
    }

    #[test]
    fn mailboxes_are_ordered_as_they_are_equal(left in any_mailbox(), right in any_mailbox()) {
        invariants::ordered(&Mailbox::parse(&left).unwrap(), &Mailbox::parse(&right).unwrap());
    }

    #[test]
    fn any_address_can_be_verified(keys in ring(), octets in path(), today in day()) {
        if let Ok(mailbox) = Mailbox::parse(&octets) {
            invariants::verdict(&keys, &mailbox, today);
        }
    }

    #[test]
    fn any_octets_can_be_verified_as_a_mark(keys in ring(), octets in mark(), text in mailbox(), today in day()) {
        invariants::any_mark(&keys, &octets, &Mailbox::parse(&text).unwrap(), today);
    }

    #[test]
    fn any_address_can_be_reversed(keys in ring(), octets in path(), today in day()) {
        if let Ok(mailbox) = Mailbox::parse(&octets) {
            let ours = mailbox.domain();
            invariants::reversal(&keys, &[ours], &mailbox, today);
            invariants::reversal(&keys, &[Domain::parse("elsewhere.example").unwrap()], &mailbox, today);
        }
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn unwrapping_ends(text in mailbox(), layers in vec(layer(), 0..12)) {
        invariants::unwrapping(&Mailbox::parse(&text).unwrap());
        let nested = layers.concat() + "alice@example.com";
        invariants::unwrapping(&Mailbox::parse(&nested).unwrap());
    }

    #[test]
    fn tags_keep_their_promises(key in batv_key(), text in mailbox(), form in form(), today in day()) {
        invariants::tag(&key, &Mailbox::parse(&text).unwrap(), form, today);
    }

    #[test]
    fn damaged_tags_fail(key in batv_key(), text in mailbox(), form in form(), today in day(), damages in vec(damage(), 20)) {
        if let Some(tagged) = invariants::tag(&key, &Mailbox::parse(&text).unwrap(), form, today) {
            for damage in damages {
                invariants::damaged(&key, &tagged, &damage.of(&tagged), today);
            }
        }
    }

    #[test]
    fn marks_keep_their_promises(
        key in batv_key(),
        message_id in message_id(),
        text in mailbox(),
        today in day(),
        damages in vec(damage(), 20),
    ) {
        let mailbox = Mailbox::parse(&text).unwrap();
        if let Some(mark) = invariants::mark(&key, &message_id, &mailbox, today) {
            for damage in damages {
                invariants::damaged_mark(&key, &message_id, &mailbox, &mark, |text| damage.of(text), today);
            }
        }
    }

    #[test]
    fn rewritten_senders_come_back(
        (rewriting, key) in (rewriting(), srs_key()),
        (text, ours) in (mailbox(), domain_name()),
        today in day(),
    ) {
        let domains = [Domain::parse(&ours).unwrap()];
        invariants::rewriting(rewriting, &key, &domains, &Mailbox::parse(&text).unwrap(), today);
    }

    #[test]
    fn rewritten_senders_come_back_through_several_forwarders(
        (rewriting, key) in (rewriting(), srs_key()),
        text in mailbox(),
        hosts in vec("[a-z]{1,2}\\.example", 1..5),
        today in day(),
    ) {
        let mut sender = text;
        for host in hosts {
            let domains = [Domain::parse(&host).unwrap()];
            let mailbox = Mailbox::parse(&sender).unwrap();
            let Some(rewritten) = invariants::rewriting(rewriting, &key, &domains, &mailbox, today) else { break };
            sender = rewritten;
        }
    }

    #[test]
    fn damaged_rewritten_senders_fail(
        (mut rewriting, key) in (rewriting(), srs_key()),
        (text, ours) in (mailbox(), domain_name()),
        today in day(),
        damages in vec(damage(), 20),
    ) {
        // Short hashes agree by chance too often for this to be asked with them.
        rewriting.hash_length = rewriting.hash_length.max(12);
        let domains = [Domain::parse(&ours).unwrap()];
        let mailbox = Mailbox::parse(&text).unwrap();
        if let Some(rewritten) = invariants::rewriting(rewriting, &key, &domains, &mailbox, today) {
            for damage in damages {
                invariants::damaged_rewriting(rewriting, &key, &domains, &rewritten, &damage.of(&rewritten), today);
            }
        }
    }

    #[test]
    fn judgements_refuse_nothing_they_must_not(
        keys in ring(),
        (reverse_path, forward_path, signed) in (path(), mailbox(), form()),
        (mode, reject_at, on_error, signing_since, earlier, stage, trusted_client) in envelope_settings(),
        (protects_all, exempts_all, bounce, sign) in any::<(bool, bool, bool, bool)>(),
        today in day(),
    ) {
        let reverse_path = if bounce { Path::Null } else { Path::parse(&reverse_path).unwrap_or(Path::Null) };
        let mailbox = Mailbox::parse(&forward_path).unwrap();
        let tagged = tag::sign(keys.as_slice(), &mailbox, signed, None, today).map_or(String::new(), |tag| tag.to_string());
        let forward_path = if sign { Mailbox::parse(&tagged).unwrap_or(mailbox) } else { mailbox };
        let everything: Vec<_> = Pattern::parse(mailbox.domain().as_str()).into_iter().collect();
        let policy = Policy::protecting(if protects_all { &everything } else { &[] }, mode)
            .with_exempt(if exempts_all { &everything } else { &[] })
            .with_form(signed)
            .with_reject_at(reject_at)
            .with_on_error(on_error)
            .with_signing_since(signing_since);
        let envelope = Envelope::new(reverse_path, forward_path)
            .with_earlier(earlier)
            .with_stage(stage)
            .with_trusted_client(trusted_client);
        invariants::judgement(&envelope, &keys, &policy, today);
    }
}

/// A key that signs from one day until the next one does, and verifies until its last tag is dead.
#[derive(Debug)]
struct Reign {
    secret: Vec<u8>,
    algorithm: Algorithm,
    lifetime: Lifetime,
    begins: i32,
    ends: i32,
}

impl Reign {
    fn state(&self, today: i32) -> KeyState {
        if (self.begins..self.ends).contains(&today) {
            KeyState::Signing
        } else if today < self.ends + i32::from(self.lifetime.days()) {
            KeyState::Verifying
        } else {
            KeyState::Retired
        }
    }
}

fn reigns() -> impl Strategy<Value = Vec<Reign>> {
    let lifetime = (1u32..40).prop_filter_map("a lifetime", |days| Lifetime::new(days).ok());
    vec((secret(1..=32), algorithm(), lifetime, 1i32..60), 1..8).prop_map(|reigns| {
        let mut begins = 0;
        reigns
            .into_iter()
            .map(|(secret, algorithm, lifetime, length)| {
                let reign = Reign { secret, algorithm, lifetime, begins, ends: begins + length };
                begins = reign.ends;
                reign
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn a_tag_is_valid_on_exactly_the_days_of_its_lifetime(
        (key, today) in (batv_key(), day()),
        form in form(),
    ) {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let keys = [key];
        let text = tag::sign(&keys, &alice, form, None, today).unwrap().to_string();
        let tagged = Mailbox::parse(&text).unwrap();
        let lifetime = i32::from(keys[0].lifetime().days());
        for later in -1000..=1000 {
            let Some(then) = today.plus(later) else { continue };
            // DDD comes round every thousand days.
            let alive = (0..=lifetime).contains(&later.rem_euclid(1000));
            let verdict = tag::verify(&keys, &tagged, then).verdict;
            prop_assert_eq!(verdict, if alive { TagVerdict::Valid } else { TagVerdict::Expired }, "{} after {}", text, later);
        }
    }

    #[test]
    fn rotation_never_orphans_a_live_tag(
        reigns in reigns(),
        first in (0u32..2_932_000).prop_map(|number| Day::new(number).unwrap()),
        form in form(),
        reversed in any::<bool>(),
    ) {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let ring_on = |today: i32| {
            let mut keys: Vec<Key> = (0u8..)
                .zip(&reigns)
                .map(|(id, reign)| {
                    key(KeyUse::Batv(KeyId::new(id).unwrap()), reign.algorithm, &reign.secret)
                        .with_lifetime(reign.lifetime)
                        .with_state(reign.state(today))
                })
                .collect();
            if reversed {
                keys.reverse();
            }
            keys
        };
        for reign in &reigns {
            for signed_on in [reign.begins, reign.ends - 1] {
                let today = first.plus(signed_on).unwrap();
                let text = tag::sign(ring_on(signed_on).as_slice(), &alice, form, None, today).unwrap().to_string();
                let tagged = Mailbox::parse(&text).unwrap();
                prop_assert!(dialect::outermost(&tagged, dialect::Strictness::Strict).is_some(), "{} has no tag", text);
                for age in 0..=i32::from(reign.lifetime.days()) {
                    let then = first.plus(signed_on + age).unwrap();
                    let verification = tag::verify(ring_on(signed_on + age).as_slice(), &tagged, then);
                    prop_assert_eq!(verification.verdict, TagVerdict::Valid, "{} after {} days", text, age);
                }
            }
        }
    }
}

/// Every octet of a tagged address, replaced by, and preceded by, every printable one, and left out.
#[test]
fn no_octet_of_a_tag_can_be_changed() {
    let today = Day::new(18_262).unwrap();
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        for (text, form) in [
            ("Alice@Example.COM", Form::Prvs),
            ("joe+list@example.com", Form::SubAddress(tag::Delimiter::default())),
            ("\"a b\"@example.com", Form::Strong),
        ] {
            let key = key(KeyUse::Batv(KeyId::default()), algorithm, b"s3kr1t");
            let tagged = invariants::tag(&key, &Mailbox::parse(text).unwrap(), form, today).unwrap();
            for at in 0..tagged.len() {
                let (before, after) = (&tagged.as_bytes()[..at], &tagged.as_bytes()[at..]);
                invariants::damaged(&key, &tagged, &[before, &after[1..]].concat(), today);
                for octet in b' '..=b'~' {
                    invariants::damaged(&key, &tagged, &[before, &[octet], after].concat(), today);
                    invariants::damaged(&key, &tagged, &[before, &[octet], &after[1..]].concat(), today);
                }
            }
        }
    }
}

/// Every character of a mark, preceded by, and replaced by, every octet, and left out.
#[test]
fn no_character_of_a_mark_can_be_changed() {
    let today = Day::new(18_262).unwrap();
    let (alice, message_id) = (Mailbox::parse("alice@example.com").unwrap(), b"<1@example.com>");
    let key = key(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"s3kr1t");
    let mark = invariants::mark(&key, message_id, &alice, today).unwrap();
    for at in (0u8..).take(mark[1].len()) {
        for (kind, octet) in (0..3).flat_map(|kind| (0..=u8::MAX).map(move |octet| (kind, octet))) {
            let damage = Damage::new(kind, at, octet);
            invariants::damaged_mark(&key, message_id, &alice, &mark, |text| damage.of(text), today);
        }
    }
}
