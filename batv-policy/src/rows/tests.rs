//! The table of verdicts, row by row.

use core::fmt::Write;

use batv_bounce::{Class, Origin, Proof};
use batv_core::envelope::{
    self, Earlier, Envelope, Examination, Judgement, Mode, OnError, Policy, Reason, ReplyName, Stage,
};
use batv_core::tag::{Form, Signing, sign};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path, Pattern};

use super::{Facts, ROWS, Row, join};

mod all_questions;

const TODAY: u32 = 20_782;

/// What the forward-path carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Tag {
    None,
    Valid,
    /// Expired for three days.
    Expired,
    /// Expired for longer than a queue keeps a message.
    Late,
    Forged,
    /// Of a key that we don't have.
    UnknownKey,
    /// Of another program.
    Foreign,
}

const TAGS: [Tag; 7] = [Tag::None, Tag::Valid, Tag::Expired, Tag::Late, Tag::Forged, Tag::UnknownKey, Tag::Foreign];

/// What is asked.
#[derive(Clone, Copy, Debug)]
struct Question {
    from: &'static str,
    to: &'static str,
    tag: Tag,
    class: Class,
    origin: Origin,
    mode: Mode,
    /// Whether the recipient tags what it sends.
    protected: bool,
    trusted_client: bool,
    signing_since: Option<u32>,
    cut: bool,
    report_is_welcome: bool,
    replayed: bool,
    hold_receipts: bool,
    reject_daemon_senders: bool,
    reject_unverified: bool,
    /// Whether there is a key.
    key: bool,
    on_error: OnError,
}

/// An untagged bounce of which nothing is known, at the strictest.
const BOUNCE: Question = Question {
    from: "<>",
    to: "alice@example.com",
    tag: Tag::None,
    class: Class::Dsn,
    origin: Origin::Unknown,
    mode: Mode::Reject,
    protected: true,
    trusted_client: false,
    signing_since: None,
    cut: false,
    report_is_welcome: false,
    replayed: false,
    hold_receipts: false,
    reject_daemon_senders: false,
    reject_unverified: false,
    key: true,
    on_error: OnError::Tempfail,
};

/// The same from somebody with an address.
const MAIL: Question = Question { from: "bob@example.net", ..BOUNCE };

const OURS: Origin = Origin::Proved(Proof::Mark);
const NOT_OURS: Origin = Origin::Disproved;

fn key(id: u8) -> Key {
    let id = KeyId::new(id).expect("a digit");
    Key::new(KeyUse::Batv(id), Algorithm::HmacSha256, b"the public secret of our test messages").expect("a key")
}

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

/// The forward-path with its tag.
fn forward_path(to: &str, tag: Tag) -> String {
    let mailbox = Mailbox::parse(to).expect("a mailbox");
    let signed = |key: Key, on: u32| match sign(&[key], &mailbox, Form::Prvs, None, day(on)).expect("a key signs") {
        Signing::Tagged(tagged) => tagged.to_string(),
        other => panic!("{other:?}"),
    };
    match tag {
        Tag::None => to.to_owned(),
        Tag::Valid => signed(key(4), TODAY - 1),
        Tag::Expired => signed(key(4), TODAY - 10),
        Tag::Late => signed(key(4), TODAY - 20),
        Tag::Forged => {
            // prvs=KDDDSSSSSS=…: the last digit of the MAC is another one.
            let mut forged = signed(key(4), TODAY - 1);
            let last = "prvs=KDDDSSSSS".len();
            let other = if &forged[last..=last] == "0" { "1" } else { "0" };
            forged.replace_range(last..=last, other);
            forged
        }
        Tag::UnknownKey => signed(key(7), TODAY - 1),
        Tag::Foreign => format!("btv1==0123456789a=={to}"),
    }
}

impl Question {
    fn known(&self) -> Facts {
        Facts {
            class: self.class,
            origin: self.origin,
            cut: self.cut,
            report_is_welcome: self.report_is_welcome,
            replayed: self.replayed && self.tag != Tag::Late,
            is_late: self.tag == Tag::Late,
            hold_receipts: self.hold_receipts,
            reject_daemon_senders: self.reject_daemon_senders,
            reject_unverified: self.reject_unverified,
        }
    }

    /// Hands the verdict of the envelope alone and that of the message to `then`.
    fn ask<T>(&self, then: impl FnOnce(&Judgement<'_>, &Judgement<'_>) -> T) -> T {
        let to = forward_path(self.to, self.tag);
        self.ask_about(&to, then)
    }

    fn ask_about<T>(&self, to: &str, then: impl FnOnce(&Judgement<'_>, &Judgement<'_>) -> T) -> T {
        let reverse_path = Path::parse(self.from).expect("a reverse-path");
        let envelope = Envelope::new(reverse_path, Mailbox::parse(to).expect("a mailbox"))
            .with_trusted_client(self.trusted_client);
        let protected =
            [Pattern::parse(if self.protected { "example.com" } else { "example.org" }).expect("a pattern")];
        let policy = Policy::protecting(&protected, self.mode)
            .with_signing_since(self.signing_since.map(day))
            .with_on_error(self.on_error);
        let keys = if self.key { vec![key(4)] } else { Vec::new() };
        let examination = Examination::new(&envelope, keys.as_slice(), &policy, day(TODAY));
        let alone = examination.judge(self.mode, Stage::EndOfData);
        let (judgement, _) = join(alone, reverse_path, &self.known(), self.mode);
        then(&alone, &judgement)
    }
}

/// Verdict, reason, disposition, reply and where it is delivered.
fn told(judgement: &Judgement<'_>) -> String {
    let Judgement { verdict, reason, disposition, reply, .. } = judgement;
    let mut told = format!("{verdict}, {reason}, {disposition}, {} {}", reply.code, reply.enhanced);
    if let Some(mailbox) = judgement.deliver_to {
        write!(told, ", {mailbox}").expect("a string takes all");
    }
    told
}

fn check(question: Question, expected: &str) {
    assert_eq!(question.ask(|_, judgement| told(judgement)), expected, "{question:?}");
}

#[test]
fn row_01_exempt() {
    let expected = "not-judged, exempt, accept, 250 2.1.5, alice@example.com";
    check(Question { protected: false, origin: NOT_OURS, ..BOUNCE }, expected);
    check(Question { trusted_client: true, origin: NOT_OURS, ..BOUNCE }, expected);
    check(Question { signing_since: Some(TODAY + 1), origin: NOT_OURS, ..BOUNCE }, expected);
    check(Question { trusted_client: true, tag: Tag::Valid, ..BOUNCE }, expected);
    check(Question { trusted_client: true, ..MAIL }, expected);
}

/// At RCPT TO, before there is a message.
fn at_rcpt_to(earlier: Earlier) -> String {
    let alice = Mailbox::parse("alice@example.com").expect("a mailbox");
    let envelope = Envelope::new(Path::Null, alice).with_earlier(earlier);
    told(&envelope::judge(&envelope, &[key(4)], &Policy::new(Mode::Reject), day(TODAY)))
}

#[test]
fn row_02_null_multi_rcpt() {
    assert_eq!(at_rcpt_to(Earlier::Undecided), "undecided, null-multi-rcpt, tempfail, 452 4.5.3");
    // A client that sends all the same has each recipient judged.
    check(Question { origin: NOT_OURS, ..BOUNCE }, "disproved, backscatter-disproved, reject, 550 5.7.1");
}

#[test]
fn row_03_tag_ok() {
    let expected = "genuine, tag-ok, accept, 250 2.1.5, alice@example.com";
    for &class in Class::ALL {
        for origin in [OURS, Origin::Hinted, Origin::Unknown] {
            check(Question { tag: Tag::Valid, class, origin, ..BOUNCE }, expected);
        }
    }
    check(Question { tag: Tag::Valid, class: Class::Mdn, origin: NOT_OURS, ..BOUNCE }, expected);
}

#[test]
fn row_04_tag_ok_original_foreign() {
    for class in [Class::Dsn, Class::NonstandardDsn, Class::VirusNotice] {
        check(
            Question { tag: Tag::Valid, class, origin: NOT_OURS, ..BOUNCE },
            "unverified, tag-ok-original-foreign, mark, 250 2.1.5, alice@example.com",
        );
    }
}

#[test]
fn row_04_tag_replayed() {
    for &class in Class::ALL {
        let question = Question { tag: Tag::Valid, class, replayed: true, ..BOUNCE };
        // All readers of a message may be on vacation.
        let disposition = if class == Class::AutoReply { "mark" } else { "quarantine" };
        check(question, &format!("unverified, tag-replayed, {disposition}, 250 2.1.5, alice@example.com"));
        check(Question { origin: OURS, ..question }, "genuine, tag-ok, accept, 250 2.1.5, alice@example.com");
        check(
            Question { mode: Mode::Observe, ..question },
            "unverified, tag-replayed, accept, 250 2.1.5, alice@example.com",
        );
    }
}

#[test]
fn row_05_late_bounce() {
    for tag in [Tag::Expired, Tag::Late, Tag::UnknownKey, Tag::Foreign] {
        for &class in Class::ALL {
            check(
                Question { tag, class, origin: OURS, ..BOUNCE },
                "genuine, late-bounce, accept, 250 2.1.5, alice@example.com",
            );
        }
    }
}

#[test]
fn row_06_tag_expired() {
    for (origin, disposition) in [(Origin::Hinted, "accept"), (Origin::Unknown, "accept"), (NOT_OURS, "mark")] {
        let expected = format!("unverified, tag-expired, {disposition}, 250 2.1.5, alice@example.com");
        check(Question { tag: Tag::Expired, origin, ..BOUNCE }, &expected);
        check(Question { tag: Tag::Late, origin, ..BOUNCE }, "unverified, tag-expired, reject, 550 5.7.1");
        for tag in [Tag::UnknownKey, Tag::Foreign] {
            check(
                Question { tag, origin, ..BOUNCE },
                "unverified, tag-unknown-key, quarantine, 250 2.1.5, alice@example.com",
            );
        }
    }
    // What needs no tag is judged as if it had none.
    for tag in [Tag::Late, Tag::UnknownKey, Tag::None] {
        for (class, expected) in [
            (Class::Mdn, "unverified, mdn-unverified, mark"),
            (Class::AutoReply, "unverified, auto-reply-unverified, mark"),
            (Class::Challenge, "unverified, challenge-foreign, quarantine"),
        ] {
            check(Question { tag, class, ..BOUNCE }, &format!("{expected}, 250 2.1.5, alice@example.com"));
        }
    }
}

#[test]
fn row_07_tag_forged() {
    for origin in [OURS, Origin::Unknown, NOT_OURS] {
        check(Question { tag: Tag::Forged, origin, ..BOUNCE }, "disproved, tag-forged, reject, 550 5.7.1");
    }
    // What tagged before us may have had a key of the same id.
    check(
        Question { tag: Tag::Forged, signing_since: Some(TODAY - 5), ..BOUNCE },
        "unverified, tag-unknown-key, quarantine, 250 2.1.5, alice@example.com",
    );
}

#[test]
fn row_08_original_proved() {
    let expected = "genuine, original-proved, accept, 250 2.1.5, alice@example.com";
    for class in [Class::Dsn, Class::NonstandardDsn, Class::VirusNotice, Class::Challenge] {
        for proof in [Proof::Mark, Proof::EnvelopeId, Proof::Tag, Proof::Dkim] {
            check(Question { class, origin: Origin::Proved(proof), ..BOUNCE }, expected);
        }
    }
    check(Question { origin: OURS, signing_since: Some(TODAY - 5), ..BOUNCE }, expected);
}

#[test]
fn row_09_backscatter_disproved() {
    for signing_since in [None, Some(TODAY - 13)] {
        let question = Question { origin: NOT_OURS, signing_since, ..BOUNCE };
        for class in [Class::Dsn, Class::NonstandardDsn] {
            check(Question { class, ..question }, "disproved, backscatter-disproved, reject, 550 5.7.1");
        }
        check(
            Question { class: Class::VirusNotice, ..question },
            "disproved, backscatter-disproved, quarantine, 250 2.1.5, alice@example.com",
        );
    }
}

#[test]
fn row_10_backscatter_unverified() {
    for class in [Class::Dsn, Class::NonstandardDsn, Class::VirusNotice] {
        for origin in [Origin::Hinted, Origin::Unknown] {
            check(
                Question { class, origin, ..BOUNCE },
                "unverified, backscatter-unverified, quarantine, 250 2.1.5, alice@example.com",
            );
        }
        for origin in [Origin::Hinted, Origin::Unknown, NOT_OURS] {
            check(
                Question { class, origin, signing_since: Some(TODAY - 12), ..BOUNCE },
                "unverified, signing-grace, mark, 250 2.1.5, alice@example.com",
            );
        }
    }
}

#[test]
fn row_11_mdn_proved() {
    check(
        Question { class: Class::Mdn, origin: OURS, ..BOUNCE },
        "genuine, mdn-proved, accept, 250 2.1.5, alice@example.com",
    );
}

#[test]
fn row_12_mdn_unverified() {
    for origin in [Origin::Hinted, Origin::Unknown, NOT_OURS] {
        let question = Question { class: Class::Mdn, origin, ..BOUNCE };
        check(question, "unverified, mdn-unverified, mark, 250 2.1.5, alice@example.com");
        check(
            Question { hold_receipts: true, ..question },
            "unverified, mdn-unverified, quarantine, 250 2.1.5, alice@example.com",
        );
    }
}

#[test]
fn row_13_report() {
    for class in [Class::DmarcReport, Class::TlsReport, Class::FeedbackReport] {
        for origin in [OURS, Origin::Unknown, NOT_OURS] {
            check(
                Question { class, origin, report_is_welcome: true, ..BOUNCE },
                "not-judged, report, accept, 250 2.1.5, alice@example.com",
            );
        }
    }
}

#[test]
fn row_14_auto_reply() {
    check(
        Question { class: Class::AutoReply, origin: OURS, ..BOUNCE },
        "genuine, auto-reply-proved, accept, 250 2.1.5, alice@example.com",
    );
    for origin in [Origin::Hinted, Origin::Unknown, NOT_OURS] {
        check(
            Question { class: Class::AutoReply, origin, ..BOUNCE },
            "unverified, auto-reply-unverified, mark, 250 2.1.5, alice@example.com",
        );
    }
}

#[test]
fn row_15_null_not_bounce() {
    let reports = [Class::DmarcReport, Class::TlsReport, Class::FeedbackReport];
    for class in [Class::NullOther, Class::Ordinary, Class::ListAutomaton].into_iter().chain(reports) {
        check(Question { class, ..BOUNCE }, "not-judged, null-not-bounce, mark, 250 2.1.5, alice@example.com");
    }
}

#[test]
fn row_16_callout() {
    assert_eq!(at_rcpt_to(Earlier::None), "unverified, callout, accept, 250 2.1.5, alice@example.com");
}

#[test]
fn row_17_postmaster() {
    for to in ["postmaster@example.com", "abuse@example.com"] {
        let expected = format!("not-judged, rfc5321-4.5.1, accept, 250 2.1.5, {to}");
        check(Question { to, origin: NOT_OURS, ..BOUNCE }, &expected);
    }
}

#[test]
fn row_18_tagged_mail() {
    for tag in [Tag::Valid, Tag::Expired, Tag::Late] {
        check(
            Question { tag, class: Class::Ordinary, ..MAIL },
            "not-judged, tagged-mail, accept, 250 2.1.5, alice@example.com",
        );
    }
}

#[test]
fn row_19_tagged_bad() {
    check(Question { tag: Tag::Forged, ..MAIL }, "disproved, tagged-bad, reject, 550 5.1.1");
    check(
        Question { tag: Tag::Forged, mode: Mode::Quarantine, ..MAIL },
        "disproved, tagged-bad, mark, 250 2.1.5, alice@example.com",
    );
    check(Question { tag: Tag::UnknownKey, ..MAIL }, "unverified, tag-unknown-key, mark, 250 2.1.5, alice@example.com");
}

#[test]
fn what_is_unverified_is_refused_where_that_is_wanted() {
    let question = Question { reject_unverified: true, ..BOUNCE };
    check(question, "unverified, backscatter-unverified, reject, 550 5.7.1");
    check(
        Question { cut: true, ..question },
        "unverified, backscatter-unverified, quarantine, 250 2.1.5, alice@example.com",
    );
    check(Question { origin: OURS, ..question }, "genuine, original-proved, accept, 250 2.1.5, alice@example.com");
    check(
        Question { mode: Mode::Mark, ..question },
        "unverified, backscatter-unverified, mark, 250 2.1.5, alice@example.com",
    );
}

/// A reply says no more than is known.
#[test]
fn replies_tell_what_is_disproved_from_what_is_unproved() {
    let reply = |question: Question| question.ask(|_, judgement| judgement.reply.name);
    assert_eq!(reply(Question { origin: NOT_OURS, ..BOUNCE }), Some(ReplyName::ForeignOriginal));
    assert_eq!(reply(Question { reject_unverified: true, ..BOUNCE }), Some(ReplyName::UnprovedOriginal));
}

#[test]
fn row_20_nonnull_bounce_proved() {
    for class in [Class::Dsn, Class::NonstandardDsn, Class::VirusNotice, Class::Challenge] {
        check(
            Question { class, origin: OURS, ..MAIL },
            "genuine, nonnull-bounce-proved, mark, 250 2.1.5, alice@example.com",
        );
    }
}

#[test]
fn row_21_nonnull_backscatter() {
    for class in [Class::Dsn, Class::NonstandardDsn, Class::VirusNotice] {
        let question = Question { class, origin: NOT_OURS, ..MAIL };
        check(question, "disproved, nonnull-backscatter, quarantine, 250 2.1.5, alice@example.com");
        check(
            Question { reject_daemon_senders: true, ..question },
            "disproved, nonnull-backscatter, reject, 550 5.7.1",
        );
    }
}

#[test]
fn row_22_challenge_foreign() {
    for question in [BOUNCE, MAIL] {
        for origin in [Origin::Hinted, Origin::Unknown, NOT_OURS] {
            check(
                Question { class: Class::Challenge, origin, ..question },
                "unverified, challenge-foreign, quarantine, 250 2.1.5, alice@example.com",
            );
        }
    }
}

#[test]
fn row_23_not_judged() {
    let expected = "not-judged, not-judged, accept, 250 2.1.5, alice@example.com";
    for class in [Class::Ordinary, Class::Mdn, Class::AutoReply, Class::DmarcReport, Class::ListAutomaton] {
        for origin in [OURS, Origin::Unknown, NOT_OURS] {
            check(Question { class, origin, ..MAIL }, expected);
        }
    }
    // Nothing shows whose message it returns.
    check(MAIL, expected);
}

#[test]
fn row_24_internal() {
    let no_key = Question { key: false, ..BOUNCE };
    check(no_key, "undecided, internal, tempfail, 451 4.3.0");
    check(
        Question { on_error: OnError::Accept, ..no_key },
        "undecided, internal, accept, 250 2.1.5, alice@example.com",
    );
    // A message that was not read to its end is not refused for what it says.
    check(
        Question { origin: NOT_OURS, cut: true, ..BOUNCE },
        "disproved, backscatter-disproved, quarantine, 250 2.1.5, alice@example.com",
    );
}

#[test]
fn each_mode_goes_as_far_as_it_may() {
    let null = |tag, class, origin| Question { tag, class, origin, ..BOUNCE };
    let mail = |tag, class, origin| Question { tag, class, origin, ..MAIL };
    let grace = |question| Question { signing_since: Some(TODAY - 5), ..question };
    #[rustfmt::skip]
    let cases = [
        (null(Tag::Valid, Class::Dsn, Origin::Unknown), "tag-ok", "accept accept accept accept"),
        (null(Tag::Valid, Class::Dsn, NOT_OURS), "tag-ok-original-foreign", "accept mark mark mark"),
        (null(Tag::Late, Class::Dsn, OURS), "late-bounce", "accept accept accept accept"),
        (null(Tag::Expired, Class::Dsn, NOT_OURS), "tag-expired", "accept mark mark mark"),
        (null(Tag::Late, Class::Dsn, Origin::Unknown), "tag-expired", "accept mark quarantine reject"),
        (null(Tag::Late, Class::Mdn, NOT_OURS), "mdn-unverified", "accept mark mark mark"),
        (null(Tag::UnknownKey, Class::Dsn, NOT_OURS), "tag-unknown-key", "accept mark quarantine quarantine"),
        (null(Tag::Forged, Class::Dsn, OURS), "tag-forged", "accept mark quarantine reject"),
        (null(Tag::None, Class::Dsn, OURS), "original-proved", "accept accept accept accept"),
        (null(Tag::None, Class::Dsn, NOT_OURS), "backscatter-disproved", "accept mark quarantine reject"),
        (null(Tag::None, Class::Dsn, Origin::Hinted), "backscatter-unverified", "accept mark quarantine quarantine"),
        (grace(null(Tag::None, Class::Dsn, NOT_OURS)), "signing-grace", "accept mark mark mark"),
        (null(Tag::None, Class::Mdn, OURS), "mdn-proved", "accept accept accept accept"),
        (null(Tag::None, Class::Mdn, NOT_OURS), "mdn-unverified", "accept mark mark mark"),
        (null(Tag::None, Class::AutoReply, OURS), "auto-reply-proved", "accept accept accept accept"),
        (null(Tag::None, Class::AutoReply, NOT_OURS), "auto-reply-unverified", "accept mark mark mark"),
        (null(Tag::None, Class::Challenge, NOT_OURS), "challenge-foreign", "accept mark quarantine quarantine"),
        (null(Tag::None, Class::NullOther, NOT_OURS), "null-not-bounce", "accept mark mark mark"),
        (mail(Tag::Late, Class::Ordinary, Origin::Unknown), "tagged-mail", "accept accept accept accept"),
        (mail(Tag::Forged, Class::Ordinary, Origin::Unknown), "tagged-bad", "accept mark mark reject"),
        (mail(Tag::None, Class::Dsn, OURS), "nonnull-bounce-proved", "accept mark mark mark"),
        (mail(Tag::None, Class::Dsn, NOT_OURS), "nonnull-backscatter", "accept mark quarantine quarantine"),
        (mail(Tag::None, Class::Challenge, NOT_OURS), "challenge-foreign", "accept mark quarantine quarantine"),
        (mail(Tag::None, Class::Ordinary, NOT_OURS), "not-judged", "accept accept accept accept"),
    ];
    for (question, reason, dispositions) in cases {
        let of_mode = |&mode: &Mode| {
            Question { mode, ..question }.ask(|_, judgement| {
                assert_eq!(judgement.reason.as_str(), reason, "{question:?}");
                judgement.disposition.as_str()
            })
        };
        assert_eq!(Mode::ALL.iter().map(of_mode).collect::<Vec<_>>().join(" "), dispositions, "{reason}");
    }
}

/// As `batv judge --explain` shows them.
#[test]
fn rows_tell_what_they_are_about() {
    let rows: Vec<String> = ROWS.iter().map(ToString::to_string).collect();
    for row in [
        "1 any exempt any any: as the envelope says",
        "4 null tag-ok,tag-expired any not-proved replayed: unverified, tag-replayed, at most quarantine",
        "4 null tag-ok dsn,nonstandard-dsn,virus-notice disproved: unverified, tag-ok-original-foreign, at most mark",
        "4 null tag-expired dsn,nonstandard-dsn,virus-notice disproved in-time: unverified, tag-expired, at most mark",
        "8 null untagged,signing-grace dsn,nonstandard-dsn,virus-notice proved: genuine, original-proved, accept",
        "10 null untagged dsn,nonstandard-dsn,virus-notice open: unverified, backscatter-unverified, at most quarantine",
        "13 null untagged,signing-grace,tag-expired,tag-unknown-key dmarc,tlsrpt,arf any welcome: not-judged, report, accept",
        "23 mailbox not-judged any any: as the envelope says",
    ] {
        assert!(rows.iter().any(|known| known == row), "{row}\n{rows:#?}");
    }
}

/// The report pairs the two lines of a recipient by it.
#[test]
fn the_core_knows_what_a_message_can_turn_a_reason_into() {
    let becomes = |first: Reason, second: Reason| {
        let by_row = |row: &Row| row.envelope.contains(&first) && row.effect.is_some_and(|then| then.reason == second);
        first == second || ROWS.iter().any(by_row)
    };
    for &first in Reason::ALL {
        for &second in Reason::ALL {
            let expected = match first {
                Reason::Callout => becomes(Reason::Untagged, second) || becomes(Reason::SigningGrace, second),
                _ => becomes(first, second),
            };
            assert_eq!(first.may_become(second), expected, "{first}, {second}");
        }
    }
}

#[test]
fn the_rows_are_numbered_without_a_gap() {
    for number in 1..=27 {
        assert!(ROWS.iter().any(|row| row.number == number), "{number}");
    }
    assert!(ROWS.iter().all(|row| (1..=27).contains(&row.number)));
}
