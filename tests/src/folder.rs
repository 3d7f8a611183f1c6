//! A site in a temporary folder: its keyring, its configuration, its mailboxes.

use std::fs;
use std::path::{Path, PathBuf};

use batv_config::{KeyringFile, NewKey, Permissions, Use};
use batv_core::Day;
use tempfile::TempDir;

/// Configuration of the site, which refuses, with a section of the daemon.
const CONFIG: &str = "\
keyring = 'keyring.toml'
sign.protected = ['example.com']
srs.domains = ['srs.example.com']
verify.mode = 'reject'
[log]
level = 'warn'
";

/// Folder of a site for `example.com`.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// Makes the folder, with `keyring.toml` and `site.toml`.
    ///
    /// # Panics
    /// When a file cannot be written: these are tests.
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        let keyring = folder.path().join("keyring.toml");
        let mut file = KeyringFile::open_or_create(&keyring, Permissions::Private).expect("a keyring");
        let day = Day::new(20_000).expect("a day");
        file.keyring_mut().add(&NewKey::new(Use::Batv), b"0123456789abcdef", day).expect("a key");
        file.keyring_mut().add(&NewKey::new(Use::Srs), b"fedcba9876543210", day).expect("a key");
        file.save().expect("a keyring");
        folder.configure("");
        folder
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Path of the configuration.
    pub fn config(&self) -> PathBuf {
        self.path().join("site.toml")
    }

    /// Writes the configuration again, with these sections after the others.
    ///
    /// # Panics
    /// When the file cannot be written: these are tests.
    pub fn configure(&self, more: &str) {
        fs::write(self.config(), format!("{CONFIG}{more}")).expect("a file");
    }

    /// Folder of all mailboxes, with one for this address.
    ///
    /// # Panics
    /// When it cannot be made: these are tests.
    pub fn mailbox(&self, address: &str) -> PathBuf {
        let mail = self.path().join("mail");
        fs::create_dir_all(mail.join(address)).expect("a folder");
        mail
    }
}
