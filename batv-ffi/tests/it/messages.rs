//! Of any message, C is told what the crates below find: of the project's own, and of whatever else.

use alloc::ffi::CString;
use core::ffi::{CStr, c_char};
use core::fmt::Display;
use core::mem::MaybeUninit;
use core::ptr;
use std::fs;
use std::path::PathBuf;

use batv::{
    batv_bounce_answer, batv_bounce_question, batv_envelope, batv_judge_message, batv_judgement, batv_keyring,
    batv_keyring_free, batv_keyring_new_from_text, batv_may_bounce, batv_message, batv_message_evidence,
    batv_message_free, batv_message_new, batv_message_origin, batv_message_original, batv_message_read,
    batv_message_report, batv_origin, batv_provenance, batv_reading, batv_result, batv_settings,
    batv_settings_add_dkim_key, batv_settings_free, batv_settings_new, batv_settings_set, batv_text,
};
use batv_bounce::dkim::PublicKey;
use batv_bounce::may_bounce::{self, Kind};
use batv_bounce::{Evidence, Limits, Origin, Reading, read};
use batv_config::{Keyring, clock};
use batv_core::envelope::{Envelope, Mode};
use batv_core::{Day, Mailbox, Path, Pattern, TagVerdict};
use batv_policy::{Answers, MessageRules, Rules, View};
use proptest::prelude::*;
use proptest::sample::select;

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

fn folder() -> PathBuf {
    crate::support::manifest().join("../batv-bounce/tests/messages")
}

/// The same keys and settings on both sides.
struct Sides {
    c_keyring: *mut batv_keyring,
    c_settings: *mut batv_settings,
    keyring: Keyring,
    rules: Rules,
    today: Day,
}

impl Sides {
    fn new() -> Self {
        let text = fs::read_to_string(folder().join("keyring.toml")).expect("a file");
        let (mut c_keyring, mut c_settings) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the text has this length, and the place may be written to.
        let result = unsafe { batv_keyring_new_from_text(text.as_ptr().cast(), text.len(), &raw mut c_keyring) };
        assert_eq!(result, batv_result::Ok);
        // SAFETY: the place may be written to.
        assert_eq!(unsafe { batv_settings_new(&raw mut c_settings) }, batv_result::Ok);
        for (name, value) in [
            (c"mode", "reject"),
            (c"protected", "example.com"),
            (c"marked_since", MARKED_SINCE),
            (c"authserv_ids", "mx.example.com"),
            (c"trusted_sealers", "list.example"),
            (c"double_bounce", "double-bounce@example.com"),
            (c"allowed", "partner.example"),
        ] {
            let value = CString::new(value).expect("no NUL");
            // SAFETY: these are settings and texts with a NUL.
            let result = unsafe { batv_settings_set(c_settings, name.as_ptr(), value.as_ptr()) };
            assert_eq!(result, batv_result::Ok, "{name:?}");
        }
        let mut dkim_keys = Vec::new();
        for selector in SELECTORS {
            let record = fs::read(folder().join(format!("dkim/{selector}.example.com.txt"))).expect("a record");
            dkim_keys.push(PublicKey::parse("example.com", selector, &record).expect("a key"));
            let selector = CString::new(selector).expect("no NUL");
            // SAFETY: these are settings and texts with a NUL, and the record has this length.
            let result = unsafe {
                batv_settings_add_dkim_key(
                    c_settings,
                    c"example.com".as_ptr(),
                    selector.as_ptr(),
                    record.as_ptr().cast(),
                    record.len(),
                )
            };
            assert_eq!(result, batv_result::Ok);
        }
        let messages = MessageRules {
            marked_since: clock::parse_at(MARKED_SINCE).ok(),
            dkim_keys,
            authserv_ids: vec!["mx.example.com".to_owned()],
            ..MessageRules::default()
        };
        let protected = vec![Pattern::parse("example.com".to_owned()).expect("a pattern")];
        Self {
            c_keyring,
            c_settings,
            keyring: Keyring::parse(&text).expect("a keyring"),
            rules: Rules { protected, mode: Mode::Reject, messages, ..Rules::default() },
            today: clock::parse_at(TODAY).expect("a day"),
        }
    }

    fn now(&self) -> i64 {
        i64::from(self.today.number()) * 86_400 + 43_200
    }

    fn agree(&self, octets: &[u8], from: &str, to: &str) {
        let reverse_path = Path::parse(from.as_bytes()).expect("a sender");
        let reading = read(octets, Some(reverse_path), &Limits::default());
        let mut message = ptr::null_mut();
        // SAFETY: the texts have these lengths, and the place may be written to.
        let result = unsafe {
            batv_message_new(
                octets.as_ptr().cast(),
                octets.len(),
                from.as_ptr().cast(),
                from.len(),
                0,
                &raw mut message,
            )
        };
        assert_eq!(result, batv_result::Ok);
        agree_on_what_it_is(&reading, message);
        self.agree_on_the_verdict(&reading, message, reverse_path, from, to);
        // SAFETY: it is made by the library, and freed once.
        unsafe { batv_message_free(message) };
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

        let question = batv_envelope {
            reverse_path: from.as_ptr().cast(),
            reverse_path_length: from.len(),
            forward_path: to.as_ptr().cast(),
            forward_path_length: to.len(),
            trusted_client: 0,
            earlier: 0,
            stage: 0,
        };
        let mut judgement = MaybeUninit::<batv_judgement>::uninit();
        let mut provenance = MaybeUninit::<batv_provenance>::uninit();
        let deliver_to = text(|text, capacity, length| {
            // SAFETY: handles, question and places are as they are said to be.
            unsafe {
                batv_judge_message(
                    self.c_keyring,
                    self.c_settings,
                    message,
                    &raw const question,
                    0,
                    self.now(),
                    judgement.as_mut_ptr(),
                    provenance.as_mut_ptr(),
                    text,
                    capacity,
                    length,
                )
            }
        });
        // SAFETY: after `Ok` there is an answer.
        let judgement = unsafe { judgement.assume_init() };
        // SAFETY: the same.
        let provenance = unsafe { provenance.assume_init() };
        // SAFETY: there is a NUL at its end.
        let reply = unsafe { CStr::from_ptr(judgement.reply.as_ptr()) };
        let found = [
            name(judgement.verdict as u32),
            name(judgement.reason as u32),
            name(judgement.disposition as u32),
            name(provenance.origin as u32),
            name(judgement.mode as u32),
            name(judgement.in_reject as u32),
            reply.to_str().expect("ASCII"),
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
        assert_eq!(provenance.row, u32::from(expected.row.unwrap_or_default()));

        let mut whose = MaybeUninit::<batv_origin>::uninit();
        let evidence = text(|text, capacity, length| {
            // SAFETY: handles, recipient and places are as they are said to be.
            unsafe {
                batv_message_origin(
                    self.c_keyring,
                    self.c_settings,
                    message,
                    to.as_ptr().cast(),
                    to.len(),
                    self.now(),
                    whose.as_mut_ptr(),
                    text,
                    capacity,
                    length,
                )
            }
        });
        assert_eq!(evidence, lines(case.evidence()));
        // SAFETY: after `Ok` there is an answer.
        let whose = unsafe { whose.assume_init() };
        if reverse_path == Path::Null {
            assert_eq!(whose, provenance.origin);
        }
    }
}

impl Drop for Sides {
    fn drop(&mut self) {
        // SAFETY: it is made by the library, and freed once.
        unsafe { batv_keyring_free(self.c_keyring) };
        // SAFETY: the same.
        unsafe { batv_settings_free(self.c_settings) };
    }
}

fn agree_on_what_it_is(reading: &Reading<'_>, message: *const batv_message) {
    let mut found = MaybeUninit::<batv_reading>::uninit();
    // SAFETY: it is a message, and the place may be written to.
    assert_eq!(unsafe { batv_message_read(message, found.as_mut_ptr()) }, batv_result::Ok);
    // SAFETY: after `Ok` there is an answer.
    let found = unsafe { found.assume_init() };
    let original = reading.original.as_ref();
    assert_eq!(name(found.message_class as u32), reading.class.as_str());
    assert_eq!(name(found.action), reading.action.map_or("", |action| action.as_str()));
    assert_eq!(name(found.original), original.map_or("", |original| original.form.as_str()));
    assert_eq!(found.complete == 1, original.is_some_and(|original| original.complete));
    assert_eq!(found.recipients as usize, reading.report.recipients.len());
    assert_eq!(found.cut == 1, reading.cut);

    let evidence = text(|text, capacity, length| {
        // SAFETY: message and buffer are as they are said to be.
        unsafe { batv_message_evidence(message, text, capacity, length) }
    });
    assert_eq!(evidence, lines(&reading.evidence));
    for name in FIELDS {
        let expected = original.and_then(|original| original.field(name)).unwrap_or_default();
        let name = CString::new(name).expect("no NUL");
        let found = text(|text, capacity, length| {
            // SAFETY: message, name and buffer are as they are said to be.
            unsafe { batv_message_original(message, name.as_ptr(), text, capacity, length) }
        });
        assert_eq!(found, tame(&expected), "{name:?}");
    }
    let told = |name: &CStr, recipient: usize, expected: Option<&str>| {
        let recipient = recipient.try_into().expect("one of 100");
        let found = text(|text, capacity, length| {
            // SAFETY: message, name and buffer are as they are said to be.
            unsafe { batv_message_report(message, name.as_ptr(), recipient, text, capacity, length) }
        });
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

/// What a call writes: first its length is asked for, then it gets just the room.
fn text(mut call: impl FnMut(*mut c_char, usize, *mut usize) -> batv_result) -> String {
    let mut length = usize::MAX;
    assert_eq!(call(ptr::null_mut(), 0, &raw mut length), batv_result::Ok);
    let mut buffer = vec![0xA5; length + 1];
    assert_eq!(call(buffer.as_mut_ptr().cast(), buffer.len(), &raw mut length), batv_result::Ok);
    assert_eq!((buffer.len(), buffer.pop()), (length + 1, Some(0)));
    String::from_utf8(buffer).expect("UTF-8")
}

/// The name of a code, and nothing for none.
fn name(code: u32) -> &'static str {
    // SAFETY: the library answers with a text of its own.
    if code == 0 { "" } else { unsafe { CStr::from_ptr(batv_text(code)) }.to_str().expect("ASCII") }
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
        sides.agree(&fs::read(folder().join(row[path])).unwrap(), row[from], row[to]);
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
        let question = batv_bounce_question {
            reverse_path: from.as_ptr().cast(),
            reverse_path_length: from.len(),
            header: header.as_ptr().cast(),
            header_length: header.len(),
            notify: notify.map_or(ptr::null(), |notify| notify.as_ptr().cast()),
            notify_length: notify.map_or(0, str::len),
            kind: if automatic { 581 } else { 0 },
            tag: if tag == 0 { 0 } else { 99 + tag },
            answerable_in_smtp,
            own_client,
            hostile,
            unroutable,
        };
        let mut answer = MaybeUninit::<batv_bounce_answer>::uninit();
        // SAFETY: settings, question and place are as they are said to be.
        let result = unsafe { batv_may_bounce(sides.c_settings, &raw const question, answer.as_mut_ptr()) };
        prop_assert_eq!(result, batv_result::Ok);
        // SAFETY: after `Ok` there is an answer.
        let answer = unsafe { answer.assume_init() };
        // SAFETY: there is a NUL at its end.
        let words = unsafe { CStr::from_ptr(answer.words.as_ptr()) };

        let mut asked = may_bounce::Question::new(Path::parse(from.as_bytes()).unwrap());
        asked.kind = if automatic { Kind::AutomaticReply } else { Kind::NonDelivery };
        asked.header = header.as_bytes();
        asked.notify = notify.map(|notify| notify.parse().unwrap());
        [asked.answerable_in_smtp, asked.own_client, asked.hostile, asked.unroutable] = flags.map(|flag| flag == 1);
        asked.tag = TAGS[tag as usize];
        let [ours, allowed, double_bounce] =
            ["example.com", "partner.example", "double-bounce@example.com"].map(|text| [Pattern::parse(text).unwrap()]);
        let mut policy = may_bounce::Policy::default();
        policy.ours = &ours;
        policy.authserv_ids = &["mx.example.com"];
        policy.trusted_sealers = &["list.example"];
        policy.allowed = &allowed;
        policy.double_bounce = &double_bounce;
        let expected = may_bounce::may_bounce(&asked, &policy);
        prop_assert_eq!(
            (name(answer.may as u32), name(answer.reason as u32), answer.row, words.to_str().unwrap()),
            (expected.may.as_str(), expected.reason.as_str(), u32::from(expected.row), expected.words)
        );
    }
}
