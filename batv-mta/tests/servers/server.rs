//! A mail server in a folder of its own, with its daemon before it and a next hop behind it.

use core::net::Ipv4Addr;
use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use batv_tests::host::{free_ports, maildir, signal, wait_for};
use batv_tests::smtp::{Client, Envelope, NextHop};

use crate::support::Daemon;

/// The mailboxes that exist.
pub(crate) const MAILBOXES: [&str; 7] = ["alice", "bob", "\"a b\"", "jürgen", LONG, "postmaster", "abuse"];
/// There is no room for a tag here.
const LONG: &str = "a2345678901234567890123456789012345678901234567890";

/// The differences of a server.
pub(crate) trait MailServer: Sync {
    /// Its name for `batvd setup`.
    fn name(&self) -> &'static str;
    /// The argument of `batvd setup --at`, in the server's folder.
    fn installed(&self) -> &'static str;
    /// Where its programs are.
    fn programs(&self) -> PathBuf;
    /// The folder of the daemon's sockets, in the server's folder.
    fn sockets(&self) -> &'static str {
        ""
    }
    /// Configures it and starts it, with two ports: one for the world, one for its users.
    fn start(&self, server: &Server);
    /// The files with its process ids, in the server's folder.
    fn pid_files(&self) -> &'static [&'static str];
    /// Its log files, in the server's folder.
    fn logs(&self) -> &'static [&'static str];
    /// Whether it holds a message.
    fn is_holding(&self, server: &Server) -> bool;
    /// Its command line, to which `-f sender recipient` is added, where it has one.
    fn sendmail(&self, server: &Server) -> Option<Command>;
    /// The process that does the daemon's work inside the server, where it is not the daemon itself.
    fn filter(&self, _server: &Server) -> Option<u32> {
        None
    }
    /// Whether messages are in its queue, where it would deliver them twice when it ends between a delivery and the removal.
    fn has_queued(&self, _server: &Server) -> bool {
        false
    }
    /// Starts it again after its filter has ended, where it ends with it.
    fn start_again(&self, _server: &Server) {}
    /// Has it retry its queue, where it would wait for long.
    fn retry(&self, _server: &Server) {}
}

pub(crate) struct Server {
    pub(crate) daemon: Daemon,
    pub(crate) next_hop: NextHop,
    pub(crate) mx: u16,
    pub(crate) submission: u16,
    /// Lines for Postfix, after all others.
    pub(crate) main_cf: String,
    pub(crate) which: &'static dyn MailServer,
}

impl Server {
    /// Starts it with a daemon of this configuration.
    pub(crate) fn start(which: &'static dyn MailServer, configuration: &str, main_cf: &str) -> Self {
        let [mx, submission] = free_ports();
        let configuration = configuration.replace("SUBMISSION", &submission.to_string());
        let mut daemon = Daemon::with_sockets_in(which.sockets(), &configuration);
        daemon.start();
        let server = Self { daemon, next_hop: NextHop::start(), mx, submission, main_cf: main_cf.to_owned(), which };
        which.start(&server);
        server.wait_until_ready();
        let faults = server.setup(&["--check"]);
        assert!(faults.is_empty() || !main_cf.is_empty(), "the lines of `batvd setup` are not enough: {faults}");
        server
    }

    fn wait_until_ready(&self) {
        for port in [self.mx, self.submission] {
            wait_for("listening server", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        }
    }

    /// Another configuration of the daemon, in force when this returns.
    pub(crate) fn configure(&self, configuration: &str) {
        self.daemon.configure(&configuration.replace("SUBMISSION", &self.submission.to_string()));
        self.daemon.reload();
        if let Some(filter) = self.which.filter(self) {
            let reloaded = || self.logs().concat().matches("settings reloaded").count();
            let before = reloaded();
            signal(filter, "HUP");
            wait_for("reload", || (reloaded() > before).then_some(()));
        }
    }

    pub(crate) fn stop_daemon(&mut self) {
        assert!(self.daemon.stop().success());
        self.end_filter("TERM");
    }

    pub(crate) fn kill_daemon(&mut self) {
        self.daemon.kill();
        self.end_filter("KILL");
    }

    fn end_filter(&self, name: &str) {
        if let Some(filter) = self.which.filter(self) {
            wait_for("empty queue", || (!self.which.has_queued(self)).then_some(()));
            signal(filter, name);
            wait_for("end of the filter", || self.which.filter(self).is_none().then_some(()));
        }
    }

    pub(crate) fn start_daemon(&mut self) {
        self.daemon.start();
        self.which.start_again(self);
        self.wait_until_ready();
    }

    /// The output of `batvd setup` for this server.
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

    /// The mail that has reached the next hop.
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

    /// Its logs, and the daemon's.
    pub(crate) fn logs(&self) -> Vec<String> {
        let logs = self.which.logs().iter().map(|name| fs::read_to_string(self.path(name)).unwrap_or_default());
        logs.chain([self.daemon.log()]).collect()
    }

    pub(crate) fn log(&self) -> String {
        self.logs().concat()
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
