//! The decisions that all ways in have to agree on, put to the server.

use batv_core::Day;
use batv_core::envelope::Stage;
use batv_server::config::Keyring;
use batv_server::config::site::{Config, FileSystem, Site};
use batv_server::{Mail, Ruling, Server};
use batv_tests::vectors::decisions::{self, Client, Heard, NOTHING, Question, Row, Said, some_handle};

/// Part of the question that the server cannot be asked.
fn unaskable(row: &Row<'_>, question: &Question) -> Option<&'static str> {
    let at_end = row.at() == Stage::EndOfData;
    match () {
        () if row.answers().matter() => Some("store"),
        () if row.answers().report_is_welcome => Some("caller"),
        () if at_end && !question.before.is_empty() => Some("recipients before"),
        () if at_end && question.message.is_none() => Some("no message"),
        () => None,
    }
}

fn ask(row: &Row<'_>, question: &Question, today: Day) -> Ruling {
    let config = Config::parse(&row.batvd_toml(today, "none")).expect("a configuration");
    let keyring = Keyring::parse(&row.keyring(today)).expect("a keyring");
    let server = Server::new(Site::new(&config, keyring, &FileSystem).expect("a site")).at(today);
    let mut mail = server.mail(row.from);
    if row.client() != Client::World {
        mail = mail.from_own_client();
    }
    for before in &question.before {
        assert!(mail.rcpt(before).expect("a recipient").accepts(), "{before}");
    }
    let ruling = mail.rcpt(&question.to).expect("a recipient");
    match &question.message {
        Some(message) if row.at() == Stage::EndOfData && ruling.accepts() => at_end(&mail, row, message.as_bytes()),
        _ => ruling,
    }
}

fn at_end(mail: &Mail, row: &Row<'_>, message: &[u8]) -> Ruling {
    let beginning = row.message_octets().and_then(|most| message.get(..most));
    let mut outcome = beginning.map_or_else(|| mail.data(message), |beginning| mail.data_cut(beginning));
    outcome.rulings.pop().expect("a ruling")
}

fn said(ruling: &Ruling) -> Said {
    let mut said = Said::from([
        ("verdict", ruling.verdict.to_string()),
        ("reason", ruling.reason.to_string()),
        ("disposition", ruling.disposition.to_string()),
        ("reply", ruling.reply.split(' ').take(2).collect::<Vec<_>>().join(" ")),
        ("deliver_to", ruling.deliver_to.clone().unwrap_or_else(|| NOTHING.to_owned())),
        ("settled", u8::from(ruling.settled).to_string()),
    ]);
    said.extend(ruling.class.map(|class| ("class", class.as_str().to_owned())));
    said.extend(ruling.origin.map(|origin| ("origin", origin.as_str().to_owned())));
    said
}

#[test]
fn the_server_agrees() {
    decisions::agree("server", |row, today| {
        let question = row.question(today, &some_handle);
        match unaskable(row, &question) {
            Some(part) => Err(part),
            None => Ok(Heard { said: said(&ask(row, &question, today)), expected: question.expected }),
        }
    });
}
