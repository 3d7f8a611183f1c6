//! Reports of the last days, for a daemon that runs for years.

use alloc::collections::VecDeque;

use crate::event::Event;
use crate::report::Report;
use crate::timestamp::DAY;

/// Reports of the last days. The oldest is dropped when a new day begins: so the steps of time stay short, and old
/// events no longer count.
///
/// ```
/// use batv_report::{Departure, Event, Outcome, Recent, Told};
///
/// let mut recent = Recent::new(7);
/// for day in 0..30 {
///     let told = Told::Departure(Departure::new(Outcome::Tagged, "alice@example.com"));
///     recent.add(&Event { time: Some((20_000 + day) * 86_400), told });
/// }
/// assert_eq!(recent.report().departures(Outcome::Tagged), 7);
/// ```
#[derive(Clone, Debug)]
pub struct Recent {
    most: usize,
    /// Days since 1970-01-01 and their reports, the latest last.
    pub(crate) days: VecDeque<(i64, Report)>,
    /// Time at which the count began.
    pub(crate) since: Option<i64>,
}

impl Recent {
    /// Empty reports of the last `days` days of UTC, at least one, today included.
    ///
    /// ```
    /// # use batv_report::Recent;
    /// assert_eq!(Recent::new(7).report().decisions().total(), 0);
    /// ```
    #[must_use]
    pub fn new(days: usize) -> Self {
        Self { most: days.max(1), days: VecDeque::new(), since: None }
    }

    /// Advances to `now`, in seconds since 1970-01-01 (UTC): drops old days, also where no events come. The count
    /// begins with the first call.
    ///
    /// ```
    /// # use batv_report::{Departure, Event, Outcome, Recent, Told};
    /// let mut recent = Recent::new(7);
    /// recent.advance(20_000 * 86_400);
    /// let told = Told::Departure(Departure::new(Outcome::Tagged, "alice@example.com"));
    /// recent.add(&Event { time: Some(20_000 * 86_400), told });
    /// recent.advance(20_007 * 86_400);
    /// assert_eq!(recent.report().departures(Outcome::Tagged), 0);
    /// ```
    pub fn advance(&mut self, now: i64) {
        self.since.get_or_insert(now);
        let day = now.div_euclid(DAY);
        let most = self.length();
        self.days.retain(|(known, _)| *known > day.saturating_sub(most));
    }

    /// Time since which all events are counted: the beginning of the first day that is kept, or of the count, in
    /// seconds since 1970-01-01 (UTC).
    ///
    /// ```
    /// # use batv_report::Recent;
    /// let mut recent = Recent::new(7);
    /// recent.advance(1_795_613_534);
    /// assert_eq!(recent.since(1_795_613_600), Some(1_795_613_534));
    /// assert_eq!(recent.since(1_795_613_534 + 30 * 86_400), Some(20_806 * 86_400));
    /// ```
    #[must_use]
    pub fn since(&self, now: i64) -> Option<i64> {
        let first = now.div_euclid(DAY).saturating_sub(self.length() - 1).saturating_mul(DAY);
        self.since.map(|since| since.max(first))
    }

    fn length(&self) -> i64 {
        i64::try_from(self.most).unwrap_or(i64::MAX)
    }

    /// Starts a day, which is later than all others.
    pub(crate) fn begin(&mut self, day: i64) {
        if let Some((_, ended)) = self.days.back_mut() {
            // What waits for its message waits no more.
            *ended = ended.settled();
        }
        self.days.push_back((day, Report::default()));
        let most = self.length();
        self.days.retain(|(known, _)| *known > day.saturating_sub(most));
    }

    /// Counts an event. An event without a time, or of an earlier day, counts with the latest day; if it is so much
    /// earlier that the clock must have been wrong, the count starts again.
    ///
    /// ```
    /// # use batv_report::{Departure, Event, Outcome, Recent, Told};
    /// let mut recent = Recent::new(1);
    /// recent.add(&Event { time: None, told: Told::Departure(Departure::new(Outcome::Tagged, "alice@example.com")) });
    /// assert_eq!(recent.report().departures(Outcome::Tagged), 1);
    /// ```
    pub fn add(&mut self, event: &Event<'_>) {
        let most = self.length();
        let day = event.time.map(|time| time.div_euclid(DAY));
        let mut latest = self.days.back().map(|(day, _)| *day);
        if day.zip(latest).is_some_and(|(day, latest)| day <= latest.saturating_sub(most)) {
            self.days.clear();
            self.since = event.time;
            latest = None;
        }
        let day = day.max(latest).unwrap_or_default();
        if latest != Some(day) {
            self.begin(day);
        }
        if let Some((_, report)) = self.days.back_mut() {
            report.add(event);
        }
    }

    /// Report of all these days together.
    ///
    /// ```
    /// # use batv_report::{Outcome, Recent};
    /// assert_eq!(Recent::new(7).report().departures(Outcome::Forwarded), 0);
    /// ```
    #[must_use]
    pub fn report(&self) -> Report {
        let mut all = Report::default();
        self.days.iter().for_each(|(_, report)| all.merge(report));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Departure, Outcome, Told};

    #[test]
    fn days_that_are_past_are_let_go() {
        let tagged = |day: i64| Event {
            time: Some(day * DAY + 100),
            told: Told::Departure(Departure::new(Outcome::Tagged, "alice@example.com")),
        };
        let mut recent = Recent::new(3);
        for (day, count) in [
            (20_000, 1),
            (20_001, 2),
            (20_001, 3),
            (20_002, 4),
            (20_003, 4),
            (20_002, 5),
            (20_005, 3),
            (30_000, 1),
            (20_006, 1),
            (20_007, 2),
        ] {
            recent.add(&tagged(day));
            assert_eq!(recent.report().departures(Outcome::Tagged), count, "{day}");
            assert!(recent.days.len() <= 3);
        }
    }
}
