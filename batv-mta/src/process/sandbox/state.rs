//! The state of the sandbox.

use tracing::{info, warn};

/// State of a part of the sandbox.
///
/// ```
/// use batv_mta::process::sandbox::State;
///
/// assert!(State::Active.is_active() && !State::Missing("the kernel is too old".to_owned()).is_active());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a part is active, or it is not for one of two reasons")]
pub enum State {
    /// Turned off in the configuration.
    #[default]
    Off,
    /// Active.
    Active,
    /// Not available on this system, and the reason.
    Missing(String),
}

impl State {
    /// Whether the part is active.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active)
    }
}

/// State of all parts of the sandbox.
///
/// ```
/// use batv_mta::process::sandbox::{Confinement, State};
///
/// assert_eq!(Confinement::default().parts(), [("landlock", &State::Off), ("seccomp", &State::Off)]);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Confinement {
    /// Denies files, other processes and the network.
    pub landlock: State,
    /// Denies unusual system calls.
    pub seccomp: State,
    /// Denies the rights of root. It is lacking nowhere on Linux, and so no part that is watched.
    pub capabilities: State,
}

impl Confinement {
    /// The parts with their names in log and metrics.
    pub const fn parts(&self) -> [(&'static str, &State); 2] {
        [("landlock", &self.landlock), ("seccomp", &self.seccomp)]
    }

    /// Logs the state in one line, as a warning if a part is missing.
    pub fn log(&self) {
        let names = |wanted: fn(&State) -> bool| {
            let parts = self.parts().into_iter().filter(|(_, state)| wanted(state));
            parts.map(|(name, _)| name).collect::<Vec<_>>().join(" and ")
        };
        let missing: Vec<_> = (self.parts().iter().chain([&("capabilities", &self.capabilities)]))
            .filter_map(|(name, state)| match state {
                State::Missing(why) => Some(format!("{name}: {why}")),
                State::Off | State::Active => None,
            })
            .collect();
        if !missing.is_empty() {
            warn!("sandbox incomplete: {}", missing.join("; "));
        } else if self.parts().iter().any(|(_, state)| state.is_active()) {
            info!("sandbox active: {}", names(State::is_active));
        } else {
            info!("sandbox off: `sandbox.confine` is false");
        }
    }
}
