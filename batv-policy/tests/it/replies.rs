//! Replies in a site's own words.

use batv_bounce::{Limits, read};
use batv_core::envelope::{Envelope, Mode, ReplyName, Stage};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
use batv_policy::{Answers, HandleAnswer, REPLY_TEXT_LIMIT, REPLY_URL_LIMIT, Replies, ReplyError, Rules, Site};

const FOREIGN: &str = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
    --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
    Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n\n\
    --b\nContent-Type: message/rfc822\n\nFrom: carol@example.org\nMessage-ID: <1@example.org>\n\nhello\n--b--\n";

fn today() -> Day {
    Day::new(18_262).expect("a day")
}

fn site(replies: Replies) -> Site {
    let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").expect("a key");
    let mut rules = Rules { mode: Mode::Reject, replies, ..Rules::default() };
    rules.messages.reject_unverified = true;
    Site::new(vec![key], rules).expect("a site")
}

fn replies(texts: &[(&str, &str)]) -> Replies {
    let mut replies = Replies::default();
    texts.iter().for_each(|(name, text)| replies.set(name, text).expect("a reply"));
    replies
}

fn bounce_to(to: &str) -> Envelope<'_> {
    Envelope::new(Path::Null, Mailbox::parse(to).expect("a mailbox"))
}

#[test]
fn a_site_words_its_replies_at_rcpt_to() {
    let site = site(replies(&[
        ("tag-forged", "Someone forged our tag"),
        ("too-many-bounces", "Slow down"),
        ("lookup-failed", "Our directory is down"),
        ("recipient-ok", "Welcome"),
        ("url", "https://example.com/bounces"),
    ]));
    let forged = bounce_to("prvs=0269000000=alice@example.com");
    let said = |envelope: &Envelope<'_>, answers: &Answers<'_>| {
        site.view().recipient(envelope, today()).rcpt(answers).reply.to_string()
    };
    assert_eq!(said(&forged, &Answers::default()), "550 5.7.1 Someone forged our tag; see https://example.com/bounces");
    // Deferrals and acceptances are no refusals.
    let answers = Answers { too_many_bounces: true, ..Answers::default() };
    assert_eq!(said(&forged, &answers), "451 4.7.1 Slow down");
    let good = bounce_to("prvs=0269b1e711=alice@example.com");
    assert_eq!(said(&good, &Answers::default()), "250 2.1.5 Welcome");
    let answers = Answers { handle: HandleAnswer::Unanswered, ..Answers::default() };
    assert_eq!(said(&good, &answers), "451 4.3.0 Our directory is down");
}

#[test]
fn a_site_words_its_replies_at_the_end_of_data() {
    let site = site(replies(&[("not-our-bounce", "No tag, no bounce"), ("unproved-original", "Not ours, we think")]));
    let envelope = bounce_to("alice@example.com").with_stage(Stage::EndOfData);
    let recipient = site.view().recipient(&envelope, today());
    assert_eq!(recipient.data(&Answers::default()).reply.to_string(), "550 5.7.1 No tag, no bounce");

    let reading = read(FOREIGN.as_bytes(), Some(Path::Null), &Limits::default());
    let message = site.view().message(&reading, today());
    let ruling = recipient.with_message(&message).data(&Answers::default());
    let expected = match ruling.reply.name {
        Some(ReplyName::UnprovedOriginal) => "550 5.7.1 Not ours, we think".to_owned(),
        name => name.expect("a reply of the table").reply().to_string(),
    };
    assert_eq!((ruling.reply.code, ruling.reply.to_string()), (550, expected));
}

#[test]
fn a_site_without_texts_has_the_standard_ones() {
    for &name in ReplyName::ALL {
        assert_eq!(Replies::default().reply(name), name.reply());
    }
}

#[test]
fn each_reply_fits_its_line() {
    let text = "x".repeat(REPLY_TEXT_LIMIT);
    let url = format!("https://{}", "x".repeat(REPLY_URL_LIMIT - "https://".len()));
    for &name in ReplyName::ALL {
        let line = replies(&[(name.as_str(), &text), ("url", &url)]).reply(name).to_string();
        assert!(line.len() + "\r\n".len() <= 512, "{name}: {}", line.len());
    }
}

#[test]
fn wrong_texts_are_refused_and_change_nothing() {
    let mut replies = replies(&[("tag-forged", "Forged"), ("url", "https://example.com/")]);
    let before = replies.clone();
    let long = "x".repeat(REPLY_TEXT_LIMIT + 1);
    for (name, text, error) in [
        ("tag-forged", "", ReplyError::Empty),
        ("tag-forged", " ", ReplyError::Empty),
        ("tag-forged", "a\r\nb", ReplyError::Character { character: '\r', offset: 1 }),
        ("tag-forged", "f\u{fc}r", ReplyError::Character { character: '\u{fc}', offset: 1 }),
        ("tag-forged", "100%", ReplyError::Character { character: '%', offset: 3 }),
        ("tag-forged", &long, ReplyError::TooLong { length: 401, limit: REPLY_TEXT_LIMIT }),
        ("url", "example.com", ReplyError::Url),
        ("url", "https://example.com/a b", ReplyError::Url),
        ("url", &long, ReplyError::TooLong { length: 401, limit: REPLY_URL_LIMIT }),
    ] {
        assert_eq!(replies.set(name, text), Err(error), "{name} {text}");
    }
    let error = replies.set("tag-forgd", "Forged").expect_err("no such reply").to_string();
    assert!(error.contains("`tag-forged`") && error.ends_with("or `url`"), "{error}");
    assert_eq!(replies, before);
}
