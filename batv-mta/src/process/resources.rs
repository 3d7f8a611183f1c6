//! The resources that the system lets the process have (getrlimit(2)).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The descriptors that the process may have, and its address space in octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resources {
    pub(super) descriptors: usize,
    pub(super) address_space: usize,
}

impl Resources {
    /// Whether the address space of the process has no limit.
    pub(super) fn has_all_addresses() -> bool {
        getrlimit(Resource::As).current.is_none()
    }

    /// Takes as many descriptors as the system allows: the usual 1,024 are what programs with select(2) can use. Ask before
    /// the process is confined.
    pub(super) fn take() -> Self {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // It stays as it is where this is not permitted.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        let current = |resource| {
            getrlimit(resource).current.map_or(usize::MAX, |number| usize::try_from(number).unwrap_or(usize::MAX))
        };
        Self { descriptors: current(Resource::Nofile), address_space: current(Resource::As) }
    }
}
