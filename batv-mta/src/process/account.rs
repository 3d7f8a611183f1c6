//! The user of the worker.

use nix::unistd::User;
use rustix::process::geteuid;
use thiserror::Error;

/// Why the worker can't run as the configured user.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UserError {
    /// There is no such user.
    #[error("sandbox.user: no user `{0}` on this host")]
    Unknown(String),
    /// Only root can start the worker as another user.
    #[error(
        "sandbox.user: only root can start the worker as `{0}`: start the daemon as root, or as `{0}` without this key"
    )]
    NotRoot(String),
    /// The user can't be looked up.
    #[error("sandbox.user: `{0}`: {1}")]
    System(String, std::io::Error),
}

/// User and group id of an account under which this process can start others. `None` if it runs as that user already.
///
/// # Errors
/// [`UserError`].
///
/// ```
/// let error = batv_mta::process::account("no such user").unwrap_err();
/// assert!(error.to_string().contains("no user `no such user`"));
/// ```
pub fn account(name: &str) -> Result<Option<(u32, u32)>, UserError> {
    let failed = |error: nix::Error| UserError::System(name.to_owned(), error.into());
    let user = User::from_name(name).map_err(failed)?.ok_or_else(|| UserError::Unknown(name.to_owned()))?;
    let own = geteuid();
    if own.as_raw() == user.uid.as_raw() {
        return Ok(None);
    }
    if !own.is_root() {
        return Err(UserError::NotRoot(name.to_owned()));
    }
    Ok(Some((user.uid.as_raw(), user.gid.as_raw())))
}
