//! Key files on disk: who may read them.

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
    let mut octets = Secret::with_capacity(expected + 1);
    file.take(SIZE_LIMIT + 1).read_to_end(octets.buffer()).map_err(cannot_read)?;
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
