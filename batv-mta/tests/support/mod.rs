//! `batvd`, in a folder of its own, with all its listeners.
#![allow(dead_code, reason = "each test uses some of it")]

use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use batv_tests::host::{signal, wait_for};
use batv_tests::site::{KEYRING, SRS_DOMAIN};
use tempfile::TempDir;

/// Beginnings of the warnings that all tests have.
pub(crate) const EXPECTED_WARNINGS: [&str; 2] = ["the worker, which serves strangers, runs as root", SHORT_HASHES];
const SHORT_HASHES: &str = "srs.hash_minimum: hashes of 4 characters";

/// What `batvd check` says, but for the warning that all tests have.
pub(crate) fn said_by_check(stderr: &[u8], root: &str) -> String {
    let said = String::from_utf8_lossy(stderr).replace(root, "");
    said.split_inclusive('\n').filter(|line| !line.contains(SHORT_HASHES)).collect()
}

/// Ends with the test. Its sockets are `NAME.sock` in its folder, which others may look into, or in a folder there.
pub(crate) struct Daemon {
    folder: TempDir,
    sockets: &'static str,
    process: Option<Child>,
}

impl Daemon {
    /// Writes the configuration and the keyring. The daemon does not run yet.
    pub(crate) fn new(configuration: &str) -> Self {
        Self::with_sockets_in("", configuration)
    }

    /// The same, with the sockets in a folder of its own.
    pub(crate) fn with_sockets_in(sockets: &'static str, configuration: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("batv-server").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        for inner in [sockets, "store"] {
            fs::create_dir_all(folder.path().join(inner)).expect("a folder");
        }
        let daemon = Self { folder, sockets, process: None };
        daemon.write("keyring.toml", KEYRING, 0o600);
        daemon.configure(configuration);
        daemon
    }

    /// Writes another configuration.
    pub(crate) fn configure(&self, configuration: &str) {
        let root = self.root();
        let listeners: String = ["milter", "socketmap", "policy", "line", "metrics", "page"]
            .map(|listener| format!("{listener} = ['unix:{}']\n", self.socket(listener).display()))
            .concat();
        let head = format!(
            "keyring = '{root}/keyring.toml'\n[listen]\n{listeners}socket_mode = 0o666\n[srs]\ndomains = ['{SRS_DOMAIN}']\n"
        );
        self.write("batvd.toml", &format!("{head}{configuration}"), 0o644);
    }

    /// Writes a configuration in which a listener has a port, too.
    pub(crate) fn configure_with_tcp(&self, configuration: &str, listener: &str, host: &str, port: u16) {
        self.configure(configuration);
        let text = fs::read_to_string(self.path("batvd.toml")).expect("a file");
        let text = text.replacen(&format!("{listener} = ["), &format!("{listener} = ['inet:{host}:{port}', "), 1);
        self.write("batvd.toml", &text, 0o644);
    }

    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a file of ours");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// The daemon with this configuration, ready.
    pub(crate) fn started(configuration: &str) -> Self {
        let mut daemon = Self::new(configuration);
        daemon.start();
        daemon
    }

    pub(crate) fn start(&mut self) {
        self.try_start(&mut self.command()).unwrap_or_else(|said| panic!("{said}"));
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_batvd"));
        command.arg("--config").arg(self.path("batvd.toml"));
        command
    }

    /// Waits until it is ready, or has refused to start; returns its output then.
    #[expect(clippy::unwrap_in_result, reason = "the error is the daemon's, a panic the test's")]
    pub(crate) fn try_start(&mut self, command: &mut Command) -> Result<(), String> {
        let log = fs::File::options().create(true).append(true).open(self.path("batvd.log")).expect("a file");
        let ready = |daemon: &Self| daemon.log().matches(" ready").count();
        let before = ready(self);
        let process = command.stdin(Stdio::null()).stderr(log).spawn().expect("batvd");
        let process = self.process.insert(process);
        let id = process.id();
        let ended = wait_for("daemon that is ready", || {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().expect("a process"));
            (ready(self) > before || ended.is_some()).then_some(ended)
        });
        match ended {
            None => Ok(()),
            Some(status) => {
                assert_eq!(status.code(), Some(2), "process {id}: {}", self.log());
                Err(self.log())
            }
        }
    }

    /// Tells it to end, and says how it did.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.process.take().expect("a process").wait().expect("an end")
    }

    /// Ends the process that was started without a word: the other one ends by itself.
    pub(crate) fn kill_supervisor(&mut self) {
        let mut process = self.process.take().expect("a process");
        process.kill().expect("a process");
        process.wait().expect("an end");
    }

    /// Ends the process that serves without a word: the other one ends by itself.
    pub(crate) fn kill_worker(&mut self) {
        signal(self.worker(), "KILL");
        let status = self.process.take().expect("a process").wait().expect("an end");
        assert_eq!(status.code(), Some(2), "{}", self.log());
    }

    /// Ends both processes without a word.
    pub(crate) fn kill(&mut self) {
        let worker = self.worker();
        self.kill_supervisor();
        // It may have ended by itself.
        let _ = Command::new("kill").args(["-s", "KILL"]).arg(worker.to_string()).stderr(Stdio::null()).status();
        wait_for("end of the worker", || has_ended(worker).then_some(()));
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.try_wait().expect("a process").is_none())
    }

    pub(crate) fn reload(&self) {
        let reloaded = || self.log().matches("settings reloaded").count();
        let before = reloaded();
        self.signal("HUP");
        wait_for("reload", || (reloaded() > before).then_some(()));
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("batvd.log")).unwrap_or_default()
    }

    /// The warnings in the log, but for those of all tests: the daemon is root's, and its SRS hashes are short.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let log = self.log();
        let warnings = log
            .lines()
            .filter(|line| line.contains("WARN") && !EXPECTED_WARNINGS.iter().any(|known| line.contains(known)));
        warnings.map(str::to_owned).collect()
    }

    /// Waits until the log has this text: a thread of its own writes it.
    pub(crate) fn wait_for_log(&self, text: &str) {
        wait_for(&format!("`{text}` in the log"), || self.log().contains(text).then_some(()));
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().expect("a process").id()
    }

    /// The process that serves.
    pub(crate) fn worker(&self) -> u32 {
        worker_of(self.id())
    }

    /// Octets of memory that the process which serves has.
    pub(crate) fn memory(&self) -> u64 {
        Memory::of(self.worker()).now()
    }

    /// The most that it has had.
    pub(crate) fn peak(&self) -> u64 {
        Memory::of(self.worker()).peak()
    }

    /// The socket of the metrics is in the daemon's folder, so that they can report the other sockets.
    pub(crate) fn socket(&self, listener: &str) -> PathBuf {
        let folder = if listener == "metrics" { "" } else { self.sockets };
        self.path(folder).join(format!("{listener}.sock"))
    }

    pub(crate) fn connect(&self, listener: &str) -> UnixStream {
        let stream = UnixStream::connect(self.socket(listener)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        stream
    }

    /// All that is answered to a request, on a connection of its own.
    pub(crate) fn ask(&self, listener: &str, request: &[u8]) -> String {
        let mut stream = self.connect(listener);
        stream.write_all(request).expect("a connection");
        stream.shutdown(Shutdown::Write).expect("a connection");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("UTF-8");
        answer
    }
}

/// The memory of a process.
pub(crate) struct Memory(u32);

impl Memory {
    pub(crate) const fn of(process: u32) -> Self {
        Self(process)
    }

    /// Octets that it has.
    pub(crate) fn now(&self) -> u64 {
        self.octets("VmRSS:")
    }

    /// The most that it has had.
    pub(crate) fn peak(&self) -> u64 {
        self.octets("VmHWM:")
    }

    fn octets(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("a process");
        let line =
            status.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {status}"));
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") * 1024
    }
}

/// The only process that a process has started.
pub(crate) fn worker_of(supervisor: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{supervisor}/task/{supervisor}/children")).expect("a process");
    children.trim().parse().unwrap_or_else(|_| panic!("one worker, not {children:?}"))
}

/// Whether a process has ended, though nobody may have asked how.
pub(crate) fn has_ended(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
