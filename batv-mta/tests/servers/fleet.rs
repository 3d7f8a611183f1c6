//! Two hosts with one store and one keyring: mail that leaves by one is known by the other, also while keys change.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::fs;
use std::path::Path;
use std::thread;

use batv_config::{Force, Keyring, NewKey, Scope, Use, date};
use batv_core::{KeyState, KeyUse};
use batv_tests::host::wait_for;
use batv_tests::redis;
use batv_tests::site::{ALICE, date};

use crate::postfix::Postfix;
use crate::server::Server;

const DAVE: &str = "dave@example.net";
/// The message of which the bounces are.
const MESSAGE: &str = include_str!("messages/minutes.eml");
const BOUNCE: &str = include_str!("messages/bounce-of-sent.eml");

pub(crate) fn knows_mail_of_its_hosts() {
    let store = redis::Server::start(&[]);
    let configuration = format!(
        "[clients]\ninternal_networks = []\n[verify]\nmode = 'reject'\n[limits]\nbounces_per_minute = 0\n[messages]\nmarked_since = {}\n\
         [store]\nat = '{}'\nmilliseconds = 5000\n",
        date(40),
        store.url()
    );
    let hosts = [(); 2].map(|()| Server::start(&Postfix, &configuration, ""));
    let rounds = [const { AtomicUsize::new(0) }; 2];
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for (number, round) in rounds.iter().enumerate() {
            let (sending, other, is_over) = (&hosts[number], &hosts[1 - number], &is_over);
            scope.spawn(move || {
                // A panic here must not leave the other thread waiting.
                let _over = Over(is_over);
                while !is_over.load(Ordering::Relaxed) {
                    let name = format!("{number}.{}", round.load(Ordering::Relaxed));
                    send_and_bounce(&name, sending, other);
                    round.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _over = Over(&is_over);
        // The messages in progress at a change, and one round that begins after it.
        let mail_flows = || {
            let before = [0, 1].map(|number| rounds[number].load(Ordering::Relaxed));
            wait_for("mail in both directions", || {
                assert!(!is_over.load(Ordering::Relaxed), "a bounce was lost");
                (0..2).all(|number| rounds[number].load(Ordering::Relaxed) > before[number] + 1).then_some(())
            });
        };
        mail_flows();
        // As the manual says: README.md, "Keys, and how to change them".
        for step in [Step::New, Step::Promote, Step::Retire] {
            let changed = step.take(&keyring(&hosts[0]));
            for host in &hosts {
                host.daemon.write("keyring.new", &changed, 0o600);
                fs::rename(host.path("keyring.new"), host.path("keyring.toml")).expect("a file");
                host.daemon.reload();
                // The other one has not heard of it yet.
                mail_flows();
            }
        }
    });
    let sent: usize = rounds.iter().map(|round| round.load(Ordering::Relaxed)).sum();
    let bounces = wait_for("all bounces in the mailboxes", || {
        let bounces: Vec<String> = hosts.iter().flat_map(|host| host.mailbox("alice")).collect();
        (bounces.len() >= 2 * sent).then_some(bounces)
    });
    for (proof, which) in [("reason=tag-ok; class=dsn; origin=mark", "with its tag"), ("origin=sent-log", "without")] {
        let found = bounces.iter().filter(|bounce| bounce.contains(proof)).count();
        assert_eq!(found, sent, "bounces {which}");
    }
    assert_eq!(bounces.len(), 2 * sent);
    let ids: Vec<u8> = hosts.iter().map(|host| signing_id(&keyring(host))).collect();
    assert_eq!(ids, [0, 0], "the new key signs");
}

/// Ends the others when it is dropped.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A message leaves by one host, and its bounces come to the other: with its tag, and without tag and mark.
fn send_and_bounce(name: &str, sending: &Server, other: &Server) {
    let message = MESSAGE.replace("20261124.minutes@", &format!("{name}.minutes@laptop."));
    let said = sending.connect_submission().send_message(ALICE, DAVE, &message);
    assert!(said.starts_with("250 "), "{name}: {said}");
    let id = format!("{name}.minutes@laptop.");
    let left = wait_for("delivery", || sending.delivered().into_iter().find(|left| left.message.contains(&id)));
    let header = left.message.split_once("\n\n").expect("a body").0;
    let bare: String =
        header.lines().filter(|line| !line.starts_with("X-BATV-Mark:")).map(|line| line.to_owned() + "\n").collect();
    assert_ne!(header.trim_end(), bare.trim_end(), "{name}: it has a mark");
    for (to, returned) in [(left.sender.as_str(), header), (ALICE, bare.trim_end())] {
        let bounce = BOUNCE.replace("{sent}", returned);
        let said = other.connect_mx().send_message("", to, &bounce);
        assert!(said.starts_with("250 "), "{name}: <{to}>: {said}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    New,
    Promote,
    Retire,
}

impl Step {
    /// The keyring after `batv key`.
    fn take(self, keyring: &Path) -> String {
        let text = fs::read_to_string(keyring).expect("a file");
        let mut keyring = Keyring::parse(&text).expect("a keyring");
        let today = date::today().expect("a day");
        let key = |keyring: &Keyring, state: KeyState| {
            let is_it =
                |entry: &batv_config::Entry| matches!(entry.key_use(), KeyUse::Batv(_)) && entry.state() == state;
            let key = keyring.entries().iter().find(|entry| is_it(entry)).map(batv_config::Entry::handle);
            key.unwrap_or_else(|| panic!("no key that is {}", state.as_str()))
        };
        match self {
            Self::New => {
                let mut new = NewKey::new(Use::Batv);
                new.scope = Scope::parse(["example.com"]).expect("a domain");
                keyring.add(&new, b"the next secret, of 32 octets ..", today).expect("room for a key");
            }
            Self::Promote => {
                let key = key(&keyring, KeyState::Verifying);
                keyring.promote(key, today).expect("a key");
            }
            Self::Retire => {
                let key = key(&keyring, KeyState::Verifying);
                // A week has passed, as far as this test is concerned: all of its bounces have come.
                keyring.retire(key, Force::Yes, today).expect("a key");
            }
        }
        keyring.as_toml().to_owned()
    }
}

fn keyring(host: &Server) -> std::path::PathBuf {
    host.path("keyring.toml")
}

fn signing_id(keyring: &Path) -> u8 {
    let keyring = Keyring::parse(&fs::read_to_string(keyring).expect("a file")).expect("a keyring");
    let signing = keyring
        .entries()
        .iter()
        .find(|entry| matches!(entry.key_use(), KeyUse::Batv(_)) && entry.state() == KeyState::Signing);
    signing.and_then(|entry| entry.id()).expect("a key that signs").number()
}
