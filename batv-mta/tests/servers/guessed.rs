//! Clients that guess tags at a real server: whether the daemon notices and defers them.

use batv_tests::redis;
use batv_tests::site::{ALICE, forged, tagged};

use crate::server::{MailServer, Server};

/// Far more than are answered, so that it is of no matter when a day ends.
const GUESSES: usize = 15;
/// The default of `limits.wrong_tags_per_network`.
const PER_NETWORK: usize = 50;
const STRANGER: &str = "joe@elsewhere.example";
/// The line by which Postfix asks about recipients before it looks into its own tables.
const POLICY: &str = "smtpd_recipient_restrictions = check_policy_service unix:batvd/policy.sock";

/// By Postfix with the policy service, by the others as they are; not by Sendmail.
pub(crate) fn is_put_off(which: &'static dyn MailServer) {
    let store = redis::Server::start(&[]);
    let server = start(which, &store, "wrong_tags_per_network = 3", POLICY);
    let replies = guess(&server);
    assert!(replies[0].starts_with('5'), "{replies:?}");
    assert!(replies[GUESSES / 2..].iter().all(|reply| reply.starts_with("451 4.7.1 ")), "{replies:?}");
    // It learns nothing of right tags, and may still ask whether a mailbox exists.
    let right = ask(&server, "", &tagged(ALICE, 0));
    assert!(right.starts_with("451 4.7.1 "), "{right}");
    let callout = ask(&server, "", ALICE);
    assert!(callout.starts_with("250 "), "{callout}");
}

/// Guesses by mail that is no bounce, at many mailboxes, count for the client all the same.
pub(crate) fn is_put_off_with_any_sender(which: &'static dyn MailServer) {
    let store = redis::Server::start(&[]);
    let server = start(which, &store, "", POLICY);
    let guess = |number| ask(&server, STRANGER, &forged(&tagged(&format!("user{number}@example.com"), 0)));
    let replies: Vec<_> = (0..6 * PER_NETWORK).map(guess).collect();
    let (deferred, answered): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.starts_with("451 4.7.1 "));
    assert!(answered.iter().all(|reply| reply.starts_with('5')), "{answered:?}");
    // Twice as many where a day ends meanwhile.
    assert!(answered.len() <= 2 * PER_NETWORK, "{} were answered, {} deferred", answered.len(), deferred.len());
    let right = ask(&server, STRANGER, &tagged(ALICE, 0));
    assert!(right.starts_with("451 4.7.1 "), "{right}");
    let mail = ask(&server, STRANGER, ALICE);
    assert!(mail.starts_with("250 "), "{mail}");
}

/// Guesses in returned messages are deferred when the message has come.
pub(crate) fn is_put_off_with_messages(which: &'static dyn MailServer) {
    let store = redis::Server::start(&[]);
    let server = start(which, &store, "wrong_tags_per_network = 3", "");
    let returned = format!(
        "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nReturn-Path: <{}>\nFrom: {ALICE}\nSubject: test\n\n--b--\n",
        forged(&tagged(ALICE, 0))
    );
    let replies: Vec<_> = (0..GUESSES).map(|_| server.connect_mx().send_message("", ALICE, &returned)).collect();
    assert!(!replies[0].starts_with("451 "), "{replies:?}");
    assert!(replies[GUESSES / 2..].iter().all(|reply| reply.starts_with("451 4.7.1 ")), "{replies:?}");
}

/// Postfix by itself, and Sendmail, find no mailbox for a wrong tag, and ask no milter.
pub(crate) fn is_answered_by_tables(which: &'static dyn MailServer) {
    let store = redis::Server::start(&[]);
    let server = start(which, &store, "wrong_tags_per_network = 3", "");
    let replies = guess(&server);
    assert!(replies.iter().all(|reply| reply.starts_with("550 5.1.1 ")), "{replies:?}");
    assert!(!server.daemon.log().contains("tag-forged"), "{}", server.daemon.log());
}

fn start(which: &'static dyn MailServer, store: &redis::Server, limit: &str, main_cf: &str) -> Server {
    let configuration = format!(
        "[clients]\ninternal_networks = []\ndaemon_names = ['ORIGINATING', 'SUBMISSION']\n[verify]\nmode = 'reject'\n\
         [limits]\n{limit}\n[store]\nat = '{}'\nmilliseconds = 5000\n",
        store.url()
    );
    Server::start(which, &configuration, main_cf)
}

fn guess(server: &Server) -> Vec<String> {
    let forged = forged(&tagged(ALICE, 0));
    (0..GUESSES).map(|_| ask(server, "", &forged)).collect()
}

/// The reply to a recipient, on a connection of its own.
fn ask(server: &Server, sender: &str, recipient: &str) -> String {
    let mut client = server.connect_mx();
    client.say(&format!("MAIL FROM:<{sender}>"));
    client.say(&format!("RCPT TO:<{recipient}>"))
}
