//! Signatures that others made: the example of RFC 8463 Appendix A, and those that `dkim/make.py` has dkimpy make.

use std::fs;
use std::path::Path;

use batv_bounce::dkim::{Body, DkimVerdict, Failure, PublicKey, verify};
use batv_core::Day;
use batv_core::mark::MessageDigest;
use data_encoding::BASE64;
use ed25519_compact::KeyPair;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dkim").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn key(selector: &str, form: &str) -> PublicKey {
    PublicKey::parse("example.com", selector, &file(&format!("{selector}.{form}"))).expect("a key")
}

fn keys() -> [PublicKey; 2] {
    ["rsa", "ed25519"].map(|selector| key(selector, "zone"))
}

/// Header and body of a message with LF.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let end = message.windows(2).position(|octets| octets == b"\n\n").expect("an empty line");
    (&message[..=end], &message[end + 2..])
}

fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    let with_crlf = lines.flat_map(|line| match line.strip_suffix(b"\n") {
        Some(text) => [text.strip_suffix(b"\r").unwrap_or(text), b"\r\n"].concat(),
        None => line.to_vec(),
    });
    with_crlf.collect()
}

/// With one place changed, which must be there.
fn replaced(octets: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = octets.windows(old.len()).position(|octets| octets == old);
    let at = at.unwrap_or_else(|| panic!("{:?} is not there", String::from_utf8_lossy(old)));
    [&octets[..at], new, &octets[at + old.len()..]].concat()
}

/// The verdict without the key.
#[derive(Debug, PartialEq)]
enum Outcome {
    Unsigned,
    Bad(Failure),
    Valid(Body),
}

fn outcome(header: &[u8], body: Option<&[u8]>, keys: &[PublicKey]) -> Outcome {
    match verify(header, body, keys) {
        DkimVerdict::Unsigned => Outcome::Unsigned,
        DkimVerdict::Bad { failure, .. } => Outcome::Bad(failure),
        DkimVerdict::Valid { body, .. } => Outcome::Valid(body),
        other => panic!("{other:?}"),
    }
}

/// RFC 8463 §A.2.
const BRISBANE: &[u8] = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const TEST: &[u8] = b"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR\
    iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC\
    DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3\
    Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

#[test]
fn the_example_of_rfc_8463_verifies_by_either_key() {
    let message = file("rfc8463.eml");
    let (header, body) = split(&message);
    for (selector, record) in [("brisbane", BRISBANE), ("TEST", TEST)] {
        let keys = [PublicKey::parse("Football.Example.com", selector, record).expect("a key")];
        // 2018-06-10.
        let (day, message) =
            (Day::new(17_692).ok(), MessageDigest::of(b"20030712040037.46341.5F8J@football.example.com"));
        assert_eq!(
            verify(header, Some(body), &keys),
            DkimVerdict::Valid { key: &keys[0], body: Body::Matches, open: None, day, message },
            "{selector}"
        );
        let other = replaced(body, b"Joe", b"Jim");
        assert_eq!(outcome(header, Some(&other), &keys), Outcome::Valid(Body::Differs), "{selector}");
    }
}

#[test]
fn each_algorithm_verifies_under_each_canonicalisation() {
    for algorithm in ["rsa", "ed25519"] {
        for (header_form, body_form) in
            [("simple", "simple"), ("simple", "relaxed"), ("relaxed", "simple"), ("relaxed", "relaxed")]
        {
            let name = format!("{algorithm}-{header_form}-{body_form}.eml");
            let message = file(&name);
            let (header, body) = split(&message);
            for form in ["zone", "pem"] {
                let keys = [key(algorithm, form)];
                for (header, body) in [(header.to_vec(), body.to_vec()), (with_crlf(header), with_crlf(body))] {
                    assert_eq!(outcome(&header, Some(&body), &keys), Outcome::Valid(Body::Matches), "{name}");
                    assert_eq!(outcome(&header, None, &keys), Outcome::Valid(Body::Absent), "{name}");
                    assert_eq!(outcome(&header, Some(b""), &keys), Outcome::Valid(Body::Differs), "{name}");
                }
            }
            // What relaxed overlooks and simple does not.
            let spaced = replaced(header, b"Subject: Dinner", b"SUBJECT : \tDinner");
            let expected = match header_form {
                "simple" => Outcome::Bad(Failure::Mismatch),
                _ => Outcome::Valid(Body::Absent),
            };
            assert_eq!(outcome(&spaced, None, &keys()), expected, "{name}");
            let spaced = replaced(body, b"Joe\n", b"Joe \n");
            let expected = if body_form == "simple" { Body::Differs } else { Body::Matches };
            assert_eq!(outcome(header, Some(&spaced), &keys()), Outcome::Valid(expected), "{name}");
        }
    }
}

#[test]
fn what_was_signed_may_not_change() {
    let mismatch = || Outcome::Bad(Failure::Mismatch);
    let valid = || Outcome::Valid(Body::Matches);
    let top: &[u8] = b"Received: from";
    let bottom: &[u8] = b"Message-ID:";
    let cases: [(&str, &[u8], &[u8], Outcome); 41] = [
        // Signed fields, in order; two more of From, X-Note and Cc are signed than there are.
        ("another From", b"<joe@", b"<jim@", mismatch()),
        ("no From", b"From:", b"X-From:", mismatch()),
        ("From on top", top, b"From: jim@example.com\nReceived: from", mismatch()),
        ("From at the bottom", bottom, b"From: jim@example.com\nMessage-ID:", mismatch()),
        ("another To", b"<suzie@", b"<susan@", mismatch()),
        ("a Cc", top, b"Cc: jim@example.com\nReceived: from", mismatch()),
        ("another Subject", b"Dinner", b"Lunch", mismatch()),
        ("another octet in Subject", b"\xe9", b"\xe8", mismatch()),
        ("no Subject", b"Subject:", b"X-Subject:", mismatch()),
        ("Subject on top, which was not signed against", top, b"Subject: Lunch\nReceived: from", valid()),
        ("Subject at the bottom", bottom, b"Subject: Lunch\nMessage-ID:", mismatch()),
        ("another Date", b"Date: Fri", b"Date: Sat", mismatch()),
        ("another Message-ID", b"<20250711.1@", b"<20250711.2@", mismatch()),
        ("notes in another order", b"X-NOTE: the first of two\nX-Note:", b"X-Note: the second\nX-Note:", mismatch()),
        ("a third note", top, b"X-Note: the third\nReceived: from", mismatch()),
        ("something in an empty field", b"X-Empty:", b"X-Empty: no", mismatch()),
        ("no empty field", b"X-Empty:\n", b"", mismatch()),
        // Other fields.
        ("another Received", b"192.0.2.1", b"192.0.2.2", valid()),
        ("a Received on top", top, b"Received: from example.net\nReceived: from", valid()),
        ("an mbox line", b"DKIM-Signature", b"From joe Fri Jul 11\nDKIM-Signature", valid()),
        // The signature.
        ("rsa-sha1", b"ed25519-sha256", b"rsa-sha1", Outcome::Bad(Failure::Algorithm)),
        ("the algorithm of another key", b"ed25519-sha256", b"rsa-sha256", Outcome::Bad(Failure::Algorithm)),
        ("no algorithm", b"a=", b"aa=", Outcome::Bad(Failure::Missing("a"))),
        ("From not signed", b"from : from", b"x-from : x-from", Outcome::Bad(Failure::FromNotSigned)),
        ("a field less signed", b" : cc", b"", mismatch()),
        ("no h=", b"h=", b"hh=", Outcome::Bad(Failure::Missing("h"))),
        ("another version", b"v=1", b"v=2", Outcome::Bad(Failure::Malformed("v"))),
        ("no version", b"v=1;", b"", Outcome::Bad(Failure::Missing("v"))),
        ("bad base64", b" b=", b" b=!", Outcome::Bad(Failure::Malformed("b"))),
        ("no b=", b" b=", b" bb=", Outcome::Bad(Failure::Missing("b"))),
        ("b= with nothing in it", b" b=", b" b=; bb=", mismatch()),
        ("a bad hash of the body", b"bh=", b"bh=!", Outcome::Bad(Failure::Malformed("bh"))),
        ("no hash of the body", b"bh=", b"bhh=", Outcome::Bad(Failure::Missing("bh"))),
        ("another canonicalisation", b"c=relaxed/relaxed", b"c=relaxed", mismatch()),
        ("an unknown canonicalisation", b"c=relaxed/", b"c=nowsp/", Outcome::Bad(Failure::Malformed("c"))),
        ("a length that is none", b"v=1;", b"v=1; l=-1;", Outcome::Bad(Failure::Malformed("l"))),
        ("another time", b"; t=", b"; t=1", mismatch()),
        ("the identity of another", b"i=@example.com", b"i=@an-example.com", Outcome::Bad(Failure::Identity)),
        ("an identity without @", b"i=@", b"i=", Outcome::Bad(Failure::Identity)),
        ("a tag twice", b"v=1;", b"v=1; v=1;", Outcome::Unsigned),
        ("a selector of another", b"s=ed25519;", b"s=other;", Outcome::Unsigned),
    ];
    let message = file("ed25519-relaxed-relaxed.eml");
    let (header, body) = split(&message);
    for (what, old, new, expected) in cases {
        assert_eq!(outcome(&replaced(header, old, new), Some(body), &keys()), expected, "{what}");
    }
}

#[test]
fn a_header_that_was_cut_or_damaged_anywhere_is_bad() {
    let message = file("ed25519-simple-simple.eml");
    let received = b"Received: from client.example.com (client.example.com [192.0.2.1])\n\
        \tby mail.example.com; Fri, 11 Jul 2025 21:00:37 +0000\n";
    let signed = replaced(split(&message).0, received, b"");
    let keys = keys();
    let is_valid = |header: &[u8]| matches!(verify(header, None, &keys), DkimVerdict::Valid { .. });
    assert!(is_valid(&signed) && is_valid(&signed[..signed.len() - 1]));
    for at in (0..signed.len() - 1).step_by(5) {
        assert!(!is_valid(&signed[..at]), "cut at octet {at}");
    }
    for at in (0..signed.len()).step_by(5) {
        let mut damaged = signed.clone();
        damaged[at] ^= 1;
        assert!(!is_valid(&damaged), "damaged at octet {at}");
    }
}

#[test]
fn a_signed_length_lets_the_body_grow_and_no_more() {
    let message = file("length.eml");
    let (header, body) = split(&message);
    let cases: [(&str, Vec<u8>, Body); 4] = [
        ("as it was", body.to_vec(), Body::Matches),
        ("more at the end", [body, b"a footer\n"].concat(), Body::Longer),
        ("less at the end", replaced(body, b"Joe\n", b""), Body::Differs),
        ("another octet", replaced(body, b"octets", b"octet"), Body::Differs),
    ];
    for (what, body, expected) in cases {
        assert_eq!(outcome(header, Some(&body), &keys()), Outcome::Valid(expected), "{what}");
    }
}

#[test]
fn a_key_may_be_for_its_domain_alone() {
    let record = String::from_utf8(file("ed25519.zone")).expect("text").replace("k=ed25519", "k=ed25519; t=y:s");
    let strict = [PublicKey::parse("example.com", "ed25519", record.as_bytes()).expect("a key")];
    for (name, expected) in
        [("length.eml", Outcome::Bad(Failure::Identity)), ("ed25519-relaxed-relaxed.eml", Outcome::Valid(Body::Absent))]
    {
        assert_eq!(outcome(split(&file(name)).0, None, &strict), expected, "{name}");
    }
}

#[test]
fn a_signature_may_be_over_others() {
    let message = file("twice.eml");
    let (header, body) = split(&message);
    let only = [key("ed25519", "zone")];
    let cases: [(&str, Vec<u8>, Outcome); 4] = [
        ("as it was", header.to_vec(), Outcome::Valid(Body::Matches)),
        ("another first signature", replaced(header, b"s=rsa", b"s=RSA"), Outcome::Bad(Failure::Mismatch)),
        ("no first signature", replaced(header, b"\nDKIM-Signature:", b"\nX:"), Outcome::Bad(Failure::Mismatch)),
        ("a third signature", [b"DKIM-Signature: d=example.net\n", header].concat(), Outcome::Bad(Failure::Mismatch)),
    ];
    for (what, header, expected) in cases {
        assert_eq!(outcome(&header, Some(body), &only), expected, "{what}");
    }
}

/// The header of a message from Joe with these fields, under signatures of ours over what each of them lists.
fn signed(fields: &[&str], signatures: &[&str]) -> (String, PublicKey) {
    let pair = KeyPair::from_seed([7; 32].into());
    let record = format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(&*pair.pk));
    let key = PublicKey::parse("example.com", "joe", record.as_bytes()).expect("a key");
    let signatures = signatures.iter().map(|names| {
        let unsigned = format!(
            "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=example.com; s=joe; h={names}; bh=AAAA; b="
        );
        let listed = names.split(':').filter_map(|name| {
            let start = format!("{name}: ");
            fields.iter().rev().find(|field| field.starts_with(&start))
        });
        let hashed: String = listed.map(|field| format!("{field}\r\n")).chain([unsigned.clone()]).collect();
        format!("{unsigned}{}\n", BASE64.encode(&*pair.sk.sign(Sha256::digest(hashed), None)))
    });
    let fields = fields.iter().map(|field| format!("{field}\n"));
    (signatures.chain(fields).collect(), key)
}

#[test]
fn a_message_is_the_same_by_each_signature_and_whatever_was_put_above_it() {
    let message_of = |header: &str, key: &PublicKey| match verify(header.as_bytes(), None, core::slice::from_ref(key)) {
        DkimVerdict::Valid { message, open: None, .. } => message,
        other => panic!("{other:?}"),
    };
    let fields = [
        "From: joe@example.com",
        "To: suzie@example.net",
        "Date: Fri, 11 Jul 2025 21:00:37 +0000",
        "Message-ID: <1@x>",
    ];
    let (header, key) = signed(&fields, &["From:Date:Message-ID", "From:To:Date:Message-ID"]);
    for above in ["", "Message-ID: <2@x>\n", "Message-ID: <2@x>\nMessage-ID: <3@x>\n"] {
        let second = header.split_once('\n').expect("two signatures").1;
        for header in [&header, second] {
            assert_eq!(message_of(&format!("{above}{header}"), &key), MessageDigest::of(b"<1@x>"));
        }
    }
    let (header, key) = signed(&fields, &["From:Date", "From:To:Date"]);
    let second = header.split_once('\n').expect("two signatures").1;
    let message = message_of(&header, &key);
    for header in [second, &format!("Message-ID: <2@x>\n{header}"), &header.replace("<1@x>", "<2@x>")] {
        assert_eq!(message_of(header, &key), message);
    }
    let later = fields.map(|field| field.replace("21:00:37", "21:00:38"));
    let (header, key) = signed(&later.each_ref().map(String::as_str), &["From:Date"]);
    assert_ne!(message_of(&header, &key), message);
}

#[test]
fn each_key_of_that_name_is_tried() {
    let message = file("ed25519-relaxed-simple.eml");
    let (header, _) = split(&message);
    let other = PublicKey::parse("EXAMPLE.com", "Ed25519", BRISBANE).expect("a key");
    assert_eq!(
        verify(header, None, core::slice::from_ref(&other)),
        DkimVerdict::Bad { key: &other, failure: Failure::Mismatch }
    );
    let both = [other, key("ed25519", "pem")];
    assert!(matches!(verify(header, None, &both), DkimVerdict::Valid { key, .. } if core::ptr::eq(key, &both[1])));
    assert_eq!(verify(header, None, &[]), DkimVerdict::Unsigned);
}

#[test]
fn ten_signatures_of_ours_are_tried() {
    let message = file("ed25519-relaxed-relaxed.eml");
    let (header, _) = split(&message);
    let bad = b"DKIM-Signature: v=1; d=example.com; s=rsa\n";
    let foreign = b"DKIM-Signature: v=1; d=example.net; s=rsa\n";
    for (others, expected) in [
        (bad.repeat(9), Outcome::Valid(Body::Absent)),
        (bad.repeat(10), Outcome::Bad(Failure::Missing("a"))),
        (foreign.repeat(100), Outcome::Valid(Body::Absent)),
    ] {
        assert_eq!(outcome(&[&others, header].concat(), None, &keys()), expected);
    }
}

#[test]
fn a_thousand_names_may_be_signed() {
    let message = file("ed25519-relaxed-relaxed.eml");
    let (header, _) = split(&message);
    // There are eleven.
    for (more, expected) in [(989, Failure::Mismatch), (990, Failure::TooManyNames)] {
        let names = [b"h=".as_slice(), &b"x:".repeat(more)].concat();
        assert_eq!(outcome(&replaced(header, b"h=", &names), None, &keys()), Outcome::Bad(expected), "{more}");
    }
}

/// Parts of headers that have something to do with signatures.
const PARTS: &str = "DKIM-Signature:|v=1;|a=rsa-sha256;|a=ed25519-sha256;|d=example.com;|s=rsa;|s=ed25519;|c=simple;|\
    c=relaxed/relaxed;|h=from:x;|h=dkim-signature:from:from;|bh=AAAA;|b=AAAA;|l=1;|i=a@b.example.com;|From: a|X: b|\
    \r\n|\n|\r\n |\n\t|\r|;|:|=| ";

/// They, and other octets between them.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<_> = PARTS.split('|').map(|part| part.as_bytes().to_vec()).collect();
    let part = prop_oneof![8 => prop::sample::select(parts), 1 => prop::collection::vec(any::<u8>(), 0..4)];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_that_was_not_signed_is_valid(header in soup(), body: Vec<u8>) {
        let signed = [b"DKIM-Signature: v=1; d=example.com; s=ed25519; ".as_slice(), &header].concat();
        for header in [header, signed] {
            let verdict = outcome(&header, Some(&body), &keys());
            prop_assert!(!matches!(verdict, Outcome::Valid(_)), "{:?}", verdict);
            prop_assert_eq!(outcome(&with_crlf(&header), None, &keys()), verdict, "line ends make a difference");
        }
    }

    #[test]
    fn any_text_is_a_key_or_none(text in prop_oneof![any::<Vec<u8>>(), "[\\PC]*".prop_map(String::into_bytes)]) {
        for text in [text.clone(), [b"k=ed25519; p=", &*text].concat(), [b"\"p=", &*text, b"\""].concat()] {
            if let Err(error) = PublicKey::parse("example.com", "sel", &text) {
                prop_assert!(!error.to_string().ends_with('.'));
            }
        }
    }
}
