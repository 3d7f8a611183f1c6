//! A mail server in a folder of its own, with its daemon before it and a next hop behind it.

use core::net::Ipv4Addr;
use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use batv_tests::host::{free_ports, maildir, wait_for};
use batv_tests::smtp::{Client, Envelope, NextHop};

use crate::support::Daemon;

/// The mailboxes that exist.
pub(crate) const MAILBOXES: [&str; 4] = ["alice", "bob", "\"a b\"", "postmaster"];

/// What is another on each server.
pub(crate) trait MailServer: Sync {
    /// Its name for `batvd setup`.
    fn name(&self) -> &'static str;
    /// What `batvd setup` is told to look at, in the server's folder.
    fn installed(&self) -> &'static str;
    /// Where its programs are.
    fn programs(&self) -> PathBuf;
    /// The folder of the daemon's sockets, in the server's folder.
    fn sockets(&self) -> &'static str {
        ""
    }
    /// Configures it and starts it, with two ports: one for the world, one for its users.
    fn start(&self, server: &Server);
    /// Where its processes say who they are, in the server's folder.
    fn pid_files(&self) -> &'static [&'static str];
    /// Its log files, in the server's folder.
    fn logs(&self) -> &'static [&'static str];
    /// Whether it holds a message.
    fn is_holding(&self, server: &Server) -> bool;
    /// Its command line, to which `-f sender recipient` is added, where it has one.
    fn sendmail(&self, server: &Server) -> Option<Command>;
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
}

impl Server {
    /// Starts it with a daemon of this configuration.
    pub(crate) fn start(which: &'static dyn MailServer, configuration: &str) -> Self {
        let [mx, submission] = free_ports();
        let configuration = configuration.replace("SUBMISSION", &submission.to_string());
        let mut daemon = Daemon::with_sockets_in(which.sockets(), &configuration);
        daemon.start();
        let server = Self { daemon, next_hop: NextHop::start(), mx, submission, which };
        which.start(&server);
        for port in [mx, submission] {
            wait_for("listening server", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        }
        let faults = server.setup(&["--check"]);
        assert!(faults.is_empty(), "the lines of `batvd setup` are not enough: {faults}");
        server
    }

    /// What `batvd setup` says for this server.
    pub(crate) fn setup(&self, options: &[&str]) -> String {
        let mut command = self.daemon.command();
        let mut path = self.which.programs().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command.env("PATH", path).args(["setup", self.which.name(), "--at"]).arg(self.path(self.which.installed()));
        let output = command.args(options).output().expect("batvd");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
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
        maildir(&self.path("mail").join(name))
    }

    /// Hands a message over on the command line; says whether there is one.
    pub(crate) fn sendmail(&self, sender: &str, recipient: &str) -> bool {
        let message = self.path("message");
        fs::write(&message, "Subject: test\n\nText.\n").expect("a file");
        let Some(mut command) = self.which.sendmail(self) else { return false };
        command.args(["-f", sender, recipient]).stdin(fs::File::open(message).expect("a file"));
        assert!(command.status().is_ok_and(|status| status.success()), "{}", self.log());
        true
    }

    pub(crate) fn log(&self) -> String {
        self.which.logs().iter().map(|name| fs::read_to_string(self.path(name)).unwrap_or_default()).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.daemon.path(name)
    }

    pub(crate) fn root(&self) -> String {
        self.daemon.root()
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

/// The programs of a server that scripts/install-mail-servers has fetched.
pub(crate) fn programs(name: &str) -> PathBuf {
    let servers = std::env::var_os("BATV_MAIL_SERVERS");
    let programs = servers.map_or_else(|| "/var/cache/batv-mail-servers".into(), PathBuf::from).join(name);
    assert!(programs.is_dir(), "{}: scripts/install-mail-servers", programs.display());
    programs
}
