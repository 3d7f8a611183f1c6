//! The file by which the figures of the page outlive the daemon: read when it begins, written now and then and at its end.

use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use batv_report::Recent;
use tokio::task::block_in_place;
use tokio::time::sleep;
use tracing::warn;

use super::worker::Shared;

/// Days that the page tells of.
const DAYS: usize = 7;
/// Octets of a file that is read: more than figures ever have, and so little that a wrong path is no harm.
const LIMIT: u64 = 4 << 20;
/// How long what is new waits to be written.
const SOON: Duration = Duration::from_secs(1);
/// How long it waits for the next time: so much is lost when the daemon is killed.
const PAUSE: Duration = Duration::from_secs(59);

/// What it is gone on with.
pub(super) fn read(path: Option<&Path>) -> Recent {
    let Some(path) = path else { return Recent::new(DAYS) };
    let begun = |why: &str| {
        warn!("the figures of the page begin anew: {}: {why}", path.display());
        Recent::new(DAYS)
    };
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut text)) {
        Ok(_) => Recent::restored(DAYS, &text).unwrap_or_else(|error| begun(&error.to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound => Recent::new(DAYS),
        Err(error) => begun(&error.to_string()),
    }
}

/// Writes them now and then, as long as it is let.
pub(super) async fn keep(path: &Path, shared: &Shared) {
    let mut is_told = false;
    loop {
        shared.metrics.wait_for_news().await;
        sleep(SOON).await;
        // Whoever cuts this off waits for the end of it.
        match block_in_place(|| write(path, &shared.metrics.kept_report())) {
            Ok(()) => is_told = false,
            Err(error) => {
                if !core::mem::replace(&mut is_told, true) {
                    tell(path, &error);
                }
            }
        }
        sleep(PAUSE).await;
    }
}

/// Says that the page goes on without.
pub(super) fn tell(path: &Path, error: &io::Error) {
    warn!("the figures of the page are not kept: {}: {error}", path.display());
}

/// Writes them whole or not at all.
///
/// # Errors
/// Those of the system.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    // What a crash has left.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        // A full disk gets back what is of no use; why it could not be written matters more.
        let _ = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figures.json");
        assert_eq!(read(Some(&path)).kept(), Recent::new(DAYS).kept());
        let mut recent = Recent::new(DAYS);
        recent.advance(1_795_613_534);
        fs::write(folder.path().join("figures.json.new"), "left by a crash").unwrap();
        write(&path, &recent.kept()).unwrap();
        assert_eq!(read(Some(&path)).since(1_795_613_534), Some(1_795_613_534));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // None of these stops the daemon.
        for text in ["", "{", "\0", "{\"version\":2}"] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(Some(&path)).kept(), Recent::new(DAYS).kept());
        }
        let limit = usize::try_from(LIMIT).unwrap();
        fs::write(&path, recent.kept() + &" ".repeat(limit) + "x").unwrap();
        assert_eq!(read(Some(&path)).since(1_795_613_534), Some(1_795_613_534), "what is beyond the limit is not read");
        assert_eq!(read(Some(folder.path())).kept(), Recent::new(DAYS).kept());
        fs::create_dir(folder.path().join("folder")).unwrap();
        assert!(write(&folder.path().join("folder"), "no file").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
        assert!(write(Path::new("/nonexistent/figures.json"), "no folder").is_err());
    }
}
