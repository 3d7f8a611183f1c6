//! Attacks on tags and SRS addresses, by the rule that defers clients which may be guessing: the number of answered guesses,
//! and the delay of genuine bounces. Only the time is simulated; a test compares the answers with those of the daemon.

use alloc::collections::BinaryHeap;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
use batv_store::Store;
use batv_store::counter::{CountingKeys, Subject};
use batv_store::guesses::{Guess, Guesses, Limits};
use batv_store::memory::Memory;
use batv_store::record::Record;

const DAY: u64 = 86_400;
/// Some midnight of 2026.
const BEGIN: u64 = 1_795_478_400;
/// Postfix's retries: the first pause in seconds, which doubles up to the longest, and the time after which it gives up.
const FIRST_RETRY: u64 = 300;
const LAST_RETRY: u64 = 4_000;
const GIVEN_UP: u64 = 5 * DAY;
/// Servers that bring genuine bounces, each in a network of its own.
const SERVERS: u64 = 3_000;
/// Mailboxes that get bounces.
pub const MAILBOXES: u64 = 1_000;
/// Genuine bounces a day.
const BOUNCES: u64 = 500;
/// Wrong tags that these servers bring in a day without an attack: bounces of spam with made-up tags.
pub const STRAYS: u64 = 20;
/// One in so many networks that guess has one of the servers in it.
const NEIGHBOURS: u64 = 10;
/// Days of genuine bounces before the attack: in its first month a site knows few servers.
const DAYS_BEFORE: u64 = 30;
/// Days after which clients of the attacker earn their records again.
const RECORD_DAYS: u64 = 30;
/// More counters than there are at a time.
const COUNTERS: usize = 1 << 24;

/// What is guessed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Target {
    /// Tags of 24 bits, as a recipient or in the header of a returned message. One rule counts both.
    Tag,
    /// Hashes of SRS addresses with four characters, which are worth 20 bits as their case doesn't count.
    Srs,
}

/// Clients that guess.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Clients {
    /// Networks of IPv4, with so many addresses each, of which so many have a good record.
    Networks {
        /// Number of networks.
        networks: u64,
        /// Addresses in each, at most 199.
        addresses: u64,
        /// Those of them that have a good record.
        known: u64,
    },
    /// Another /48 of IPv6 for each guess.
    AnotherSite,
    /// The very addresses of so many servers that bring genuine bounces, such as shared hosts.
    Servers(u64),
}

/// An attack.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a table of numbers")]
pub struct Attack {
    /// What is guessed.
    pub target: Target,
    /// Guesses a day.
    pub guesses: u64,
    /// Their clients.
    pub clients: Clients,
    /// Mailboxes that they go to.
    pub mailboxes: u64,
    /// Wrong tags that the servers bring in a day without guessing.
    pub strays: u64,
    /// Mailboxes that these go to.
    pub stray_mailboxes: u64,
    /// Duration in days.
    pub days: u64,
}

/// Outcome of an attack.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// Guesses that were made.
    pub guesses: u64,
    /// Those of them that were answered as wrong or right.
    pub answered: u64,
    /// Most of them in one day.
    pub most_in_a_day: u64,
    /// Genuine bounces that came.
    pub bounces: u64,
    /// Those of them that were deferred at first.
    pub delayed: u64,
    /// Longest delay in seconds.
    pub longest: u64,
    /// Those that were deferred until their servers gave up.
    pub lost: u64,
}

impl Outcome {
    /// Number of guesses that are right, on average.
    #[expect(clippy::cast_precision_loss, reason = "it is an average")]
    pub fn found(&self, target: Target) -> f64 {
        let bits = match target {
            Target::Tag => 24,
            Target::Srs => 20,
        };
        self.answered as f64 / f64::from(1 << bits)
    }
}

/// The rule with its counters, at any time.
#[derive(Debug)]
pub struct Model {
    key: Key,
    limits: Limits,
    store: Memory,
}

impl Model {
    /// A site without any counts.
    ///
    /// # Panics
    /// When the key of the simulation is none.
    pub fn new(limits: Limits) -> Self {
        let key = KeyUse::Batv(KeyId::new(4).expect("an id"));
        let key = Key::new(key, Algorithm::HmacSha256, b"a secret of the simulation alone").expect("a key");
        Self { key, limits, store: Memory::new(COUNTERS) }
    }

    /// Whether a client is deferred that brings a guess, or a right tag, to a mailbox or a domain of SRS addresses.
    ///
    /// # Panics
    /// When the memory does not answer.
    pub fn defers(&self, client: IpAddr, subject: &Subject, guess: Guess, now: u64) -> bool {
        let guesses = Guesses::of(&CountingKeys::from(&self.key), Some(client), subject, now);
        guesses.defer(guess, &self.limits, |batch| self.store.run(batch, now, Duration::ZERO).ok())
    }

    /// Gives a good record to a client.
    ///
    /// # Panics
    /// When the memory does not answer.
    pub fn know(&self, client: IpAddr, now: u64) {
        let record = Record::of(&CountingKeys::from(&self.key), client, now);
        self.store.run(record.earn(), now, Duration::ZERO).expect("an answer");
    }
}

/// A bounce of a server, genuine or with a made-up tag.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Bounce {
    /// Reversed, as the greatest comes first.
    next: core::cmp::Reverse<u64>,
    first: u64,
    pause: u64,
    server: u64,
    mailbox: u64,
    is_wrong: bool,
}

impl Attack {
    /// Runs it against these limits.
    pub fn run(&self, limits: Limits) -> Outcome {
        let model = Model::new(limits);
        let mut random = Random::new(self.guesses ^ self.mailboxes << 40);
        let mut outcome = Outcome::default();
        let mut waiting = BinaryHeap::new();
        let (mut today, mut on_this_day) = (BEGIN / DAY - DAYS_BEFORE, 0);
        let mut guess = BEGIN + 1;
        let [mut bounce, mut stray] = [BEGIN - DAYS_BEFORE * DAY; 2];
        loop {
            let retry = waiting.peek().map_or(u64::MAX, |bounce: &Bounce| bounce.next.0);
            let now = guess.min(bounce).min(stray).min(retry);
            if now / DAY != today {
                if today < BEGIN / DAY {
                    outcome = Outcome::default();
                }
                outcome.most_in_a_day = outcome.most_in_a_day.max(core::mem::take(&mut on_this_day));
                today = now / DAY;
                self.earn_records(&model, now);
            }
            if now >= BEGIN + self.days * DAY {
                return outcome;
            }
            if now == retry {
                let Some(bounce) = waiting.pop() else { continue };
                outcome.bring(&model, self.target, bounce, now, &mut waiting);
            } else if now == guess {
                guess = after(now, self.guesses, &mut random);
                let client = self.client(outcome.guesses, &mut random);
                let subject = subject(self.target, random.below(self.mailboxes));
                let answered = u64::from(!model.defers(client, &subject, Guess::WRONG, now));
                outcome.guesses += 1;
                outcome.answered += answered;
                on_this_day += answered;
            } else if now == bounce {
                bounce = after(now, BOUNCES, &mut random);
                outcome.bounces += 1;
                let bounce = Bounce::new(false, MAILBOXES, now, &mut random);
                outcome.bring(&model, self.target, bounce, now, &mut waiting);
            } else {
                stray = after(now, self.strays, &mut random);
                let bounce = Bounce::new(true, self.stray_mailboxes, now, &mut random);
                outcome.bring(&model, self.target, bounce, now, &mut waiting);
            }
        }
    }

    fn earn_records(&self, model: &Model, now: u64) {
        let Clients::Networks { networks, known, .. } = self.clients else { return };
        if (now.saturating_sub(BEGIN) / DAY).is_multiple_of(RECORD_DAYS) {
            for (network, host) in (0..networks).flat_map(|network| (0..known).map(move |host| (network, host))) {
                model.know(guesser(networks, network, host), now);
            }
        }
    }

    fn client(&self, number: u64, random: &mut Random) -> IpAddr {
        match self.clients {
            Clients::Networks { networks, addresses, .. } => {
                guesser(networks, random.below(networks), random.below(addresses))
            }
            Clients::AnotherSite => Ipv6Addr::from_bits((0x2a00_0000_0000 + u128::from(number)) << 80 | 1).into(),
            Clients::Servers(servers) => server(random.below(servers)),
        }
    }
}

fn guesser(networks: u64, network: u64, host: u64) -> IpAddr {
    // The neighbours come first, and are at least one.
    let neighbours = networks.div_ceil(NEIGHBOURS).min(SERVERS);
    let third = if network < neighbours { network } else { SERVERS + network };
    address(third, 1 + host)
}

fn subject(target: Target, mailbox: u64) -> Subject {
    let mailbox = match target {
        Target::Tag => format!("user{mailbox}@example.com"),
        Target::Srs => "SRS0=AAAA=2W=example.net=user@fwd.example.com".to_owned(),
    };
    let mailbox = Mailbox::parse(&mailbox).expect("an address");
    match target {
        Target::Tag => Subject::mailbox(&mailbox),
        Target::Srs => Subject::domain(&mailbox),
    }
}

impl Bounce {
    fn new(is_wrong: bool, mailboxes: u64, now: u64, random: &mut Random) -> Self {
        let (server, mailbox) = (random.below(SERVERS), random.below(mailboxes));
        Self { next: core::cmp::Reverse(now), first: now, pause: FIRST_RETRY, server, mailbox, is_wrong }
    }
}

impl Outcome {
    /// A deferred bounce comes again, with a right tag or a wrong one: its server can't tell.
    fn bring(&mut self, model: &Model, target: Target, bounce: Bounce, now: u64, waiting: &mut BinaryHeap<Bounce>) {
        let waited = now - bounce.first;
        let is_genuine = u64::from(!bounce.is_wrong);
        let guess = if bounce.is_wrong { Guess::WRONG } else { Guess::RIGHT };
        let client = server(bounce.server);
        if !model.defers(client, &subject(target, bounce.mailbox), guess, now) {
            self.longest = self.longest.max(is_genuine * waited);
            if !bounce.is_wrong {
                model.know(client, now);
            }
        } else if waited >= GIVEN_UP {
            self.lost += is_genuine;
        } else {
            self.delayed += is_genuine * u64::from(waited == 0);
            let pause = (2 * bounce.pause).min(LAST_RETRY);
            waiting.push(Bounce { next: core::cmp::Reverse(now + bounce.pause), pause, ..bounce });
        }
    }
}

/// Time of the next one of so many a day, at random.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
fn after(now: u64, rate: u64, random: &mut Random) -> u64 {
    if rate == 0 {
        return u64::MAX;
    }
    let even = (random.below(1 << 32) as f64 + 1.0) / (1_u64 << 32) as f64;
    let pause = -even.ln() * DAY as f64 / rate as f64;
    // Seconds are whole: what is left of them counts on average.
    now + pause as u64 + u64::from((random.below(1 << 20) as f64) < pause.fract() * f64::from(1 << 20))
}

fn server(number: u64) -> IpAddr {
    address(number, 200)
}

/// Address of a host in a network of IPv4.
fn address(network: u64, host: u64) -> IpAddr {
    let octets = u32::try_from((network << 8) + host).expect("few networks");
    Ipv4Addr::from_bits(0x0a00_0000 + octets).into()
}

/// Numbers that are the same in each run (SplitMix64).
struct Random(u64);

impl Random {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// One from 0 on, and less than this.
    const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
