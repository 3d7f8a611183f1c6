//! Where keyrings live: what `--keyring` says, else `BATV_KEYRING`, else the user's own, else the system's.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The keyring of the system.
pub const SYSTEM: &str = "/etc/batv/keyring.toml";
/// The environment variable that names a keyring.
pub const VARIABLE: &str = "BATV_KEYRING";

/// The places where a keyring may be.
///
/// ```
/// use std::path::Path;
///
/// use batv_config::place::Places;
///
/// let places = Places::of_process(Some(Path::new("ring.toml")));
/// assert_eq!(places.in_force(), Some(Path::new("ring.toml")));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Places {
    /// The one that is named: by `--keyring`, or by `BATV_KEYRING`. Then no other counts, even when there is no such
    /// file.
    pub named: Option<PathBuf>,
    /// The user's own: `batv/keyring.toml` in the platform's directory for data, `~/.local/share` or `XDG_DATA_HOME` on
    /// Linux; none without a home directory.
    pub user: Option<PathBuf>,
    /// The system's: [`SYSTEM`].
    pub system: PathBuf,
}

impl Places {
    /// The places of this process, given the value of `--keyring`.
    ///
    /// ```
    /// # use batv_config::place::Places;
    /// assert_eq!(Places::of_process(None).system.to_str(), Some("/etc/batv/keyring.toml"));
    /// ```
    pub fn of_process(keyring: Option<&Path>) -> Self {
        let named = keyring.map(Path::to_owned);
        let variable = || env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data = etcetera::base_strategy::choose_native_strategy().map(|strategy| strategy.data_dir());
        Self {
            named: named.or_else(variable),
            user: data.ok().map(|data| data.join("batv").join("keyring.toml")),
            system: PathBuf::from(SYSTEM),
        }
    }

    /// The keyring in force: the one that is named, else the user's own if there is one, else the system's if there is
    /// one.
    ///
    /// ```
    /// # use batv_config::place::Places;
    /// if let Some(keyring) = Places::of_process(None).in_force() {
    ///     println!("keys come from {}", keyring.display());
    /// }
    /// ```
    pub fn in_force(&self) -> Option<&Path> {
        let existing = || [self.user.as_deref(), Some(&self.system)].into_iter().flatten().find(|path| exists(path));
        self.named.as_deref().or_else(existing)
    }

    /// Where a new keyring goes when none is in force: the one that is named, else the user's own.
    ///
    /// ```
    /// # use batv_config::place::Places;
    /// if let Some(keyring) = Places::of_process(None).for_new() {
    ///     println!("keys go to {}", keyring.display());
    /// }
    /// ```
    pub fn for_new(&self) -> Option<&Path> {
        self.named.as_deref().or(self.user.as_deref())
    }
}

/// What cannot be looked at is there: who is kept from his own keyring must hear of it, not get another.
fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}
