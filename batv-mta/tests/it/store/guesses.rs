//! Clients with wrong tags.

use batv_tests::site::{ALICE, date, forged, tagged};

use super::mail::{Client, WORLD, bounce, message};
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

/// The reply to a recipient behind another one is told by the first, not by the tag; and a wrong tag counts all the same.
#[test]
fn a_guess_beside_another_recipient_counts() {
    let grace = format!("signing_since = {}\n", date(1));
    for (mode, rest) in [("quarantine", ""), ("reject", grace.as_str())] {
        let daemon = Place::File.daemon("", &format!("{}{rest}", configuration(5, 0, mode)));
        let mut client = Client::from(&daemon, WORLD);
        let mut second = |to: &str| client.ask("", &["postmaster@example.com", to]).remove(1).expect("a reply");
        assert!(second(&tagged(ALICE, 0)).starts_with("452 4.5.3 "), "right, {mode}");
        let replies: Vec<String> = (0..25).map(|_| second(&forged(&tagged(ALICE, 0)))).collect();
        let answered = replies.iter().filter(|reply| reply.starts_with("452 4.5.3 ")).count();
        assert!((5..=10).contains(&answered), "{mode}: {replies:?}");
        assert!(replies[answered..].iter().all(|reply| reply.starts_with("451 4.7.1 ")), "{mode}: {replies:?}");
        assert!(second(&tagged(ALICE, 0)).starts_with("451 4.7.1 "), "right, {mode}");
    }
}

/// Other programs write tags that look like ours, and a server that brings a good tag makes no guess.
#[test]
fn returned_tags_of_others_are_no_guesses() {
    let protected = "[sign]\nprotected = ['example.com']\n";
    let daemon = Place::File.daemon("", &format!("{}{protected}", configuration(5, 0, "reject")));
    let mut client = Client::from(&daemon, WORLD);
    let foreign = "Return-Path: <prvs=4795123456=x@foreign.example>";
    let own = format!("Return-Path: <{}>", forged(&tagged(ALICE, 0)));
    for (to, header) in [(ALICE.to_owned(), foreign), (tagged(ALICE, 0), foreign), (tagged(ALICE, 0), own.as_str())] {
        for number in 0..25 {
            let said = client.send("", &[&to], &bounce("dave@example.net", header));
            assert!(said.replies.is_empty(), "{number} {to}: {said:?}");
        }
    }
    assert!(!daemon.log().contains("forged tag in a returned header"), "{}", daemon.log());
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
fn without_limits_no_client_is_deferred() {
    for place in Place::all() {
        let daemon = place.daemon("", &configuration(0, 0, "reject"));
        for _ in 0..25 {
            assert_eq!(ask(&daemon, "192.0.2.7", &forged(&tagged(ALICE, 0))), "550 5.7.1");
        }
        assert_eq!(metric(&daemon, "wrong_tags"), 0);
    }
}

#[test]
fn limits_hold_without_a_store_and_while_it_is_down() {
    for is_down in [false, true] {
        let mut daemon = Daemon::new("");
        let nobody = format!("[store]\nat = 'unix://{}/nobody.sock'\n", daemon.root());
        let store = if is_down { nobody.as_str() } else { "" };
        daemon.configure(&format!("{store}{}", configuration(5, 7, "reject")));
        daemon.start();
        let answered = guess(&daemon, "192.0.2.7");
        assert!((5..=10).contains(&answered), "{answered}");
        assert_eq!(ask(&daemon, "192.0.2.7", &tagged(ALICE, 0)), "451 4.7.1");
        assert_eq!(ask(&daemon, "192.0.2.8", &tagged(ALICE, 0)), "250");
        // Replays are counted as well.
        let mut world = Client::from(&daemon, "198.51.100.7");
        let (tagged_bob, bounce) = (tagged(BOB, 0), bounce("dave@example.net", "X-Returned: nothing"));
        let held = (0..110).filter(|_| world.send("", &[&tagged_bob], &bounce).is_held).count();
        assert_eq!(held, 10);
    }
}

/// Wrong tags, and how they are counted.
fn wrong_tags(daemon: &Daemon, place: &str) -> u32 {
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let start = format!("batv_wrong_tags_total{{listener=\"milter\",place=\"{place}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&start)).map_or(0, |count| count.parse().expect("a number"))
}

/// A bounce that returns the header of a message with these lines at its top.
fn returning(lines: &str) -> String {
    let header = message("<1@laptop.example>");
    bounce("dave@example.net", &format!("{lines}\n{}", header.split_once("\n\n").expect("a header").0))
}

#[test]
fn tags_in_returned_headers_are_guesses_as_well() {
    let configuration = format!("{}[messages]\nmarked_since = 2020-01-01\n", configuration(5, 0, "reject"));
    for daemon in [Place::File.daemon("", &configuration), Daemon::started(&configuration)] {
        let mut client = Client::from(&daemon, "192.0.2.7");
        let guess = |number: u32| returning(&format!("Return-Path: <prvs=4999{number:06x}=alice@example.com>"));
        let replies: Vec<String> =
            (0..70).map(|number| client.send("", &[ALICE], &guess(number)).reply().chars().take(9).collect()).collect();
        let answered = replies.iter().filter(|reply| *reply == "550 5.7.1").count();
        assert!((5..=10).contains(&answered), "{replies:?}");
        assert_eq!(replies.iter().filter(|reply| *reply == "451 4.7.1").count(), 70 - answered, "{replies:?}");
        assert!(metric(&daemon, "wrong_tags") >= 60, "{}", metric(&daemon, "wrong_tags"));
        assert_eq!((wrong_tags(&daemon, "returned"), wrong_tags(&daemon, "recipient")), (70, 0));
        daemon.wait_for_log("forged tag in a returned header client=192.0.2.7 of=alice@example.com");
        // Right and wrong are alike, in both places.
        let right = returning(&format!("Return-Path: <{}>", tagged(ALICE, 0)));
        assert!(client.send("", &[ALICE], &right).reply().starts_with("451 4.7.1 "));
        assert_eq!(ask(&daemon, "192.0.2.7", &tagged(ALICE, 0)), "451 4.7.1");
        assert_eq!(ask(&daemon, "192.0.2.7", &forged(&tagged(ALICE, 0))), "451 4.7.1");
        // A client that guessed at recipients alone is no better.
        ask(&daemon, "192.0.2.8", &forged(&tagged(ALICE, 0)));
        let mut other = Client::from(&daemon, "192.0.2.8");
        assert!(other.send("", &[ALICE], &right).reply().starts_with("451 4.7.1 "));
        // A bounce that returns no tag is answered as ever, and so is a client that guessed nothing.
        assert!(client.send("", &[ALICE], &returning("X-Other: 1")).reply().starts_with("550 5.7.1 "));
        assert!(!Client::from(&daemon, "192.0.2.9").send("", &[ALICE], &right).reply().starts_with("451"));
    }
}

#[test]
fn a_message_is_one_guess_however_many_tags_it_returns() {
    let daemon = Place::File.daemon("", &configuration(6, 0, "reject"));
    let mut client = Client::from(&daemon, "192.0.2.7");
    for round in 0..4_u32 {
        let lines: Vec<String> = (0..64)
            .map(|number| (["Return-Path", "X-Envelope-From", "From", "Reply-To"][number % 4], number))
            .map(|(name, number)| format!("{name}: <prvs=4999{round:02x}{number:04x}=alice@example.com>"))
            .collect();
        let said = client.send("", &[ALICE], &returning(&lines.join("\n")));
        assert!(!said.reply().starts_with("451"), "{said:?}");
    }
    assert_eq!(wrong_tags(&daemon, "returned"), 4);
    assert_eq!(ask(&daemon, "192.0.2.7", &forged(&tagged(ALICE, 0))), "550 5.7.1");
}

#[test]
fn a_tag_written_so_that_it_is_compared_more_often_counts_as_often() {
    let daemon = Place::File.daemon("", &configuration(20, 0, "reject"));
    // Under an hmac-sha1 key: quoted or not, the domain as it came or in lower case.
    let wrong = r#""prvs=4999000000=ali\ce"@EXAMPLE.COM"#;
    let answered = (0..30).filter(|_| ask(&daemon, "192.0.2.7", wrong) == "550 5.7.1").count();
    assert!((5..=10).contains(&answered), "{answered}");
}
