//! What the daemon counts and measures, in the text format of Prometheus (OpenMetrics 1.0).

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::AtomicU64;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use batv_core::{Day, KeyId, KeyState, KeyUse};
use batv_report::{Decision, Departure, Event, Outcome, Recent, Report, Told};
use batv_store::Health;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Notify;

use crate::listening::Listening;
use crate::protocol::Protocol;
use crate::settings::Settings;

/// Of the text that [`Metrics::render`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels<const N: usize> = [(&'static str, &'static str); N];
type KeyLabels = [(&'static str, String); 4];

/// All counts. They outlive the settings, which are replaced.
///
/// ```
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::protocol::Protocol;
/// use batv_mta::settings::Settings;
/// use batv_report::Outcome;
///
/// let settings = Settings::new(Config::default(), Keyring::parse("")?)?;
/// settings.metrics().count_sender(Protocol::Milter, Outcome::Tagged, None);
/// let text = settings.metrics().render(&settings)?;
/// assert!(text.contains("batv_senders_total{listener=\"milter\",outcome=\"tagged\"} 1\n"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    decisions: Family<Labels<5>, Counter>,
    senders: Family<Labels<2>, Counter>,
    lookups: Family<Labels<2>, Counter>,
    answers: Family<Labels<1>, Histogram, fn() -> Histogram>,
    connections: Family<Labels<1>, Gauge>,
    closed: Family<Labels<2>, Counter>,
    reloads: Family<Labels<1>, Counter>,
    reload_is_good: Gauge,
    loaded_at: Gauge,
    sockets_missing: Gauge,
    sockets: Family<[(&'static str, String); 2], Gauge>,
    listening: OnceLock<Vec<Arc<Listening>>>,
    sandbox: Family<Labels<1>, Gauge>,
    /// What the page tells, where there is one.
    report: OnceLock<Mutex<Recent>>,
    news: Notify,
    begun: Instant,
    key_ages: Family<KeyLabels, Gauge>,
    key_days_left: Family<KeyLabels, Gauge>,
    limits_met: Family<Labels<1>, Counter>,
    aliases: Counter,
    store_is_up: Family<Labels<0>, Gauge>,
    store_batches: Family<Labels<1>, Gauge>,
    store_seconds: Family<Labels<0>, Gauge<f64, AtomicU64>>,
    store_forgotten: Family<Labels<0>, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("batv");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the daemon", version);
        let metrics = Self {
            decisions: Family::default(),
            senders: Family::default(),
            lookups: Family::default(),
            // From 4 µs to 67 s.
            answers: Family::new_with_constructor(|| Histogram::new(exponential_buckets(4e-6, 4.0, 13))),
            connections: Family::default(),
            closed: Family::default(),
            reloads: Family::default(),
            reload_is_good: Gauge::default(),
            loaded_at: Gauge::default(),
            sockets_missing: Gauge::default(),
            sockets: Family::default(),
            listening: OnceLock::new(),
            sandbox: Family::default(),
            report: OnceLock::new(),
            news: Notify::new(),
            begun: Instant::now(),
            key_ages: Family::default(),
            key_days_left: Family::default(),
            limits_met: Family::default(),
            aliases: Counter::default(),
            store_is_up: Family::default(),
            store_batches: Family::default(),
            store_seconds: Family::default(),
            store_forgotten: Family::default(),
            registry: Registry::default(),
        };
        registry.register("decisions", "Recipients judged", metrics.decisions.clone());
        registry.register(
            "senders",
            "Reverse-paths of mail that leaves, by what became of them",
            metrics.senders.clone(),
        );
        registry.register("lookups", "Questions about one address", metrics.lookups.clone());
        let help = "From the octets that complete a request to its answer";
        registry.register_with_unit("answer", help, Unit::Seconds, metrics.answers.clone());
        registry.register("connections", "Connections that are open", metrics.connections.clone());
        registry.register("connections_closed", "Connections that ended, by reason", metrics.closed.clone());
        registry.register("reloads", "Readings of the settings, by result", metrics.reloads.clone());
        registry.register("reload_successful", "Whether the last reading was good", metrics.reload_is_good.clone());
        let help = "When the settings in force were read, since 1970-01-01";
        registry.register_with_unit("settings_loaded_timestamp", help, Unit::Seconds, metrics.loaded_at.clone());
        registry.register("sockets_missing", "Unix sockets that nobody can find", metrics.sockets_missing.clone());
        registry.register(
            "socket_listening",
            "Whether a socket is found by those who look for it",
            metrics.sockets.clone(),
        );
        registry.register("sandbox", "Whether a part of the sandbox is in force", metrics.sandbox.clone());
        registry.register("key_age_days", "Days since a key began to sign", metrics.key_ages.clone());
        let help = "Days until the last tag of a key is dead: today's, when it signs";
        registry.register("key_last_tag_days", help, metrics.key_days_left.clone());
        registry.register("limits_met", "How often something met a limit", metrics.limits_met.clone());
        registry.register("aliases", "Handles made for senders too long for a tag", metrics.aliases.clone());
        registry.register("store_up", "Whether the store answers", metrics.store_is_up.clone());
        let help = "Batches that the store was asked, those that failed, and those that were not sent as it was down";
        registry.register("store_batches", help, metrics.store_batches.clone());
        let help = "For which the store was waited for, in all";
        registry.register_with_unit("store_waiting", help, Unit::Seconds, metrics.store_seconds.clone());
        let help = "Entries that a file forgot before their end, as there was no room";
        registry.register("store_forgotten", help, metrics.store_forgotten.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// One recipient was judged: by these names in the log.
    pub fn count_decision(
        &self,
        listener: Protocol,
        verdict: &'static str,
        reason: &'static str,
        disposition: &'static str,
        in_reject: &'static str,
    ) {
        let labels = [
            ("listener", listener.as_str()),
            ("verdict", verdict),
            ("reason", reason),
            ("disposition", disposition),
            ("in_reject", in_reject),
        ];
        self.decisions.get_or_create(&labels).inc();
    }

    /// The sender of a message that leaves was looked at; the key is that of his tag.
    pub fn count_sender(&self, listener: Protocol, outcome: Outcome, key: Option<KeyId>) {
        self.senders.get_or_create(&[("listener", listener.as_str()), ("outcome", outcome.as_str())]).inc();
        let mut departure = Departure::new(outcome, "");
        departure.key = key.map(KeyId::number);
        self.add_event(Told::Departure(departure));
    }

    /// The same decision for the page.
    pub(crate) fn report_decision(&self, decision: Decision<'_>) {
        self.add_event(Told::Decision(decision));
    }

    /// From now on there is a page, which goes on with this.
    pub fn begin_report(&self, recent: Recent) {
        self.report.get_or_init(|| Mutex::new(recent));
        drop(self.locked_report());
    }

    /// Whether there is a page that tells of it.
    pub(crate) fn is_reported(&self) -> bool {
        self.report.get().is_some()
    }

    fn add_event(&self, told: Told<'_>) {
        if let Some(report) = self.report.get() {
            let time = now();
            locked(report).add(&Event { time, told });
            self.news.notify_one();
        }
    }

    /// What was decided of late, and since when that is counted.
    pub(crate) fn report(&self) -> (Report, Option<i64>) {
        self.locked_report()
            .map(|recent| (recent.report(), recent.since(now().unwrap_or_default())))
            .unwrap_or_default()
    }

    /// The same, to go on with.
    pub(crate) fn kept_report(&self) -> String {
        let recent = self.locked_report().map(|recent| recent.clone());
        recent.map(|recent| recent.kept()).unwrap_or_default()
    }

    /// Waits until there is something to tell that was not told before.
    pub(crate) async fn wait_for_news(&self) {
        self.news.notified().await;
    }

    /// As of now.
    fn locked_report(&self) -> Option<MutexGuard<'_, Recent>> {
        let mut report = locked(self.report.get()?);
        if let Some(now) = now() {
            report.advance(now);
        }
        Some(report)
    }

    /// Since the daemon was started.
    pub(crate) fn uptime(&self) -> Duration {
        self.begun.elapsed()
    }

    /// When the settings in force were read, in seconds since 1970-01-01.
    pub(crate) fn settings_loaded(&self) -> Option<i64> {
        Some(self.loaded_at.get()).filter(|seconds| *seconds > 0)
    }

    /// What of the sandbox is in force.
    pub(crate) fn sandbox_in_words(&self) -> String {
        let parts = ["landlock", "seccomp"];
        let in_force: Vec<_> =
            parts.into_iter().filter(|part| self.sandbox.get_or_create(&[("part", part)]).get() == 1).collect();
        if in_force.is_empty() { "none".to_owned() } else { in_force.join(" and ") }
    }

    /// A map was asked.
    pub fn count_lookup(&self, map: &'static str, answer: &'static str) {
        self.lookups.get_or_create(&[("map", map), ("answer", answer)]).inc();
    }

    /// Something met a limit: of this name in the configuration.
    pub fn count_limit(&self, limit: &'static str) {
        self.limits_met.get_or_create(&[("limit", limit)]).inc();
    }

    /// A sender that is too long for a tag has a new handle.
    pub fn count_alias(&self) {
        self.aliases.inc();
    }

    /// Requests that came together have their answers.
    pub fn measure_answer(&self, listener: Protocol, took: Duration) {
        self.answers.get_or_create(&[("listener", listener.as_str())]).observe(took.as_secs_f64());
    }

    /// A connection begins.
    pub fn open_connection(&self, listener: Protocol) {
        self.connections.get_or_create(&[("listener", listener.as_str())]).inc();
    }

    /// A connection ended.
    pub fn close_connection(&self, listener: Protocol, reason: &'static str) {
        self.connections.get_or_create(&[("listener", listener.as_str())]).dec();
        self.closed.get_or_create(&[("listener", listener.as_str()), ("reason", reason)]).inc();
    }

    /// The settings were read, well or not.
    pub fn count_reload(&self, is_good: bool) {
        self.reloads.get_or_create(&[("result", if is_good { "ok" } else { "failed" })]).inc();
        self.reload_is_good.set(is_good.into());
        if is_good {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.loaded_at.set(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        }
    }

    /// These are the places where the daemon listens. Once: they stay until it ends.
    pub(crate) fn note_listening(&self, places: Vec<Arc<Listening>>) {
        self.listening.get_or_init(|| places);
    }

    /// The places where the daemon listens, or should.
    pub(crate) fn listening(&self) -> impl Iterator<Item = &Listening> {
        self.listening.get().into_iter().flatten().map(|listening| &**listening)
    }

    /// A part of the sandbox is in force, or not.
    pub fn note_sandbox(&self, part: &'static str, is_in_force: bool) {
        self.sandbox.get_or_create(&[("part", part)]).set(is_in_force.into());
    }

    /// Whether the settings in force are those of the files.
    pub fn is_up_to_date(&self) -> bool {
        self.reload_is_good.get() != 0
    }

    /// The text, with what these settings say of keys.
    ///
    /// # Errors
    /// None while memory lasts.
    pub fn render(&self, settings: &Settings) -> Result<String, fmt::Error> {
        self.key_ages.clear();
        self.key_days_left.clear();
        if let Ok(today) = settings.today() {
            self.measure_keys(settings, today);
        }
        if let Some(health) = settings.memory().health() {
            self.measure_store(&health);
        }
        self.measure_sockets();
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn measure_sockets(&self) {
        let mut missing = 0;
        for listening in self.listening() {
            let labels =
                [("listener", listening.protocol.as_str().to_owned()), ("address", listening.address.to_string())];
            self.sockets.get_or_create(&labels).set((!listening.is_missing()).into());
            missing += i64::from(listening.is_missing());
        }
        self.sockets_missing.set(missing);
    }

    fn measure_store(&self, health: &Health) {
        self.store_is_up.get_or_create(&[]).set(health.up.into());
        self.store_seconds.get_or_create(&[]).set(health.took.as_secs_f64());
        self.store_forgotten.get_or_create(&[]).set(i64::try_from(health.forgotten).unwrap_or(i64::MAX));
        for (outcome, count) in [("all", health.batches), ("failed", health.failures), ("refused", health.refused)] {
            self.store_batches.get_or_create(&[("outcome", outcome)]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    fn measure_keys(&self, settings: &Settings, today: Day) {
        for (index, key) in settings.keys().iter().enumerate().filter(|(_, key)| key.state() != KeyState::Retired) {
            let id = match key.key_use() {
                KeyUse::Batv(id) => id.to_string(),
                _ => String::new(),
            };
            let labels = [
                ("place", (index + 1).to_string()),
                ("use", key.key_use().as_str().to_owned()),
                ("id", id),
                ("state", key.state().as_str().to_owned()),
            ];
            if let Some(created) = key.created() {
                self.key_ages.get_or_create(&labels).set(today.since(created).into());
            }
            if let Some(last) = settings.last_valid_day(index, today) {
                self.key_days_left.get_or_create(&labels).set(last.since(today).into());
            }
        }
    }
}

/// It counts, and is of use however a count ended.
fn locked(report: &Mutex<Recent>) -> MutexGuard<'_, Recent> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds since 1970-01-01.
fn now() -> Option<i64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(now.as_secs()).ok()
}
