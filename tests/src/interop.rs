//! What the comparisons with other programs share: random cases from a seed, and SRS from both sides.

use batv_core::srs::{HASH_MAXIMUM, HASH_MINIMUM, Separator, Srs, SrsVerdict};
use batv_core::{Algorithm, Day, Key, KeyState, KeyUse, Mailbox, Path};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::generate::{day, dotty_local_part, key, plain_local_part, quoted_local_part, utf8_local_part};
use crate::peer::{Answer, Peer, Request};
use crate::vectors::{Case, check};
use differences::Difference;

mod differences;

/// Draws values, the same ones for the same seed.
#[derive(Debug)]
pub struct Sampler(TestRunner);

impl Sampler {
    /// With the seed that properties have too: `PROPTEST_RNG_SEED`.
    pub fn from_environment() -> Self {
        Self(TestRunner::new(ProptestConfig::default()))
    }

    /// One value.
    ///
    /// # Panics
    /// When the strategy gives up.
    pub fn draw<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        strategy.new_tree(&mut self.0).expect("a value").current()
    }

    /// So many values.
    pub fn draw_all<S: Strategy>(&mut self, count: usize, strategy: &S) -> Vec<S::Value> {
        (0..count).map(|_| self.draw(strategy)).collect()
    }
}

/// What one forwarder is configured to.
#[derive(Clone, Debug)]
struct Forwarder {
    /// The first one signs.
    secrets: Vec<Vec<u8>>,
    domain: String,
    separator: char,
    hash_length: u8,
}

impl Forwarder {
    /// `f.example`, with the secret `tops3cr3t`.
    fn usual() -> Self {
        let secrets = vec![b"tops3cr3t".to_vec()];
        Self { secrets, domain: "f.example".to_owned(), separator: '=', hash_length: HASH_MINIMUM }
    }

    /// The same when its last secret was the first.
    fn before_rotation(&self) -> Self {
        Self { secrets: self.secrets.iter().rev().cloned().collect(), ..self.clone() }
    }

    fn keys(&self) -> Vec<Key> {
        let states = core::iter::once(KeyState::Signing).chain(core::iter::repeat(KeyState::Verifying));
        let with_state =
            |(secret, state): (&Vec<u8>, _)| key(KeyUse::Srs, Algorithm::HmacSha1, secret).with_state(state);
        self.secrets.iter().zip(states).map(with_state).collect()
    }

    fn srs(&self) -> Srs<[&str; 1]> {
        Srs::new([self.domain.as_str()])
            .expect("a domain")
            .with_separator(Separator::new(self.separator).expect("a separator"))
            .with_hash_length(self.hash_length, HASH_MINIMUM)
            .expect("a length")
    }

    /// What we make of a sender, or why nothing.
    fn forward(&self, sender: &str, day: Day) -> Result<String, String> {
        match Path::parse(sender).map_err(|error| error.to_string())? {
            Path::Null => Ok(sender.to_owned()),
            Path::Mailbox(mailbox) => {
                let srs = self.srs();
                let forwarding = srs.forward(&self.keys(), &mailbox, day);
                forwarding.map(|address| address.to_string()).map_err(|error| error.to_string())
            }
        }
    }

    /// The sender that we restore, or our verdict.
    fn reverse(&self, rewritten: &str, day: Day) -> Result<String, String> {
        let mailbox = Mailbox::parse(rewritten).map_err(|error| error.to_string())?;
        let reversal = self.srs().reverse(&self.keys(), &mailbox, day);
        match (reversal.verdict, reversal.mailbox) {
            (SrsVerdict::Valid, Some(sender)) => Ok(sender.to_string()),
            (verdict, _) => Err(verdict.to_string()),
        }
    }

    fn request_forward(&self, sender: &str, day: Day) -> Request {
        Request::srs_forward(day, &self.secrets, &self.domain, self.separator, self.hash_length, sender)
    }

    fn request_reverse(&self, rewritten: &str, day: Day) -> Request {
        Request::srs_reverse(day, &self.secrets, rewritten)
    }
}

/// What both sides are asked.
#[derive(Clone, Copy, Debug)]
enum Question {
    /// How a sender is rewritten on a day.
    Forward(&'static str, u32),
    /// What an address is restored to on a day.
    Reverse(&'static str, u32),
}

/// Holds both sides to what is known of their differences.
///
/// # Panics
/// When one answers otherwise.
pub fn check_differences(peer: Peer) {
    let forwarder = Forwarder::usual();
    let day = |number| Day::new(number).expect("a day");
    let request = |difference: &Difference| match difference.question {
        Question::Forward(sender, today) => forwarder.request_forward(sender, day(today)),
        Question::Reverse(rewritten, today) => forwarder.request_reverse(rewritten, day(today)),
    };
    let requests: Vec<Request> = differences::of(peer).map(request).collect();
    let asked: Vec<Asked> = differences::of(peer)
        .zip(peer.ask(&requests))
        .map(|(difference, theirs)| Asked { difference, theirs: theirs.ok() })
        .collect();
    check(
        &asked,
        |Asked { difference, .. }| {
            let ours = difference.ours.map(str::to_owned).map_err(str::to_owned);
            (difference.theirs.map(str::to_owned), ours)
        },
        |asked| {
            let ours = match asked.difference.question {
                Question::Forward(sender, today) => forwarder.forward(sender, day(today)),
                Question::Reverse(rewritten, today) => forwarder.reverse(rewritten, day(today)),
            };
            (asked.theirs.clone(), ours)
        },
    );
}

struct Asked {
    difference: &'static Difference,
    theirs: Option<String>,
}

impl Case for Asked {
    fn name(&self) -> &str {
        self.difference.reason
    }
}

/// A sender on its way through three forwarders.
struct Journey<'f> {
    forwarders: &'f [Forwarder; 3],
    sender: String,
    day: Day,
}

/// Sends random senders through random forwarders, has both sides rewrite them at each (SRS0, SRS1, SRS1 of SRS1), and
/// each restore what the other wrote. Gives the number of addresses that were rewritten.
///
/// # Panics
/// When the two do not agree.
pub fn check_agreement(peer: Peer, sampler: &mut Sampler) -> usize {
    const JOURNEYS: usize = 40;
    const SENDERS: usize = 60;
    let forwarders: Vec<[Forwarder; 3]> = (0..JOURNEYS)
        .map(|_| ["f.example", "g.example", "h.example"].map(|domain| sampler.draw(&forwarder(domain))))
        .collect();
    let mut journeys = Vec::new();
    for forwarders in &forwarders {
        let senders = sampler.draw_all(SENDERS, &(sender(peer), day()));
        journeys.extend(senders.into_iter().map(|(sender, day)| Journey { forwarders, sender, day }));
    }
    (0..3)
        .map(|hop| {
            journeys = check_hop(peer, hop, core::mem::take(&mut journeys));
            journeys.len()
        })
        .sum()
}

fn forwarder(domain: &'static str) -> impl Strategy<Value = Forwarder> {
    // postsrsd takes secrets as lines of text.
    let secret = vec(prop_oneof![8 => b'!'..=b'~', 1 => 0x80u8..], 1..=80);
    let hash_length = prop_oneof![3 => Just(HASH_MINIMUM), 1 => HASH_MINIMUM..=HASH_MAXIMUM];
    (vec(secret, 1..=3), select(vec!['=', '+', '-']), hash_length).prop_map(move |(secrets, separator, hash_length)| {
        Forwarder { secrets, domain: domain.to_owned(), separator, hash_length }
    })
}

/// A sender in canonical form, as far as the program takes one for what it is.
fn sender(peer: Peer) -> impl Strategy<Value = String> {
    let quoted = quoted_local_part().prop_map(move |quoted| match peer.hashes_quotes() {
        // Inside of quotes it takes an `@` for the end of the local part.
        true => quoted.replace('@', "a"),
        false => quoted,
    });
    let local_part =
        prop_oneof![5 => plain_local_part(16), 1 => dotty_local_part(), 2 => utf8_local_part(), 2 => quoted];
    (local_part, "[a-zA-Z]{2,5}(\\.[a-z]{1,3})?\\.example").prop_filter_map("an address", |(local_part, domain)| {
        let text = format!("{local_part}@{domain}");
        Some(format!("{}@{domain}", Mailbox::parse(&text).ok()?.local_part()))
    })
}

/// One forwarder of each journey. Gives those that go on, with what we wrote for a sender.
fn check_hop<'f>(peer: Peer, hop: usize, journeys: Vec<Journey<'f>>) -> Vec<Journey<'f>> {
    let steps: Vec<(Journey<'f>, [String; 2])> = journeys
        .into_iter()
        .filter_map(|journey| {
            let forwarder = &journey.forwarders[hop];
            let rewritten = [forwarder, &forwarder.before_rotation()]
                .map(|forwarder| forwarder.forward(&journey.sender, journey.day));
            match rewritten {
                [Ok(new), Ok(old)] => Some((journey, [new, old])),
                [Err(error), _] | [_, Err(error)] => {
                    assert!(error.starts_with("local part of"), "{}: {error}", journey.sender);
                    None
                }
            }
        })
        .collect();
    let requests: Vec<Request> = steps
        .iter()
        .flat_map(|(Journey { forwarders, sender, day }, [new, old])| {
            let forwarder = &forwarders[hop];
            let reverse = |rewritten: &String| forwarder.request_reverse(rewritten, *day);
            [forwarder.request_forward(sender, *day), reverse(new), reverse(old)]
        })
        .collect();
    let answers = peer.ask(&requests);
    steps
        .into_iter()
        .zip(answers.chunks(3))
        .filter_map(|((journey, [ours, old]), answers)| {
            let [theirs, restored @ ..] = answers else { unreachable!("three requests for each") };
            check_step(peer, hop, &journey, &ours, &old, theirs, restored)
                .then_some(Journey { sender: ours, ..journey })
        })
        .collect()
}

/// Compares one sender's way through one forwarder, and tells whether it can go on: `ours` and `theirs` are what the two
/// wrote, `old` what we wrote with the secret before, `restored` what the program made of those two of ours.
fn check_step(
    peer: Peer,
    hop: usize,
    Journey { forwarders, sender, day }: &Journey<'_>,
    ours: &str,
    old: &str,
    theirs: &Answer,
    restored: &[Answer],
) -> bool {
    let forwarder = &forwarders[hop];
    let context = format!("{peer:?}, {sender} at {forwarder:?}");
    let canonical = |answer: &Answer| match answer {
        // A restored domain may have come in another case.
        Ok(address) => Mailbox::parse(address).expect("an address").to_string(),
        Err(reason) => panic!("{context}: {reason}"),
    };
    if theirs.as_ref().is_err_and(|reason| reason == "Already rewritten") {
        // postsrsd refuses a sender whose hash is by chance that of its own secret, at any domain.
        let (local_part, _) = sender.rsplit_once('@').expect("an address");
        let of_its_own = format!("{local_part}@{}", forwarder.domain);
        assert!(forwarder.reverse(&of_its_own, *day).is_ok(), "{context}");
        return false;
    }
    let by_us = canonical(&forwarder.reverse(ours, *day));
    assert_eq!(by_us, canonical(&forwarder.reverse(old, *day)), "{context}");
    assert_eq!(by_us, canonical(&theirs.clone().and_then(|theirs| forwarder.reverse(&theirs, *day))), "{context}");
    if hop < 2 {
        assert_eq!(by_us, canonical(&Ok(sender.clone())), "{context}");
    }
    let quoted = sender.starts_with('"');
    if quoted && peer.hashes_quotes() {
        // It neither writes nor reads quotes around the whole local part.
        assert!(restored.iter().all(Result::is_err), "{context}: {restored:?}");
        assert!(ours.starts_with('"') && theirs.as_ref().is_ok_and(|theirs| !theirs.starts_with('"')), "{context}");
        return false;
    }
    if quoted {
        // It may have kept quotes that the whole does not need.
        assert_eq!(canonical(theirs), canonical(&Ok(ours.to_owned())), "{context}");
    } else {
        assert_eq!(theirs.as_deref(), Ok(ours), "{context}");
    }
    for answer in restored {
        assert_eq!(canonical(answer), by_us, "{context}");
    }
    true
}

/// Asks both on each day from two before the signing to beyond the wrap of the timestamp: they agree, but that we allow
/// for clocks that differ by a day.
///
/// # Panics
/// When it is otherwise.
pub fn check_ages(peer: Peer) {
    let forwarder = Forwarder::usual();
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for signed in [18_432, 21_504].into_iter().flat_map(|wrap: u32| wrap - 7..=wrap + 7) {
        let signed = Day::new(signed).expect("a day");
        let rewritten = forwarder.forward("alice@example.com", signed).expect("short");
        for age in (-2..=22).chain(1022..=1025) {
            let today = signed.plus(age).expect("a day");
            requests.push(forwarder.request_reverse(&rewritten, today));
            expected.push(matches!(age, 0..=21 | 1024..));
            let clocks_differ = matches!(age, -1 | 1023);
            let ours = forwarder.reverse(&rewritten, today);
            assert_eq!(ours.is_ok(), expected[expected.len() - 1] || clocks_differ, "we, {rewritten} at {age} days");
            assert_eq!(ours.err().as_deref().unwrap_or("expired"), "expired");
        }
    }
    for ((request, expected), theirs) in requests.iter().zip(expected).zip(peer.ask(&requests)) {
        assert_eq!(theirs.is_ok(), expected, "{peer:?}, {request}: {theirs:?}");
    }
}
