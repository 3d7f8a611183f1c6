//! A store file that is removed or cut off while it is in use: it is missed, and made again, also while no mail comes.

use std::fs;
use std::path::Path;

use batv_tests::host::wait_for;
use batv_tests::site::date;

use super::mail::{Client, WORLD, bounce_of, message};
use super::place::Place;
use crate::support::Daemon;

const FILES: [&str; 3] = ["store/store.sqlite", "store/store.sqlite-wal", "store/store.sqlite-shm"];

fn is_up(daemon: &Daemon) -> bool {
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let up =
        metrics.lines().find_map(|line| line.strip_prefix("batv_store_up")?.trim_start_matches("{}").strip_prefix(' '));
    up.unwrap_or_else(|| panic!("no store in {metrics}")) == "1"
}

fn is_proved(daemon: &Daemon) -> bool {
    Client::of_ours(daemon, WORLD).send("alice@example.com", &["dave@example.net"], &message("<1@laptop.example>"));
    let bounce = bounce_of("dave@example.net", "<1@laptop.example>");
    Client::from(daemon, WORLD).send("", &["alice@example.com"], &bounce).found("origin") == "sent-log"
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("a file");
}

fn cut_off(path: &Path) {
    fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0)).expect("a file");
}

#[test]
fn a_file_that_is_lost_is_missed_and_made_again() {
    let reject = format!("[messages]\nmarked_since = {}\n[verify]\nmode = 'reject'\n", date(40));
    let mut daemon = Place::File.daemon("", &reject);
    let worker = daemon.worker();
    assert!(is_proved(&daemon) && is_up(&daemon));
    for (harm, words) in [(remove as fn(&Path), "was removed"), (cut_off, "was cut off")] {
        for name in FILES {
            harm(&daemon.path(name));
        }
        // No mail comes.
        wait_for("store that is down", || (!is_up(&daemon)).then_some(()));
        daemon.wait_for_log(&format!("{words} while it was in use: the store is opened again"));
        wait_for("store that is up", || is_up(&daemon).then_some(()));
        assert!(is_proved(&daemon));
        assert!(FILES.iter().all(|name| daemon.path(name).exists()));
    }
    // Its log alone.
    cut_off(&daemon.path(FILES[1]));
    wait_for("store that is down", || (!is_up(&daemon)).then_some(()));
    daemon.wait_for_log("store.sqlite-wal was cut off while it was in use: the store is opened again");
    wait_for("store that is up", || is_up(&daemon).then_some(()));
    assert!(is_proved(&daemon));
    assert_eq!(daemon.log().matches("INFO the store answers again").count(), 3, "{}", daemon.log());
    assert_eq!(daemon.worker(), worker, "it has not been started again");
    assert!(daemon.is_running());
    // What is in the new file outlives the daemon.
    assert!(daemon.stop().success());
    daemon.start();
    let bounce = bounce_of("dave@example.net", "<1@laptop.example>");
    assert_eq!(Client::from(&daemon, WORLD).send("", &["alice@example.com"], &bounce).found("origin"), "sent-log");
}

/// What it remembers of mail is worth less than mail.
#[test]
fn a_damaged_file_is_put_aside_while_mail_goes_on() {
    let reject = format!("[messages]\nmarked_since = {}\n[verify]\nmode = 'reject'\n", date(40));
    let mut daemon = Place::File.daemon("", &reject);
    assert!(is_proved(&daemon));
    // What is in the log goes into the file.
    assert!(daemon.stop().success());
    let damage = |daemon: &Daemon| {
        let file = fs::OpenOptions::new().write(true).open(daemon.path(FILES[0])).expect("a file");
        let length = file.metadata().expect("a file").len();
        // As a later write leaves it.
        file.set_len(8_192).and_then(|()| file.set_len(length)).expect("a file");
        fs::read(daemon.path(FILES[0])).expect("a file")
    };
    let expect_new = |daemon: &Daemon, count: usize, damaged: &[u8]| {
        wait_for("damaged file", || (daemon.log().matches("it is kept as ").count() == count).then_some(()));
        wait_for("store that is up", || is_up(daemon).then_some(()));
        assert!(is_proved(daemon));
        assert!(fs::read(daemon.path("store/store.sqlite.damaged")).expect("the damaged file") == damaged);
    };
    // While it is not in use: found out by the first that uses it.
    let damaged = damage(&daemon);
    daemon.start();
    wait_for("use of it", || is_proved(&daemon).then_some(()));
    expect_new(&daemon, 1, &damaged);
    // While it is in use, and the daemon is killed.
    daemon.kill();
    let damaged = damage(&daemon);
    daemon.start();
    // No mail comes.
    expect_new(&daemon, 2, &damaged);
    assert!(daemon.is_running());
}
