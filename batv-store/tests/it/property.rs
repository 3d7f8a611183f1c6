//! Any operations: the stores and the model agree.

use core::sync::atomic::{AtomicU32, Ordering};

use batv_core::fingerprint::Fingerprint;
use batv_store::redis::Redis;
use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
use batv_store::{Operation, Share, Store, Table};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::model::Model;
use crate::place::{NOW, answers, file, key};
use crate::server::{Server, Serves as _};

/// A server frees what has ended by its own clock, so none of these seconds may pass meanwhile.
const STEP: u64 = 100_000;

fn a_key() -> impl Strategy<Value = Fingerprint> {
    (1_u8..6).prop_map(key)
}

fn an_end() -> impl Strategy<Value = u64> {
    (0_u64..12).prop_map(|steps| NOW + steps * STEP)
}

fn an_operation() -> impl Strategy<Value = Operation> {
    let table = prop_oneof![Just(Table::Sent), Just(Table::Handle), Just(Table::Alias)];
    let share = prop::option::of((1_u8..3, 0_u32..5).prop_map(|(owner, quota)| Share { owner: key(owner), quota }));
    let value = prop::collection::vec(any::<u8>(), 0..5);
    prop_oneof![
        4 => (table.clone(), a_key(), value, an_end(), share)
            .prop_map(|(table, key, value, expires, share)| Operation::Put { table, key, value, expires, share }),
        2 => (table, a_key()).prop_map(|(table, key)| Operation::Get { table, key }),
        2 => (a_key(), prop_oneof![0_u32..4, Just(u32::MAX)], an_end())
            .prop_map(|(key, by, expires)| Operation::Count { key, by, expires }),
    ]
}

/// Batches, and how many steps of time pass before each.
fn batches() -> impl Strategy<Value = Vec<(u64, Vec<Operation>)>> {
    prop::collection::vec((0_u64..3, prop::collection::vec(an_operation(), 0..8)), 1..12)
}

/// All that there can be.
fn everything() -> Vec<Operation> {
    let tables = [Table::Sent, Table::Handle, Table::Alias];
    let gets = (1..6).flat_map(|number| tables.map(|table| Operation::Get { table, key: key(number) }));
    gets.chain((1..6).map(|number| Operation::Count { key: key(number), by: 0, expires: 0 })).collect()
}

#[test]
fn the_stores_and_the_model_agree() {
    let server = Server::start(&[]);
    let cases = AtomicU32::new(0);
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let result = runner.run(&batches(), |batches| {
        let prefix = format!("{}:", cases.fetch_add(1, Ordering::Relaxed));
        let directory = tempfile::tempdir().unwrap();
        let model = Model::default();
        let sqlite = Sqlite::open(&file(&directory), DEFAULT_LIMIT).unwrap();
        let redis = Redis::new(&server.settings().with_prefix(&prefix)).unwrap();
        let stores: [(&str, &dyn Store); 2] = [("SQLite", &sqlite), ("Redis", &redis)];
        let mut now = NOW;
        for (steps, batch) in batches {
            now += steps * STEP;
            for batch in [batch, everything()] {
                let expected = answers(&model, batch.clone(), now);
                for (name, store) in stores {
                    prop_assert_eq!(&answers(store, batch.clone(), now), &expected, "{}: {:?}", name, batch);
                }
            }
        }
        Ok(())
    });
    result.unwrap();
}
