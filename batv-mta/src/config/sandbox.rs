//! The section `sandbox`.

use serde::Deserialize;

/// Confinement of the worker process.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Sandbox {
    /// Whether the worker gives up files, network and system calls that it does not need, before it takes a connection.
    pub confine: bool,
    /// User that the worker runs as, where root starts the daemon.
    pub user: Option<String>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { confine: true, user: None }
    }
}
