//! Files on disk: who may read and change them, and what is no file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::error::Error;
use crate::secret::Secret;

/// Octets of a key file at most: more than ten thousand keys take, and few enough for a wrong path to do no harm.
const SIZE_LIMIT: u64 = 1 << 20;

/// Access that others may have to a key file.
///
/// ```
/// use batv_config::Permissions;
///
/// assert_eq!(Permissions::default(), Permissions::Private);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between, and nothing beyond")]
pub enum Permissions {
    /// None: mode 0600 or less.
    #[default]
    Private,
    /// Others may read it, but not change it: a key that one can put in is as good as one that one can read.
    AllowReadable,
}

/// Reads a key file: the octets of a raw key, or the text of a keyring.
///
/// # Errors
/// [`Error::Io`], [`Error::Mode`], [`Error::TooLarge`].
///
/// ```
/// use std::path::Path;
///
/// use batv_config::{Permissions, read_secret};
///
/// let error = read_secret(Path::new("missing.key"), Permissions::Private).unwrap_err();
/// assert!(error.to_string().starts_with("cannot read missing.key: "));
/// ```
pub fn read_secret(path: &Path, permissions: Permissions) -> Result<Secret, Error> {
    read_open(path, &File::open(path).map_err(|error| Error::io("read", path, &error))?, permissions)
}

/// Reads a key file like [`read_secret`], but a regular file alone: a program that runs for long must not wait for somebody
/// to write into a pipe. Returns the number of its owner, too, where files have one.
///
/// # Errors
/// [`Error::Io`], [`Error::Mode`], [`Error::TooLarge`].
///
/// ```
/// use std::path::Path;
///
/// use batv_config::{Permissions, read_secret_file};
///
/// let error = read_secret_file(Path::new("/dev/zero"), Permissions::Private).unwrap_err();
/// assert_eq!(error.to_string(), "cannot read /dev/zero: it is no regular file");
/// ```
pub fn read_secret_file(path: &Path, permissions: Permissions) -> Result<(Secret, Option<u32>), Error> {
    let cannot_read = |error: io::Error| Error::io("read", path, &error);
    let file = open_regular(path).map_err(cannot_read)?;
    let owner = owner(&file.metadata().map_err(cannot_read)?);
    Ok((read_open(path, &file, permissions)?, owner))
}

/// Reads a regular file of `limit` octets at most. No other kind of file is read, nor waited for.
///
/// # Errors
/// Those of the system, [`ErrorKind::InvalidInput`] for what is no regular file, and [`ErrorKind::FileTooLarge`].
///
/// ```
/// use std::io::ErrorKind;
/// use std::path::Path;
///
/// use batv_config::read_file;
///
/// assert_eq!(read_file(Path::new("/dev/null"), 10).unwrap_err().kind(), ErrorKind::InvalidInput);
/// ```
pub fn read_file(path: &Path, limit: u64) -> io::Result<Secret> {
    let file = open_regular(path)?;
    read_up_to(&file, file.metadata()?.len(), limit)?
        .ok_or_else(|| io::Error::new(ErrorKind::FileTooLarge, format!("it is too large: the limit is {limit} octets")))
}

/// Opens a regular file. The kind is that of the file that was opened, whatever has been put in its place by then.
fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    // Opening a pipe would wait for its other end.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    match () {
        () if metadata.is_dir() => Err(ErrorKind::IsADirectory.into()),
        () if !metadata.is_file() => Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file")),
        () => Ok(file),
    }
}

fn read_open(path: &Path, file: &File, permissions: Permissions) -> Result<Secret, Error> {
    let cannot_read = |error: io::Error| Error::io("read", path, &error);
    // The permissions are those of the file that is read, whatever has been put in its place by then.
    let metadata = file.metadata().map_err(cannot_read)?;
    if metadata.is_dir() {
        return Err(cannot_read(ErrorKind::IsADirectory.into()));
    }
    check_mode(path, &metadata, permissions)?;
    let octets = read_up_to(file, metadata.len(), SIZE_LIMIT).map_err(cannot_read)?;
    octets.ok_or_else(|| Error::TooLarge { path: path.to_owned(), limit: SIZE_LIMIT })
}

/// Octets of a file; `None` when there are more than the limit.
fn read_up_to(file: &File, length: u64, limit: u64) -> io::Result<Option<Secret>> {
    let expected = usize::try_from(length.min(limit)).unwrap_or_default();
    // With room for all, the buffer does not move and leaves no copy behind. The standard library reads the end of a file
    // into another buffer while there is less room than this.
    const ROOM: usize = 64;
    let mut octets = Secret::with_capacity(expected + ROOM);
    file.take(limit + 1).read_to_end(octets.buffer())?;
    Ok(u64::try_from(octets.len()).is_ok_and(|length| length <= limit).then_some(octets))
}

#[cfg(unix)]
fn owner(metadata: &fs::Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::uid(metadata))
}

#[cfg(not(unix))]
fn owner(_: &fs::Metadata) -> Option<u32> {
    None
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
