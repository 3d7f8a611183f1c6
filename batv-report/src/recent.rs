//! The last days, for a daemon that runs for years.

use alloc::collections::VecDeque;

use crate::event::Event;
use crate::report::Report;
use crate::timestamp::DAY;

/// A report of each of the last days, of which the oldest is let go when a new one begins: so that the steps of time stay
/// short, and what was long ago doesn't count.
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
    /// The number of the day since 1970-01-01, the latest last.
    days: VecDeque<(i64, Report)>,
}

impl Recent {
    /// Of so many days of UTC, of which the last is the current one; at least one.
    ///
    /// ```
    /// # use batv_report::Recent;
    /// assert_eq!(Recent::new(7).report().decisions().total(), 0);
    /// ```
    #[must_use]
    pub fn new(days: usize) -> Self {
        Self { most: days.max(1), days: VecDeque::new() }
    }

    /// Counts one event. Where it has no time, or one of an earlier day, it counts with the latest day; where that is so
    /// much earlier that the clock must have been wrong, all begins anew.
    ///
    /// ```
    /// # use batv_report::{Departure, Event, Outcome, Recent, Told};
    /// let mut recent = Recent::new(1);
    /// recent.add(&Event { time: None, told: Told::Departure(Departure::new(Outcome::Tagged, "alice@example.com")) });
    /// assert_eq!(recent.report().departures(Outcome::Tagged), 1);
    /// ```
    pub fn add(&mut self, event: &Event<'_>) {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let day = event.time.map(|time| time.div_euclid(DAY));
        let mut latest = self.days.back().map(|(day, _)| *day);
        if day.zip(latest).is_some_and(|(day, latest)| day <= latest.saturating_sub(most)) {
            self.days.clear();
            latest = None;
        }
        let day = day.max(latest).unwrap_or_default();
        if latest != Some(day) {
            if let Some((_, ended)) = self.days.back_mut() {
                // What waits for its message waits no more.
                *ended = ended.settled();
            }
            self.days.push_back((day, Report::default()));
            self.days.retain(|(known, _)| *known > day.saturating_sub(most));
        }
        if let Some((_, report)) = self.days.back_mut() {
            report.add(event);
        }
    }

    /// All of these days together.
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
