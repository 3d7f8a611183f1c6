//! The states of a guarded store.

use alloc::sync::Arc;
use core::time::Duration;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
use batv_store::{Answer, Error, Guarded, Health, Operation, Patience, Store, Table, VALUE_LIMIT};

use crate::place::{FOREVER, NOW, count, file, put};

const ANSWER: Duration = Duration::from_millis(250);
const AT_ONCE: Duration = Duration::ZERO;

/// What a store does next.
enum Next {
    Answers,
    Fails,
    /// It doesn't answer.
    Hangs,
    Panics,
    /// It says that it was asked, and does what it is told.
    Waits(Sender<()>, Receiver<Result<(), Error>>),
}

/// A store that does what it is told, and counts how often it was asked.
struct Told(Mutex<(Next, u32)>);

impl Told {
    fn asked(&self) -> Next {
        let mut told = self.0.lock().unwrap();
        told.1 += 1;
        match told.0 {
            Next::Answers => Next::Answers,
            Next::Fails => Next::Fails,
            Next::Hangs => Next::Hangs,
            Next::Panics | Next::Waits(..) => core::mem::replace(&mut told.0, Next::Answers),
        }
    }
}

impl Store for Told {
    fn run(&self, _: Vec<Operation>, _: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
        match self.asked() {
            Next::Answers => Ok(vec![Answer::Total(1)]),
            Next::Fails => Err(failed()),
            Next::Hangs => Err(Error::TimedOut { limit: wait }),
            Next::Panics => panic!("as told"),
            Next::Waits(asked, result) => {
                let _ = asked.send(());
                result.recv().unwrap_or_else(|_| Err(failed())).map(|()| vec![Answer::Total(1)])
            }
        }
    }
}

fn failed() -> Error {
    Error::Failed { store: "/nonexistent".into(), reason: "as told".into() }
}

struct Tested {
    store: Arc<Told>,
    guarded: Guarded<Arc<Told>>,
}

impl Tested {
    /// With so long a pause after a failure.
    fn new(pause: Duration) -> Self {
        let store = Arc::new(Told(Mutex::new((Next::Answers, 0))));
        let mut patience = Patience::default();
        (patience.answer, patience.pause) = (ANSWER, pause);
        Self { guarded: Guarded::new(store.clone(), patience), store }
    }

    fn next(&self, next: Next) {
        self.store.0.lock().unwrap().0 = next;
    }

    fn asked(&self) -> u32 {
        self.store.0.lock().unwrap().1
    }

    fn run(&self, now: u64) -> Result<Vec<Answer>, Error> {
        self.run_within(now, FOREVER)
    }

    fn run_within(&self, now: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
        self.guarded.run(vec![count(1, 1, NOW + 9)], now, wait)
    }

    fn health(&self) -> Health {
        self.guarded.health()
    }

    /// Runs a batch that waits until the test says how it ends, while `meanwhile` runs.
    fn while_waiting(&self, meanwhile: impl FnOnce(), end: Result<(), Error>) -> Result<Vec<Answer>, Error> {
        let (asked, is_asked) = channel();
        let (result, results) = channel();
        self.next(Next::Waits(asked, results));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| self.run(NOW));
            is_asked.recv().unwrap();
            meanwhile();
            result.send(end).unwrap();
            waiting.join().unwrap()
        })
    }
}

#[test]
fn it_is_waited_for_no_longer_than_the_patience() {
    let tested = Tested::new(FOREVER);
    assert_eq!(tested.run(NOW), Ok(vec![Answer::Total(1)]));
    tested.next(Next::Hangs);
    assert_eq!(tested.run(NOW), Err(Error::TimedOut { limit: ANSWER }));
    assert!(!tested.health().up);
}

#[test]
fn a_caller_in_a_hurry_is_not_the_fault_of_the_store() {
    let tested = Tested::new(AT_ONCE);
    tested.next(Next::Hangs);
    let limit = ANSWER / 4;
    assert_eq!(tested.run_within(NOW, limit), Err(Error::TimedOut { limit }));
    assert_eq!(tested.health(), Health::default(), "nothing is known of it");
    // As a probe, too, it leaves its place to the next.
    tested.next(Next::Fails);
    tested.run(NOW).unwrap_err();
    tested.next(Next::Hangs);
    assert_eq!(tested.run_within(NOW, limit), Err(Error::TimedOut { limit }));
    tested.next(Next::Answers);
    tested.run(NOW).unwrap();
    assert!(tested.health().up);
}

/// Such as a second question, for which most of the patience is left.
#[test]
fn a_caller_with_most_of_the_patience_left_tells_of_a_failure() {
    let tested = Tested::new(FOREVER);
    tested.run(NOW).unwrap();
    tested.next(Next::Hangs);
    let limit = ANSWER * 3 / 4;
    assert_eq!(tested.run_within(NOW, limit), Err(Error::TimedOut { limit }));
    assert!(!tested.health().up);
}

#[test]
fn after_a_failure_it_is_left_alone() {
    let tested = Tested::new(FOREVER);
    tested.run(NOW).unwrap();
    tested.next(Next::Fails);
    assert_eq!(tested.run(NOW + 1), Err(failed()));
    tested.next(Next::Answers);
    for _ in 0..5 {
        assert_eq!(tested.run(NOW + 2), Err(Error::Unavailable));
    }
    assert_eq!(tested.asked(), 2);
}

#[test]
fn after_the_pause_it_is_probed_until_it_answers() {
    let tested = Tested::new(AT_ONCE);
    tested.next(Next::Fails);
    for _ in 0..5 {
        assert_eq!(tested.run(NOW), Err(failed()));
    }
    tested.next(Next::Answers);
    tested.run(NOW).unwrap();
    assert!(tested.health().up);
    assert_eq!(tested.asked(), 6);
}

#[test]
fn while_a_probe_is_out_all_others_are_refused_at_once() {
    let tested = Tested::new(AT_ONCE);
    tested.next(Next::Fails);
    tested.run(NOW).unwrap_err();
    let others = || {
        for _ in 0..10 {
            assert_eq!(tested.run(NOW), Err(Error::Unavailable));
        }
    };
    tested.while_waiting(others, Ok(())).unwrap();
    assert_eq!(tested.asked(), 2);
    tested.run(NOW).unwrap();
}

#[test]
fn a_batch_that_was_under_way_when_it_failed_changes_nothing() {
    for late in [Ok(()), Err(failed())] {
        let tested = Tested::new(FOREVER);
        let early = || {
            tested.next(Next::Fails);
            assert_eq!(tested.run(NOW + 1), Err(failed()));
        };
        let result = tested.while_waiting(early, late.clone());
        assert_eq!(result.map(drop), late);
        assert_eq!((tested.health().up, tested.health().since), (false, Some(NOW + 1)));
    }
}

#[test]
fn a_panic_of_a_probe_leaves_its_place_to_the_next() {
    let tested = Tested::new(AT_ONCE);
    tested.next(Next::Fails);
    tested.run(NOW).unwrap_err();
    tested.next(Next::Panics);
    thread::scope(|scope| assert!(scope.spawn(|| tested.run(NOW)).join().is_err()));
    tested.run(NOW).unwrap();
    assert!(tested.health().up);
}

#[test]
fn health_tells_it_all() {
    let tested = Tested::new(AT_ONCE);
    assert_eq!(tested.health(), Health::default());
    tested.run(NOW).unwrap();
    tested.run(NOW + 1).unwrap();
    let health = tested.health();
    assert_eq!((health.up, health.since, health.last_error), (true, Some(NOW), None));
    assert_eq!((health.batches, health.failures, health.refused), (2, 0, 0));

    tested.next(Next::Fails);
    tested.run(NOW + 2).unwrap_err();
    let health = tested.health();
    assert_eq!((health.up, health.since, health.last_error), (false, Some(NOW + 2), Some(failed())));
    assert_eq!((health.batches, health.failures, health.refused), (3, 1, 0));

    let refused = || drop(tested.run(NOW + 3).unwrap_err());
    tested.while_waiting(refused, Ok(())).unwrap();
    let health = tested.health();
    assert_eq!((health.up, health.since, health.last_error), (true, Some(NOW), Some(failed())));
    assert_eq!((health.batches, health.failures, health.refused), (4, 1, 1));
}

#[test]
fn a_batch_that_no_store_takes_is_no_failure_of_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&file(&directory), DEFAULT_LIMIT).unwrap();
    let guarded = Guarded::new(sqlite, Patience::default());
    let octets = VALUE_LIMIT + 1;
    let batch = vec![put(Table::Sent, 1, &vec![0; octets], NOW + 9)];
    assert_eq!(guarded.run(batch, NOW, FOREVER), Err(Error::ValueTooLong { octets }));
    assert!(guarded.health().up && guarded.health().failures == 0);
}
