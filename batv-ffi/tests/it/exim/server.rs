//! Exim, with the configuration of the example, in a folder of its own.

use core::net::Ipv4Addr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use batv_tests::host::{free_ports, give, maildir, peers, wait_for};
use batv_tests::smtp::{Client, Envelope, NextHop};
use tempfile::TempDir;

use crate::support::{compile, library, manifest, run, said};

/// The account that Debian's Exim was compiled for.
const EXIM_USER: &str = "Debian-exim";

pub(crate) struct Exim {
    folder: TempDir,
    program: PathBuf,
    mx: u16,
    submission: u16,
    next_hop: NextHop,
}

impl Exim {
    /// Starts the daemon with these values of macros, besides those that say where things are.
    pub(crate) fn start(macros: &[(&str, &str)], keyring: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("batv-exim").tempdir().expect("a folder");
        let peers = peers();
        let [mx, submission] = free_ports();
        let exim = Self { program: peers.join("usr/sbin/exim4"), mx, submission, next_hop: NextHop::start(), folder };
        fs::set_permissions(exim.folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        for name in ["spool", "log", "mail"] {
            fs::create_dir(exim.path(name)).expect("a folder");
            give(&exim.path(name), EXIM_USER);
        }
        exim.replace_keyring(keyring);
        exim.build_shim();
        exim.configure(macros);
        let started = exim.command(&["-bd", "-q1h"]).output();
        let started = started.unwrap_or_else(|error| panic!("{}: {error}: scripts/in-debian", exim.program.display()));
        assert!(started.status.success(), "{}", said(&started));
        wait_for("listening Exim", || std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, mx)).ok());
        exim
    }

    pub(crate) fn replace_keyring(&self, text: &str) {
        let keyring = self.path("keyring.toml");
        fs::write(&keyring, text).expect("a file");
        fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).expect("a file of ours");
        give(&keyring, EXIM_USER);
    }

    pub(crate) fn connect_mx(&self) -> Client {
        Client::connect(self.mx)
    }

    /// Sends a message to be relayed.
    pub(crate) fn submit(&self, sender: &str, recipient: &str) -> String {
        Client::connect(self.submission).send(sender, recipient)
    }

    /// Sends a message from outside.
    pub(crate) fn send(&self, sender: &str, recipient: &str) -> String {
        self.connect_mx().send(sender, recipient)
    }

    pub(crate) fn bounce(&self, recipient: &str) -> String {
        self.send("", recipient)
    }

    /// What has reached the next hop.
    pub(crate) fn delivered(&self) -> Vec<Envelope> {
        self.next_hop.taken()
    }

    /// The messages in a mailbox.
    pub(crate) fn mailbox(&self, name: &str) -> Vec<String> {
        maildir(&self.path("mail").join(name))
    }

    pub(crate) fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.path("log").join(name)).unwrap_or_default();
        ["mainlog", "rejectlog", "paniclog"].map(read).concat()
    }

    /// How many messages wait.
    pub(crate) fn queued(&self) -> usize {
        said(&run(&mut self.command(&["-bpc"]))).trim().parse().expect("a number")
    }

    pub(crate) fn run_queue(&self) {
        run(&mut self.command(&["-qff"]));
    }

    pub(crate) fn expand(&self, text: &str) -> String {
        said(&run(&mut self.command(&["-be", text]))).trim().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(self.path("exim.conf")).args(arguments);
        command
    }

    fn build_shim(&self) {
        // Exim's user can't look into every folder.
        let libraries = self.path("lib");
        fs::create_dir(&libraries).expect("a folder");
        fs::copy(library().join("libbatv.so"), libraries.join("libbatv.so")).expect("the library");
        let source = manifest().join("examples/exim/batv-exim.c");
        compile(&source, &libraries, &libraries.join("batv-exim.so"), &["-O2", "-shared", "-fPIC"]);
    }

    /// The example, with other values of its macros.
    fn configure(&self, macros: &[(&str, &str)]) {
        let text = |path: PathBuf| path.into_os_string().into_string().expect("UTF-8");
        let mut values = vec![
            ("BATV_LIBRARY", text(self.path("lib/batv-exim.so"))),
            ("BATV_KEYRING", text(self.path("keyring.toml"))),
            ("PORT_MX", self.mx.to_string()),
            ("PORT_SUBMISSION", self.submission.to_string()),
            ("PORT_NEXT_HOP", self.next_hop.port.to_string()),
            ("NEXT_HOP", "127.0.0.1".to_owned()),
            ("SPOOL", text(self.path("spool"))),
            ("LOG", text(self.path("log"))),
            ("MAIL", text(self.path("mail"))),
            ("EXIM", text(self.program.clone())),
        ];
        values.extend(macros.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let example = fs::read_to_string(manifest().join("examples/exim/exim.conf")).expect("the example");
        let mut lines: Vec<String> = example.lines().map(str::to_owned).collect();
        for (name, value) in values {
            let is_definition =
                |line: &&mut String| line.split_once('=').is_some_and(|(before, _)| before.trim() == name);
            let line = lines.iter_mut().find(is_definition).unwrap_or_else(|| panic!("no macro {name}"));
            *line = format!("{name} = {value}");
        }
        fs::write(self.path("exim.conf"), lines.join("\n") + "\n").expect("a file");
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        if let Ok(pid) = fs::read_to_string(self.path("spool/exim.pid")) {
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}
