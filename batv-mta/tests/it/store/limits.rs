//! The limits of one peer, each with its metric.

use std::thread;

use batv_tests::host::wait_for;
use batv_tests::site::{ALICE, tagged};

use super::mail::{Client, WORLD, bounce, message};
use super::place::Place;
use crate::support::Daemon;

fn met(daemon: &Daemon, limit: &str) -> u32 {
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let start = format!("batv_limits_met_total{{limit=\"{limit}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&start)).map_or(0, |count| count.parse().expect("a number"))
}

#[test]
fn recipients_over_the_limit_come_in_another_message() {
    let daemon = Daemon::started("[limits]\nrecipients = 3\n");
    let mut client = Client::of_ours(&daemon, WORLD);
    let all = ["a@example.net", "b@example.net", "c@example.net", "d@example.net", "e@example.net"];
    let said = client.send(ALICE, &all, &message("<1@laptop.example>"));
    assert!(said.sender.is_some() && said.replies.len() == 2, "{said:?}");
    assert!(said.replies.iter().all(|reply| reply.starts_with("452 4.5.3 ")), "{said:?}");
    assert_eq!(met(&daemon, "recipients"), 2);
    assert!(client.send(ALICE, &all[..3], &message("<2@laptop.example>")).replies.is_empty());
}

#[test]
fn connections_over_the_limit_wait_their_turn() {
    // Of which each of the four listeners has a fourth.
    let daemon = Daemon::started("[limits]\nconnections = 8\n");
    let mut held: Vec<_> = (0..2).map(|_| Client::from(&daemon, WORLD)).collect();
    assert_eq!(met(&daemon, "connections"), 0);
    thread::scope(|scope| {
        let third = scope.spawn(|| Client::from(&daemon, WORLD).ask("", &[ALICE]));
        wait_for("connection that waits", || (met(&daemon, "connections") == 1).then_some(()));
        assert_eq!(held[1].ask("", &[ALICE]), [None], "an open connection goes on");
        assert!(!third.is_finished());
        held.pop();
        assert_eq!(third.join().expect("a turn"), [None]);
    });
    assert_eq!(met(&daemon, "connections"), 1);
}

#[test]
fn a_network_brings_so_many_bounces_in_a_minute() {
    let daemon = Daemon::started("[limits]\nbounces_per_minute = 5\n[verify]\nmode = 'reject'\n");
    let mut world = Client::from(&daemon, WORLD);
    let to = tagged(ALICE, 0);
    // A minute may end meanwhile, and then twice as many are taken.
    let replies: Vec<_> = (0..20).filter_map(|_| world.ask("", &[&to]).remove(0)).collect();
    assert!((10..=15).contains(&replies.len()) && replies.iter().all(|reply| reply.starts_with("451 4.7.1 ")));
    assert_eq!(usize::try_from(met(&daemon, "bounces_per_minute")), Ok(replies.len()));
    // Mail with a sender is no bounce, another network is another, and ours are not counted.
    assert_eq!(world.ask("carol@example.org", &[&to]), [None]);
    assert_eq!(Client::from(&daemon, "198.51.100.7").ask("", &[&to]), [None]);
    let mut ours = Client::of_ours(&daemon, WORLD);
    assert!((0..20).all(|_| ours.ask("", &[&to]) == [None]));
    // Requests through two listeners count in each.
    let request = format!("protocol_state=RCPT\nclient_address={WORLD}\nsender=\nrecipient={to}\n\n");
    assert!(daemon.ask("policy", request.as_bytes()).starts_with("action=DUNNO"));
}

#[test]
fn observing_counts_bounces_and_takes_them() {
    let daemon = Daemon::started("[limits]\nbounces_per_minute = 5\n");
    let mut world = Client::from(&daemon, WORLD);
    assert!((0..20).all(|_| world.ask("", &[ALICE]) == [None]));
    assert!(met(&daemon, "bounces_per_minute") >= 10);
}

#[test]
fn entries_that_a_full_store_drops_are_counted() {
    let place = Place::File;
    let daemon = place.daemon("octets = 1048576", "");
    let forgotten = || {
        let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let count = metrics.lines().find_map(|line| line.strip_prefix("batv_store_forgotten{} "));
        count.expect("a count").parse::<u32>().expect("a number")
    };
    assert_eq!(forgotten(), 0);
    let to: String = (0..20).map(|number| format!(" {number}@example.net")).collect();
    let sent: String = (0..800).map(|number| format!("sent <{ALICE}> <{number}@laptop.example>{to}\n")).collect();
    assert_eq!(daemon.ask("line", sent.as_bytes()).lines().count(), 800);
    assert!((1..800 * 21).contains(&forgotten()), "{}", forgotten());
}

/// The unread part of a message proves nothing, and disproves nothing either.
#[test]
fn long_messages_are_read_in_part_and_not_refused_for_it() {
    let parts = "--=_b\nContent-Type: text/plain\n\nNo such user.\n\n".repeat(20);
    let many = bounce("dave@example.net", "Subject: test").replacen("--=_b\n", &format!("{parts}--=_b\n"), 1);
    let large = bounce("dave@example.net", "Subject: test").replacen("No such user.", &"No such user. ".repeat(500), 1);
    for (limit, message) in [("parts = 10", many), ("message_octets = 4000", large)] {
        let reject = "[verify]\nmode = 'reject'\n[messages]\nmarked_since = 2020-01-01\nreject_unverified = true\n";
        let daemon = Daemon::started(&format!("[limits]\n{limit}\n{reject}"));
        let said = Client::from(&daemon, WORLD).send("", &[ALICE], &message);
        assert!(said.replies.is_empty(), "{limit}: {said:?}");
        let name = limit.split(' ').next().expect("a name");
        assert_eq!(met(&daemon, name), 1, "{limit}");
        let said = Client::from(&daemon, WORLD).send("", &[ALICE], &bounce("dave@example.net", "Subject: test"));
        assert!(said.reply().starts_with("550 "), "{limit}: {said:?}");
        assert_eq!(met(&daemon, name), 1, "{limit}");
    }
}
