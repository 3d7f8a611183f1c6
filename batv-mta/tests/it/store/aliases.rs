//! Senders that are too long for a tag, by all listeners.

use batv_tests::host::wait_for;
use batv_tests::site::{forged, forwarded};

use super::mail::{Client, WORLD, bounce_of, message};
use super::place::Place;
use crate::support::Daemon;

const DAVE: &str = "dave@example.net";
const REJECT: &str = "[verify]\nmode = 'reject'\n";

/// Of 60 octets.
fn long(number: u32) -> String {
    format!("{}{number:05}@example.com", "newsletter-".repeat(5))
}

fn netstring(text: &str) -> String {
    format!("{}:{text},", text.len())
}

/// Once.
fn expect_logged(daemon: &Daemon, text: &str) {
    // The log is written in the background.
    wait_for(text, || daemon.log().contains(text).then_some(()));
    assert_eq!(daemon.log().matches(text).count(), 1, "{}", daemon.log());
}

#[test]
fn a_long_sender_leaves_with_a_handle_and_gets_its_bounce() {
    for place in Place::all() {
        let daemon = place.daemon("", REJECT);
        let mut ours = Client::of_ours(&daemon, WORLD);
        let tagged = ours.send(&long(1), &[DAVE], &message("<1@laptop.example>")).sender.expect("a tag");
        assert!(tagged.contains("=alias=") && tagged.ends_with("@example.com"), "{tagged}");
        // The same one the next time, so that a mailing needs one.
        assert_eq!(ours.send(&long(1), &[DAVE], &message("<2@laptop.example>")).sender.as_deref(), Some(&*tagged));
        assert_ne!(ours.send(&long(2), &[DAVE], &message("<3@laptop.example>")).sender.as_deref(), Some(&*tagged));

        let mut world = Client::from(&daemon, WORLD);
        let said = world.send("", &[&tagged], &bounce_of(DAVE, "<1@laptop.example>"));
        assert_eq!((said.found("reason"), said.recipients.as_slice()), ("tag-ok", &[long(1)][..]), "{said:?}");
        let said = world.send("carol@example.org", &[&tagged], &message("<answer@example.org>"));
        assert_eq!(said.recipients, [long(1)], "{said:?}");
        // Nobody can try handles.
        let said = world.send("", &[&forged(&tagged)], &bounce_of(DAVE, "<1@laptop.example>"));
        assert!(said.reply().starts_with("550 5.7.1 "), "{said:?}");

        let question = format!("verify {tagged}");
        assert_eq!(daemon.ask("line", format!("{question}\n").as_bytes()), format!("OK {}\n", long(1)));
        assert_eq!(daemon.ask("socketmap", netstring(&question).as_bytes()), netstring(&format!("OK {}", long(1))));
        let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        for line in ["batv_aliases_total 2", "batv_senders_total{listener=\"milter\",outcome=\"aliased\"} 3"] {
            assert!(metrics.lines().any(|known| known == line), "no {line} in {metrics}");
        }
    }
}

#[test]
fn tables_give_handles_too() {
    for place in Place::all() {
        let daemon = place.daemon("", REJECT);
        let stranger = format!("{}@{}.example.org", "b".repeat(50), "c".repeat(30));
        for (listener, there, back, sender) in
            [("line", "sign", "verify", long(1)), ("socketmap", "srs-forward", "srs-reverse", stranger.clone())]
        {
            let ask = |map: &str, key: &str| {
                let question = format!("{map} {key}");
                let framed = if listener == "line" { question + "\n" } else { netstring(&question) };
                let answer = daemon.ask(listener, framed.as_bytes());
                let (_, found) = answer.split_once("OK ").unwrap_or_else(|| panic!("{answer}"));
                found.trim_end_matches(['\n', ',']).to_owned()
            };
            let handle = ask(there, &sender);
            assert!(handle.contains("=alias=") && handle.len() < 90, "{handle}");
            assert_eq!(ask(back, &handle), sender);
        }
        // By milter, forwarded mail gets one, and its bounce goes to the whole sender.
        let left = Client::from(&daemon, WORLD).send(&stranger, &[DAVE], &message("<1@example.org>"));
        let forwarding = left.sender.expect("a handle");
        assert!(forwarding.starts_with("SRS0=") && forwarding.contains("=alias="), "{forwarding}");
        let said = Client::from(&daemon, WORLD).send("", &[&forwarding], &bounce_of(DAVE, "<1@example.org>"));
        assert_eq!(said.recipients, [stranger], "{said:?}");
        assert_ne!(forwarding, forwarded("dave@example.net"));
    }
}

#[test]
fn a_flood_of_senders_costs_only_the_client_that_makes_it() {
    const QUOTA: u32 = 30;
    for place in Place::all() {
        let daemon = place.daemon(&format!("aliases_per_client = {QUOTA}"), REJECT);
        let mut honest = Client::of_ours(&daemon, "192.0.2.1");
        let kept = honest.send(&long(0), &[DAVE], &message("<1@laptop.example>")).sender.expect("a tag");
        let mut flooding = Client::of_ours(&daemon, "192.0.2.66");
        let tags: Vec<String> = (0..4 * QUOTA)
            .map(|number| flooding.send(&long(number), &[DAVE], &message("<1@laptop.example>")).sender.expect("a tag"))
            .collect();
        let mut world = Client::from(&daemon, WORLD);
        let mut restored = |tagged: &str| world.send("", &[tagged], &bounce_of(DAVE, "<1@laptop.example>")).recipients;
        assert_eq!(restored(&kept), [long(0)]);
        for (number, tagged) in (0..).zip(&tags) {
            let is_kept = number >= 3 * QUOTA;
            assert_eq!(restored(tagged) == [long(number)], is_kept, "{number}");
        }
        let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let met = format!("batv_limits_met_total{{limit=\"aliases_per_client\"}} {}\n", 3 * QUOTA);
        assert!(metrics.contains(&met), "{metrics}");
    }
}

/// A client with an IPv6 network has any number of addresses.
#[test]
fn a_flood_from_many_addresses_of_one_network_costs_only_that_network() {
    const QUOTA: u32 = 5;
    for place in Place::all() {
        let daemon = place.daemon(&format!("aliases_per_client = {QUOTA}"), REJECT);
        let mut ours = Client::of_ours(&daemon, WORLD);
        let mut send = |number: u32, client: &str| {
            ours.next_of_ours(client);
            ours.send(&long(number), &[DAVE], &message("<1@laptop.example>")).sender.expect("a tag")
        };
        let kept = send(0, "2001:db8:1::1");
        let tags: Vec<String> =
            (1..=3 * QUOTA).map(|number| send(number, &format!("2001:db8:2:{number}::1"))).collect();
        let mut world = Client::from(&daemon, WORLD);
        let mut restored = |tagged: &str| world.send("", &[tagged], &bounce_of(DAVE, "<1@laptop.example>")).recipients;
        assert_eq!(restored(&kept), [long(0)]);
        for (number, tagged) in (1..).zip(&tags) {
            assert_eq!(restored(tagged) == [long(number)], number > 2 * QUOTA, "{number}");
        }
    }
}

#[test]
fn without_handles_a_long_sender_leaves_unchanged() {
    for place in Place::all() {
        let daemon = place.daemon("aliases_per_client = 0", REJECT);
        let left = Client::of_ours(&daemon, WORLD).send(&long(1), &[DAVE], &message("<1@laptop.example>"));
        assert_eq!((left.sender.as_deref(), left.replies.len()), (Some(&*long(1)), 0), "{left:?}");
        expect_logged(&daemon, "left untagged");
    }
}

#[test]
fn while_the_store_is_down_bounces_to_handles_wait() {
    let (mut server, daemon) = Place::on_a_server("", REJECT);
    let mut ours = Client::of_ours(&daemon, WORLD);
    let tagged = ours.send(&long(1), &[DAVE], &message("<1@laptop.example>")).sender.expect("a tag");
    server.kill();
    // Untagged, and told once.
    let left = ours.send(&long(1), &[DAVE], &message("<2@laptop.example>"));
    assert_eq!((left.sender.as_deref(), left.replies.len()), (Some(&*long(1)), 0), "{left:?}");
    expect_logged(&daemon, "left untagged");
    let mut world = Client::from(&daemon, WORLD);
    let said = world.send("", &[&tagged], &bounce_of(DAVE, "<1@laptop.example>"));
    assert!(said.reply().starts_with("451 4.3.0 "), "{said:?}");
    let answer = daemon.ask("socketmap", netstring(&format!("verify {tagged}")).as_bytes());
    assert!(answer.contains(":TEMP "), "{answer}");
    assert!(daemon.ask("line", format!("verify {tagged}\n").as_bytes()).starts_with("TEMP "));
    expect_logged(&daemon, "verdict=undecided reason=internal disposition=tempfail");
    server.start_again();
    wait_for("bounce that is taken", || {
        let said = world.send("", &[&tagged], &bounce_of(DAVE, "<1@laptop.example>"));
        (said.recipients == [long(1)]).then_some(())
    });
}
