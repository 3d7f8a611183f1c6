//! `examples/exim`: the real daemon, on loopback, with its shim and its configuration.

mod server;

use batv_core::TagVerdict;
use batv_tests::host::wait_for;
use batv_tests::site::{ALICE, KEY_ID, KEYRING, SECRET, forged, tagged, verdict};
use server::Exim;

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
    assert_eq!(verdict(&sender), TagVerdict::Valid, "{sender}");

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
    let forged = forged(&tagged(ALICE, 0));
    assert_eq!(verdict(&forged), TagVerdict::BadMac);
    assert!(exim.bounce(&forged).starts_with("550 5.7.1 Invalid BATV tag"), "{}", exim.log());

    // A bounce may be as late as servers go on trying; what comes later is refused when it has been seen.
    assert_eq!(verdict(&tagged(ALICE, 9)), TagVerdict::Expired);
    assert!(exim.bounce(&tagged(ALICE, 9)).starts_with("250 "));
    let mut client = exim.connect_mx();
    assert!(client.say("MAIL FROM:<>").starts_with("250 "));
    assert!(client.say(&format!("RCPT TO:<{}>", tagged(ALICE, 30))).starts_with("250 "));
    assert!(client.data().starts_with("550 5.7.1 Expired BATV tag"), "{}", exim.log());

    // The same for a bounce without a tag, while whoever asks for a mailbox gets his answer.
    let mut client = exim.connect_mx();
    client.say("MAIL FROM:<>");
    assert!(client.say(&format!("RCPT TO:<{ALICE}>")).starts_with("250 "));
    assert!(client.say("RCPT TO:<bob@example.com>").starts_with("452 4.5.3 "));
    // Exim breaks a long reply into lines, of which this is the last.
    assert!(client.data().ends_with("BATV tag"));

    // Mail that is no bounce, and mail to the postmaster, come in; a forged tag makes nobody known.
    assert!(exim.send("carol@example.org", ALICE).starts_with("250 "));
    assert!(exim.send("carol@example.org", &tagged(ALICE, 30)).starts_with("250 "));
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
    assert!(client.say(&format!("RCPT TO:<{}>", tagged(ALICE, 30))).starts_with("550 5.7.1 Expired BATV tag"));
    assert!(client.say(&format!("RCPT TO:<{ALICE}>")).ends_with("BATV tag"));
    assert!(client.say(&format!("RCPT TO:<{}>", tagged(ALICE, 0))).starts_with("250 "));
    assert!(client.data().starts_with("250 "));
}

#[test]
fn tags_of_exim_itself_are_ours() {
    let own = format!("${{prvs{{$return_path}}{{{SECRET}}}{{{KEY_ID}}}}}");
    let exim = Exim::start(&[("BATV_SIGN", &own)], KEYRING);
    assert!(exim.submit(ALICE, "carol@example.org").starts_with("250 "));
    let sender = sender_of_delivery(&exim);
    assert_eq!(verdict(&sender), TagVerdict::Valid, "{sender}");
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
    let reply = exim.bounce(&tagged(ALICE, 0));
    assert!(reply.starts_with("451 "), "{reply}");
    assert!(exim.submit(ALICE, "carol@example.org").starts_with("250 "));
    wait_for("line in the log", || exim.log().contains("line 2, column 7").then_some(()));
    wait_for("message in the queue", || (exim.queued() == 1).then_some(()));
    assert!(exim.delivered().is_empty());

    exim.replace_keyring(KEYRING);
    exim.run_queue();
    assert_eq!(verdict(&sender_of_delivery(&exim)), TagVerdict::Valid);
}
