//! The file of the page's figures, which survive a restart: read at the start, written every minute and at the end.

use core::time::Duration;
use std::io::{self, ErrorKind};
use std::path::Path;

use batv_config::{Access, read_file, replace_file};
use batv_report::Recent;
use tokio::task::block_in_place;
use tokio::time::sleep;
use tracing::warn;

use super::shared::Shared;

/// Days on the page.
const DAYS: usize = 7;
/// Most octets that are read: more than figures ever have, and few enough that a wrong path does no harm.
const LIMIT: u64 = 4 << 20;
/// Delay from an event to the write.
const SOON: Duration = Duration::from_secs(1);
/// Pause after a write: a kill loses the events of this time.
const PAUSE: Duration = Duration::from_secs(59);

/// Reads the figures of the last run.
pub(super) fn read(path: Option<&Path>) -> Recent {
    let Some(path) = path else { return Recent::new(DAYS) };
    let restart = |why: &str| {
        warn!("figures of the page start again from zero: {}: {why}", path.display());
        Recent::new(DAYS)
    };
    match read_file(path, LIMIT) {
        Ok(text) => Recent::restored(DAYS, &text).unwrap_or_else(|error| restart(&error.to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound => Recent::new(DAYS),
        Err(error) => restart(&error.to_string()),
    }
}

/// Writes the figures after each change, until this is cancelled.
pub(super) async fn keep(path: &Path, shared: &Shared) {
    let mut is_logged = false;
    loop {
        shared.metrics.wait_for_news().await;
        sleep(SOON).await;
        // Cancelling waits for the end of a write.
        match block_in_place(|| replace_file(path, shared.metrics.kept_report().as_bytes(), Access::Private)) {
            Ok(()) => is_logged = false,
            Err(error) => {
                if !core::mem::replace(&mut is_logged, true) {
                    log_unsaved(path, &error);
                }
            }
        }
        sleep(PAUSE).await;
    }
}

/// Logs that the figures could not be written.
pub(super) fn log_unsaved(path: &Path, error: &io::Error) {
    warn!("can't write the figures of the page: {}: {error}", path.display());
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn write(path: &Path, text: &str) -> io::Result<()> {
        replace_file(path, text.as_bytes(), Access::Private)
    }

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
        assert_eq!(read(Some(&path)).kept(), Recent::new(DAYS).kept(), "none have so many octets");
        assert_eq!(read(Some(folder.path())).kept(), Recent::new(DAYS).kept());
        fs::create_dir(folder.path().join("folder")).unwrap();
        assert!(write(&folder.path().join("folder"), "no file").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
        assert!(write(Path::new("/nonexistent/figures.json"), "no folder").is_err());
    }
}
