//! Counts over time, in at most 200 steps, which get longer with the period.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::tally::{LARGEST, Tally};
use crate::timestamp::{DAY, PLAUSIBLE};

/// Largest number of steps.
pub(crate) const MOST: usize = 200;
/// Lengths of a step, from a minute on; longer ones are four times as long each.
const WIDTHS: [i64; 7] = [60, 300, 900, 3600, 4 * 3600, DAY, 7 * DAY];

/// Counts of one step.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Step {
    pub(crate) decisions: Tally,
    /// Number of senders that left with a tag.
    pub(crate) tagged: u64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "Steps")]
pub(crate) struct Timeline {
    /// Seconds of a step.
    width: i64,
    /// Number of steps from 1970-01-01 to the first one here.
    first: i64,
    steps: VecDeque<Step>,
}

/// Steps as they are read back, not yet checked.
#[derive(Deserialize)]
struct Steps {
    width: i64,
    first: i64,
    steps: VecDeque<Step>,
}

impl TryFrom<Steps> for Timeline {
    type Error = &'static str;

    fn try_from(Steps { width, first, steps }: Steps) -> Result<Self, &'static str> {
        let is_width = WIDTHS.contains(&width);
        let length = i64::try_from(steps.len()).unwrap_or(i64::MAX);
        let begin = first.checked_mul(width).filter(|begin| (0..PLAUSIBLE.end).contains(begin));
        let are_counts = steps.iter().all(|step| step.tagged <= LARGEST);
        if is_width && are_counts && steps.len() <= MOST && begin.is_some() && first.checked_add(length).is_some() {
            Ok(Self { width, first, steps })
        } else {
            Err("these are no steps of time")
        }
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: WIDTHS[0], first: 0, steps: VecDeque::new() }
    }
}

impl Timeline {
    /// Seconds of a step.
    pub(crate) const fn width(&self) -> i64 {
        self.width
    }

    /// Steps, each with the second in which it begins.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (i64, &Step)> {
        (self.first..).zip(&self.steps).map(|(number, step)| (number * self.width, step))
    }

    /// Step of a second, in the years to 9999.
    pub(crate) fn at(&mut self, time: i64) -> &mut Step {
        loop {
            let number = time.div_euclid(self.width);
            if self.steps.is_empty() {
                self.first = number;
            }
            let before = usize::try_from(self.first - number).unwrap_or_default();
            let index = usize::try_from(number - self.first).unwrap_or_default();
            if before + self.steps.len().max(index + 1) > MOST {
                self.lengthen();
                continue;
            }
            for _ in 0..before {
                self.steps.push_front(Step::default());
            }
            self.first = self.first.min(number);
            if self.steps.len() <= index {
                self.steps.resize(index + 1, Step::default());
            }
            return &mut self.steps[index];
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        while self.width < other.width {
            self.lengthen();
        }
        for (time, step) in other.steps() {
            add(self.at(time), step);
        }
    }

    fn lengthen(&mut self) {
        let width = WIDTHS.into_iter().find(|width| *width > self.width).unwrap_or(self.width * 4);
        let first = (self.first * self.width).div_euclid(width);
        let mut steps: VecDeque<Step> = VecDeque::new();
        for (time, step) in self.steps() {
            let index = usize::try_from(time.div_euclid(width) - first).unwrap_or_default();
            if steps.len() <= index {
                steps.resize(index + 1, Step::default());
            }
            add(&mut steps[index], step);
        }
        *self = Self { width, first, steps };
    }
}

fn add(to: &mut Step, step: &Step) {
    to.decisions += step.decisions;
    to.tagged += step.tagged;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tally::{Column, Fate};

    fn of(times: &[i64]) -> Timeline {
        let mut timeline = Timeline::default();
        times.iter().for_each(|time| timeline.at(*time).decisions.count(Column::Genuine, Fate::Taken));
        timeline
    }

    #[test]
    fn steps_get_longer_as_the_time_does() {
        for (span, width) in [
            (0, 60),
            (199 * 60, 60),
            (200 * 60, 300),
            (DAY, 900),
            (7 * DAY, 3600),
            (30 * DAY, 4 * 3600),
            (180 * DAY, DAY),
            (1000 * DAY, 7 * DAY),
            (8000 * DAY, 112 * DAY),
        ] {
            let begin = 20_000 * DAY;
            let timeline = of(&[begin + span, begin]);
            assert_eq!(timeline.width(), width, "{span}");
            let times: Vec<_> = timeline.steps().map(|(time, _)| time).collect();
            assert!(times[0] <= begin && *times.last().unwrap() + width > begin + span);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(mut times in prop::collection::vec(0..253_402_300_800_i64, 1..50), at in any::<prop::sample::Index>()) {
            let timeline = of(&times);
            prop_assert!(timeline.steps.len() <= MOST);
            let counted: u64 = timeline.steps().map(|(_, step)| step.decisions.total()).sum();
            prop_assert_eq!(counted, times.len() as u64);

            let split = at.index(times.len());
            let mut merged = of(&times[..split]);
            merged.merge(&of(&times[split..]));
            times.reverse();
            for other in [merged, of(&times)] {
                let shown = |timeline: &Timeline| timeline.steps().map(|(time, step)| (time, step.decisions)).collect::<Vec<_>>();
                // The order doesn't change the steps; merging may have lengthened them more.
                prop_assert!(other.width >= timeline.width);
                if other.width == timeline.width {
                    prop_assert_eq!(shown(&other), shown(&timeline));
                }
            }
        }
    }
}
