//! The threads of the daemon: with too few it says so and ends, with few it serves.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::{Command, id};
use std::thread;

use rusqlite::Connection;

use crate::support::Daemon;

/// The system counts the processes and threads of a user, of root none.
fn start(daemon: &mut Daemon, user: u32, most: u32) -> Result<(), String> {
    let mut command = Command::new("prlimit");
    command.uid(user).gid(user).arg(format!("--nproc={most}"));
    command.arg(daemon.path("batvd")).arg("--config").arg(daemon.path("batvd.toml"));
    daemon.try_start(&mut command)
}

/// The answer to a wrong tag, which is counted in the store.
fn judge(daemon: &Daemon, client: u32) -> String {
    let request = format!("judge data none 192.0.{client}.1 <> prvs=4999abcdef=alice@example.com\n");
    daemon.ask("line", request.as_bytes())
}

#[test]
fn too_few_threads_are_an_error_and_few_serve() {
    let mut daemon = Daemon::new("");
    daemon.configure(&format!("[store]\nat = 'sqlite:{}/store/store.sqlite'\n", daemon.root()));
    fs::copy(env!("CARGO_BIN_EXE_batvd"), daemon.path("batvd")).expect("the daemon");
    // Of nobody else, also where tests run beside this one.
    let user = 20_000 + id() % 30_000;
    for name in ["", "keyring.toml", "store"] {
        chown(daemon.path(name), Some(user), Some(user)).expect("this test must run as root");
    }
    let mut most = 1;
    while let Err(said) = start(&mut daemon, user, most) {
        let last = said.lines().last().unwrap_or_default();
        assert!(
            last.contains("can't start ") || last.contains("the worker has ended unexpectedly (exit status: 2)"),
            "{last}"
        );
        assert!(!said.contains("panicked"), "{most}: {said}");
        most += 1;
    }
    assert!(daemon.log().contains("batvd: worker: can't start "), "{}", daemon.log());
    assert!(judge(&daemon, 0).starts_with("OK "));
    // All wait for the store at a time, and no thread can be started for it.
    let store = Connection::open(daemon.path("store/store.sqlite")).expect("a store");
    store.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let daemon = &mut daemon;
    let answers: Vec<_> = thread::scope(|threads| {
        let asking = &*daemon;
        let asked: Vec<_> = (1..40).map(|client| threads.spawn(move || judge(asking, client))).collect();
        asked.into_iter().map(|answer| answer.join().expect("an answer")).collect()
    });
    assert!(answers.iter().all(|answer| answer.starts_with("OK ")), "{answers:?}");
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
    assert!(daemon.is_running() && daemon.stop().success());
}
