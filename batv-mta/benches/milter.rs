//! `cargo bench -p batv-mta`: how many messages a second the daemon signs as a milter, beside filters on C libmilter.
//!
//! All are asked by turns in one run, by one mail server on this machine, and the median of their turns counts. A filter
//! on libmilter comes in two kinds (`tests/it/oracle/filter.c`): one that is empty but for the negotiation, which is the
//! daemon's, and one that signs as filters usually do, with the steps of MAIL, RCPT, the fields, the end of the header
//! and the end of the message answered one by one, and a tag that costs nothing.

#[path = "../tests/it/oracle/filter.rs"]
mod filter;
#[path = "../tests/support/mod.rs"]
mod support;

use core::time::Duration;
use std::fs;
use std::path::Path;

use batv_tests::host::free_ports;
use batv_tests::milter::{Load, MailServer, Offer, Place, Socket};
use batv_tests::site::{ALICE, tagged};
use filter::{Filter, Way, on_loopback};
use support::Daemon;

const TURNS: u32 = 7;
const IDLE: u32 = 10_000;
/// Descriptors that are not for connections.
const SPARE: u32 = 100;
/// Of the counters in /proc/PID/stat, everywhere on Linux.
const TICKS_A_SECOND: f64 = 100.0;

struct Peer {
    name: &'static str,
    id: u32,
    place: Place,
    /// Divisor of its number of messages, to save time.
    slow: u32,
}

fn main() {
    // `cargo nextest` and `cargo test --benches` only want to know that it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let program = filter::compile(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let [port, empty, usual] = free_ports();
    let mut daemon = Daemon::new("");
    daemon.configure_with_tcp("", "milter", "127.0.0.1", port);
    daemon.start();
    let tag = tagged(ALICE, 0);
    for (over, ours, empty, usual) in [
        ("a Unix socket", unix(&daemon, "milter"), unix(&daemon, "empty"), unix(&daemon, "usual")),
        ("TCP", on_loopback(port), on_loopback(empty), on_loopback(usual)),
    ] {
        let empty = Filter::start(&program, empty, Way::Empty, &tag, "");
        let usual = Filter::start(&program, usual, Way::Usual, &tag, "");
        // Nagle's algorithm has libmilter wait 40 ms between two packets that answer one.
        let slow = if over == "TCP" { 60 } else { 1 };
        let peers = [
            Peer { name: "batvd", id: daemon.worker(), place: ours, slow: 1 },
            Peer { name: "libmilter, empty", id: empty.id(), place: empty.place.clone(), slow: 1 },
            Peer { name: "libmilter, signs", id: usual.id(), place: usual.place.clone(), slow },
        ];
        for (connections, messages, count) in [(1, 1, 2000), (8, 1, 4000), (1, 100, 6000), (8, 100, 12_000)] {
            compare(over, &peers, connections, messages, count);
        }
    }
    drop(daemon);
    idle();
}

fn unix(daemon: &Daemon, name: &str) -> Place {
    Place::Unix(daemon.path(&format!("{name}.sock")))
}

fn compare(over: &str, peers: &[Peer], connections: u32, messages: u32, count: u32) {
    println!("\nover {over}, {connections} connection(s) at a time, {messages} message(s) on each");
    println!("{:<20}{:>12}{:>16}{:>16}", "", "messages/s", "batvd is", "CPU µs/message");
    let load =
        |peer: &Peer| Load { connections, repeats: (count / connections / messages / peer.slow).max(1), messages };
    let mut measured = vec![(Vec::new(), 0.0); peers.len()];
    for _ in 0..TURNS {
        for (peer, (rates, processor)) in peers.iter().zip(&mut measured) {
            let before = processor_seconds(peer.id);
            let time = load(peer).run(ALICE, || peer.place.connect().expect("a connection"));
            *processor += processor_seconds(peer.id) - before;
            rates.push(f64::from(load(peer).count()) / time.as_secs_f64());
        }
    }
    let mut ours = None;
    for (peer, (rates, processor)) in peers.iter().zip(measured) {
        let turns = f64::from(u32::try_from(rates.len()).expect("a few"));
        let each = processor * 1e6 / f64::from(load(peer).count()) / turns;
        let rate = median(rates);
        let ours = ours.get_or_insert(rate);
        println!("{:<20}{rate:>12.0}{:>15.2}×{each:>16.1}", peer.name, *ours / rate);
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Seconds of the processor that a process has had.
fn processor_seconds(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("a process");
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let ticks = |index| fields.split(' ').nth(index).and_then(|text| text.parse::<f64>().ok()).expect("a number");
    (ticks(11) + ticks(12)) / TICKS_A_SECOND
}

/// Connections that say nothing after their negotiation.
fn idle() {
    let allowed = descriptors();
    let count = IDLE.min(allowed.saturating_sub(SPARE));
    if count < IDLE {
        println!("\nonly {allowed} descriptors are allowed (ulimit -n): {count} connections instead of {IDLE}");
    }
    let daemon = Daemon::started("");
    let place = unix(&daemon, "milter");
    let before = daemon.memory();
    let peers: Vec<MailServer<Socket>> = (0..count)
        .map(|_| {
            let mut server = MailServer::new(place.connect_for(Duration::from_secs(30)).expect("a connection"));
            server.negotiate(Offer::USUAL).expect("an agreement");
            server
        })
        .collect();
    let all = daemon.memory();
    println!(
        "\n{} idle connections: {:.1} MB in all, {} octets for each",
        peers.len(),
        all as f64 / 1e6,
        (all - before) / u64::from(count.max(1))
    );
}

fn descriptors() -> u32 {
    let limits = fs::read_to_string("/proc/self/limits").expect("limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    line.split_whitespace().nth(3).and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
}
