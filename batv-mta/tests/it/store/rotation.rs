//! Counts and records after a change of keys.

use batv_tests::site::{ALICE, KEYRING, forged, mark, tagged};

use super::mail::{Client, bounce, message};
use super::place::Place;
use crate::support::Daemon;

const NEW_KEY: &str = "\n[[key]]\nuse = \"batv\"\nid = 5\nalgorithm = \"hmac-sha256\"\nsecret = \"text:a newer s3kr1t\"\n\
    domains = [\"example.com\"]\n";
const DAVE: &str = "dave@example.net";
const SERVER: &str = "192.0.2.7";
const GUESSER: &str = "192.0.2.8";

fn is_deferred(daemon: &Daemon, client: &str, to: &str) -> bool {
    let reply = Client::from(daemon, client).ask("", &[to]).remove(0);
    reply.is_some_and(|reply| reply.starts_with("451 4.7.1 "))
}

#[test]
fn a_new_key_forgets_nothing_while_the_old_one_verifies() {
    let [signing, verifying, retired] =
        ["signing", "verifying", "retired"].map(|state| format!("state = \"{state}\"\n"));
    let new_key = |state: &str| format!("{NEW_KEY}{state}");
    let (store, rest) = (
        "bounces_per_tag = 3\nbounces_per_message = 3",
        "[limits]\nwrong_tags_per_network = 5\nwrong_tags_per_mailbox = 0\n[verify]\nmode = 'reject'\n",
    );
    let mut daemons: Vec<Daemon> = Place::all().iter().map(|place| place.daemon(store, rest)).collect();
    daemons.push(Daemon::started(&format!("[store]\nat = 'none'\n{store}\n{rest}")));
    for daemon in daemons {
        let (to, wrong) = (tagged(ALICE, 0), forged(&tagged(ALICE, 0)));
        let unproved = bounce(DAVE, "X-Returned: nothing");
        let header = message("<1@laptop.example>");
        let header = header.split_once("\n\n").expect("a header").0;
        let marked = bounce(DAVE, &format!("X-BATV-Mark: {}\n{header}", mark(ALICE, "<1@laptop.example>").0));
        let is_held = |to: &str, message: &str| Client::from(&daemon, SERVER).send("", &[to], message).is_held;
        for number in 1..=4 {
            assert_eq!([is_held(&to, &unproved), is_held(ALICE, &marked)], [number > 3; 2], "{number}");
        }
        assert!((0..25).any(|_| is_deferred(&daemon, GUESSER, &wrong)));
        // First the new key only verifies, then it signs. Hosts that don't know yet sign with the old one.
        for (old_state, new_state) in [(&signing, &verifying), (&verifying, &signing), (&signing, &verifying)] {
            let keyring = KEYRING.replacen(&signing, old_state, 1) + &new_key(new_state);
            daemon.write("keyring.toml", &keyring, 0o600);
            daemon.reload();
            assert_eq!([is_held(&to, &unproved), is_held(ALICE, &marked)], [true; 2], "{new_state}");
            assert!(is_deferred(&daemon, GUESSER, &to), "{new_state}");
            assert!(!is_deferred(&daemon, SERVER, &wrong), "{new_state}");
            assert!(!is_deferred(&daemon, SERVER, &to), "it has a record: {new_state}");
        }
        let keyring = KEYRING.replacen(&signing, &retired, 1) + &new_key(&signing);
        daemon.write("keyring.toml", &keyring, 0o600);
        daemon.reload();
        assert!(!is_deferred(&daemon, GUESSER, &wrong), "what was counted under a retired key is forgotten");
    }
}
