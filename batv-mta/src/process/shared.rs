//! The state that all connections of the worker share: settings, metrics, store.

use alloc::sync::Arc;
use std::path::Path;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::error::Error;
use super::judges::Judges;
use super::resources::Resources;
use super::sandbox::Confinement;
use crate::config::Config;
use crate::files::Files;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::store::Store;
use crate::transaction::RECIPIENTS_OCTETS;

/// The state that all connections share.
pub(super) struct Shared {
    pub(super) settings: ArcSwap<Settings>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) memory: Arc<Store>,
    pub(super) judges: Judges,
    /// Octets of address space.
    address_space: usize,
    pub(super) stop: watch::Receiver<bool>,
}

impl Shared {
    /// Loads the settings. The sender in the result stops the listeners and connections.
    pub(super) fn load(
        config: &Path,
        files: &dyn Files,
        confinement: &Confinement,
        resources: Resources,
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
        let (stopper, stop) = watch::channel(false);
        let address_space = resources.address_space;
        let shared = Self { settings: ArcSwap::from_pointee(settings), metrics, memory, judges, address_space, stop };
        shared.set_total();
        Ok((Arc::new(shared), stopper))
    }

    /// Sets how much all messages under way may hold. In little address space it is a quarter: as much again may be in use
    /// for a moment when it grows, and the rest is that of the threads.
    fn set_total(&self) {
        let limits = self.settings.load().config().limits;
        let peer = limits.message_octets.saturating_add(RECIPIENTS_OCTETS);
        self.metrics.total().set_limit(limits.total_octets.min(self.address_space / 4), peer);
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
                self.set_total();
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
