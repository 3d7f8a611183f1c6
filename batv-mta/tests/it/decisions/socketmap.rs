//! By the tables of Postfix and Sendmail: `verify`, and `srs-reverse` for addresses without a tag.

use batv_core::envelope::Stage;
use batv_mta::listen::socketmap::Socketmap;
use batv_tests::vectors::decisions::{Question, Row, Said};

use super::{BEFORE, CLIENT, END_OF_DATA, Host, NOTHING, agree, bring_none, shown};

/// Where a key of ours made the address, whatever comes to it.
const PROVED: [&str; 5] = ["tag-ok", "tag-expired", "tagged-mail", "srs-ok", "srs-mail"];
const SENDER: &str = "sender";

fn look_up(host: &Host, map: &str, address: &str) -> String {
    let request = format!("{map} {address}");
    let answer = host.tell(&mut Socketmap, format!("{}:{request},", request.len()).as_bytes());
    let (_, answer) = answer.trim_end_matches(',').split_once(':').unwrap_or_else(|| panic!("{answer}"));
    answer.trim_end().to_owned()
}

/// A table returns the address behind a valid tag, and nothing otherwise: it shows no more of a verdict.
fn ask(host: &Host, _: &Row<'_>, question: &Question, _: &str) -> Said {
    let mut answer = look_up(host, "verify", &question.to);
    if answer == "NOTFOUND" {
        answer = look_up(host, "srs-reverse", &question.to);
    }
    let [verdict, reason, deliver_to] =
        ["verdict", "reason", "deliver_to"].map(|field| question.expected[field].as_str());
    let is_restored = ![NOTHING, &shown(&question.to)].contains(&deliver_to);
    // One that leads to a mailbox of ours proves nothing of the bounce.
    let leads_home = reason == "callout" && question.to.starts_with("SRS0");
    let is_restored_anyway = matches!(reason, "exempt" | "rfc5321-4.5.1") && is_restored;
    let is_proved = PROVED.contains(&reason) || leads_home || is_restored_anyway;
    // A forged tag is recognised before the store is asked about the handle.
    let waits = reason == "internal" && question.to.contains("alias") && !question.expected["in_reject"].eq("reject");
    let mut said = Said::new();
    let expected = match () {
        () if waits => "TEMP ",
        () if is_proved => "OK ",
        () => "NOTFOUND",
    };
    let agrees = answer.starts_with(expected);
    said.insert("verdict", if agrees { verdict.to_owned() } else { format!("{answer:?} for {verdict}, {reason}") });
    if let Some(found) = answer.strip_prefix("OK ").filter(|_| is_restored) {
        said.insert("deliver_to", found.to_owned());
    }
    said
}

#[test]
fn socketmap_agrees() {
    let cannot = |row: &Row<'_>| {
        let answers = row.answers();
        let is_limited = answers.too_many_bounces || answers.too_many_wrong_tags.is_some();
        match row.at() {
            Stage::RcptTo if row.earlier() != "none" => Some(BEFORE),
            Stage::RcptTo if is_limited => Some(CLIENT),
            Stage::RcptTo if row.reason() == "srs-not-bounce" => Some(SENDER),
            Stage::RcptTo => None,
            _ => Some(END_OF_DATA),
        }
    };
    agree("socketmap", cannot, bring_none, ask);
}
