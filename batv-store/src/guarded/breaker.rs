//! Circuit breaker: decides when a store is asked, and when it is left alone. Pure: the time is an argument.

use core::time::Duration;
use std::time::Instant;

/// Pause in the place of one that no clock can count.
const MOST: Duration = Duration::from_secs(365 * 86_400);

/// Circuit breaker.
pub(super) struct Breaker {
    first: Duration,
    longest: Duration,
    state: State,
    /// Counts the changes of the state: what began before the last one says nothing about the present.
    epoch: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Closed,
    Open { until: Instant, pause: Duration },
    Probing { pause: Duration },
}

/// Permission to ask the store.
#[derive(Debug)]
pub(super) struct Permit {
    epoch: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    Answered,
    Failed,
    /// The caller did not wait for it.
    Unknown,
}

impl Breaker {
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, state: State::Closed, epoch: 0 }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    pub(super) fn admit(&mut self, now: Instant) -> Option<Permit> {
        match self.state {
            State::Closed => {}
            State::Open { until, pause } if until <= now => self.change(State::Probing { pause }),
            State::Open { .. } | State::Probing { .. } => return None,
        }
        Some(Permit { epoch: self.epoch })
    }

    pub(super) fn end(&mut self, permit: Permit, outcome: Outcome, now: Instant) {
        if permit.epoch != self.epoch {
            return;
        }
        // A pause beyond all clocks is as good as the longest that they have.
        let after = |pause: Duration| now.checked_add(pause).or_else(|| now.checked_add(MOST)).unwrap_or(now);
        let open = |pause: Duration| State::Open { until: after(pause), pause };
        match (self.state, outcome) {
            (State::Closed, Outcome::Failed) => self.change(open(self.first)),
            (State::Probing { .. }, Outcome::Answered) => self.change(State::Closed),
            (State::Probing { pause }, Outcome::Failed) => self.change(open(pause.saturating_mul(2).min(self.longest))),
            (State::Probing { pause }, Outcome::Unknown) => self.change(State::Open { until: now, pause }),
            _ => {}
        }
    }

    const fn change(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(3);

    fn breaker() -> (Breaker, Instant) {
        (Breaker::new(FIRST, LONGEST), Instant::now())
    }

    /// Opened by a failure at that time.
    fn open(breaker: &mut Breaker, now: Instant) {
        let permit = breaker.admit(now).expect("it was closed");
        breaker.end(permit, Outcome::Failed, now);
        assert!(!breaker.is_closed());
    }

    #[test]
    fn an_endless_pause_is_a_long_one() {
        let (mut breaker, now) = (Breaker::new(Duration::MAX, Duration::MAX), Instant::now());
        open(&mut breaker, now);
        assert!(breaker.admit(now + MOST - FIRST).is_none());
        let probe = breaker.admit(now + MOST).unwrap();
        breaker.end(probe, Outcome::Failed, now);
        assert!(breaker.admit(now).is_none());
    }

    #[test]
    fn it_stays_closed_while_there_are_answers() {
        let (mut breaker, now) = breaker();
        for outcome in [Outcome::Answered, Outcome::Unknown, Outcome::Answered] {
            let permit = breaker.admit(now).unwrap();
            breaker.end(permit, outcome, now);
            assert!(breaker.is_closed());
        }
    }

    #[test]
    fn after_a_failure_nothing_is_let_through_until_the_pause_is_over_and_then_one() {
        let (mut breaker, now) = breaker();
        open(&mut breaker, now);
        assert!(breaker.admit(now + FIRST - Duration::from_nanos(1)).is_none());
        let probe = breaker.admit(now + FIRST).unwrap();
        assert!(breaker.admit(now + FIRST).is_none() && breaker.admit(now + 100 * FIRST).is_none());
        breaker.end(probe, Outcome::Answered, now + FIRST);
        assert!(breaker.is_closed() && breaker.admit(now + FIRST).is_some());
    }

    #[test]
    fn the_pause_doubles_up_to_the_longest_and_is_the_first_again_after_an_answer() {
        let (mut breaker, mut now) = breaker();
        open(&mut breaker, now);
        let mut pause = FIRST;
        for next in [2, 3, 3] {
            now += pause;
            let probe = breaker.admit(now).unwrap();
            breaker.end(probe, Outcome::Failed, now);
            pause = next * FIRST;
            assert!(breaker.admit(now + pause - Duration::from_nanos(1)).is_none());
        }
        now += pause;
        let probe = breaker.admit(now).unwrap();
        breaker.end(probe, Outcome::Answered, now);
        open(&mut breaker, now);
        assert!(breaker.admit(now + FIRST).is_some());
    }

    #[test]
    fn a_probe_that_nobody_waits_for_gives_its_place_to_the_next() {
        let (mut breaker, now) = breaker();
        open(&mut breaker, now);
        let probe = breaker.admit(now + FIRST).unwrap();
        breaker.end(probe, Outcome::Unknown, now + FIRST);
        assert!(!breaker.is_closed());
        assert!(breaker.admit(now + FIRST).is_some() && breaker.admit(now + FIRST).is_none());
    }

    #[test]
    fn what_began_before_a_change_changes_nothing() {
        for late in [Outcome::Answered, Outcome::Failed, Outcome::Unknown] {
            let (mut breaker, now) = breaker();
            let [slow, slower] = [(); 2].map(|()| breaker.admit(now).unwrap());
            open(&mut breaker, now);
            breaker.end(slow, late, now + FIRST / 2);
            assert!(!breaker.is_closed(), "{late:?} must not close it");
            let probe = breaker.admit(now + FIRST).expect("nor make the pause longer");
            breaker.end(slower, late, now + FIRST);
            assert!(breaker.admit(now + FIRST).is_none(), "{late:?} is not the answer to the probe");
            breaker.end(probe, Outcome::Answered, now + FIRST);
            assert!(breaker.is_closed());
        }
    }
}
