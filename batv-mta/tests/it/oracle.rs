//! The daemon's milter beside C libmilter: the same mail server says the same to both, and hears the same.

mod filter;
mod scripts;

use core::time::Duration;
use std::path::Path;
use std::process::Command;

use crate::support::Daemon;
use batv_tests::host::free_ports;
use batv_tests::milter::{MailServer, Place};
use batv_tests::site::{ALICE, forged, tagged};
use filter::{Filter, Way, on_loopback};
use scripts::{Difference, Script};

/// For answers that come.
const PATIENCE: Duration = Duration::from_secs(30);
const CONFIGURATION: &str = "[verify]\nmode = 'reject'\n[messages]\nmarked_since = 2020-01-01\n";

/// The packets of a case, in both directions.
fn transcript(place: &Place, script: &Script, patience: Duration) -> String {
    let mut server = MailServer::new(place.connect_for(patience).expect("a connection"));
    server.negotiate(script.offer);
    for packet in &script.packets {
        server.say(packet);
    }
    if !script.octets.is_empty() {
        server.say_at_last(script.octets);
    }
    server.transcript().to_owned()
}

/// The packets that are answered in another way, until one of both says no more.
fn differences<'t>(ours: &'t str, libmilter: &'t str) -> Vec<(&'t str, &'t str, &'t str)> {
    let split = |line: &'t str| line.split_once(" => ").expect("a packet and its answer");
    let is_over = |answer: &str| answer.ends_with("closed") || answer.ends_with("silent");
    let mut found = Vec::new();
    for ((packet, ours), (_, theirs)) in ours.lines().map(split).zip(libmilter.lines().map(split)) {
        if ours != theirs {
            found.push((packet, ours, theirs));
        }
        if is_over(ours) || is_over(theirs) {
            break;
        }
    }
    found
}

fn compare(daemon: &Place, libmilter: &Place, tag: &str, forged: &str) {
    let mut wrong = String::new();
    for script in scripts::scripts(tag, forged, matches!(daemon, Place::Tcp(_))) {
        let known = &script.differences;
        let is_silent = known.iter().any(|difference| difference.libmilter == "silent");
        let theirs = transcript(libmilter, &script, if is_silent { Duration::from_secs(1) } else { PATIENCE });
        let ours = transcript(daemon, &script, PATIENCE);
        let found = differences(&ours, &theirs);
        let is_known = |((packet, ours, theirs), known): (&(&str, &str, &str), &Difference)| {
            packet.starts_with(known.packet) && ours.starts_with(known.ours) && theirs.starts_with(known.libmilter)
        };
        if found.len() != known.len() || !found.iter().zip(known).all(is_known) {
            wrong.push_str(&format!("{}: {found:#?}\n", script.name));
        }
        for difference in known {
            eprintln!("{}: {}", script.name, difference.why);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn answers_as_libmilter_does() {
    let tag = tagged(ALICE, 0);
    let forged = forged(&tag);
    let [port, theirs] = free_ports();
    let mut daemon = Daemon::new("");
    daemon.configure_with_tcp(CONFIGURATION, "milter", "127.0.0.1", port);
    daemon.start();
    let program = filter::compile(daemon.path("").as_path());
    let reply = "Invalid BATV tag: signature does not match";
    for (ours, libmilter) in [
        (Place::Unix(daemon.path("milter.sock")), Place::Unix(daemon.path("libmilter.sock"))),
        (on_loopback(port), on_loopback(theirs)),
    ] {
        let filter = Filter::start(&program, libmilter, Way::Same, &tag, reply);
        compare(&ours, &filter.place, &tag, &forged);
    }
}

/// Another one's end of the protocol, over TCP: it expects answers to every step.
#[test]
fn passes_miltertest() {
    let tag = tagged(ALICE, 0);
    let [port] = free_ports();
    let mut daemon = Daemon::new("");
    daemon.configure_with_tcp(CONFIGURATION, "milter", "127.0.0.1", port);
    daemon.start();
    let mut miltertest = Command::new("miltertest");
    miltertest.args(["-D", &format!("socket=inet:{port}@127.0.0.1"), "-D", &format!("tag={tag}")]);
    miltertest.args(["-D", &format!("forged={}", forged(&tag)), "-s"]);
    miltertest.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/oracle/miltertest.lua"));
    let output = miltertest.output().unwrap_or_else(|error| panic!("miltertest: {error}: scripts/in-debian"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("all is so"), "{}: {said}", output.status);
}
