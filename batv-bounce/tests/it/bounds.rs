//! What is read of a message is bounded, whatever it is made of: in octets, in parts, in memory, and in depth, for which
//! the stack is small here.

use std::thread;

use allocation_counter::measure;
use batv_bounce::{Class, Evidence, Limits, Reading, read};
use batv_core::Path;

use crate::shapes;

const MIB: usize = 1024 * 1024;
/// Octets of the stack.
const STACK: usize = MIB;
/// The most memory at a time, in octets: three times what is read of a message.
const MEMORY: u64 = 3 * 16 * 1024 * 1024;

/// Reads a message and looks for its origin, on a small stack and in little memory, and hands the reading on.
fn read_within_bounds(message: &[u8], check: impl FnOnce(&Reading<'_>) + Send) {
    let work = || {
        let used = measure(|| {
            let reading = read(message, Some(Path::Null), &Limits::default());
            drop(shapes::find_origin(&reading));
            check(&reading);
        });
        assert!(used.bytes_max <= MEMORY, "{} octets of memory", used.bytes_max);
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("a thread");
        thread.join().expect("no panic");
    });
}

/// A bounce: its header, then what follows.
fn bounce(rest: &[&[u8]]) -> Vec<u8> {
    let header: &[u8] = b"From: MAILER-DAEMON@example.net\nTo: alice@example.com\nSubject: failure notice\n";
    [&[header], rest].concat().concat()
}

fn with_cr(message: Vec<u8>) -> Vec<u8> {
    message.into_iter().map(|octet| if octet == b'\n' { b'\r' } else { octet }).collect()
}

#[test]
fn a_message_of_100_mb() {
    let line = b"Your message could not be delivered to one or more recipients. 550 5.1.1\n";
    for fold in [1, 100] {
        // Lines, and lines that are one.
        let text: Vec<u8> = line.iter().map(|octet| if fold > 1 && *octet == b'\n' { b' ' } else { *octet }).collect();
        let message = bounce(&[b"\n", &text.repeat(100 * MIB / text.len())]);
        read_within_bounds(&message, |reading| {
            assert_eq!((reading.class, reading.cut), (Class::NonstandardDsn, true));
        });
    }
}

#[test]
fn a_message_of_100_mb_whose_lines_end_with_cr() {
    let message = bounce(&[b"\n", &b"Your message could not be delivered.\n".repeat(100 * MIB / 37)]);
    read_within_bounds(&with_cr(message), |reading| {
        assert_eq!((reading.class, reading.cut), (Class::NonstandardDsn, true));
    });
}

#[test]
fn a_message_as_long_as_the_limit_is_not_cut() {
    let message = bounce(&[b"\nYour message could not be delivered."]);
    for message in [message.clone(), with_cr(message)] {
        let within = |octets| Limits { octets, ..Limits::default() };
        assert!(!read(&message, None, &within(message.len())).cut);
        assert!(read(&message, None, &within(message.len() - 1)).cut);
    }
}

fn parts(count: usize, part: &[u8]) -> Vec<u8> {
    let header = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n";
    bounce(&[header, &part.repeat(count), b"--b--\n"])
}

#[test]
fn parts_in_a_row() {
    let part = b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nAction: failed\n";
    // The multipart is one of them.
    let most = Limits::default().parts - 1;
    for (count, cut) in [(most, false), (most + 1, true)] {
        read_within_bounds(&parts(count, part), |reading| {
            assert_eq!((reading.class, reading.cut), (Class::Dsn, cut), "{count}");
            assert_eq!(reading.report.recipients.len(), 100);
        });
    }
    // As many as there is room for.
    for part in [b"--b\n".as_slice(), b"--b\n\n", b"--b\n:\n", b"--b\n\nx--b\n\n"] {
        read_within_bounds(&parts(16 * MIB / part.len(), part), |reading| {
            assert_eq!((reading.class, reading.cut), (Class::Dsn, true));
        });
    }
}

#[test]
fn multiparts_in_one_another() {
    // The innermost is a text.
    for (depth, cut) in [(20, false), (21, true), (1000, true), (100_000, true)] {
        let open: String =
            (0..depth).map(|level| format!("Content-Type: multipart/mixed; boundary={level}\n\n--{level}\n")).collect();
        let close: String = (0..depth).rev().map(|level| format!("--{level}--\n")).collect();
        let text = "\nYour message could not be delivered.\n";
        let message = bounce(&[open.as_bytes(), text.as_bytes(), close.as_bytes()]);
        read_within_bounds(&message, |reading| {
            assert_eq!(reading.cut, cut, "{depth}");
            assert!(cut || reading.class == Class::NonstandardDsn, "{:?}", reading.class);
        });
    }
}

#[test]
fn messages_in_one_another() {
    for kind in ["Content-Type: message/rfc822\n\n", "Content -Type: (a) message /rfc822\n\n"] {
        for depth in [1000, 100_000, 16 * MIB / kind.len()] {
            let message = bounce(&[kind.repeat(depth).as_bytes(), b"Subject: lunch\n\nAt noon?\n"]);
            read_within_bounds(&message, |_| {});
        }
    }
}

#[test]
fn digests_in_one_another() {
    for depth in [1000, 100_000] {
        let open: String = (0..depth)
            .map(|level| format!("Content-Type: multipart/digest; boundary={level}\n\n--{level}\n\n"))
            .collect();
        read_within_bounds(&bounce(&[open.as_bytes()]), |_| {});
    }
}

#[test]
fn multiparts_whose_delimiter_never_comes() {
    let part = |number: usize| format!("--b\nContent-Type: multipart/mixed; boundary=missing{number}\n\n\n");
    for count in [9_000, 100_000] {
        let message = parts(1, (0..count).map(part).collect::<String>().as_bytes());
        read_within_bounds(&message, |reading| assert_eq!(reading.cut, count > 10_000));
    }
}

/// Each line of the text begins as all the open delimiters do.
#[test]
fn lines_that_are_nearly_delimiters() {
    let start = "-".repeat(60);
    let open: String = (0..20)
        .map(|level| format!("Content-Type: multipart/mixed; boundary=\"{start}{level:02}\"\n\n--{start}{level:02}\n"))
        .collect();
    let text = format!("--{start}\n");
    let message = bounce(&[open.as_bytes(), b"\n", text.repeat(15 * MIB / text.len()).as_bytes()]);
    read_within_bounds(&message, |reading| assert!(!reading.cut));
}

#[test]
fn long_headers() {
    let folded = b"X-Folded: a\n".iter().chain(b" b\n".repeat(MIB / 3).iter()).copied().collect::<Vec<u8>>();
    let lines = [MIB, 50 * MIB].map(|length| [b"X-Long: ".as_slice(), &vec![b'a'; length], b"\n"].concat());
    let fields = b"X: y\n".repeat(1_000_000);
    let type_parameters = [b"Content-Type: text/plain".as_slice(), &b"; a*1=b".repeat(MIB)].concat();
    let type_names = (0..MIB / 16).map(|number| format!(";\n x{number}=y")).collect::<String>();
    let type_names = ["Content-Type: text/plain", &type_names].concat().into_bytes();
    let unended = [b"Content-Type: multipart/mixed; boundary=\"".as_slice(), &vec![b'b'; MIB]].concat();
    for header in [&folded, &lines[0], &lines[1], &fields, &type_parameters, &type_names, &unended] {
        let message = bounce(&[header, b"\n\nYour message could not be delivered.\n"]);
        read_within_bounds(&message, |reading| {
            assert!(reading.cut);
            assert!(reading.class.is_bounce(), "{:?}", reading.class);
        });
        // The same in a part, and in a message that is returned.
        for above in ["", "Content-Type: message/rfc822\n\n"] {
            let part = [b"--b\n", above.as_bytes(), header, b"\n\n"].concat();
            read_within_bounds(&parts(1, &part), |reading| assert_eq!(reading.class, Class::Dsn));
        }
    }
}

#[test]
fn a_returned_header_that_is_too_long_disproves_nothing() {
    let complete =
        "From: a@example.org\nDate: Wed, 25 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\nReceived: x\n";
    for (fields, complete_header) in [(100, true), (100_000, false)] {
        let header = [complete, &"X-Other: y\n".repeat(fields)].concat();
        let part = ["--b\nContent-Type: message/rfc822\n\n", &header, "\nHello\n"].concat();
        read_within_bounds(&parts(1, part.as_bytes()), |reading| {
            let original = reading.original.as_ref().expect("an original");
            assert_eq!((original.complete, original.body.is_some()), (complete_header, complete_header));
            assert!(original.header.len() <= Limits::default().header_octets);
        });
    }
}

#[test]
fn long_subjects_and_authors() {
    let encoded = "=?utf-8?q?Unzustellbar?= ".repeat(100_000);
    let unended = "=?utf-8?q?".repeat(100_000);
    let base64 = format!("=?utf-8?b?{}?=", "VW56".repeat(100_000));
    let words = "Undeliverable ".repeat(100_000);
    for text in [encoded, unended, base64, words] {
        // On one line, and folded: shorter than a header may be, and longer.
        for text in [text.replace(' ', "\n "), text.clone(), text[..text.len() / 16].to_owned()] {
            for name in ["Subject", "From", "References", "Auto-Submitted", "X-Autoreply", "Return-Path"] {
                let message =
                    format!("{name}: {text}\nTo: alice@example.com\n\nYour message could not be delivered.\n");
                read_within_bounds(message.as_bytes(), |_| {});
            }
        }
    }
    let authors = "From: ".to_owned() + &"a <a@example.com>, ".repeat(100_000) + "\n\n";
    read_within_bounds(authors.as_bytes(), |reading| assert!(reading.cut));
}

#[test]
fn encoded_texts() {
    let words = b"Your message could not be delivered.\n";
    let base64 = data_encoding::BASE64.encode(&words.repeat(8 * MIB / words.len()));
    let lines = base64.as_bytes().chunks(76).map(|line| [line, b"\n"].concat()).collect::<Vec<_>>().concat();
    let quoted = words.iter().map(|octet| format!("={octet:02X}")).collect::<String>().repeat(8 * MIB / words.len());
    let cases = [("base64", base64.as_bytes()), ("base64", &lines), ("quoted-printable", quoted.as_bytes())];
    for (encoding, text) in cases {
        let encoding = format!("Content-Transfer-Encoding: {encoding}\n");
        for kind in ["text/plain; charset=utf-8", "text/html", "text/plain; charset=utf-16", "text/plain; charset=none"]
        {
            let message = bounce(&[format!("Content-Type: {kind}\n{encoding}\n").as_bytes(), text]);
            read_within_bounds(&message, |reading| {
                let says = |evidence: &Evidence| evidence.words.contains("could not be delivered");
                assert_eq!(reading.evidence.iter().any(says), !kind.contains("utf-16"), "{kind} {encoding}");
            });
        }
        // A report, and a message that is returned, are decoded as a whole.
        for kind in ["message/delivery-status", "message/rfc822"] {
            let part =
                [b"--b\nContent-Type: ", kind.as_bytes(), b"\n", encoding.as_bytes(), b"\n", text, b"\n"].concat();
            let message = parts(1, &part);
            read_within_bounds(&message, |reading| assert_eq!(reading.class, Class::Dsn));
            read_within_bounds(&with_cr(message), |reading| assert_eq!(reading.class, Class::Dsn));
        }
    }
}

#[test]
fn reports_with_long_values_and_many_recipients() {
    let long = [b"Final-Recipient: rfc822; ".as_slice(), &vec![0xff; 8 * MIB]].concat();
    let many = b"Final-Recipient: rfc822; bob@example.net\nAction: failed\n\n".repeat(16 * MIB / 60);
    let empty = b"\n".repeat(15 * MIB);
    for report in [&long, &many, &empty] {
        let part = [b"--b\nContent-Type: message/delivery-status\n\n".as_slice(), report, b"\n"].concat();
        read_within_bounds(&parts(1, &part), |reading| {
            let recipients = &reading.report.recipients;
            assert!(recipients.len() <= 100);
            let values = recipients.iter().filter_map(|recipient| recipient.final_recipient.as_ref());
            assert!(values.into_iter().all(|value| value.len() <= 1000));
        });
    }
}

#[test]
fn texts_that_look_like_headers() {
    let lines = ["a:\n", "> a:\n", "From: a\n", "From: a\n\n", "a:b\n c\n", "|", " \n", "Received: from example.com\n"];
    for line in lines {
        let message = bounce(&[b"\n", line.repeat(100 * MIB / line.len()).as_bytes()]);
        read_within_bounds(&message, |reading| assert!(reading.cut));
        // In many parts, each of which is looked through.
        let part = ["--b\nContent-Type: text/html\n\n", &line.repeat(100)].concat();
        read_within_bounds(&parts(9_000, part.as_bytes()), |_| {});
    }
}

#[test]
fn html_without_end() {
    for text in ["<", "<!--", "&", "<p", "<a href=\"", "&#x41;", "</"] {
        let message = bounce(&[b"Content-Type: text/html\n\n", text.repeat(16 * MIB / text.len()).as_bytes()]);
        read_within_bounds(&message, |_| {});
    }
}

#[test]
fn elements_of_html() {
    for element in
        ["<pre>", "<pre></pre>", "<PRE></PRE>", "<pre>\n a</pre>", "<p>", "<b><i>", "<!--", "<", "&amp;", "&"]
    {
        let header = b"Content-Type: text/html; charset=utf-8\n\n";
        let text = b"<p>Your message could not be delivered.</p>\n";
        let message = bounce(&[header, text, element.repeat(MIB / element.len()).as_bytes()]);
        read_within_bounds(&message, |reading| assert_eq!(reading.class, Class::NonstandardDsn, "{element}"));
    }
}
