//! Paths of keyrings: `--keyring`, else `BATV_KEYRING`, else the user's own, else the system's.

use std::env;
use std::path::{Path, PathBuf};

/// Path of the system's keyring.
pub const SYSTEM: &str = "/etc/batv/keyring.toml";
/// Environment variable with the path of a keyring.
pub const VARIABLE: &str = "BATV_KEYRING";

/// Paths at which a keyring may be.
///
/// ```
/// use std::path::Path;
///
/// use batv_config::paths::Paths;
///
/// let paths = Paths::of_process(Some(Path::new("ring.toml")));
/// assert_eq!(paths.in_force(), Some(Path::new("ring.toml")));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Paths {
    /// Path from `--keyring` or `BATV_KEYRING`. Then no other counts, even when there is no such file.
    pub named: Option<PathBuf>,
    /// Path of the user's own: `batv/keyring.toml` in the platform's directory for data, `~/.local/share` or `XDG_DATA_HOME` on
    /// Linux; none without a home directory.
    pub user: Option<PathBuf>,
    /// Path of the system's: [`SYSTEM`].
    pub system: PathBuf,
}

impl Paths {
    /// Paths of this process, given the value of `--keyring`.
    ///
    /// ```
    /// # use batv_config::paths::Paths;
    /// assert_eq!(Paths::of_process(None).system.to_str(), Some("/etc/batv/keyring.toml"));
    /// ```
    #[must_use]
    pub fn of_process(keyring: Option<&Path>) -> Self {
        let named = keyring.map(Path::to_owned);
        let variable = || env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            named: named.or_else(variable),
            user: data_folder().map(|data| data.join("batv").join("keyring.toml")),
            system: PathBuf::from(SYSTEM),
        }
    }

    /// Keyring in force: the named one, else the user's own if there is one, else the system's if there is one.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::paths::Paths;
    /// let paths = Paths::of_process(Some(Path::new("ring.toml")));
    /// assert_eq!(paths.in_force(), Some(Path::new("ring.toml")));
    /// ```
    #[must_use]
    pub fn in_force(&self) -> Option<&Path> {
        let existing = || [self.user.as_deref(), Some(&self.system)].into_iter().flatten().find(|path| exists(path));
        self.named.as_deref().or_else(existing)
    }

    /// Path of a new keyring, when none is in force: the named one, else the user's own.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::paths::Paths;
    /// let paths = Paths::of_process(Some(Path::new("ring.toml")));
    /// assert_eq!(paths.for_new(), Some(Path::new("ring.toml")));
    /// ```
    #[must_use]
    pub fn for_new(&self) -> Option<&Path> {
        self.named.as_deref().or(self.user.as_deref())
    }
}

/// The platform's directory for a user's data.
fn data_folder() -> Option<PathBuf> {
    // A relative one is to be ignored: the XDG Base Directory Specification says so of its own.
    let named = |variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let at_home = |path| env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(path));
    if cfg!(windows) {
        named("APPDATA").or_else(|| at_home("AppData/Roaming"))
    } else if cfg!(target_vendor = "apple") {
        at_home("Library/Application Support")
    } else {
        named("XDG_DATA_HOME").or_else(|| at_home(".local/share"))
    }
}

/// Whether a file exists. A file without access counts: its user gets an error, not another keyring.
fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}
