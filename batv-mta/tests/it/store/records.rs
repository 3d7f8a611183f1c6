//! Clients that have brought bounces to good tags.

use batv_tests::site::{ALICE, forged, mark, tagged};

use super::mail::{Client, bounce};
use super::place::Place;
use crate::support::Daemon;

const KNOWN: &str = "192.0.2.7";

fn unproved() -> String {
    bounce("dave@example.net", "X-Returned: nothing")
}

/// Whether a tag is answered, not deferred.
fn answers(daemon: &Daemon, client: &str, to: &str) -> bool {
    let reply = Client::from(daemon, client).ask("", &[to]).remove(0);
    !reply.is_some_and(|reply| reply.starts_with("451 4.7.1 "))
}

/// The number of wrong tags of so many that are answered.
fn guess(daemon: &Daemon, count: u32, client: impl Fn(u32) -> String) -> usize {
    let wrong = forged(&tagged(ALICE, 0));
    (0..count).filter(|number| answers(daemon, &client(*number), &wrong)).count()
}

/// Brings a bounce to a tag that nobody has brought before.
fn earn(daemon: &Daemon, client: &str) {
    let to = tagged(&format!("user{}@example.com", client.replace('.', "-")), 0);
    let said = Client::from(daemon, client).send("", &[&to], &unproved());
    assert!(said.replies.is_empty(), "{said:?}");
}

fn daemons(limits: &str) -> [Daemon; 2] {
    let configuration = format!("[limits]\n{limits}\n[verify]\nmode = 'reject'\n");
    [Place::File.daemon("", &configuration), Daemon::started(&configuration)]
}

#[test]
fn others_can_not_use_up_the_wrong_tags_of_a_client_with_a_record() {
    for daemon in daemons("wrong_tags_per_network = 5\nwrong_tags_per_mailbox = 9") {
        let right = tagged(ALICE, 0);
        earn(&daemon, KNOWN);
        assert!(answers(&daemon, KNOWN, &forged(&right)), "a bounce of spam with a made-up tag");
        // Its neighbour guesses, and so does the world, at the same mailbox.
        assert!((5..=10).contains(&guess(&daemon, 25, |_| "192.0.2.8".to_owned())));
        guess(&daemon, 25, |number| format!("10.0.{number}.1"));
        assert!(!answers(&daemon, "192.0.2.8", &right) && !answers(&daemon, "10.0.1.1", &right));
        assert!(answers(&daemon, KNOWN, &right));
        // Its own are limited, too, to twice as many.
        assert!((9..=19).contains(&guess(&daemon, 25, |_| KNOWN.to_owned())));
        assert!(!answers(&daemon, KNOWN, &right));
    }
}

#[test]
fn a_replayed_tag_and_a_question_earn_no_record() {
    for daemon in daemons("wrong_tags_per_network = 5\nwrong_tags_per_mailbox = 0") {
        let right = tagged(ALICE, 0);
        for client in [KNOWN, "192.0.2.8"] {
            Client::from(&daemon, client).send("", &[&right], &unproved());
        }
        // Only asks.
        Client::from(&daemon, "192.0.2.9").ask("", &[&tagged("bob@example.com", 0)]);
        guess(&daemon, 25, |_| "192.0.2.10".to_owned());
        for (client, expected) in [(KNOWN, true), ("192.0.2.8", false), ("192.0.2.9", false)] {
            assert!(answers(&daemon, client, &forged(&right)), "the first one of each is answered");
            assert_eq!(answers(&daemon, client, &right), expected, "{client}");
        }
    }
}

/// A tag that the message returns is a hint, whatever else proves it.
#[test]
fn a_bounce_to_an_untagged_mailbox_earns_no_record() {
    for daemon in daemons("wrong_tags_per_network = 5\nwrong_tags_per_mailbox = 0") {
        let right = tagged(ALICE, 0);
        let header = "From: alice@example.com\nMessage-ID: <1@laptop.example>";
        let returning = |fields: &str| bounce("dave@example.net", &format!("{fields}\n{header}"));
        let hinted = returning(&format!("Return-Path: <{right}>"));
        let proved = returning(&format!(
            "X-BATV-Mark: {}\nReturn-Path: <{}>",
            mark(ALICE, "<1@laptop.example>").0,
            tagged(ALICE, 1)
        ));
        let send = |client: &str, to: &str, message: &str| Client::from(&daemon, client).send("", &[to], message);
        assert!(send("192.0.2.8", ALICE, &hinted).is_held);
        assert_eq!(send("192.0.2.9", ALICE, &proved).found("reason"), "original-proved");
        assert_eq!(send(KNOWN, &tagged("bob@example.com", 0), &unproved()).found("reason"), "tag-ok");
        guess(&daemon, 25, |_| "192.0.2.10".to_owned());
        for (client, expected) in [(KNOWN, true), ("192.0.2.8", false), ("192.0.2.9", false)] {
            assert!(answers(&daemon, client, &forged(&right)), "the first one of each is answered");
            assert_eq!(answers(&daemon, client, &right), expected, "{client}");
        }
    }
}

#[test]
fn clients_with_a_record_of_one_network_have_a_limit_together() {
    for daemon in daemons("wrong_tags_per_network = 5\nwrong_tags_per_mailbox = 0") {
        let client = |number: u32| format!("192.0.2.{}", number % 8);
        (0..8).for_each(|number| earn(&daemon, &client(number)));
        // Each of the eight gets its first one; a day may end meanwhile.
        let answered = guess(&daemon, 200, client);
        assert!((10..=2 * (10 + 8)).contains(&answered), "{answered}");
        // Strangers have theirs all the same.
        assert!((5..=10).contains(&guess(&daemon, 25, |_| "192.0.2.9".to_owned())));
        assert_eq!(guess(&daemon, 50, client), 0);
    }
}

#[test]
fn a_client_with_a_record_has_a_number_of_bounces_by_itself() {
    for daemon in daemons("bounces_per_minute = 5") {
        earn(&daemon, KNOWN);
        let taken = |client: &str, count: u32| {
            let mut connection = Client::from(&daemon, client);
            (0..count).filter(|_| connection.send("", &[ALICE], &unproved()).replies.is_empty()).count()
        };
        // A minute may end at any time, and then all begin anew.
        assert!(taken("192.0.2.8", 30) <= 15);
        assert!(taken(KNOWN, 3) == 3, "its network is over the limit, but it is not");
        assert!(taken(KNOWN, 60) <= 30);
        assert!(taken("192.0.2.8", 30) <= 15);
    }
}
