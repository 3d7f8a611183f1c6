//! The rules by which a class is found, one by one: `tests/classes.txt`.

use core::fmt::Write;

use batv_bounce::{Limits, Reading, read};
use batv_core::Path;

/// A message, and what is to be found in it.
struct Case<'c> {
    rule: &'c str,
    reverse_path: &'c str,
    /// The class, and the action of a bounce.
    found: &'c str,
    /// All of the evidence, where it is compared.
    seen: Vec<&'c str>,
    message: &'c str,
}

impl<'c> Case<'c> {
    fn read(text: &'c str) -> Self {
        let (head, message) = text.split_once("\n\n").expect("an empty line before the message");
        let mut lines = head.lines();
        let rule = lines.next().expect("a rule");
        let (reverse_path, found) =
            lines.next().and_then(|line| line.split_once(" -> ")).expect("a reverse-path -> a class");
        let seen = lines.map(|line| line.strip_prefix("see ").expect("see …")).collect();
        Self { rule, reverse_path, found, seen, message }
    }
}

fn found(reading: &Reading<'_>) -> String {
    let action = reading.action.map_or("", |action| action.as_str());
    format!("{} {action}", reading.class).trim_end().to_owned()
}

fn reading<'x>(message: &'x str, reverse_path: &str) -> Reading<'x> {
    let reverse_path = Path::parse(reverse_path).expect("a reverse-path");
    read(message.as_bytes(), Some(reverse_path), &Limits::default())
}

#[test]
fn each_rule_finds_its_class() {
    let text = include_str!("../classes.txt");
    // Comments stand between the cases alone.
    let is_comment = |line: &&str| !line.starts_with('#');
    let text: String = text.lines().filter(is_comment).flat_map(|line| [line, "\n"]).collect();
    let mut differing = String::new();
    for case in text.split("\n=== ").skip(1).map(Case::read) {
        let reading = reading(case.message, case.reverse_path);
        let found = found(&reading);
        if found != case.found {
            let _ = writeln!(differing, "{}: {found}, not {}", case.rule, case.found);
        }
        let seen: Vec<String> = reading.evidence.iter().map(ToString::to_string).collect();
        if !case.seen.is_empty() && seen != case.seen {
            let _ = writeln!(differing, "{}:\n{seen:#?}", case.rule);
        }
    }
    assert!(differing.is_empty(), "\n{differing}");
}

#[test]
fn fields_in_a_text_are_the_report() {
    let message = "From: MAILER-DAEMON@mx.example.net\nTo: alice@example.com\nSubject: failure notice\n\n\
        It failed:\n\n  Final-Recipient: rfc822; bob@example.net\n  Action: failed\n";
    let report = reading(message, "<>").report;
    assert_eq!(report.recipients.len(), 1, "{report:?}");
    assert_eq!(report.recipients[0].final_recipient.as_deref(), Some("bob@example.net"));
}

/// Most mail is from people, and long: it is read only when something besides its words speaks for a program.
#[test]
fn long_texts_are_read_where_something_speaks_for_a_program() {
    let message = |header: &str, words: &str, length: usize| {
        let filling = ".".repeat(length - words.len() - 1);
        format!("{header}To: alice@example.com\n\n{filling}\n{words}")
    };
    let (person, challenge) = ("From: bob@example.net\nSubject: Ilmoitus\n", "to have your message delivered");
    let failed = "carol@example.net: could not be delivered";
    for (header, words, length, class) in [
        (person, challenge, 8192, "challenge"),
        (person, challenge, 8193, "ordinary"),
        (person, challenge, 20_000, "ordinary"),
        ("From: noreply@example.net\nSubject: Ilmoitus\n", challenge, 8193, "challenge"),
        ("From: bob@example.net\nAuto-Submitted: auto-generated\n", challenge, 8193, "challenge"),
        ("From: bob@example.net\nSubject: Please confirm your message\n", challenge, 8193, "challenge"),
        ("From: MAILER-DAEMON@mx.example.net\n", failed, 8193, "nonstandard-dsn failed"),
        ("From: bob@example.net\nX-Failed-Recipients: carol@example.net\n", failed, 8193, "nonstandard-dsn failed"),
    ] {
        let message = message(header, words, length);
        let reading = reading(&message, "bob@example.net");
        assert_eq!(found(&reading), class, "{header}{length}");
    }
}
