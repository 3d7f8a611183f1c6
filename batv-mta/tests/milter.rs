//! The milter door, spoken to as a mail server does.

use batv_config::{Keyring, clock};
use batv_core::Mailbox;
use batv_core::prvs::{self, Form};
use batv_mta::config::Config;
use batv_mta::door::{Door, Flow};
use batv_mta::milter::{PACKET_LIMIT, Session, action, step};
use batv_mta::settings::Settings;
use proptest::prelude::*;

const ALL: u32 = u32::MAX;
const CONNECT: &[u8] = b"Cclient.example.net\x004\x30\x39192.0.2.7\0";

fn settings() -> Settings {
    let config = "[sign]\nexempt_recipients = ['list@example.net']\n[verify]\nmode = 'reject'";
    let keyring = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t s3kr1t s3kr1t'\nstate = 'signing'\n\
                   domains = ['example.com', 'täg.example']";
    Settings::new(Config::parse(config).expect("what is right"), Keyring::parse(keyring).expect("what is right"))
        .expect("what is right")
}

fn tagged(settings: &Settings, address: &str) -> String {
    let mailbox = Mailbox::parse(address).expect("what is right");
    prvs::sign(settings.keys(), &mailbox, Form::Prvs, None, clock::today().expect("what is right"))
        .expect("what is right")
        .to_string()
}

struct Server<'s> {
    session: Session,
    settings: &'s Settings,
}

impl<'s> Server<'s> {
    /// After the negotiation, of everything unless told otherwise.
    fn new(settings: &'s Settings, over_tcp: bool) -> Self {
        let mut server = Self { session: Session::new(over_tcp), settings };
        let (version, actions, steps) = server.negotiate(6, ALL, ALL).expect("what is right");
        assert_eq!(version, 6);
        assert_ne!(actions & action::CHANGE_SENDER, 0);
        assert_eq!(steps & step::NO_REPLY_MAIL != 0, !over_tcp);
        server
    }

    fn negotiate(&mut self, version: u32, actions: u32, steps: u32) -> Option<(u32, u32, u32)> {
        let offer = [&b"O"[..], [version, actions, steps].map(u32::to_be_bytes).as_flattened()].concat();
        let answer = self.say(&offer).pop()?;
        let numbers: Vec<_> = answer
            .get(1..13)?
            .chunks(4)
            .map(|octets| u32::from_be_bytes(octets.try_into().expect("four octets")))
            .collect();
        Some((numbers[0], numbers[1], numbers[2]))
    }

    /// Says one packet, and hears the packets that answer it.
    fn say(&mut self, packet: &[u8]) -> Vec<Vec<u8>> {
        let framed = [&u32::try_from(packet.len()).expect("what is right").to_be_bytes(), packet].concat();
        let mut out = Vec::new();
        let (taken, _) = self.session.receive(&framed, self.settings, &mut out);
        assert_eq!(taken, framed.len());
        let mut packets = Vec::new();
        let mut rest = &out[..];
        while let Some((length, tail)) = rest.split_first_chunk() {
            let (packet, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
            packets.push(packet.to_vec());
            rest = tail;
        }
        packets
    }

    fn text(&mut self, packet: &[u8]) -> String {
        let packets = self.say(packet);
        packets.iter().map(|packet| String::from_utf8_lossy(packet).replace('\0', "|")).collect::<Vec<_>>().join(" ")
    }

    fn message(&mut self, sender: &str, recipient: &str) -> String {
        self.say(format!("M<{sender}>\0").as_bytes());
        let answer = self.text(format!("R<{recipient}>\0").as_bytes());
        if answer != "c" {
            return answer;
        }
        self.say(b"LSubject\0test\0");
        self.text(b"E")
    }
}

#[test]
fn signs_for_who_is_authenticated() {
    let settings = settings();
    for over_tcp in [false, true] {
        let mut server = Server::new(&settings, over_tcp);
        server.say(CONNECT);
        assert_eq!(server.message("alice@example.com", "dave@example.net"), "c");
        server.say(b"DM{auth_type}\0PLAIN\0odd");
        let tag = tagged(&settings, "alice@example.com");
        assert_eq!(server.message("alice@example.com", "dave@example.net"), format!("e<{tag}>| c"));
        assert_eq!(server.message("alice@example.com", "list@example.net"), "c");
        assert_eq!(server.message(&tag, "dave@example.net"), "c");
        assert_eq!(server.message("", "dave@example.net"), "c");
        assert_eq!(server.message("carol@example.org", "dave@example.net"), "c");
        assert_eq!(server.message(&format!("{}@example.com", "a".repeat(60)), "dave@example.net"), "c");
        let quoted = tagged(&settings, "\"a b\"@example.com");
        assert_eq!(server.message("\"a b\"@example.com", "dave@example.net"), format!("e<{quoted}>| c"));
        let unicode = tagged(&settings, "jürgen@täg.example");
        assert_eq!(server.message("jürgen@täg.example", "dave@example.net"), format!("e<{unicode}>| c"));
        // The next message of the same client is not authenticated for having followed.
        server.say(b"DM");
        assert_eq!(server.message("alice@example.com", "dave@example.net"), "c");
    }
}

#[test]
fn restores_marks_and_refuses() {
    let settings = settings();
    let mut server = Server::new(&settings, false);
    server.say(CONNECT);
    let tag = tagged(&settings, "alice@example.com");
    let restored =
        format!("-<{tag}>| +<alice@example.com>| i\0\0\0\0X-BATV-Status|valid| i\0\0\0\0X-BATV-Recipient|<{tag}>| c");
    assert_eq!(server.message("", &tag), restored.replace('\0', "|"));
    assert!(server.message("", "alice@example.com").starts_with("y550 5.7.1 "));
    // A refusal at the end leaves nothing behind.
    assert!(server.message("", &tag).starts_with("-<prvs="));
    // Forged copies are removed, the last first, so that the places of the others stay.
    server.say(b"M<dave@example.net>\0");
    server.say(b"R<alice@example.com>\0");
    server.say(b"LX-BATV-Status\0valid\0");
    server.say(b"Lx-batv-status \0valid\0");
    assert_eq!(server.text(b"E"), "m|||\u{2}X-BATV-Status|| m|||\u{1}X-BATV-Status|| c");
}

#[test]
fn second_recipients_do_not_change_the_first() {
    let settings = settings();
    let mut server = Server::new(&settings, false);
    server.say(CONNECT);
    server.say(b"M<>\0");
    assert_eq!(server.text(b"R<alice@example.com>\0"), "c");
    assert!(server.text(b"R<bob@example.com>\0").starts_with("y452 4.5.3 "));
    assert!(server.text(b"E").starts_with("y550 5.7.1 "), "the one that was taken is judged");
    // Aborted, and none is there any more.
    server.say(b"M<>\0");
    assert_eq!(server.text(b"R<alice@example.com>\0"), "c");
    server.say(b"A");
    server.say(b"M<>\0");
    assert_eq!(server.text(b"R<bob@example.com>\0"), "c");
}

#[test]
fn negotiates_what_is_there() {
    let settings = settings();
    let negotiate = |version, actions, steps| {
        Server { session: Session::new(false), settings: &settings }.negotiate(version, actions, steps)
    };
    let needed = action::ADD_HEADERS
        | action::ADD_RECIPIENTS
        | action::DELETE_RECIPIENTS
        | action::CHANGE_HEADERS
        | action::CHANGE_SENDER;
    assert_eq!(negotiate(7, needed, 0), Some((6, needed, 0)));
    assert_eq!(negotiate(6, needed, step::NO_BODY), Some((6, needed, step::NO_BODY)));
    assert_eq!(negotiate(6, needed & !action::CHANGE_SENDER, ALL), None);
    assert_eq!(negotiate(2, 0x3f, 0x7f), None);
}

#[test]
fn takes_packets_in_pieces_and_in_one_go() {
    let settings = settings();
    let packets: Vec<u8> =
        [CONNECT, b"DM{auth_type}\0PLAIN\0", b"M<alice@example.com>\0", b"R<dave@example.net>\0", b"E"]
            .iter()
            .flat_map(|packet| [&u32::try_from(packet.len()).expect("what is right").to_be_bytes(), *packet].concat())
            .collect();
    let mut at_once = Vec::new();
    Session::new(false).receive(&packets, &settings, &mut at_once);
    let mut in_pieces = Vec::new();
    let mut session = Session::new(false);
    let mut pending = Vec::new();
    for octet in packets {
        pending.push(octet);
        let (taken, flow) = session.receive(&pending, &settings, &mut in_pieces);
        assert_eq!(flow, Flow::Continue);
        pending.drain(..taken);
    }
    assert_eq!(at_once, in_pieces);
    assert!(pending.is_empty());
}

#[test]
fn lengths_are_looked_at_before_they_are_believed() {
    let settings = settings();
    let too_long = u32::try_from(PACKET_LIMIT + 1).expect("what is right").to_be_bytes();
    let mut out = Vec::new();
    assert_eq!(Session::new(false).receive(&too_long, &settings, &mut out), (0, Flow::Close));
    assert!(out.is_empty());
}

proptest! {
    #[test]
    fn any_octets_are_taken(octets in proptest::collection::vec(any::<u8>(), 0..200), command in 0_usize..20) {
        let settings = settings();
        let mut packet = vec![b"ODCHMRTLNBEAUQK?\0\xff.c"[command]];
        packet.extend_from_slice(&octets);
        let mut server = Server { session: Session::new(true), settings: &settings };
        server.say(&packet);
        server.say(b"M<>\0");
        server.say(&packet);
        server.say(b"E");
    }
}
