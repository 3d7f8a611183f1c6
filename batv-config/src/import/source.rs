//! Files of another program's configuration, and their lines.

use core::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::error::Error;
use crate::file::{Permissions, read_secret};
use crate::scope::ScopeError;
use crate::secret::Secret;

batv_core::names! {
    /// Program whose configuration is read.
    ///
    /// ```
    /// use batv_config::import::Program;
    ///
    /// assert_eq!(Program::BatvTools.to_string(), "batv-tools");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    #[non_exhaustive]
    pub enum Program {
        /// batv-milter's configuration file, with the key map that it names.
        BatvTools = "batv-tools",
        /// Exim's configuration, with `${prvs…}` and `${prvscheck…}` in it.
        Exim = "Exim",
        /// PostSRSd's configuration: the shell variables of 1.x, or the file of 2.x.
        Postsrsd = "PostSRSd",
    }
}

/// File of a configuration: its name and contents.
///
/// ```
/// use std::path::Path;
///
/// let file = batv_config::import::File { name: Path::new("batv-milter.conf"), text: b"lifetime 7\n" };
/// assert_eq!(file.text.len(), 11);
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a file has a name and contents")]
pub struct File<'a> {
    /// Path as it was given.
    pub name: &'a Path,
    /// Octets.
    pub text: &'a [u8],
}

/// Access to the files that a configuration names.
pub trait Files {
    /// Reads a file with a secret in it.
    ///
    /// # Errors
    /// Those of [`read_secret`].
    fn secret(&self, path: &Path) -> Result<Secret, Error>;

    /// Reads a file without secrets.
    ///
    /// # Errors
    /// [`Error::Io`].
    fn text(&self, path: &Path) -> Result<Vec<u8>, Error>;
}

/// Files of a host, or of a copy of it.
///
/// ```
/// use std::path::Path;
///
/// use batv_config::Permissions;
/// use batv_config::import::{Files, Host};
///
/// let copy = tempfile::tempdir()?;
/// std::fs::write(copy.path().join("domains"), "example.com\n")?;
/// let host = Host::new(Some(copy.path()), Permissions::Private);
/// assert_eq!(host.text(Path::new("/domains"))?, b"example.com\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Host {
    root: Option<PathBuf>,
    permissions: Permissions,
}

impl Host {
    /// Host whose root is in this folder; this host when none is given.
    #[must_use]
    pub fn new(root: Option<&Path>, permissions: Permissions) -> Self {
        Self { root: root.map(Path::to_owned), permissions }
    }

    fn locate(&self, path: &Path) -> PathBuf {
        match &self.root {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }
}

impl Files for Host {
    fn secret(&self, path: &Path) -> Result<Secret, Error> {
        read_secret(&self.locate(path), self.permissions)
    }

    fn text(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let path = self.locate(path);
        fs::read(&path).map_err(|error| Error::io("read", &path, &error))
    }
}

/// Error of reading another program's configuration.
///
/// ```
/// use batv_config::import::ImportError;
///
/// let error = ImportError::Line { file: "batv-milter.conf".into(), line: 3, what: "expected a name".to_owned() };
/// assert_eq!(error.to_string(), "batv-milter.conf, line 3: expected a name");
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Line that its own program would refuse.
    #[error("{}, line {line}: {what}", file.display())]
    Line {
        /// File.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// Error of a file that the configuration names.
    #[error(transparent)]
    File(#[from] Error),
    /// Text that is not a domain or mailbox.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// Secret file without a secret.
    #[error("the file holds no secret: one per line is expected")]
    NoSecrets,
}

/// Line of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    file: PathBuf,
    /// From 1.
    line: usize,
}

impl Place {
    pub(super) fn new(file: &Path, line: usize) -> Self {
        Self { file: file.to_owned(), line }
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> ImportError {
        ImportError::Line { file: self.file.clone(), line: self.line, what: what.into() }
    }
}

impl fmt::Display for Place {
    /// `batv-milter.conf:3`: the name of the file without its folder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        write!(f, "{}:{}", name.display(), self.line)
    }
}

/// Text of a file, which all these programs have in ASCII but for comments and secrets.
pub(super) fn utf8<'a>(file: &File<'a>) -> Result<&'a str, ImportError> {
    // Some editors begin a file with a byte order mark, which is no part of the text.
    let text = str::from_utf8(file.text).map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    text.map_err(|error| {
        let line = file.text[..error.valid_up_to()].iter().filter(|octet| **octet == b'\n').count() + 1;
        Place::new(file.name, line).fault("octet that is not UTF-8")
    })
}

/// Setting with its line, for a comment above its replacement.
pub(super) fn quote(setting: &str, place: &Place) -> String {
    format!("{setting} ({place})")
}
