//! Figures of a report, as page, text and JSON show them. Text that strangers chose is redacted here, and made
//! harmless.

use alloc::borrow::Cow;

use batv_core::envelope::{Mode, Reason};
use serde::{Serialize, Serializer};

use crate::event::Outcome;
use crate::format;
use crate::health::Health;
use crate::redact::{Plain, Shown};
use crate::report::{self, Report};
use crate::samples::Sample;
use crate::tally::{Column, Tally};

/// Contents of a page, and how they are shown.
///
/// ```
/// use batv_report::{Page, Report, text};
///
/// let report = Report::default();
/// let mut page = Page::new(&report);
/// page.made = Some(1_795_613_534);
/// assert!(text::render(&page).starts_with("BATV report\n"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Page<'p> {
    /// Report.
    pub report: &'p Report,
    /// Health of the daemon, if it makes the report itself.
    pub health: Option<&'p Health>,
    /// Lines that were read, if the report is of a log.
    pub lines: Option<Lines>,
    /// How much of addresses is shown.
    pub shown: Shown,
    /// Name of the host, or of another subject of the report.
    pub name: &'p str,
    /// Time of the report, in seconds since 1970-01-01 (UTC).
    pub made: Option<i64>,
    /// Time since which all events are counted, if it doesn't follow from a log, in seconds since 1970-01-01 (UTC).
    pub since: Option<i64>,
}

impl<'p> Page<'p> {
    /// Page of a report alone, with redacted addresses.
    ///
    /// ```
    /// # use batv_report::{Page, Report, Shown};
    /// assert_eq!(Page::new(&Report::default()).shown, Shown::Redacted);
    /// ```
    #[must_use]
    pub const fn new(report: &'p Report) -> Self {
        Self { report, health: None, lines: None, shown: Shown::Redacted, name: "", made: None, since: None }
    }
}

/// Numbers of log lines.
///
/// ```
/// use batv_report::Lines;
///
/// assert_eq!(Lines::default().skipped(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a line is counted or not")]
pub struct Lines {
    /// Number of all lines.
    pub read: u64,
    /// Number of lines about a recipient or a sender.
    pub counted: u64,
    /// Number of them that are left out because of their day or their domain.
    pub left_out: u64,
}

impl Lines {
    /// Number of lines about neither a recipient nor a sender.
    ///
    /// ```
    /// # use batv_report::Lines;
    /// assert_eq!(Lines { read: 9, counted: 2, left_out: 3 }.skipped(), 4);
    /// ```
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.read.saturating_sub(self.counted + self.left_out)
    }
}

/// Figures of a report.
#[derive(Serialize)]
pub(crate) struct Figures {
    pub(crate) name: String,
    #[serde(serialize_with = "stage")]
    pub(crate) made: Option<i64>,
    #[serde(serialize_with = "stage")]
    pub(crate) counted_since: Option<i64>,
    #[serde(serialize_with = "stage")]
    pub(crate) from: Option<i64>,
    #[serde(serialize_with = "stage")]
    pub(crate) to: Option<i64>,
    pub(crate) headline: Vec<String>,
    pub(crate) notices: Vec<String>,
    pub(crate) lines: Option<Lines>,
    pub(crate) decisions: Tally,
    /// Counts of bounces and automatic answers.
    pub(crate) answers: Tally,
    pub(crate) time: Time,
    pub(crate) modes: Vec<Row>,
    pub(crate) domains: Vec<Row>,
    pub(crate) reasons: Vec<Row>,
    pub(crate) classes: Vec<Row>,
    pub(crate) listeners: Vec<Row>,
    pub(crate) samples: Vec<Shape>,
    pub(crate) backscatter: Backscatter,
    pub(crate) signing: Signing,
    pub(crate) health: Option<State>,
}

#[derive(Serialize)]
pub(crate) struct Time {
    pub(crate) step_seconds: i64,
    pub(crate) steps: Vec<Step>,
}

#[derive(Serialize)]
pub(crate) struct Step {
    #[serde(serialize_with = "stage")]
    pub(crate) from: Option<i64>,
    #[serde(flatten)]
    pub(crate) tally: Tally,
    pub(crate) tagged: u64,
}

/// Decisions under a name.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) words: Option<&'static str>,
    #[serde(flatten)]
    pub(crate) tally: Tally,
}

/// Sample as it is shown.
#[derive(Serialize)]
pub(crate) struct Shape {
    #[serde(serialize_with = "stage")]
    pub(crate) time: Option<i64>,
    pub(crate) refused: bool,
    pub(crate) verdict: String,
    pub(crate) reason: String,
    pub(crate) class: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) client: String,
    pub(crate) mode: String,
    pub(crate) listener: String,
    pub(crate) queue_id: String,
}

#[derive(Serialize)]
pub(crate) struct Backscatter {
    pub(crate) total: u64,
    pub(crate) networks: Vec<Network>,
}

#[derive(Serialize)]
pub(crate) struct Network {
    pub(crate) network: String,
    pub(crate) at_most: u64,
    pub(crate) at_least: u64,
}

#[derive(Serialize)]
pub(crate) struct Signing {
    /// Number of messages with a tag, on their sender or on a handle.
    pub(crate) tagged: u64,
    pub(crate) outcomes: Vec<Outcomes>,
    pub(crate) keys: Vec<TagsOfKey>,
}

#[derive(Serialize)]
pub(crate) struct Outcomes {
    pub(crate) name: &'static str,
    pub(crate) words: &'static str,
    pub(crate) count: u64,
}

#[derive(Serialize)]
pub(crate) struct TagsOfKey {
    pub(crate) id: usize,
    pub(crate) count: u64,
}

/// [`Health`] as it is shown.
#[derive(Serialize)]
pub(crate) struct State {
    pub(crate) version: String,
    pub(crate) uptime_seconds: Option<u64>,
    #[serde(serialize_with = "stage")]
    pub(crate) settings_loaded: Option<i64>,
    pub(crate) reload_is_good: Option<bool>,
    pub(crate) keys: Vec<Key>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) store: Option<Store>,
    pub(crate) sandbox: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Key {
    #[serde(rename = "use")]
    pub(crate) key_use: String,
    pub(crate) id: Option<u8>,
    pub(crate) algorithm: String,
    pub(crate) state: String,
    pub(crate) domains: Vec<String>,
    pub(crate) created: Option<String>,
    pub(crate) age_days: Option<i32>,
    pub(crate) next_rotation: Option<String>,
    pub(crate) last_valid: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Listener {
    pub(crate) protocol: String,
    pub(crate) address: String,
    pub(crate) connections: u64,
    pub(crate) missing: bool,
}

#[derive(Serialize)]
pub(crate) struct Store {
    pub(crate) kind: String,
    pub(crate) up: bool,
    pub(crate) words: String,
}

impl Figures {
    pub(crate) fn of(page: &Page<'_>) -> Self {
        let report = page.report.settled();
        Self {
            name: plain(page.name),
            made: page.made,
            counted_since: page.since,
            from: report.period.map(|(first, _)| first),
            to: report.period.map(|(_, last)| last),
            headline: format::headline(&report, page.since),
            notices: page.health.map(|health| notices(health, page.made)).unwrap_or_default(),
            lines: page.lines,
            decisions: report.decisions,
            answers: report.answers,
            time: time(&report),
            modes: modes(&report),
            domains: domains(&report),
            reasons: reasons(&report),
            classes: classes(&report),
            listeners: listeners(&report),
            samples: report.samples.latest().map(|sample| shape(sample, page.shown)).collect(),
            backscatter: backscatter(&report),
            signing: signing(&report),
            health: page.health.map(|health| state(health, page.made)),
        }
    }
}

fn plain(text: &str) -> String {
    Plain(text).to_string()
}

fn time(report: &Report) -> Time {
    let steps = report.timeline.steps();
    let steps = steps.map(|(from, step)| Step { from: Some(from), tally: step.decisions, tagged: step.tagged });
    Time { step_seconds: report.timeline.width(), steps: steps.collect() }
}

/// Rows with counts.
fn rows(named: impl Iterator<Item = (&'static str, Option<&'static str>, Tally)>) -> Vec<Row> {
    named
        .filter(|(_, _, tally)| tally.total() > 0)
        .map(|(name, words, tally)| Row { name: name.into(), mode: None, words, tally })
        .collect()
}

fn modes(report: &Report) -> Vec<Row> {
    rows(report::mode_names().zip(report.modes).map(|(name, tally)| (name, None, tally)))
}

fn classes(report: &Report) -> Vec<Row> {
    rows(report::class_names().zip(report.classes).map(|(name, tally)| (name, None, tally)))
}

fn listeners(report: &Report) -> Vec<Row> {
    rows(report::listener_names().zip(report.listeners).map(|(name, tally)| (name, None, tally)))
}

fn reasons(report: &Report) -> Vec<Row> {
    let words = Reason::ALL.iter().map(|reason| Some(reason.words())).chain([None]);
    let names = report::reason_names().zip(words);
    let mut rows = rows(names.zip(report.reasons).map(|((name, words), tally)| (name, words, tally)));
    rows.sort_by_key(|row| core::cmp::Reverse((row.tally.refusable + row.tally.refused, row.tally.total())));
    rows
}

fn domains(report: &Report) -> Vec<Row> {
    let mut rows: Vec<_> = report
        .domains
        .largest()
        .into_iter()
        .map(|domain| Row {
            name: plain(&domain.name).into(),
            mode: domain.mode.map(Mode::as_str),
            words: None,
            tally: domain.tally,
        })
        .collect();
    if report.domains.others.total() > 0 {
        rows.push(Row { name: "all others".into(), mode: None, words: None, tally: report.domains.others });
    }
    rows
}

fn shape(sample: &Sample, shown: Shown) -> Shape {
    Shape {
        time: sample.time,
        refused: sample.was_refused,
        verdict: plain(&sample.verdict),
        reason: plain(&sample.reason),
        class: sample.class.as_deref().map(plain),
        from: shown.address(&sample.from),
        to: shown.address(&sample.to),
        client: shown.client(&sample.client),
        mode: plain(&sample.mode),
        listener: plain(&sample.listener),
        queue_id: plain(&sample.queue_id),
    }
}

fn backscatter(report: &Report) -> Backscatter {
    let networks = report.senders.largest().into_iter().map(|sender| Network {
        network: sender.network.to_string(),
        at_most: sender.count,
        at_least: sender.count - sender.error,
    });
    Backscatter { total: report.senders.total, networks: networks.collect() }
}

fn signing(report: &Report) -> Signing {
    let outcomes = Outcome::ALL.iter().copied().map(|outcome| Outcomes {
        name: outcome.as_str(),
        words: outcome.words(),
        count: report.departures(outcome),
    });
    let keys = report.keys.iter().enumerate().filter(|(_, count)| **count > 0);
    Signing {
        tagged: report.tagged(),
        outcomes: outcomes.collect(),
        keys: keys.map(|(id, count)| TagsOfKey { id, count: *count }).collect(),
    }
}

fn state(health: &Health, made: Option<i64>) -> State {
    State {
        version: plain(&health.version),
        uptime_seconds: health.uptime,
        settings_loaded: health.settings_loaded,
        reload_is_good: health.reload_is_good,
        keys: health.keys.iter().map(|key| self::key(key, made)).collect(),
        listeners: health.listeners.iter().map(listener).collect(),
        store: health.store.as_ref().map(|store| Store {
            kind: plain(&store.kind),
            up: store.is_up,
            words: plain(&store.words),
        }),
        sandbox: health.sandbox.as_deref().map(plain),
    }
}

fn key(key: &crate::health::Key, made: Option<i64>) -> Key {
    let today = made.and_then(|made| batv_core::Day::from_unix_seconds(made).ok());
    Key {
        key_use: plain(&key.key_use),
        id: key.id,
        algorithm: plain(&key.algorithm),
        state: plain(&key.state),
        domains: key.domains.iter().map(|domain| plain(domain)).collect(),
        created: key.created.map(|day| day.to_string()),
        age_days: today.zip(key.created).map(|(today, created)| today.since(created)),
        next_rotation: key.next_rotation.map(|day| day.to_string()),
        last_valid: key.last_valid.map(|day| day.to_string()),
    }
}

fn listener(listener: &crate::health::Listener) -> Listener {
    Listener {
        protocol: plain(&listener.protocol),
        address: plain(&listener.address),
        connections: listener.connections,
        missing: listener.is_missing,
    }
}

/// Warnings for the administrator.
fn notices(health: &Health, made: Option<i64>) -> Vec<String> {
    let mut notices = Vec::new();
    if health.reload_is_good == Some(false) {
        notices.push("The last change of the settings is wrong and not in force: the log says why.".to_owned());
    }
    for listener in health.listeners.iter().filter(|listener| listener.is_missing) {
        notices.push(format!("The socket {} is gone: mail servers don't find it.", plain(&listener.address)));
    }
    if let Some(store) = health.store.as_ref().filter(|store| !store.is_up) {
        notices.push(format!("The store ({}) doesn't answer.", plain(&store.kind)));
    }
    let today = made.and_then(|made| batv_core::Day::from_unix_seconds(made).ok());
    for key in health.keys.iter().filter(|key| key.state == "signing") {
        if let (Some(today), Some(due)) = (today, key.next_rotation)
            && today > due
        {
            let id = key.id.map(|id| format!(" {id}")).unwrap_or_default();
            notices.push(format!(
                "The {} key{id} should have been replaced on {}: batv key rotate.",
                plain(&key.key_use),
                due
            ));
        }
    }
    notices
}

fn stage<S: Serializer>(seconds: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    seconds.map(format::rfc3339).serialize(serializer)
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = Column::ALL.iter().copied().map(|column| (column.as_str(), self.of(column)));
        let others = [("refused", self.refused), ("would_refuse", self.refusable)];
        serializer.collect_map([("total", self.total())].into_iter().chain(columns).chain(others))
    }
}
