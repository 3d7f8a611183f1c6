//! Files that are replaced whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Mode and owner of a file that replaces another.
///
/// ```
/// use batv_config::Access;
///
/// assert_ne!(Access::Private, Access::Kept);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "they are new or those of the old file")]
pub enum Access {
    /// Mode 0600, and the user of this process.
    Private,
    /// Those of the old file. Without an old file: [`Access::Private`].
    Kept,
}

/// Replaces a file atomically, or creates it. When this returns, the content is on the disk.
///
/// The content goes to a file beside it first, whose name ends in `.new`: only one process at a time may replace a file.
///
/// # Errors
/// Those of the system. The old file is then unchanged, with one exception: if its folder can't be synced, the new file is
/// in place, but may not survive a loss of power.
///
/// ```
/// use std::fs;
///
/// use batv_config::{Access, replace_file};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("figures.json");
/// replace_file(&path, b"{}", Access::Private)?;
/// replace_file(&path, b"{\"version\":1}", Access::Kept)?;
/// assert_eq!(fs::read_to_string(&path)?, "{\"version\":1}");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn replace_file(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let written = write(&temporary, path, content, access);
    written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        // The first error matters more.
        let _ = fs::remove_file(&temporary);
    })?;
    sync_directory(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

fn write(temporary: &Path, replaced: &Path, content: &[u8], access: Access) -> io::Result<()> {
    // A crash may have left one, with secrets in it: a name that is always the same lets none pile up.
    match fs::remove_file(temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().create_new(true).open(temporary)?;
    file.write_all(content)?;
    match (access, fs::metadata(replaced)) {
        (Access::Private, _) => {}
        (Access::Kept, Ok(old)) => keep_access(&file, &old)?,
        (Access::Kept, Err(error)) if error.kind() == ErrorKind::NotFound => {}
        (Access::Kept, Err(error)) => return Err(error),
    }
    file.sync_all()
}

/// Gives a file the owner and the mode of another. The owner comes first, so that at no moment users can read it who could
/// not read the other.
#[cfg(unix)]
pub(crate) fn keep_access(file: &File, other: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    if own.mode() == other.mode() { Ok(()) } else { file.set_permissions(other.permissions()) }
}

#[cfg(not(unix))]
pub(crate) fn keep_access(file: &File, other: &fs::Metadata) -> io::Result<()> {
    file.set_permissions(other.permissions())
}

/// Options to create a file that only its owner can read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Brings a rename to the disk.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere a directory cannot be opened, and a rename needs no more")]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
