//! Senders that leave: in lower case where their tag depends on it, and rewritten where they are forwarded and not ours.

use batv_core::envelope::{Envelope, Mode};
use batv_core::{Algorithm, Day, Key, KeyId, KeySet, KeyUse, Mailbox, Path, Pattern};
use batv_policy::{Handling, Outgoing, Rules, SrsRules, UnchangedReason, View, address};

const TODAY: u32 = 20_782;

fn today() -> Day {
    Day::new(TODAY).expect("a day")
}

fn key(key_use: KeyUse, scope: &[&str]) -> Key {
    let key = Key::new(key_use, Algorithm::HmacSha1, b"s3kr1t").expect("a key");
    key.with_scope(scope.iter().map(|text| address::pattern(text).expect("a pattern")).collect())
}

fn patterns(texts: &[&str]) -> Vec<Pattern<String>> {
    texts.iter().map(|text| address::pattern(text).expect("a pattern")).collect()
}

fn forwarder(protected: &[&str], exempt: &[&str]) -> Rules {
    let srs = SrsRules { domains: vec!["srs.example.com".to_owned()], ..SrsRules::default() };
    Rules { protected: patterns(protected), exempt: patterns(exempt), srs, ..Rules::default() }
}

#[test]
fn only_named_senders_are_kept_when_forwarded() {
    let rules = forwarder(&["old@example.net", "example.com"], &["news@example.org"]);
    let keys = KeySet::from(vec![key(KeyUse::Batv(KeyId::default()), &["example.edu"]), key(KeyUse::Srs, &[])]);
    let site = View::new(&keys, &rules);
    for (sender, is_kept) in [
        ("old@example.net", true),
        ("bob@example.net", false),
        ("alice@example.com", true),
        ("news@example.org", true),
        ("dave@example.org", false),
        ("eve@example.edu", true),
        ("carol@mail.example", false),
    ] {
        let mailbox = Mailbox::parse(sender).expect("an address");
        let leaving = Outgoing { is_forwarded: true, ..Outgoing::new(Path::Mailbox(mailbox)) };
        let (forwarded, leaving) = (site.forwarded(mailbox), site.sender(&leaving));
        for handling in [forwarded.sign(today()), leaving.sign(today())] {
            let kept = matches!(handling, Handling::Unchanged(UnchangedReason::NotOriginated));
            let rewritten = matches!(handling, Handling::Rewritten(_));
            assert_eq!((kept, rewritten), (is_kept, !is_kept), "{sender}: {handling:?}");
        }
    }
}

#[test]
fn a_key_for_everybody_keeps_no_sender() {
    let rules = forwarder(&[], &[]);
    let keys = KeySet::from(vec![key(KeyUse::Batv(KeyId::default()), &[]), key(KeyUse::Srs, &[])]);
    let sender = View::new(&keys, &rules).forwarded(Mailbox::parse("bob@example.net").expect("an address"));
    assert!(matches!(sender.sign(today()), Handling::Rewritten(_)));
}

#[test]
fn senders_are_tagged_in_lower_case_unless_another_program_checks_them() {
    let keys = KeySet::from(vec![key(KeyUse::Batv(KeyId::default()), &[])]);
    let tagged = |rules: &Rules| {
        let leaving = Outgoing { originates: true, ..Outgoing::new(Path::parse("Alice@example.com").expect("a path")) };
        View::new(&keys, rules).sender(&leaving).sign(today()).address().expect("a tag")
    };
    assert!(tagged(&Rules::default()).ends_with("=alice@example.com"));
    assert!(tagged(&Rules { fold_case: false, ..Rules::default() }).ends_with("=Alice@example.com"));
}

#[test]
fn a_mode_is_that_of_a_mailbox_in_any_spelling_and_under_a_tag() {
    for name in ["news@example.com", "\"news\"@Example.COM", "\"ne\\ws\"@example.com"] {
        let modes = [address::pattern_mode(&format!("{name}=reject")).expect("a mode")].into();
        let rules = Rules { modes, ..Rules::default() };
        for mailbox in ["News@example.com", "\"news\"@example.com", "\"n\\ews\"@EXAMPLE.com"] {
            assert_eq!(rules.mode_for(&Mailbox::parse(mailbox).expect("an address")), Mode::Reject, "{name} {mailbox}");
        }
    }
    for (name, mailbox) in
        [("john..doe@example.com", "\"john..doe\"@example.com"), ("\"john..doe\"@example.com", "john..doe@example.com")]
    {
        let modes = [address::pattern_mode(&format!("{name}=reject")).expect("a mode")].into();
        let rules = Rules { modes, ..Rules::default() };
        assert_eq!(rules.mode_for(&Mailbox::parse(mailbox).expect("an address")), Mode::Reject, "{name} {mailbox}");
    }
    // The clock is wrong: what is under the tag counts all the same.
    let modes = [address::pattern_mode("news@example.com=reject").expect("a mode")].into();
    let rules = Rules { modes, ..Rules::default() };
    let keys = KeySet::from(vec![key(KeyUse::Batv(KeyId::default()), &[])]);
    let tagged = Mailbox::parse("prvs=0269000000=news@example.com").expect("an address");
    assert_eq!(View::new(&keys, &rules).undecided(&Envelope::new(Path::Null, tagged)).mode, Mode::Reject);
}
