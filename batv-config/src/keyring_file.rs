//! Keyring file that is open for a change.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::file::Permissions;
use crate::keyring::Keyring;
use crate::replace::{Access, keep_access, private, replace_file};

/// Keyring file that is open for a change: no other process changes it until this is dropped.
///
/// The lock is on a file of its own beside it, `keyring.toml.lock`, which stays: each change replaces the keyring itself,
/// and a process that waits for a lock on the old one would overwrite the new one. Readers need no lock: they see the file
/// before the change or after it.
///
/// ```
/// use batv_config::{KeyringFile, NewKey, Permissions, Use, date};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("batv/keyring.toml");
/// let mut file = KeyringFile::open_or_create(&path, Permissions::Private)?;
/// file.keyring_mut().add(&NewKey::new(Use::Batv), b"random octets...", date::today()?)?;
/// file.save()?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct KeyringFile {
    path: PathBuf,
    keyring: Keyring,
    is_new: bool,
    /// Unlocked when it is closed.
    _lock: File,
}

impl KeyringFile {
    /// Opens a keyring file for a change, and waits while another has it open.
    ///
    /// # Errors
    /// Those of [`Keyring::load`]; [`Error::Io`] when the file does not exist or cannot be locked.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use batv_config::{KeyringFile, Permissions};
    ///
    /// let error = KeyringFile::open(Path::new("missing.toml"), Permissions::Private).unwrap_err();
    /// assert!(error.to_string().starts_with("cannot open missing.toml: "));
    /// ```
    pub fn open(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        let path = fs::canonicalize(path).map_err(|error| Error::io("open", path, &error))?;
        let lock = lock(&path)?;
        let keyring = Keyring::load(&path, permissions)?;
        Ok(Self { path, keyring, is_new: false, _lock: lock })
    }

    /// Opens a keyring file for a change; if there is none, begins one without keys, and makes its directories (mode 0700).
    ///
    /// # Errors
    /// Those of [`KeyringFile::open`]; [`Error::Io`] when a directory cannot be made, and for a dangling symbolic link.
    ///
    /// ```
    /// use batv_config::{KeyringFile, Permissions};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let file = KeyringFile::open_or_create(&directory.path().join("batv/keyring.toml"), Permissions::Private)?;
    /// assert!(file.is_new() && !file.path().exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        if fs::symlink_metadata(path).is_ok() {
            return Self::open(path, permissions);
        }
        let name = path.file_name().ok_or_else(|| Error::io("write", path, &ErrorKind::IsADirectory.into()))?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        make_directory(directory)?;
        let directory =
            fs::canonicalize(directory).map_err(|error| Error::io("open the directory", directory, &error))?;
        let path = directory.join(name);
        let lock = lock(&path)?;
        // Another process may have made it by now.
        match Keyring::load(&path, permissions) {
            Ok(keyring) => Ok(Self { path, keyring, is_new: false, _lock: lock }),
            Err(Error::Io { kind: ErrorKind::NotFound, .. }) => {
                Ok(Self { path, keyring: Keyring::default(), is_new: true, _lock: lock })
            }
            Err(error) => Err(error),
        }
    }

    /// Path of the file, with symbolic links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file does not exist until it is saved.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Keyring, with the changes made so far.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Keyring, to change.
    ///
    /// ```
    /// # use batv_config::{KeyringFile, NewKey, Permissions, Use, date};
    /// let directory = tempfile::tempdir()?;
    /// let mut file = KeyringFile::open_or_create(&directory.path().join("keyring.toml"), Permissions::Private)?;
    /// file.keyring_mut().add(&NewKey::new(Use::Srs), b"random octets...", date::today()?)?;
    /// assert_eq!(file.keyring().entries().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keyring_mut(&mut self) -> &mut Keyring {
        &mut self.keyring
    }

    /// Replaces the file, whole or not at all, by [`replace_file`]: it keeps its mode and owner; a new file gets mode
    /// 0600.
    ///
    /// # Errors
    /// [`Error::Io`].
    ///
    /// ```
    /// # use batv_config::{KeyringFile, Permissions};
    /// let directory = tempfile::tempdir()?;
    /// let mut file = KeyringFile::open_or_create(&directory.path().join("keyring.toml"), Permissions::Private)?;
    /// file.save()?;
    /// assert!(file.path().exists() && !file.is_new());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&mut self) -> Result<(), Error> {
        replace_file(&self.path, self.keyring.as_toml().as_bytes(), Access::Kept)
            .map_err(|error| Error::io("write", &self.path, &error))?;
        self.is_new = false;
        Ok(())
    }
}

fn make_directory(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Error::io("make the directory", path, &error))
}

/// Takes the lock of a keyring file, and waits while another process has it.
fn lock(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let cannot_lock = |error: io::Error| Error::io("lock", &lock, &error);
    let file = private().truncate(false).open(&lock).map_err(cannot_lock)?;
    // A lock that root makes for another user's keyring should be that user's. It need not be.
    let _ = fs::metadata(path).and_then(|keyring| keep_access(&file, &keyring));
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            taken => return taken.map(|()| file).map_err(cannot_lock),
        }
    }
}
