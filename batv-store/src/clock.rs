//! Jumps of the clock. A clock that is set wrong for a minute must not cost what a store remembers.
//!
//! A store removes what has expired by the time that each batch brings. So it compares that time with the system's
//! monotonic clock, and removes nothing until the two have agreed for a while.
//!
//! ```
//! use core::time::Duration;
//! use std::time::Instant;
//!
//! use batv_store::clock::{Clock, STEADY};
//!
//! let (begun, now) = (Instant::now(), 1_795_478_400);
//! let mut clock = Clock::default();
//! assert_eq!(clock.note(now, begun), None);
//! assert!(!clock.is_steady(begun), "nobody knows a clock that was seen once");
//! assert!(clock.is_steady(begun + STEADY));
//! // A year ahead within a minute.
//! let later = begun + STEADY + Duration::from_secs(60);
//! assert_eq!(clock.note(now + 31_536_660, later), Some(31_536_000));
//! assert!(!clock.is_steady(later));
//! ```

use core::time::Duration;
use std::time::Instant;

/// Time that a clock must go on steadily before a store removes what has expired by it: long enough to set it right.
///
/// ```
/// # use batv_store::clock::STEADY;
/// assert_eq!(STEADY.as_secs(), 600);
/// ```
pub const STEADY: Duration = Duration::from_secs(600);

/// Difference in seconds that counts as a jump. A clock that is set by less changes little of what has expired.
const JUMP: u64 = 3_600;

/// Times of a clock, compared with the system's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    last: Option<(u64, Instant)>,
    jumped: Option<Instant>,
}

impl Clock {
    /// Notes that the clock shows `now`, in seconds since 1970-01-01 (UTC). Returns the seconds by which it has jumped since
    /// the last time, backwards if they are negative, when they are more than an hour. A host that slept shows the same.
    pub fn note(&mut self, now: u64, at: Instant) -> Option<i64> {
        let Some((last, noted)) = self.last.replace((now, at)) else {
            self.jumped = Some(at);
            return None;
        };
        let expected = last.saturating_add(at.saturating_duration_since(noted).as_secs());
        if now.abs_diff(expected) <= JUMP {
            return None;
        }
        self.jumped = Some(at);
        Some(i64::try_from(i128::from(now) - i128::from(expected)).unwrap_or(if now > expected {
            i64::MAX
        } else {
            i64::MIN
        }))
    }

    /// Whether there was no jump for [`STEADY`], nor the first time that was noted.
    #[must_use]
    pub fn is_steady(&self, at: Instant) -> bool {
        self.jumped.is_some_and(|jumped| at.saturating_duration_since(jumped) >= STEADY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_478_400;

    #[test]
    fn a_clock_that_is_set_by_hours_has_to_be_steady_again() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut clock = Clock::default();
        assert!(!clock.is_steady(begun), "no time was noted");
        for (seconds, now, jump, is_steady) in [
            (0, NOW, None, false),
            (599, NOW + 599, None, false),
            (600, NOW + 600, None, true),
            // Set by an hour, which is nothing, and by a little more.
            (700, NOW + 4_300, None, true),
            (701, NOW + 7_902, Some(3_601), false),
            (1_300, NOW + 8_501, None, false),
            (1_301, NOW + 8_502, None, true),
            // Back, to the beginning of time, and to its end.
            (2_000, NOW, Some(-9_201), false),
            (2_001, 0, Some(-1_795_478_401), false),
            (2_002, u64::MAX, Some(i64::MAX), false),
            (2_003, NOW, Some(i64::MIN), false),
            (2_603, NOW + 600, None, true),
            // Nothing came for a month.
            (2_600_000, NOW + 2_597_997, None, true),
        ] {
            assert_eq!(
                (clock.note(now, after(seconds)), clock.is_steady(after(seconds))),
                (jump, is_steady),
                "{seconds}"
            );
        }
    }
}
