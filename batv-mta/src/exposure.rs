//! Files and folders that others can change: who can write to the configuration, or to a folder on the way to it, decides
//! what the daemon does.

use alloc::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::User;
use rustix::process::{getegid, geteuid};

use crate::config::{Address, Config};
use crate::files::Recorder;

/// Mode bits: others, the group, and folders in which each may remove what is its own alone.
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;
const STICKY: u32 = 0o1000;
/// Links that the system follows on the way to a file (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// The users who may own what the daemon reads: root, the user of this process, and that of the worker.
pub(crate) fn trusted_users(config: &Config) -> Vec<u32> {
    let worker = config.sandbox.user.as_deref().and_then(|name| User::from_name(name).ok().flatten());
    [0, geteuid().as_raw()].into_iter().chain(worker.map(|user| user.uid.as_raw())).collect()
}

/// Warnings about files that were read, and folders of sockets, which others can change.
pub fn warnings(config: &Config, files: &Recorder) -> Vec<String> {
    let users = trusted_users(config);
    let places: BTreeSet<PathBuf> = files.paths().iter().flat_map(|path| on_the_way(path)).collect();
    let sockets = config.listen.addresses().filter_map(|(_, address)| match address {
        Address::Unix(path) => path.parent(),
        _ => None,
    });
    let folders: BTreeSet<&Path> =
        sockets.filter(|folder| !places.contains(*folder) && is_open_to_all(folder)).collect();
    let replaceable = folders.into_iter().map(|folder| {
        let folder = folder.display();
        format!("others can put sockets of their own in the place of those in {folder}: run `chmod o-w {folder}`")
    });
    replaceable.chain(places.iter().filter_map(|place| warning(place, &users))).collect()
}

/// The file, and each folder and link that the system goes through on the way to it.
fn on_the_way(path: &Path) -> Vec<PathBuf> {
    let parts = |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
    let mut left = parts(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let (mut at, mut places, mut links) = (PathBuf::from("/"), Vec::new(), 0);
    while let Some(part) = left.pop() {
        if part == ".." {
            at.pop();
            continue;
        }
        let place = at.join(part);
        match fs::read_link(&place) {
            Ok(target) if links < MOST_LINKS => {
                links += 1;
                left.extend(parts(&target));
            }
            _ => at.clone_from(&place),
        }
        places.push(place);
    }
    places
}

fn warning(place: &Path, users: &[u32]) -> Option<String> {
    let metadata = fs::symlink_metadata(place).ok()?;
    let (mode, shown) = (metadata.mode() & 0o7777, place.display());
    if !users.contains(&metadata.uid()) {
        let chown = if metadata.is_symlink() { "chown -h" } else { "chown" };
        return Some(format!(
            "user {} can change {shown}, and with it what the daemon does: run `{chown} root {shown}`",
            metadata.uid()
        ));
    }
    if metadata.is_symlink() || metadata.is_dir() && mode & STICKY != 0 {
        return None;
    }
    let by_group = mode & GROUP_WRITES != 0 && ![0, getegid().as_raw()].contains(&metadata.gid());
    (by_group || mode & OTHERS_WRITE != 0).then(|| {
        format!(
            "others can change {shown} (mode {mode:04o}), and with it what the daemon does: run `chmod go-w {shown}`"
        )
    })
}

fn is_open_to_all(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|folder| folder.mode() & (OTHERS_WRITE | STICKY) == OTHERS_WRITE)
}
