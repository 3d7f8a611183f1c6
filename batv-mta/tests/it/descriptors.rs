//! The descriptors of the daemon: mail is served, however many connections other clients keep.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use batv_tests::milter::{self, Answer, MailServer, Offer, Place};
use batv_tests::site::{ALICE, tagged};

use crate::support::Daemon;

/// The daemon with these limits of the shell.
fn start(daemon: &mut Daemon, limits: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limits} && exec \"$@\""), "sh"]);
    command.arg(env!("CARGO_BIN_EXE_batvd")).arg("--config").arg(daemon.path("batvd.toml"));
    daemon.try_start(&mut command).expect("a daemon");
}

fn descriptors(daemon: &Daemon) -> usize {
    fs::read_dir(format!("/proc/{}/fd", daemon.worker())).expect("a process").count()
}

/// The soft and the hard limit.
fn most_descriptors(daemon: &Daemon) -> [String; 2] {
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.worker())).expect("a process");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let mut words = line.split_whitespace().skip(3).map(str::to_owned);
    [words.next().expect("a limit"), words.next().expect("a limit")]
}

fn health(daemon: &Daemon) -> String {
    daemon.ask("metrics", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// A bounce over a connection of its own.
fn takes_mail(daemon: &Daemon) {
    let mut server = MailServer::new(Place::Unix(daemon.socket("milter")).connect().expect("a connection"));
    server.negotiate(Offer::USUAL).expect("an agreement");
    server.say(&milter::connect("client.example.net", 12345, "192.0.2.7"));
    server.say(&milter::mail(""));
    let answer = server.say(&milter::recipient(&tagged(ALICE, 0)));
    assert_eq!(answer, Answer::Packets(vec![b"c".to_vec()]));
}

/// A connection that asked once.
fn asked_once(daemon: &Daemon) -> UnixStream {
    let mut stream = daemon.connect("line");
    assert!(asks(&mut stream));
    stream
}

/// Whether the connection is still there.
fn asks(stream: &mut UnixStream) -> bool {
    let mut answer = [0; 21];
    stream.write_all(b"unwrap prvs=0787f93fc2=alice@example.com\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && &answer == b"OK alice@example.com\n"
}

#[test]
fn as_many_descriptors_are_used_as_the_system_allows() {
    let mut daemon = Daemon::new("");
    start(&mut daemon, "ulimit -S -n 64 && ulimit -H -n 4096");
    assert_eq!(most_descriptors(&daemon), ["4096", "4096"]);
}

#[test]
fn pages_and_metrics_leave_descriptors_for_mail() {
    for most in [64, 128, 1024] {
        let mut daemon = Daemon::new("");
        start(&mut daemon, &format!("ulimit -n {most}"));
        let before = descriptors(&daemon);
        let idle: Vec<_> =
            (0..most.min(600)).flat_map(|_| ["page", "metrics"].map(|listener| daemon.connect(listener))).collect();
        // They come from queues of their own.
        assert!(health(&daemon).ends_with("\r\n\r\nok\n"));
        takes_mail(&daemon);
        asked_once(&daemon);
        assert!(daemon.ask("socketmap", b"24:verify alice@example.com,").ends_with(','));
        let taken = descriptors(&daemon);
        assert!(taken <= before + 2 * 64 + 8 && taken < most, "{before}, then {taken} of {most}, {} idle", idle.len());
        assert!(!daemon.log().contains(" accept: "), "{}", daemon.log());
    }
}

/// A mail server that asks once and keeps its connection costs the other listeners nothing, nor its own.
#[test]
fn each_listener_has_its_share_of_connections() {
    let daemon = Daemon::started("[limits]\nconnections = 16\n");
    let mut idle: Vec<_> = (0..4).map(|_| asked_once(&daemon)).collect();
    takes_mail(&daemon);
    // One that has been idle for longer than another goes for the next one.
    assert!(asks(&mut idle[0]));
    let mut next = asked_once(&daemon);
    let stayed: Vec<bool> = idle.iter_mut().map(asks).collect();
    assert!(asks(&mut next) && stayed[0] && stayed.iter().filter(|stayed| !**stayed).count() == 1, "{stayed:?}");
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(metrics.contains("batv_connections_closed_total{listener=\"line\",reason=\"idle\"} 1\n"), "{metrics}");
    // A mail server's milter connection is never closed for another one, as its message would have to come again.
    let milters: Vec<_> = (0..8).map(|_| daemon.connect("milter")).collect();
    assert!(health(&daemon).ends_with("\r\n\r\nok\n"));
    drop(milters);
    takes_mail(&daemon);
}

#[test]
fn a_full_table_of_descriptors_is_not_logged_at_each_try() {
    let mut daemon = Daemon::new("[sandbox]\nconfine = false\n");
    daemon.start();
    let worker = daemon.worker().to_string();
    let limit =
        Command::new("prlimit").args(["--pid", &worker, &format!("--nofile={}:", descriptors(&daemon))]).status();
    assert!(limit.expect("prlimit").success());
    let mut waiting = daemon.connect("line");
    waiting.write_all(b"unwrap prvs=0787f93fc2=alice@example.com\n").expect("a connection");
    daemon.wait_for_log(" accept: ");
    // Some tries, each of which fails: they are counted by the calls, which nobody sees, so by their pauses.
    std::thread::sleep(core::time::Duration::from_secs(1));
    assert_eq!(daemon.log().matches(" accept: ").count(), 1, "{}", daemon.log());
    assert!(Command::new("prlimit").args(["--pid", &worker, "--nofile=1024:"]).status().expect("prlimit").success());
    let mut answer = [0; 21];
    waiting.read_exact(&mut answer).expect("an answer");
}
