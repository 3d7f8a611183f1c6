//! Bounces that other sites' real servers make of mail that Postfix has sent with the daemon: as they come back, and as they
//! do when something was lost on the way.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use batv_tests::host::{free_ports, wait_for};
use batv_tests::messages::signed;
use batv_tests::site::{ALICE, date, is_tagged};
use batv_tests::smtp::NextHop;
use tempfile::TempDir;

use crate::server::Server;
use crate::{exim, postfix, sendmail};

/// The server that makes the bounces.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Elsewhere {
    Exim,
    Postfix,
    Sendmail,
}

impl Elsewhere {
    pub(crate) const ALL: [Self; 3] = [Self::Exim, Self::Postfix, Self::Sendmail];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Exim => "exim",
            Self::Postfix => "postfix",
            Self::Sendmail => "sendmail",
        }
    }

    const fn pid_file(self) -> &'static str {
        match self {
            Self::Exim => "spool/exim.pid",
            Self::Postfix => "queue/pid/master.pid",
            Self::Sendmail => "sendmail.pid",
        }
    }
}

/// Ends with the test.
struct Site {
    folder: TempDir,
    server: Elsewhere,
}

impl Site {
    fn start(server: Elsewhere, ports: [u16; 2], refusing: u16, route: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("batv-elsewhere").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        match server {
            Elsewhere::Exim => exim::launch_elsewhere(folder.path(), ports[0], route),
            Elsewhere::Postfix => postfix::launch_elsewhere(folder.path(), ports[0], refusing, route),
            Elsewhere::Sendmail => sendmail::launch_elsewhere(folder.path(), ports, route),
        }
        wait_for("listening server", || std::net::TcpStream::connect(("127.0.0.1", ports[0])).ok());
        Self { folder, server }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.folder.path().join(self.server.pid_file())).unwrap_or_default();
        if let Some(pid) = pid.lines().next() {
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

/// A message of today: a DKIM signature proves no older one.
fn message() -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day) = batv_config::date::today().expect("a day").date();
    let month = MONTHS[usize::from(month) - 1];
    format!(
        "From: Alice <alice@example.com>\nTo: refused@example.net\nSubject: the minutes\n\
         Date: {day} {month} {year} 00:00:00 +0000\nMessage-ID: <20261124.minutes@example.com>\n\nThey are attached.\n"
    )
}

/// The fields of its delivery and its queue id, which a message that is sent again can't have.
const OF_DELIVERY: [&str; 4] = ["Return-Path", "X-Original-To", "Delivered-To", "X-BATV-Recipient"];

pub(crate) fn proves_bounces_of(elsewhere: Elsewhere) {
    let ports = free_ports();
    let refusing = NextHop::start();
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("../batv-bounce/tests/messages/dkim/rsa2026.example.com.txt");
    let configuration = format!(
        "[clients]\ninternal_networks = []\n[verify]\nmode = 'reject'\n\
         [messages]\nmarked_since = {}\ndkim_keys = ['example.com:rsa2026:{}']\n",
        date(40),
        key.display()
    );
    let leaving = format!("default_transport = smtp:[127.0.0.1]:{}\n", ports[0]);
    let server = Server::start(&postfix::Postfix, &configuration, &leaving);
    let _site = Site::start(elsewhere, ports, refusing.port, server.mx);

    let recipient = if matches!(elsewhere, Elsewhere::Sendmail) { "bob@example.net" } else { "refused@example.net" };
    let sent = server.connect_submission().send_message(ALICE, recipient, &signed(&message()));
    assert!(sent.starts_with("250 "), "{sent}");
    let mut inbox = Inbox { server: &server, read: Vec::new() };
    let bounce = inbox.next();
    let verdict = field(&bounce, "X-BATV-Verdict").unwrap_or_default();
    assert!(verdict.starts_with("genuine; reason=tag-ok; class=dsn; origin="), "{verdict} in {bounce}");
    let to = field(&bounce, "X-BATV-Recipient").unwrap_or_default();
    assert!(is_tagged(to.trim_matches(['<', '>']), ALICE), "{to}");

    // Addressed to Alice without her tag: a server that answers the header, or strips tags, sends it like this.
    let bounce = without(&bounce, |name| OF_DELIVERY.contains(&name));
    let without_id = lines_without(&bounce, |line| line.starts_with("Original-Envelope-I"));
    let untagged = lines_without(&without_id, |line| line.contains("prvs="));
    let unmarked = lines_without(&untagged, |line| line.starts_with("X-BATV-Mark:"));
    for (message, origin) in [
        (&bounce, "envelope-id"),
        (&without_id, "mark"),
        (&untagged, "mark"),
        (&without_returned(&bounce), "envelope-id"),
        (&unmarked, "dkim"),
    ] {
        let said = server.connect_mx().send_message("", ALICE, message);
        assert!(said.starts_with("250 "), "{origin}: {said}");
        let found = inbox.next();
        let expected = format!("genuine; reason=original-proved; class=dsn; origin={origin}; disposition=accept");
        assert_eq!(field(&found, "X-BATV-Verdict").as_deref(), Some(expected.as_str()), "{found}");
        assert_eq!(field(&found, "X-BATV-Status").as_deref(), Some("valid"), "{found}");
        // Those that came with it are gone.
        assert_eq!(found.matches("X-BATV-Verdict").count(), 1, "{found}");
    }

    // Without any proof it is the bounce of a stranger's message, in which our names prove nothing.
    let foreign = lines_without(&unmarked, |line| line.starts_with("DKIM-Signature:"))
        .replace("mx.example.com", "mx.mallory.example")
        .replace("minutes@example.com", "minutes@mallory.example");
    let said = server.connect_mx().send_message("", ALICE, &foreign);
    assert_eq!(said, "550 5.7.1 Not a bounce of our mail: we did not send the message that it returns");
}

struct Inbox<'s> {
    server: &'s Server,
    read: Vec<String>,
}

impl Inbox<'_> {
    /// The next message for Alice.
    fn next(&mut self) -> String {
        let message = wait_for("message in the mailbox", || {
            self.server.mailbox("alice").into_iter().find(|message| !self.read.contains(message))
        });
        self.read.push(message.clone());
        message
    }
}

fn field(message: &str, name: &str) -> Option<String> {
    let (header, _) = message.split_once("\n\n")?;
    let value = header.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// Without these fields of its header.
fn without(message: &str, is_out: impl Fn(&str) -> bool) -> String {
    let (header, body) = message.split_once("\n\n").expect("a body");
    let mut kept = String::new();
    let mut passes = true;
    for line in header.lines() {
        if !line.starts_with([' ', '\t']) {
            passes = !is_out(line.split(':').next().unwrap_or_default());
        }
        if passes {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    format!("{kept}\n{body}")
}

/// Without these lines, and those that are folded from them.
fn lines_without(message: &str, is_out: impl Fn(&str) -> bool) -> String {
    let mut kept = String::new();
    let mut passes = true;
    for line in message.lines() {
        passes = if line.starts_with([' ', '\t']) { passes && !is_out(line) } else { !is_out(line) };
        if passes {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Without the part that returns the message: all behind the last but one delimiter, up to the end.
fn without_returned(message: &str) -> String {
    let delimiter = message.lines().rfind(|line| line.starts_with("--") && line.ends_with("--")).expect("an end");
    let part = format!("\n{}\n", delimiter.trim_end_matches('-').trim_end());
    // The delimiter may itself end in hyphens.
    let part = if message.contains(&part) { part } else { format!("\n{}\n", &delimiter[..delimiter.len() - 2]) };
    let start = message.rfind(&part).expect("a part");
    format!("{}\n{delimiter}\n", &message[..start])
}
