//! The daemon beside real mail servers, on loopback, with the configurations that are shipped.

extern crate alloc;

mod exim;
mod haraka;
mod load;
mod opensmtpd;
mod postfix;
mod sendmail;
mod server;
#[path = "../support/mod.rs"]
mod support;

use batv_core::Verdict;
use batv_tests::host::wait_for;
use batv_tests::site::{ALICE, forged, forwarded, tagged, verdict};
use server::{MailServer, Server};

#[test]
fn keeps_all_mail_under_load() {
    load::keeps_all_mail();
}

const DAVE: &str = "dave@example.net";

/// No network is ours: client and server have one address, and the listener says who is who.
fn configuration(verify: &str) -> String {
    format!(
        "[clients]\ninternal_networks = []\ndaemon_names = [\"ORIGINATING\", \"SUBMISSION\"]\n[sign]\nexempt_recipients = [\"list@example.net\"]\n[verify]\n{verify}\n"
    )
}

impl Server {
    pub(crate) fn submit(&self, sender: &str, recipient: &str) -> String {
        self.connect_submission().send(sender, recipient)
    }

    pub(crate) fn send(&self, sender: &str, recipient: &str) -> String {
        self.connect_mx().send(sender, recipient)
    }

    fn bounce(&self, recipient: &str) -> String {
        self.send("", recipient)
    }

    /// The sender of the message that reaches the next hop for this recipient.
    fn sender_towards(&self, recipient: &str) -> String {
        wait_for("delivery", || {
            let mut delivered = self.delivered().into_iter();
            delivered.find(|envelope| envelope.recipients == [recipient]).map(|envelope| envelope.sender)
        })
    }

    /// The only message in a mailbox.
    fn message_of(&self, mailbox: &str) -> String {
        wait_for("message in the mailbox", || self.mailbox(mailbox).pop())
    }
}

fn starts(reply: &str, start: &str) {
    assert!(reply.starts_with(start), "{reply}");
}

/// Every case on every server.
macro_rules! on {
    ($module:ident, $server:expr) => {
        mod $module {
            #[test]
            fn tags_what_leaves() {
                super::tags_what_leaves(&$server);
            }
            #[test]
            fn takes_genuine_bounces_alone() {
                super::takes_genuine_bounces_alone(&$server);
            }
            #[test]
            fn takes_ordinary_mail() {
                super::takes_ordinary_mail(&$server);
            }
            #[test]
            fn forwards_with_srs() {
                super::forwards_with_srs(&$server);
            }
            #[test]
            fn gets_its_own_bounces() {
                super::gets_its_own_bounces(&$server);
            }
            #[test]
            fn by_mode() {
                super::by_mode(&$server);
            }
            #[test]
            fn holds_what_is_not_proved() {
                super::holds_what_is_not_proved(&$server);
            }
            #[test]
            fn loses_nothing_without_the_daemon() {
                super::loses_nothing_without_the_daemon(&$server);
            }
        }
    };
}

on!(on_exim, crate::exim::Exim);
on!(on_haraka, crate::haraka::Haraka);
on!(on_opensmtpd, crate::opensmtpd::OpenSmtpd);
on!(on_postfix, crate::postfix::Postfix);
on!(on_sendmail, crate::sendmail::Sendmail);

fn tags_what_leaves(which: &'static dyn MailServer) {
    let server = Server::start(which, &configuration("mode = \"reject\""));
    starts(&server.submit(ALICE, DAVE), "250 ");
    let sender = server.sender_towards(DAVE);
    assert_eq!(verdict(&sender), Verdict::Valid, "{sender}");

    // Tagged already, exempt recipients, and what is sent on the command line.
    starts(&server.submit(&sender, "erin@example.net"), "250 ");
    assert_eq!(server.sender_towards("erin@example.net"), sender);
    starts(&server.submit(ALICE, "list@example.net"), "250 ");
    assert_eq!(server.sender_towards("list@example.net") == ALICE, which.knows_recipients());
    if !which.takes_quoted() {
        let reply = server.connect_submission().say("MAIL FROM:<\"a b\"@example.com>");
        return starts(&reply, "553 5.1.0 ");
    }
    starts(&server.submit("\"a b\"@example.com", "frank@example.net"), "250 ");
    let quoted = server.sender_towards("frank@example.net");
    assert_eq!(verdict(&quoted), Verdict::Valid, "{quoted}");
    assert!(server.bounce(&quoted).starts_with("250 "));
    server.message_of("a_b");
}

fn takes_genuine_bounces_alone(which: &'static dyn MailServer) {
    let server = Server::start(which, &configuration("mode = \"reject\""));
    let tag = tagged(ALICE, 0);
    starts(&server.bounce(&tag), "250 ");
    let message = server.message_of("alice");
    assert!(message.contains("X-BATV-Status: valid"), "{message}");
    assert!(message.contains(&tag), "the recipient as he was is in no header: {message}");
    assert!(!message.contains("forged"), "{message}");

    starts(&server.bounce(&forged(&tag)), "550 ");
    starts(&server.bounce(ALICE), "550 5.7.1 ");
    starts(&server.bounce(&tagged(ALICE, 40)), "550 5.7.1 ");
    starts(&server.bounce("nobody@example.com"), "5");
    starts(&server.bounce("postmaster@example.com"), "250 ");
    // A callout.
    let mut client = server.connect_mx();
    starts(&client.say("MAIL FROM:<>"), "250 ");
    starts(&client.say(&format!("RCPT TO:<{ALICE}>")), "250 ");
    starts(&client.say("RCPT TO:<bob@example.com>"), "452 4.5.3 ");
    starts(&client.say("RSET"), "250 ");
    // All are proved.
    starts(&client.say("MAIL FROM:<>"), "250 ");
    starts(&client.say(&format!("RCPT TO:<{tag}>")), "250 ");
    starts(&client.say(&format!("RCPT TO:<{}>", tagged("bob@example.com", 0))), "250 ");
    starts(&client.say(&format!("RCPT TO:<{ALICE}>")), "452 4.5.3 ");
    starts(&client.data(), "250 ");
    server.message_of("bob");
    wait_for("second message", || (server.mailbox("alice").len() == 2).then_some(()));
}

fn takes_ordinary_mail(which: &'static dyn MailServer) {
    let server = Server::start(which, &configuration("mode = \"reject\""));
    starts(&server.send(DAVE, "bob@example.com"), "250 ");
    assert!(!server.message_of("bob").contains("X-BATV"), "a header on what is not judged");
    starts(&server.send(DAVE, &tagged(ALICE, 40)), "250 ");
    server.message_of("alice");
    let unknown = forged(&tagged("nobody@example.com", 0));
    starts(&server.send(DAVE, &unknown), "5");
    starts(&server.send(DAVE, "erin@example.net"), "55");
}

fn forwards_with_srs(which: &'static dyn MailServer) {
    let server = Server::start(which, &configuration("mode = \"reject\""));
    starts(&which.forward(&server, DAVE, "erin@example.org"), "250 ");
    let sender = server.sender_towards("erin@example.org");
    if !which.knows_recipients() {
        return assert_eq!(sender, DAVE);
    }
    assert_eq!(sender, forwarded(DAVE));
    starts(&server.bounce(&sender), "250 ");
    assert_eq!(server.sender_towards(DAVE), "");
    // Nobody else relays through it.
    starts(&server.send("mallory@example.org", &sender), "550 ");
    // A forwarder's mail to local mailboxes stays as it is.
    starts(&server.submit(DAVE, ALICE), "250 ");
    let message = server.message_of("alice").to_lowercase();
    assert!(message.contains(&format!("return-path: <{DAVE}>")), "{message}");
}

fn gets_its_own_bounces(which: &'static dyn MailServer) {
    let server = Server::start(which, &configuration("mode = \"reject\""));
    starts(&server.submit(ALICE, "refused@example.net"), "250 ");
    let message = server.message_of("alice");
    assert!(message.contains("550 5.7.1 refused"), "{message}");
    if server.sendmail("bob@example.com", "refused@example.net") {
        server.message_of("bob");
    }
}

fn by_mode(which: &'static dyn MailServer) {
    for (mode, reply, field) in [
        ("observe", "250 ", None),
        ("mark", "250 ", Some("X-BATV-Status: invalid, untagged")),
        ("reject", "550 5.7.1 ", None),
    ] {
        let server = Server::start(which, &configuration(&format!("mode = \"{mode}\"")));
        starts(&server.bounce(ALICE), reply);
        let log = server.daemon.log() + &server.log();
        assert!(log.contains("reason=untagged"), "{log}");
        if reply == "250 " {
            let message = server.message_of("alice");
            assert_eq!(message.contains("X-BATV-Status"), field.is_some(), "{message}");
            assert!(field.is_none_or(|field| message.contains(field)), "{message}");
        }
    }
}

fn holds_what_is_not_proved(which: &'static dyn MailServer) {
    let server = Server::start(which, &configuration("mode = \"quarantine\""));
    starts(&server.bounce(ALICE), "250 ");
    if !which.can_hold() {
        let message = server.message_of("alice");
        return assert!(message.contains("X-BATV-Status: invalid, untagged"), "{message}");
    }
    wait_for("message on hold", || which.is_holding(&server).then_some(()));
    assert!(server.mailbox("alice").is_empty());
}

fn loses_nothing_without_the_daemon(which: &'static dyn MailServer) {
    let mut server = Server::start(which, &configuration("mode = \"reject\""));
    let mut client = server.connect_submission();
    server.daemon.reload();
    starts(&client.send(ALICE, "first@example.net"), "250 ");
    assert!(server.daemon.stop().success());
    // A milter is asked at once, a line protocol when the message is queued or leaves. Whoever is told so comes again.
    let mut client = server.connect_submission();
    let mut reply = client.say(&format!("MAIL FROM:<{ALICE}>"));
    if reply.starts_with("250 ") {
        starts(&client.say("RCPT TO:<third@example.net>"), "250 ");
        reply = client.data();
    }
    let by_hand = server.sendmail(ALICE, "second@example.net");
    server.daemon.start();
    if reply.starts_with('4') {
        starts(&server.submit(ALICE, "third@example.net"), "250 ");
    }
    let mut expected = vec!["first@example.net", "third@example.net"];
    expected.extend(by_hand.then_some("second@example.net"));
    for recipient in &expected {
        let sender = server.sender_towards(recipient);
        assert_eq!(verdict(&sender), Verdict::Valid, "{sender}");
    }
    assert_eq!(server.delivered().len(), expected.len());
}
