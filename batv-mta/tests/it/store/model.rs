//! The simulation behind `scripts/guesses`, compared with the daemon answer by answer.

use core::net::IpAddr;
use std::time::SystemTime;

use batv_core::Mailbox;
use batv_store::counter::Subject;
use batv_store::guesses::{Guess, Limits};
use batv_tests::guesses::Model;
use batv_tests::site::{SRS_DOMAIN, forged, forwarded, tagged};

use super::mail::{Client, bounce, message};
use super::place::Place;
use crate::support::Daemon;

const EVENTS: u32 = 600;
const LIMITS: Limits = Limits { per_network: 5, per_mailbox: 12 };
const CLIENTS: [&str; 8] = [
    "192.0.2.7",
    "192.0.2.8",
    "192.0.2.9",
    "198.51.100.1",
    "203.0.113.1",
    "2001:db8::1",
    "2001:db8:0:1::1",
    "2001:db8:1::1",
];

/// What a client does.
#[derive(Clone, Copy, Debug)]
enum Action {
    WrongRecipient,
    WrongReturned,
    WrongSrs,
    RightRecipient,
    RightReturned,
    RightSrs,
    /// A bounce to a tag that nobody has brought before.
    Bounce,
}

const ACTIONS: [Action; 8] = [
    Action::WrongRecipient,
    Action::WrongRecipient,
    Action::WrongReturned,
    Action::WrongSrs,
    Action::RightRecipient,
    Action::RightReturned,
    Action::RightSrs,
    Action::Bounce,
];

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Whether the daemon defers it.
fn daemon_defers(daemon: &Daemon, client: &str, action: Action, mailbox: &str) -> bool {
    let mut client = Client::from(daemon, client);
    let header = message("<1@laptop.example>");
    let returning = |tagged: &str| {
        let header = header.split_once("\n\n").expect("a header").0;
        bounce("dave@example.net", &format!("Return-Path: <{tagged}>\n{header}"))
    };
    let right = tagged(mailbox, 0);
    let replies = match action {
        Action::WrongRecipient => client.ask("", &[&forged(&right)]).into_iter().flatten().collect(),
        Action::RightRecipient => client.ask("", &[&right]).into_iter().flatten().collect(),
        Action::WrongSrs => client.ask("", &[&forged(&forwarded(mailbox))]).into_iter().flatten().collect(),
        Action::RightSrs => client.ask("", &[&forwarded(mailbox)]).into_iter().flatten().collect(),
        Action::WrongReturned => client.send("", &[mailbox], &returning(&forged(&right))).replies,
        Action::RightReturned => client.send("", &[mailbox], &returning(&right)).replies,
        Action::Bounce => client.send("", &[&right], &bounce("dave@example.net", "X-Returned: nothing")).replies,
    };
    replies.iter().any(|reply: &String| reply.starts_with("451 4.7.1 "))
}

fn model_defers(model: &Model, client: IpAddr, action: Action, mailbox: &str) -> bool {
    let (guess, is_srs) = match action {
        Action::WrongRecipient | Action::WrongReturned => (Guess::WRONG, false),
        Action::WrongSrs => (Guess::WRONG, true),
        Action::RightSrs => (Guess::RIGHT, true),
        Action::RightRecipient | Action::RightReturned | Action::Bounce => (Guess::RIGHT, false),
    };
    let srs = format!("SRS0=AAAA=2W=example.net=user@{SRS_DOMAIN}");
    let mailbox = Mailbox::parse(if is_srs { srs.as_str() } else { mailbox }).expect("an address");
    let subject = if is_srs { Subject::domain(&mailbox) } else { Subject::mailbox(&mailbox) };
    model.defers(client, &subject, guess, now())
}

/// The number of deferred ones, or `None` when a day ends meanwhile.
fn compare(daemon: &Daemon) -> Option<usize> {
    let (model, day) = (Model::new(LIMITS), now() / 86_400);
    let mut deferred = 0;
    for number in 0..EVENTS {
        // Any order without a pattern will do.
        let random = u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let pick = |at: u32, of: usize| usize::try_from(random >> at).expect("64 bits") % of;
        let (client, action) = (CLIENTS[pick(0, 8)], ACTIONS[pick(8, 8)]);
        let mailbox = match action {
            Action::Bounce => format!("user{number}@example.com"),
            // A tag that a message returns earns nothing, though nobody has brought it before.
            Action::RightReturned if number % 2 == 0 => format!("user{number}@example.com"),
            _ => ["alice@example.com", "bob@example.com", "carol@example.com"][pick(16, 3)].to_owned(),
        };
        let address: IpAddr = client.parse().expect("an address");
        let expected = model_defers(&model, address, action, &mailbox);
        if matches!(action, Action::Bounce) && !expected {
            model.know(address, now());
        }
        let found = daemon_defers(daemon, client, action, &mailbox);
        if now() / 86_400 != day {
            return None;
        }
        assert_eq!(found, expected, "{number}: {client} {action:?} {mailbox}");
        deferred += usize::from(found);
    }
    Some(deferred)
}

#[test]
fn the_daemon_answers_as_the_simulation_does() {
    let configuration = format!(
        "[limits]\nbounces_per_minute = 0\nwrong_tags_per_network = {}\nwrong_tags_per_mailbox = {}\n\
         [verify]\nmode = 'reject'\n",
        LIMITS.per_network, LIMITS.per_mailbox
    );
    let started: [&dyn Fn() -> Daemon; 2] =
        [&|| Place::File.daemon("", &configuration), &|| Daemon::started(&configuration)];
    for start in started {
        let deferred = (0..2).find_map(|_| compare(&start())).expect("one day has no two ends");
        assert!((50..500).contains(&deferred), "{deferred}");
    }
}
