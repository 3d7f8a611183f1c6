//! A store that is gone, stuck or locked: mail goes on, nothing is refused for it, and nobody waits for long.

use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::thread;
use std::time::Instant;

use batv_tests::host::wait_for;
use batv_tests::site::{ALICE, date, tagged};

use super::mail::{Client, WORLD, bounce_of, message};
use super::place::Place;
use crate::support::Daemon;

const DAVE: &str = "dave@example.net";
const GONE: &str = "WARN the store doesn't answer: ";
const BACK: &str = "INFO the store answers again";

fn reject() -> String {
    format!("[messages]\nmarked_since = {}\n[verify]\nmode = 'reject'\n", date(40))
}

fn metric(daemon: &Daemon, name: &str) -> u64 {
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim_start_matches("{}").strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().expect("a number")
}

/// That it was said so often that the store is gone, and that it is back, and not more often.
fn expect_said(daemon: &Daemon, gone: usize, back: usize) {
    let said = || [GONE, BACK].map(|line| daemon.log().matches(line).count());
    // The log is written in the background.
    wait_for("lines in the log", || (said()[0] >= gone && said()[1] >= back).then_some(()));
    assert_eq!(said(), [gone, back], "{}", daemon.log());
}

/// All kinds of mail: each is taken, and a bounce that only the sent log could prove is not disproved.
fn mail_goes_on(daemon: &Daemon) {
    let left = Client::of_ours(daemon, WORLD).send(ALICE, &[DAVE], &message("<2@laptop.example>"));
    assert!(left.replies.is_empty() && left.sender.is_some_and(|sender| sender.starts_with("prvs=")));
    let mut world = Client::from(daemon, WORLD);
    let said = world.send("", &[&tagged(ALICE, 0)], &bounce_of(DAVE, "<1@laptop.example>"));
    assert!(said.found("reason").starts_with("tag-ok"), "{said:?}");
    assert_eq!(world.ask("carol@example.org", &[ALICE]), [None]);
    assert!(daemon.ask("line", format!("verify {}\n", tagged(ALICE, 0)).as_bytes()).starts_with("OK "));
    let said = world.send("", &[ALICE], &bounce_of(DAVE, "<1@laptop.example>"));
    assert_eq!((said.found("reason"), said.found("origin")), ("backscatter-unverified", "unknown"), "{said:?}");
    assert!(said.is_held, "{said:?}");
}

#[test]
fn a_server_that_is_killed_is_missed_and_used_again() {
    let (mut server, daemon) = Place::on_a_server("", &reject());
    Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<1@laptop.example>"));
    assert_eq!(metric(&daemon, "batv_store_up"), 1);
    for round in 1..=2 {
        server.kill();
        mail_goes_on(&daemon);
        mail_goes_on(&daemon);
        assert_eq!(metric(&daemon, "batv_store_up"), 0);
        expect_said(&daemon, round, round - 1);
        server.start_again();
        wait_for("proof", || {
            let said = Client::from(&daemon, WORLD).send("", &[ALICE], &bounce_of(DAVE, "<1@laptop.example>"));
            (said.found("origin") == "sent-log").then_some(())
        });
        expect_said(&daemon, round, round);
        assert_eq!(metric(&daemon, "batv_store_up"), 1);
    }
}

#[test]
fn a_server_that_is_not_there_at_first_is_used_when_it_comes() {
    let (mut server, mut daemon) = Place::on_a_server("", &reject());
    Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<1@laptop.example>"));
    daemon.stop();
    server.kill();
    daemon.start();
    mail_goes_on(&daemon);
    server.start_again();
    wait_for("proof", || {
        let said = Client::from(&daemon, WORLD).send("", &[ALICE], &bounce_of(DAVE, "<1@laptop.example>"));
        (said.found("origin") == "sent-log").then_some(())
    });
}

/// Messages of many connections at once, while the store is stuck. None is refused or deferred; the first ones wait for the time that
/// a message may wait, all others not at all.
#[test]
fn a_server_that_is_stuck_costs_each_message_its_wait_at_most() {
    const CLIENTS: u32 = 60;
    const MESSAGES: u32 = 5;
    let many = format!("[limits]\nbounces_per_minute = 0\n{}", reject());
    let (server, daemon) = Place::on_a_server("milliseconds = 1000\nbounces_per_tag = 0", &many);
    let waits = |name: &str| {
        let waits: Vec<Duration> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let daemon = &daemon;
                    scope.spawn(move || {
                        let mut ours = Client::of_ours(daemon, WORLD);
                        let mut world = Client::from(daemon, WORLD);
                        let times = (0..MESSAGES).flat_map(|message_number| {
                            let id = format!("<{name}.{number}.{message_number}@laptop.example>");
                            let begun = Instant::now();
                            let said = ours.send(ALICE, &[DAVE], &message(&id));
                            assert!(said.replies.is_empty(), "{said:?}");
                            let left = begun.elapsed();
                            let begun = Instant::now();
                            let said = world.send("", &[&tagged(ALICE, 0)], &bounce_of(DAVE, &id));
                            assert!(said.replies.is_empty(), "{said:?}");
                            [left, begun.elapsed()]
                        });
                        times.collect::<Vec<_>>()
                    })
                })
                .collect();
            clients.into_iter().flat_map(|client| client.join().expect("all is taken")).collect()
        });
        let longest = waits.iter().max().expect("some");
        let average = waits.iter().map(Duration::as_secs_f64).sum::<f64>() / f64::from(2 * CLIENTS * MESSAGES);
        eprintln!("{name}: {} messages, {average:.3} s on average, {longest:?} at most", waits.len());
    };
    waits("quick");
    expect_said(&daemon, 0, 0);
    let batches = metric(&daemon, "batv_store_batches{outcome=\"all\"}");
    server.pause();
    waits("stuck");
    // Each client was caught once at most; then the store was left alone, but for a probe now and then.
    let [all, failed, refused] = ["all", "failed", "refused"]
        .map(|outcome| metric(&daemon, &format!("batv_store_batches{{outcome=\"{outcome}\"}}")));
    eprintln!("stuck: {} batches met the store, {failed} failed, {refused} were not sent", all - batches);
    assert!(
        failed > 0 && failed <= u64::from(3 * CLIENTS) && refused > u64::from(CLIENTS * MESSAGES),
        "{all} {failed} {refused}"
    );
    expect_said(&daemon, 1, 0);
    assert_eq!(metric(&daemon, "batv_store_up"), 0);
    mail_goes_on(&daemon);
    server.go_on();
    wait_for("answer of the store", || {
        Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<3@laptop.example>"));
        (metric(&daemon, "batv_store_up") == 1).then_some(())
    });
    expect_said(&daemon, 1, 1);
}

/// More waiting messages than the runtime has threads. All get an answer, and so does a later one.
#[test]
fn a_server_that_is_stuck_keeps_nobody_for_good_however_many_wait() {
    const WAITING: usize = 640;
    let many = format!("[limits]\nbounces_per_minute = 0\n{}", reject());
    let (server, daemon) = Place::on_a_server("milliseconds = 5000", &many);
    let question = format!("judge rcpt none {WORLD} <> {}\n", tagged(ALICE, 0));
    let mut connections: Vec<_> = (0..WAITING).map(|_| daemon.connect("line")).collect();
    server.pause();
    for connection in &mut connections {
        connection.write_all(question.as_bytes()).expect("a connection");
    }
    for connection in connections {
        let mut answer = String::new();
        BufReader::new(connection).read_line(&mut answer).expect("an answer");
        assert!(answer.starts_with("OK disposition=accept"), "{answer}");
    }
    mail_goes_on(&daemon);
    assert_eq!(metric(&daemon, "batv_store_up"), 0);
    server.go_on();
}

/// Neither keeps mail from going on. Once it is mended it is used, without a restart.
#[test]
fn a_file_that_is_damaged_or_missing_at_the_start_is_a_store_that_is_down() {
    let daemon = || {
        let daemon = Daemon::new("");
        daemon.configure(&Place::File.configuration(&daemon, "", &reject()));
        daemon
    };
    let expect_down_and_mended = |mut daemon: Daemon, words: &str, mend: &dyn Fn(&Daemon)| {
        daemon.start();
        daemon.wait_for_log(words);
        mail_goes_on(&daemon);
        assert_eq!(metric(&daemon, "batv_store_up"), 0);
        mend(&daemon);
        wait_for("proof", || {
            Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<1@laptop.example>"));
            let said = Client::from(&daemon, WORLD).send("", &[ALICE], &bounce_of(DAVE, "<1@laptop.example>"));
            (said.found("origin") == "sent-log").then_some(())
        });
        expect_said(&daemon, 1, 1);
    };
    let damaged = daemon();
    damaged.write("store/store.sqlite", &"Dear diary, ".repeat(1_000), 0o600);
    expect_down_and_mended(damaged, "is damaged or no SQLite file", &|daemon| {
        fs::remove_file(daemon.path("store/store.sqlite")).expect("a file");
    });
    let missing = daemon();
    fs::create_dir(missing.path("store/store.sqlite")).expect("a folder");
    expect_down_and_mended(missing, "cannot open", &|daemon| {
        fs::remove_dir(daemon.path("store/store.sqlite")).expect("a folder");
    });
}

#[test]
fn a_file_that_another_has_locked_is_a_store_that_is_down() {
    let daemon = Place::File.daemon("milliseconds = 250", &reject());
    Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<1@laptop.example>"));
    let other = rusqlite::Connection::open(daemon.path("store/store.sqlite")).expect("a file");
    other.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    // A tag that comes is counted, which waits for the lock.
    let mut world = Client::from(&daemon, WORLD);
    wait_for("end of patience", || {
        let said = world.send("", &[&tagged(ALICE, 0)], &bounce_of(DAVE, "<1@laptop.example>"));
        assert!(said.replies.is_empty(), "{said:?}");
        (metric(&daemon, "batv_store_up") == 0).then_some(())
    });
    mail_goes_on(&daemon);
    other.execute_batch("ROLLBACK").expect("a lock");
    wait_for("proof", || {
        let said = Client::from(&daemon, WORLD).send("", &[ALICE], &bounce_of(DAVE, "<1@laptop.example>"));
        (said.found("origin") == "sent-log").then_some(())
    });
    expect_said(&daemon, 1, 1);
}
