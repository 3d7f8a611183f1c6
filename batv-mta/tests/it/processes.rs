//! The two processes of the daemon: the resources of each, and the end of one after that of the other.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdout, Command, Stdio};

use crate::support::{Daemon, has_ended, worker_of};
use batv_tests::host::{account, signal, wait_for};
use batv_tests::site::{ALICE, KEYRING, tagged};

/// A field of /proc/PID/status.
fn status(process: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {field} in {status}")).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn threads(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a process").flatten();
    threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok()).collect()
}

fn signs(daemon: &Daemon) -> String {
    daemon.ask("line", format!("sign {ALICE}\n").as_bytes())
}

#[test]
fn the_worker_has_little() {
    let daemon = Daemon::started("");
    let worker = daemon.worker();
    let threads = threads(worker);
    assert!(threads.len() > 2, "{threads:?}");
    for thread in threads {
        // 2 is a filter (proc_pid_status(5)).
        assert_eq!((status(thread, "Seccomp"), status(thread, "NoNewPrivs")), ("2".to_owned(), "1".to_owned()));
    }
    assert_eq!(status(worker, "Name"), "batvd-worker");
    let keyring = fs::metadata(daemon.path("keyring.toml")).expect("a file");
    for descriptor in fs::read_dir(format!("/proc/{worker}/fd")).expect("a process").flatten() {
        let target = fs::read_link(descriptor.path()).expect("a descriptor");
        // The log is standard error.
        let is_log = target == daemon.path("batvd.log");
        assert!(is_log || !target.starts_with("/"), "the worker has {}", target.display());
        if let Ok(file) = fs::metadata(descriptor.path()) {
            assert_ne!((file.dev(), file.ino()), (keyring.dev(), keyring.ino()));
        }
    }
    for process in [worker, daemon.id()] {
        let names = fs::read(format!("/proc/{process}/environ")).expect("a process");
        assert!(!names.windows(6).any(|part| part == b"s3kr1t"));
    }
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(metrics.contains("batv_sandbox{part=\"seccomp\"} 1\n"), "{metrics}");
    daemon.wait_for_log(" INFO sandbox active: ");
}

/// Descriptors that the daemon inherits stay in the supervisor.
#[test]
fn inherited_descriptors_are_closed() {
    let mut daemon = Daemon::new("");
    let mut command = Command::new("sh");
    command.args(["-c", "exec 7<\"$1/keyring.toml\" && shift && exec \"$@\"", "sh"]).arg(daemon.root());
    command.arg(env!("CARGO_BIN_EXE_batvd")).arg("--config").arg(daemon.path("batvd.toml"));
    daemon.try_start(&mut command).expect("a daemon");
    let has_keyring = |process: u32| {
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("a process").flatten();
        descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|to| to == daemon.path("keyring.toml"))
    };
    assert!(has_keyring(daemon.id()) && !has_keyring(daemon.worker()));
}

#[test]
fn a_new_key_reaches_the_worker() {
    let daemon = Daemon::started("");
    assert!(signs(&daemon).starts_with("OK prvs=4"));
    let (tag, worker) = (tagged(ALICE, 0), daemon.worker());
    daemon.write("keyring.toml", &(KEYRING.replacen("signing", "verifying", 1) + NEXT_KEY), 0o600);
    daemon.reload();
    assert!(signs(&daemon).starts_with("OK prvs=5"));
    assert_eq!(daemon.ask("line", format!("verify {tag}\n").as_bytes()), format!("OK {ALICE}\n"));
    assert_eq!(daemon.worker(), worker);
}

const NEXT_KEY: &str =
    "[[key]]\nuse = 'batv'\nid = 5\nsecret = 'text:the next one'\nstate = 'signing'\ndomains = ['example.com']\n";

#[test]
fn a_worker_that_ends_ends_the_daemon() {
    for (name, said) in [("KILL", "signal: 9"), ("SYS", "signal: 31")] {
        let mut daemon = Daemon::started("");
        signal(daemon.worker(), name);
        wait_for("end of the daemon", || (!daemon.is_running()).then_some(()));
        assert!(
            daemon.log().contains("ERROR the worker has ended unexpectedly (") && daemon.log().contains(said),
            "{}",
            daemon.log()
        );
        // Nothing of it is in the way of the next one.
        assert!(!daemon.socket("line").exists());
        daemon.start();
        assert!(signs(&daemon).starts_with("OK "));
    }
}

#[test]
fn a_worker_without_supervisor_ends_messages_in_progress() {
    let mut daemon = Daemon::started("");
    let worker = daemon.worker();
    let mut busy = daemon.connect("milter");
    let offer = [&b"\0\0\0\x0dO\0\0\0\x06"[..], &[0, 0, 1, 0xff], &[0; 4]].concat();
    busy.write_all(&offer).expect("a connection");
    let mut answer = [0; 17];
    busy.read_exact(&mut answer).expect("an answer");
    busy.write_all(b"\0\0\0\x04M<>\0").expect("a connection");
    busy.read_exact(&mut answer[..5]).expect("an answer");
    daemon.kill_supervisor();
    // The next one takes the place while the old worker is at its last message.
    daemon.start();
    assert!(!has_ended(worker) && daemon.worker() != worker);
    assert!(signs(&daemon).starts_with("OK "));
    busy.write_all(b"\0\0\0\x01E\0\0\0\x01Q").expect("a connection");
    let mut rest = Vec::new();
    busy.read_to_end(&mut rest).expect("an end");
    assert!(!rest.is_empty(), "the message got no answer");
    wait_for("end of the worker", || has_ended(worker).then_some(()));
}

/// A terminal and systemd tell all processes of the daemon.
#[test]
fn the_worker_leaves_signals_to_the_supervisor() {
    let mut daemon = Daemon::started("");
    let worker = daemon.worker();
    for name in ["HUP", "INT", "TERM"] {
        signal(worker, name);
        assert!(signs(&daemon).starts_with("OK "), "{name}");
    }
    assert!(!has_ended(worker) && daemon.is_running() && !daemon.log().contains("reloaded"));
    assert!(daemon.stop().success());
    assert!(has_ended(worker));
}

/// Rights of root's that are left to a process: what it has, may take, hands on, and could get by another program.
const CAPABILITIES: [&str; 5] = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

#[test]
fn a_worker_of_root_has_no_rights_of_root() {
    let daemon = Daemon::started("");
    let worker = daemon.worker();
    assert_eq!(status(worker, "Uid"), "0 0 0 0", "this test must run as root");
    for thread in threads(worker) {
        for kind in CAPABILITIES {
            assert_eq!(status(thread, kind), "0000000000000000", "{kind}");
        }
    }
    daemon.wait_for_log(" WARN the worker, which serves strangers, runs as root, though without its rights");
    assert!(signs(&daemon).starts_with("OK "));
}

/// All memory of a process that it may write.
fn memory(process: u32) -> Vec<u8> {
    let mut octets = Vec::new();
    let memory = fs::File::open(format!("/proc/{process}/mem")).expect("this test must run as root");
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("a process");
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (begin, end) = line.split_once(' ').and_then(|(range, _)| range.split_once('-')).expect("a range");
        let [begin, end] = [begin, end].map(|address| u64::from_str_radix(address, 16).expect("an address"));
        // A page at a time: one that can't be read hides no other.
        for at in (begin..end).step_by(4_096) {
            let mut page = [0; 4_096];
            if memory.read_at(&mut page, at).is_ok() {
                octets.extend_from_slice(&page);
            }
        }
    }
    octets
}

/// Whether a text is in memory. Names of files are, so that it can be found.
fn has(memory: &[u8], text: &[u8]) -> bool {
    memory.windows(text.len()).any(|part| part == text)
}

#[test]
fn no_process_keeps_a_secret() {
    const SECRETS: [(&str, &[u8]); 3] = [
        ("base32:JBQXG5DFNQXWCLLTMVRXEZLUFVXWMLLNNFXGK", b"Hastel/a-secret-of-mine"),
        ("text:another of these, known to nobody else", b"another of these, known to nobody else"),
        ("hex:6f6e65206d6f72652c206f662074686520666f726d20686578", b"one more, of the form hex"),
    ];
    let keyring = |secret: &str| KEYRING.replacen("text:s3kr1t", secret, 1);
    assert_ne!(keyring(SECRETS[0].0), KEYRING);
    let mut daemon = Daemon::new("");
    daemon.write("keyring.toml", &keyring(SECRETS[0].0), 0o600);
    daemon.start();
    for (text, octets) in SECRETS {
        daemon.write("keyring.toml", &keyring(text), 0o600);
        daemon.reload();
        assert!(signs(&daemon).starts_with("OK "));
        let (_, digits) = text.split_once(':').expect("a form");
        // A part of it is a part of the secret, too.
        let parts = [octets, digits.as_bytes()].map(|secret| [&secret[..12], &secret[secret.len() - 12..]]).concat();
        for process in [daemon.worker(), daemon.id()] {
            // The worker may be told of a keyring before the supervisor has forgotten it.
            wait_for(&format!("memory of {} without {text}", status(process, "Name")), || {
                let memory = memory(process);
                assert!(has(&memory, b"keyring.toml"), "its memory is not read");
                parts.iter().all(|part| !has(&memory, part)).then_some(())
            });
        }
    }
}

#[test]
fn the_worker_runs_as_another() {
    let (user, group) = account("nobody");
    let mut daemon = Daemon::new("[sandbox]\nuser = 'nobody'\n");
    // It may not read the files that the supervisor hands over.
    fs::set_permissions(daemon.path("batvd.toml"), fs::Permissions::from_mode(0o600)).expect("a file");
    daemon.start();
    let worker = daemon.worker();
    for (field, number) in [("Uid", user), ("Gid", group)] {
        assert_eq!(status(worker, field), format!("{number} {number} {number} {number}"));
    }
    assert_eq!((status(worker, "Groups").as_str(), status(worker, "CapEff").as_str()), ("", "0000000000000000"));
    assert_eq!(status(daemon.id(), "Uid"), "0 0 0 0", "this test must run as root");
    assert!(signs(&daemon).starts_with("OK "));
    daemon.reload();
    assert!(daemon.stop().success());
    daemon.configure("[sandbox]\nuser = 'no such user'\n");
    assert_eq!(daemon.command().arg("check").output().expect("batvd").status.code(), Some(2));
    let said = daemon.try_start(&mut daemon.command()).expect_err("nobody");
    assert!(said.contains("sandbox.user: no user `no such user` on this host"), "{said}");
    // Only root can start the worker as another user.
    for name in ["", "keyring.toml", "batvd.toml", "batvd.log"] {
        chown(daemon.path(name), Some(user), Some(group)).expect("this test must run as root");
    }
    fs::copy(env!("CARGO_BIN_EXE_batvd"), daemon.path("batvd")).expect("the daemon");
    let command = |daemon: &Daemon| {
        let mut command = Command::new(daemon.path("batvd"));
        command.uid(user).gid(group).arg("--config").arg(daemon.path("batvd.toml"));
        command
    };
    daemon.configure("[sandbox]\nuser = 'root'\n");
    let said = daemon.try_start(&mut command(&daemon)).expect_err("no root");
    assert!(said.contains("sandbox.user: only root can start the worker as `root`"), "{said}");
    daemon.configure("[sandbox]\nuser = 'nobody'\n");
    daemon.try_start(&mut command(&daemon)).expect("a daemon");
    assert!(signs(&daemon).starts_with("OK "));
}

/// As a mail server does: it ends with its filter, and its filter with it.
#[test]
fn the_filter_has_a_worker_too() {
    let daemon = Daemon::new("");
    let start = || {
        let mut command = daemon.command();
        command.arg("filter").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut filter = command.spawn().expect("batvd");
        let mut answers = BufReader::new(filter.stdout.take().expect("a pipe"));
        let mut requests = filter.stdin.take().expect("a pipe");
        requests.write_all(b"config|ready\n").expect("a filter");
        let mut line = String::new();
        while line != "register|ready\n" {
            line.clear();
            assert_ne!(answers.read_line(&mut line).expect("an answer"), 0);
        }
        let worker = worker_of(filter.id());
        assert_eq!(status(worker, "Seccomp"), "2");
        (filter, requests, answers, worker)
    };
    let end = |mut answers: BufReader<ChildStdout>| {
        answers.read_to_string(&mut String::new()).expect("an end");
    };

    let (mut filter, requests, answers, worker) = start();
    drop(requests);
    end(answers);
    assert!(filter.wait().expect("an end").success() && has_ended(worker));

    let (mut filter, _requests, answers, worker) = start();
    signal(filter.id(), "KILL");
    end(answers);
    filter.wait().expect("an end");
    wait_for("end of the worker", || has_ended(worker).then_some(()));

    let (mut filter, _requests, answers, worker) = start();
    signal(worker, "KILL");
    end(answers);
    assert_eq!(filter.wait().expect("an end").code(), Some(2));
}

#[test]
fn a_worker_needs_a_supervisor() {
    let output = Command::new(env!("CARGO_BIN_EXE_batvd")).arg("worker").stdin(Stdio::null()).output().expect("batvd");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "batvd: `batvd worker` is started by the daemon itself: run `batvd`\n"
    );
}

#[test]
fn the_sandbox_can_be_turned_off() {
    let daemon = Daemon::started("[sandbox]\nconfine = false\n");
    assert_eq!(status(daemon.worker(), "Seccomp"), "0");
    daemon.wait_for_log("sandbox off");
    daemon.configure("");
    daemon.reload();
    daemon.wait_for_log("take effect after a restart");
}
