//! Import of the keys and the configuration of another program.
//!
//! [`read`] turns a configuration into keys and a `batvd.toml` that does the same, as far as it can. Only the given files are
//! read, and those that they name, through [`Files`]. Nothing is guessed: a value that is known only while the other program
//! runs, such as a lookup, is left to the administrator.

mod address;
mod batv_tools;
mod exim;
mod migration;
mod postsrsd;
mod source;

pub use migration::{ImportedKey, Migration};
pub use postsrsd::postsrsd_secrets;
pub use source::{File, Files, Host, ImportError, Program};

/// Reads the files of a configuration, in the order in which its program reads them.
///
/// # Errors
/// [`ImportError`] for a line that the program itself would refuse, and for a file that cannot be read.
///
/// ```
/// use std::path::Path;
///
/// use batv_config::Permissions;
/// use batv_config::import::{self, File, Host, Program};
///
/// let text = b"return_path = ${prvs{$return_path}{s3kr1t}{5}}\n";
/// let file = File { name: Path::new("exim.conf"), text };
/// let migration = import::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
/// assert_eq!(migration.keys().len(), 1);
/// assert!(migration.configuration(Path::new("/etc/batv/keyring.toml")).contains("[listen]\n"));
/// # Ok::<(), import::ImportError>(())
/// ```
pub fn read(program: Program, files: &[File<'_>], host: &dyn Files) -> Result<Migration, ImportError> {
    match program {
        Program::BatvTools => batv_tools::read(files, host),
        Program::Exim => exim::read(files),
        Program::Postsrsd => postsrsd::read(files, host),
    }
}
