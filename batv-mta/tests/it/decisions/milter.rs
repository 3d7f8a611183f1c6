//! By milter.

use batv_core::envelope::Stage;
use batv_tests::milter::{self, Answer, MailServer, Offer};
use batv_tests::vectors::decisions::{Question, Row, Said};

use super::{BEFORE, CALLER, Host, NOTHING, POSTMASTER, TAKEN, agree, codes, complete, parts, shown};
use crate::milter::Wire;

/// The replies to a packet: the text behind each letter.
fn heard(answer: &Answer) -> Vec<(char, String)> {
    let Answer::Packets(packets) = answer else { panic!("{answer}") };
    let read = |packet: &Vec<u8>| {
        let (letter, rest) = packet.split_first().expect("a reply");
        let rest = if *letter == b'i' { &rest[4..] } else { rest };
        (char::from(*letter), String::from_utf8_lossy(rest).trim_end_matches('\0').to_owned())
    };
    packets.iter().map(read).collect()
}

fn find(heard: &[(char, String)], letter: char) -> Option<&str> {
    heard.iter().find(|(known, _)| *known == letter).map(|(_, text)| text.as_str())
}

fn connected(host: &Host, client: &str) -> MailServer<Wire> {
    let mut server = MailServer::new(Wire::new(&host.settings));
    server.negotiate(Offer::USUAL).expect("an agreement");
    server.say(&milter::macros(b'C', &["{daemon_name}", "MX"]));
    server.say(&milter::connect("client.example.net", 12345, client));
    server
}

fn bring(host: &Host, client: &str) {
    let mut server = connected(host, client);
    server.say(b"M<>\0");
    server.say(&milter::recipient(POSTMASTER));
    server.say(milter::END_OF_MESSAGE);
}

fn ask(host: &Host, row: &Row<'_>, question: &Question, from: &str) -> Said {
    let mut server = connected(host, row.client().address());
    server.say(format!("M{from}\0").as_bytes());
    for before in &question.before {
        assert_eq!(heard(&server.say(&milter::recipient(before))), [('c', String::new())], "{before}");
    }
    let answer = heard(&server.say(&milter::recipient(&question.to)));
    if let Some(reply) = find(&answer, 'y') {
        let mut said = host.logged(row);
        said.insert("reply", codes(reply));
        return said;
    }
    if row.at() == Stage::RcptTo {
        let mut said = host.logged(row);
        said.insert("reply", TAKEN.to_owned());
        return said;
    }
    if let Some(message) = &question.message {
        let (fields, body) = parts(message);
        fields.iter().for_each(|(name, value)| drop(server.say(&milter::header(name, value))));
        server.say(&milter::body(body.replace('\n', "\r\n").as_bytes()));
    } else {
        assert!(!row.reads(), "the site of a row without a message reads none");
    }
    let answer = heard(&server.say(milter::END_OF_MESSAGE));
    let mut said = host.logged(row);
    let refused = find(&answer, 'y');
    said.insert("reply", refused.map_or(TAKEN.to_owned(), codes));
    let added = find(&answer, '+').map(|path| path.trim_matches(['<', '>']).to_owned());
    let delivered = added.unwrap_or_else(|| shown(&question.to));
    said.insert("deliver_to", if refused.is_some() { NOTHING.to_owned() } else { delivered });
    let verdict_field = answer.iter().find_map(|(_, text)| text.strip_prefix("X-BATV-Verdict\0"));
    complete(&mut said, verdict_field);
    let is_held = find(&answer, 'q').is_some();
    assert_eq!(is_held, said.get("disposition").is_some_and(|disposition| disposition == "quarantine"), "{answer:?}");
    said
}

#[test]
fn milter_agrees() {
    let cannot = |row: &Row<'_>| {
        (row.answers().report_is_welcome)
            .then_some(CALLER)
            .or_else(|| (row.earlier() != "none" && row.at() == Stage::EndOfData).then_some(BEFORE))
    };
    agree("milter", cannot, bring, ask);
}
