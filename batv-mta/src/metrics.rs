//! Metrics of the daemon, in the text format of Prometheus (OpenMetrics 1.0).

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::AtomicU64;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use batv_core::{Key, KeyId, KeyUse};
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

use crate::held::Total;
use crate::process::endpoint::Endpoint;
use crate::protocol::Protocol;

/// Media type of the text of [`Metrics::render`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels<const N: usize> = [(&'static str, &'static str); N];
type KeyLabels = [(&'static str, String); 4];

/// All counters and gauges. They outlive the settings, which are replaced at a reload.
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
    endpoints: OnceLock<Vec<Arc<Endpoint>>>,
    sandbox: Family<Labels<1>, Gauge>,
    /// The figures of the page, if there is one.
    report: OnceLock<Mutex<Recent>>,
    news: Notify,
    begun: Instant,
    key_ages: Family<KeyLabels, Gauge>,
    key_days_left: Family<KeyLabels, Gauge>,
    limits_met: Family<Labels<1>, Counter>,
    total: Arc<Total>,
    held: Gauge,
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
        registry.register("build", "Version of the daemon", version);
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
            endpoints: OnceLock::new(),
            sandbox: Family::default(),
            report: OnceLock::new(),
            news: Notify::new(),
            begun: Instant::now(),
            key_ages: Family::default(),
            key_days_left: Family::default(),
            limits_met: Family::default(),
            total: Arc::default(),
            held: Gauge::default(),
            aliases: Counter::default(),
            store_is_up: Family::default(),
            store_batches: Family::default(),
            store_seconds: Family::default(),
            store_forgotten: Family::default(),
            registry: Registry::default(),
        };
        metrics.register_mail(&mut registry);
        metrics.register_daemon(&mut registry);
        metrics.register_keys(&mut registry);
        metrics.register_store(&mut registry);
        Self { registry, ..metrics }
    }
}

impl Metrics {
    fn register_mail(&self, registry: &mut Registry) {
        registry.register("decisions", "Recipients judged", self.decisions.clone());
        registry.register("senders", "Senders of outgoing mail, by outcome", self.senders.clone());
        registry.register("lookups", "Table lookups", self.lookups.clone());
        registry.register("limits_met", "Times that a limit was reached", self.limits_met.clone());
        registry.register("held_octets", "Octets that messages and requests under way hold", self.held.clone());
        registry.register("aliases", "Handles made for senders too long for a tag", self.aliases.clone());
    }

    fn register_daemon(&self, registry: &mut Registry) {
        let help = "Time from receiving a complete request to sending its reply";
        registry.register_with_unit("answer", help, Unit::Seconds, self.answers.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("connections_closed", "Closed connections, by reason", self.closed.clone());
        registry.register("reloads", "Loads of the settings, by result", self.reloads.clone());
        registry.register(
            "reload_successful",
            "Whether the last load of the settings succeeded",
            self.reload_is_good.clone(),
        );
        let help = "Time at which the current settings were loaded, since 1970-01-01";
        registry.register_with_unit("settings_loaded_timestamp", help, Unit::Seconds, self.loaded_at.clone());
        registry.register("sockets_missing", "Unix sockets whose file has disappeared", self.sockets_missing.clone());
        registry.register("socket_listening", "Whether clients can find a socket", self.sockets.clone());
        registry.register("sandbox", "Whether a part of the sandbox is active", self.sandbox.clone());
    }

    fn register_keys(&self, registry: &mut Registry) {
        registry.register("key_age_days", "Days since a key was created", self.key_ages.clone());
        let help = "Days until the last tag of a key expires; a signing key makes one today";
        registry.register("key_last_tag_days", help, self.key_days_left.clone());
    }

    fn register_store(&self, registry: &mut Registry) {
        registry.register("store_up", "Whether the store answers", self.store_is_up.clone());
        let help = "Batches sent to the store, failed batches, and batches not sent because the store was down";
        registry.register("store_batches", help, self.store_batches.clone());
        let help = "Total time spent waiting for the store";
        registry.register_with_unit("store_waiting", help, Unit::Seconds, self.store_seconds.clone());
        let help = "Entries that the store file dropped early for lack of room";
        registry.register("store_forgotten", help, self.store_forgotten.clone());
    }
}

impl Metrics {
    /// Counts a judged recipient, with the names of the log.
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

    /// Counts the sender of an outgoing message, with the key of its tag.
    pub fn count_sender(&self, listener: Protocol, outcome: Outcome, key: Option<KeyId>) {
        self.senders.get_or_create(&[("listener", listener.as_str()), ("outcome", outcome.as_str())]).inc();
        let mut departure = Departure::new(outcome, "");
        departure.key = key.map(KeyId::number);
        self.add_event(Told::Departure(departure));
    }

    /// Adds a decision to the figures of the page.
    pub(crate) fn report_decision(&self, decision: Decision<'_>) {
        self.add_event(Told::Decision(decision));
    }

    /// Keeps the figures of a page from now on, beginning with `recent`.
    pub(crate) fn begin_report(&self, recent: Recent) {
        self.report.get_or_init(|| Mutex::new(recent));
        drop(self.locked_report());
    }

    /// Whether there is a page.
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

    /// The figures of the page, and the time since which they are counted, in seconds since 1970-01-01.
    pub(crate) fn report(&self) -> (Report, Option<i64>) {
        self.locked_report()
            .map(|recent| (recent.report(), recent.since(now().unwrap_or_default())))
            .unwrap_or_default()
    }

    /// The figures in the form of their file.
    pub(crate) fn kept_report(&self) -> String {
        let recent = self.locked_report().map(|recent| recent.clone());
        recent.map(|recent| recent.kept()).unwrap_or_default()
    }

    /// Waits for the next event.
    pub(crate) async fn wait_for_news(&self) {
        self.news.notified().await;
    }

    /// The figures, moved on to the current time.
    fn locked_report(&self) -> Option<MutexGuard<'_, Recent>> {
        let mut report = locked(self.report.get()?);
        if let Some(now) = now() {
            report.advance(now);
        }
        Some(report)
    }

    /// Time since the start of the daemon.
    pub(crate) fn uptime(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Time at which the current settings were loaded, in seconds since 1970-01-01.
    pub(crate) fn settings_loaded(&self) -> Option<i64> {
        Some(self.loaded_at.get()).filter(|seconds| *seconds > 0)
    }

    /// The active parts of the sandbox, in words.
    pub(crate) fn sandbox_in_words(&self) -> String {
        let parts = ["landlock", "seccomp"];
        let active: Vec<_> =
            parts.into_iter().filter(|part| self.sandbox.get_or_create(&[("part", part)]).get() == 1).collect();
        if active.is_empty() { "none".to_owned() } else { active.join(" and ") }
    }

    /// Counts a table lookup.
    pub fn count_lookup(&self, map: &'static str, answer: &'static str) {
        self.lookups.get_or_create(&[("map", map), ("answer", answer)]).inc();
    }

    /// Counts that the limit of this name in the configuration was reached.
    pub(crate) fn count_limit(&self, limit: &'static str) {
        self.limits_met.get_or_create(&[("limit", limit)]).inc();
    }

    /// The octets that all messages and requests under way hold.
    pub(crate) const fn total(&self) -> &Arc<Total> {
        &self.total
    }

    /// Counts a new handle of a sender that is too long for a tag.
    pub(crate) fn count_alias(&self) {
        self.aliases.inc();
    }

    /// Measures the time to answer the requests of one read.
    pub fn measure_answer(&self, listener: Protocol, took: Duration) {
        self.answers.get_or_create(&[("listener", listener.as_str())]).observe(took.as_secs_f64());
    }

    /// Counts a connection as open.
    pub fn open_connection(&self, listener: Protocol) {
        self.connections.get_or_create(&[("listener", listener.as_str())]).inc();
    }

    /// Counts a connection as closed.
    pub fn close_connection(&self, listener: Protocol, reason: &'static str) {
        self.connections.get_or_create(&[("listener", listener.as_str())]).dec();
        self.closed.get_or_create(&[("listener", listener.as_str()), ("reason", reason)]).inc();
    }

    /// Counts a load of the settings.
    pub fn count_reload(&self, is_good: bool) {
        self.reloads.get_or_create(&[("result", if is_good { "ok" } else { "failed" })]).inc();
        self.reload_is_good.set(is_good.into());
        if is_good {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.loaded_at.set(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        }
    }

    /// Sets the endpoints of the daemon, which stay the same until it ends.
    pub(crate) fn note_endpoints(&self, endpoints: Vec<Arc<Endpoint>>) {
        self.endpoints.get_or_init(|| endpoints);
    }

    /// The endpoints of the daemon.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.get().into_iter().flatten().map(|endpoint| &**endpoint)
    }

    /// Notes whether a part of the sandbox is active.
    pub(crate) fn note_sandbox(&self, part: &'static str, is_active: bool) {
        self.sandbox.get_or_create(&[("part", part)]).set(is_active.into());
    }

    /// Whether the last load of the settings succeeded.
    pub(crate) fn is_up_to_date(&self) -> bool {
        self.reload_is_good.get() != 0
    }

    /// Renders all metrics, with those of the live keys and of the store.
    ///
    /// # Errors
    /// None, as writing to a string does not fail.
    pub(crate) fn render<'k>(
        &self,
        keys: impl Iterator<Item = LiveKey<'k>>,
        store: Option<&Health>,
    ) -> Result<String, fmt::Error> {
        self.key_ages.clear();
        self.key_days_left.clear();
        keys.for_each(|key| self.measure_key(&key));
        if let Some(health) = store {
            self.measure_store(health);
        }
        self.measure_sockets();
        self.held.set(i64::try_from(self.total.octets()).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn measure_sockets(&self) {
        let mut missing = 0;
        for endpoint in self.endpoints() {
            let labels =
                [("listener", endpoint.protocol.as_str().to_owned()), ("address", endpoint.address.to_string())];
            self.sockets.get_or_create(&labels).set((!endpoint.is_missing()).into());
            missing += i64::from(endpoint.is_missing());
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

    fn measure_key(&self, LiveKey { index, key, age, days_left }: &LiveKey<'_>) {
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
        if let Some(age) = age {
            self.key_ages.get_or_create(&labels).set(*age);
        }
        if let Some(days_left) = days_left {
            self.key_days_left.get_or_create(&labels).set(*days_left);
        }
    }
}

/// A key that is not retired, on a day.
pub(crate) struct LiveKey<'k> {
    /// Its index in the keyring.
    pub(crate) index: usize,
    pub(crate) key: &'k Key,
    /// Days since it was created.
    pub(crate) age: Option<i64>,
    /// Days until its last tag expires.
    pub(crate) days_left: Option<i64>,
}

/// Locks the figures. A panic in another thread leaves usable ones.
fn locked(report: &Mutex<Recent>) -> MutexGuard<'_, Recent> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds since 1970-01-01.
fn now() -> Option<i64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(now.as_secs()).ok()
}
