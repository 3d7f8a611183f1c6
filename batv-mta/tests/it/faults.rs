//! Mail and the daemon with faults around them: disk, clock, folders, keys, peers.

use core::time::Duration;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::support::{Daemon, EXPECTED_WARNINGS, said_by_check};
use batv_tests::host::{peers, signal, wait_for};
use batv_tests::site::{ALICE, KEYRING, tagged};
use serde_json::Value;

/// Status and text of an answer of the HTTP listener.
fn get(daemon: &Daemon, path: &str) -> (String, String) {
    let answer = daemon.ask("metrics", format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    let (head, text) = answer.split_once("\r\n\r\n").expect("an answer");
    (head.split_whitespace().nth(1).expect("a status").to_owned(), text.to_owned())
}

fn verify(daemon: &Daemon, address: &str) -> String {
    daemon.ask("line", format!("verify {address}\n").as_bytes())
}

#[test]
fn decisions_are_counted() {
    let daemon = Daemon::started("[verify]\nmode = 'reject'\n");
    let tag = tagged(ALICE, 0);
    let requests = format!("sign {ALICE}\nverify {tag}\njudge data none - <> {tag}\njudge data none - <> {ALICE}\n");
    daemon.ask("line", requests.as_bytes());
    let (status, text) = get(&daemon, "/metrics");
    assert_eq!(status, "200");
    for line in [
        "batv_lookups_total{map=\"sign\",answer=\"found\"} 1",
        "batv_lookups_total{map=\"verify\",answer=\"found\"} 1",
        "batv_decisions_total{listener=\"line\",verdict=\"genuine\",reason=\"tag-ok\",disposition=\"accept\",in_reject=\"accept\"} 1",
        "batv_decisions_total{listener=\"line\",verdict=\"unverified\",reason=\"untagged\",disposition=\"reject\",in_reject=\"reject\"} 1",
        "batv_answer_seconds_count{listener=\"line\"} 1",
        "batv_connections{listener=\"line\"} 0",
        "batv_connections_closed_total{listener=\"line\",reason=\"peer\"} 1",
        "batv_reload_successful 1",
        "batv_sockets_missing 0",
        "batv_key_last_tag_days{place=\"1\",use=\"batv\",id=\"4\",state=\"signing\"} 7",
        "# EOF",
    ] {
        assert!(text.lines().any(|known| known == line), "no {line} in\n{text}");
    }
    assert!(!text.contains("s3kr1t") && !daemon.log().contains("s3kr1t"));
    assert_eq!(get(&daemon, "/health"), ("200".to_owned(), "ok\n".to_owned()));
    assert_eq!(get(&daemon, "/").0, "404");
    assert!(daemon.ask("metrics", b"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert_eq!(daemon.ask("metrics", b"\0\xff\r\n\r\n"), "");
}

/// What a stranger writes into an address misleads neither a reader of the log nor a search of it.
#[test]
fn no_address_misleads_a_reader_of_the_log() {
    let daemon = Daemon::started("[verify]\nmode = 'reject'\n");
    let hostile = [
        "\"x\\\" verdict=genuine reason=tag-ok\"@example.com",
        "a\u{202e}b\u{2066}@example.com",
        "a\u{2028}INFO@example.com",
        "a\u{61c}\u{200f}\u{feff}@example.com",
    ];
    for address in hostile {
        let answer = daemon.ask("line", format!("judge data none - <> {address}\n").as_bytes());
        assert!(answer.starts_with("OK disposition="), "{address:?}: {answer}");
    }
    wait_for("lines", || (daemon.log().matches("INFO judged ").count() == hostile.len()).then_some(()));
    let log = daemon.log();
    assert!(log.chars().all(|character| matches!(character, ' '..='~' | '\n')), "{log:?}");
    assert!(!log.contains(" verdict=genuine") && !log.contains("reason=tag-ok\n"), "{log}");
    let mut reader = batv_report::Reader::new(0);
    let mut read = Vec::new();
    for line in log.lines() {
        if let Some(batv_report::Event { told: batv_report::Told::Decision(told), .. }) = reader.read(line.as_bytes()) {
            read.push(told.to.to_string());
        }
    }
    assert_eq!(read, hostile);
}

#[test]
fn a_wrong_change_is_reported_and_not_used() {
    let daemon = Daemon::started("");
    daemon.configure("[verify]\nmoed = 'reject'\n");
    daemon.signal("HUP");
    wait_for("complaint", || daemon.log().contains("did you mean `mode`?").then_some(()));
    let (status, text) = get(&daemon, "/health");
    assert_eq!(status, "200");
    assert!(text.contains("the old settings are in effect"), "{text}");
    let (_, text) = get(&daemon, "/metrics");
    assert!(text.contains("\nbatv_reload_successful 0\n"), "{text}");
    assert!(text.contains("\nbatv_reloads_total{result=\"failed\"} 1\n"), "{text}");
    // Settings that a reload can't change are named, the rest takes effect.
    daemon.configure("[limits]\nconnections = 7\n");
    daemon.reload();
    daemon.wait_for_log("take effect after a restart");
    assert_eq!(get(&daemon, "/health").1, "ok\n");
}

/// A careless program writes a keyring piece by piece; whenever it is read, the keys in use are good.
#[test]
fn a_keyring_under_the_pen_loses_nothing() {
    let daemon = Daemon::started("");
    let tag = tagged(ALICE, 0);
    let rotated = KEYRING.replace("state = \"signing\"\ndomains", "state = \"verifying\"\ndomains")
        + "[[key]]\nuse = 'batv'\nid = 5\nsecret = 'text:the next one'\nstate = 'signing'\ndomains = ['example.com']\n";
    for end in (0..rotated.len()).step_by(40).chain([rotated.len()]) {
        daemon.write("keyring.toml", rotated.get(..end).expect("ASCII"), 0o600);
        daemon.signal("HUP");
        assert_eq!(verify(&daemon, &tag), format!("OK {ALICE}\n"), "after {end} octets");
    }
    daemon.reload();
    assert_eq!(verify(&daemon, &tag), format!("OK {ALICE}\n"));
    let answer = daemon.ask("line", format!("sign {ALICE}\n").as_bytes());
    assert!(answer.starts_with("OK prvs=5"), "{answer}");
    // One that others can read is none.
    fs::set_permissions(daemon.path("keyring.toml"), fs::Permissions::from_mode(0o644)).expect("a file of ours");
    daemon.signal("HUP");
    wait_for("complaint", || {
        daemon.log().contains("ERROR reload failed, the old settings stay in effect").then_some(())
    });
    assert_eq!(verify(&daemon, &tag), format!("OK {ALICE}\n"));
}

#[test]
fn a_socket_comes_back_with_its_folder() {
    let mut daemon = Daemon::with_sockets_in("sockets", "");
    daemon.start();
    let tag = tagged(ALICE, 0);
    fs::remove_dir_all(daemon.path("sockets")).expect("a folder");
    wait_for("complaint", || (get(&daemon, "/health").0 == "503").then_some(()));
    wait_for("names of all that are gone", || {
        let (_, said) = get(&daemon, "/health");
        ["milter", "socketmap", "policy", "line", "page"]
            .iter()
            .all(|listener| said.contains(&format!("unix:{}", daemon.socket(listener).display())))
            .then_some(())
    });
    fs::create_dir(daemon.path("sockets")).expect("a folder");
    wait_for("end of the complaint", || (get(&daemon, "/health").0 == "200").then_some(()));
    assert_eq!(verify(&daemon, &tag), format!("OK {ALICE}\n"));
    daemon.wait_for_log("the socket had disappeared; opened again");
    // The socket of another process in its place stays, and is not removed at the end either.
    fs::remove_file(daemon.socket("line")).expect("a socket");
    let _other = std::os::unix::net::UnixListener::bind(daemon.socket("line")).expect("a socket");
    wait_for("complaint", || (get(&daemon, "/health").0 == "503").then_some(()));
    let answer = daemon.ask("page", b"GET /report.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let told: Value = serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    let line = format!("unix:{}", daemon.socket("line").display());
    for listener in told["health"]["listeners"].as_array().expect("listeners") {
        assert_eq!(listener["missing"], listener["address"] == *line, "{listener}");
    }
    assert_eq!(told["notices"][0], format!("The socket {line} is gone: mail servers don't find it."));
    let (_, metrics) = get(&daemon, "/metrics");
    assert!(
        metrics.contains(&format!("batv_socket_listening{{listener=\"line\",address=\"{line}\"}} 0\n")),
        "{metrics}"
    );
    assert!(metrics.contains("\nbatv_sockets_missing 1\n"), "{metrics}");
    assert!(daemon.stop().success());
    assert!(daemon.socket("line").exists() && !daemon.socket("milter").exists());
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let daemon = Daemon::new("");
    let full = fs::File::options().write(true).open("/dev/full").expect("a full disk");
    let mut process = daemon.command().stdin(Stdio::null()).stderr(full).spawn().expect("batvd");
    wait_for("socket", || daemon.socket("line").exists().then_some(()));
    let request = format!("judge data none - <> {ALICE}\n").repeat(100);
    let answers = daemon.ask("line", request.as_bytes());
    assert_eq!(answers.matches("OK disposition=").count(), 100, "{answers}");
    signal(process.id(), "TERM");
    assert!(process.wait().expect("an end").success());
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let daemon = Daemon::new("");
    let mut process = daemon.command().stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("batvd");
    wait_for("socket", || daemon.socket("line").exists().then_some(()));
    // More than a pipe holds.
    let request = format!("judge data none - <> {ALICE}\n").repeat(1000);
    let answers = daemon.ask("line", request.as_bytes());
    assert_eq!(answers.matches("OK disposition=").count(), 1000);
    drop(process.stderr.take());
    signal(process.id(), "TERM");
    assert!(process.wait().expect("an end").success());
}

/// Tags hold for days: an hour there or back is nothing, a clock that was set back over midnight neither.
#[test]
fn a_clock_that_jumps_loses_no_bounce() {
    // libfaketime reads the time from a file.
    let mut daemon = Daemon::new("[verify]\nmode = 'reject'\n[sandbox]\nconfine = false\n");
    let peers = peers();
    daemon.write("now", "@2026-11-25 00:20:00\n", 0o644);
    let mut command = daemon.command();
    command
        .env("LD_PRELOAD", peers.join("libfaketime.so.1"))
        .env("FAKETIME_TIMESTAMP_FILE", daemon.path("now"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC");
    daemon.try_start(&mut command).expect("a daemon");
    let sign = || daemon.ask("line", format!("sign {ALICE}\n").as_bytes()).trim().replace("OK ", "");
    let judge = |tag: &str| daemon.ask("line", format!("judge rcpt none - <> {tag}\n").as_bytes());
    let before = sign();
    assert!(judge(&before).contains("verdict=genuine reason=tag-ok"), "{}", judge(&before));
    for (now, same_day) in [
        ("@2026-11-24 23:20:00", false),
        ("@2026-11-25 01:20:00", true),
        ("@2026-12-02 23:59:59", false),
        ("@2026-11-25 00:20:00", true),
    ] {
        daemon.write("now", &format!("{now}\n"), 0o644);
        let tag = sign();
        assert_eq!(tag == before, same_day, "{now}: {tag}");
        for tag in [&before, &tag] {
            let answer = judge(tag);
            assert!(answer.starts_with("OK disposition=accept "), "{now}: {tag}: {answer}");
        }
    }
    // A clock before 1970 is none: it is told so, and nothing is refused for good.
    daemon.write("now", "@1969-06-01 00:00:00\n", 0o644);
    assert!(judge(&before).starts_with("TEMP "), "{}", judge(&before));
    assert!(
        daemon.ask("policy", b"protocol_state=RCPT\nsender=\nrecipient=alice@example.com\n\n").contains("451 4.3.0")
    );
    assert_eq!(get(&daemon, "/health").0, "503");
    daemon.stop();
    let mut command = daemon.command();
    command.env("LD_PRELOAD", peers.join("libfaketime.so.1")).env("FAKETIME", "@1969-06-01 00:00:00").env("TZ", "UTC");
    let said = daemon.try_start(&mut command).expect_err("a clock before 1970");
    assert!(said.contains("clock"), "{said}");
}

#[test]
fn slow_peers_are_let_go_and_idle_ones_stay() {
    let daemon = Daemon::started("[limits]\nrequest_seconds = 1\nidle_seconds = 60\n");
    let mut idle = daemon.connect("line");
    idle.write_all(b"unwrap alice@example.com\n").expect("a connection");
    idle.read_exact(&mut [0; 3]).expect("an answer");
    let mut silent = daemon.connect("milter");
    let mut slow = daemon.connect("socketmap");
    let mut octets = b"9999:verify ".iter().cycle();
    let closed = wait_for("end of the slow one", || slow.write_all(&[*octets.next().expect("endless")]).err());
    assert_eq!(closed.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(silent.read_to_end(&mut Vec::new()).expect("an end"), 0);
    idle.write_all(b"unwrap alice@example.com\n").expect("the connection stays");
    idle.read_exact(&mut [0; 3]).expect("an answer");
    idle.write_all(b"unwrap al").expect("the connection stays");
    assert_eq!(
        idle.read_to_end(&mut Vec::new()).expect("an end"),
        0,
        "half a request lasts no longer than a first one"
    );
    let (_, text) = get(&daemon, "/metrics");
    assert!(text.contains("batv_connections_closed_total{listener=\"socketmap\",reason=\"timeout\"} 1\n"), "{text}");
}

#[test]
fn connections_over_the_limit_wait_their_turn() {
    // Of which each of the four listeners has a fourth.
    let daemon = Daemon::started("[limits]\nconnections = 8\n");
    let served = || {
        let mut stream = daemon.connect("line");
        // An idle one would go for the next one; the next request has begun when the first is answered.
        stream.write_all(b"unwrap alice@example.com\nunwrap").expect("a connection");
        stream.read_exact(&mut [0; 3]).expect("an answer");
        stream
    };
    let (first, _second) = (served(), served());
    let mut third = daemon.connect("line");
    third.write_all(b"unwrap prvs=0787f93fc2=alice@example.com\nunwrap").expect("a connection");
    third.set_read_timeout(Some(Duration::from_millis(300))).expect("a time-out");
    assert!(third.read(&mut [0]).is_err(), "answered over the limit");
    assert_eq!(get(&daemon, "/health").0, "200", "monitoring does not wait");
    drop(first);
    third.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
    let mut answer = [0; 21];
    third.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"OK alice@example.com\n");

    // Those that wait take no file descriptors of the daemon's.
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", daemon.worker())).expect("a process").count();
    let before = descriptors();
    let waiting: Vec<_> = (0..50).map(|_| daemon.connect("line")).collect();
    assert_eq!(get(&daemon, "/health").0, "200");
    assert!(descriptors() < before + 5, "{before}, then {}", descriptors());
    drop((third, waiting));
    served();
}

#[test]
fn lists_in_files_are_read_again() {
    let daemon = Daemon::new("");
    daemon.write("lists", "# that check subscribers\nlist@example.net  # one\n\nlists.example.org\n", 0o644);
    daemon.configure(&format!("[sign]\nexempt_recipients = ['one@example.net', 'file:{}/lists']\n", daemon.root()));
    let mut daemon = daemon;
    daemon.start();
    let signs = |daemon: &Daemon, to: &str| {
        daemon.ask("line", format!("sign-for <{ALICE}> {to}\n").as_bytes()).starts_with("OK ")
    };
    for (to, is_signed) in [
        ("one@example.net", false),
        ("list@example.net", false),
        ("any@lists.example.org", false),
        ("dave@example.net", true),
    ] {
        assert_eq!(signs(&daemon, to), is_signed, "{to}");
    }
    daemon.write("lists", "dave@example.net\n", 0o644);
    daemon.reload();
    assert!(signs(&daemon, "list@example.net") && !signs(&daemon, "dave@example.net"));
    daemon.write("lists", "dave@example.net\nno address\n", 0o644);
    daemon.signal("HUP");
    wait_for("complaint", || daemon.log().contains("/lists: line 2, column 1: `no address`: ").then_some(()));
    assert!(!signs(&daemon, "dave@example.net"), "the old list is gone");
}

#[test]
fn doubts_are_told_at_each_reload() {
    let daemon = Daemon::started("");
    assert!(daemon.warnings().is_empty(), "{}", daemon.log());
    daemon.configure("[verify.modes]\n'example.con' = 'reject'\n");
    daemon.reload();
    daemon.wait_for_log("WARN verify.modes: `example.con` is no domain of yours");
    daemon.configure("[limits]\ntotal_octets = 1048575\n");
    daemon.reload();
    daemon.wait_for_log("WARN `total_octets` is less than `message_octets`");
}

/// With a launcher that passes sockets as systemd does: sd_listen_fds(3).
#[test]
fn takes_the_sockets_that_systemd_has_opened() {
    const LAUNCHER: &str = "
import os, socket, sys
folder = sys.argv[1]
line = socket.socket(socket.AF_UNIX); line.bind(folder + '/passed-line.sock'); line.listen()
milter = socket.socket(); milter.bind(('127.0.0.1', 0)); milter.listen()
open(folder + '/port', 'w').write(str(milter.getsockname()[1]))
first, second = os.dup(line.fileno()), os.dup(milter.fileno())
os.dup2(first, 3); os.dup2(second, 4)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='line:milter')
os.execv(sys.argv[2], sys.argv[2:])
";
    let mut daemon = Daemon::new("");
    let write = |daemon: &Daemon, listen: &str| {
        let text = format!("keyring = '{}/keyring.toml'\n[listen]\n{listen}\n", daemon.root());
        daemon.write("batvd.toml", &text, 0o644);
    };
    let launch = |daemon: &mut Daemon| {
        let mut command = Command::new("python3");
        command.args(["-c", LAUNCHER]).arg(daemon.root()).arg(env!("CARGO_BIN_EXE_batvd"));
        command.arg("--config").arg(daemon.path("batvd.toml"));
        daemon.try_start(&mut command)
    };
    write(&daemon, "line = ['systemd:line']\nmilter = ['systemd:milter']");
    launch(&mut daemon).expect("a daemon");
    let mut stream = std::os::unix::net::UnixStream::connect(daemon.path("passed-line.sock")).expect("a connection");
    stream.write_all(b"unwrap prvs=0787f93fc2=alice@example.com\n").expect("a connection");
    let mut answer = [0; 21];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"OK alice@example.com\n");
    let port: u16 = fs::read_to_string(daemon.path("port")).expect("a file").parse().expect("a port");
    std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    assert!(daemon.stop().success());
    assert!(daemon.path("passed-line.sock").exists(), "its file is systemd's");

    assert!(!daemon.log().contains("no listener uses it"), "{}", daemon.log());

    fs::remove_file(daemon.path("passed-line.sock")).expect("a socket");
    write(&daemon, "milter = ['systemd:milter']");
    launch(&mut daemon).expect("a daemon");
    let (log, warning) = (daemon.log(), "WARN systemd passed the socket `line`, but no listener uses it");
    assert!(log.contains(warning) && !log.contains("passed the socket `milter`"), "{log}");
    assert!(daemon.stop().success());

    fs::remove_file(daemon.path("passed-line.sock")).expect("a socket");
    write(&daemon, "line = ['systemd:lines']");
    let said = launch(&mut daemon).expect_err("a name that systemd has not passed");
    assert!(said.contains("systemd:lines: systemd passed no socket of this name; it passed: line, milter"), "{said}");
}

/// Its own /dev has a socket of syslog.
#[test]
fn logs_to_syslog() {
    let daemon = Daemon::new("[log]\nto = 'syslog'\n");
    fs::create_dir(daemon.path("dev")).expect("a folder");
    let log = UnixDatagram::bind(daemon.path("dev/log")).expect("a socket");
    log.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
    let mut process = Command::new("unshare")
        .args(["-m", "sh", "-c", "mount --make-rprivate / && mount --bind \"$1\" /dev && shift && exec \"$@\"", "sh"])
        .arg(daemon.path("dev"))
        .arg(env!("CARGO_BIN_EXE_batvd"))
        .arg("--config")
        .arg(daemon.path("batvd.toml"))
        .stdin(Stdio::null())
        .spawn()
        .expect("unshare");
    wait_for("socket", || daemon.socket("line").exists().then_some(()));
    daemon.ask("line", format!("judge data none - <> {ALICE}\n").as_bytes());
    let said = wait_for("line in the log", || {
        let mut octets = [0; 2048];
        let length = log.recv(&mut octets).expect("a line");
        let line = String::from_utf8_lossy(&octets[..length]).into_owned();
        line.contains("judged").then_some(line)
    });
    // Facility mail is 2, severity info 6.
    assert!(said.starts_with("<22>batvd[") && said.contains("reason=untagged"), "{said}");
    process.kill().expect("a process");
    process.wait().expect("an end");
}

#[test]
fn runs_for_nobody_and_over_ipv6() {
    const NOBODY: u32 = 65_534;
    let mut daemon = Daemon::new("");
    let [port] = batv_tests::host::free_ports();
    daemon.configure_with_tcp("", "line", "[::1]", port);
    for path in [daemon.path(""), daemon.path("keyring.toml")] {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("this test must run as root");
    }
    // Where it lies nobody else may look.
    fs::copy(env!("CARGO_BIN_EXE_batvd"), daemon.path("batvd")).expect("the daemon");
    let mut command = Command::new(daemon.path("batvd"));
    command.arg("--config").arg(daemon.path("batvd.toml")).uid(NOBODY).gid(NOBODY);
    daemon.try_start(&mut command).expect("a daemon");
    let mut stream = std::net::TcpStream::connect(("::1", port)).expect("a connection");
    stream.write_all(b"unwrap prvs=0787f93fc2=alice@example.com\n").expect("a connection");
    let mut answer = [0; 21];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"OK alice@example.com\n");
    assert!(daemon.stop().success());
    assert!(!daemon.socket("line").exists());
}

#[test]
fn a_configuration_can_be_checked_before_it_is_used() {
    let daemon = Daemon::new("[verify]\nmode = 'reject'\n");
    let check = || {
        let output = daemon.command().arg("check").output().expect("batvd");
        (output.status.code(), said_by_check(&output.stderr, &daemon.root()))
    };
    assert_eq!(check(), (Some(0), String::new()));
    daemon.configure("[verify.modes]\n'example.con' = 'reject'\n");
    let stray = "batvd: verify.modes: `example.con` is no domain of yours: its mode has no effect\n";
    assert_eq!(check(), (Some(0), stray.to_owned()));
    daemon.configure("[verify]\nmode = 'refuse'\n");
    let (code, said) = check();
    assert_eq!(code, Some(2));
    assert!(
        said.starts_with("batvd: /batvd.toml: line 13, column 8: unknown mode `refuse`: expected `observe`, "),
        "{said}"
    );
    daemon.configure("");
    daemon.write("keyring.toml", "[[key]]\nuse = 'batv'\nid = 3\n", 0o600);
    let (code, said) = check();
    assert_eq!((code, said.as_str()), (Some(2), "batvd: /keyring.toml: line 1, column 1: `secret` is missing\n"));
}

#[test]
fn the_journal_is_told_how_much_a_line_matters() {
    let daemon = Daemon::new("[limits]\ndrain_seconds = 0\n");
    for (is_journal, start) in [(true, "<6> INFO "), (false, " INFO ")] {
        let (log, end) = io::pipe().expect("a pipe");
        let place = fs::File::from(OwnedFd::from(end.try_clone().expect("a pipe"))).metadata().expect("a pipe");
        let inode = if is_journal { place.ino() } else { place.ino() + 1 };
        let mut command = daemon.command();
        command.env("JOURNAL_STREAM", format!("{}:{inode}", place.dev())).stderr(end);
        let mut process = command.spawn().expect("batvd");
        drop(command);
        for line in BufReader::new(log).lines() {
            let line = line.expect("text");
            if EXPECTED_WARNINGS.iter().any(|known| line.contains(known)) {
                assert!(line.starts_with(&start.replace("<6>", "<4>").replace("INFO", "WARN")), "{line}");
                continue;
            }
            assert!(line.starts_with(start), "{line}");
            if line.ends_with("INFO ready") {
                break;
            }
        }
        signal(process.id(), "TERM");
        assert!(process.wait().expect("an end").success());
    }
}
