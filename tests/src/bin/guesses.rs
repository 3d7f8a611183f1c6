//! A year of guesses at tags and SRS addresses: `scripts/guesses [DAYS]` prints the table of `docs/src/limits.md`.

use std::process::ExitCode;
use std::sync::mpsc;
use std::{env, thread};

use batv_store::guesses::Limits;
use batv_tests::guesses::{Attack, Clients, MAILBOXES, Outcome, STRAYS, Target};

/// Part of the days for which many guesses are simulated, since that takes so long.
const PART: u64 = 6;
/// Rows that are computed at a time.
const THREADS: usize = 2;

const fn network(addresses: u64, known: u64) -> Clients {
    Clients::Networks { networks: 1, addresses, known }
}

const fn botnet(networks: u64) -> Clients {
    Clients::Networks { networks, addresses: 1, known: 0 }
}

fn clients() -> [(&'static str, Clients); 7] {
    [
        ("one client", network(1, 0)),
        ("one client with a record", network(1, 1)),
        ("one network, 199 addresses", network(199, 0)),
        ("one network, 20 of 199 with a record", network(199, 20)),
        ("1,000 clients", botnet(1_000)),
        ("10,000 clients", botnet(10_000)),
        ("another /48 for each", Clients::AnotherSite),
    ]
}

fn main() -> ExitCode {
    let Ok(days) = env::args().nth(1).map_or(Ok(365), |text| text.parse()) else {
        eprintln!("usage: guesses [DAYS]");
        return ExitCode::from(2);
    };
    println!(
        "| guesses at | a day | days | from | answered | most in a day | right ones found | bounces | delayed | longest | lost |\n\
         |---|---|---|---|---|---|---|---|---|---|---|"
    );
    let mut rows = Vec::new();
    for (target, guesses) in [(Target::Tag, 1_000), (Target::Tag, 10_000), (Target::Srs, 10_000)] {
        rows.extend(clients().map(|(name, clients)| (name, attack(target, guesses, clients, MAILBOXES, days))));
    }
    for (target, name, clients) in [
        (Target::Tag, "one network, 20 of 199 with a record", network(199, 20)),
        (Target::Tag, "1,000 clients", botnet(1_000)),
        (Target::Tag, "10,000 clients", botnet(10_000)),
        (Target::Tag, "another /48 for each", Clients::AnotherSite),
        (Target::Srs, "one network, 20 of 199 with a record", network(199, 20)),
        (Target::Srs, "10,000 clients", botnet(10_000)),
        (Target::Tag, "all servers of genuine bounces", Clients::Servers(3_000)),
    ] {
        rows.push((name, attack(target, 100_000, clients, MAILBOXES, days / PART)));
    }
    rows.push(("10,000 clients, at one mailbox", attack(Target::Tag, 100_000, botnet(10_000), 1, days / PART)));
    for guesses in [70, 1_000] {
        rows.push((
            "one server of genuine bounces",
            attack(Target::Tag, guesses, Clients::Servers(1), MAILBOXES, days),
        ));
    }
    in_order(&rows);
    ExitCode::SUCCESS
}

const fn attack(target: Target, guesses: u64, clients: Clients, mailboxes: u64, days: u64) -> Attack {
    Attack { target, guesses, clients, mailboxes, strays: STRAYS, stray_mailboxes: MAILBOXES, days }
}

fn in_order(rows: &[(&str, Attack)]) {
    thread::scope(|scope| {
        for some in rows.chunks(THREADS) {
            let outcomes = some.iter().map(|(name, attack)| {
                let (sender, receiver) = mpsc::channel();
                scope.spawn(move || sender.send(attack.run(Limits::default())));
                (name, attack, receiver)
            });
            for (name, attack, receiver) in outcomes.collect::<Vec<_>>() {
                if let Ok(outcome) = receiver.recv() {
                    print(name, attack, &outcome);
                }
            }
        }
    });
}

fn print(name: &str, attack: &Attack, outcome: &Outcome) {
    let target = match attack.target {
        Target::Tag => "tags",
        Target::Srs => "SRS, 4 characters",
    };
    println!(
        "| {target} | {} | {} | {name} | {} | {} | {:.4} | {} | {} | {} min | {} |",
        attack.guesses,
        attack.days,
        outcome.answered,
        outcome.most_in_a_day,
        outcome.found(attack.target),
        outcome.bounces,
        outcome.delayed,
        outcome.longest.div_ceil(60),
        outcome.lost,
    );
}
