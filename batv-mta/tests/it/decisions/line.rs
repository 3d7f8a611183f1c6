//! By the line protocol: `judge`, `judge-message` and `check`.

use batv_core::envelope::Stage;
use batv_tests::vectors::decisions::{Question, Row, Said};

use super::{BEFORE, CALLER, END_OF_DATA, Host, MESSAGE, POSTMASTER, TAKEN, agree, codes};

/// A row without a message is asked with `judge`.
const NO_MESSAGE: &str = "no message";

/// A request has the reverse-path in brackets.
fn bracketed(from: &str) -> String {
    if from.trim_start().starts_with('<') { from.to_owned() } else { format!("<{from}>") }
}

/// The answer has the name of the request's own field for most; the log has the rest.
fn hear(host: &Host, row: &Row<'_>, answer: &str) -> Said {
    let fields = answer.trim_end().strip_prefix("OK ").unwrap_or_else(|| panic!("{answer}"));
    let value = |name: &str| {
        let start = fields.find(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {answer}"));
        let value = &fields[start + name.len() + 1..];
        match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => value.split(' ').next(),
        }
        .unwrap_or_default()
        .to_owned()
    };
    let mut said = host.logged(row);
    let words = [("verdict", "verdict"), ("reason", "reason"), ("disposition", "disposition"), ("mode", "mode")];
    for (field, name) in words {
        assert_eq!(said.get(field), Some(&value(name)), "the log and {answer}");
    }
    said.insert("settled", value("settled"));
    said.insert("earlier", value("earlier"));
    said.insert("reply", codes(&value("reply")));
    if row.has_message() {
        said.insert("class", value(" class"));
        said.insert("origin", value(" origin"));
    } else {
        said.remove("class");
        said.remove("origin");
    }
    said
}

fn bring(host: &Host, client: &str) {
    host.line(&format!("judge data none {client} <> {POSTMASTER}\n"));
}

#[test]
fn judge_agrees() {
    let ask = |host: &Host, row: &Row<'_>, question: &Question, from: &str| {
        let (at, earlier, client, from) = (row.at().as_str(), row.earlier(), row.client().address(), bracketed(from));
        let answer = host.line(&format!("judge {at} {earlier} {client} {from} {}\n", question.to));
        hear(host, row, &answer)
    };
    agree("line judge", |row| row.has_message().then_some(MESSAGE), bring, ask);
}

#[test]
fn judge_message_agrees() {
    let ask = |host: &Host, row: &Row<'_>, question: &Question, from: &str| {
        let (client, from) = (row.client().address(), bracketed(from));
        let message = question.message.as_deref().expect("a message");
        let request = format!("judge-message {client} whole {} {from} {}\n{message}", message.len(), question.to);
        let answer = host.line(&request);
        hear(host, row, &answer)
    };
    let cannot = |row: &Row<'_>| match row.has_message() {
        true => row.answers().report_is_welcome.then_some(CALLER),
        false => Some(NO_MESSAGE),
    };
    agree("line judge-message", cannot, bring, ask);
}

#[test]
fn check_agrees() {
    let ask = |host: &Host, row: &Row<'_>, question: &Question, from: &str| {
        let answer = host.line(&format!("check {} {} {}\n", row.client().address(), bracketed(from), question.to));
        let mut said = host.logged(row);
        let reply = answer.trim_end().strip_prefix("OK ");
        assert!(reply.is_some() || answer == "NO\n", "{answer}");
        said.insert("reply", reply.map_or(TAKEN.to_owned(), codes));
        said
    };
    let cannot = |row: &Row<'_>| match row.at() {
        Stage::RcptTo => (row.earlier() != "none").then_some(BEFORE),
        _ => Some(END_OF_DATA),
    };
    agree("line check", cannot, bring, ask);
}
