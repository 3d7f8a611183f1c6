//! Landlock(7): which files can be opened and which ports connected to, for all that a process and its children do.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::needs::Needs;
use super::state::State;

/// The newest version that the tests cover. An older kernel enforces the part that it has.
const VERSION: ABI = ABI::V7;
/// Files that getaddrinfo(3) reads, and the libraries that it may load (nsswitch.conf(5)).
const HOST_NAMES: [&str; 10] = [
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/services",
    "/run/systemd/resolve",
    "/lib",
    "/usr/lib",
];

/// Gives up all but `needs`.
pub(super) fn restrict(needs: &Needs) -> State {
    match attempt(needs) {
        Ok((RulesetStatus::NotEnforced, status)) => State::Missing(why(status)),
        Ok(_) => State::Active,
        Err(error) => State::Missing(error.to_string()),
    }
}

fn attempt(needs: &Needs) -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let readable = AccessFs::from_read(VERSION) & !AccessFs::Execute;
    let host_names = HOST_NAMES.iter().filter(|_| needs.host_names).map(Path::new);
    // SQLite names temporary files by it.
    let random = (!needs.folders.is_empty()).then_some(Path::new("/dev/urandom"));
    let all_readable = needs.readable.iter().map(|path| path.as_path()).chain(host_names).chain(random);
    let dns: &[u16] = if needs.host_names { &[53] } else { &[] };
    let ports = needs.ports.iter().chain(dns).map(|port| NetPort::new(*port, AccessNet::ConnectTcp));
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(VERSION))?
        .handle_access(AccessNet::from_all(VERSION))?
        .scope(Scope::from_all(VERSION))?
        .create()?
        .add_rules(path_beneath_rules(all_readable, readable))?
        .add_rules(path_beneath_rules(&needs.folders, changeable()))?
        .add_rules(ports.map(Ok::<_, RulesetError>))?
        .restrict_self()?;
    Ok((ruleset.ruleset, ruleset.landlock))
}

/// Access to the folder of a database or of a file that is replaced: to regular files only.
fn changeable() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile
}

fn why(status: LandlockStatus) -> String {
    match status {
        LandlockStatus::NotEnabled => "disabled in the kernel: add `landlock` to the boot parameter `lsm`",
        _ => "not supported by the kernel, or blocked by a container",
    }
    .to_owned()
}
