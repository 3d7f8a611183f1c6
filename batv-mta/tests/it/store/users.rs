//! A server that authenticates the daemon, with the few rights that the manual gives it.

use std::fs;
use std::process::Command;

use batv_tests::host::{free_ports, wait_for};
use batv_tests::redis::Server;
use batv_tests::site::{ALICE, tagged};

use super::mail::{Client, WORLD, bounce_of, message};
use crate::support::Daemon;

const MANUAL: &str = include_str!("../../../../docs/src/fleet.md");

/// The line of the manual for a user, with this password.
fn user(password: &str) -> String {
    let line = MANUAL.lines().find_map(|line| line.trim().strip_prefix("user batv ")).expect("a line of rights");
    line.replace("PASSWORD", password)
}

#[test]
fn the_rights_in_the_manual_are_enough() {
    let server = Server::start(&[]);
    assert_eq!(server.tell(&format!("ACL SETUSER batv {}", user("0pen-sesame"))), "+OK\r\n");
    assert_eq!(server.tell("ACL SETUSER default off"), "+OK\r\n");
    let mut daemon = Daemon::new("");
    daemon.write("valkey", "0pen-sesame\n", 0o600);
    daemon.configure(&format!(
        "[store]\nat = '{}'\nuser = 'batv'\npassword_file = '{}/valkey'\nmilliseconds = 10000\n[verify]\nmode = 'reject'\n",
        server.url(),
        daemon.root()
    ));
    daemon.start();
    let long = format!("{}@example.com", "newsletter-".repeat(5) + "12345");
    let tagged = Client::of_ours(&daemon, WORLD).send(&long, &["dave@example.net"], &message("<1@laptop.example>"));
    let tagged = tagged.sender.expect("a tag");
    let mut world = Client::from(&daemon, WORLD);
    let said = world.send("", &[&tagged], &bounce_of("dave@example.net", "<1@laptop.example>"));
    assert_eq!((said.recipients.as_slice(), said.found("origin")), (&[long][..], "sent-log"), "{said:?}");
    assert!(daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("batv_store_up{} 1\n"));
    assert!(!daemon.log().contains("0pen-sesame"), "{}", daemon.log());
}

#[test]
fn a_password_that_others_can_read_is_none() {
    let server = Server::start(&[]);
    let mut daemon = Daemon::new("");
    daemon.write("valkey", "0pen-sesame\n", 0o644);
    daemon.configure(&format!("[store]\nat = '{}'\npassword_file = '{}/valkey'\n", server.url(), daemon.root()));
    let mut command = daemon.command();
    let said = daemon.try_start(&mut command).expect_err("a file that others can read");
    assert!(said.contains("valkey") && !said.contains("0pen-sesame"), "{said}");
}

/// The sandboxed worker may have lost access to all files by then, also to those of the resolver.
#[test]
fn a_server_is_reached_over_tcp_by_address_and_by_name() {
    let [port] = free_ports();
    let _server = Server::start(&["--bind", "127.0.0.1", "--port", &port.to_string()]);
    for host in ["127.0.0.1", "localhost"] {
        let configuration = format!("[store]\nat = 'redis://{host}:{port}/1'\nmilliseconds = 10000\n");
        let daemon = Daemon::started(&configuration);
        Client::of_ours(&daemon, WORLD).send(ALICE, &["dave@example.net"], &message("<1@laptop.example>"));
        let said = Client::from(&daemon, WORLD).send(
            "",
            &[&tagged(ALICE, 0)],
            &bounce_of("dave@example.net", "<1@laptop.example>"),
        );
        let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(said.replies.is_empty() && metrics.contains("batv_store_up{} 1\n"), "{host}: {}", daemon.log());
    }
}

/// The worker keeps to the files that were there when it began, and these are replaced.
#[test]
fn a_server_is_found_again_when_its_name_cannot_be_looked_up_any_more() {
    let [port, _] = free_ports();
    let mut server = Server::start(&["--bind", "127.0.0.1", "--port", &port.to_string()]);
    let mut daemon = Daemon::new("");
    daemon.configure(&format!("[store]\nat = 'redis://valkey.example.com:{port}'\nmilliseconds = 10000\n"));
    fs::create_dir(daemon.path("etc")).expect("a folder");
    daemon.write("etc/nsswitch.conf", "hosts: files\n", 0o644);
    daemon.write("etc/hosts", "127.0.0.1 valkey.example.com\n", 0o644);
    // It has a folder /etc of its own.
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount --bind \"$1/etc\" /etc && shift && exec \"$@\"", "sh"]);
    command.arg(daemon.root()).arg(env!("CARGO_BIN_EXE_batvd")).arg("--config").arg(daemon.path("batvd.toml"));
    daemon.try_start(&mut command).expect("a daemon");
    let is_up = || {
        Client::of_ours(&daemon, WORLD).send(ALICE, &["dave@example.net"], &message("<1@laptop.example>"));
        daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("batv_store_up{} 1\n")
    };
    assert!(is_up(), "{}", daemon.log());
    daemon.write("etc/hosts.new", "127.0.0.1 valkey.example.com another.example.com\n", 0o644);
    fs::rename(daemon.path("etc/hosts.new"), daemon.path("etc/hosts")).expect("a file");
    server.kill();
    wait_for("end of the server", || (!is_up()).then_some(()));
    server.start_again();
    wait_for("server that is found again", || is_up().then_some(()));
}
