//! A year of guesses at tags, with limits and without: `scripts/guesses [DAYS]`.

use std::process::ExitCode;
use std::time::Instant;
use std::{env, thread};

use batv_store::guesses::Limits;
use batv_tests::guesses::{Attack, MAILBOXES, Outcome, STRAYS};

const NO_LIMITS: Limits = Limits { per_network: 0, per_mailbox: 0 };
/// Octets of a counter in a file of SQLite, as that reckons.
const OCTETS: usize = 100;

fn main() -> ExitCode {
    let Ok(days) = env::args().nth(1).map_or(Ok(365), |text| text.parse()) else {
        eprintln!("usage: guesses [DAYS]");
        return ExitCode::from(2);
    };
    println!(
        "| a day | networks | mailboxes | limits | answered | valid tags found | bounces | delayed | longest | lost | counters | took |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for from_servers in [false, true] {
        if from_servers {
            println!("\nFrom the very addresses that bring genuine bounces:\n");
        }
        for guesses in [1_000, 10_000, 100_000] {
            for mailboxes in [1, 1_000] {
                thread::scope(|scope| {
                    let networks: &[u64] = if from_servers { &[1, 100, 1_000] } else { &[1, 100, 1_000, 10_000] };
                    let rows = networks.iter().map(|&networks| {
                        let attack = Attack {
                            guesses,
                            networks,
                            mailboxes,
                            from_servers,
                            strays: STRAYS,
                            stray_mailboxes: MAILBOXES,
                            days,
                        };
                        scope.spawn(move || {
                            let begun = Instant::now();
                            let limited = attack.run(Limits::default());
                            (attack, limited, begun.elapsed().as_secs())
                        })
                    });
                    for row in rows.collect::<Vec<_>>() {
                        let Ok((attack, limited, took)) = row.join() else { return };
                        if !from_servers {
                            print(&attack, "none", &attack.run(NO_LIMITS), 0);
                        }
                        print(&attack, "default", &limited, took);
                    }
                });
            }
        }
    }
    ExitCode::SUCCESS
}

fn print(attack: &Attack, limits: &str, outcome: &Outcome, took: u64) {
    println!(
        "| {} | {} | {} | {limits} | {} | {:.4} | {} | {} | {} min | {} | {} ({} MB) | {took} s |",
        attack.guesses,
        attack.networks,
        attack.mailboxes,
        outcome.answered,
        outcome.found(),
        outcome.bounces,
        outcome.delayed,
        outcome.longest.div_ceil(60),
        outcome.lost,
        outcome.counters,
        outcome.counters * OCTETS / 1_000_000,
    );
}
