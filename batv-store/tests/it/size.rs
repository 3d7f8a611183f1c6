//! How large a file gets, and what goes when there is no room.

use std::fs;
use std::path::Path;

use batv_core::fingerprint::Fingerprint;
use batv_store::sqlite::{LEAST_LIMIT, Sqlite};
use batv_store::{Answer, Operation, Store, Table};
use rusqlite::Connection;

use crate::place::{NOW, answers, file};

const LIMIT: u64 = 2 << 20;
/// The log beside the file, which SQLite lets grow to this before it is emptied, and some of a long transaction.
const LOG: u64 = 8 << 20;
const MANY: u64 = 100_000;

/// Spread as fingerprints are.
fn key(number: u64) -> Fingerprint {
    let spread = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut octets = [0; 16];
    octets[..8].copy_from_slice(&spread.to_be_bytes());
    octets[8..].copy_from_slice(&number.to_be_bytes());
    Fingerprint::new(octets)
}

fn sent(number: u64) -> Operation {
    let value = 20_781_u32.to_be_bytes().to_vec();
    Operation::Put { table: Table::Sent, key: key(number), value, expires: NOW + 1_000 + number, share: None }
}

fn alias(number: u64) -> Operation {
    Operation::Put { table: Table::Alias, key: key(number), value: vec![b'a'; 300], expires: NOW + 1, share: None }
}

fn counter(number: u64) -> Operation {
    Operation::Count { key: key(number), by: 1, expires: NOW + 1_000_000 }
}

fn within_limits(path: &Path) {
    assert!(fs::metadata(path).unwrap().len() <= LIMIT);
    let log = path.with_extension("sqlite-wal");
    assert!(fs::metadata(log).is_ok_and(|log| log.len() <= LOG));
}

fn fill(store: &Sqlite, path: &Path, operation: impl Fn(u64) -> Operation) {
    for first in (0..MANY).step_by(1_000) {
        answers(store, (first..first + 1_000).map(&operation).collect(), NOW);
        within_limits(path);
    }
}

fn present(store: &Sqlite, table: Table, numbers: impl Iterator<Item = u64>) -> usize {
    let batch = numbers.map(|number| Operation::Get { table, key: key(number) }).collect();
    answers(store, batch, NOW).iter().filter(|answer| matches!(answer, Answer::Value(Some(_)))).count()
}

fn rows(path: &Path, table: &str) -> u64 {
    let sql = format!("SELECT count(*) FROM {table}");
    Connection::open(path).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_log_of_what_was_sent_makes_room_for_itself_beginning_with_what_ends_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = Sqlite::open(&path, LIMIT).unwrap();
    answers(&store, (0..1_000).map(alias).collect(), NOW);
    assert_eq!(store.forgotten(), 0);
    fill(&store, &path, sent);
    // Aliases stay, although they end sooner.
    assert_eq!(present(&store, Table::Alias, 0..1_000), 1_000);
    assert_eq!(present(&store, Table::Sent, MANY - 4_000..MANY), 4_000);
    assert_eq!(present(&store, Table::Sent, 0..4_000), 0);
    let kept = rows(&path, "entry") - 1_000;
    assert_eq!(store.forgotten(), MANY - kept);
    println!("{kept} of {MANY} kept in {LIMIT} octets");
    assert!(kept > 10_000, "{kept}");
}

#[test]
fn who_makes_counters_makes_no_room_by_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = Sqlite::open(&path, LIMIT).unwrap();
    answers(&store, (0..4_000).map(sent).collect(), NOW);
    answers(&store, (0..1_000).map(alias).collect(), NOW);
    fill(&store, &path, counter);
    assert_eq!(present(&store, Table::Sent, 0..4_000), 4_000);
    assert_eq!(present(&store, Table::Alias, 0..1_000), 1_000);
    assert!(rows(&path, "counter") > 5_000);
}

#[test]
fn aliases_alone_stay_within_the_limit_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = Sqlite::open(&path, LIMIT).unwrap();
    for first in (0..25_000).step_by(1_000) {
        answers(&store, (first..first + 1_000).map(alias).collect(), NOW);
        within_limits(&path);
    }
    assert!(rows(&path, "entry") > 3_000);
}

#[test]
fn a_file_that_is_over_a_new_limit_is_emptied_down_to_it_and_works() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = Sqlite::open(&path, LIMIT).unwrap();
    for first in (0..25_000).step_by(1_000) {
        answers(&store, (first..first + 1_000).map(sent).collect(), NOW);
    }
    drop(store);
    let store = Sqlite::open(&path, LEAST_LIMIT).unwrap();
    for first in (MANY..MANY + 25_000).step_by(1_000) {
        answers(&store, (first..first + 1_000).map(sent).collect(), NOW);
    }
    assert_eq!(present(&store, Table::Sent, MANY + 22_000..MANY + 25_000), 3_000);
    assert!(rows(&path, "entry") < 20_000);
    assert!(fs::metadata(&path).unwrap().len() <= LIMIT);
}
