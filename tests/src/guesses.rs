//! Attacks on tags, by the rule that puts off who may be guessing: how many guesses are answered, and how long genuine
//! bounces wait. Time is simulated, all else is the real thing.

mod memory;

use alloc::collections::BinaryHeap;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
use batv_store::Store;
use batv_store::guesses::{Guesses, Limits};

use memory::Memory;

const DAY: u64 = 86_400;
/// Some midnight of 2026.
const BEGIN: u64 = 1_795_478_400;
/// As Postfix tries again: first after so long, then after twice that, up to the longest, for so long in all.
const FIRST_RETRY: u64 = 300;
const LAST_RETRY: u64 = 4_000;
const GIVEN_UP: u64 = 5 * DAY;
/// Servers that bring genuine bounces, each in a network of its own.
const SERVERS: u64 = 3_000;
/// Mailboxes that bounces come to.
pub const MAILBOXES: u64 = 1_000;
/// Genuine bounces a day.
const BOUNCES: u64 = 500;
/// Wrong tags that these servers bring in a day when nobody has them do it, as bounces of spam that made a tag up.
pub const STRAYS: u64 = 20;
/// Addresses from which a network guesses.
const ADDRESSES: u64 = 4;
/// One in so many networks that guess has one of the servers in it.
const NEIGHBOURS: u64 = 10;

/// Who guesses, how much, and at whose tags.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a table of numbers")]
pub struct Attack {
    /// Guesses a day.
    pub guesses: u64,
    /// Networks that they come from.
    pub networks: u64,
    /// Mailboxes that they go to.
    pub mailboxes: u64,
    /// Whether they come from the very addresses of those servers, as from a host that is shared or broken into.
    pub from_servers: bool,
    /// Wrong tags that those servers bring in a day without guessing, as bounces of spam with made-up tags.
    pub strays: u64,
    /// Mailboxes that these go to.
    pub stray_mailboxes: u64,
    /// For so many days.
    pub days: u64,
}

/// What became of an attack.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// Guesses that were made.
    pub guesses: u64,
    /// Those of them of which the attacker learned whether they were right.
    pub answered: u64,
    /// Genuine bounces that came.
    pub bounces: u64,
    /// Those of them that were put off at first.
    pub delayed: u64,
    /// Seconds that one waited at most.
    pub longest: u64,
    /// Those that were put off for so long that their servers gave up.
    pub lost: u64,
    /// Counters that there were at a time, at most.
    pub counters: usize,
}

impl Outcome {
    /// Valid tags that are found, on average: each has 24 bits.
    #[expect(clippy::cast_precision_loss, reason = "it is an average")]
    pub fn found(&self) -> f64 {
        self.answered as f64 / f64::from(1 << 24)
    }
}

/// A bounce of a server, genuine or with a tag that somebody made up, as the next to come first.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Bounce {
    /// From the far end, for what is the greatest comes first.
    next: core::cmp::Reverse<u64>,
    first: u64,
    pause: u64,
    server: u64,
    mailbox: u64,
    is_wrong: bool,
}

struct Site {
    key: Key,
    limits: Limits,
    store: Memory,
}

impl Attack {
    /// Runs it against these limits.
    ///
    /// # Panics
    /// When the key of the simulation is none.
    pub fn run(&self, limits: Limits) -> Outcome {
        let key = KeyUse::Batv(KeyId::new(4).expect("an id"));
        let key = Key::new(key, Algorithm::HmacSha256, b"a secret of the simulation alone").expect("a key");
        let mut site = Site { key, limits, store: Memory::default() };
        let mut random = Random::new(self.guesses ^ self.networks << 20 ^ self.mailboxes << 40);
        let mut outcome = Outcome::default();
        let mut waiting = BinaryHeap::new();
        let [mut guess, mut bounce, mut stray] = [self.guesses, BOUNCES, self.strays].map(|rate| {
            // None of them comes at the first stage.
            BEGIN + DAY / rate.max(1)
        });
        loop {
            let retry = waiting.peek().map_or(u64::MAX, |bounce: &Bounce| bounce.next.0);
            let now = guess.min(bounce).min(stray).min(retry);
            if now >= BEGIN + self.days * DAY {
                return Outcome { counters: site.store.most(), ..outcome };
            }
            if now == retry {
                let Some(bounce) = waiting.pop() else { continue };
                outcome.bring(&mut site, bounce, now, &mut waiting);
            } else if now == guess {
                guess = after(now, self.guesses, &mut random);
                let network = random.below(self.networks);
                let client = if self.from_servers { server(network) } else { self.guesser(network, &mut random) };
                outcome.guesses += 1;
                outcome.answered += u64::from(!site.puts_off(client, random.below(self.mailboxes), true, now));
            } else if now == bounce {
                bounce = after(now, BOUNCES, &mut random);
                outcome.bounces += 1;
                outcome.bring(&mut site, Bounce::new(false, MAILBOXES, now, &mut random), now, &mut waiting);
            } else {
                stray = after(now, self.strays, &mut random);
                outcome.bring(&mut site, Bounce::new(true, self.stray_mailboxes, now, &mut random), now, &mut waiting);
            }
        }
    }

    fn guesser(&self, network: u64, random: &mut Random) -> IpAddr {
        // The neighbours come first, and are at least one.
        let neighbours = self.networks.div_ceil(NEIGHBOURS).min(SERVERS);
        let third = if network < neighbours { network } else { SERVERS + network };
        address(third, 1 + random.below(ADDRESSES))
    }
}

impl Bounce {
    fn new(is_wrong: bool, mailboxes: u64, now: u64, random: &mut Random) -> Self {
        let (server, mailbox) = (random.below(SERVERS), random.below(mailboxes));
        Self { next: core::cmp::Reverse(now), first: now, pause: FIRST_RETRY, server, mailbox, is_wrong }
    }
}

impl Outcome {
    /// What is put off comes again, be it right or wrong: its server can't tell.
    fn bring(&mut self, site: &mut Site, bounce: Bounce, now: u64, waiting: &mut BinaryHeap<Bounce>) {
        let waited = now - bounce.first;
        let is_genuine = u64::from(!bounce.is_wrong);
        if !site.puts_off(server(bounce.server), bounce.mailbox, bounce.is_wrong, now) {
            self.longest = self.longest.max(is_genuine * waited);
        } else if waited >= GIVEN_UP {
            self.lost += is_genuine;
        } else {
            self.delayed += is_genuine * u64::from(waited == 0);
            let pause = (2 * bounce.pause).min(LAST_RETRY);
            waiting.push(Bounce { next: core::cmp::Reverse(now + bounce.pause), pause, ..bounce });
        }
    }
}

impl Site {
    fn puts_off(&mut self, client: IpAddr, mailbox: u64, is_wrong: bool, now: u64) -> bool {
        if self.limits == (Limits { per_network: 0, per_mailbox: 0 }) {
            return false;
        }
        let mailbox = format!("user{mailbox}@example.com");
        let mailbox = Mailbox::parse(&mailbox).expect("an address");
        let guesses = Guesses::of(&self.key, Some(client), &mailbox, now);
        let ask = |operations| self.store.run(operations, now, Duration::ZERO).expect("memory answers");
        guesses.are_too_many(&ask(guesses.look()), &self.limits)
            || is_wrong && guesses.were_too_many(&ask(guesses.add()), &self.limits)
    }
}

/// When the next one comes of so many a day, with nothing regular about it.
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

/// Number so many of the IPv4 networks, and so many in it.
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
