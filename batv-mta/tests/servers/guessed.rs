//! Clients that guess tags at a real server: whether the daemon notices and defers them.

use batv_tests::redis;
use batv_tests::site::{ALICE, forged, tagged};

use crate::server::{MailServer, Server};

/// Far more than are answered, so that it is of no matter when a day ends.
const GUESSES: usize = 15;
/// The line by which Postfix asks about recipients before it looks into its own tables.
const POLICY: &str = "smtpd_recipient_restrictions = check_policy_service unix:batvd/policy.sock";

/// By Postfix with the policy service, by the others as they are; not by Sendmail.
pub(crate) fn is_put_off(which: &'static dyn MailServer) {
    let store = redis::Server::start(&[]);
    let server = start(which, &store, POLICY);
    let replies = guess(&server);
    assert!(replies[0].starts_with('5'), "{replies:?}");
    assert!(replies[GUESSES / 2..].iter().all(|reply| reply.starts_with("451 4.7.1 ")), "{replies:?}");
    // It learns nothing of right tags, and may still ask whether a mailbox exists.
    let right = ask(&server, &tagged(ALICE, 0));
    assert!(right.starts_with("451 4.7.1 "), "{right}");
    let callout = ask(&server, ALICE);
    assert!(callout.starts_with("250 "), "{callout}");
}

/// Postfix by itself, and Sendmail, find no mailbox for a wrong tag, and ask no milter.
pub(crate) fn is_answered_by_tables(which: &'static dyn MailServer) {
    let store = redis::Server::start(&[]);
    let server = start(which, &store, "");
    let replies = guess(&server);
    assert!(replies.iter().all(|reply| reply.starts_with("550 5.1.1 ")), "{replies:?}");
    assert!(!server.daemon.log().contains("tag-forged"), "{}", server.daemon.log());
}

fn start(which: &'static dyn MailServer, store: &redis::Server, main_cf: &str) -> Server {
    let configuration = format!(
        "[clients]\ninternal_networks = []\ndaemon_names = ['ORIGINATING', 'SUBMISSION']\n[verify]\nmode = 'reject'\n\
         [limits]\nwrong_tags_per_network = 3\n[store]\nat = '{}'\nmilliseconds = 5000\n",
        store.url()
    );
    Server::start(which, &configuration, main_cf)
}

fn guess(server: &Server) -> Vec<String> {
    let forged = forged(&tagged(ALICE, 0));
    (0..GUESSES).map(|_| ask(server, &forged)).collect()
}

/// The reply to a recipient of a bounce, on a connection of its own.
fn ask(server: &Server, recipient: &str) -> String {
    let mut client = server.connect_mx();
    client.say("MAIL FROM:<>");
    client.say(&format!("RCPT TO:<{recipient}>"))
}
