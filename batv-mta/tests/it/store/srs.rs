//! Guesses at SRS addresses, and bounces to them.

use batv_tests::site::{ALICE, SRS_DOMAIN, forged, forwarded, tagged};

use super::mail::{Client, WORLD, bounce};
use super::place::Place;
use crate::support::Daemon;

const WRONG: &str = "550 5.7.1";
const SRS_ONLY: &str =
    "[[key]]\nuse = 'srs'\nalgorithm = 'hmac-sha1'\nsecret = 'text:another s3kr1t'\nstate = 'signing'\n";

fn unproved() -> String {
    bounce("dave@example.net", "X-Returned: nothing")
}

fn reply(client: &mut Client, to: &str) -> String {
    client.ask("", &[to]).remove(0).map_or("250".to_owned(), |reply| reply.chars().take(9).collect())
}

/// A wrong address for a victim of its own.
fn wrong(number: u32) -> String {
    forged(&forwarded(&format!("victim{number}@victim{number}.example")))
}

/// With tags and SRS, and with an SRS key alone, in a store and without one.
fn daemons(limits: &str) -> Vec<Daemon> {
    let limits = format!("[limits]\n{limits}\n[verify]\nmode = 'reject'\n");
    let without_tags = |store: &str| {
        let mut daemon = Daemon::new("");
        daemon.write("keyring.toml", SRS_ONLY, 0o600);
        let place = store.replace("{root}", &daemon.root());
        daemon.configure(&format!("{place}{limits}"));
        daemon.start();
        daemon
    };
    vec![
        Place::File.daemon("", &limits),
        without_tags(""),
        without_tags("[store]\nat = 'sqlite:{root}/store/store.sqlite'\nmilliseconds = 10000\n"),
    ]
}

#[test]
fn wrong_hashes_stop_after_the_limit_whatever_victim_they_name() {
    for daemon in daemons("") {
        let mut client = Client::from(&daemon, WORLD);
        let replies: Vec<String> = (0..1_000).map(|number| reply(&mut client, &wrong(number))).collect();
        // A day may end meanwhile.
        let answered = replies.iter().filter(|reply| *reply == WRONG).count();
        assert!((50..=100).contains(&answered), "{answered}");
        assert!(replies[answered..].iter().all(|reply| reply == "451 4.7.1"), "{replies:?}");
        assert_eq!(reply(&mut client, &forwarded("carol@example.net")), "451 4.7.1", "the same for a right one");
        assert_eq!(reply(&mut Client::from(&daemon, "192.0.2.8"), &forwarded("carol@example.net")), "250");
        let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(metrics.contains("batv_wrong_tags_total{listener=\"milter\",place=\"srs\"} 1000"), "{metrics}");
    }
}

#[test]
fn wrong_hashes_count_for_the_domain() {
    for daemon in daemons("wrong_tags_per_network = 0\nwrong_tags_per_mailbox = 5") {
        for number in 0..25 {
            let mut client = Client::from(&daemon, &format!("10.0.{number}.1"));
            assert_eq!(reply(&mut client, &wrong(number)), WRONG, "{number}");
        }
        let mut guesser = Client::from(&daemon, "10.0.1.1");
        assert_eq!(reply(&mut guesser, &wrong(99)), "451 4.7.1");
        assert_eq!(reply(&mut guesser, &forwarded("carol@example.net").to_uppercase()), "451 4.7.1");
        assert_eq!(reply(&mut Client::from(&daemon, WORLD), &forwarded("carol@example.net")), "250");
    }
    let daemon = &daemons("wrong_tags_per_network = 0\nwrong_tags_per_mailbox = 5")[0];
    for number in 0..25 {
        reply(&mut Client::from(daemon, "192.0.2.9"), &wrong(number));
    }
    assert_eq!(reply(&mut Client::from(daemon, "192.0.2.9"), &tagged(ALICE, 0)), "250", "of {SRS_DOMAIN} alone");
}

#[test]
fn bounces_to_srs_addresses_count_as_bounces() {
    for daemon in daemons("bounces_per_minute = 5") {
        let mut world = Client::from(&daemon, WORLD);
        let to = forwarded("carol@example.net");
        assert!((0..20).all(|_| world.ask("", &[&to]) == [None]), "questions use up nothing");
        let deferred = (0..20).filter(|_| world.send("", &[&to], &unproved()).reply().starts_with("451 4.7.1 "));
        assert!((10..=15).contains(&deferred.count()));
    }
}

#[test]
fn a_replayed_srs_address_is_held() {
    for place in [Place::File] {
        let daemon = place.daemon("bounces_per_tag = 3", "[verify]\nmode = 'reject'\n");
        let mut world = Client::from(&daemon, WORLD);
        let to = forwarded("carol@example.net");
        for number in 1..=6 {
            let to = if number % 2 == 0 { to.clone() } else { to.replace("SRS0", "srs0") };
            let said = world.send("", &[&to], &unproved());
            let expected = if number <= 3 { "srs-ok" } else { "tag-replayed" };
            assert_eq!((said.found("reason"), said.is_held), (expected, number > 3), "{number}: {said:?}");
        }
        assert!(!world.send("", &[&forwarded("bob@example.net")], &unproved()).is_held);
    }
}
