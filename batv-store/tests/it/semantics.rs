//! What all stores have in common.

use alloc::collections::BTreeSet;
use std::thread;

use batv_store::{Answer, BATCH_LIMIT, Error, Operation, Share, Table, VALUE_LIMIT};

use crate::place::{NOW, Place, answers, count, get, key, outcome, put, value};

const DONE: Answer = Answer::Done { dropped: 0 };
const NONE: Answer = Answer::Value(None);

fn entry_of(table: Table, number: u8, owner: u8, quota: u32, expires: u64) -> Operation {
    let share = Some(Share { owner: key(owner), quota });
    Operation::Put { table, key: key(number), value: vec![number], expires, share }
}

/// A name, and batches: when, what, and the answers.
type Case = (&'static str, Vec<(u64, Vec<(Operation, Answer)>)>);

fn cases() -> Vec<Case> {
    use Table::{Alias, Handle, Sent};

    let dropping =
        |number, owner, quota, dropped| (entry_of(Alias, number, owner, quota, NOW + 50), Answer::Done { dropped });
    let owned = |number, owner, quota| dropping(number, owner, quota, 0);
    let is = |number: u8| (get(Alias, number), value(&[number]));
    let gone = |number| (get(Alias, number), NONE);
    vec![
        ("nothing is asked", vec![(NOW, vec![])]),
        ("nothing is there", vec![(NOW, vec![(get(Sent, 1), NONE), (count(1, 0, NOW + 9), Answer::Total(0))])]),
        (
            "what is put is there, also in the same batch",
            vec![
                (NOW, vec![(put(Sent, 1, b"one", NOW + 9), DONE), (get(Sent, 1), value(b"one"))]),
                (NOW, vec![(get(Sent, 1), value(b"one"))]),
                (NOW, vec![(put(Sent, 1, b"two", NOW + 9), DONE), (get(Sent, 1), value(b"two"))]),
            ],
        ),
        (
            "tables and counters are apart",
            vec![(
                NOW,
                vec![
                    (put(Sent, 1, b"sent", NOW + 9), DONE),
                    (put(Handle, 1, b"handle", NOW + 9), DONE),
                    (count(1, 7, NOW + 9), Answer::Total(7)),
                    (get(Alias, 1), NONE),
                    (get(Handle, 1), value(b"handle")),
                    (get(Sent, 1), value(b"sent")),
                ],
            )],
        ),
        (
            "values are any octets",
            vec![(
                NOW,
                vec![
                    (put(Sent, 1, b"", NOW + 9), DONE),
                    (put(Sent, 2, b"\0:1:\r\n\xff%s\0", NOW + 9), DONE),
                    (put(Sent, 3, &[0xa5; VALUE_LIMIT], NOW + 9), DONE),
                    (get(Sent, 1), value(b"")),
                    (get(Sent, 2), value(b"\0:1:\r\n\xff%s\0")),
                    (get(Sent, 3), value(&[0xa5; VALUE_LIMIT])),
                ],
            )],
        ),
        (
            "an entry ends at its second, and not before",
            vec![
                (NOW, vec![(put(Sent, 1, b"one", NOW + 90), DONE)]),
                (NOW + 89, vec![(get(Sent, 1), value(b"one"))]),
                (NOW + 90, vec![(get(Sent, 1), NONE)]),
                (NOW + 91, vec![(put(Sent, 1, b"two", NOW + 99), DONE), (get(Sent, 1), value(b"two"))]),
            ],
        ),
        (
            "what has ended when it is put takes away what was there",
            vec![(
                NOW,
                vec![
                    (put(Sent, 1, b"one", NOW + 9), DONE),
                    (put(Sent, 1, b"two", NOW), DONE),
                    (get(Sent, 1), NONE),
                    (put(Sent, 1, b"two", 0), DONE),
                    (get(Sent, 1), NONE),
                ],
            )],
        ),
        (
            "no time is too late",
            vec![(
                NOW,
                vec![
                    (put(Sent, 1, b"one", u64::MAX), DONE),
                    (count(1, 3, u64::MAX), Answer::Total(3)),
                    (get(Sent, 1), value(b"one")),
                ],
            )],
        ),
        (
            "a counter keeps the end that it began with",
            vec![
                (NOW, vec![(count(1, 1, NOW + 90), Answer::Total(1)), (count(1, 2, NOW + 900), Answer::Total(3))]),
                (NOW, vec![(count(2, 1, NOW + 90), Answer::Total(1)), (count(2, 2, 0), Answer::Total(3))]),
                (NOW + 89, vec![(count(1, 0, 0), Answer::Total(3)), (count(2, 0, 0), Answer::Total(3))]),
                (NOW + 90, vec![(count(1, 0, 0), Answer::Total(0)), (count(2, 0, 0), Answer::Total(0))]),
                (NOW + 90, vec![(count(1, 5, NOW + 99), Answer::Total(5)), (count(1, 0, 0), Answer::Total(5))]),
            ],
        ),
        (
            "a counter that has ended when it begins isn't kept",
            vec![(NOW, vec![(count(1, 5, NOW), Answer::Total(5)), (count(1, 0, NOW), Answer::Total(0))])],
        ),
        (
            "a counter stays at the largest total",
            vec![(
                NOW,
                vec![
                    (count(1, u32::MAX, NOW + 9), Answer::Total(u32::MAX)),
                    (count(1, 1, NOW + 9), Answer::Total(u32::MAX)),
                    (count(2, u32::MAX - 1, NOW + 9), Answer::Total(u32::MAX - 1)),
                    (count(2, 9, NOW + 9), Answer::Total(u32::MAX)),
                ],
            )],
        ),
        (
            "over the quota the oldest goes, and only of that owner",
            vec![(
                NOW,
                vec![
                    owned(1, 100, 2),
                    owned(11, 101, 2),
                    owned(2, 100, 2),
                    dropping(3, 100, 2, 1),
                    gone(1),
                    is(2),
                    is(3),
                    is(11),
                ],
            )],
        ),
        (
            "what is put again is the newest",
            vec![(
                NOW,
                vec![
                    owned(1, 100, 2),
                    owned(2, 100, 2),
                    owned(1, 100, 2),
                    dropping(3, 100, 2, 1),
                    gone(2),
                    is(1),
                    is(3),
                ],
            )],
        ),
        (
            "what has ended takes no share",
            vec![
                (NOW, vec![owned(2, 100, 2), (entry_of(Alias, 1, 100, 2, NOW + 10), DONE)]),
                (NOW + 10, vec![owned(3, 100, 2), is(2), is(3)]),
            ],
        ),
        (
            "an entry that another owner overwrites is that owner's",
            vec![(
                NOW,
                vec![
                    owned(1, 100, 1),
                    owned(1, 101, 1),
                    owned(2, 100, 1),
                    is(1),
                    dropping(3, 101, 1, 1),
                    gone(1),
                    is(2),
                    is(3),
                    (put(Alias, 3, &[3], NOW + 9), DONE),
                    owned(4, 101, 1),
                    is(3),
                    is(4),
                ],
            )],
        ),
        (
            "what another one took takes no share",
            vec![(
                NOW,
                vec![
                    owned(2, 100, 2),
                    owned(1, 100, 2),
                    owned(1, 101, 2),
                    owned(3, 100, 2),
                    is(2),
                    is(3),
                    (entry_of(Alias, 3, 100, 2, NOW), DONE),
                    owned(4, 100, 2),
                    is(2),
                    is(4),
                ],
            )],
        ),
        (
            "a smaller quota drops several, and none keeps nothing",
            vec![(
                NOW,
                vec![
                    owned(1, 100, 9),
                    owned(2, 100, 9),
                    owned(3, 100, 9),
                    dropping(4, 100, 2, 2),
                    gone(1),
                    gone(2),
                    is(3),
                    is(4),
                    dropping(5, 100, 0, 3),
                    gone(3),
                    gone(4),
                    gone(5),
                ],
            )],
        ),
        (
            "a share is over all tables",
            vec![(
                NOW,
                vec![
                    (entry_of(Handle, 1, 100, 2, NOW + 9), DONE),
                    owned(1, 100, 2),
                    dropping(2, 100, 2, 1),
                    (get(Handle, 1), NONE),
                    is(1),
                    is(2),
                ],
            )],
        ),
    ]
}

#[test]
fn each_case_is_the_same_everywhere() {
    for mut place in Place::all() {
        for (name, batches) in cases() {
            place.clear();
            let store = place.open();
            for (at, (now, batch)) in batches.into_iter().enumerate() {
                let (batch, expected): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
                assert_eq!(answers(&*store, batch, now), expected, "{name}, batch {at}, in {}", place.name());
            }
        }
    }
}

#[test]
fn nothing_is_lost_when_many_count_at_once_over_several_connections() {
    const THREADS: u32 = 8;
    const EACH: u32 = 100;
    for place in Place::all() {
        let totals: BTreeSet<u32> = thread::scope(|scope| {
            let count_each = || {
                let store = place.open();
                let mut totals = Vec::new();
                for _ in 0..EACH {
                    match answers(&*store, vec![count(1, 1, NOW + 9)], NOW).as_slice() {
                        [Answer::Total(total)] => totals.push(*total),
                        other => panic!("{other:?}"),
                    }
                }
                totals
            };
            let counting: Vec<_> = (0..THREADS).map(|_| scope.spawn(count_each)).collect();
            counting.into_iter().flat_map(|counting| counting.join().unwrap()).collect()
        });
        assert_eq!(totals, (1..=THREADS * EACH).collect(), "{}", place.name());
    }
}

#[test]
fn what_one_puts_another_finds_also_later() {
    for mut place in Place::all() {
        let (first, second) = (place.open(), place.open());
        answers(&*first, vec![put(Table::Alias, 1, b"one", NOW + 9), count(1, 4, NOW + 9)], NOW);
        let question = || vec![get(Table::Alias, 1), count(1, 0, NOW)];
        let expected = [value(b"one"), Answer::Total(4)];
        assert_eq!(answers(&*second, question(), NOW), expected, "{}", place.name());
        drop((first, second));
        if let Place::Server(server) = &mut place {
            server.kill();
            server.start_again();
        }
        assert_eq!(answers(&*place.open(), question(), NOW), expected, "{}", place.name());
    }
}

#[test]
fn a_batch_that_is_too_long_is_not_done() {
    for place in Place::all() {
        if matches!(place, Place::Model(_)) {
            continue;
        }
        let store = place.open();
        let longest = vec![count(1, 1, NOW + 9); BATCH_LIMIT];
        assert_eq!(answers(&*store, longest, NOW).last(), Some(&Answer::Total(4_096)), "{}", place.name());
        let operations = BATCH_LIMIT + 1;
        let result = outcome(&*store, vec![count(1, 1, NOW + 9); operations], NOW);
        assert_eq!(result, Err(Error::BatchTooLong { operations }), "{}", place.name());
        let octets = VALUE_LIMIT + 1;
        let batch = vec![count(1, 1, NOW + 9), put(Table::Sent, 1, &vec![0; octets], NOW + 9)];
        assert_eq!(outcome(&*store, batch, NOW), Err(Error::ValueTooLong { octets }), "{}", place.name());
        assert_eq!(answers(&*store, vec![count(1, 0, NOW)], NOW), [Answer::Total(4_096)], "{}", place.name());
    }
}
