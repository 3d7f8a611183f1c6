//! Whose message a bounce returns, sign by sign: each case is a returned header, and what must be told of it.

use std::fs;

use batv_bounce::dkim::PublicKey;
use batv_bounce::{Identity, Limits, Origin, OwnMail, Provenance, origin, read};
use batv_core::tag::{Form, Signing, sign};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path, Pattern, mark};

/// 2026-11-25.
const TODAY: u32 = 20_782;
const ALICE: &str = "alice@example.com";

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

fn key(id: u8) -> Key {
    let id = KeyId::new(id).expect("a digit");
    Key::new(KeyUse::Batv(id), Algorithm::HmacSha256, b"the public secret of our test messages").expect("a key")
}

/// The sender with a tag of a day, by a key of which only 4 is ours.
fn tagged(sender: &str, key_id: u8, on: u32) -> String {
    tagged_as(Form::Prvs, sender, key_id, on)
}

/// The same in the form that nobody guesses.
fn strongly_tagged(sender: &str, key_id: u8, on: u32) -> String {
    tagged_as(Form::Strong, sender, key_id, on)
}

fn tagged_as(form: Form, sender: &str, key_id: u8, on: u32) -> String {
    let sender = Mailbox::parse(sender).expect("a mailbox");
    match sign(&[key(key_id)], &sender, form, None, day(on)).expect("a key signs") {
        Signing::Tagged(tagged) => tagged.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The mark of a message with this Message-ID and sender.
fn marked(message_id: &str, sender: &str, key_id: u8, on: u32) -> mark::Mark {
    let sender = Mailbox::parse(sender).expect("a mailbox");
    mark::make(&[key(key_id)], message_id.as_bytes(), &sender, day(on)).expect("a key signs")
}

/// The same with its last character changed.
fn forged(mark: mark::Mark) -> String {
    let mut mark = mark.to_string();
    let other = if mark.ends_with('a') { 'b' } else { 'a' };
    mark.pop();
    mark.push(other);
    mark
}

/// A bounce with such fields in its report, which returns each of these.
fn bounce(report: &str, returned: &[(&str, &str)]) -> String {
    let mut bounce = format!(
        "From: MAILER-DAEMON@mx.example.net\nTo: {ALICE}\nSubject: failure notice\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nYour message could not be delivered.\n\
         --b\nContent-Type: message/delivery-status\n\n{report}\nFinal-Recipient: rfc822; bob@example.net\nAction: failed\n"
    );
    for (kind, original) in returned {
        bounce += &format!("--b\nContent-Type: {kind}\n\n{original}\n");
    }
    bounce + "--b--\n"
}

const HEADERS: &str = "text/rfc822-headers";

fn provenance(bounce: &str, recipient: &str, ours: &OwnMail<'_>) -> Provenance {
    provenance_by(&[key(4)], bounce, recipient, ours)
}

fn provenance_by(keys: &[Key], bounce: &str, recipient: &str, ours: &OwnMail<'_>) -> Provenance {
    let reading = read(bounce.as_bytes(), Some(Path::Null), &Limits::default());
    origin(&reading, &Mailbox::parse(recipient).expect("a mailbox"), keys, ours, day(TODAY))
}

/// The origin, and the words of all that tells.
fn told(provenance: &Provenance) -> String {
    let words: Vec<&str> = provenance.evidence.iter().map(|evidence| evidence.words.as_str()).collect();
    format!("{}: {}", provenance.origin, words.join("; "))
}

/// What is told to this recipient of a bounce that returns such a header.
fn told_of(header: &str, recipient: &str) -> String {
    told(&provenance(&bounce("", &[(HEADERS, header)]), recipient, &OwnMail::new(&[])))
}

#[test]
fn tags() {
    let of = |sender: &str, key_id, on| format!("Return-Path: <{}>", strongly_tagged(sender, key_id, on));
    let forged = format!("Return-Path: <prvs=4999abcdef={ALICE}>");
    // Its lifetime, and as long as a queue and a little more.
    let last = TODAY - 7 - 5 - 2;
    let good = "tag: a tag of ours in its envelope sender";
    for (header, expected) in [
        (of(ALICE, 4, TODAY), good),
        (of(ALICE, 4, last), good),
        (of(ALICE, 4, last - 1), "hint: a tag in its envelope sender: good, but too old"),
        (of(ALICE, 7, TODAY), "hint: a tag in its envelope sender: of a key that we don't have"),
        (
            of("bob@example.com", 4, TODAY),
            "hint: a tag of ours in its envelope sender, of another sender: bob@example.com",
        ),
        // One that is forged is none.
        (forged.clone(), "unknown: a tag in its envelope sender: forged"),
        (format!("Return-Path: <{ALICE}>"), "unknown: "),
        // 24 bits can be guessed: they prove nothing by themselves.
        (
            format!("Return-Path: <{}>", tagged(ALICE, 4, TODAY)),
            "hint: a tag of ours in its envelope sender, short enough to be guessed",
        ),
        // One tag is looked at, the first.
        (format!("{forged}\n{}", of(ALICE, 4, TODAY)), "unknown: a tag in its envelope sender: forged"),
        (
            format!("{}\n{}", of(ALICE, 7, TODAY), of(ALICE, 4, TODAY)),
            "hint: a tag in its envelope sender: of a key that we don't have",
        ),
        (format!("Return-Path: <{ALICE}>\n{}", of(ALICE, 4, TODAY).replace("Return-Path", "X-Envelope-From")), good),
    ] {
        assert_eq!(told_of(&header, ALICE), expected, "{header}");
    }
}

/// A message is one guess, however many headers it returns.
#[test]
fn one_tag_of_all_originals_is_looked_at() {
    let header = |tag: &str| format!("Return-Path: <{tag}>\nFrom: {ALICE}\nTo: bob@example.net");
    let forged = |mac: &str| header(&format!("prvs=4999{mac}={ALICE}"));
    let good = header(&strongly_tagged(ALICE, 4, TODAY));
    let tags = |returned: &[(&str, &str)]| {
        let found = provenance(&bounce("", returned), ALICE, &OwnMail::new(&[]));
        (told(&found), found.tag.map(|tag| (tag.is_wrong(), tag.mailbox.to_string())))
    };
    let wrong = ("unknown: a tag in its envelope sender: forged".to_owned(), Some((true, ALICE.to_owned())));
    let right = ("tag: a tag of ours in its envelope sender".to_owned(), Some((false, ALICE.to_owned())));
    assert_eq!(tags(&[(HEADERS, &forged("abcdef")), (HEADERS, &forged("abcdee"))]), wrong);
    let both = [
        tags(&[(HEADERS, &forged("abcdef")), (HEADERS, &good)]),
        tags(&[(HEADERS, &good), (HEADERS, &forged("abcdef"))]),
    ];
    assert!(both == [wrong.clone(), right.clone()] || both == [right, wrong], "{both:?}");
}

/// A tag of 24 bits is a proof where something shows that the message was ours: a mark of the author, for one.
#[test]
fn short_tags_prove_beside_what_nobody_guesses() {
    const ID: &str = "<1@example.com>";
    let header = |tag: &str, mark: &str| {
        format!("Return-Path: <{tag}>\nX-BATV-Mark: {mark}\nMessage-ID: {ID}\nFrom: news@example.com")
    };
    let mark = marked(ID, "news@example.com", 4, TODAY);
    let of_another = "a mark of ours, of another sender: news@example.com";
    for (tag, mark, expected) in [
        (tagged(ALICE, 4, TODAY), mark.to_string(), format!("tag: {of_another}; a tag of ours in its envelope sender")),
        (
            format!("prvs=4999abcdef={ALICE}"),
            mark.to_string(),
            format!("hint: {of_another}; a tag in its envelope sender: forged"),
        ),
        (
            tagged(ALICE, 4, TODAY),
            forged(mark),
            "hint: a mark: forged; a tag of ours in its envelope sender, short enough to be guessed".to_owned(),
        ),
    ] {
        assert_eq!(told_of(&header(&tag, &mark), ALICE), expected, "{tag}");
    }
}

/// A server that knows SMTPUTF8 (RFC 6531) may write U-labels where we sent A-labels.
#[test]
fn senders_in_u_labels_are_ours() {
    let alice = "alice@xn--bcher-kva.example";
    let in_u_labels = |text: &str| text.replace("xn--bcher-kva", "b\u{fc}cher");
    let tag = in_u_labels(&strongly_tagged(alice, 4, TODAY));
    let mark = marked("<1@example.com>", alice, 4, TODAY);
    let good_tag = "tag: a tag of ours in its envelope sender";
    for (header, expected) in [
        (format!("Return-Path: <{tag}>"), good_tag),
        (format!("Received: from a by b (envelope-from <{tag}>) id 1; now"), good_tag),
        (
            format!("From: Alice <{}>\nMessage-ID: <1@example.com>\n{}: {mark}", in_u_labels(alice), mark::FIELD),
            "mark: a mark of ours",
        ),
        (format!("Return-Path: <{}>", in_u_labels(alice)), "unknown: "),
    ] {
        assert_eq!(told_of(&header, alice), expected, "{header}");
    }
}

/// All our mail has a mark, but a message that names our own domain is not disproved.
#[test]
fn a_domain_in_u_labels_disproves_nothing() {
    let ours = [Pattern::parse("xn--bcher-kva.example").expect("a pattern")];
    let ours = OwnMail { marked_since: Some(day(TODAY - 100)), ..OwnMail::new(&ours) };
    let origin_of = |host: &str| {
        let header = format!(
            "Received: from {host} by mx.example.net; Wed, 25 Nov 2026 10:00:00 +0000\nFrom: alice@{host}\n\
             Date: Wed, 25 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{host}>\n"
        );
        provenance(&bounce("", &[(HEADERS, &header)]), "alice@xn--bcher-kva.example", &ours).origin
    };
    assert_eq!(origin_of("b\u{fc}cher.example"), Origin::Hinted);
    assert_eq!(origin_of("elsewhere.example"), Origin::Disproved);
}

#[test]
fn tags_are_found_where_servers_write_envelope_senders() {
    let tag = strongly_tagged(ALICE, 4, TODAY);
    for header in [
        format!("Return-Path: <{tag}>"),
        format!("Return-Path: {tag} (sender)"),
        format!("Return-Path:<{tag}>, and more"),
        format!("X-Envelope-From: {tag}"),
        format!("X-Envelope-Sender: <{tag}>"),
        format!("Received: from a by b (envelope-from <{tag}>) id 1; now"),
        format!("Received: from a by b (envelope-from={tag}) id 1; now"),
    ] {
        assert_eq!(told_of(&header, ALICE), "tag: a tag of ours in its envelope sender", "{header}");
    }
    // An author has no tag.
    for header in [
        format!("From: Alice <{tag}>"),
        format!("Sender: {tag}"),
        format!("Reply-To: {tag}"),
        format!("To: {tag}"),
        format!("Subject: <{tag}>"),
        format!("Received: from a by b for <{tag}>"),
    ] {
        assert_eq!(told_of(&header, ALICE).split(':').next(), Some("unknown"), "{header}");
    }
}

#[test]
fn marks() {
    const ID: &str = "<1@example.com>";
    let header = |mark: &str, rest: &str| format!("X-BATV-Mark: {mark}\n{rest}");
    let id = format!("Message-ID: {ID}");
    let good = marked(ID, ALICE, 4, TODAY).to_string();
    let proved = "mark: a mark of ours";
    for (header, expected) in [
        (header(&good, &id), proved),
        (header(&good, &format!("Message-ID: {ID} (added by a gateway)")), proved),
        (header(&good, &format!("Message-ID: <2@example.net>\n{id}")), proved),
        (header(&good, "Message-ID: <2@example.net>"), "hint: a mark: forged"),
        (header(&good, "Message-ID: (lost"), "hint: a mark: forged"),
        (header(&marked("", ALICE, 4, TODAY).to_string(), "Subject: no Message-ID"), proved),
        (header(&marked(ID, ALICE, 4, TODAY - 14).to_string(), &id), proved),
        (header(&marked(ID, ALICE, 4, TODAY - 15).to_string(), &id), "hint: a mark: good, but too old"),
        (header(&marked(ID, ALICE, 7, TODAY).to_string(), &id), "hint: a mark: of a key that we don't have"),
        (header(&forged(marked(ID, ALICE, 4, TODAY)), &id), "hint: a mark: forged"),
        (header("yes", &id), "hint: a mark: forged"),
        // What tells most is told, whichever Message-ID is the one.
        (
            header(&marked(ID, ALICE, 4, TODAY - 15).to_string(), &format!("{id}\nMessage-ID: <2@example.net>")),
            "hint: a mark: good, but too old",
        ),
        (
            header(&marked(ID, ALICE, 4, TODAY - 15).to_string(), &format!("Message-ID: <2@example.net>\n{id}")),
            "hint: a mark: good, but too old",
        ),
        // And its sender, whichever it is.
        (
            header(
                &marked(ID, "news@example.com", 4, TODAY - 15).to_string(),
                &format!("{id}\nReturn-Path: <news@example.com>"),
            ),
            "hint: a mark: good, but too old",
        ),
        // Five marks are looked at, and five Message-IDs.
        (
            format!("{}X-BATV-Mark: {good}\n{id}", "X-BATV-Mark: yes\n".repeat(4)),
            "mark: a mark: forged; a mark: forged; a mark: forged; a mark: forged; a mark of ours",
        ),
        (
            format!("{}X-BATV-Mark: {good}\n{id}", "X-BATV-Mark: yes\n".repeat(5)),
            "hint: a mark: forged; a mark: forged; a mark: forged; a mark: forged; a mark: forged",
        ),
        (format!("X-BATV-Mark: {good}\n{}{id}", "Message-ID: <2@example.net>\n".repeat(4)), proved),
        (format!("X-BATV-Mark: {good}\n{}{id}", "Message-ID: <2@example.net>\n".repeat(5)), "hint: a mark: forged"),
    ] {
        assert_eq!(told_of(&header, ALICE), expected, "{header}");
    }
}

/// A mark of a sender whose key we don't have says more than that it is not the recipient's.
#[test]
fn marks_of_senders_without_a_key() {
    let header = format!(
        "X-BATV-Mark: {}\nMessage-ID: <1@example.com>\nReturn-Path: <news@example.org>",
        marked("<1@example.com>", "news@example.org", 4, TODAY)
    );
    let keys = [key(4).with_scope(vec![Pattern::parse("example.com".to_owned()).expect("a pattern")])];
    let found = provenance_by(&keys, &bounce("", &[(HEADERS, &header)]), ALICE, &OwnMail::new(&[]));
    assert_eq!(told(&found), "hint: a mark: of a key that we don't have");
}

/// A mark is made for one mailbox. A bounce to another, such as the author, is proved by a mark of its own.
#[test]
fn marks_of_other_senders() {
    const ID: &str = "<1@example.com>";
    let header =
        |sender: &str, rest: &str| format!("X-BATV-Mark: {}\nMessage-ID: {ID}\n{rest}", marked(ID, sender, 4, TODAY));
    let news = "news@example.com";
    let of_another = |sender: &str| format!("hint: a mark of ours, of another sender: {sender}");
    for (header, expected) in [
        (header(news, &format!("Return-Path: <{news}>\nFrom: {ALICE}")), of_another(news)),
        (
            header(
                news,
                &format!("X-BATV-Mark: {}\nReturn-Path: <{news}>\nFrom: {ALICE}", marked(ID, ALICE, 4, TODAY)),
            ),
            format!("mark: a mark of ours, of another sender: {news}; a mark of ours"),
        ),
        (
            header("ALICE@example.com", &format!("Return-Path: <{news}>\nFrom: {news}")),
            "mark: a mark of ours".to_owned(),
        ),
        // In the spelling that comes first.
        (header(news, "Return-Path: <News@example.com>\nFrom: news@EXAMPLE.com"), of_another("News@example.com")),
        (
            header("news@example.org", &format!("Return-Path: <news@example.org>\nFrom: {ALICE}")),
            of_another("news@example.org"),
        ),
        // The tag of the sender is taken off before the mark is verified.
        (
            header(news, &format!("Return-Path: <{}>\nFrom: bob@example.com", tagged(news, 4, TODAY))),
            format!(
                "hint: a mark of ours, of another sender: {news}; a tag of ours in its envelope sender, of another sender: {news}"
            ),
        ),
    ] {
        assert_eq!(told_of(&header, ALICE), expected, "{header}");
    }
}

#[test]
fn envelope_ids() {
    let of = |sender: &str, key_id, on| {
        format!("Original-Envelope-Id: {}\n", marked("<1@example.com>", sender, key_id, on).envelope_id())
    };
    for (report, expected) in [
        (of(ALICE, 4, TODAY), "envelope-id: a mark of ours as envelope id"),
        (of(ALICE, 4, TODAY - 15), "hint: a mark of ours as envelope id: good, but too old"),
        (of(ALICE, 7, TODAY), "hint: a mark of ours as envelope id: of a key that we don't have"),
        (of("news@example.com", 4, TODAY), "hint: a mark of ours as envelope id: forged"),
        ("Original-Envelope-Id: 4711\n".to_owned(), "unknown: "),
    ] {
        assert_eq!(told(&provenance(&bounce(&report, &[]), ALICE, &OwnMail::new(&[]))), expected, "{report}");
    }
    // Of the envelope sender, which the header names, it is a hint for the author.
    let report = of("news@example.com", 4, TODAY);
    let original = format!("Return-Path: <news@example.com>\nFrom: {ALICE}");
    let bounce = bounce(&report, &[(HEADERS, &original)]);
    assert_eq!(
        told(&provenance(&bounce, ALICE, &OwnMail::new(&[]))),
        "hint: a mark of ours as envelope id, of another sender: news@example.com"
    );
}

/// The first proof is told, and no hint takes it back.
#[test]
fn the_first_proof_stays() {
    let report = format!("Original-Envelope-Id: {}\n", marked("<1@example.com>", ALICE, 4, TODAY).envelope_id());
    let original = format!("X-BATV-Mark: yes\nReturn-Path: <{}>", strongly_tagged(ALICE, 4, TODAY));
    assert_eq!(
        told(&provenance(&bounce(&report, &[(HEADERS, &original)]), ALICE, &OwnMail::new(&[]))),
        "envelope-id: a mark of ours as envelope id; a mark: forged; a tag of ours in its envelope sender"
    );
}

fn file(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/dkim/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a file")
}

/// Signatures on a message of Joe, of 2025-07-11.
#[test]
fn signatures() {
    let then = 20_280;
    let keys = [PublicKey::parse("example.com", "ed25519", file("ed25519.zone").as_slice()).expect("a key")];
    let pattern = |text: &'static str| Pattern::parse(text).expect("a pattern");
    let identities = [Identity { mailbox: pattern("bounces@example.net"), authors: vec![pattern("example.com")] }];
    let ours = OwnMail { dkim_keys: &keys, identities: &identities, ..OwnMail::new(&[]) };
    let told_on = |today: u32, kind, original: &str, recipient| {
        let bounce = bounce("", &[(kind, original)]);
        let reading = read(bounce.as_bytes(), Some(Path::Null), &Limits::default());
        told(&origin(&reading, &Mailbox::parse(recipient).expect("a mailbox"), &[key(4)], &ours, day(today)))
    };
    let told = |kind, original: &str, recipient| told_on(then + 1, kind, original, recipient);
    // Its octets beyond ASCII would not survive in our text.
    let message = |name: &str| {
        let message = file(name);
        let end = message.windows(2).position(|octets| octets == b"\n\n").expect("an empty line");
        String::from_utf8(message[..end].iter().map(|octet| if octet.is_ascii() { *octet } else { b'?' }).collect())
    };
    let header = |name: &str| message(name).expect("ASCII");
    let joe = "joe@example.com";
    let named = "a DKIM signature of ours (ed25519, example.com)";
    let once = header("once.eml");
    assert_eq!(told(HEADERS, &once, joe), format!("dkim: {named}"));
    // It proves a bounce to its author, and to who sends for the author.
    assert_eq!(told(HEADERS, &once, "bounces@example.net"), format!("dkim: {named}"));
    for recipient in ["jim@example.com", "joe@dept.example.com", "joe@example.net"] {
        assert_eq!(told(HEADERS, &once, recipient), format!("hint: {named}, of another author: {joe}"));
    }
    // For as long as a tag lives, and mail lies in queues.
    assert_eq!(told_on(then + 14, HEADERS, &once, joe), format!("dkim: {named}"));
    assert_eq!(told_on(then + 15, HEADERS, &once, joe), format!("hint: {named}, but too old"));
    assert_eq!(told_on(then - 1, HEADERS, &once, joe), format!("dkim: {named}"));
    assert_eq!(told_on(then - 2, HEADERS, &once, joe), format!("hint: {named}, but too old"));
    // With the content that it covers.
    for (second, field) in [("From: jim@example.com", "From"), ("Date: Fri, 11 Jul 2025 21:00:37 +0000", "Date")] {
        let header = format!("{second}\n{once}");
        assert_eq!(told(HEADERS, &header, joe), format!("hint: {named}, which leaves {field} open"));
    }
    assert_eq!(told(HEADERS, &header("undated.eml"), joe), format!("hint: {named}, which leaves Date open"));
    assert_eq!(told("message/rfc822", &format!("{once}\n\nHello\n"), joe), format!("hint: {named}, and another body"));
    assert_eq!(
        told(HEADERS, &once.replace("J=C3=B6", "J=C3=B7"), joe),
        "hint: a DKIM signature that names our key (ed25519, example.com): the signature does not verify"
    );
}

/// A header of somebody else that lacks nothing, of a day in 2026.
fn foreign(date: &str, received: &str) -> String {
    format!(
        "Received: from b.example by c.example; Thu, 1 Jan 2015 00:00:00 +0000\nReceived: from a.example by b.example{received}\n\
         From: dave@a.example\nTo: bob@example.net\nSubject: x\nDate: {date}\nMessage-ID: <1@a.example>"
    )
}

const NEWER: &str = "Tue, 24 Nov 2026 10:00:00 +0000";

#[test]
fn a_lack_of_marks() {
    // Marked since the first of November.
    let since = TODAY - 24;
    let lacks = "disproved: its header is complete and has no mark of ours, as all our mail has";
    let unknown = "unknown: ";
    for (since, header, expected) in [
        (Some(since), foreign(NEWER, ""), lacks),
        (Some(since), foreign(NEWER, &format!("; {NEWER}")), lacks),
        (None, foreign(NEWER, ""), unknown),
        // Only for what was sent since, by its own date and by that of the first server; a day is for clocks that differ.
        (Some(since), foreign("Mon, 2 Nov 2026 10:00:00 +0000", ""), lacks),
        (Some(since), foreign("Sun, 1 Nov 2026 10:00:00 +0000", ""), unknown),
        (Some(since), foreign("Thu, 1 Oct 2026 10:00:00 +0000", ""), unknown),
        (Some(since), foreign("Thu, 26 Nov 2026 10:00:00 +0000", ""), lacks),
        (Some(since), foreign("Fri, 27 Nov 2026 10:00:00 +0000", ""), unknown),
        (Some(since), foreign("some day", ""), unknown),
        (Some(since), foreign(NEWER, "; Sun, 1 Nov 2026 10:00:00 +0000"), unknown),
        (Some(since), foreign(NEWER, "; some day"), lacks),
        // And twelve days later.
        (Some(TODAY - 13), foreign(NEWER, ""), lacks),
        (Some(TODAY - 12), foreign(NEWER, ""), unknown),
        (Some(TODAY - 2), foreign(NEWER, ""), unknown),
        // A header that lacks something else may have lost a mark, too.
        (Some(since), foreign(NEWER, "").replace("Message-ID:", "X-Message-ID:"), unknown),
        (Some(since), foreign(NEWER, "").replace("Received:", "X-Received:"), unknown),
        (Some(since), foreign(NEWER, "").replace("From:", "X-From:"), unknown),
        // Anybody can name a host of ours: that disproves nothing, and proves nothing.
        (
            Some(since),
            foreign(NEWER, "").replace("a.example by", "mail.example.com by"),
            "hint: its Received fields name a host of ours, as anybody's can",
        ),
        // Nobody marks a bounce.
        (Some(since), foreign(NEWER, "").replace("dave@a.example", "MAILER-DAEMON@a.example"), unknown),
    ] {
        let mut ours = OwnMail::new(&[]);
        ours.marked_since = since.map(day);
        let found = provenance(&bounce("", &[(HEADERS, &header)]), ALICE, &ours);
        assert_eq!(told(&found), expected, "{since:?} {header}");
    }
}

/// Where there is more than one original, none of them may be ours.
#[test]
fn a_lack_of_marks_in_each_original() {
    let lacks = "disproved: its header is complete and has no mark of ours, as all our mail has";
    let complete = foreign(NEWER, "");
    let other = complete.replace("<1@", "<2@");
    let old = foreign("Thu, 1 Oct 2026 10:00:00 +0000", "");
    let incomplete = complete.replace("Message-ID:", "X-Message-ID:");
    let daemon = complete.replace("dave@a.example", "MAILER-DAEMON@a.example");
    let hint = complete.replace("<1@a.example>", "<1@example.com>");
    let text = "text/plain";
    for (returned, expected) in [
        (vec![(HEADERS, &complete), (HEADERS, &other)], lacks),
        (vec![(HEADERS, &complete), (HEADERS, &old)], "unknown: "),
        (vec![(HEADERS, &old), (HEADERS, &complete)], "unknown: "),
        (vec![(HEADERS, &complete), (HEADERS, &incomplete)], "unknown: "),
        // What a returned bounce returns itself tells.
        (vec![(HEADERS, &complete), (HEADERS, &daemon)], lacks),
        // What stands in a text besides was put there by somebody.
        (vec![(HEADERS, &complete), (text, &incomplete)], lacks),
        (vec![(HEADERS, &complete), (text, &hint)], lacks),
        (vec![(HEADERS, &complete), (HEADERS, &hint)], "hint: its Message-ID names a domain of ours, as anybody's can"),
    ] {
        let returned: Vec<(&str, &str)> = returned.into_iter().map(|(kind, header)| (kind, header.as_str())).collect();
        let mut ours = OwnMail::new(&[]);
        ours.marked_since = Some(day(TODAY - 24));
        assert_eq!(told(&provenance(&bounce("", &returned), ALICE, &ours)), expected, "{returned:?}");
    }
    // A text alone is looked at: a whole header in it.
    let in_text = format!("{complete}\nMIME-Version: 1.0\n\nHello");
    let mut ours = OwnMail::new(&[]);
    ours.marked_since = Some(day(TODAY - 24));
    assert_eq!(told(&provenance(&bounce("", &[(text, &in_text)]), ALICE, &ours)), lacks);
}

/// All of the domains that are protected are ours, not that of the recipient alone.
#[test]
fn protected_domains() {
    let protected = [Pattern::parse("a.example").expect("a pattern")];
    let mut ours = OwnMail::new(&protected);
    ours.marked_since = Some(day(TODAY - 24));
    let found = provenance(&bounce("", &[(HEADERS, &foreign(NEWER, ""))]), ALICE, &ours);
    assert_eq!(told(&found), "hint: its Received fields name a host of ours, as anybody's can");
}
