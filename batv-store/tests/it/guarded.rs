//! The states of a guarded store, on a clock that the test sets.

use alloc::sync::Arc;
use core::time::Duration;
use std::sync::Mutex;

use batv_store::{Answer, Answers, Error, Guarded, Health, Operation, Patience, Store, VALUE_LIMIT};
use tokio::time;

use crate::place::{NOW, count};

const ANSWER: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_secs(1);

/// What a store does next: after so long, it answers or fails.
#[derive(Clone, Copy, Debug)]
enum Next {
    Answers(Duration),
    Fails(Duration),
}

/// A store that does what it is told, and counts how often it was asked.
struct Told(Mutex<(Next, u32)>);

impl Store for Told {
    fn run(&self, _: Vec<Operation>, _: u64) -> Answers<'_> {
        let mut told = self.0.lock().unwrap();
        told.1 += 1;
        let next = told.0;
        Box::pin(async move {
            match next {
                Next::Answers(after) => {
                    time::sleep(after).await;
                    Ok(vec![Answer::Total(1)])
                }
                Next::Fails(after) => {
                    time::sleep(after).await;
                    Err(failed())
                }
            }
        })
    }
}

fn failed() -> Error {
    Error::Failed { store: "/nonexistent".into(), reason: "as told".into() }
}

fn one() -> Vec<Operation> {
    vec![count(1, 1, NOW + 9)]
}

struct Tested {
    store: Arc<Told>,
    guarded: Guarded<Arc<Told>>,
}

impl Tested {
    fn new() -> Self {
        let store = Arc::new(Told(Mutex::new((Next::Answers(Duration::ZERO), 0))));
        Self { guarded: Guarded::new(store.clone(), Patience::default()), store }
    }

    fn next(&self, next: Next) {
        self.store.0.lock().unwrap().0 = next;
    }

    fn asked(&self) -> u32 {
        self.store.0.lock().unwrap().1
    }

    async fn run(&self, now: u64) -> Result<Vec<Answer>, Error> {
        self.guarded.run(one(), now).await
    }

    fn health(&self) -> Health {
        self.guarded.health()
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_time_is_passed_on_and_what_does_not_is_given_up() {
    let tested = Tested::new();
    tested.next(Next::Answers(ANSWER - Duration::from_millis(1)));
    assert_eq!(tested.run(NOW).await, Ok(vec![Answer::Total(1)]));
    tested.next(Next::Answers(ANSWER + Duration::from_millis(1)));
    assert_eq!(tested.run(NOW).await, Err(Error::TimedOut { limit: ANSWER }));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_it_is_left_alone_and_probed_once_after_each_pause() {
    let tested = Tested::new();
    tested.run(NOW).await.unwrap();
    tested.next(Next::Fails(Duration::ZERO));
    assert_eq!(tested.run(NOW + 1).await, Err(failed()));
    let mut asked = 2;
    for pause in [1, 2, 4, 8, 10, 10] {
        for _ in 0..5 {
            assert_eq!(tested.run(NOW + 2).await, Err(Error::Unavailable));
        }
        assert_eq!(tested.asked(), asked);
        time::advance(pause * PAUSE - Duration::from_millis(1)).await;
        assert_eq!(tested.run(NOW + 2).await, Err(Error::Unavailable));
        time::advance(Duration::from_millis(1)).await;
        assert_eq!(tested.run(NOW + 2).await, Err(failed()));
        asked += 1;
    }
    tested.next(Next::Answers(Duration::ZERO));
    time::advance(10 * PAUSE).await;
    tested.run(NOW + 3).await.unwrap();
    tested.run(NOW + 3).await.unwrap();
    assert_eq!(tested.asked(), asked + 2);
}

#[tokio::test(start_paused = true)]
async fn while_a_probe_is_out_all_others_are_refused_at_once() {
    let tested = Tested::new();
    tested.next(Next::Fails(Duration::ZERO));
    tested.run(NOW).await.unwrap_err();
    time::advance(PAUSE).await;
    tested.next(Next::Answers(ANSWER / 2));
    let probe = tested.run(NOW);
    let others = async {
        let before = time::Instant::now();
        for _ in 0..10 {
            assert_eq!(tested.run(NOW).await, Err(Error::Unavailable));
        }
        assert_eq!(before, time::Instant::now(), "on this clock, at once is at once");
    };
    let (probe, ()) = tokio::join!(biased; probe, others);
    probe.unwrap();
    tested.run(NOW).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_leaves_its_place_to_the_next() {
    let tested = Tested::new();
    tested.next(Next::Fails(Duration::ZERO));
    tested.run(NOW).await.unwrap_err();
    time::advance(PAUSE).await;
    tested.next(Next::Answers(ANSWER / 2));
    assert!(time::timeout(ANSWER / 4, tested.run(NOW)).await.is_err());
    assert_eq!(tested.health().batches, 1, "it is not known how it would have ended");
    tested.run(NOW).await.unwrap();
    assert!(tested.health().up);
}

#[tokio::test(start_paused = true)]
async fn those_who_were_under_way_when_it_failed_make_the_pause_no_longer() {
    let tested = Tested::new();
    tested.next(Next::Fails(ANSWER / 2));
    let late = tested.run(NOW);
    let early = async {
        tested.next(Next::Fails(Duration::ZERO));
        tested.run(NOW).await
    };
    let (late, early) = tokio::join!(biased; late, early);
    assert_eq!((early, late), (Err(failed()), Err(failed())));
    // The pause began with the first one.
    time::advance(PAUSE - ANSWER / 2).await;
    tested.next(Next::Answers(Duration::ZERO));
    tested.run(NOW).await.unwrap();
    assert_eq!(tested.health().failures, 2);
}

#[tokio::test(start_paused = true)]
async fn health_tells_it_all() {
    let tested = Tested::new();
    assert_eq!(tested.health(), Health::default());
    tested.next(Next::Answers(ANSWER / 10));
    tested.run(NOW).await.unwrap();
    tested.run(NOW + 1).await.unwrap();
    let health = tested.health();
    assert_eq!((health.up, health.since, health.last_error), (true, Some(NOW), None));
    assert_eq!((health.batches, health.failures, health.refused), (2, 0, 0));
    assert!(health.took >= ANSWER / 5);

    tested.next(Next::Fails(Duration::ZERO));
    tested.run(NOW + 2).await.unwrap_err();
    tested.run(NOW + 3).await.unwrap_err();
    let health = tested.health();
    assert_eq!((health.up, health.since, health.last_error), (false, Some(NOW + 2), Some(failed())));
    assert_eq!((health.batches, health.failures, health.refused), (3, 1, 1));

    time::advance(PAUSE).await;
    tested.next(Next::Answers(Duration::ZERO));
    tested.run(NOW + 4).await.unwrap();
    let health = tested.health();
    assert_eq!((health.up, health.since, health.last_error), (true, Some(NOW + 4), Some(failed())));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_no_store_takes_is_no_failure_of_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::place::file(&directory);
    let sqlite = batv_store::sqlite::Sqlite::open(&path, batv_store::sqlite::DEFAULT_LIMIT).unwrap();
    let guarded = Guarded::new(sqlite, Patience::default());
    let octets = VALUE_LIMIT + 1;
    let batch = vec![crate::place::put(batv_store::Table::Sent, 1, &vec![0; octets], NOW + 9)];
    assert_eq!(guarded.run(batch, NOW).await, Err(Error::ValueTooLong { octets }));
    assert!(guarded.health().up && guarded.health().failures == 0);
}
