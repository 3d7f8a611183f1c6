//! Anything can be read as a message: any octets, lines of messages in any order, and the project's own messages when they
//! are damaged.

use core::fmt::Debug;
use std::fs;
use std::sync::LazyLock;

use batv_bounce::{Limits, Reading, read};
use batv_core::Path;
use proptest::prelude::*;
use proptest::sample::Index;

/// The project's own messages, the shortest first.
static MESSAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages");
    let index = fs::read_to_string(format!("{folder}/index.tsv")).expect("an index");
    let paths = index.lines().skip(1).filter_map(|line| line.split('\t').next());
    let mut messages: Vec<_> = paths.map(|path| fs::read(format!("{folder}/{path}")).expect("a message")).collect();
    messages.sort_by_key(Vec::len);
    messages
});

/// The usual ones, or some that most messages meet.
fn limits(small: bool) -> Limits {
    let mut limits = Limits::default();
    if small {
        (limits.octets, limits.header_octets, limits.text_octets) = (700, 100, 50);
        (limits.parts, limits.depth) = (3, 1);
    }
    limits
}

/// What is read, of which all holds that holds for any message.
fn checked(octets: &[u8], small: bool) -> Reading<'_> {
    let limits = limits(small);
    let reading = read(octets, Some(Path::Null), &limits);
    assert!(reading.cut || octets.len() <= limits.octets);
    assert_eq!(reading.action.is_some(), reading.class.is_bounce());
    if let Some(original) = &reading.original {
        for name in ["From", "Date", "Message-ID"] {
            assert!(!original.complete || original.field(name).is_some());
        }
    }
    for evidence in &reading.evidence {
        let line = evidence.to_string();
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    reading
}

/// What a message says.
fn said(octets: &[u8]) -> impl PartialEq + Debug + use<> {
    let reading = checked(octets, false);
    let original = reading.original.map(|original| (original.extent, original.complete, original.part));
    let evidence: Vec<String> = reading.evidence.iter().map(ToString::to_string).collect();
    (reading.class, reading.action, evidence, reading.report, original, reading.answers, reading.cut)
}

fn with_line_ends(octets: &[u8], line_end: &[u8]) -> Vec<u8> {
    let mut made = Vec::new();
    let mut rest = octets;
    while let [first, behind @ ..] = rest {
        let end = [b"\r\r\n".as_slice(), b"\r\n", b"\n", b"\r"].into_iter().find(|end| rest.starts_with(end));
        made.extend_from_slice(end.map_or(core::slice::from_ref(first), |_| line_end));
        rest = end.map_or(behind, |end| &rest[end.len()..]);
    }
    made
}

/// As a mail server hands over what a program wrote that ends lines otherwise: it makes the ends of the header anew.
fn with_ends_of_body(octets: &[u8], line_end: &[u8]) -> Vec<u8> {
    let octets = with_line_ends(octets, b"\n");
    let end = octets.windows(2).position(|ends| ends == b"\n\n").map_or(octets.len(), |end| end + 2);
    [with_line_ends(&octets[..end], b"\r\n"), with_line_ends(&octets[end..], line_end)].concat()
}

#[test]
fn line_ends_make_no_difference() {
    for message in MESSAGES.iter() {
        let lf = said(&with_line_ends(message, b"\n"));
        for line_end in [b"\r\n".as_slice(), b"\r", b"\r\r\n"] {
            assert_eq!(said(&with_line_ends(message, line_end)), lf, "{}", String::from_utf8_lossy(message));
            assert_eq!(said(&with_ends_of_body(message, line_end)), lf, "{}", String::from_utf8_lossy(message));
        }
    }
}

/// RFC 2152: only `-` belongs to the shifted sequence that it ends, a line end does not.
#[test]
fn lines_end_behind_shifted_text() {
    for shifted in ["+AGEAYg", "+AGEAYg-", "+", "+AG", "+2D3"] {
        let lines = [
            "From: MAILER-DAEMON@example.net\nContent-Type: text/plain; charset=UTF-7\n",
            "Your message could not be delivered. These were its first lines:",
            shifted,
            "From: alice@example.com\nMessage-ID: <1@example.com>\nSubject: lunch",
        ];
        let message = lines.join("\n");
        let lf = said(message.as_bytes());
        assert_eq!(said(message.replace('\n', "\r\n").as_bytes()), lf, "{shifted}");
        assert_eq!(said(message.replace(shifted, "ab").as_bytes()), lf, "{shifted}");
    }
}

#[test]
fn what_stands_above_makes_no_difference() {
    for message in MESSAGES.iter().step_by(5) {
        let alone = said(message);
        for above in ["From MAILER-DAEMON Wed Nov 25 10:00:00 2026\n", ">From x\n", "\n\n", "\r\n \n"] {
            assert_eq!(said(&[above.as_bytes(), message].concat()), alone, "{above:?}");
        }
    }
}

#[test]
fn a_message_can_end_anywhere() {
    for message in MESSAGES.iter().step_by(MESSAGES.len() / 12) {
        for end in 0..message.len() {
            for small in [false, true] {
                checked(&message[..end], small);
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(u8),
    Insert(Vec<u8>),
    Remove(usize),
    Cut,
}

impl Damage {
    fn of(&self, octets: &mut Vec<u8>, at: &Index) {
        let at = at.index(octets.len() + 1);
        match self {
            Self::Flip(bits) => octets.iter_mut().skip(at).take(1).for_each(|octet| *octet ^= bits),
            Self::Insert(inserted) => drop(octets.splice(at..at, inserted.iter().copied())),
            Self::Remove(count) => drop(octets.drain(at..octets.len().min(at + count))),
            Self::Cut => octets.truncate(at),
        }
    }
}

fn damages() -> impl Strategy<Value = Vec<(Index, Damage)>> {
    let damage = prop_oneof![
        any::<u8>().prop_map(Damage::Flip),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Damage::Insert),
        line().prop_map(|line| Damage::Insert(format!("\n{line}\n").into_bytes())),
        (1..200_usize).prop_map(Damage::Remove),
        Just(Damage::Cut),
    ];
    prop::collection::vec((any::<Index>(), damage), 1..6)
}

/// A line of a message.
fn line() -> impl Strategy<Value = String> {
    const LINES: [&str; 28] = [
        "",
        "--b",
        "--b--",
        "--b-c",
        "--b-c--",
        "--b \t",
        "Content-Type: multipart/mixed; boundary=b",
        "Content-Type: multipart/report; boundary=\"b-c\"; report-type=delivery-status",
        "Content-Type: multipart/digest; boundary=b",
        "Content-Type: message/rfc822",
        "Content-Type: message/delivery-status",
        "Content-Type: message/disposition-notification",
        "Content-Type: text/rfc822-headers",
        "Content-Type: text/html; charset=utf-16",
        "Content-Type: text/plain; charset=iso-2022-jp",
        "Content-Type: application/zip; name*=utf-8''a.b!c.d!1!2%0d%0a.zip",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Auto-Submitted: auto-replied",
        "From: MAILER-DAEMON <>",
        "From: a@example.com",
        "To: b@example.net",
        "Date: Wed, 25 Nov 2026 10:00:00 +0000",
        "Received: x",
        "Message-ID: <1@example.com>",
        "Subject: =?utf-8?b?w7w?= failure notice",
        "\tYour message could not be delivered: 550 5.1.1",
        "> ",
    ];
    prop_oneof![4 => prop::sample::select(LINES.as_slice()).prop_map(str::to_owned), 1 => "[ -~]{0,20}"]
}

proptest! {
    #[test]
    fn any_octets_can_be_read(octets in prop::collection::vec(any::<u8>(), 0..2000), small: bool) {
        checked(&octets, small);
    }

    #[test]
    fn any_lines_can_be_read(lines in prop::collection::vec(line(), 0..60), small: bool) {
        for line_end in ["\n", "\r\n", "\r"] {
            checked(lines.join(line_end).as_bytes(), small);
        }
    }

    #[test]
    fn damaged_messages_can_be_read(which: Index, damages in damages(), small: bool) {
        let mut octets = MESSAGES[which.index(MESSAGES.len())].clone();
        for (at, damage) in &damages {
            damage.of(&mut octets, at);
        }
        checked(&octets, small);
    }
}
