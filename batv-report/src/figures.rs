//! Figures of a report, as page, text and JSON show them. Text that strangers chose is redacted here, and made
//! harmless.

use alloc::borrow::Cow;

use batv_core::Day;
use batv_core::envelope::{Mode, Reason};
use serde::{Serialize, Serializer};

use crate::event::Outcome;
use crate::format::{self, Number};
use crate::health::Health;
use crate::redact::{Plain, Shown};
use crate::report::Report;
use crate::samples::Sample;
use crate::tally::{ByName, Column, Tally};

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

    pub(crate) fn sentence(&self) -> String {
        let left_out = match self.left_out {
            0 => String::new(),
            left_out => format!(", {} more of other days or domains", Number(left_out)),
        };
        let (read, counted, skipped) = (Number(self.read), Number(self.counted), Number(self.skipped()));
        format!("{read} lines were read; {counted} tell of a recipient or a sender{left_out}, {skipped} of nobody.")
    }
}

/// Figures of a report.
#[derive(Serialize)]
pub(crate) struct Figures {
    pub(crate) name: String,
    #[serde(serialize_with = "format::time")]
    pub(crate) made: Option<i64>,
    #[serde(serialize_with = "format::time")]
    pub(crate) counted_since: Option<i64>,
    #[serde(serialize_with = "format::time")]
    pub(crate) from: Option<i64>,
    #[serde(serialize_with = "format::time")]
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
    pub(crate) health: Option<Health>,
}

#[derive(Serialize)]
pub(crate) struct Time {
    pub(crate) step_seconds: i64,
    pub(crate) steps: Vec<Step>,
}

#[derive(Serialize)]
pub(crate) struct Step {
    #[serde(serialize_with = "format::time")]
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
    #[serde(serialize_with = "format::time")]
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
            modes: rows(&report.modes),
            domains: domains(&report),
            reasons: reasons(&report),
            classes: rows(&report.classes),
            listeners: rows(&report.listeners),
            samples: report.samples.latest().map(|sample| shape(sample, page.shown)).collect(),
            backscatter: backscatter(&report),
            signing: signing(&report),
            health: page.health.map(|health| shown_health(health, page.made)),
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

/// Rows of those that were counted.
fn rows(tallies: &ByName) -> Vec<Row> {
    let counted = tallies.iter().filter(|(_, tally)| tally.total() > 0);
    counted.map(|(name, tally)| Row { name: name.into(), mode: None, words: None, tally }).collect()
}

/// The reasons that were counted, first those for which mode reject refuses most.
fn reasons(report: &Report) -> Vec<Row> {
    let mut rows = rows(&report.reasons);
    for row in &mut rows {
        row.words = row.name.parse().ok().map(Reason::words);
    }
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

/// The same without characters that act, and with the age of each key.
fn shown_health(health: &Health, made: Option<i64>) -> Health {
    let mut shown = health.clone();
    let Health { version, keys, listeners, store, sandbox, .. } = &mut shown;
    let today = day(made);
    for key in &mut *keys {
        key.age_days = today.zip(key.created).map(|(today, created)| today.since(created));
    }
    let of_keys = keys
        .iter_mut()
        .flat_map(|key| [&mut key.key_use, &mut key.algorithm, &mut key.state].into_iter().chain(&mut key.domains));
    let of_listeners = listeners.iter_mut().flat_map(|listener| [&mut listener.protocol, &mut listener.address]);
    let of_store = store.iter_mut().flat_map(|store| [&mut store.kind, &mut store.words]);
    let texts = of_keys.chain(of_listeners).chain(of_store).chain(sandbox).chain([version]);
    texts.for_each(|text| *text = plain(text));
    shown
}

fn day(seconds: Option<i64>) -> Option<Day> {
    Day::from_unix_seconds(seconds?).ok()
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
    let today = day(made);
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

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = Column::ALL.iter().copied().map(|column| (column.as_str(), self.of(column)));
        let others = [("refused", self.refused), ("would_refuse", self.refusable)];
        serializer.collect_map([("total", self.total())].into_iter().chain(columns).chain(others))
    }
}
