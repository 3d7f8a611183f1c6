//! The decisions that all ways in have to agree on, put to `batv_check` and `batv_judge_message`.

use batv::{
    batv_buffer, batv_check, batv_earlier, batv_envelope, batv_judge_message, batv_judgement, batv_message_read,
    batv_reading, batv_result, batv_stage,
};
use batv_core::Day;
use batv_core::envelope::Stage;
use batv_tests::vectors::decisions::{self, Client, Heard, NOTHING, Question, Row, Said, some_handle};

use crate::handles::{Message, Site, answered, envelope, field, judged, name};

/// The keys and settings of a row.
fn site(row: &Row<'_>, today: Day) -> Site {
    let site = Site::with_keys(&row.keyring(today));
    for (name, value) in row.settings(today) {
        assert_eq!(site.set(name, &value), batv_result::Ok, "{name} {value}");
    }
    site
}

fn noon(today: Day) -> i64 {
    i64::from(today.number()) * 86_400 + 43_200
}

fn envelope_of(row: &Row<'_>, to: &str) -> batv_envelope {
    let earlier = match row.earlier() {
        "none" => batv_earlier::None,
        "settled" => batv_earlier::Settled,
        "undecided" => batv_earlier::Undecided,
        other => panic!("{other} is nothing earlier"),
    };
    let stage = if row.at() == Stage::RcptTo { batv_stage::RcptTo } else { batv_stage::EndOfData };
    batv_envelope {
        trusted_client: u32::from(row.client() != Client::World),
        earlier: earlier as u32,
        stage: stage as u32,
        report_is_welcome: row.answers().report_is_welcome.into(),
        ..envelope(row.from, to)
    }
}

fn hear(call: impl FnMut(*mut batv_judgement, *mut batv_buffer) -> batv_result) -> (Said, batv_judgement) {
    let (judgement, deliver_to) = judged(call);
    let named = |code| name(code).to_owned();
    let reply = field(&judgement.reply);
    assert!(reply.starts_with(&judgement.reply_code.to_string()), "{reply}");
    let said = Said::from([
        ("verdict", named(judgement.verdict as u32)),
        ("reason", named(judgement.reason as u32)),
        ("disposition", named(judgement.disposition as u32)),
        ("mode", named(judgement.mode as u32)),
        ("in_reject", named(judgement.in_reject as u32)),
        ("reply", reply.chars().take("250 2.1.5".len()).collect()),
        ("deliver_to", if deliver_to.is_empty() { NOTHING.to_owned() } else { deliver_to }),
        ("settled", judgement.settled.to_string()),
        ("earlier", named(judgement.earlier as u32)),
    ]);
    (said, judgement)
}

fn check(row: &Row<'_>, today: Day) -> Heard {
    let Question { to, expected, .. } = row.question(today, &some_handle);
    let (site, envelope) = (site(row, today), envelope_of(row, &to));
    // SAFETY: all of it is there, and may be written to.
    let (said, judgement) = hear(|judgement, deliver_to| unsafe {
        batv_check(site.keyring, site.settings, &raw const envelope, noon(today), judgement, deliver_to)
    });
    assert_eq!((judgement.origin, judgement.row), (0, 0), "there is no message");
    Heard { expected, said }
}

fn judge_message(row: &Row<'_>, today: Day) -> Heard {
    let Question { to, message, expected, .. } = row.question(today, &some_handle);
    let (site, envelope) = (site(row, today), envelope_of(row, &to));
    let limit = row.message_octets().unwrap_or_default();
    let message = Message::new(message.expect("a message").as_bytes(), row.from, limit);
    let (keyring, settings, now) = (site.keyring, site.settings, noon(today));
    // SAFETY: all of it is there, and may be written to.
    let (mut said, judgement) = hear(|judgement, deliver_to| unsafe {
        batv_judge_message(keyring, settings, message.0, &raw const envelope, now, judgement, deliver_to)
    });
    // SAFETY: the message is there, and the place may be written to.
    let reading: batv_reading = answered(|reading| unsafe { batv_message_read(message.0, reading) });
    said.insert("class", name(reading.message_class as u32).to_owned());
    said.insert("origin", name(judgement.origin).to_owned());
    Heard { expected, said }
}

#[test]
fn check_agrees() {
    decisions::agree("batv_check", |row, today| match () {
        () if row.has_message() => Err("message"),
        () if row.answers().matter() && !row.is_unasked() => Err("answers"),
        () => Ok(check(row, today)),
    });
}

#[test]
fn judge_message_agrees() {
    decisions::agree("batv_judge_message", |row, today| match () {
        () if !row.has_message() => Err("no message"),
        () if row.answers().matter() && !row.is_unasked() => Err("answers"),
        () => Ok(judge_message(row, today)),
    });
}
