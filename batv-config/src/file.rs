//! Keyring files on disk: who may read them, and changes that lose nothing.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use fs4::FileExt;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::keyring::Keyring;

/// The most octets of a file of keys: more than ten thousand keys have, and so little that a wrong path is no harm.
const SIZE_LIMIT: u64 = 1 << 20;

/// Who may have access to a file of keys.
///
/// ```
/// use batv_config::Permissions;
///
/// assert_eq!(Permissions::default(), Permissions::Private);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between, and nothing beyond")]
pub enum Permissions {
    /// Its owner alone: mode 0600 or less.
    #[default]
    Private,
    /// Others may read it. They may not change it: whoever can put in a key of his own needs no other.
    AllowReadable,
}

/// Reads a file of keys: the octets of a raw key file, or the text of a keyring.
///
/// # Errors
/// [`Error::Io`], [`Error::Mode`], [`Error::TooLarge`].
///
/// ```no_run
/// use std::path::Path;
///
/// use batv_config::{Permissions, read_secret};
///
/// let secret = read_secret(Path::new("batv.key"), Permissions::Private)?;
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn read_secret(path: &Path, permissions: Permissions) -> Result<Zeroizing<Vec<u8>>, Error> {
    let cannot_read = |error: io::Error| Error::io("read", path, &error);
    // The permissions are those of the file that is read, whatever has been put in its place by then.
    let file = File::open(path).map_err(cannot_read)?;
    let metadata = file.metadata().map_err(cannot_read)?;
    if metadata.is_dir() {
        return Err(cannot_read(ErrorKind::IsADirectory.into()));
    }
    check_mode(path, &metadata, permissions)?;
    let expected = usize::try_from(metadata.len().min(SIZE_LIMIT)).unwrap_or_default();
    // With room for all, the buffer does not move and leaves no copy behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(expected + 1));
    file.take(SIZE_LIMIT + 1).read_to_end(&mut octets).map_err(cannot_read)?;
    if u64::try_from(octets.len()).is_ok_and(|length| length <= SIZE_LIMIT) {
        Ok(octets)
    } else {
        Err(Error::TooLarge { path: path.to_owned(), limit: SIZE_LIMIT })
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata, permissions: Permissions) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    const OTHERS_READ: u32 = 0o044;
    const OTHERS_CHANGE: u32 = 0o022;
    let mode = metadata.permissions().mode() & 0o7777;
    let access = if mode & OTHERS_CHANGE != 0 {
        "change"
    } else if mode & OTHERS_READ != 0 && permissions == Permissions::Private {
        "read"
    } else {
        return Ok(());
    };
    Err(Error::Mode { path: path.to_owned(), mode, access })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere files have access lists, which the directory hands down")]
fn check_mode(_: &Path, _: &fs::Metadata, _: Permissions) -> Result<(), Error> {
    Ok(())
}

/// A keyring file that is open for a change: nobody else changes it until this is dropped.
///
/// The lock is on a file of its own beside it, `keyring.toml.lock`, which stays: the keyring itself is replaced by each
/// change, and whoever waits for a lock on the old one would then overwrite the new one. Readers need no lock, for they
/// see the file before the change or after it.
///
/// ```
/// use batv_config::{KeyringFile, NewKey, Permissions, Use, clock};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("batv/keyring.toml");
/// let mut file = KeyringFile::open_or_create(&path, Permissions::Private)?;
/// file.keyring_mut().add(&NewKey::new(Use::Batv), b"random octets...", clock::today()?)?;
/// file.save()?;
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
    /// Those of [`Keyring::load`]; [`Error::Io`] when the file is not there or cannot be locked.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// use batv_config::{KeyringFile, Permissions};
    ///
    /// let file = KeyringFile::open(Path::new("/etc/batv/keyring.toml"), Permissions::Private)?;
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn open(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        let path = fs::canonicalize(path).map_err(|error| Error::io("open", path, &error))?;
        let lock = lock(&path)?;
        let keyring = Keyring::load(&path, permissions)?;
        Ok(Self { path, keyring, is_new: false, _lock: lock })
    }

    /// The same, but where there is no file it begins with no keys, and the directories are made (mode 0700).
    ///
    /// # Errors
    /// Those of [`KeyringFile::open`]; [`Error::Io`] when a directory cannot be made, and for a symbolic link to
    /// nothing.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// use batv_config::{KeyringFile, Permissions};
    ///
    /// let file = KeyringFile::open_or_create(Path::new("keyring.toml"), Permissions::Private)?;
    /// println!("{}", if file.is_new() { "a new keyring" } else { "an old one" });
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn open_or_create(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        if fs::symlink_metadata(path).is_ok() {
            return Self::open(path, permissions);
        }
        let (directory, name) = split(path)?;
        make_directory(directory)?;
        let directory =
            fs::canonicalize(directory).map_err(|error| Error::io("open the directory", directory, &error))?;
        let path = directory.join(name);
        let lock = lock(&path)?;
        // Somebody else may have made it by now.
        match Keyring::load(&path, permissions) {
            Ok(keyring) => Ok(Self { path, keyring, is_new: false, _lock: lock }),
            Err(Error::Io { kind: ErrorKind::NotFound, .. }) => {
                Ok(Self { path, keyring: Keyring::default(), is_new: true, _lock: lock })
            }
            Err(error) => Err(error),
        }
    }

    /// Where the file really is, be it opened through a symbolic link.
    ///
    /// ```
    /// # use batv_config::KeyringFile;
    /// fn tell(file: &KeyringFile) {
    ///     eprintln!("keys are in {}", file.path().display());
    /// }
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no such file until it is saved.
    ///
    /// ```
    /// # use batv_config::KeyringFile;
    /// fn tell(file: &KeyringFile) {
    ///     eprintln!("{}", if file.is_new() { "making a keyring" } else { "changing the keyring" });
    /// }
    /// ```
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The keyring, with the changes made so far.
    ///
    /// ```
    /// # use batv_config::KeyringFile;
    /// fn count(file: &KeyringFile) -> usize {
    ///     file.keyring().keys().len()
    /// }
    /// ```
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The keyring, to change.
    ///
    /// ```
    /// # use batv_config::{Error, Force, KeyringFile};
    /// # use batv_core::Day;
    /// fn retire(file: &mut KeyringFile, index: usize, today: Day) -> Result<(), Error> {
    ///     file.keyring_mut().retire(index, Force::No, today)?;
    ///     file.save()
    /// }
    /// ```
    pub fn keyring_mut(&mut self) -> &mut Keyring {
        &mut self.keyring
    }

    /// Writes the keyring in place of the old one, whole or not at all, with its mode and owner; a new file gets mode
    /// 0600. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`Error::Io`]; then the file is as it was, but for one case: when the directory cannot be brought to the disk
    /// the new file is in place, but may not outlast a loss of power.
    ///
    /// ```
    /// # use batv_config::KeyringFile;
    /// fn touch(mut file: KeyringFile) -> Result<(), batv_config::Error> {
    ///     file.save()
    /// }
    /// ```
    pub fn save(&mut self) -> Result<(), Error> {
        let (directory, name) = split(&self.path)?;
        // Whoever writes holds the lock, so one name is enough, and what a crash has left under it goes.
        let mut temporary = name.to_owned();
        temporary.push(".new");
        let temporary = directory.join(temporary);
        let written = write(&temporary, &self.path, self.keyring.to_toml().as_bytes());
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, &self.path)) {
            // What matters is why it could not be written.
            let _ = fs::remove_file(&temporary);
            return Err(Error::io("write", &self.path, &error));
        }
        self.is_new = false;
        sync_directory(directory).map_err(|error| Error::io("bring to the disk", directory, &error))
    }
}

/// The directory of a file and its name.
fn split(path: &Path) -> Result<(&Path, &std::ffi::OsStr), Error> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => Ok((Path::new("."), name)),
        (Some(parent), Some(name)) => Ok((parent, name)),
        _ => Err(Error::io("write", path, &ErrorKind::IsADirectory.into())),
    }
}

fn make_directory(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Error::io("make the directory", path, &error))
}

/// Waits for the lock of a keyring file and takes it.
fn lock(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let cannot_lock = |error: io::Error| Error::io("lock", &lock, &error);
    let file = private().truncate(false).open(&lock).map_err(cannot_lock)?;
    // A lock that root has made for another's keyring is of use to that other only when it is his. It need not be.
    let _ = fs::metadata(path).and_then(|keyring| keep_access(&file, &keyring));
    loop {
        match FileExt::lock(&file) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            taken => return taken.map(|()| file).map_err(cannot_lock),
        }
    }
}

/// Writes a file beside the one that it is to replace, with the mode and the owner of that one.
fn write(temporary: &Path, replaced: &Path, octets: &[u8]) -> io::Result<()> {
    match fs::remove_file(temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().create_new(true).open(temporary)?;
    file.write_all(octets)?;
    match fs::metadata(replaced) {
        Ok(metadata) => keep_access(&file, &metadata)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    file.sync_all()
}

/// Gives a file the owner and the mode of another, in this order, for at no moment may others read it that could not
/// read the other.
#[cfg(unix)]
fn keep_access(file: &File, other: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    file.set_permissions(other.permissions())
}

#[cfg(not(unix))]
fn keep_access(file: &File, other: &fs::Metadata) -> io::Result<()> {
    file.set_permissions(other.permissions())
}

/// Options to make a file that its owner alone can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A rename is on the disk when its directory is.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere a directory cannot be opened, and a rename needs no more")]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
