//! Each example as a program that runs, with SMTP over sockets.

use core::net::Ipv4Addr;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use batv_tests::folder::Folder;
use batv_tests::smtp::{Client, NextHop};

use crate::server::open;
use crate::{FOREIGN, own_keys, smtp_server, submission};

fn start(site: &Folder) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (server, mail) = (open(site), site.mailbox("alice@example.com"));
    // It ends with the test.
    thread::spawn(move || smtp_server::serve(&listener, &server, &mail));
    port
}

fn stored(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).expect("a message")).collect()
}

#[test]
fn a_server_takes_genuine_bounces_and_refuses_forged_ones() {
    let site = Folder::new();
    let mut client = Client::connect(start(&site));
    let tagged = open(&site).sign("alice@example.com").expect("a sender").to_string();

    assert!(client.send("", &tagged).starts_with("250 2.0.0 "));
    let [message] = &stored(&site.mailbox("alice@example.com").join("alice@example.com"))[..] else {
        panic!("one message")
    };
    let added =
        "Return-Path: <>\r\nDelivered-To: alice@example.com\r\nX-BATV-Status: valid\r\nX-BATV-Verdict: genuine; ";
    assert!(message.starts_with(added), "{message}");

    let forged = tagged.replace("=alice", "=carol");
    assert_eq!(client.say("MAIL FROM:<>"), "250 2.1.0 sender ok");
    assert_eq!(client.say(&format!("RCPT TO:<{forged}>")), "550 5.1.1 no such mailbox");
    let forged = format!("prvs=0000000000={}", "alice@example.com");
    assert!(client.say(&format!("RCPT TO:<{forged}>")).starts_with("550 5.7.1 "));
    assert_eq!(client.say("RSET"), "250 2.0.0 ok");

    assert!(client.send("bob@example.net", "alice@example.com").starts_with("250 2.0.0 "));
    assert_eq!(client.say("QUIT"), "221 2.0.0 bye");
}

#[test]
fn a_server_judges_an_untagged_bounce_by_its_content() {
    let site = Folder::new();
    site.configure("[messages]\nmarked_since = 2020-01-01\n");
    let mail = site.mailbox("bob@example.com");
    let mut client = Client::connect(start(&site));

    assert_eq!(client.say("MAIL FROM:<> SIZE=1000"), "250 2.1.0 sender ok");
    assert_eq!(client.say("RCPT TO:<alice@example.com>"), "250 2.1.5 Recipient ok");
    assert!(client.say("RCPT TO:<bob@example.com>").starts_with("452 4.5.3 "), "the message decides for one alone");
    assert_eq!(
        client.data_of(FOREIGN),
        "550 5.7.1 Not a bounce of our mail: we did not send the message that it returns"
    );
    // A mailbox that doesn't exist leaves the place free.
    assert_eq!(client.say("MAIL FROM:<>"), "250 2.1.0 sender ok");
    assert_eq!(client.say("RCPT TO:<nobody@example.com>"), "550 5.1.1 no such mailbox");
    assert_eq!(client.say("RCPT TO:<bob@example.com>"), "250 2.1.5 Recipient ok");
    assert_eq!(client.data_of("Subject: hello\n\n.\n..dots\n"), "250 2.0.0 message accepted");
    let [message] = &stored(&mail.join("bob@example.com"))[..] else { panic!("one message") };
    assert!(message.ends_with("\r\n\r\n.\r\n..dots\r\n"), "{message}");
}

#[test]
fn a_server_keeps_to_the_order_of_commands_and_to_its_limits() {
    let site = Folder::new();
    let mut client = Client::connect(start(&site));
    for (command, reply) in [
        ("RCPT TO:<alice@example.com>", "503 5.5.1 MAIL first"),
        ("DATA", "503 5.5.1 no valid recipients"),
        ("MAIL FROM:bob@example.net", "501 5.5.4 syntax: MAIL FROM:<address>"),
        ("MAIL FROM:<b@@example.net>", "553 5.1.7 "),
        ("mail from:<\"b>\"@example.net>", "250 2.1.0 sender ok"),
        ("MAIL FROM:<>", "503 5.5.1 there is a sender already"),
        ("RCPT TO:<../alice@example.com>", "550 5.1.1 no such mailbox"),
        ("TURN", "500 5.5.1 unknown command"),
    ] {
        let said = client.say(command);
        assert!(said.starts_with(reply), "{command}: {said}");
    }
    let long = format!("NOOP {}", "x".repeat(2000));
    assert!(client.say(&long).starts_with("500 5.5.2 "));
}

#[test]
fn a_message_of_a_user_leaves_with_a_tag_and_a_mark() {
    let (site, relay) = (Folder::new(), NextHop::start());
    let server = open(&site);
    let message = b"From: alice@example.com\nMessage-ID: <1@example.com>\n\n.a dot\n";
    let address = format!("127.0.0.1:{}", relay.port);
    submission::submit(&server, &address, "alice@example.com", &["bob@example.net"], message).expect("a relay");
    let [envelope] = &relay.taken()[..] else { panic!("one message") };
    assert_eq!(server.rcpt("<>", &envelope.sender).expect("an address").reason.as_str(), "tag-ok");
    assert!(envelope.message.starts_with("X-BATV-Mark: "), "{}", envelope.message);
    assert!(envelope.message.ends_with("\n\n..a dot\n"), "{}", envelope.message);
    let refused = submission::submit(&server, &address, "alice@example.com", &["refused@example.net"], message);
    assert_eq!(refused.expect_err("a refusal").to_string(), "550 5.7.1 refused");
}

#[test]
fn keys_may_come_from_elsewhere() {
    let server = own_keys::server(b"0123456789abcdef").expect("a server");
    let signed = server.sign("alice@example.com").expect("a sender");
    assert_eq!(server.rcpt("<>", &signed.address).expect("an address").reason.as_str(), "tag-ok");
}
