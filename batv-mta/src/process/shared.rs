//! The state that all connections of the worker share: settings, metrics, store, limits.

use alloc::sync::Arc;
use std::path::Path;

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tracing::{error, info, warn};

use super::error::Error;
use super::judges::Judges;
use super::sandbox::Confinement;
use crate::config::Config;
use crate::files::Files;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::store::Store;

/// The state that all connections share.
pub(super) struct Shared {
    pub(super) settings: ArcSwap<Settings>,
    pub(super) metrics: Arc<Metrics>,
    memory: Arc<Store>,
    connections: Semaphore,
    pub(super) judges: Judges,
    pub(super) stop: watch::Receiver<bool>,
}

impl Shared {
    /// Loads the settings. The sender in the result stops the listeners and connections.
    pub(super) fn load(
        config: &Path,
        files: &dyn Files,
        confinement: &Confinement,
        judges: Judges,
    ) -> Result<(Arc<Self>, watch::Sender<bool>), Error> {
        let metrics = Arc::<Metrics>::default();
        for (part, state) in confinement.parts() {
            metrics.note_sandbox(part, state.is_active());
        }
        let settings = Settings::load(config, files, &metrics)?;
        let memory = Arc::new(Store::open(&settings.config().store, files).map_err(Error::Store)?);
        let settings = settings.with_store(&memory);
        metrics.count_reload(true);
        let connections = Semaphore::new(settings.config().limits.connections.min(Semaphore::MAX_PERMITS));
        let (stopper, stop) = watch::channel(false);
        Ok((
            Arc::new(Self { settings: ArcSwap::from_pointee(settings), metrics, memory, connections, judges, stop }),
            stopper,
        ))
    }

    /// Waits until `limits.connections` allows one more connection, and counts a connection that had to wait.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.connections.try_acquire() {
            return Some(permit);
        }
        self.metrics.count_limit("connections");
        // The semaphore is never closed.
        self.connections.acquire().await.ok()
    }

    /// Loads the settings again. The old ones stay if the new ones are wrong.
    pub(super) fn reload(&self, config: &Path, files: &dyn Files) {
        match Settings::load(config, files, &self.metrics) {
            Ok(settings) => {
                let old = self.settings.load();
                let fixed = |settings: &Settings| {
                    let config = settings.config();
                    let Config { listen, log, limits, sandbox, store, page, .. } = config;
                    (listen.clone(), *log, limits.connections, sandbox.clone(), store.opening(), page.figures())
                };
                if fixed(&old) != fixed(&settings) {
                    warn!(
                        "changes of `listen`, `log`, `limits.connections`, `sandbox`, `page.figures` and the location of the store \
                         take effect after a restart"
                    );
                }
                let settings = Arc::new(settings.with_store(&self.memory));
                self.settings.store(Arc::clone(&settings));
                self.metrics.count_reload(true);
                let keyring = settings.config().site.keyring.display();
                info!(%keyring, keys = settings.keys().len(), "settings reloaded");
            }
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    /// Logs wrong settings, which are not used.
    pub(super) fn refuse(&self, why: &str) {
        error!("reload failed, the old settings stay in effect: {why}");
        self.metrics.count_reload(false);
    }
}
