//! The sandbox of the worker, so that an attacker who takes it over gains little: Landlock denies files and network, a
//! seccomp filter denies the system calls that the worker never makes, and of root's rights none is left.

#[cfg(target_os = "linux")]
mod capabilities;
#[cfg(target_os = "linux")]
mod landlock;
mod needs;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod seccomp;
mod state;

pub use needs::Needs;
pub use state::{Confinement, State};

/// Gives up all access but `needs`, for good, as far as the system can enforce it. It applies to this thread and to those
/// that it starts later: call it before there are others.
///
/// ```no_run
/// use batv_mta::process::sandbox::{Needs, confine};
///
/// confine(&Needs::default()).log();
/// assert!(std::fs::read("/etc/batv/keyring.toml").is_err());
/// ```
#[must_use]
pub fn confine(needs: &Needs) -> Confinement {
    #[cfg(target_os = "linux")]
    {
        hide_memory();
        // Both of the next calls require this of an unprivileged process.
        let _ = rustix::thread::set_no_new_privs(true);
        // Folders of other users are opened while that is allowed. The filter comes last, because it denies these calls.
        let (landlock, capabilities) = (landlock::restrict(needs), capabilities::drop_all());
        Confinement { landlock, capabilities, seccomp: filter(needs) }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = needs;
        let missing = || State::Missing("this is not Linux".to_owned());
        Confinement { landlock: missing(), capabilities: missing(), seccomp: missing() }
    }
}

/// Keeps keys out of core files, and from other processes of the same user.
pub(crate) fn hide_memory() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn filter(needs: &Needs) -> State {
    seccomp::filter(needs)
}

#[cfg(all(target_os = "linux", not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn filter(_: &Needs) -> State {
    State::Missing(format!("there is no list of system calls for {}", std::env::consts::ARCH))
}
