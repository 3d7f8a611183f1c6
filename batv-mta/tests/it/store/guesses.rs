//! Clients with wrong tags.

use batv_tests::site::{ALICE, forged, tagged};

use super::mail::Client;
use super::place::Place;
use crate::support::Daemon;

const BOB: &str = "bob@example.com";

/// The reply to a recipient of a bounce: `250`, or the start of another reply.
fn ask(daemon: &Daemon, client: &str, to: &str) -> String {
    let reply = Client::from(daemon, client).ask("", &[to]).remove(0);
    reply.map_or("250".to_owned(), |reply| reply.chars().take(9).collect())
}

fn metric(daemon: &Daemon, limit: &str) -> u32 {
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let start = format!("batv_limits_met_total{{limit=\"{limit}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&start)).map_or(0, |count| count.parse().expect("a number"))
}

fn configuration(per_network: u32, per_mailbox: u32, mode: &str) -> String {
    format!(
        "[limits]\nwrong_tags_per_network = {per_network}\nwrong_tags_per_mailbox = {per_mailbox}\n\
         [verify]\nmode = '{mode}'\n"
    )
}

/// Many more wrong tags than the limit, so that the end of a day does not matter.
fn guess(daemon: &Daemon, client: &str) -> usize {
    let replies = (0..25).map(|_| ask(daemon, client, &forged(&tagged(ALICE, 0))));
    let replies: Vec<String> = replies.collect();
    let answered = replies.iter().filter(|reply| *reply == "550 5.7.1").count();
    assert_eq!(replies.iter().filter(|reply| *reply == "451 4.7.1").count(), 25 - answered, "{replies:?}");
    answered
}

#[test]
fn a_guessing_client_is_deferred_and_its_neighbours_are_not() {
    for place in Place::all() {
        let daemon = place.daemon("", &configuration(5, 0, "reject"));
        let answered = guess(&daemon, "192.0.2.7");
        assert!((5..=10).contains(&answered), "{answered}");
        // A right tag now gets the same reply as a wrong one; an untagged mailbox does not.
        let (right, wrong) = (tagged(ALICE, 0), forged(&tagged(ALICE, 0)));
        for (client, to, expected) in [
            ("192.0.2.7", right.as_str(), "451 4.7.1"),
            ("192.0.2.7", &tagged(BOB, 0), "451 4.7.1"),
            ("192.0.2.7", ALICE, "250"),
            ("192.0.2.8", &right, "250"),
            ("192.0.2.8", &wrong, "550 5.7.1"),
            ("192.0.2.8", &right, "451 4.7.1"),
            ("198.51.100.1", &wrong, "550 5.7.1"),
            ("198.51.100.1", &right, "250"),
        ] {
            assert_eq!(ask(&daemon, client, to), expected, "{client} {to}");
        }
        assert!(metric(&daemon, "wrong_tags") >= 18, "{}", metric(&daemon, "wrong_tags"));
        daemon.wait_for_log("to=alice@example.com verdict=undecided reason=throttled disposition=tempfail");
        // The limit counts all listeners together.
        let answer = daemon.ask("line", format!("judge rcpt none 192.0.2.7 <> {right}\n").as_bytes());
        assert!(answer.contains("disposition=tempfail") && answer.contains("reason=throttled"), "{answer}");
        let request = format!("protocol_state=RCPT\nclient_address=192.0.2.7\nsender=\nrecipient={right}\n\n");
        assert!(daemon.ask("policy", request.as_bytes()).starts_with("action=451 4.7.1 "));
        // Mail to a wrong tag counts as a bounce does.
        let wrong = forged(&tagged(ALICE, 0));
        let mail = Client::from(&daemon, "203.0.113.5").ask("carol@example.org", &vec![wrong.as_str(); 25]);
        let put_off = mail.iter().flatten().filter(|reply| reply.starts_with("451 4.7.1 ")).count();
        assert!((15..=20).contains(&put_off), "{mail:?}");
    }
}

#[test]
fn a_mailbox_with_many_guesses_is_closed_to_those_clients() {
    for place in Place::all() {
        let daemon = place.daemon("", &configuration(0, 5, "reject"));
        let (right, wrong) = (tagged(ALICE, 0), forged(&tagged(ALICE, 0)));
        for number in 0..25 {
            assert_eq!(ask(&daemon, &format!("10.0.{number}.1"), &wrong), "550 5.7.1", "{number}");
        }
        for (client, to, expected) in [
            ("10.0.1.1", wrong.as_str(), "451 4.7.1"),
            ("10.0.1.1", &right, "451 4.7.1"),
            ("10.0.1.1", &tagged(BOB, 0), "250"),
            ("10.0.1.2", &right, "250"),
            ("192.0.2.7", &right, "250"),
        ] {
            assert_eq!(ask(&daemon, client, to), expected, "{client} {to}");
        }
    }
}

#[test]
fn observing_counts_and_defers_no_client() {
    for place in Place::all() {
        let daemon = place.daemon("", &configuration(5, 5, "observe"));
        for _ in 0..25 {
            assert_eq!(ask(&daemon, "192.0.2.7", &forged(&tagged(ALICE, 0))), "250");
        }
        assert_eq!(ask(&daemon, "192.0.2.7", &tagged(ALICE, 0)), "250");
        assert!(metric(&daemon, "wrong_tags") >= 15, "{}", metric(&daemon, "wrong_tags"));
        assert!(!daemon.log().contains("throttled"), "{}", daemon.log());
    }
}

#[test]
fn without_limits_or_store_no_client_is_deferred() {
    let mut daemons: Vec<(Option<Place>, Daemon)> = Vec::new();
    for place in Place::all() {
        let daemon = place.daemon("", &configuration(0, 0, "reject"));
        daemons.push((Some(place), daemon));
    }
    daemons.push((None, Daemon::started(&configuration(5, 5, "reject"))));
    for (_place, daemon) in daemons {
        for _ in 0..25 {
            assert_eq!(ask(&daemon, "192.0.2.7", &forged(&tagged(ALICE, 0))), "550 5.7.1");
        }
        assert_eq!(metric(&daemon, "wrong_tags"), 0);
    }
}
