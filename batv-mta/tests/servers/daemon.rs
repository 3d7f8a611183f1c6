//! `batvd`, in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::wait_for;

pub(crate) struct Daemon {
    folder: PathBuf,
    process: Option<Child>,
}

impl Daemon {
    /// Writes the configuration and the keyring. The daemon does not run yet.
    pub(crate) fn new(folder: &Path, configuration: &str, keyring: &str) -> Self {
        let daemon = Self { folder: folder.to_owned(), process: None };
        let folder = folder.display();
        daemon.write("keyring.toml", keyring, 0o600);
        let head = format!("keyring = \"{folder}/keyring.toml\"\n");
        let listen = format!(
            "[listen]\nmilter = [\"unix:{folder}/milter.sock\"]\nsocketmap = [\"unix:{folder}/socketmap.sock\"]\n\
             policy = [\"unix:{folder}/policy.sock\"]\nline = [\"unix:{folder}/line.sock\"]\nsocket_mode = 0o666\n"
        );
        daemon.write("batvd.toml", &format!("{head}{listen}{configuration}"), 0o644);
        daemon
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a file of ours");
    }

    pub(crate) fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("batvd.log")).expect("a file");
        let ready = |daemon: &Self| daemon.log().matches(" ready").count();
        let before = ready(self);
        let mut command = Command::new(env!("CARGO_BIN_EXE_batvd"));
        command.arg("--config").arg(self.folder.join("batvd.toml")).stdin(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().expect("batvd"));
        wait_for("daemon that is ready", || (ready(self) > before).then_some(()));
    }

    /// Ends it, and says whether it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        self.signal("TERM");
        self.process.take().is_some_and(|mut process| process.wait().is_ok_and(|status| status.success()))
    }

    pub(crate) fn reload(&self) {
        let reloaded = || self.log().matches("settings reloaded").count();
        let before = reloaded();
        self.signal("HUP");
        wait_for("reload", || (reloaded() > before).then_some(()));
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("batvd.log")).unwrap_or_default()
    }

    fn signal(&self, name: &str) {
        let Some(process) = &self.process else { return };
        let sent = Command::new("kill").args(["-s", name]).arg(process.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "no signal {name}");
    }
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
