//! The page of a running daemon, with traffic behind it: its figures are those of the log, and words of strangers are only
//! text.

use core::net::Ipv4Addr;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use crate::support::Daemon;
use batv_report::{Page, Reader, Report, json};
use batv_tests::browser::{Browser, LOOKS};
use batv_tests::host::{free_ports, wait_for};
use batv_tests::milter::{self, MailServer, Offer, Place};
use batv_tests::site::{ALICE, forged, forwarded, tagged};
use serde_json::Value;

/// Local parts that would be markup without escaping.
const HOSTILE: [&str; 3] = [
    "\"<script>document.title=1</script>\"@example.com",
    "\"x' onload='y\"@example.com",
    "\"</title><img src=x onerror=y>\"@example.com",
];

fn get(daemon: &Daemon, path: &str, host: &str) -> String {
    daemon.ask("page", format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
}

fn json_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

/// All listeners that judge, with all that can be found.
fn traffic(daemon: &Daemon) {
    let tag = tagged(ALICE, 0);
    let forged = forged(&tag);
    let old = tagged(ALICE, 40);
    for recipient in [tag.as_str(), &forged, &old, ALICE].into_iter().chain(HOSTILE) {
        for client in ["192.0.2.7", "198.51.100.9", "-"] {
            daemon.ask("line", format!("judge data none {client} <> {recipient}\n").as_bytes());
        }
        let request = format!(
            "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=203.0.113.1\nsender=\nrecipient={recipient}\n\n"
        );
        daemon.ask("policy", request.as_bytes());
    }
}

#[test]
fn its_figures_are_those_of_the_log() {
    let daemon = Daemon::started("[page]\nname = 'mx.example.com'\n[verify]\nmode = 'quarantine'\n");
    traffic(&daemon);
    let answer = get(&daemon, "/report.json", "localhost");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"), "{answer}");
    let mut told = json_of(&answer);
    let judged = told["decisions"]["total"].as_u64().expect("a number");
    assert!(judged >= 20, "{told}");

    // The log comes a little later.
    let log = wait_for("log", || {
        let log = fs::read(daemon.path("batvd.log")).ok()?;
        let lines =
            log.split(|octet| *octet == b'\n').filter(|line| line.windows(7).any(|seven| seven == b"judged ")).count();
        (u64::try_from(lines).ok()? >= judged).then_some(log)
    });
    let (mut reader, mut report) = (Reader::new(0), Report::default());
    for line in log.split(|octet| *octet == b'\n') {
        if let Some(event) = reader.read(line) {
            report.add(&event);
        }
    }
    let mut logged: Value = serde_json::from_str(&json::render(&Page::new(&report))).expect("JSON");
    // On standard error, the log has no times.
    for samples in [&mut told["samples"], &mut logged["samples"]] {
        let samples = samples.as_array_mut().expect("samples");
        samples.iter_mut().for_each(|sample| sample["time"] = Value::Null);
        // Two listeners may count in one order and write in the other.
        samples.sort_by_key(Value::to_string);
    }
    for figures in
        ["decisions", "answers", "domains", "modes", "reasons", "classes", "listeners", "samples", "backscatter"]
    {
        assert!(!told[figures].is_null(), "{figures}");
        assert_eq!(told[figures], logged[figures], "{figures}");
    }
    // And those of the metrics.
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let counted = metrics.lines().filter(|line| line.starts_with("batv_decisions_total{"));
    let counted: u64 = counted.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
    assert_eq!(counted, judged);
}

/// A message of a user of ours.
fn send(daemon: &Daemon, sender: &str) {
    let stream = Place::Unix(daemon.socket("milter")).connect().expect("a connection");
    let mut server = MailServer::new(stream);
    server.negotiate(Offer::USUAL).expect("an agreement");
    server.say(&milter::macros(b'C', &["{daemon_name}", "ORIGINATING"]));
    server.say(&milter::connect("client.example.net", 12345, "192.0.2.7"));
    server.say(&milter::mail(sender));
    server.say(&milter::recipient("dave@example.net"));
    server.say(&milter::header("Message-ID", "<1@example.com>"));
    server.say(milter::END_OF_MESSAGE);
}

#[test]
fn outgoing_mail_is_counted_as_in_the_log() {
    let mut daemon = Daemon::new("");
    daemon.configure(&format!("[store]\nat = 'sqlite:{}/store/store.sqlite'\n", daemon.root()));
    daemon.start();
    for sender in [ALICE, ALICE, &format!("{}@example.com", "a".repeat(60))] {
        send(&daemon, sender);
    }
    let log = wait_for("log", || Some(daemon.log()).filter(|log| log.contains("tagged by a handle ")));
    let (mut reader, mut report) = (Reader::new(0), Report::default());
    log.lines().filter_map(|line| reader.read(line.as_bytes()).map(|event| report.add(&event))).for_each(drop);
    let logged: Value = serde_json::from_str(&json::render(&Page::new(&report))).expect("JSON");
    let told = json_of(&get(&daemon, "/report.json", "localhost"));
    assert_eq!(told["signing"]["tagged"], 3, "{told}");
    assert_eq!(told["signing"]["keys"][0]["count"], 2, "{told}");
    assert_eq!(told["signing"], logged["signing"]);
}

/// The lines of the log on recipients, once there are so many.
fn judged(daemon: &Daemon, lines: usize) -> Vec<String> {
    wait_for("log", || {
        let log = daemon.log();
        let judged: Vec<_> = log.lines().filter(|line| line.contains("judged ")).map(str::to_owned).collect();
        (judged.len() >= lines).then_some(judged)
    })
}

/// A bounce that returns a message without our mark, and one that doesn't show the origin of its message.
const RETURNS: &str = "From: postmaster@example.net\nContent-Type: multipart/report; report-type=delivery-status; \
    boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: \
    rfc822; dave@example.net\nAction: failed\nStatus: 5.1.1\n\n";
const FOREIGN: &str = "--b\nContent-Type: text/rfc822-headers\n\nReceived: from mx.example.net\nFrom: alice@example.com\n\
    Date: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n--b--\n";

#[test]
fn the_log_says_the_effect_of_mode_reject() {
    let foreign = format!("{RETURNS}{FOREIGN}");
    let unknown = format!("{RETURNS}--b--\n");
    let (late, old) = (tagged(ALICE, 9), tagged(ALICE, 40));
    let (forged, wrong) = (forged(&tagged(ALICE, 0)), forged(&forwarded("dave@example.net")));
    let message = |extent: &str, text: &str| {
        format!("judge-message 192.0.2.7 {extent} {} <> {ALICE}\n{text}", text.len()).into_bytes()
    };
    let judge = |stage: &str, to: &str| format!("judge {stage} none 192.0.2.7 <> {to}\n").into_bytes();
    let policy = |to: &str| {
        format!(
            "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\nsender=\nrecipient={to}\n\n"
        )
        .into_bytes()
    };
    for (more, listener, request, reason, in_reject) in [
        ("", "line", judge("data", &late), "tag-expired", "accept"),
        ("", "line", judge("data", &old), "tag-expired", "reject"),
        ("", "line", judge("rcpt", &old), "tag-expired", "accept"),
        ("", "line", judge("data", &forged), "tag-forged", "reject"),
        ("", "line", judge("data", &tagged(ALICE, 0)), "tag-ok", "accept"),
        ("", "line", judge("rcpt", &wrong), "srs-forged", "reject"),
        ("", "policy", policy(&wrong), "srs-forged", "reject"),
        ("", "policy", policy(&old), "tag-expired", "accept"),
        ("reject_at = 'rcpt'\n", "policy", policy(&old), "tag-expired", "reject"),
        ("reject_at = 'rcpt'\n", "policy", policy(&late), "tag-expired", "accept"),
        ("", "line", message("whole", &foreign), "backscatter-disproved", "reject"),
        ("", "line", message("cut", &foreign), "backscatter-disproved", "quarantine"),
        ("", "line", message("whole", &unknown), "backscatter-unverified", "quarantine"),
        (
            "[messages]\nreject_unverified = true\n",
            "line",
            message("whole", &unknown),
            "backscatter-unverified",
            "reject",
        ),
    ] {
        let since = if more.contains("[messages]") { "" } else { "[messages]\n" };
        for mode in ["observe", "mark"] {
            let daemon =
                Daemon::started(&format!("[verify]\nmode = '{mode}'\n{more}{since}marked_since = 2026-01-01\n"));
            daemon.ask(listener, &request);
            let lines = judged(&daemon, 1);
            let told = format!(" reason={reason} ");
            assert!(lines.len() == 1 && lines[0].contains(&told), "{more} {reason}: {lines:?}");
            assert!(
                lines[0].contains(&format!(" mode={mode} in_reject={in_reject} at=")),
                "{more} {reason}: {lines:?}"
            );
            let counted = json_of(&get(&daemon, "/report.json", "localhost"));
            assert_eq!(counted["decisions"]["would_refuse"], u64::from(in_reject == "reject"), "{lines:?}");
        }
    }
}

/// As by the other protocols, and as the manual says.
#[test]
fn ordinary_mail_is_none_of_its_decisions() {
    let daemon = Daemon::started("");
    for stage in ["rcpt", "data"] {
        let request = format!("judge {stage} none 192.0.2.7 <dave@example.net> {ALICE}\n");
        let answer = daemon.ask("line", request.as_bytes());
        assert!(answer.contains(" reason=not-judged "), "{answer}");
    }
    daemon.ask("line", format!("judge data none 192.0.2.7 <> {}\n", tagged(ALICE, 0)).as_bytes());
    assert_eq!(judged(&daemon, 1).len(), 1);
    assert_eq!(figures(&daemon)["decisions"]["total"], 1);
}

#[test]
fn words_of_strangers_are_text() {
    let daemon = Daemon::started("[verify]\nmode = 'observe'\n");
    traffic(&daemon);
    let page = get(&daemon, "/", "127.0.0.1");
    let (head, body) = page.split_once("\r\n\r\n").expect("a page");
    assert!(head.contains("\r\nContent-Security-Policy: default-src 'none'; "), "{head}");
    assert!(head.contains("\r\nX-Content-Type-Options: nosniff\r\n"), "{head}");
    for forbidden in ["<script", "<img", "onload='", "onerror=", ALICE, "s3kr1t", "192.0.2.7"] {
        assert!(!body.contains(forbidden), "{forbidden}");
    }
    // Redacted: the first letter and the domain, the network.
    assert!(body.contains("a…@example.com") && body.contains("192.0.2.0/24"));
    assert!(!get(&daemon, "/report.json", "127.0.0.1").contains(ALICE));
}

/// `BATV_SCREENSHOTS=FOLDER cargo test -p batv-mta --test it page` keeps pictures to look at.
#[test]
fn a_browser_shows_it_to_everybody() {
    let [port] = free_ports();
    let mut daemon = Daemon::new("");
    daemon.configure_with_tcp("[verify]\nmode = 'observe'\n", "page", "127.0.0.1", port);
    daemon.start();
    traffic(&daemon);
    let told = json_of(&get(&daemon, "/report.json", "localhost"));
    for look in LOOKS {
        let mut browser = Browser::open_url(&format!("http://127.0.0.1:{port}/"), look);
        browser.keep_picture(&format!("daemon-{}-{}.png", look.width, look.scheme));
        let widths = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]");
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{look:?}: {widths}");
        assert_eq!(browser.evaluate("document.title"), "BATV report");
        assert_eq!(browser.evaluate("document.querySelectorAll('script, img, [onload], [onerror]').length"), 0);
        let text = browser.evaluate("document.body.innerText");
        let came = told["answers"]["total"].as_u64().expect("a number");
        assert!(text.as_str().is_some_and(|text| text.contains(&format!("{came} bounces"))), "{text}");
        // The policy lets its style count, and the page asks for nothing more.
        assert_ne!(browser.evaluate("getComputedStyle(document.querySelector('.skip')).position"), "static");
        let asked = browser.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let urls: Vec<_> = asked.filter_map(|event| event["params"]["request"]["url"].as_str()).collect();
        assert!(urls.iter().all(|url| url.starts_with("http://127.0.0.1:") || url.starts_with("data:")), "{urls:?}");
    }
}

#[test]
fn it_knows_its_keys_listeners_and_store() {
    let [port] = free_ports();
    let mut daemon = Daemon::new("");
    let store = format!("[store]\nat = 'sqlite:{}/store/store.sqlite'\n", daemon.root());
    daemon.configure_with_tcp(&store, "line", "127.0.0.1", port);
    daemon.start();
    let busy = daemon.connect("line");
    daemon.configure(&store);
    daemon.reload();
    let told = json_of(&get(&daemon, "/report.json", "localhost"));
    let health = &told["health"];
    assert_eq!(health["keys"].as_array().map(Vec::len), Some(2), "{health}");
    // Each by itself, with its connections; also after a reload, which opens and closes none.
    let listeners = health["listeners"].as_array().expect("listeners");
    let connections = |address: String| {
        let listener = listeners
            .iter()
            .find(|listener| listener["address"] == *address)
            .unwrap_or_else(|| panic!("{address}: {health}"));
        assert_eq!(listener["missing"], false, "{health}");
        listener["connections"].as_u64()
    };
    assert_eq!(connections(format!("unix:{}", daemon.socket("line").display())), Some(1), "{health}");
    assert_eq!(connections(format!("inet:127.0.0.1:{port}")), Some(0), "{health}");
    assert_eq!(connections(format!("unix:{}", daemon.socket("milter").display())), Some(0), "{health}");
    drop(busy);
    assert_eq!(health["store"]["kind"], "SQLite", "{health}");
    assert_eq!(health["store"]["up"], true, "{health}");
}

/// Figures that are not of the stage.
fn figures(daemon: &Daemon) -> Value {
    let mut told = json_of(&get(daemon, "/report.json", "localhost"));
    let gone = ["made", "health"].map(|name| told.as_object_mut().expect("an object").remove(name));
    assert!(gone.iter().all(Option::is_some));
    told
}

#[test]
fn its_figures_outlive_a_restart() {
    let mut daemon = Daemon::new("");
    daemon
        .configure(&format!("[page]\nfigures = '{}/store/figures.json'\n[verify]\nmode = 'observe'\n", daemon.root()));
    daemon.start();
    traffic(&daemon);
    let mut before = figures(&daemon);
    // Redacted, clients of one network are the same; which of them was the first is not kept.
    let kept = wait_for("figures", || fs::read_to_string(daemon.path("store/figures.json")).ok());
    for secret in [ALICE, "192.0.2.7", "s3kr1t"] {
        assert!(!kept.contains(secret), "{secret}");
    }
    let mode = fs::metadata(daemon.path("store/figures.json")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // After a kill it has the figures that it has written; after SIGTERM, all.
    daemon.kill();
    daemon.start();
    assert_eq!(figures(&daemon), before);
    assert!(!before["counted_since"].is_null());
    for _ in 0..2 {
        daemon.ask("line", format!("judge data none 192.0.2.7 <> {}\n", tagged(ALICE, 0)).as_bytes());
    }
    assert!(daemon.stop().success());
    daemon.start();
    let after = figures(&daemon);
    let genuine = |told: &Value| told["decisions"]["genuine"].as_u64().expect("a number");
    assert_eq!(genuine(&after), genuine(&before) + 2);
    assert_eq!(after["counted_since"], before["counted_since"]);
    assert!(daemon.warnings().is_empty(), "{}", daemon.log());

    // An unreadable file is logged, and the count starts again.
    assert!(daemon.stop().success());
    daemon.write("store/figures.json", "{\"version\":1,\"days\":[{\"day\":99999999999}]}", 0o600);
    daemon.start();
    before = figures(&daemon);
    assert_eq!(before["decisions"]["total"], 0);
    assert!(before["headline"][0].as_str().is_some_and(|text| text.starts_with("Since ")), "{before}");
    daemon.wait_for_log("WARN figures of the page start again from zero: ");
}

#[test]
fn its_figures_are_in_the_folder_of_systemd() {
    let mut daemon = Daemon::new("");
    fs::create_dir(daemon.path("state")).expect("a folder");
    let mut command = daemon.command();
    command.env("STATE_DIRECTORY", daemon.path("state"));
    daemon.try_start(&mut command).expect("a daemon");
    assert!(daemon.stop().success());
    assert!(daemon.path("state/figures.json").exists());

    daemon.configure("[page]\nfigures = 'none'\n");
    fs::remove_file(daemon.path("state/figures.json")).expect("a file");
    let mut command = daemon.command();
    command.env("STATE_DIRECTORY", daemon.path("state"));
    daemon.try_start(&mut command).expect("a daemon");
    assert!(daemon.stop().success());
    assert!(!daemon.path("state/figures.json").exists());
}

#[test]
fn no_other_host_sees_it() {
    let daemon = Daemon::started("");
    for host in ["evil.example", "localhost.evil.example:8025"] {
        assert!(get(&daemon, "/", host).starts_with("HTTP/1.1 421 "), "{host}");
    }
    for (path, status) in
        [("/", "200"), ("/report.json", "200"), ("/metrics", "200"), ("/health", "200"), ("/x", "404")]
    {
        assert!(get(&daemon, path, "[::1]:8025").starts_with(&format!("HTTP/1.1 {status} ")), "{path}");
    }
    let post = daemon.ask("page", b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(post.starts_with("HTTP/1.1 405 ") && post.contains("\r\nAllow: GET, HEAD\r\n"), "{post}");
    for path in ["/", "/report.json", "/metrics", "/health"] {
        let head = daemon.ask("page", format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(!head.contains("\r\nContent-Length: 0\r\n"), "{head}");
        assert!(get(&daemon, &format!("{path}?x=y"), "localhost").starts_with("HTTP/1.1 200 OK\r\n"), "{path}");
    }
    let strange = daemon.ask("page", b"GET / HTTP/1.1\r\nHost: \xff.example\r\n\r\n");
    assert!(strange.starts_with("HTTP/1.1 421 "), "{strange}");

    let mut open = Daemon::new("");
    open.configure_with_tcp("", "page", "0.0.0.0", 8025);
    let said = open.try_start(&mut open.command()).expect_err("nobody asked for that");
    assert!(said.contains("listen.page: `inet:0.0.0.0:8025` is reached by other hosts"), "{said}");
}

/// A page of a stranger can make a browser on this host connect, but not leave out the stranger's name (DNS rebinding).
#[test]
fn no_browser_reads_the_metrics_for_another_host() {
    let [port] = free_ports();
    let mut daemon = Daemon::new("");
    daemon.configure_with_tcp("", "metrics", "127.0.0.1", port);
    daemon.start();
    let ask = |path: &str, host: &str| {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        stream.write_all(format!("GET {path} HTTP/1.1\r\n{host}\r\n").as_bytes()).expect("a connection");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("UTF-8");
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    for path in ["/metrics", "/health"] {
        assert_eq!(ask(path, "Host: evil.example\r\n"), "421");
        assert_eq!(ask(path, &format!("Host: localhost.evil.example:{port}\r\n")), "421");
        for host in [&format!("Host: 127.0.0.1:{port}\r\n"), "Host: localhost\r\n", ""] {
            assert_eq!(ask(path, host), "200", "{host}");
        }
    }
    // No browser reaches a Unix socket, whose clients name any host.
    let answer = daemon.ask("metrics", b"GET /health HTTP/1.1\r\nHost: batvd\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
