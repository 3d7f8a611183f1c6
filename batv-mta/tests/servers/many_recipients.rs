//! A bounce with more recipients than the mail server can ask about at once.

use batv_tests::host::wait_for;
use batv_tests::site::{ALICE, tagged};

use crate::server::{MailServer, Server};

/// RFC 5321 §4.5.3.1.8 has a client try again after this reply; all that were taken get the message.
pub(crate) fn come_in_another_message(which: &'static dyn MailServer) {
    let configuration = "[clients]\ninternal_networks = []\n[verify]\nmode = 'mark'\n";
    let server = Server::start(which, configuration, "");
    let mut client = server.connect_mx();
    client.say("MAIL FROM:<>");
    let recipient = tagged(ALICE, 0);
    let replies: Vec<_> = (0..200).map(|_| client.say(&format!("RCPT TO:<{recipient}>"))).collect();
    let taken = replies.iter().take_while(|reply| reply.starts_with("250 ")).count();
    assert!(taken > 50 && replies[taken..].iter().all(|reply| reply.starts_with("452 4.5.3 ")), "{replies:?}");
    let reply = client.data();
    assert!(reply.starts_with("250 "), "{reply}");
    let message = wait_for("message in the mailbox", || server.mailbox("alice").pop());
    assert!(message.contains("X-BATV-Status: valid"), "{message}");
}
