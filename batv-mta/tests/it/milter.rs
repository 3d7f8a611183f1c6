//! The milter listener, spoken to as a mail server does.

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::cell::RefCell;
use std::io::{self, Read, Write};

use batv_config::{Keyring, date};
use batv_core::tag::{self, Form};
use batv_core::{Mailbox, mark};
use batv_mta::config::Config;
use batv_mta::listen::handler::{Flow, Handler};
use batv_mta::listen::milter::{PACKET_LIMIT, Session, action, step};
use batv_mta::settings::Settings;
use batv_tests::milter::{MailServer, Offer, framed};
use proptest::prelude::*;

const MESSAGE_ID: &str = "<1@example.com>";
const ALL: u32 = u32::MAX;
const CONNECT: &[u8] = b"Cclient.example.net\x004\x30\x39192.0.2.7\0";

fn settings() -> Arc<Settings> {
    let config = "[sign]\nexempt_recipients = ['list@example.net']\n[verify]\nmode = 'reject'\n\
                  [messages]\nmarked_since = 2020-01-01";
    let keyring = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t s3kr1t s3kr1t'\nstate = 'signing'\n\
                   domains = ['example.com', 'xn--tg-via.example']";
    of(config, keyring)
}

fn of(config: &str, keyring: &str) -> Arc<Settings> {
    let (config, keyring) = (Config::parse(config).expect("a configuration"), Keyring::parse(keyring).expect("keys"));
    Arc::new(Settings::new(config, keyring).expect("settings"))
}

fn tagged(settings: &Settings, address: &str) -> String {
    let mailbox = Mailbox::parse(address).expect("a valid value");
    tag::sign(settings.keys(), &mailbox, Form::Prvs, None, date::today().expect("a valid value"))
        .expect("a valid value")
        .to_string()
}

/// The replies at the end of a message with this Message-ID that leaves with this reverse-path.
fn marked(settings: &Settings, sender: &str, leaving: &str) -> String {
    let mailbox = Mailbox::parse(sender).expect("a valid value");
    let mark = mark::make(settings.keys(), MESSAGE_ID.as_bytes(), &mailbox, date::today().expect("a valid value"))
        .expect("a key");
    let leaving = leaving.as_bytes().escape_ascii();
    format!("e<{leaving}>|ENVID={}| i||||X-BATV-Mark|{mark}| c", mark.envelope_id())
}

/// A bounce that returns the header of a message of nobody's, with no mark in it.
const FOREIGN_BOUNCE: [&[u8]; 2] = [
    b"LContent-Type\0multipart/report; report-type=delivery-status; boundary=b\0",
    b"B--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReceived: from mx.example.net\r\nFrom: alice@example.com\r\n\
      Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n--b--\r\n",
];

/// The settings that are in force.
type Reloaded = Rc<RefCell<Arc<Settings>>>;

/// A connection to a session in this process: a write is handled at once, and its answers can be read.
pub(crate) struct Wire {
    session: Session,
    settings: Reloaded,
    answers: Vec<u8>,
}

impl Wire {
    /// Over a Unix socket.
    pub(crate) fn new(settings: &Arc<Settings>) -> Self {
        let settings = Rc::new(RefCell::new(Arc::clone(settings)));
        Self { session: Session::new(false), settings, answers: Vec::new() }
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let (taken, flow) = self.session.receive(octets, &self.settings.borrow(), &mut self.answers);
        assert!(taken == octets.len() || flow == Flow::Close, "{taken} of {}", octets.len());
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    /// There is no more input than the buffer has.
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let length = self.answers.len().min(octets.len());
        octets[..length].copy_from_slice(&self.answers[..length]);
        self.answers.drain(..length);
        Ok(length)
    }
}

struct Server(MailServer<Wire>, Reloaded);

impl Server {
    /// After the negotiation, of everything unless told otherwise.
    fn new(settings: &Arc<Settings>, over_tcp: bool) -> Self {
        let mut server = Self::unnegotiated(settings, over_tcp);
        let agreed = server.0.negotiate(Offer::USUAL).expect("a valid value");
        assert_eq!(agreed.version, 6);
        assert_ne!(agreed.actions & action::CHANGE_SENDER, 0);
        assert_eq!(agreed.steps & step::NO_REPLY_MAIL != 0, !over_tcp);
        server
    }

    fn unnegotiated(settings: &Arc<Settings>, over_tcp: bool) -> Self {
        let settings = Rc::new(RefCell::new(Arc::clone(settings)));
        let wire = Wire { session: Session::new(over_tcp), settings: Rc::clone(&settings), answers: Vec::new() };
        Self(MailServer::new(wire), settings)
    }

    /// From now on others are in force.
    fn reload(&self, settings: &Arc<Settings>) {
        *self.1.borrow_mut() = Arc::clone(settings);
    }

    fn say(&mut self, packet: &[u8]) {
        self.0.say(packet);
    }

    /// Says one packet, and hears the packets that answer it.
    fn text(&mut self, packet: &[u8]) -> String {
        self.0.say(packet).to_string().replace("\\x00", "|")
    }

    fn message(&mut self, sender: &str, recipient: &str) -> String {
        self.message_of(sender, recipient, &[format!("LMessage-ID\0{MESSAGE_ID}\0").as_bytes()])
    }

    fn message_of(&mut self, sender: &str, recipient: &str, content: &[&[u8]]) -> String {
        self.say(format!("M<{sender}>\0").as_bytes());
        let answer = self.text(format!("R<{recipient}>\0").as_bytes());
        if answer != "c" {
            return answer;
        }
        content.iter().for_each(|packet| self.say(packet));
        self.text(b"E")
    }
}

#[test]
fn signs_for_authenticated_clients() {
    let settings = settings();
    for over_tcp in [false, true] {
        let mut server = Server::new(&settings, over_tcp);
        server.say(CONNECT);
        assert_eq!(server.message("alice@example.com", "dave@example.net"), "c");
        server.say(b"DM{auth_type}\0PLAIN\0odd");
        let tag = tagged(&settings, "alice@example.com");
        let alice = "alice@example.com";
        assert_eq!(server.message(alice, "dave@example.net"), marked(&settings, alice, &tag));
        // Without a tag it is known by its mark.
        assert_eq!(server.message(alice, "list@example.net"), marked(&settings, alice, alice));
        assert_eq!(server.message(&tag, "dave@example.net"), "c");
        assert_eq!(server.message("", "dave@example.net"), "c");
        assert_eq!(server.message("carol@example.org", "dave@example.net"), "c");
        let long = format!("{}@example.com", "a".repeat(60));
        assert_eq!(server.message(&long, "dave@example.net"), marked(&settings, &long, &long));
        for sender in ["\"a b\"@example.com", "jürgen@xn--tg-via.example"] {
            let leaving = tagged(&settings, sender);
            assert_eq!(server.message(sender, "dave@example.net"), marked(&settings, sender, &leaving));
        }
        // A client that names its message itself keeps that name.
        server.say(format!("M<{alice}>\0ENVID=1234\0").as_bytes());
        server.say(b"R<dave@example.net>\0");
        let said = server.text(b"E");
        assert!(said.starts_with(&format!("e<{tag}>| hMessage-ID|<")), "{said}");
        assert!(said.contains("@example.com>| i||||X-BATV-Mark|1.4."), "{said}");
        // The next message of the same client is not authenticated for having followed.
        server.say(b"DM");
        assert_eq!(server.message("alice@example.com", "dave@example.net"), "c");
    }
}

/// A key without domains makes no domain ours that the configuration doesn't name.
#[test]
fn forwards_for_strangers_and_keeps_letters() {
    let config = "[sign]\nprotected = ['example.com']\nexempt = ['news@example.com']\n[verify]\nmode = 'mark'\n\
                  [srs]\ndomains = ['srs.example.com']";
    let keyring = "[[key]]\nuse = 'batv'\nid = 4\nalgorithm = 'ALGORITHM'\nsecret = 'text:s3kr1t s3kr1t'\n\
                   state = 'signing'\n[[key]]\nuse = 'srs'\nsecret = 'text:another s3kr1t'\nstate = 'signing'";
    for (algorithm, letters) in [("hmac-sha256", "Bounce-AbC@Example.COM"), ("hmac-sha1", "bounce-abc@example.com")] {
        let keyring = Keyring::parse(&keyring.replace("ALGORITHM", algorithm)).expect("a valid value");
        let settings =
            Arc::new(Settings::new(Config::parse(config).expect("a valid value"), keyring).expect("a valid value"));
        let mut server = Server::new(&settings, false);
        server.say(CONNECT);
        server.say(b"DM{auth_type}\0PLAIN\0");
        server.say(b"DR{rcpt_mailer}\0smtp\0");
        let mut leave = |sender: &str| {
            server.say(b"DM{auth_type}\0PLAIN\0");
            server.say(format!("M<{sender}>\0").as_bytes());
            server.say(b"DR{rcpt_mailer}\0smtp\0");
            server.say(b"R<erin@example.org>\0");
            server.text(b"E")
        };
        let tag = tagged(&settings, letters).to_lowercase();
        let said = leave("Bounce-AbC@Example.COM");
        assert!(said.contains(letters.split('@').next().expect("a local part")), "{said}");
        assert!(said.to_lowercase().starts_with(&format!("e<{tag}>|envid=batv1.4.")), "{said}");
        assert!(leave("dave@example.net").starts_with("e<SRS0="));
        assert_eq!(leave("news@example.com"), "c");
    }
}

/// Postfix completes the client's words. Sendmail names the user behind its tables.
#[test]
fn the_address_that_the_server_made_counts() {
    let settings = settings();
    let tag = tagged(&settings, "alice@example.com");
    for (version, argument, named) in [
        ("Postfix 3.7.11", "alice", "alice@example.com"),
        ("Postfix 3.7.11", "alice@example.com.", "alice@example.com"),
        ("Postfix 3.7.11", "alice%example.com", "alice@example.com"),
        ("Postfix 3.7.11", "alice%example.com@mx.example.com", "alice@example.com"),
        ("8.17.1.9", "alice@example.com.", "alice"),
        ("8.17.1.9", "alice@example.com", "asmith@store.example.com"),
        ("8.17.1.9", "alice%example.com", ""),
    ] {
        let connect = |server: &mut Server| {
            server.say(format!("DCv\0{version}\0").as_bytes());
            server.say(CONNECT);
        };
        let mut server = Server::new(&settings, false);
        connect(&mut server);
        server.say(format!("DM{{auth_authen}}\0alice\0{{mail_addr}}\0{named}\0").as_bytes());
        let said = server.message(argument, "dave@example.net");
        assert!(said.starts_with(&format!("e<{tag}>|ENVID=batv1.")), "{version} {argument}: {said}");

        let mut server = Server::new(&settings, false);
        connect(&mut server);
        server.say(b"DM{mail_addr}\0\0");
        server.say(b"M<>\0");
        server.say(format!("DR{{rcpt_addr}}\0{named}\0").as_bytes());
        assert_eq!(server.text(format!("R<{argument}>\0").as_bytes()), "c");
        FOREIGN_BOUNCE.iter().for_each(|packet| server.say(packet));
        let said = server.text(b"E");
        assert!(said.starts_with("y550 5.7.1 "), "{version} {argument}: {said}");
    }
}

#[test]
fn each_spelling_of_the_null_reverse_path_is_one() {
    for (argument, named) in [
        ("<>", ""),
        ("<MAILER-DAEMON>", "MAILER-DAEMON@example.com"),
        ("<<>>", ""),
        ("< >", ""),
        ("<\"\">", ""),
        ("", ""),
    ] {
        let mut server = Server::new(&settings(), false);
        server.say(b"DCv\0Postfix 3.7.11\0");
        server.say(CONNECT);
        server.say(format!("DM{{mail_addr}}\0{named}\0").as_bytes());
        server.say(format!("M{argument}\0").as_bytes());
        assert_eq!(server.text(b"R<alice@example.com>\0"), "c");
        FOREIGN_BOUNCE.iter().for_each(|packet| server.say(packet));
        assert!(server.text(b"E").starts_with("y550 5.7.1 "), "{argument}");
    }
}

/// RFC 5890 §2.3.2: U-label and A-label are two spellings of one domain.
#[test]
fn both_spellings_of_a_domain_are_one() {
    let keyring = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t s3kr1t s3kr1t'\nstate = 'signing'";
    for protected in ["t\u{e4}g.example", "T\u{c4}G.example", "xn--tg-via.example", "XN--TG-VIA.Example"] {
        let settings = of(&format!("sign.protected = ['{protected}']\nverify.modes.'{protected}' = 'reject'"), keyring);
        let tag = tagged(&settings, "j\u{fc}rgen@xn--tg-via.example");
        for domain in ["t\u{e4}g.example", "T\u{c4}G.EXAMPLE", "xn--tg-via.example", "Xn--Tg-Via.example"] {
            let mut server = Server::new(&settings, false);
            server.say(CONNECT);
            server.say(b"DM{auth_type}\0PLAIN\0");
            let said = server.message(&format!("j\u{fc}rgen@{domain}"), "dave@example.net");
            assert!(said.starts_with(&format!("e<{}>|", tag.as_bytes().escape_ascii())), "{domain}: {said}");
            server.say(b"DM");
            let bounced = tag.replace("xn--tg-via.example", domain);
            assert!(server.message("", &bounced).contains("X-BATV-Status|valid|"), "{domain}");
            let forged = bounced.replacen("prvs=4", "prvs=4000", 1).replacen("=j", "=k", 1);
            assert!(!server.message("", &forged).contains("X-BATV-Status|valid|"), "{domain}");
        }
    }
}

#[test]
fn takes_mail_for_srs_addresses_when_told_to() {
    let keyring = "[[key]]\nuse = 'srs'\nsecret = 'text:another s3kr1t'\nstate = 'signing'";
    for (reverse_for, start) in [("bounces", "y550 5.7.1 "), ("all", "-<SRS0=")] {
        let config = format!("srs = {{ domains = ['srs.example.com'], reverse_for = '{reverse_for}' }}");
        let config = Config::parse(&config).expect("a valid value");
        let settings =
            Arc::new(Settings::new(config, Keyring::parse(keyring).expect("a valid value")).expect("a valid value"));
        let mut server = Server::new(&settings, false);
        server.say(CONNECT);
        server.say(b"M<dave@example.net>\0");
        server.say(b"DR{rcpt_mailer}\0smtp\0");
        server.say(b"R<erin@example.org>\0");
        let said = server.text(b"E");
        let address = said.trim_start_matches("e<").split('>').next().expect("an address").to_owned();
        assert!(address.starts_with("SRS0="), "{said}");
        let said = server.message("mallory@example.org", &address);
        assert!(said.starts_with(start), "{reverse_for}: {said}");
        assert!(server.message("", &address).starts_with("-<SRS0="));
    }
}

/// The field is one for all.
#[test]
fn a_good_tag_speaks_for_its_recipient_alone() {
    let keyring = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t s3kr1t s3kr1t'\nstate = 'signing'";
    let config = Config::parse("verify.mode = 'mark'").expect("a valid value");
    let settings =
        Arc::new(Settings::new(config, Keyring::parse(keyring).expect("a valid value")).expect("a valid value"));
    let tag = tagged(&settings, "alice@example.com");
    let (bounce, mail) = (FOREIGN_BOUNCE.as_slice(), [b"LSubject\0test\0".as_slice()]);
    for (content, status, verdict) in [
        (bounce, Some("invalid, backscatter-unverified"), "unverified; reason=backscatter-unverified; "),
        (&mail, None, "not-judged; reason=null-not-bounce; "),
    ] {
        for recipients in [[tag.as_str(), "bob@example.com"], ["bob@example.com", tag.as_str()]] {
            let mut server = Server::new(&settings, false);
            server.say(CONNECT);
            server.say(b"M<>\0");
            for recipient in recipients {
                assert_eq!(server.text(format!("R<{recipient}>\0").as_bytes()), "c");
            }
            content.iter().for_each(|packet| server.say(packet));
            let said = server.text(b"E");
            assert!(said.contains(&format!("X-BATV-Verdict|{verdict}")), "{said}");
            match status {
                Some(status) => assert!(said.contains(&format!("X-BATV-Status|{status}|")), "{said}"),
                None => assert!(!said.contains("X-BATV-Status"), "{said}"),
            }
        }
    }
}

#[test]
fn too_many_copies_of_our_field_are_refused() {
    let settings = settings();
    let mut server = Server::new(&settings, false);
    server.say(CONNECT);
    server.say(b"M<dave@example.net>\0");
    server.say(b"R<alice@example.com>\0");
    for _ in 0..51 {
        server.say(b"LX-BATV-Status\0valid\0");
    }
    assert!(server.text(b"E").starts_with("y550 5.6.0 "));
    assert_eq!(server.message("dave@example.net", "alice@example.com"), "c");
}

#[test]
fn restores_marks_and_refuses() {
    let settings = settings();
    let mut server = Server::new(&settings, false);
    server.say(CONNECT);
    let tag = tagged(&settings, "alice@example.com");
    let restored = format!(
        "-<{tag}>| +<alice@example.com>| i||||X-BATV-Status|valid| i||||X-BATV-Verdict|genuine; reason=tag-ok; \
         class=null-other; origin=unknown; disposition=accept| i||||X-BATV-Recipient|<{tag}>| c"
    );
    assert_eq!(server.message("", &tag), restored);
    assert!(server.message_of("", "alice@example.com", &FOREIGN_BOUNCE).starts_with("y550 5.7.1 "));
    // Mail other than a bounce can't be a wrong bounce.
    let said = server.message("", "alice@example.com");
    assert!(said.starts_with("i||||X-BATV-Verdict|not-judged; reason=null-not-bounce; "), "{said}");
    // A refusal at the end leaves nothing behind.
    assert!(server.message("", &tag).starts_with("-<prvs="));
    // Forged copies are removed, the last first, so that the places of the others stay.
    server.say(b"M<dave@example.net>\0");
    server.say(b"R<alice@example.com>\0");
    server.say(b"LX-BATV-Status\0valid\0");
    server.say(b"Lx-batv-status \0valid\0");
    server.say(b"LX-Batv-Verdict\0genuine\0");
    server.say(b"LX-BATV-Recipient\0<prvs=4000=alice@example.com>\0");
    // Without a key of ours it proves nothing, and with one it is proof wherever it comes from.
    server.say(b"LX-BATV-Mark\0forged\0");
    assert_eq!(
        server.text(b"E"),
        r"m|||\x02X-BATV-Status|| m|||\x01X-BATV-Status|| m|||\x01X-BATV-Verdict|| m|||\x01X-BATV-Recipient|| c"
    );
}

/// White space before the colon is no part of a name for Postfix (is_header), which passes it to a milter, nor for Sendmail
/// (chompheader), which doesn't: both count such a field among those of the name when they look for the one to delete.
#[test]
fn a_name_with_space_before_its_colon_is_counted_as_mail_servers_count() {
    let settings = settings();
    let mut server = Server::new(&settings, false);
    server.say(CONNECT);
    server.say(b"M<dave@example.net>\0");
    server.say(b"R<alice@example.com>\0");
    for name in [
        "X-BATV-Verdict ",
        "X-BATV-Verdict",
        "X-BATV-Verdict\t ",
        "X-BATV-Verdicts",
        "X-BATV-Verdict:",
        "X-BATV -Verdict",
    ] {
        server.say(format!("L{name}\0genuine\0").as_bytes());
    }
    let deleted = [3, 2, 1].map(|index| format!(r"m|||\x0{index}X-BATV-Verdict|| "));
    assert_eq!(server.text(b"E"), deleted.concat() + "c");
}

/// An unproved sender gets no bounce: each recipient is added again, with its parameters.
#[test]
fn recipients_of_unproved_mail_are_never_notified() {
    let config = "[bounces]\nnever_to_unproved = true\nauthserv_ids = ['mx.example.com']\nallowed = ['example.net']";
    let keyring = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t s3kr1t s3kr1t'\nstate = 'signing'\n\
                   domains = ['example.com']";
    let settings = of(config, keyring);
    let tag = tagged(&settings, "alice@example.com");
    let spf =
        |outcome: &str| format!("LAuthentication-Results\0mx.example.com; spf={outcome} smtp.mailfrom=example.org\0");
    let (pass, fail) = (spf("pass"), spf("fail"));
    let foreign = pass.replace("mx.example.com", "mx.example.net");
    let never = "-<bob@example.com>| 2<bob@EXAMPLE.COM>|NOTIFY=NEVER| c";
    for (sender, field, expected) in [
        ("carol@example.org", "LSubject\0test\0", never),
        ("carol@example.org", &fail, never),
        ("carol@example.org", &foreign, never),
        ("carol@example.org", &pass, "c"),
        ("dave@example.net", "LSubject\0test\0", "c"),
        ("alice@example.com", &pass, never),
        (&tag, "LSubject\0test\0", "c"),
        ("", "LSubject\0test\0", "c"),
    ] {
        let mut server = Server::new(&settings, false);
        server.say(CONNECT);
        assert_eq!(server.message_of(sender, "bob@example.com", &[field.as_bytes()]), expected, "{sender} {field}");
    }
    // Postfix forgets a deleted recipient.
    let mut server = Server::new(&settings, false);
    server.say(b"DCv\0Postfix 3.7.11\0");
    server.say(CONNECT);
    server.say(b"M<carol@example.org>\0RET=HDRS\0");
    server.say(b"R<bob@example.com>\0NOTIFY=SUCCESS\0ORCPT=rfc822;robert@example.com\0");
    server.say(format!("R<{tag}>\0").as_bytes());
    let bob = "-<bob@example.com>| 2<bob@example.com>|NOTIFY=NEVER ORCPT=rfc822;robert@example.com|";
    let alice = format!("-<{tag}>| 2<alice@example.com>|NOTIFY=NEVER|");
    let said = server.text(b"E");
    assert!(said.starts_with(&format!("{bob} {alice} ")), "{said}");
    // OwnMail are told.
    server.say(b"DM{auth_type}\0PLAIN\0");
    assert_eq!(server.message("carol@example.org", "bob@example.com"), "c");
    // A server that can't say so is left alone.
    let mut server = Server::unnegotiated(&settings, false);
    let offer = Offer { actions: Offer::USUAL.actions & !action::ADD_RECIPIENTS_WITH_PARAMETERS, ..Offer::USUAL };
    server.0.negotiate(offer).expect("a valid value");
    server.say(CONNECT);
    assert_eq!(server.message("carol@example.org", "bob@example.com"), "c");
}

#[test]
fn second_recipients_do_not_change_the_first() {
    let settings = settings();
    let mut server = Server::new(&settings, false);
    server.say(CONNECT);
    server.say(b"M<>\0");
    assert_eq!(server.text(b"R<alice@example.com>\0"), "c");
    assert!(server.text(b"R<bob@example.com>\0").starts_with("y452 4.5.3 "));
    FOREIGN_BOUNCE.iter().for_each(|packet| server.say(packet));
    assert!(server.text(b"E").starts_with("y550 5.7.1 "), "the one that was taken is judged");
    // Aborted, and none is there any more.
    server.say(b"M<>\0");
    assert_eq!(server.text(b"R<alice@example.com>\0"), "c");
    server.say(b"A");
    server.say(b"M<>\0");
    assert_eq!(server.text(b"R<bob@example.com>\0"), "c");
}

#[test]
fn negotiates_offered_steps_and_actions() {
    let envelopes = Config::parse("messages.judge = false").expect("a valid value");
    let envelopes = Arc::new(Settings::new(envelopes, Keyring::parse("").expect("no keys")).expect("a valid value"));
    let agreed = Server::unnegotiated(&envelopes, false).0.negotiate(Offer::USUAL).expect("a valid value");
    assert_eq!(agreed.steps & (step::NO_BODY | step::SKIP), step::NO_BODY);
    let settings = settings();
    let negotiate = |version, actions, steps| {
        let agreed = Server::unnegotiated(&settings, false).0.negotiate(Offer { version, actions, steps })?;
        Some((agreed.version, agreed.actions, agreed.steps))
    };
    let needed = action::ADD_HEADERS
        | action::ADD_RECIPIENTS
        | action::DELETE_RECIPIENTS
        | action::CHANGE_HEADERS
        | action::CHANGE_SENDER;
    assert_eq!(negotiate(7, needed, 0), Some((6, needed, 0)));
    assert_eq!(negotiate(6, needed, step::NO_BODY), Some((6, needed, 0)));
    assert_eq!(negotiate(6, needed, step::SKIP | step::NO_BODY), Some((6, needed, step::SKIP)));
    assert_eq!(negotiate(6, needed & !action::CHANGE_SENDER, ALL), None);
    assert_eq!(negotiate(2, 0x3f, 0x7f), None);
}

/// Whether the body comes was settled when the session was negotiated.
#[test]
fn a_session_keeps_the_settings_it_was_negotiated_under() {
    let key = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t s3kr1t s3kr1t'\nstate = 'signing'\n";
    let [envelopes, messages] = [false, true].map(|judge| {
        of(&format!("verify.mode = 'reject'\n[messages]\njudge = {judge}\nreject_unverified = true"), key)
    });
    let [header, _] = FOREIGN_BOUNCE;
    let mut server = Server::new(&envelopes, false);
    server.say(CONNECT);
    let alone = server.message_of("", "alice@example.com", &[header]);
    server.reload(&messages);
    assert_eq!(server.message_of("", "alice@example.com", &[header]), alone);
    // The next client on the same connection: its body does not come either.
    server.say(b"K");
    server.say(CONNECT);
    assert_eq!(server.message_of("", "alice@example.com", &[header]), alone);
}

#[test]
fn a_message_keeps_the_settings_it_began_with() {
    let keyring = |domain: &str| {
        format!(
            "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t s3kr1t s3kr1t'\nstate = 'signing'\ndomains = ['{domain}']\n"
        )
    };
    let config = "messages.marked_since = 2020-01-01";
    let [others, ours] = ["example.org", "example.com"].map(|domain| of(config, &keyring(domain)));
    let mut server = Server::new(&others, false);
    server.say(CONNECT);
    server.say(b"DM{auth_type}\0PLAIN\0");
    server.say(b"M<alice@example.com>\0");
    assert_eq!(server.text(b"R<dave@example.net>\0"), "c");
    server.say(format!("LMessage-ID\0{MESSAGE_ID}\0").as_bytes());
    server.reload(&ours);
    // Neither a tag nor a Message-ID beside that which was not kept.
    assert_eq!(server.text(b"E"), "c");
    // The same client's next message is of the same session, the next client's is not.
    assert_eq!(server.message("alice@example.com", "dave@example.net"), "c");
    server.say(b"K");
    server.say(CONNECT);
    server.say(b"DM{auth_type}\0PLAIN\0");
    let (alice, tag) = ("alice@example.com", tagged(&ours, "alice@example.com"));
    assert_eq!(server.message(alice, "dave@example.net"), marked(&ours, alice, &tag));
}

#[test]
fn takes_packets_in_pieces_and_in_one_go() {
    let settings = settings();
    let packets: Vec<u8> = [
        CONNECT,
        b"DM{auth_type}\0PLAIN\0",
        b"M<alice@example.com>\0",
        b"R<dave@example.net>\0",
        b"LMessage-ID\0<1@example.com>\0",
        b"E",
    ]
    .iter()
    .flat_map(|packet| framed(packet))
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
    let too_long = u32::try_from(PACKET_LIMIT + 1).expect("a valid value").to_be_bytes();
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
        let mut server = Server::unnegotiated(&settings, true);
        server.say(&packet);
        server.say(b"M<>\0");
        server.say(&packet);
        server.say(b"E");
    }
}
