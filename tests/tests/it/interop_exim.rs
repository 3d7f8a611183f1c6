//! Exim's `${prvs}` and `${prvscheck}` and us, in both directions.

use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Lifetime, Mailbox, TagVerdict};
use batv_tests::generate::{
    day, domain, dotty_local_part, key, plain_local_part, quoted_local_part, secret, utf8_local_part,
};
use batv_tests::interop::Sampler;
use batv_tests::peer::{Peer, Request};
use batv_tests::vectors::{Case, check};
use proptest::prelude::*;

/// What Exim has: it takes 64 octets at most, and no NUL.
const LONGEST_SECRET: usize = 64;
const LIFETIME: u32 = 7;

fn key_of(id: u8, secret: &[u8]) -> [Key; 1] {
    [key(KeyUse::Batv(KeyId::new(id).expect("a digit")), Algorithm::HmacSha1, secret)]
}

/// Our tag on a mailbox, and the address that it makes as Exim writes it: a tag before the quotes.
fn sign(keys: &[Key], mailbox: &str, today: Day) -> (String, String) {
    let mailbox = Mailbox::parse(mailbox).expect("a mailbox");
    let ours = tag::sign(keys, &mailbox, Form::Prvs, None, today).expect("room for a tag").to_string();
    let tag = &ours.trim_start_matches('"')[..16];
    (ours.clone(), format!("{tag}{mailbox}"))
}

fn verify(keys: &[Key], address: &str, today: Day) -> Result<String, String> {
    let mailbox = Mailbox::parse(address).map_err(|error| error.to_string())?;
    let verification = tag::verify(keys, &mailbox, today);
    match verification.verdict {
        TagVerdict::Valid => Ok(verification.mailbox.to_string()),
        verdict => Err(verdict.to_string()),
    }
}

#[derive(Debug)]
struct Sender {
    day: Day,
    id: u8,
    secret: Vec<u8>,
    address: String,
}

fn sender() -> impl Strategy<Value = Sender> {
    let local_part = prop_oneof![
        6 => plain_local_part(40),
        1 => dotty_local_part(),
        2 => utf8_local_part(),
        2 => quoted_local_part().prop_filter("has room for a tag", |local_part| local_part.len() <= 48),
    ];
    let secret = secret(1..=LONGEST_SECRET).prop_map(|mut secret| {
        secret.iter_mut().for_each(|octet| *octet = (*octet).max(1));
        secret
    });
    // Before its own time, in the first hundred days of 1970, Exim names no day but 100.
    let day = day().prop_filter("in Exim's time", |day| day.number() >= 100);
    (day, 0u8..=9, secret, (local_part, domain())).prop_map(|(day, id, secret, (local_part, domain))| {
        let address = format!("{local_part}@{domain}");
        Sender { day, id, secret, address }
    })
}

#[test]
fn tags_verify_on_either_side() {
    let senders = Sampler::from_environment().draw_all(3000, &sender());
    let mut requests = Vec::new();
    let mut tagged = Vec::new();
    for Sender { day, id, secret, address } in &senders {
        let keys = key_of(*id, secret);
        let canonical = Mailbox::parse(address).unwrap().to_string();
        let (ours, as_exim_writes) = sign(&keys, &canonical, *day);
        requests.extend([
            Request::prvs_sign(*day, *id, secret, &canonical),
            Request::prvs_sign(*day, *id, secret, address),
            Request::prvs_verify(*day, secret, &as_exim_writes),
            Request::prvs_verify(*day, secret, &ours),
        ]);
        tagged.push((keys, canonical, ours, as_exim_writes));
    }
    let answers = Peer::Exim.ask(&requests);
    for ((sender, (keys, canonical, ours, as_exim_writes)), answers) in
        senders.iter().zip(&tagged).zip(answers.chunks(4))
    {
        let [signed, signed_as_given, verified, verified_ours] = answers else { unreachable!("four requests") };
        let Sender { day, address, .. } = sender;
        assert_eq!(signed.as_ref(), Ok(as_exim_writes), "Exim signs {canonical} on {day:?}");
        assert_eq!(verified.as_ref(), Ok(canonical), "Exim verifies {as_exim_writes} on {day:?}");
        if ours.starts_with('"') {
            assert_eq!(verified_ours.as_ref().unwrap_err(), "untagged", "Exim looks into no quotes: {ours}");
        } else {
            assert_eq!(ours, as_exim_writes);
        }
        // What it is given with needless escapes it hashes with them: see the differences.
        let as_given = if address.contains('\\') { signed } else { signed_as_given };
        for theirs in [signed, as_given] {
            let theirs = theirs.as_ref().unwrap_or_else(|reason| panic!("Exim does not sign {address}: {reason}"));
            assert_eq!(verify(keys, theirs, *day).as_ref(), Ok(canonical), "we verify {theirs} on {day:?}");
        }
    }
}

/// The days on which the day of signing, that of expiry or both are in another thousand than others around them.
fn days_around_the_wraps() -> impl Iterator<Item = Day> {
    let numbers = [19_000, 21_000].into_iter().flat_map(|wrap: u32| wrap - 7..=wrap + 7);
    numbers.map(|number| Day::new(number).expect("a day"))
}

/// What Exim takes: any day from today to 999, and at the end of a thousand the first seven of the next.
fn exim_takes(digits: u32, today: Day) -> bool {
    let today = today.number() % 1000;
    digits >= today || today >= 993 && digits < 7
}

/// Each of the thousand days that a tag can name, on each day around the wraps: what is alive is alive to both, and
/// Exim takes what it should not just where it is known to.
#[test]
fn every_day_of_a_tag_is_judged_as_is_known() {
    let keys = key_of(0, b"s3kr1t");
    let named: Vec<(u32, String)> = (0..1000)
        .map(|digits| (digits, sign(&keys, "alice@example.com", Day::new(18_000 + digits - LIFETIME).unwrap()).0))
        .collect();
    let asked: Vec<_> = days_around_the_wraps().flat_map(|today| named.iter().map(move |tag| (today, tag))).collect();
    let requests: Vec<Request> =
        asked.iter().map(|(today, (_, tagged))| Request::prvs_verify(*today, b"s3kr1t", tagged)).collect();
    for ((today, (digits, tagged)), theirs) in asked.into_iter().zip(Peer::Exim.ask(&requests)) {
        let alive = (0..=LIFETIME).any(|ahead| (today.number() + ahead) % 1000 == *digits);
        assert_eq!(theirs.is_ok(), exim_takes(*digits, today), "Exim, {tagged} on {today:?}: {theirs:?}");
        assert_eq!(verify(&keys, tagged, today).is_ok(), alive, "we, {tagged} on {today:?}");
        assert!(theirs.is_ok() || !alive, "Exim refuses what is alive: {tagged} on {today:?}");
    }
}

/// Signed by each on each day around the wraps, and verified by the other from then to beyond the last day.
#[test]
fn tags_live_as_long_on_either_side() {
    let keys = key_of(3, b"s3kr1t");
    let signing: Vec<Request> =
        days_around_the_wraps().map(|today| Request::prvs_sign(today, 3, b"s3kr1t", "alice@example.com")).collect();
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for (signed, theirs) in days_around_the_wraps().zip(Peer::Exim.ask(&signing)) {
        let (ours, _) = sign(&keys, "alice@example.com", signed);
        assert_eq!(theirs.as_ref(), Ok(&ours), "{signed:?}");
        for age in 0..=LIFETIME + 3 {
            let today = Day::new(signed.number() + age).unwrap();
            assert_eq!(verify(&keys, &ours, today).is_ok(), age <= LIFETIME, "we, {ours} on {today:?}");
            requests.push(Request::prvs_verify(today, b"s3kr1t", &ours));
            expected.push(exim_takes((signed.number() + LIFETIME) % 1000, today));
        }
    }
    for ((request, expected), theirs) in requests.iter().zip(expected).zip(Peer::Exim.ask(&requests)) {
        assert_eq!(theirs.is_ok(), expected, "Exim, {request}: {theirs:?}");
    }
}

/// A damaged tag is none to either: a digit or letter of it changed for another.
#[test]
fn forged_tags_fail_on_either_side() {
    let senders = Sampler::from_environment().draw_all(500, &(sender(), 5usize..15, 1u8..16));
    let mut requests = Vec::new();
    for (Sender { day, id, secret, address }, at, shift) in &senders {
        let keys = key_of(*id, secret);
        let (_, mut forged) = sign(&keys, address, *day);
        let digit = char::from(forged.as_bytes()[*at]).to_digit(16).unwrap();
        // What names another key or day is to be a digit still.
        let base = if *at < 9 { 10 } else { 16 };
        let other = char::from_digit((digit + 1 + u32::from(*shift) % (base - 1)) % base, base).unwrap();
        forged.replace_range(*at..=*at, &other.to_string());
        assert!(verify(&keys, &forged, *day).is_err(), "we, {forged} on {day:?}");
        requests.push(Request::prvs_verify(*day, secret, &forged));
    }
    for (request, theirs) in requests.iter().zip(Peer::Exim.ask(&requests)) {
        assert!(theirs.is_err(), "Exim, {request}: {theirs:?}");
    }
}

/// A place where Exim and we differ on purpose.
struct Difference {
    reason: &'static str,
    secret: &'static [u8],
    lifetime: u32,
    address: &'static str,
    day: u32,
    /// What Exim answers; `None` for a refusal in whatever words.
    exim: Option<&'static str>,
    ours: Result<&'static str, &'static str>,
}

const SIXTY_FIVE: &[u8] = &[b'k'; 65];

/// Tags of alice for the key `s3kr1t` on day 18262 (and others where said), as `vectors/prvs.json` has them.
const DIFFERENCES: [Difference; 14] = [
    Difference {
        reason: "hex has no case",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "prvs=0269B1E711=alice@example.com",
        day: 18_262,
        exim: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "nor has a domain, which left in lower case",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "prvs=0269b1e711=alice@EXAMPLE.com",
        day: 18_262,
        exim: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "a tag stands inside of the quotes (RFC 5321 §4.1.2)",
        secret: b"secret",
        lifetime: 7,
        address: "\"prvs=0269378067=a b\"@b.c",
        day: 18_262,
        exim: None,
        ours: Ok("\"a b\"@b.c"),
    },
    Difference {
        reason: "the sub-address form",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "alice+prvs=0269b1e711@example.com",
        day: 18_262,
        exim: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "HMAC takes a key of any length (RFC 2104 §2)",
        secret: SIXTY_FIVE,
        lifetime: 7,
        address: "prvs=0269cc6f4c=alice@example.com",
        day: 18_262,
        exim: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "expired 930 days ago, and in Exim's thousand still to come",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "prvs=0269b1e711=alice@example.com",
        day: 19_199,
        exim: Some("alice@example.com"),
        ours: Err("expired"),
    },
    Difference {
        reason: "expired yesterday, which on the first day of a thousand Exim takes for the last",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "prvs=0999c8995d=alice@example.com",
        day: 21_000,
        exim: Some("alice@example.com"),
        ours: Err("expired"),
    },
    Difference {
        reason: "on that day it takes any other, too",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "prvs=0269b1e711=alice@example.com",
        day: 21_000,
        exim: Some("alice@example.com"),
        ours: Err("expired"),
    },
    Difference {
        reason: "expired four days ago, on the third day of a thousand",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "prvs=0999c8995d=alice@example.com",
        day: 21_003,
        exim: Some("alice@example.com"),
        ours: Err("expired"),
    },
    Difference {
        reason: "a lifetime of 21 days across the wrap, alive for 18 days still",
        secret: b"s3kr1t",
        lifetime: 21,
        address: "prvs=00079b4852=alice@example.com",
        day: 20_989,
        exim: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "needless quotes go, and come back as none",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "\"prvs=0269b1e711=alice\"@example.com",
        day: 18_262,
        exim: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "a bracketed path is a path",
        secret: b"s3kr1t",
        lifetime: 7,
        address: "<prvs=0269b1e711=alice@example.com>",
        day: 18_262,
        exim: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "needless escapes are no part of an address, so nobody knows which ones were hashed",
        secret: b"secret",
        lifetime: 7,
        address: "prvs=0269ed3830=\"a\\ b\"@b.c",
        day: 18_262,
        exim: Some("\"a\\ b\"@b.c"),
        ours: Err("bad-mac"),
    },
    Difference {
        reason: "what is no address carries no tag",
        secret: b"secret",
        lifetime: 7,
        address: "prvs=0269290a38=a b@b.c",
        day: 18_262,
        exim: Some("a b@b.c"),
        ours: Err("space at offset 17: a local part with spaces must be quoted"),
    },
];

struct Asked(&'static Difference, Option<String>);

impl Case for Asked {
    fn name(&self) -> &str {
        self.0.reason
    }
}

#[test]
fn differences_are_those_that_are_known() {
    let day = |difference: &Difference| Day::new(difference.day).unwrap();
    let requests: Vec<Request> = DIFFERENCES
        .iter()
        .map(|difference| Request::prvs_verify(day(difference), difference.secret, difference.address))
        .collect();
    let theirs = Peer::Exim.ask(&requests);
    let asked: Vec<Asked> =
        DIFFERENCES.iter().zip(theirs).map(|(difference, theirs)| Asked(difference, theirs.ok())).collect();
    check(
        &asked,
        |Asked(difference, _)| {
            let ours = difference.ours.map(str::to_owned).map_err(str::to_owned);
            (difference.exim.map(str::to_owned), ours)
        },
        |Asked(difference, theirs)| {
            let keys =
                key_of(0, difference.secret).map(|key| key.with_lifetime(Lifetime::new(difference.lifetime).unwrap()));
            (theirs.clone(), verify(&keys, difference.address, day(difference)))
        },
    );
}

/// Exim tags what it is given, even with a tag on it; we leave that as it is (draft-levine-smtp-batv-01 §3).
#[test]
fn a_tagged_address_is_tagged_once() {
    let tagged = "prvs=0269b1e711=alice@example.com";
    let today = Day::new(18_262).unwrap();
    let keys = key_of(0, b"s3kr1t");
    let ours = tag::sign(&keys, &Mailbox::parse(tagged).unwrap(), Form::Prvs, None, today).unwrap().to_string();
    assert_eq!(ours, tagged);
    let theirs = Peer::Exim.ask(&[Request::prvs_sign(today, 0, b"s3kr1t", tagged)]).remove(0).unwrap();
    assert!(theirs.ends_with(&format!("={tagged}")), "{theirs}");
    assert_eq!(verify(&keys, &theirs, today).as_deref(), Ok(tagged));
}
