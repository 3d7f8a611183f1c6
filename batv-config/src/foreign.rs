//! Configurations of other programs, taken over: their keys, and a `batvd.toml` that does the same as far as it can.
//!
//! What is read is bytes, and the files that these name, through [`Files`]. Nothing is guessed: what a configuration only
//! tells when its own program runs, such as a lookup, is said to be left.

mod batv_tools;
mod exim;
mod migration;
mod postsrsd;

use core::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::file::{Permissions, read_secret};

pub use migration::{ForeignKey, Migration};

/// Whose configuration it is.
///
/// ```
/// use batv_config::foreign::Program;
///
/// assert_eq!(Program::BatvTools.to_string(), "batv-tools");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Program {
    /// batv-milter's configuration file, with the key map that it names.
    BatvTools,
    /// Exim's configuration, with `${prvs…}` and `${prvscheck…}` in it.
    Exim,
    /// PostSRSd's configuration: the shell variables of 1.x, or the file of 2.x.
    Postsrsd,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BatvTools => "batv-tools",
            Self::Exim => "Exim",
            Self::Postsrsd => "PostSRSd",
        })
    }
}

/// A file of a configuration: its name, and what is in it.
///
/// ```
/// use std::path::Path;
///
/// let file = batv_config::foreign::File { name: Path::new("batv-milter.conf"), text: b"lifetime 7\n" };
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a file has a name and contents")]
pub struct File<'a> {
    /// Its path as it was given.
    pub name: &'a Path,
    /// Its octets.
    pub text: &'a [u8],
}

/// The files that a configuration names.
pub trait Files {
    /// A file with a secret in it.
    ///
    /// # Errors
    /// Those of [`read_secret`].
    fn secret(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error>;

    /// A file that anybody may read.
    ///
    /// # Errors
    /// [`Error::Io`].
    fn text(&self, path: &Path) -> Result<Vec<u8>, Error>;
}

/// The files of a host, or of a copy of it.
///
/// ```no_run
/// use std::path::Path;
///
/// use batv_config::Permissions;
/// use batv_config::foreign::{Files, Host};
///
/// let copy = Host::new(Some(Path::new("/srv/old-host")), Permissions::Private);
/// let secrets = copy.secret(Path::new("/etc/postsrsd.secret"))?;
/// # Ok::<(), batv_config::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Host {
    root: Option<PathBuf>,
    permissions: Permissions,
}

impl Host {
    /// A host whose root is in this folder; this host when none is given.
    ///
    /// ```
    /// # use batv_config::Permissions;
    /// # use batv_config::foreign::Host;
    /// let this = Host::new(None, Permissions::Private);
    /// ```
    pub fn new(root: Option<&Path>, permissions: Permissions) -> Self {
        Self { root: root.map(Path::to_owned), permissions }
    }

    fn place(&self, path: &Path) -> PathBuf {
        match &self.root {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }
}

impl Files for Host {
    fn secret(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
        read_secret(&self.place(path), self.permissions)
    }

    fn text(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let path = self.place(path);
        fs::read(&path).map_err(|error| Error::io("read", &path, &error))
    }
}

/// Why a configuration can't be taken over.
///
/// ```
/// use batv_config::foreign::Fault;
///
/// let fault = Fault::Line { file: "batv-milter.conf".into(), line: 3, what: "a name is needed".to_owned() };
/// assert_eq!(fault.to_string(), "batv-milter.conf, line 3: a name is needed");
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// A line that its own program would refuse.
    #[error("{}, line {line}: {what}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A file that it names, or a domain in it.
    #[error(transparent)]
    Config(#[from] Error),
}

/// Reads the files of a configuration, in the order in which its program reads them.
///
/// # Errors
/// [`Fault`].
///
/// ```
/// use std::path::Path;
///
/// use batv_config::Permissions;
/// use batv_config::foreign::{self, File, Host, Program};
///
/// let text = b"return_path = ${prvs{$return_path}{s3kr1t}{5}}\n";
/// let file = File { name: Path::new("exim.conf"), text };
/// let migration = foreign::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
/// assert_eq!(migration.keys().len(), 1);
/// assert!(migration.configuration(Path::new("/etc/batv/keyring.toml")).contains("[listen]\n"));
/// # Ok::<(), foreign::Fault>(())
/// ```
pub fn read(program: Program, files: &[File<'_>], host: &dyn Files) -> Result<Migration, Fault> {
    match program {
        Program::BatvTools => batv_tools::read(files, host),
        Program::Exim => exim::read(files),
        Program::Postsrsd => postsrsd::read(files, host),
    }
}

/// Where something stands.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Place {
    file: PathBuf,
    /// From 1.
    line: usize,
}

impl Place {
    fn new(file: &Path, line: usize) -> Self {
        Self { file: file.to_owned(), line }
    }

    fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::Line { file: self.file.clone(), line: self.line, what: what.into() }
    }
}

impl fmt::Display for Place {
    /// `batv-milter.conf:3`: the name of the file without its folder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        write!(f, "{}:{}", name.display(), self.line)
    }
}

/// The text of a file, which all these programs have in ASCII but for comments and secrets.
fn utf8<'a>(file: &File<'a>) -> Result<&'a str, Fault> {
    // Editors of other systems begin with a byte order mark, which is none of the text.
    let text = str::from_utf8(file.text).map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    text.map_err(|error| {
        let line = file.text[..error.valid_up_to()].iter().filter(|octet| **octet == b'\n').count() + 1;
        Place::new(file.name, line).fault("there is an octet that is not UTF-8")
    })
}
