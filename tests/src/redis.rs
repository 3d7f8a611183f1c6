//! Debian's redis-server, one for each test that needs one.

use core::time::Duration;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::host::signal;

/// A server on a Unix socket, with a directory of its own. It ends with this.
#[derive(Debug)]
pub struct Server {
    child: Child,
    directory: TempDir,
    options: Vec<String>,
}

impl Server {
    /// Starts it, with these options besides.
    ///
    /// # Panics
    /// When it doesn't answer: these are tests.
    pub fn start(options: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("what is right");
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("what is right");
        let options: Vec<String> = options.iter().map(|&option| option.into()).collect();
        let child = run(directory.path(), &options);
        Self { child, directory, options }
    }

    /// As a power cut would.
    ///
    /// # Panics
    /// When that can't be done: these are tests.
    pub fn kill(&mut self) {
        self.child.kill().expect("what is right");
        self.child.wait().expect("what is right");
    }

    /// Starts it again in its directory.
    ///
    /// # Panics
    /// When it doesn't answer: these are tests.
    pub fn start_again(&mut self) {
        self.child = run(self.directory.path(), &self.options);
    }

    /// It keeps its connections and takes new ones, and says nothing.
    pub fn pause(&self) {
        signal(self.child.id(), "STOP");
    }

    /// It answers again.
    pub fn go_on(&self) {
        signal(self.child.id(), "CONT");
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        socket(self.directory.path())
    }

    /// The same, as stores are named.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Octets of memory that it uses, as it says itself.
    ///
    /// # Panics
    /// When it doesn't say: these are tests.
    pub fn memory(&self) -> u64 {
        let said = self.tell("INFO memory");
        let line = said.lines().find_map(|line| line.strip_prefix("used_memory:")).expect("a size");
        line.trim().parse().expect("a number")
    }

    /// A file with a password, that only its owner can read.
    ///
    /// # Panics
    /// When that can't be done: these are tests.
    pub fn password_file(&self, name: &str, password: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).expect("what is right");
        file.set_permissions(Permissions::from_mode(0o600)).expect("what is right");
        writeln!(file, "{password}").expect("what is right");
        path
    }

    /// A command in the way in which people type it, and the first octets of the answer.
    ///
    /// # Panics
    /// When that can't be done: these are tests.
    pub fn tell(&self, command: &str) -> String {
        ask(&self.socket(), command).expect("what is right")
    }

    /// The same after the password.
    ///
    /// # Panics
    /// When that can't be done: these are tests.
    pub fn tell_as(&self, password: &str, command: &str) {
        let answer = ask(&self.socket(), &format!("AUTH {password}\r\n{command}")).expect("what is right");
        assert!(answer.starts_with("+OK"), "{answer}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("redis.sock")
}

fn run(directory: &Path, options: &[String]) -> Child {
    let socket = socket(directory);
    drop(fs::remove_file(&socket));
    let child = Command::new("redis-server")
        // Mail servers may ask as somebody else.
        .args(["--port", "0", "--save", "", "--unixsocketperm", "777", "--unixsocket"])
        .arg(&socket)
        .arg("--dir")
        .arg(directory)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server: scripts/in-debian");
    for _ in 0..1_000 {
        // With a password it says NOAUTH, which is an answer, too; while it loads its data, LOADING.
        match ask(&socket, "PING") {
            Ok(answer) if !answer.is_empty() && !answer.contains("LOADING") => return child,
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
    panic!("redis-server does not answer");
}

fn ask(socket: &Path, command: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut answer = [0; 1_024];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}
