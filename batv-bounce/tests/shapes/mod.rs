//! Messages of 1 MiB that somebody crafts to be read slowly, each made of what costs most in one place; and the search for their origin.

use std::sync::LazyLock;

use batv_bounce::dkim::PublicKey;
use batv_bounce::{OwnMail, Provenance, Reading, origin};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Pattern};
use data_encoding::BASE64;

const MIB: usize = 1024 * 1024;
/// Octets of a header that are read, and those of a text.
const HEADER: usize = 256 * 1024;
const TEXT: usize = 64 * 1024;

/// A crafted message, and a name for it.
pub(crate) struct Crafted {
    pub(crate) name: &'static str,
    pub(crate) message: Vec<u8>,
}

/// All of them.
pub(crate) fn all() -> Vec<Crafted> {
    [delimiters(), parts(), headers(), returned_headers(), texts(), html(), encodings(), reports(), together()]
        .into_iter()
        .flatten()
        .map(|(name, mut message)| {
            message.truncate(MIB);
            Crafted { name, message }
        })
        .collect()
}

/// Messages that return much by which each recipient may prove the bounce to be its own, and one whose headers name many hosts.
pub(crate) fn for_many_recipients() -> Vec<Crafted> {
    let eight = |header: &dyn Fn(usize) -> String| {
        let part = |number: usize| format!("--b\nContent-Type: text/rfc822-headers\n\n{}\n", header(number));
        report(&(0..8).map(part).collect::<String>())
    };
    let numbered = |count: usize, field: &dyn Fn(usize) -> String| (0..count).map(field).collect::<String>();
    let marks = eight(&|of| {
        numbered(5, &|number| format!("X-BATV-Mark: 1.4.20782.{}\n", ["a", "b", "c", "d", "e"][number].repeat(24)))
            + &numbered(5, &|number| format!("Message-ID: <{of}.{number}@x.example>\n"))
            + &numbered(8, &|number| format!("X-Envelope-From: u{of}.{number}@example.com\n"))
    });
    let hosts = eight(&|of| numbered(900, &|number| format!("Received: from h{of}.{number}.example by x.example\n")));
    [("recipients: 40 marks, 40 Message-IDs, 64 senders", marks), ("recipients: 7,200 hosts", hosts)]
        .map(|(name, message)| Crafted { name, message })
        .into()
}

/// The key for tags and marks.
pub(crate) fn keys() -> Vec<Key> {
    let id = KeyId::new(4).expect("a digit");
    vec![Key::new(KeyUse::Batv(id), Algorithm::HmacSha256, b"a public secret").expect("a key")]
}

/// Keys of our signatures: an Ed25519 key, and one of 4,096 bits.
static DKIM_KEYS: LazyLock<[PublicKey; 2]> = LazyLock::new(|| {
    let record = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    // A modulus of 4,096 ones, and the exponent 65537.
    let rsa = [&[0x30, 0x82, 2, 10, 2, 0x82, 2, 1, 0][..], &[0xff; 512], &[2, 3, 1, 0, 1]].concat();
    let rsa = format!("v=DKIM1; p={}", BASE64.encode(&rsa));
    [("s", &record[..]), ("rsa", rsa.as_bytes())]
        .map(|(selector, key)| PublicKey::parse("example.com", selector, key).expect("a key"))
});

/// What is ours: with all that proves an origin.
pub(crate) fn with_own_mail<T>(look: impl FnOnce(&OwnMail<'_>, Day) -> T) -> T {
    let protected = [Pattern::parse("example.com").expect("a pattern")];
    let mut ours = OwnMail::new(&protected);
    ours.dkim_keys = &*DKIM_KEYS;
    ours.marked_since = Day::new(20_000).ok();
    look(&ours, Day::new(20_782).expect("a day"))
}

/// Looks for the origin.
pub(crate) fn find_origin(reading: &Reading<'_>) -> Provenance {
    let alice = Mailbox::parse("alice@example.com").expect("a mailbox");
    with_own_mail(|ours, today| origin(reading, &alice, &keys(), ours, today))
}

type Shape = (&'static str, Vec<u8>);

/// What each of them begins with.
fn bounce(rest: &[&[u8]]) -> Vec<u8> {
    let header: &[u8] = b"From: MAILER-DAEMON@example.net\nTo: alice@example.com\nSubject: failure notice\n";
    [&[header], rest].concat().concat()
}

/// Words of letters that take longest to be converted, so many octets together.
fn u_labels(octets: usize) -> impl Iterator<Item = String> {
    const LABEL: u32 = 63;
    let letter = |number: u32| char::from_u32(0x4e00 + number.wrapping_mul(7919) % 20_000).unwrap_or('x');
    let label = move |number: u32| (number * LABEL..(number + 1) * LABEL).map(letter).collect::<String>();
    let name = move |number: u32| format!("{}.{}", label(number), &label(number + 1)[..60]);
    (0..).map(name).take(octets / 250)
}

fn filled(unit: &str, octets: usize) -> String {
    unit.repeat(octets / unit.len() + 1)
}

/// Multiparts in one another, with boundaries by their level, and a text in the innermost.
fn nested(depth: usize, boundary: impl Fn(usize) -> String, text: &str) -> Vec<u8> {
    let open = |level| format!("Content-Type: multipart/mixed; boundary=\"{0}\"\n\n--{0}\n", boundary(level));
    let open: String = (0..depth).map(open).collect();
    bounce(&[open.as_bytes(), b"\n", filled(text, MIB).as_bytes()])
}

/// A report whose parts follow.
fn report(parts: &str) -> Vec<u8> {
    let header = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n";
    bounce(&[header, parts.as_bytes()])
}

/// A mixed message whose parts follow.
fn mixed(parts: &str) -> Vec<u8> {
    bounce(&[b"Content-Type: multipart/mixed; boundary=b\n\n", parts.as_bytes()])
}

/// A bounce that returns this message.
fn returning(header: &str, body: &str) -> Vec<u8> {
    report(&format!("--b\nContent-Type: message/rfc822\n\n{header}\n{body}\n--b--\n"))
}

fn delimiters() -> Vec<Shape> {
    let long = |level: usize| format!("{}{level:02}", "-".repeat(60));
    let dashes = |level: usize| "-".repeat(level + 1);
    let prefixes = |level: usize| filled("b", level);
    vec![
        ("delimiters: lines --b in 100 multiparts b0…", nested(99, |level| format!("b{level}"), "--b\n")),
        ("delimiters: lines --b9x in 100 multiparts b0…", nested(99, |level| format!("b{level}"), "--b9x\n")),
        ("delimiters: lines -- in 100 multiparts", nested(99, |level| format!("b{level}"), "--\n")),
        ("delimiters: nearly 60 dashes", nested(99, long, &format!("--{}\n", "-".repeat(60)))),
        ("delimiters: lines of dashes, boundaries of dashes", nested(99, dashes, &format!("{}x\n", "-".repeat(102)))),
        ("delimiters: boundaries that are prefixes", nested(99, prefixes, &format!("--{}x\n", "b".repeat(98)))),
        ("delimiters: lines b--b--b", nested(99, prefixes, &format!("--{}\n", "b--".repeat(30)))),
        ("delimiters: the same boundary 100 times", nested(99, |_| "b".to_owned(), "--bx\n")),
        ("delimiters: empty lines", nested(99, |level| format!("b{level}"), "\n")),
        ("delimiters: 100 that close", nested(99, |level| format!("b{level}"), "--b50\n\n--b50--\n")),
        ("delimiters: behind spaces", nested(99, |level| format!("b{level}"), &format!("--b5{}x\n", " ".repeat(100)))),
    ]
}

fn parts() -> Vec<Shape> {
    let nesting = |open: &str| open.repeat(MIB / open.len());
    let parameters = format!("Content-Type: text/plain{}\n", filled(";a*1=b", 8000));
    let names =
        format!("Content-Disposition: attachment{}\n", (0..600).map(|n| format!("; a{n}=b")).collect::<String>());
    let encoded = format!("Content-Type: text/plain; name=\"{}\"\n", filled("=?utf-8?q?a?= ", 8000));
    let comments = format!("Content-Type: {}text/plain\n", filled("(", 8000));
    vec![
        ("parts: --b", report(&filled("--b\n", MIB))),
        ("parts: --b and an empty line", report(&filled("--b\n\n", MIB))),
        ("parts: mixed, --b", mixed(&filled("--b\n", MIB))),
        ("parts: texts of one line", mixed(&filled("--b\n\nnot delivered: a@b.example\n", MIB))),
        ("parts: HTML of one line", mixed(&filled("--b\nContent-Type: text/html\n\n<p>\n", MIB))),
        ("parts: blank HTML", mixed(&filled("--b\nContent-Type: text/html\n\n<pre> </pre>\n", MIB))),
        ("parts: statuses", report(&filled("--b\nContent-Type: message/delivery-status\n\nAction: failed\n", MIB))),
        ("parts: returned messages", report(&filled("--b\nContent-Type: message/rfc822\n\nFrom: a\n\n", MIB))),
        (
            "parts: returned reports",
            report(&filled("--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=c\n\n--c\n", MIB)),
        ),
        ("parts: parameters of types", report(&filled(&format!("--b\n{parameters}\n"), MIB))),
        ("parts: parameters of dispositions", report(&filled(&format!("--b\n{names}\n"), MIB))),
        ("parts: names of encoded words", report(&filled(&format!("--b\n{encoded}\n"), MIB))),
        ("parts: comments in types", report(&filled(&format!("--b\n{comments}\n"), MIB))),
        ("parts: types again and again", report(&filled("--b\nContent-Type: text/plain\nContent-Type: multipart/mixed\n\n", MIB))),
        ("parts: messages in messages", nesting("Content-Type: message/rfc822\n\n").into_bytes()),
        ("parts: digests", report(&filled("--b\nContent-Type: multipart/digest; boundary=c\n\n--c\n\n", MIB))),
        ("parts: reports without a type", bounce(&[b"Content-Type: multipart/report; boundary=b\n\n", filled("--b\n\na: b\n", MIB).as_bytes()])),
        (
            "parts: untold reports of short fields",
            bounce(&[b"Content-Type: multipart/report; boundary=b\n\n--b\n\n--b\n\n", filled("a:\n", MIB).as_bytes()]),
        ),
        (
            "parts: untold reports in base64",
            bounce(&[
                b"Content-Type: multipart/report; boundary=b\n\n--b\n\n",
                filled("--b\nContent-Transfer-Encoding: base64\n\nYTpiCmE6YgphOmIKYTpiCmE6YgphOmIKYTpiCmE6YgphOmIKYTpiCmE6Yg==\n!\n", MIB).as_bytes(),
            ]),
        ),
    ]
}

fn headers() -> Vec<Shape> {
    let header = |fields: &str| {
        bounce(&[fields.as_bytes(), b"\nYour message could not be delivered.\n", filled("a b\n", MIB).as_bytes()])
    };
    let u_mailboxes = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Reply-To"].map(|name| {
        let mailboxes: Vec<String> = u_labels(HEADER / 6).map(|name| format!("a@{name}")).collect();
        format!("{name}: {}\n", mailboxes.join(", "))
    });
    let u_mailboxes = u_mailboxes.concat();
    let named = |name: &str, unit: &str| header(&format!("{name}: {}\n", filled(unit, HEADER)));
    vec![
        ("header: fields a:", header(&filled("a:\n", HEADER))),
        ("header: fields From", header(&filled("From: a@example.net\n", HEADER))),
        ("header: fields To", header(&filled("To: a@example.net\n", HEADER))),
        ("header: automatic fields", header(&filled("Precedence: x\n", HEADER))),
        (
            "header: suppressing fields",
            header(&filled(&format!("X-Auto-Response-Suppress: {}\n", filled("a,", 900)), HEADER)),
        ),
        ("header: lines that are no fields", header(&filled("\x0c\n", HEADER))),
        ("header: a folded field", named("X", "a\n ")),
        ("header: References", named("References", "<a@b> ")),
        ("header: References without ends", named("References", "<<<<<<>")),
        ("header: encoded words", named("Subject", "=?utf-8?q?Unzustellbar?= ")),
        ("header: unended encoded words", named("Subject", "=?utf-8?q?")),
        ("header: mailboxes in To", named("To", "a <a@example.com>, ")),
        ("header: mailboxes of U-labels", bounce(&[u_mailboxes.as_bytes(), b"\n", filled("a b\n", MIB).as_bytes()])),
        ("header: comments in From", header(&format!("From: {}a@example.net\n", filled("(", HEADER)))),
        ("header: groups in From", header(&format!("From: {}\n", filled("a:b@c,;", HEADER)))),
        ("header: quotes in From", header(&format!("From: {}\n", filled("\"\\\"", HEADER)))),
        ("header: Subjects of brackets", named("Subject", "[a]")),
        ("header: mailboxes in fields", header(&format!("Delivered-To: {}\n", filled("@a", HEADER)))),
        ("header: Return-Path", named("Return-Path", "<\"\\a\"@")),
        (
            "header: Authentication-Results",
            header(&filled(
                "Authentication-Results: mx.example.com; spf=fail smtp.mailfrom=a@b.example; dkim=pass header.d=b.example\n",
                HEADER,
            )),
        ),
    ]
}

fn returned_headers() -> Vec<Shape> {
    let complete =
        "From: a@example.org\nDate: Wed, 25 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\nReceived: x\n";
    let with = |unit: &str| returning(&format!("{complete}{}", filled(unit, HEADER)), &filled("a b\n", MIB));
    let received = "Received: from a.example by b.example\n";
    let broken = |unit: &str| report(&format!("--b\nContent-Type: message/rfc822\n\nFrom: a\n{}", filled(unit, MIB)));
    let headers = |unit: &str| {
        let part = format!("--b\nContent-Type: text/rfc822-headers\n\n{}\n\n", filled(unit, MIB / 9));
        report(&filled(&part, MIB))
    };
    let eight = |header: &dyn Fn(usize) -> String| {
        let part = |length| format!("--b\nContent-Type: text/rfc822-headers\n\n{}\n", header(length));
        report(&[34_000; 7].into_iter().chain([HEADER - 8000]).map(part).collect::<String>())
    };
    let message_ids = |octets: usize| {
        let ids = |number: u32| format!("Message-ID: x <{}{number}@x.example>\n", "y".repeat(octets / 5));
        let senders: String = (0..8).map(|number| format!("Sender: u{number}@example.org\n")).collect();
        let mark = format!("X-BATV-Mark: 1.4.20782.{}\n", "a".repeat(24));
        format!("{}{}{senders}", (0..5).map(ids).collect::<String>(), mark.repeat(5))
    };
    let u_hosts = |octets: usize| {
        let names: Vec<String> = u_labels(octets).collect();
        let received = |names: &[String]| format!("Received: from {} by x\n", names.join(" "));
        format!("{complete}{}", names.chunks(50).map(received).collect::<String>())
    };
    let signatures = |octets: usize| {
        let signature = BASE64.encode(&[0x11; 512]);
        let signature = format!(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa; h={}from; bh=eA==; b={signature}\n",
            "x:".repeat(900)
        );
        format!("{complete}{}{}", signature.repeat(10), filled(&format!("X: {}\n", filled("a ", 400)), octets - 30_000))
    };
    let inner = |kind: &str, unit: &str| {
        report(&filled(
            &format!(
                "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=c\n\n\
                 --c\nContent-Type: {kind}\n\n{}\n",
                filled(unit, MIB / 51)
            ),
            MIB,
        ))
    };
    let report_inside = format!(
        "Content-Type: multipart/report; boundary=c\n{complete}\n--c\n\n{}",
        filled("From: a\nTo: b\nDate: c\nx", TEXT)
    );
    vec![
        (
            "returned: 8,000 Received",
            report(&format!("--b\nContent-Type: message/rfc822\n\n{complete}{}\nbody\n", received.repeat(8000))),
        ),
        ("returned: Received of dots", with(&format!("Received: from {} by x\n", filled("a.", 900)))),
        ("returned: Received of U-labels", with("Received: from \u{fc}.\u{fc} by \u{fc}\n")),
        ("returned: fields a:", with("a:\n")),
        ("returned: Message-IDs", with("Message-ID: <1@a.example>\n")),
        ("returned: marks", with("X-BATV-Mark: 1; 478; aaaaaaaaaaaaaaaaaaaaaaaa\n")),
        ("returned: From", with("From: a@example.org\n")),
        ("returned: senders", with("Sender: a@example.org\nReply-To: b@example.org\nX-Envelope-From: c@d.example\n")),
        (
            "returned: DKIM signatures",
            with("DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; h=from:to; bh=x; b=y\n"),
        ),
        (
            "returned: DKIM signatures of many fields",
            with(&format!(
                "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=s; h={}; bh=eA==; b=eQ==\n",
                filled("from:", 8000)
            )),
        ),
        ("returned: DKIM tags", with(&format!("DKIM-Signature: {}\n", filled("d=x;", 8000)))),
        ("returned: form feeds", broken("\x0c\n")),
        ("returned: double returns", broken("\r\r\n")),
        ("returned: broken lines", broken("a\n")),
        ("returned: broken lines that end with =", broken("a=\n")),
        ("returned: eight headers of a:", headers("a:\n")),
        ("returned: eight headers of Received", headers(received)),
        ("returned: eight headers of form feeds", headers("a:\n\x0c\n")),
        ("returned: reports", report(&filled(&format!("--b\nContent-Type: message/rfc822\n\n{report_inside}\n"), MIB))),
        ("returned: long Message-IDs, with marks", eight(&message_ids)),
        ("returned: Received of long U-labels", eight(&u_hosts)),
        ("returned: RSA signatures", eight(&|octets| signatures(30_000 + octets / 100))),
        ("returned: RSA signatures on long headers", eight(&signatures)),
        ("returned: reports with texts of fields", inner("text/plain", "a:\nb:\nc:\nx\ny\n")),
        ("returned: reports with preformatted lines", inner("text/html", &format!("<pre>{}", "<\n".repeat(3000)))),
        ("returned: reports with HTML", inner("text/html", "<pre>a\n")),
        ("returned: Content-Types", with("Content-Type: text/plain\n")),
        ("returned: references", with("References: <1@a.example>\n")),
        ("returned: lines of a body", returning(complete, &filled(" \t\n", MIB))),
    ]
}

fn texts() -> Vec<Shape> {
    let text = |unit: &str| bounce(&[b"\n", filled(unit, MIB).as_bytes()]);
    let many = |unit: &str| mixed(&filled(&format!("--b\n\n{}\n", filled(unit, TEXT)), MIB));
    let blank = |unit: &str| mixed(&filled(&format!("--b\n\n{}\n", filled(unit, TEXT)), MIB));
    vec![
        ("texts: 15 of lines a:", many("a:\n")),
        ("texts: 15 of lines X-A:", many("X-A: b\n")),
        ("texts: 15 of fields", many("From: a\nTo: b\nDate: c\nx\ny\n")),
        ("texts: 15 of three lines", many("a:\nb:\nc:\nx\ny\n")),
        ("texts: 15 of quoted lines", many("> > > > > > > > a:\n")),
        ("texts: 15 of quotations", many("> a:\n| b:\n\t c:\n")),
        ("texts: 15 of broken lines", many("a:\nb:\nx\n")),
        ("texts: 15 of blank lines", blank(" \n")),
        ("texts: 15 of empty lines", blank("\n")),
        (
            "texts: bullets and mailboxes",
            text(&format!("{}a", filled("* ", TEXT / 2)).replace('a', &filled("a <a@b.example> ", TEXT / 2))),
        ),
        ("texts: a line of mailboxes", text(&format!("{}>{}", " ".repeat(TEXT / 2), filled("<a@b.c>", TEXT / 2)))),
        ("texts: at signs", text("@")),
        ("texts: digits", text("5")),
        ("texts: codes", text("555 555-")),
        (
            "texts: phrases",
            text("Undelivered Mail Returned to Sender could not be delivered to one or more recipients "),
        ),
        ("texts: hyphens", text("-")),
        ("texts: lines that show subjects", text("Subject: x\n")),
        ("texts: capitals of other scripts", text("\u{130}\u{1e9e}\u{fb01}")),
        ("texts: returns", text("a\r")),
        ("texts: double returns", text("a\r\r\n")),
        ("texts: fields of a report", text("Action: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; a@b.example\n")),
        ("texts: octets that are no UTF-8", bounce(&[b"\n", &vec![0xff; MIB]])),
    ]
}

fn html() -> Vec<Shape> {
    let html = |unit: &str| {
        let part = format!("--b\nContent-Type: text/html; charset=utf-8\n\n{}\n", filled(unit, TEXT));
        mixed(&filled(&part, MIB))
    };
    vec![
        ("HTML: <pre></PRE>", html("<pre></PRE>")),
        ("HTML: <PRE></pre>", html("<PRE></pre>")),
        ("HTML: <pre>", html("<pre>")),
        ("HTML: <pre", html("<pre")),
        ("HTML: preformatted lines", html("<pre>\n \n \n \n</pre>")),
        ("HTML: <", html("<")),
        ("HTML: <!--", html("<!--")),
        ("HTML: -->", html("<!-- -- > -->")),
        ("HTML: entities", html("&amp;&#x41;&nosuch;")),
        ("HTML: &", html("&")),
        ("HTML: soup", html("<b><i></b></p><table><tr><td><a href='x\"'>x</td></i>")),
        ("HTML: attributes", html("<a a=b c='d' e=\"f\" ")),
        ("HTML: style", html("<style>a</style><script>b")),
        ("HTML: fields in lines", html("From: a<br>To: b<br>Date: c<br>")),
    ]
}

fn encodings() -> Vec<Shape> {
    let encoded = |charset: &str, encoding: &str, unit: &str| {
        let part = format!(
            "--b\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n{}\n",
            filled(unit, TEXT)
        );
        mixed(&filled(&part, MIB))
    };
    let returned = |encoding: &str, unit: &str| {
        let header = format!("--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\n");
        report(&format!("{header}{}\n--b--\n", filled(unit, MIB)))
    };
    vec![
        ("encodings: base64", encoded("utf-8", "base64", "YTpiCmE6YgphOmIK\n")),
        ("encodings: base64 with an end", encoded("utf-8", "base64", "IA==IA==!")),
        ("encodings: quoted-printable", encoded("utf-8", "quoted-printable", "=41=3a=62=0a")),
        ("encodings: nothing but soft breaks", encoded("utf-8", "quoted-printable", "=\n")),
        ("encodings: UTF-7", encoded("utf-7", "8bit", "+AGE-a+")),
        ("encodings: UTF-16", encoded("utf-16", "8bit", "a\0b\0")),
        ("encodings: ISO-2022-JP", encoded("iso-2022-jp", "8bit", "\x1b$B0!\x1b(Ba")),
        ("encodings: GB18030", encoded("gb18030", "8bit", "\u{e9}\u{e9}a")),
        ("encodings: Big5", encoded("big5", "8bit", "\u{e9}\u{e9}a")),
        ("encodings: Shift JIS", encoded("shift_jis", "8bit", "\u{e9}\u{e9}a")),
        ("encodings: windows-1252", encoded("windows-1252", "8bit", "\u{e9}a\n")),
        ("encodings: a charset that nobody knows", encoded("nobody-knows", "8bit", "\u{e9}a\n")),
        (
            "encodings: a returned message in base64",
            returned("base64", "RnJvbTogYQpUbzogYgpEYXRlOiBjCmE6CmE6CmE6CmE6CmE6CmE6CmE6\n"),
        ),
        ("encodings: a returned message in garbage", returned("base64", "RnJvbTogYQp=!")),
        ("encodings: a returned message, quoted-printable", returned("quoted-printable", "=46rom: a=0a=0a")),
        (
            "encodings: many returned in base64",
            report(&filled(
                "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogYQo=\n",
                MIB,
            )),
        ),
    ]
}

fn reports() -> Vec<Shape> {
    let status =
        |unit: &str| report(&format!("--b\n\n--b\nContent-Type: message/delivery-status\n\n{}", filled(unit, MIB)));
    vec![
        ("reports: fields a:", status("a:\n")),
        ("reports: empty lines", status("\n")),
        ("reports: groups", status("a:\n\n")),
        ("reports: recipients", status("Final-Recipient: rfc822; b\nAction: failed\n\n")),
        ("reports: recipients without ends", status("Final-Recipient: rfc822; b\n")),
        ("reports: long values", status(&format!("Final-Recipient: {}\n", filled("<", 2000)))),
        ("reports: statuses", status("Status: 5.1.1\n")),
        ("reports: actions", status("Action: failed\n")),
        ("reports: envelope ids", status("Original-Envelope-Id: aaaaaaaa\n")),
        ("reports: folded lines", status(" a\n")),
    ]
}

/// What costs most in several places at once.
fn together() -> Vec<Shape> {
    let names: Vec<String> = u_labels(30_000).collect();
    let mailboxes: String = names.iter().map(|name| format!("a@{name}, ")).collect();
    let text = format!("--b\n\n{}\n", filled("a:\nb:\nc:\nx\ny\n", TEXT));
    let signature = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa; h={}from; bh=eA==; b={}\n",
        "x:".repeat(150),
        BASE64.encode(&[0x11; 512])
    );
    let header = format!(
        "From: a@example.org\nDate: Wed, 25 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n{}Received: from {}\n{}",
        signature.repeat(10),
        names.join(" "),
        filled(&format!("X: {}\n", filled("a ", 100)), 10_000)
    );
    let open = |level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
    let rest = [
        "Content-Type: multipart/mixed; boundary=b\n\n",
        &text.repeat(4),
        &format!("--b\nContent-Type: text/rfc822-headers\n\n{header}\n--b\n"),
        &(0..19).map(open).collect::<String>(),
        &filled("--b9x\n", MIB),
    ];
    let mailboxes = format!("Delivered-To: {mailboxes}\n");
    vec![(
        "together: U-labels, texts, signatures and delimiters",
        bounce(&[mailboxes.as_bytes(), rest.concat().as_bytes()]),
    )]
}
