//! `examples/exim`: the real daemon, on loopback, with its shim and its configuration.

extern crate alloc;

#[path = "../support/mod.rs"]
mod support;

mod server;

use core::time::Duration;
use std::time::Instant;

use batv_config::clock;
use batv_core::prvs::{self, Form};
use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox, Verdict};
use server::Exim;

/// The key of the keyring that Exim gets, and the secret of its own `${prvs}`.
const SECRET: &str = "s3kr1t";
const KEY_ID: u8 = 4;
const KEYRING: &str =
    "[[key]]\nuse = \"batv\"\nid = 4\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n";
const ALICE: &str = "alice@example.com";

fn keys() -> [Key; 1] {
    let key_use = KeyUse::Batv(KeyId::new(KEY_ID).expect("an id"));
    [Key::new(key_use, Algorithm::HmacSha1, SECRET.as_bytes()).expect("a key")]
}

/// Alice's address as it was tagged so many days ago.
fn tagged(days_ago: i32) -> String {
    let then = clock::today().expect("a day").plus(-days_ago).expect("a day");
    let alice = Mailbox::parse(ALICE).expect("an address");
    prvs::sign(&keys(), &alice, Form::Prvs, None, then).expect("room").to_string()
}

fn verdict(address: &str) -> Verdict {
    let mailbox = Mailbox::parse(address).expect("an address");
    prvs::verify(&keys(), &mailbox, clock::today().expect("a day")).verdict
}

/// With its last digit changed.
fn forged(address: &str) -> String {
    let (tag, rest) = address.rsplit_once('=').expect("a tag");
    let (tag, digit) = tag.split_at(tag.len() - 1);
    format!("{tag}{}={rest}", if digit == "0" { "1" } else { "0" })
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "no {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The sender of the only message that has reached the next hop.
fn sender_of_delivery(exim: &Exim) -> String {
    wait_for("delivery", || exim.delivered().first().map(|envelope| envelope.sender.clone()))
}

#[test]
fn mail_leaves_with_a_tag_and_its_bounce_comes_home() {
    let exim = Exim::start(&[("BATV_SETTINGS", "mode=reject; protected=example.com")], KEYRING);
    assert!(exim.submit(ALICE, "carol@example.org").starts_with("250 "));
    let sender = sender_of_delivery(&exim);
    assert_ne!(sender, ALICE);
    assert_eq!(verdict(&sender), Verdict::Valid, "{sender}");

    assert!(exim.bounce(&sender).starts_with("250 "));
    let message = wait_for("bounce", || exim.mailbox("alice").pop());
    assert!(message.contains("Return-path: <>\n"), "{message}");
    assert!(exim.log().contains("reason=tag-ok"), "{}", exim.log());

    // What Exim sends from nobody, or for others, stays as it is.
    assert!(exim.submit("dave@example.net", "carol@example.org").starts_with("250 "));
    let senders = || exim.delivered().iter().map(|envelope| envelope.sender.clone()).collect::<Vec<_>>();
    wait_for("second delivery", || (senders().len() == 2).then_some(()));
    assert_eq!(senders(), [sender.as_str(), "dave@example.net"]);
}

#[test]
fn forged_and_expired_bounces_are_refused() {
    let exim = Exim::start(&[("BATV_SETTINGS", "mode=reject; protected=example.com")], KEYRING);
    let forged = forged(&tagged(0));
    assert_eq!(verdict(&forged), Verdict::BadMac);
    assert!(exim.bounce(&forged).starts_with("550 5.7.1 the tag of this address is forged"), "{}", exim.log());

    // A bounce may be as late as servers go on trying; what comes later is refused when it has been seen.
    assert_eq!(verdict(&tagged(9)), Verdict::Expired);
    assert!(exim.bounce(&tagged(9)).starts_with("250 "));
    let mut client = exim.connect_mx();
    assert!(client.say("MAIL FROM:<>").starts_with("250 "));
    assert!(client.say(&format!("RCPT TO:<{}>", tagged(30))).starts_with("250 "));
    assert!(client.data().starts_with("550 5.7.1 the tag of this address has expired"), "{}", exim.log());

    // The same for a bounce without a tag, while whoever asks for a mailbox gets his answer.
    let mut client = exim.connect_mx();
    client.say("MAIL FROM:<>");
    assert!(client.say(&format!("RCPT TO:<{ALICE}>")).starts_with("250 "));
    assert!(client.say("RCPT TO:<bob@example.com>").starts_with("452 4.5.3 "));
    assert!(client.data().starts_with("550 5.7.1 we send nothing from this address without a tag"));

    // Mail that is no bounce, and mail to the postmaster, come in; a forged tag makes nobody known.
    assert!(exim.send("carol@example.org", ALICE).starts_with("250 "));
    assert!(exim.send("carol@example.org", &tagged(30)).starts_with("250 "));
    assert!(exim.bounce("postmaster@example.com").starts_with("250 "));
    assert!(exim.send("carol@example.org", &forged).starts_with("550 "));
    assert!(exim.bounce("prvs=4000000000=nobody@example.com").starts_with("550 "));
    wait_for("three messages", || (exim.mailbox("alice").len() == 3).then_some(()));
    wait_for("postmaster's", || exim.mailbox("postmaster").pop());
}

#[test]
fn expired_bounces_are_refused_at_rcpt_where_that_is_wanted() {
    let exim = Exim::start(&[("BATV_SETTINGS", "mode=reject; reject_at=rcpt; protected=example.com")], KEYRING);
    let mut client = exim.connect_mx();
    client.say("MAIL FROM:<>");
    assert!(
        client.say(&format!("RCPT TO:<{}>", tagged(30))).starts_with("550 5.7.1 the tag of this address has expired")
    );
    assert!(client.say(&format!("RCPT TO:<{ALICE}>")).starts_with("550 5.7.1 we send nothing from this address"));
    assert!(client.say(&format!("RCPT TO:<{}>", tagged(0))).starts_with("250 "));
    assert!(client.data().starts_with("250 "));
}

#[test]
fn tags_of_exim_itself_are_ours() {
    let own = format!("${{prvs{{$return_path}}{{{SECRET}}}{{{KEY_ID}}}}}");
    let exim = Exim::start(&[("BATV_SIGN", &own)], KEYRING);
    assert!(exim.submit(ALICE, "carol@example.org").starts_with("250 "));
    let sender = sender_of_delivery(&exim);
    assert_eq!(verdict(&sender), Verdict::Valid, "{sender}");
    assert!(exim.bounce(&sender).starts_with("250 "));
    wait_for("bounce", || exim.mailbox("alice").pop());
    assert!(exim.bounce(&forged(&sender)).starts_with("550 5.7.1 "));
}

#[test]
fn exim_itself_takes_off_our_tags() {
    let own = format!("${{prvscheck{{${{quote_local_part:$local_part}}@$domain}}{{{SECRET}}}}}");
    let exim = Exim::start(&[("BATV_STRIP", &own)], KEYRING);
    assert!(exim.submit(ALICE, "carol@example.org").starts_with("250 "));
    let sender = sender_of_delivery(&exim);
    assert_eq!(exim.expand(&format!("${{prvscheck{{{sender}}}{{{SECRET}}}{{$prvscheck_result}}}}")), "1");
    assert!(exim.bounce(&sender).starts_with("250 "));
    wait_for("bounce", || exim.mailbox("alice").pop());
}

#[test]
fn without_keys_mail_waits() {
    let exim = Exim::start(&[], "[[key]]\nuse = \"neither\"\n");
    let reply = exim.bounce(&tagged(0));
    assert!(reply.starts_with("451 "), "{reply}");
    assert!(exim.submit(ALICE, "carol@example.org").starts_with("250 "));
    wait_for("line in the log", || exim.log().contains("line 2, column 7").then_some(()));
    wait_for("message in the queue", || (exim.queued() == 1).then_some(()));
    assert!(exim.delivered().is_empty());

    exim.replace_keyring(KEYRING);
    exim.run_queue();
    assert_eq!(verdict(&sender_of_delivery(&exim)), Verdict::Valid);
}
