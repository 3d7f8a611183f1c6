//! The server: reload, threads, forwarded mail, bounces of its own.

use std::thread;

use batv_server::config::Keyring;
use batv_server::policy::Rules;
use batv_server::{Day, Disposition, Error, MayBounce, Server, Site, SrsVerdict, UnchangedReason};
use batv_tests::folder::Folder;

use crate::FOREIGN;

pub(crate) fn open(site: &Folder) -> Server {
    Server::open(site.config()).expect("a server")
}

fn assert_shared<T: Send + Sync + 'static>(_: &T) {}

#[test]
fn answers_and_servers_go_to_other_threads() {
    let server = open(&Folder::new());
    let mail = server.mail("<>");
    let ruling = server.rcpt("<>", "<alice@example.com>").expect("an address");
    assert_shared(&server);
    assert_shared(&mail);
    assert_shared(&ruling);
    let clone = server.clone();
    let there = thread::spawn(move || clone.sign("alice@example.com").map(|signed| signed.to_string()));
    let there = there.join().expect("no panic").expect("a sender");
    assert_eq!(server.sign("alice@example.com").expect("a sender").address, there);
}

#[test]
fn a_reload_reaches_all_clones_and_no_message_under_way() {
    let site = Folder::new();
    let server = open(&site);
    let (clone, mut mail) = (server.clone(), server.mail("<>"));
    let forged = "prvs=0000000000=alice@example.com";
    site.configure("[verify.modes]\n'example.com' = 'observe'\n");
    server.reload().expect("a good file");
    let ruling = clone.rcpt("<>", forged).expect("an address");
    assert_eq!(ruling.disposition, Disposition::Accept);
    assert_eq!(mail.rcpt(forged).expect("an address").disposition, Disposition::Reject);

    site.configure("[verify.modes]\n'example.com' = 'refuse'\n");
    let error = server.reload().expect_err("a bad file").to_string();
    assert!(
        error.ends_with(
            "site.toml: line 8, column 17: unknown mode `refuse`: expected `observe`, `mark`, \
        `quarantine` or `reject`"
        ),
        "{error}"
    );
    assert_eq!(clone.rcpt("<>", forged).expect("an address").disposition, Disposition::Accept);
}

#[test]
fn senders_that_stay_as_they_are_say_why() {
    let server = open(&Folder::new());
    for (sender, address, unchanged) in [
        ("<>", "", UnchangedReason::NullPath),
        ("<MAILER-DAEMON>\r\n", "", UnchangedReason::NullPath),
        ("<bob@example.net>", "bob@example.net", UnchangedReason::NotOurs),
        ("<<bob@example.net>>\r\n", "bob@example.net", UnchangedReason::NotOurs),
    ] {
        let signed = server.sign(sender).expect("a path");
        assert_eq!((signed.address.as_str(), signed.unchanged), (address, Some(unchanged)));
    }
    let error = server.sign(&format!("\r\0{}@@", "x".repeat(2000))).expect_err("no address").to_string();
    assert!(error.starts_with("`\\r\\u{0}x") && error.len() < 200 && error.is_ascii(), "{error}");
    let error = server.sign("alice@@example.com").expect_err("no address");
    assert!(
        matches!(error, Error::Address { .. }) && error.to_string().starts_with("`alice@@example.com`: "),
        "{error}"
    );
}

#[test]
fn a_tag_expires() {
    let server = open(&Folder::new());
    let day = |number| server.clone().at(Day::new(number).expect("a day"));
    let signed = day(21_000).sign("alice@example.com").expect("a sender").to_string();
    assert_eq!(day(21_007).rcpt("<>", &signed).expect("an address").reason.as_str(), "tag-ok");
    assert_eq!(day(21_008).rcpt("<>", &signed).expect("an address").reason.as_str(), "tag-expired");
}

#[test]
fn a_forwarded_sender_comes_back() {
    let server = open(&Folder::new());
    let forwarded = server.forward("<bob@example.net>").expect("a sender").to_string();
    assert!(forwarded.ends_with("=example.net=bob@srs.example.com"), "{forwarded}");
    let ruling = server.rcpt("<>", &forwarded).expect("an address");
    assert_eq!(ruling.deliver_to.as_deref(), Some("bob@example.net"));
    let reversed = server.reverse(&forwarded).expect("an address");
    assert_eq!((reversed.verdict, reversed.address.as_deref()), (SrsVerdict::Valid, Some("bob@example.net")));
    assert_eq!(server.forward("<>").expect("a path").unchanged, Some(UnchangedReason::NullPath));
}

#[test]
fn bounces_go_only_to_proved_senders() {
    let server = open(&Folder::new());
    let tagged = server.sign("alice@example.com").expect("a sender").to_string();
    let may = |sender: &str| {
        let mail = server.mail(sender);
        let mut question = mail.bounce_question();
        question.header = b"Subject: hello\n\n";
        server.may_bounce(&question).expect("a day").may
    };
    assert_eq!(may(&tagged), MayBounce::Yes);
    assert_eq!(may("alice@example.com"), MayBounce::No);
    assert_eq!(may("<>"), MayBounce::No);
    let own = server.mail("<alice@example.com>").from_own_client();
    assert_eq!(server.may_bounce(&own.bounce_question()).expect("a day").may, MayBounce::Yes);
}

#[test]
fn a_cut_message_is_not_disproved() {
    let site = Folder::new();
    site.configure("[messages]\nmarked_since = 2020-01-01\n");
    let mut mail = open(&site).mail("<>");
    assert!(mail.rcpt("<alice@example.com>").expect("an address").accepts() && mail.needs_message());
    let refusal = mail.data(FOREIGN.as_bytes()).refusal().map(ToString::to_string);
    assert_eq!(
        refusal.as_deref(),
        Some("550 5.7.1 Not a bounce of our mail: we did not send the message that it returns")
    );
    let end = FOREIGN.find("Date: ").expect("a date");
    let cut = mail.data_cut(&FOREIGN.as_bytes()[..end]);
    assert!(cut.refusal().is_none(), "{cut}");
    assert_eq!(cut.recipients().collect::<Vec<_>>(), ["alice@example.com"]);
}

#[test]
fn without_messages_the_envelope_decides_at_the_end() {
    let site = Folder::new();
    site.configure("[messages]\njudge = false\n");
    let mut mail = open(&site).mail("<>");
    assert!(mail.rcpt("<alice@example.com>").expect("an address").accepts() && !mail.needs_message());
    assert_eq!(mail.data(b"").refusal().map(|ruling| ruling.reason.as_str()), Some("untagged"));
}

#[test]
fn a_client_of_ours_is_not_judged() {
    let server = open(&Folder::new());
    let mut mail = server.mail("<>").from_own_client();
    for recipient in ["alice@example.com", "bob@example.com", "prvs=0000000000=carol@example.com"] {
        assert!(mail.rcpt(recipient).expect("an address").accepts(), "{recipient}");
    }
    assert_eq!(mail.data(FOREIGN.as_bytes()).recipients().count(), 3);
}

#[test]
fn a_server_without_a_file_is_not_reloaded() {
    let server = Server::new(Site::with_rules(Keyring::default(), Rules::default()).expect("rules"));
    assert!(matches!(server.reload(), Err(Error::NoFile)));
}
