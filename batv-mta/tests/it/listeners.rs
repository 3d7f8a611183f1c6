//! The running daemon, spoken to through all its listeners, by good peers and by bad ones.

use core::time::Duration;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use crate::support::Daemon;
use batv_tests::host::wait_for;
use batv_tests::site::{ALICE, KEYRING, forwarded, mark, tagged};

fn netstring(text: &str) -> String {
    format!("{}:{text},", text.len())
}

fn policy(sender: &str, recipient: &str) -> String {
    format!(
        "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\nsender={sender}\n\
             recipient={recipient}\n\n"
    )
}

#[test]
fn tables_answer_only_for_our_addresses() {
    let daemon = Daemon::started("");
    let tag = tagged(ALICE, 0);
    let forged = tag.replacen("prvs=4", "prvs=5", 1);
    let srs = forwarded("dave@example.net");
    let cases = [
        ("sign", ALICE, Some(tag.clone())),
        ("sign", &tag, None),
        ("sign", "dave@example.net", None),
        ("sign", "\"\"", None),
        ("sign", "", None),
        ("sign", "example.com", None),
        ("verify", &tag, Some(ALICE.to_owned())),
        ("verify", &tagged(ALICE, 40), Some(ALICE.to_owned())),
        ("verify", &forged, None),
        ("verify", ALICE, None),
        ("verify", &srs, None),
        ("unwrap", &forged, Some(ALICE.to_owned())),
        ("unwrap", ALICE, None),
        ("srs-forward", "dave@example.net", Some(srs.clone())),
        ("srs-forward", "alice@srs.example.com", None),
        ("srs-forward", ALICE, None),
        ("srs-forward", "news@example.com", None),
        ("srs-reverse", &srs, Some("dave@example.net".to_owned())),
        ("srs-reverse", &srs.replacen("SRS0=", "SRS0=AAAA", 1), None),
        ("srs-reverse", "SRS0=AAAA=AA=example.net=dave@elsewhere.example", None),
        ("srs-reverse", ALICE, None),
    ];
    // All at once, as Postfix may: the answers come in order.
    let requests: String = cases.iter().map(|(map, key, _)| netstring(&format!("{map} {key}"))).collect();
    let answers: String = cases
        .iter()
        .map(|(_, _, found)| netstring(&found.as_ref().map_or("NOTFOUND ".to_owned(), |found| format!("OK {found}"))))
        .collect();
    assert_eq!(daemon.ask("socketmap", requests.as_bytes()), answers);
    let requests: String = cases.iter().map(|(map, key, _)| format!("{map} {key}\r\n")).collect();
    let answers: String = cases
        .iter()
        .map(|(_, _, found)| found.as_ref().map_or("NO\n".to_owned(), |found| format!("OK {found}\n")))
        .collect();
    assert_eq!(daemon.ask("line", requests.as_bytes()), answers);
    assert!(daemon.ask("socketmap", netstring("sing x").as_bytes()).contains(":PERM unknown name: expected `sign`"));
    assert!(daemon.ask("line", b"sing x\n").starts_with("PERM "));
}

#[test]
fn the_policy_service_refuses_bounces_that_a_table_let_in() {
    let daemon = Daemon::started("[verify]\nmode = 'reject'\nreject_at = 'rcpt'\n");
    let tag = tagged(ALICE, 0);
    let srs = forwarded("dave@example.net");
    for (sender, recipient, start) in [
        ("", tag.as_str(), "DUNNO"),
        ("", "alice@example.com", "550 5.7.1 "),
        ("", &tagged(ALICE, 40), "550 5.7.1 "),
        ("", "postmaster@example.com", "DUNNO"),
        ("", "dave@example.net", "DUNNO"),
        ("", &srs, "DUNNO"),
        ("carol@example.org", &tag, "DUNNO"),
        ("carol@example.org", "alice@example.com", "DUNNO"),
        ("carol@example.org", &srs, "550 5.7.1 "),
        ("a=b@example.org", "alice@example.com", "DUNNO"),
        ("carol@example.org", "no address", "DUNNO"),
    ] {
        let answer = daemon.ask("policy", policy(sender, recipient).as_bytes());
        assert!(answer.starts_with(&format!("action={start}")) && answer.ends_with("\n\n"), "{recipient}: {answer}");
    }
    let check = format!("check <carol@example.org> {srs}\ncheck <> {tag}\ncheck nothing\n");
    let answer = daemon.ask("line", check.as_bytes());
    assert!(answer.starts_with("OK 550 5.7.1 ") && answer.contains("\nNO\nPERM "), "{answer}");
}

/// Also where the SRS domain is one that has tags.
#[test]
fn bounces_to_forwarded_mail_are_no_untagged_ones() {
    let protected = "[sign]\nprotected = ['example.com', 'srs.example.com']\n[verify]\nmode = 'reject'\n";
    let mut daemon = Daemon::new(protected);
    daemon.write("keyring.toml", &KEYRING.replace("domains =", "# domains ="), 0o600);
    daemon.start();
    let srs = forwarded("dave@example.net");
    let judge = |recipient: &str| daemon.ask("line", format!("judge data none - <> {recipient}\n").as_bytes());
    let answer = judge(&srs);
    assert!(answer.starts_with("OK disposition=accept verdict=genuine reason=srs-ok "), "{answer}");
    let answer = judge(&srs.replacen("SRS0=", "SRS0=AAAA", 1));
    assert!(answer.starts_with("OK disposition=reject verdict=disproved reason=srs-forged "), "{answer}");
    let answer = judge("alice@srs.example.com");
    assert!(answer.contains(" reason=untagged "), "{answer}");
    // Together with a recipient that needs the message, it would have the message taken for both.
    let answer = daemon.ask("line", format!("judge rcpt undecided - <> {srs}\n").as_bytes());
    assert!(answer.contains("disposition=tempfail ") && answer.contains("reply=\"452 4.5.3 "), "{answer}");
}

/// A message comes behind its request, and other requests behind it.
#[test]
fn messages_are_judged_by_line() {
    let daemon = Daemon::started("[verify]\nmode = 'reject'\n[messages]\nmarked_since = 2020-01-01\n");
    let returned = |field: &str| {
        format!(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
             Content-Type: text/rfc822-headers\n\n{field}Received: from mx.example.net\nFrom: {ALICE}\n\
             Date: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.net>\n--b--\n"
        )
    };
    let (foreign, ours) = (returned(""), returned(&format!("X-BATV-Mark: {}\n", mark(ALICE, "1@example.net").0)));
    let judge = |extent: &str, to: &str, message: &str| {
        format!("judge-message 192.0.2.7 {extent} {} <> {to}\n{message}", message.len())
    };
    let tag = tagged(ALICE, 0);
    for (extent, to, message, expected) in [
        ("whole", ALICE, &foreign, "disposition=reject verdict=disproved reason=backscatter-disproved settled=1 "),
        (
            "whole",
            ALICE,
            &foreign,
            " reply=\"550 5.7.1 Not a bounce of our mail: we did not send the message that it returns\" class=dsn origin=disproved ",
        ),
        ("cut", ALICE, &foreign, "disposition=quarantine verdict=disproved "),
        (
            "whole",
            ALICE,
            &ours,
            " class=dsn origin=mark status_field=\"valid\" verdict_field=\"genuine; reason=original-proved; ",
        ),
        ("whole", &tag, &ours, "disposition=accept verdict=genuine reason=tag-ok "),
        ("whole", "postmaster@example.com", &foreign, " class=- origin=- status_field=\"\" verdict_field=\"\""),
        ("whole", &forwarded("dave@example.net"), &foreign, " reason=srs-ok "),
        ("whole", ALICE, &String::new(), " reason=null-not-bounce "),
    ] {
        let answer = daemon.ask("line", judge(extent, to, message).as_bytes());
        assert!(answer.starts_with("OK ") && answer.contains(expected), "{extent} {to}: {answer}");
    }
    let requests = judge("whole", ALICE, &foreign) + &judge("cut", &tag, "x\ny\n") + "check nothing\n";
    let answer = daemon.ask("line", requests.as_bytes());
    assert_eq!(
        answer.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect::<Vec<_>>(),
        ["OK", "OK", "PERM"]
    );
    for wrong in ["judge-message 192.0.2.7 half 0 <> a@example.com", "judge-message 192.0.2.7 whole", "judge-message"] {
        assert!(daemon.ask("line", format!("{wrong}\n").as_bytes()).starts_with("PERM "), "{wrong}");
    }
    // A request over the limit is not awaited.
    assert_eq!(daemon.ask("line", b"judge-message 192.0.2.7 whole 99999999 <> a@example.com\n"), "");

    let expected = format!("OK {}\nNO\nNO\nNO\n", mark(ALICE, "1@example.com").0);
    let requests = format!(
        "mark <{ALICE}> <1@example.com>\nmark <dave@example.net> <1@example.com>\nmark <> <1@example.com>\n\
         mark <{tag}> <1@example.com>\n"
    );
    assert_eq!(daemon.ask("line", requests.as_bytes()), expected);
}

#[test]
fn refusals_are_worded_by_the_site() {
    let daemon = Daemon::started(
        "[verify]\nmode = 'reject'\nreject_at = 'rcpt'\n[replies]\nurl = 'https://example.com/bounces'\n\
         not-our-bounce = 'We sent nothing that this answers'\n",
    );
    let expected = "550 5.7.1 We sent nothing that this answers; see https://example.com/bounces";
    assert_eq!(daemon.ask("policy", policy("", ALICE).as_bytes()), format!("action={expected}\n\n"));
    let answer = daemon.ask("line", format!("judge data none - <> {ALICE}\n").as_bytes());
    assert!(answer.contains(&format!(" reply=\"{expected}\"")), "{answer}");
}

/// As sites with PostSRSd use it.
#[test]
fn forwards_without_tags_as_other_hosts_do() {
    let config = "separator = '+'\nhash_length = 8\nhash_minimum = 5\nmax_age = 2\n[sign]\nexempt = ['example.com']\n";
    let mut daemon = Daemon::new(config);
    let (_, srs_key) = KEYRING.split_once("\n\n").expect("two keys");
    daemon.write("keyring.toml", srs_key, 0o600);
    daemon.start();
    let ask = |question: &str| daemon.ask("line", format!("{question}\n").as_bytes());
    assert_eq!(ask(&format!("sign {ALICE}")), "NO\n");
    assert_eq!(ask(&format!("srs-forward {ALICE}")), "NO\n");
    let answer = ask("srs-forward dave@example.net");
    let address = answer.trim_end().strip_prefix("OK ").expect("an address");
    // The hashes of other lengths begin alike.
    let usual = forwarded("dave@example.net");
    let (hash, rest) = usual.trim_start_matches("SRS0=").split_once('=').expect("a hash");
    assert!(address.starts_with(&format!("SRS0+{hash}")) && address.ends_with(rest), "{address}");
    assert_eq!(address.len(), usual.len() + 4);
    assert_eq!(ask(&format!("srs-reverse {address}")), "OK dave@example.net\n");
    assert_eq!(ask(&format!("srs-reverse {usual}")), "NO\n");
    let judged = ask(&format!("judge rcpt none - <> {ALICE}"));
    assert!(judged.starts_with("OK disposition=accept verdict=not-judged "), "{judged}");
}

#[test]
fn refuses_to_start_without_key_or_listener() {
    let refusal = |configuration: &str, keyring: &str| {
        let mut daemon = Daemon::new(configuration);
        daemon.write("keyring.toml", keyring, 0o600);
        let mut command = daemon.command();
        daemon.try_start(&mut command).expect_err(configuration)
    };
    let said = refusal("", "");
    assert!(said.contains("no key of use `batv` in state `signing`"), "{said}");
    let (_, srs_key) = KEYRING.split_once("\n\n").expect("two keys");
    let said = refusal("[sign]\nprotected = ['example.com']", srs_key);
    assert!(said.contains("no key of use `batv` in state `signing`"), "{said}");
    for (srs, fault) in [
        ("hash_length = 3", "[srs]: SRS hash of 3 characters"),
        ("hash_minimum = 8", "[srs]: SRS hash of 4 characters, at least 8"),
        ("max_age = 0", "[srs]: SRS age of 0 days"),
        ("separator = '/'", "line 12, column 13"),
        ("[sign]\ndelimiter = '@'", "line 13, column 13"),
        ("[sign]\ndelimiter = '++'", "line 13, column 13"),
        ("[limits]\nconnections = 0", "line 13, column 15: with 0 nobody"),
        ("[store]\nmilliseconds = 0", "line 13, column 16: with 0 nobody"),
    ] {
        let said = refusal(srs, KEYRING);
        assert!(said.contains(fault), "{said}");
    }
    let said = refusal("[verify]\nmoed = 'mark'", KEYRING);
    assert!(said.contains("line 13, column 1") && said.contains("did you mean `mode`?"), "{said}");
    let said = refusal("", &KEYRING.replace("domains =", "# domains ="));
    assert!(said.contains("a key signs for everybody, and `sign.protected` is empty"), "{said}");
    let said = refusal("", "[[key]]\nsecret = 'text:s3kr1t");
    assert!(!said.contains("s3kr1t"), "{said}");
}

#[test]
fn a_wrong_configuration_changes_nothing_in_force() {
    let daemon = Daemon::started("");
    let tag = tagged(ALICE, 0);
    let request = format!("verify {tag}\n");
    let mut line = daemon.connect("line");
    let refused = || daemon.log().matches("reload failed, the old settings stay in effect").count();
    for (before, text) in
        ["", "[[key]]\nuse = 'ba", "[[key]]\nuse = 'batv'\nid = 11\nsecret = 'text:x'"].iter().enumerate()
    {
        daemon.write("keyring.toml", text, 0o600);
        daemon.signal("HUP");
        wait_for("refusal", || (refused() > before).then_some(()));
        line.write_all(request.as_bytes()).expect("the connection stays");
        let mut answer = [0; 21];
        line.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"OK alice@example.com\n");
    }
}

#[test]
fn ends_at_once_when_nothing_is_under_way() {
    let mut daemon = Daemon::started("[limits]\ndrain_seconds = 60\n");
    let mut idle = daemon.connect("milter");
    let mut busy = daemon.connect("milter");
    let offer = [&b"\0\0\0\x0dO\0\0\0\x06"[..], &[0, 0, 1, 0xff], &[0; 4]].concat();
    busy.write_all(&offer).expect("a connection");
    let mut answer = [0; 17];
    busy.read_exact(&mut answer).expect("an answer");
    busy.write_all(b"\0\0\0\x04M<>\0").expect("a connection");
    busy.read_exact(&mut answer[..5]).expect("an answer");
    daemon.signal("TERM");
    assert_eq!(idle.read_to_end(&mut Vec::new()).expect("an end"), 0);
    assert!(daemon.is_running(), "a message is under way");
    busy.write_all(b"\0\0\0\x01E\0\0\0\x01Q").expect("a connection");
    assert!(daemon.stop().success());
    assert!(!daemon.path("milter.sock").exists());
}

#[test]
fn bad_peers_block_nobody_and_take_no_memory() {
    let daemon = Daemon::started("[limits]\nrequest_seconds = 5\n");
    let before = daemon.memory();
    // A thousand idle connections, some with an announced length, and some slow ones.
    let mut peers: Vec<UnixStream> = (0..1000).map(|_| daemon.connect("milter")).collect();
    for (number, peer) in peers.iter_mut().enumerate() {
        let said: &[u8] = match number % 4 {
            0 => b"",
            1 => b"\0\x03\xff\xffB",
            2 => b"\0",
            _ => b"\0\0\0\x0dO\0",
        };
        peer.write_all(said).expect("a connection");
    }
    let start = Instant::now();
    assert_eq!(daemon.ask("line", b"unwrap prvs=0787f93fc2=alice@example.com\n"), "OK alice@example.com\n");
    eprintln!("answered beside 1000 silent peers in {:?}", start.elapsed());
    let grown = daemon.memory().saturating_sub(before);
    assert!(grown < 20_000_000, "{grown} octets for 1000 connections");
    for (listener, request) in [
        ("milter", &b"\x7f\xff\xff\xff"[..]),
        ("milter", b"\0\0\0\0"),
        ("milter", b"\0\0\0\x01?"),
        ("socketmap", b"99999999:"),
        ("socketmap", b"-1:x,"),
        ("socketmap", b"3:abcd"),
        ("policy", &[b'x'; 100_000]),
        ("line", &[b'x'; 100_000]),
    ] {
        let mut stream = daemon.connect(listener);
        // It may close before it has heard all.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty(), "{listener}: {answer:?}");
    }
    // Those that say nothing are let go.
    for peer in &mut peers {
        assert_eq!(peer.read_to_end(&mut Vec::new()).expect("an end"), 0);
    }
}

#[test]
fn tells_systemd_when_it_is_ready_and_when_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
    let mut daemon = Daemon::new("");
    let mut command = daemon.command();
    daemon.try_start(command.env("NOTIFY_SOCKET", &path)).expect("a daemon");
    let hear = || {
        let mut octets = [0; 64];
        let length = socket.recv(&mut octets).expect("a word");
        String::from_utf8_lossy(&octets[..length]).trim().to_owned()
    };
    assert_eq!(hear(), "READY=1");
    daemon.signal("TERM");
    assert_eq!(hear(), "STOPPING=1");
}
