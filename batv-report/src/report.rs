//! What came of many events, in a space that no log makes larger.

use alloc::sync::Arc;

use batv_core::envelope::{Disposition, Mode, Reason};

use crate::counted::Counted;
use crate::domains::Domains;
use crate::event::{Decision, Departure, Event, Outcome, Told};
use crate::pending::{self, Pending};
use crate::samples::{Sample, Samples};
use crate::senders::{Network, Senders};
use crate::tally::{ByName, Column, Fate, Tally};
use crate::timeline::Timeline;
use crate::timestamp::PLAUSIBLE;

/// Listeners that judge, as the log names them.
const LISTENERS: [&str; 4] = ["milter", "policy", "line", "filter"];
/// Classes of messages, as the log names them.
const CLASSES: [&str; 12] = [
    "tlsrpt",
    "dmarc",
    "arf",
    "mdn",
    "dsn",
    "nonstandard-dsn",
    "challenge",
    "virus-notice",
    "auto-reply",
    "list-automaton",
    "null-other",
    "ordinary",
];

/// Accumulator of events: counts, and the latest decisions that refused, or would have in mode `reject`.
///
/// Where the log has two lines for one recipient, at RCPT TO and at the end of the message, the later one counts.
/// Adding takes less than a microsecond, and at most 2 MB are held: 200 steps of time, 100 domains, 128 networks, 100
/// samples, 1,024 recipients whose message has not ended.
///
/// ```
/// use batv_report::{Column, Event, Report};
///
/// let mut report = Report::default();
/// for line in [
///     "judged listener=milter queue_id=\"\" client=192.0.2.7 from=<> to=alice@example.com verdict=unverified reason=callout \
///      disposition=accept mode=observe at=rcpt",
///     "judged listener=milter queue_id=\"4Zx1\" client=192.0.2.7 from=<> to=alice@example.com verdict=disproved \
///      reason=backscatter-disproved disposition=accept mode=observe at=data class=dsn origin=disproved",
/// ] {
///     report.add(&Event::parse(line).ok_or("no event")?);
/// }
/// let decisions = report.decisions();
/// assert_eq!((decisions.total(), decisions.of(Column::Disproved), decisions.refusable), (1, 1, 1));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    /// Earliest and latest time.
    pub(crate) period: Option<(i64, i64)>,
    pub(crate) decisions: Tally,
    /// Decisions on bounces and automatic answers.
    pub(crate) answers: Tally,
    pub(crate) timeline: Timeline,
    pub(crate) domains: Domains,
    pub(crate) modes: ByName,
    pub(crate) reasons: ByName,
    pub(crate) classes: ByName,
    pub(crate) listeners: ByName,
    pub(crate) senders: Senders,
    pub(crate) samples: Samples,
    pub(crate) departures: [u64; Outcome::ALL.len()],
    /// Numbers of tags by the id of the key.
    pub(crate) keys: [u64; 10],
    pub(crate) pending: Pending,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            period: None,
            decisions: Tally::default(),
            answers: Tally::default(),
            timeline: Timeline::default(),
            domains: Domains::default(),
            modes: ByName::new(Mode::NAMES),
            reasons: ByName::new(Reason::NAMES),
            classes: ByName::new(&CLASSES),
            listeners: ByName::new(&LISTENERS),
            senders: Senders::default(),
            samples: Samples::default(),
            departures: Default::default(),
            keys: Default::default(),
            pending: Pending::default(),
        }
    }
}

impl Report {
    /// Counts an event.
    ///
    /// ```
    /// use batv_report::{Departure, Event, Outcome, Report, Told};
    ///
    /// let mut report = Report::default();
    /// let departure = Departure::new(Outcome::Tagged, "alice@example.com");
    /// report.add(&Event { time: Some(1_795_613_534), told: Told::Departure(departure) });
    /// assert_eq!(report.departures(Outcome::Tagged), 1);
    /// ```
    pub fn add(&mut self, event: &Event<'_>) {
        let time = event.time.filter(|time| PLAUSIBLE.contains(time));
        if let Some(time) = time {
            let (first, last) = self.period.unwrap_or((time, time));
            self.period = Some((first.min(time), last.max(time)));
        }
        match &event.told {
            Told::Decision(decision) => self.add_decision(decision, time),
            Told::Departure(departure) => self.add_departure(departure, time),
        }
    }

    /// Counts of all decisions. Recipients whose message has not ended count as they stand.
    ///
    /// ```
    /// # use batv_report::Report;
    /// assert_eq!(Report::default().decisions().total(), 0);
    /// ```
    #[must_use]
    pub fn decisions(&self) -> Tally {
        self.settled().decisions
    }

    /// Number of messages that left with a tag, on their sender or on a handle.
    pub(crate) const fn tagged(&self) -> u64 {
        self.departures(Outcome::Tagged) + self.departures(Outcome::Aliased)
    }

    /// Number of senders with an outcome.
    ///
    /// ```
    /// # use batv_report::{Outcome, Report};
    /// assert_eq!(Report::default().departures(Outcome::Forwarded), 0);
    /// ```
    #[must_use]
    pub const fn departures(&self, outcome: Outcome) -> u64 {
        self.departures[outcome as usize]
    }

    /// Adds the counts of another report, of another host or another day.
    ///
    /// ```
    /// # use batv_report::{Event, Outcome, Report};
    /// let mut report = Report::default();
    /// report.add(&Event::parse("tagged queue_id=\"\" from=alice@example.com key=4").ok_or("no event")?);
    /// let mut both = report.clone();
    /// both.merge(&report);
    /// assert_eq!(both.departures(Outcome::Tagged), 2);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn merge(&mut self, other: &Self) {
        let other = other.settled();
        self.period = match (self.period, other.period) {
            (Some((first, last)), Some((its_first, its_last))) => Some((first.min(its_first), last.max(its_last))),
            (mine, its) => mine.or(its),
        };
        self.decisions += other.decisions;
        self.answers += other.answers;
        self.timeline.merge(&other.timeline);
        self.domains.merge(&other.domains);
        self.modes.merge(&other.modes);
        self.reasons.merge(&other.reasons);
        self.classes.merge(&other.classes);
        self.listeners.merge(&other.listeners);
        self.senders.merge(&other.senders);
        self.samples.merge(&other.samples);
        self.departures.iter_mut().zip(other.departures).for_each(|(mine, its)| *mine += its);
        self.keys.iter_mut().zip(other.keys).for_each(|(mine, its)| *mine += its);
    }

    /// Report that also counts recipients whose message has not ended, to be shown while this one goes on.
    ///
    /// ```
    /// # use batv_report::Report;
    /// assert_eq!(Report::default().settled().decisions().total(), 0);
    /// ```
    #[must_use]
    pub fn settled(&self) -> Self {
        let mut settled = self.clone();
        for counted in settled.pending.take() {
            settled.count(counted);
        }
        settled
    }

    fn add_decision(&mut self, decision: &Decision<'_>, time: Option<i64>) {
        let counted = self.place(decision, time);
        if decision.at == "data" {
            self.pending.forget(pending::key(decision), counted.reason);
        } else if !matches!(decision.disposition, "reject" | "tempfail") {
            if let Some(oldest) = self.pending.hold(pending::key(decision), counted) {
                self.count(oldest);
            }
            return;
        }
        self.count(counted);
    }

    fn add_departure(&mut self, departure: &Departure<'_>, time: Option<i64>) {
        self.departures[departure.outcome as usize] += 1;
        if !matches!(departure.outcome, Outcome::Tagged | Outcome::Aliased) {
            return;
        }
        if let Some(count) = departure.key.and_then(|key| self.keys.get_mut(usize::from(key))) {
            *count += 1;
        }
        if let Some(time) = time {
            self.timeline.at(time).tagged += 1;
        }
    }

    fn place(&mut self, decision: &Decision<'_>, time: Option<i64>) -> Counted {
        let reason: Option<Reason> = decision.reason.parse().ok();
        let mode: Option<Mode> = decision.mode.parse().ok();
        let column = match reason {
            Some(Reason::Callout) => Column::Asked,
            _ => Column::of(decision.verdict),
        };
        let fate = fate(decision, reason, mode);
        Counted {
            time,
            column,
            fate,
            is_answer: is_answer(&decision.from, reason),
            domain: self.domains.place(&decision.to, mode),
            mode: self.modes.place(decision.mode),
            reason,
            class: decision.class.map(|class| self.classes.place(class)),
            listener: self.listeners.place(decision.listener),
            network: if is_backscatter(decision, column, reason) { Network::of(&decision.client) } else { None },
            sample: (fate != Fate::Taken).then(|| Arc::new(Sample::of(decision, time, fate == Fate::Refused))),
        }
    }

    fn count(&mut self, counted: Counted) {
        let Counted { time, column, fate, is_answer, domain, mode, reason, class, listener, network, sample } = counted;
        let reason = reason.map_or(Reason::ALL.len(), |reason| reason as usize);
        self.decisions.count(column, fate);
        if is_answer {
            self.answers.count(column, fate);
        }
        if let Some(time) = time {
            self.timeline.at(time).decisions.count(column, fate);
        }
        self.domains.tally(domain).count(column, fate);
        self.modes.at(mode).count(column, fate);
        self.reasons.at(reason).count(column, fate);
        if let Some(class) = class {
            self.classes.at(class).count(column, fate);
        }
        self.listeners.at(listener).count(column, fate);
        if let Some(network) = network {
            self.senders.count(network);
        }
        if let Some(sample) = sample {
            self.samples.add(sample);
        }
    }
}

/// In mode `reject` the log tells what was done; in the others what it would have come to, or, where it is silent, that
/// follows from the reason.
fn fate(decision: &Decision<'_>, reason: Option<Reason>, mode: Option<Mode>) -> Fate {
    let refuses = |disposition: &str| disposition == Disposition::Reject.as_str();
    if refuses(decision.disposition) {
        return Fate::Refused;
    }
    // A deferred recipient comes again, with another line.
    if decision.disposition == Disposition::Tempfail.as_str() {
        return Fate::Taken;
    }
    if let Some(in_reject) = decision.in_reject {
        return if refuses(in_reject) { Fate::Refusable } else { Fate::Taken };
    }
    // A tag that expired at most five days ago is taken at RCPT TO, and told of no more.
    let is_early = reason == Some(Reason::TagExpired) && decision.at == "rcpt";
    let would = reason.is_some_and(Reason::is_refused);
    if mode != Some(Mode::Reject) && would && !is_early { Fate::Refusable } else { Fate::Taken }
}

/// Whether it is a bounce, a receipt or an automatic answer, and no other mail. A question, and a recipient who has to
/// come again alone, bring none.
fn is_answer(from: &str, reason: Option<Reason>) -> bool {
    match reason {
        Some(Reason::Callout | Reason::NullMultiRcpt) => false,
        Some(Reason::NonnullBackscatter | Reason::NonnullBounceProved) => true,
        _ => from == "<>",
    }
}

/// Whether it returns a message that isn't ours. Mail to a forged tag is no bounce.
fn is_backscatter(decision: &Decision<'_>, column: Column, reason: Option<Reason>) -> bool {
    match reason {
        Some(Reason::TaggedBad) | None => false,
        Some(Reason::SrsForged) => decision.from == "<>",
        Some(Reason::BackscatterUnverified | Reason::TagOkOriginalForeign | Reason::Untagged) => true,
        _ => column == Column::Disproved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBSERVE: &str = "observe";

    #[test]
    fn all_classes_are_known() {
        let named: Vec<_> = batv_bounce::Class::ALL.iter().map(|class| class.as_str()).collect();
        assert_eq!(CLASSES.as_slice(), named);
    }

    fn judged(at: &str, to: &str, [verdict, reason, disposition, mode]: [&str; 4]) -> String {
        format!(
            "judged listener=milter queue_id=\"\" client=192.0.2.7 from=<> to={to} verdict={verdict} reason={reason} \
             disposition={disposition} mode={mode} at={at}"
        )
    }

    fn report(lines: &[String]) -> Report {
        let mut report = Report::default();
        for (time, line) in (1_795_613_534..).zip(lines) {
            report.add(&Event { time: Some(time), ..Event::parse(line).unwrap() });
        }
        report
    }

    #[test]
    fn the_later_line_on_a_recipient_counts() {
        let alice = "alice@example.com";
        let callout = ["unverified", "callout", "accept", "reject"];
        for (lines, expected) in [
            (vec![judged("rcpt", alice, callout)], "asked"),
            (
                vec![
                    judged("rcpt", alice, callout),
                    judged("data", alice, ["genuine", "original-proved", "accept", "reject"]),
                ],
                "genuine",
            ),
            // Two connections of one client.
            (
                vec![
                    judged("rcpt", alice, callout),
                    judged("rcpt", alice, callout),
                    judged("data", alice, ["genuine", "original-proved", "accept", "reject"]),
                    judged("data", alice, ["disproved", "backscatter-disproved", "reject", "reject"]),
                ],
                "genuine disproved",
            ),
            // Two recipients.
            (
                vec![
                    judged("rcpt", "bob@example.com", callout),
                    judged("rcpt", alice, callout),
                    judged("data", alice, ["genuine", "original-proved", "accept", "reject"]),
                ],
                "genuine asked",
            ),
            // A tag that is known by its mark no more comes off where it is taken alone.
            (
                vec![
                    judged("rcpt", alice, ["unverified", "tag-expired", "accept", "reject"]),
                    judged(
                        "data",
                        "prvs=0788c05b3f=alice@example.com",
                        ["unverified", "tag-expired", "reject", "reject"],
                    ),
                ],
                "unverified",
            ),
            (
                vec![
                    judged("rcpt", alice, ["genuine", "tag-ok", "accept", "reject"]),
                    judged("data", alice, ["unverified", "tag-ok-original-foreign", "mark", "reject"]),
                ],
                "unverified",
            ),
            // An earlier bounce of the same client to the same mailbox has nothing to do with it.
            (
                vec![
                    judged("rcpt", alice, ["genuine", "tag-ok", "accept", "reject"]),
                    judged("rcpt", alice, callout),
                    judged("rcpt", alice, ["genuine", "tag-ok", "accept", "reject"]),
                    judged("data", alice, ["unverified", "mdn-unverified", "mark", "reject"]),
                ],
                "genuine genuine unverified",
            ),
            // A deferred recipient comes again.
            (
                vec![
                    judged("rcpt", alice, ["undecided", "null-multi-rcpt", "tempfail", "reject"]),
                    judged("data", alice, ["genuine", "tag-ok", "accept", "reject"]),
                ],
                "genuine undecided",
            ),
        ] {
            let decisions = report(&lines).decisions();
            let counted: Vec<_> = Column::ALL
                .iter()
                .flat_map(|&column| (0..decisions.of(column)).map(move |_| column.as_str()))
                .collect();
            assert_eq!(counted.join(" "), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_reject_would_have_refused() {
        for (at, told, refused, refusable) in [
            ("rcpt", ["disproved", "tag-forged", "accept", OBSERVE], 0, 1),
            ("rcpt", ["disproved", "tag-forged", "quarantine", "quarantine"], 0, 1),
            ("rcpt", ["disproved", "tag-forged", "reject", "reject"], 1, 0),
            ("data", ["disproved", "backscatter-disproved", "mark", "mark"], 0, 1),
            // Cut off before its end, it is held.
            ("data", ["disproved", "backscatter-disproved", "quarantine", "reject"], 0, 0),
            ("data", ["unverified", "backscatter-unverified", "accept", OBSERVE], 0, 0),
            ("data", ["unverified", "backscatter-unverified", "reject", "reject"], 1, 0),
            ("rcpt", ["unverified", "tag-expired", "accept", OBSERVE], 0, 0),
            ("data", ["unverified", "tag-expired", "accept", OBSERVE], 0, 1),
            ("rcpt", ["unverified", "untagged", "accept", OBSERVE], 0, 1),
            ("rcpt", ["not-judged", "srs-not-bounce", "reject", OBSERVE], 1, 0),
            ("rcpt", ["genuine", "tag-ok", "accept", OBSERVE], 0, 0),
            ("rcpt", ["damned", "for-a-new-reason", "accept", "ignore"], 0, 0),
        ] {
            let report = report(&[judged(at, "alice@example.com", told)]).settled();
            let Tally { refused: r, refusable: w, .. } = report.decisions;
            assert_eq!((r, w), (refused, refusable), "{told:?}");
            assert_eq!(report.samples.latest().len() as u64, refused + refusable, "{told:?}");
        }
    }

    #[test]
    fn what_reject_would_have_refused_as_the_log_tells() {
        for (at, told, in_reject, refused, refusable) in [
            ("rcpt", ["unverified", "tag-expired", "accept", OBSERVE], "reject", 0, 1),
            ("data", ["unverified", "tag-expired", "accept", OBSERVE], "accept", 0, 0),
            ("data", ["unverified", "backscatter-unverified", "mark", "mark"], "reject", 0, 1),
            ("data", ["disproved", "backscatter-disproved", "accept", OBSERVE], "quarantine", 0, 0),
            ("rcpt", ["disproved", "srs-forged", "accept", OBSERVE], "reject", 0, 1),
            ("rcpt", ["disproved", "tag-forged", "reject", "reject"], "reject", 1, 0),
            ("rcpt", ["undecided", "null-multi-rcpt", "tempfail", "quarantine"], "reject", 0, 0),
        ] {
            let line = judged(at, "alice@example.com", told).replace(" at=", &format!(" in_reject={in_reject} at="));
            let report = report(&[line]).settled();
            let Tally { refused: r, refusable: w, .. } = report.decisions;
            assert_eq!((r, w), (refused, refusable), "{told:?} {in_reject}");
            assert_eq!(report.samples.latest().len() as u64, refused + refusable, "{told:?}");
        }
    }

    #[test]
    fn who_sends_backscatter() {
        for (at, told, expected) in [
            ("data", ["disproved", "backscatter-disproved", "accept", OBSERVE], 1),
            ("data", ["unverified", "backscatter-unverified", "accept", OBSERVE], 1),
            ("rcpt", ["disproved", "tag-forged", "accept", OBSERVE], 1),
            ("rcpt", ["disproved", "srs-forged", "accept", OBSERVE], 1),
            ("rcpt", ["genuine", "srs-ok", "accept", OBSERVE], 0),
            ("rcpt", ["not-judged", "srs-not-bounce", "reject", OBSERVE], 0),
            ("rcpt", ["disproved", "tagged-bad", "reject", "reject"], 0),
            ("rcpt", ["unverified", "callout", "accept", OBSERVE], 0),
            ("data", ["genuine", "tag-ok", "accept", OBSERVE], 0),
        ] {
            let counted = report(&[judged(at, "alice@example.com", told)]).settled().senders.total;
            assert_eq!(counted, expected, "{told:?}");
        }
    }

    #[test]
    fn a_clock_that_is_not_set_is_none() {
        let line = judged("data", "alice@example.com", ["genuine", "tag-ok", "accept", "mark"]);
        let mut report = Report::default();
        for time in [Some(0), Some(i64::MIN), Some(i64::MAX), None] {
            report.add(&Event { time, ..Event::parse(&line).unwrap() });
        }
        assert_eq!((report.period, report.timeline.steps().count(), report.decisions.total()), (None, 0, 4));
    }

    #[test]
    fn merged_as_if_counted_together() {
        let lines: Vec<_> = (0..500)
            .map(|number: u32| {
                let told = match number % 3 {
                    0 => ["disproved", "backscatter-disproved", "accept", OBSERVE],
                    1 => ["genuine", "tag-ok", "accept", "reject"],
                    _ => ["unverified", "callout", "accept", "mark"],
                };
                let at = if number % 3 == 2 { "rcpt" } else { "data" };
                judged(at, &format!("{number}@{}.example", number % 7), told)
            })
            .collect();
        let all = report(&lines).settled();
        let mut merged = report(&lines[..200]);
        merged.merge(&report(&lines[200..]));
        let merged = merged.settled();
        assert_eq!(merged.decisions, all.decisions);
        assert_eq!(merged.modes, all.modes);
        assert_eq!(merged.reasons, all.reasons);
        let shown = |report: &Report| {
            let domains = report.domains.largest().into_iter().map(|domain| (domain.name.clone(), domain.tally));
            (domains.collect::<Vec<_>>(), report.senders.largest(), report.samples.latest().len())
        };
        assert_eq!(shown(&merged), shown(&all));
    }
}
