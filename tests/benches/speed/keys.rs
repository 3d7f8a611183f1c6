//! Many keys against few: a key for each of 10 and of 10,000 domains.

use core::hint::black_box;

use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, Key, KeyId, KeySet, KeyUse, Mailbox, Pattern};

use crate::rounds::{Measured, least};

const FEW: usize = 10;
const MANY: usize = 10_000;
const COUNT: u32 = 10_000;
const ROUNDS: u32 = 60;
/// Coprime to both numbers of domains, so that all are asked about.
const STEP: usize = 7919;

pub(crate) fn print() {
    let today = Day::new(20_781).expect("a day");
    let sites = [FEW, MANY].map(Site::new);
    let mut measured = Vec::new();
    for site in &sites {
        let count = site.addresses.len();
        let [senders, tagged] = [&site.addresses, &site.tagged].map(|texts| mailboxes(texts));
        let (one, tag) = (senders[count / 2], tagged[count / 2]);
        let keys = &site.keys;
        measured.push(Measured::repeated(format!("sign for one of {count} domains"), COUNT, move || {
            black_box(tag::sign(black_box(keys), black_box(&one), Form::Prvs, None, today).is_ok());
        }));
        measured.push(Measured::repeated(format!("verify for one of {count} domains"), COUNT, move || {
            black_box(tag::verify(black_box(keys), black_box(&tag), today));
        }));
        let mut at = 0;
        measured.push(Measured::repeated(format!("sign for {count} domains by turns"), COUNT, move || {
            at = (at + STEP) % count;
            black_box(tag::sign(black_box(keys), black_box(&senders[at]), Form::Prvs, None, today).is_ok());
        }));
        let mut at = 0;
        measured.push(Measured::repeated(format!("verify for {count} domains by turns"), COUNT, move || {
            at = (at + STEP) % count;
            black_box(tag::verify(black_box(keys), black_box(&tagged[at]), today));
        }));
    }
    let times = least(ROUNDS, &mut measured);
    let (few, _) = times.split_at(times.len() / 2);
    println!("\nkeys of their own for each domain");
    println!("{:<40}{:>10}{:>16}", "", "ns", format!("of {FEW} domains"));
    for ((one, time), few) in measured.iter().zip(&times).zip(few.iter().cycle()) {
        println!("{:<40}{time:>10.1}{:>15.2}×", one.name, time / few);
    }
}

struct Site {
    keys: KeySet,
    addresses: Vec<String>,
    tagged: Vec<String>,
}

impl Site {
    fn new(domains: usize) -> Self {
        let domains: Vec<String> = (0..domains).map(|number| format!("tenant{number}.example.com")).collect();
        let key = |domain: &String| {
            let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, domain.as_bytes());
            key.expect("a key").with_scope(vec![Pattern::parse(domain.clone()).expect("a pattern")])
        };
        let keys: KeySet = domains.iter().map(key).collect();
        let addresses: Vec<String> = domains.iter().map(|domain| format!("alice.example@{domain}")).collect();
        let today = Day::new(20_781).expect("a day");
        let sign =
            |mailbox: Mailbox<'_>| tag::sign(&keys, &mailbox, Form::Prvs, None, today).expect("room").to_string();
        let tagged = mailboxes(&addresses).into_iter().map(sign).collect();
        Self { keys, addresses, tagged }
    }
}

fn mailboxes(texts: &[String]) -> Vec<Mailbox<'_>> {
    texts.iter().map(|text| Mailbox::parse(text).expect("an address")).collect()
}
