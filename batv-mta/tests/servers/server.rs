//! A mail server in a folder of its own, with its daemon before it and a next hop behind it.

use core::net::Ipv4Addr;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use batv_tests::smtp::{Client, Envelope, NextHop};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::wait_for;

/// The mailboxes that exist.
pub(crate) const MAILBOXES: [&str; 4] = ["alice", "bob", "\"a b\"", "postmaster"];

/// What is another on each server.
pub(crate) trait MailServer: Sync {
    /// Configures it and starts it, with two ports: one for the world, one for its users.
    fn start(&self, server: &Server);
    /// Where its processes say who they are, in the server's folder.
    fn pid_files(&self) -> &'static [&'static str];
    /// Its log files, in the server's folder.
    fn logs(&self) -> &'static [&'static str];
    /// Whether it holds a message.
    fn is_holding(&self, server: &Server) -> bool;
    /// Its command line, to which `-f sender recipient` is added.
    fn sendmail(&self, server: &Server) -> Command;
    /// Whether it knows the recipients when the sender is rewritten: if not, none is exempt from tags, and nothing is
    /// known to be forwarded.
    fn knows_recipients(&self) -> bool {
        true
    }
    /// Whether it takes quoted local parts.
    fn takes_quoted(&self) -> bool {
        true
    }
    /// Whether a filter can have it hold a message.
    fn can_hold(&self) -> bool {
        true
    }
    /// Has it forward a message to somebody elsewhere.
    fn forward(&self, server: &Server, sender: &str, recipient: &str) -> String;
}

pub(crate) struct Server {
    pub(crate) daemon: Daemon,
    pub(crate) next_hop: NextHop,
    pub(crate) mx: u16,
    pub(crate) submission: u16,
    pub(crate) which: &'static dyn MailServer,
    folder: TempDir,
}

impl Server {
    /// Starts it with a daemon of this configuration.
    pub(crate) fn start(which: &'static dyn MailServer, configuration: &str, keyring: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("batv-server").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        let [mx, submission] = free_ports();
        let configuration = configuration.replace("SUBMISSION", &submission.to_string());
        let mut daemon = Daemon::new(folder.path(), &configuration, keyring);
        daemon.start();
        let server = Self { daemon, next_hop: NextHop::start(), mx, submission, which, folder };
        which.start(&server);
        for port in [mx, submission] {
            wait_for("listening server", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        }
        server
    }

    pub(crate) fn connect_mx(&self) -> Client {
        Client::connect(self.mx)
    }

    pub(crate) fn connect_submission(&self) -> Client {
        Client::connect(self.submission)
    }

    /// What has reached the next hop.
    pub(crate) fn delivered(&self) -> Vec<Envelope> {
        self.next_hop.taken()
    }

    /// The messages in a mailbox.
    pub(crate) fn mailbox(&self, name: &str) -> Vec<String> {
        let files = fs::read_dir(self.path("mail").join(name).join("new")).into_iter().flatten().flatten();
        files.map(|file| fs::read_to_string(file.path()).expect("a message")).collect()
    }

    /// Hands a message over on the command line.
    pub(crate) fn sendmail(&self, sender: &str, recipient: &str) {
        let message = self.path("message");
        fs::write(&message, "Subject: test\n\nText.\n").expect("a file");
        let mut command = self.which.sendmail(self);
        command.args(["-f", sender, recipient]).stdin(fs::File::open(message).expect("a file"));
        assert!(command.status().is_ok_and(|status| status.success()), "{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        self.which.logs().iter().map(|name| fs::read_to_string(self.path(name)).unwrap_or_default()).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> String {
        self.folder.path().display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        for name in self.which.pid_files() {
            // Sendmail writes its command line below.
            if let Some(pid) = fs::read_to_string(self.path(name)).unwrap_or_default().lines().next() {
                let _ = Command::new("kill").arg(pid.trim()).status();
            }
        }
    }
}

/// A file of `integrations`.
pub(crate) fn integration(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations");
    fs::read_to_string(folder.join(name)).expect("a file of the integrations")
}

/// The number of an account.
pub(crate) fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

fn free_ports() -> [u16; 2] {
    [(); 2]
        .map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"))
        .map(|listener| listener.local_addr().expect("an address").port())
}
