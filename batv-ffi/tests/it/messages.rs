//! Of any message, C is told what the crates below find: of the project's own, and of whatever else.

use alloc::ffi::CString;
use core::ffi::CStr;
use core::fmt::Display;
use core::mem::MaybeUninit;
use std::fs;
use std::path::PathBuf;

use batv::{
    batv_bounce_answer, batv_bounce_question, batv_judge_message, batv_may_bounce, batv_message, batv_message_evidence,
    batv_message_origin, batv_message_original, batv_message_read, batv_message_report, batv_origin, batv_reading,
    batv_result, batv_settings_add_dkim_key,
};
use batv_bounce::dkim::PublicKey;
use batv_bounce::{Evidence, Identity, Limits, Origin, Reading, read};
use batv_config::{Keyring, date};
use batv_core::envelope::{Envelope, Mode};
use batv_core::{Day, Mailbox, Path, Pattern, TagVerdict};
use batv_policy::{Answers, BouncePolicy, BounceQuestion, MessageRules, NoticeKind, Rules, View, may_bounce};
use proptest::prelude::*;
use proptest::sample::select;

use crate::handles::{ABSENT, Message, Site, answered, field, judged, name, sized, text, written};

/// The day on which the project's messages come, and when all that was sent has a mark.
const TODAY: &str = "2026-11-25";
const MARKED_SINCE: &str = "2026-01-01";
const SELECTORS: [&str; 2] = ["rsa2026", "ed2026"];
/// What the numbers 0 and 100 to 105 say of a tag.
const TAGS: [Option<TagVerdict>; 7] = [
    None,
    Some(TagVerdict::Valid),
    Some(TagVerdict::Expired),
    Some(TagVerdict::BadMac),
    Some(TagVerdict::UnknownKey),
    Some(TagVerdict::Untagged),
    None,
];
const FIELDS: [&str; 8] =
    ["Message-ID", "From", "Date", "Return-Path", "Received", "DKIM-Signature", "X-BATV-Mark", "X-None"];

fn pattern(text: &str) -> Pattern<String> {
    Pattern::parse(text.to_owned()).expect("a pattern")
}

fn folder() -> PathBuf {
    crate::support::manifest().join("../batv-bounce/tests/messages")
}

/// The same keys and settings on both sides.
struct Sides {
    site: Site,
    keyring: Keyring,
    rules: Rules,
    today: Day,
}

impl Sides {
    fn new() -> Self {
        let keys = fs::read_to_string(folder().join("keyring.toml")).expect("a file");
        let site = Site::with_keys(&keys);
        for (name, value) in [
            ("mode", "reject"),
            ("protected", "example.com"),
            ("marked_since", MARKED_SINCE),
            ("authserv_ids", "mx.example.com"),
            ("identities", "bounces@example.com=alice@example.com bounces@example.com=example.net"),
            ("trusted_sealers", "list.example"),
            ("double_bounce", "double-bounce@example.com"),
            ("allowed", "partner.example"),
        ] {
            assert_eq!(site.set(name, value), batv_result::Ok, "{name}");
        }
        let mut dkim_keys = Vec::new();
        for selector in SELECTORS {
            let record = fs::read(folder().join(format!("dkim/{selector}.example.com.txt"))).expect("a record");
            dkim_keys.push(PublicKey::parse("example.com", selector, &record).expect("a key"));
            let selector = CString::new(selector).expect("no NUL");
            // SAFETY: these are settings and texts.
            let result = unsafe {
                batv_settings_add_dkim_key(site.settings, c"example.com".as_ptr(), selector.as_ptr(), text(&record))
            };
            assert_eq!(result, batv_result::Ok);
        }
        let messages = MessageRules {
            marked_since: date::parse(MARKED_SINCE).ok(),
            dkim_keys,
            authserv_ids: vec!["mx.example.com".to_owned()],
            identities: ["alice@example.com", "example.net"]
                .map(|author| Identity::from((pattern("bounces@example.com"), pattern(author))))
                .into(),
            ..MessageRules::default()
        };
        let protected = vec![pattern("example.com")];
        Self {
            site,
            keyring: Keyring::parse(&keys).expect("a keyring"),
            rules: Rules { protected, mode: Mode::Reject, messages, ..Rules::default() },
            today: date::parse(TODAY).expect("a day"),
        }
    }

    fn now(&self) -> i64 {
        i64::from(self.today.number()) * 86_400 + 43_200
    }

    fn agree(&self, octets: &[u8], from: &str, to: &str) {
        let reverse_path = Path::parse(from.as_bytes()).expect("a sender");
        let reading = read(octets, Some(reverse_path), &Limits::default());
        let message = Message::new(octets, from, 0);
        agree_on_what_it_is(&reading, message.0);
        self.agree_on_the_verdict(&reading, message.0, reverse_path, from, to);
    }

    fn agree_on_the_verdict(
        &self,
        reading: &Reading<'_>,
        message: *const batv_message,
        reverse_path: Path<'_>,
        from: &str,
        to: &str,
    ) {
        let site = View::new(self.keyring.keys(), &self.rules);
        let envelope = Envelope::new(reverse_path, Mailbox::parse(to).expect("a recipient"));
        let read = site.message(reading, self.today);
        let case = site.recipient(&envelope, self.today).with_message(&read);
        let expected = case.data(&Answers::default());

        let asked = crate::handles::envelope(from, to);
        // SAFETY: handles, envelope and places are as they are said to be.
        let (judgement, deliver_to) = judged(|judgement, deliver_to| unsafe {
            batv_judge_message(
                self.site.keyring,
                self.site.settings,
                message,
                &raw const asked,
                self.now(),
                judgement,
                deliver_to,
            )
        });
        let reply = field(&judgement.reply);
        let found = [
            name(judgement.verdict as u32),
            name(judgement.reason as u32),
            name(judgement.disposition as u32),
            name(judgement.origin),
            name(judgement.mode as u32),
            name(judgement.in_reject as u32),
            &reply,
            &deliver_to,
        ];
        let shown = (expected.reply.to_string(), expected.deliver_to.map(|mailbox| mailbox.to_string()));
        let expected_texts = [
            expected.verdict.as_str(),
            expected.reason.as_str(),
            expected.disposition.as_str(),
            expected.origin.map_or("", Origin::as_str),
            expected.mode.as_str(),
            expected.in_reject.as_str(),
            &shown.0,
            shown.1.as_deref().unwrap_or_default(),
        ];
        assert_eq!(found, expected_texts);
        assert_eq!(judgement.row, u32::from(expected.row.unwrap_or_default()));

        let mut whose = MaybeUninit::<batv_origin>::uninit();
        let evidence = written(|evidence| {
            let (keyring, settings) = (self.site.keyring, self.site.settings);
            // SAFETY: handles, recipient and places are as they are said to be.
            unsafe {
                batv_message_origin(keyring, settings, message, text(to), self.now(), whose.as_mut_ptr(), evidence)
            }
        });
        assert_eq!(evidence, lines(case.evidence()));
        // SAFETY: after `Ok` there is an answer.
        let whose = unsafe { whose.assume_init() };
        assert_eq!(name(whose as u32), case.origin().as_str());
    }
}

fn agree_on_what_it_is(reading: &Reading<'_>, message: *const batv_message) {
    // SAFETY: it is a message, and the place may be written to.
    let found: batv_reading = answered(|found| unsafe { batv_message_read(message, found) });
    let original = reading.original.as_ref();
    assert_eq!(name(found.message_class as u32), reading.class.as_str());
    assert_eq!(name(found.action), reading.action.map_or("", |action| action.as_str()));
    assert_eq!(name(found.original), original.map_or("", |original| original.extent.as_str()));
    assert_eq!(found.complete == 1, original.is_some_and(|original| original.complete));
    assert_eq!(found.recipients as usize, reading.report.recipients.len());
    assert_eq!(found.cut == 1, reading.cut);

    // SAFETY: message and buffer are as they are said to be.
    let evidence = written(|evidence| unsafe { batv_message_evidence(message, evidence) });
    assert_eq!(evidence, lines(&reading.evidence));
    for name in FIELDS {
        let expected = original.and_then(|original| original.field(name)).unwrap_or_default();
        let name = CString::new(name).expect("no NUL");
        // SAFETY: message, name and buffer are as they are said to be.
        let found = written(|value| unsafe { batv_message_original(message, name.as_ptr(), value) });
        assert_eq!(found, tame(&expected), "{name:?}");
    }
    let told = |name: &CStr, recipient: usize, expected: Option<&str>| {
        let recipient = recipient.try_into().expect("one of 100");
        // SAFETY: message, name and buffer are as they are said to be.
        let found = written(|value| unsafe { batv_message_report(message, name.as_ptr(), recipient, value) });
        assert_eq!(found, tame(expected.unwrap_or_default()), "{name:?} of {recipient}");
    };
    let report = &reading.report;
    told(c"Reporting-MTA", 0, report.reporting_mta.as_deref());
    told(c"Original-Envelope-Id", 0, report.original_envelope_id.as_deref());
    told(c"Original-Message-ID", 0, report.original_message_id.as_deref());
    for (at, recipient) in report.recipients.iter().enumerate() {
        told(c"Original-Recipient", at, recipient.original_recipient.as_deref());
        told(c"Final-Recipient", at, recipient.final_recipient.as_deref());
        told(c"Action", at, recipient.action.map(|action| action.as_str()));
        told(c"Status", at, recipient.status.as_deref());
    }
}

fn tame(text: &(impl Display + ?Sized)) -> String {
    text.to_string().replace(char::is_control, " ")
}

fn lines(evidence: &[Evidence]) -> String {
    evidence.iter().map(tame).collect::<Vec<_>>().join("\n")
}

#[test]
fn of_the_messages_of_the_project() {
    let sides = Sides::new();
    let index = fs::read_to_string(folder().join("index.tsv")).unwrap();
    let mut rows = index.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let names = rows.next().unwrap();
    let column = |name| names.iter().position(|known| *known == name).unwrap();
    let [path, from, to] = ["path", "from", "to"].map(column);
    let mut count = 0;
    for row in rows {
        let octets = fs::read(folder().join(row[path])).unwrap();
        sides.agree(&octets, row[from], row[to]);
        // It sends for the authors of these messages.
        sides.agree(&octets, row[from], "bounces@example.com");
        count += 1;
    }
    assert!(count >= 300, "{count} messages");
}

/// Octets that mean something in a message, and any others.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let pieces = select(vec![
        "From: MAILER-DAEMON@example.net\n",
        "From: bob@example.net\n",
        "Subject: failure notice\n",
        "Auto-Submitted: auto-replied\n",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        "Content-Type: message/delivery-status\n",
        "Content-Type: message/disposition-notification\n",
        "Content-Type: text/rfc822-headers\n",
        "Content-Type: message/rfc822\n",
        "Content-Type: application/gzip; name=\"mx.example.net!example.com!1!2\x07.xml.gz\"\n",
        "\n",
        "--b\n",
        "--b--\n",
        "Reporting-MTA: dns; mx.example.net\n",
        "Final-Recipient: rfc822; bob\0@example.net\n",
        "Action: failed\n",
        "Status: 5.1.1\n",
        "Original-Envelope-Id: batv1.0.18262.jiyco6t4uqrjr4hbiz6b.bdqdi4mqqmyk7shbhkxtf2jr\n",
        "Message-ID: <1@example.com>\n",
        "Received: from a.example by b.example; Wed, 25 Nov 2026 10:00:00 +0000\n",
        "Date: Wed, 25 Nov 2026 10:00:00 +0000\n",
        "Return-Path: <prvs=0269b1e711=alice@example.com>\n",
        "X-BATV-Mark: 1.0.20782.bdqdi4mqqmyk7shbhkxtf2jr\n",
    ]);
    let piece = prop_oneof![
        9 => pieces.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn of_any_message(
        octets in messages(),
        from in select(vec!["<>", "bob@example.net"]),
        to in select(vec!["alice@example.com", "prvs=0269b1e711=alice@example.com", "carol@example.org"]),
    ) {
        Sides::new().agree(&octets, from, to);
    }

    #[test]
    fn of_any_bounce_that_we_might_send(
        from in select(vec!["<>", "alice@example.com", "bob@example.net", "list-bounces@example.net", "double-bounce@example.com", "a@partner.example"]),
        pieces in prop::collection::vec(select(vec![
            "Authentication-Results: mx.example.com; ", "Authentication-Results: mx.example.org; ", "spf=pass smtp.mailfrom=example.net",
            "spf=fail smtp.mailfrom=example.net", "dkim=pass header.d=example.com", "dmarc=pass header.from=example.net", "arc=pass", "; ", "\r\n",
            "ARC-Seal: i=1; d=list.example; cv=none\r\n", "ARC-Authentication-Results: i=1; mx.list.example; ", "List-Id: <l.example.net>\r\n",
        ]), 0..12),
        notify in select(vec![None, Some("NEVER"), Some("FAILURE,DELAY"), Some("SUCCESS")]),
        flags in prop::array::uniform4(0_u32..2),
        automatic in any::<bool>(),
        tag in 0_u32..7,
    ) {
        let sides = Sides::new();
        let header = pieces.concat();
        let [answerable_in_smtp, own_client, hostile, unroutable] = flags;
        // SAFETY: numbers and pointers may be zero.
        let question = unsafe { sized::<batv_bounce_question>().assume_init() };
        let question = batv_bounce_question {
            reverse_path: text(from),
            header: text(&header),
            notify: notify.map_or(ABSENT, text),
            kind: if automatic { 581 } else { 0 },
            tag: if tag == 0 { 0 } else { 99 + tag },
            answerable_in_smtp,
            own_client,
            hostile,
            unroutable,
            ..question
        };
        // SAFETY: settings, question and place are as they are said to be.
        let answer: batv_bounce_answer = answered(|answer| unsafe { batv_may_bounce(sides.site.settings, &raw const question, answer) });
        let words = field(&answer.words);

        let mut asked = BounceQuestion::new(Path::parse(from.as_bytes()).unwrap());
        asked.kind = if automatic { NoticeKind::AutomaticReply } else { NoticeKind::NonDelivery };
        asked.header = header.as_bytes();
        asked.notify = notify.map(|notify| notify.parse().unwrap());
        [asked.answerable_in_smtp, asked.own_client, asked.hostile, asked.unroutable] = flags.map(|flag| flag == 1);
        asked.tag = TAGS[tag as usize];
        let [ours, allowed, double_bounce] =
            ["example.com", "partner.example", "double-bounce@example.com"].map(|text| [Pattern::parse(text).unwrap()]);
        let policy = BouncePolicy {
            ours: &ours,
            authserv_ids: &["mx.example.com"],
            trusted_sealers: &["list.example"],
            allowed: &allowed,
            double_bounce: &double_bounce,
            ..BouncePolicy::default()
        };
        let expected = may_bounce(&asked, &policy);
        prop_assert_eq!(
            (name(answer.may as u32), name(answer.reason as u32), answer.row, words.as_str()),
            (expected.may.as_str(), expected.reason.as_str(), u32::from(expected.row), expected.words)
        );
    }
}
