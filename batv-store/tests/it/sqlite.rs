//! The file: what is refused, what is kept, and who else may use it.

use core::time::Duration;
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use batv_core::fingerprint::Fingerprint;
use batv_store::sqlite::{DEFAULT_LIMIT, LEAST_LIMIT, Sqlite};
use batv_store::{Answer, Error, Operation, Share, Store, Table};
use batv_tests::host::wait_for;
use rusqlite::Connection;

use crate::place::{NOW, answers, count, file, get, key, outcome, put, value};

fn open(path: &Path) -> Result<Sqlite, Error> {
    Sqlite::open(path, DEFAULT_LIMIT)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A store that has been used, and that nobody has open.
fn used(path: &Path) {
    let store = open(path).unwrap();
    let batch = (0..100).map(|number| put(Table::Alias, number, &[number; 200], NOW + 9)).collect();
    answers(&store, batch, NOW);
    drop(store);
    // The thread ends by itself. What is in the log goes into the file.
    Connection::open(path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

#[test]
fn all_its_files_are_private() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).unwrap();
    answers(&store, vec![count(1, 1, NOW + 9)], NOW);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o7777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["store.sqlite", "store.sqlite-shm", "store.sqlite-wal"]);
}

/// Puts something in the place of the file.
type Make = Box<dyn Fn(&Path)>;

/// Each is refused with its words, and stays as it is.
#[test]
fn what_is_no_store_of_ours_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let shown = path.display();
    let sql = |sql: &'static str| move |path: &Path| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    let write = |octets: Vec<u8>| move |path: &Path| fs::write(path, &octets).unwrap();
    let cases: [(Make, u32, String); 6] = [
        (
            Box::new(write(b"Dear diary, ".repeat(1_000))),
            0o600,
            format!(
                "{shown} is damaged or no SQLite file (file is not a database): move it away, and a new one is created"
            ),
        ),
        (
            Box::new(sql("CREATE TABLE diary (entry TEXT)")),
            0o600,
            format!("{shown} is an SQLite file of another program: name a file of its own for the store"),
        ),
        (
            Box::new(sql("PRAGMA application_id = 7; PRAGMA user_version = 1")),
            0o600,
            format!("{shown} is an SQLite file of another program: name a file of its own for the store"),
        ),
        (
            Box::new(sql("PRAGMA application_id = 0x42415456; PRAGMA user_version = 2; CREATE TABLE entry (a)")),
            0o600,
            format!(
                "{shown} has format 2, and this program knows none after 1: use the newer program, or another file"
            ),
        ),
        (
            Box::new(write(Vec::new())),
            0o640,
            format!("{shown} has mode 0640, so others can read the stored data: run `chmod 600 {shown}`"),
        ),
        (
            Box::new(|path| fs::create_dir(path).unwrap()),
            0o700,
            format!("cannot open {shown}: Is a directory (os error 21)"),
        ),
    ];
    for (make, mode, expected) in cases {
        make(&path);
        set_mode(&path, mode);
        let before = fs::read(&path).ok();
        assert_eq!(open(&path).unwrap_err().to_string(), expected);
        assert_eq!(fs::read(&path).ok(), before, "{expected}");
        if before.is_some() { fs::remove_file(&path).unwrap() } else { fs::remove_dir(&path).unwrap() }
    }
    let error = Sqlite::open(&path, LEAST_LIMIT - 1).unwrap_err();
    assert_eq!(error.to_string(), "a file of 1048575 octets is too small for a store: allow at least 1048576");
    assert!(!path.exists());
}

/// Wherever it is damaged, there are answers or an error.
#[test]
fn a_damaged_file_gives_errors_and_no_panic() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    used(&path);
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(512) {
        let mut damaged = whole.clone();
        let end = (at + 512).min(whole.len());
        damaged[at..end].fill(0xa5);
        let truncated = whole[..at].to_vec();
        for octets in [damaged, truncated].into_iter().filter(|octets| !octets.is_empty()) {
            let other = directory.path().join(format!("damaged-{at}-{}", octets.len()));
            fs::write(&other, &octets).unwrap();
            set_mode(&other, 0o600);
            let Ok(store) = open(&other) else {
                assert_eq!(fs::read(&other).unwrap(), octets, "it is left alone");
                refused += 1;
                continue;
            };
            let batch = (0..100).map(|number| get(Table::Alias, number)).collect();
            refused += u32::from(outcome(&store, batch, NOW).is_err());
            drop(outcome(&store, vec![put(Table::Alias, 1, b"one", NOW + 9)], NOW));
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_damaged_file_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    used(&path);
    let mut octets = fs::read(&path).unwrap();
    octets[4_096..].fill(0xa5);
    fs::write(&path, &octets).unwrap();
    let store = Sqlite::open_later(&path, DEFAULT_LIMIT).unwrap();
    // Nothing need be asked.
    assert!(store.is_lost());
    let error = outcome(&store, Vec::new(), NOW).unwrap_err();
    let Error::Damaged { kept, .. } = &error else { panic!("{error}") };
    assert_eq!((kept, fs::read(kept).unwrap()), (&directory.path().join("store.sqlite.damaged"), octets));
    assert!(store.is_lost());
    answers(&store, vec![put(Table::Alias, 1, b"one", NOW + 9)], NOW);
    assert!(!store.is_lost());
    assert_eq!(answers(&store, vec![get(Table::Alias, 1)], NOW), [value(b"one")]);
}

/// A process that was killed left it, and somebody has cut it off since.
#[test]
fn a_file_that_was_not_closed_is_examined_before_it_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    used(&path);
    let store = open(&path).unwrap();
    answers(&store, vec![count(1, 1, NOW + 9)], NOW);
    let left = directory.path().join("left.sqlite");
    for end in ["", "-wal"] {
        let octets = fs::read(directory.path().join(format!("store.sqlite{end}"))).unwrap();
        fs::write(directory.path().join(format!("left.sqlite{end}")), octets).unwrap();
    }
    set_mode(&left, 0o600);
    let length = fs::metadata(&left).unwrap().len();
    let cut = fs::OpenOptions::new().write(true).open(&left).unwrap();
    cut.set_len(length / 2).unwrap();
    cut.set_len(length).unwrap();
    let store = Sqlite::open_later(&left, DEFAULT_LIMIT).unwrap();
    let error = outcome(&store, Vec::new(), NOW).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(answers(&store, vec![count(1, 1, NOW + 9)], NOW), [Answer::Total(1)]);
}

#[test]
fn a_file_that_is_mended_is_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("folder/store.sqlite");
    let store = Sqlite::open_later(&path, DEFAULT_LIMIT).unwrap();
    let ask = || outcome(&store, vec![count(1, 1, NOW + 9)], NOW);
    assert!(matches!(ask(), Err(Error::File { .. })));
    fs::create_dir(directory.path().join("folder")).unwrap();
    fs::write(&path, b"Dear diary, ".repeat(1_000)).unwrap();
    set_mode(&path, 0o600);
    assert!(matches!(ask(), Err(Error::Corrupt { .. })));
    fs::remove_file(&path).unwrap();
    for total in 1..=3 {
        assert_eq!(ask(), Ok(vec![Answer::Total(total)]));
    }
    // It is damaged while it is in use, and moved away, as the message says.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(other);
    let length = fs::metadata(&path).unwrap().len();
    let damaged = fs::OpenOptions::new().write(true).open(&path).unwrap();
    damaged.set_len(0).unwrap();
    damaged.set_len(length).unwrap();
    assert!(ask().is_err());
    for end in ["", "-wal", "-shm"] {
        fs::rename(
            directory.path().join(format!("folder/store.sqlite{end}")),
            directory.path().join(format!("old{end}")),
        )
        .ok();
    }
    assert_eq!(ask(), Ok(vec![Answer::Total(1)]));
}

/// What is done to a file of an open store, and whether the entries survive it.
type Harm = (&'static str, bool, fn(&Path));

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

fn cut_off(path: &Path) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
}

/// As often as a file is lost while it is in use: it is said, and the store goes on, in the same process.
#[test]
fn a_file_that_is_lost_while_it_is_in_use_is_missed_and_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let beside = |end| directory.path().join(format!("store.sqlite{end}"));
    let store = open(&path).unwrap();
    answers(&store, vec![count(1, 1, NOW + 9)], NOW);
    let harms: [Harm; 8] = [
        ("", false, remove),
        ("-wal", true, remove),
        ("-shm", true, remove),
        ("-wal", true, cut_off),
        // A write behind its end makes it long again.
        ("-wal", true, |path| {
            let length = fs::metadata(path).unwrap().len();
            cut_off(path);
            fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
        }),
        ("", false, cut_off),
        ("-shm", true, cut_off),
        ("", false, |path| {
            for end in ["", "-wal", "-shm"] {
                cut_off(&path.with_file_name(format!("store.sqlite{end}")));
            }
        }),
    ];
    for (end, survives, harm) in harms {
        assert!(!store.is_lost());
        harm(&beside(end));
        assert!(store.is_lost(), "{end}");
        let what = if beside(end).exists() { "cut off" } else { "removed" };
        let error = outcome(&store, vec![count(1, 1, NOW + 9)], NOW).unwrap_err();
        assert_eq!(error, Error::Lost { path: beside(end), what: what.to_owned() });
        let before = outcome(&store, vec![count(1, 0, NOW)], NOW).unwrap();
        assert_eq!(before, [Answer::Total(u32::from(survives))], "{end} {what}");
        answers(&store, vec![count(2, 1, NOW + 9)], NOW);
        if !survives {
            answers(&store, vec![count(1, 1, NOW + 9)], NOW);
        }
        // It is in the files that another process finds.
        let other = Connection::open(&path).unwrap();
        let total = other.query_row("SELECT total FROM counter WHERE key = ?1", [key(1).octets()], |row| row.get(0));
        assert_eq!(total, Ok(1), "{end} {what}");
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
}

/// What it holds is damaged then, and may be lost; but neither the process nor the use of a store is.
#[test]
fn a_log_that_is_cut_off_is_left_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).unwrap();
    answers(&store, (0..200).map(|number| put(Table::Alias, number, &[number; 1_000], NOW + 9)).collect(), NOW);
    cut_off(&directory.path().join("store.sqlite-wal"));
    let batch = || (0..200).map(|number| get(Table::Alias, number)).chain([count(1, 1, NOW + 9)]).collect();
    wait_for("use of a store", || outcome(&store, batch(), NOW).ok());
}

#[test]
fn a_pipe_is_no_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
    let error = open(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot open {}: it is no regular file", path.display()));
}

/// Another year for a minute, in which much is written.
#[test]
fn a_clock_that_is_wrong_for_a_while_costs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).unwrap();
    let entries = || (0..100).map(|number| put(Table::Sent, number, &[number], NOW + 2_592_000));
    let aliases = || (0..100).map(|number| put(Table::Alias, number, &[number], NOW + 1_296_000));
    answers(&store, entries().chain(aliases()).collect(), NOW);
    let year = NOW + 365 * 86_400;
    for number in 100..200 {
        answers(&store, vec![put(Table::Sent, number, &[number], year + 9), count(number, 1, year + 9)], year);
    }
    for table in [Table::Sent, Table::Alias] {
        for number in 0..100 {
            assert_eq!(answers(&store, vec![get(table, number)], NOW + 60), [value(&[number])], "{table:?} {number}");
        }
    }
}

#[test]
fn nobody_waits_behind_a_full_queue() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).unwrap();
    // Another process holds the lock, so that nothing can be written.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut queued = 0;
    let mut refused = 0;
    // The thread that writes gives up now and then, and takes others out of the queue.
    while refused == 0 {
        match store.run(vec![count(1, 1, NOW + 9)], NOW, Duration::ZERO) {
            Err(Error::TimedOut { .. }) => queued += 1,
            error => {
                assert_eq!(error, Err(Error::Overloaded { waiting: 1_024 }));
                refused += 1;
            }
        }
        assert!(queued < 100_000, "the queue is never full");
    }
    other.execute_batch("COMMIT").unwrap();
    let done = wait_for("room in the queue", || outcome(&store, vec![count(1, 0, NOW)], NOW).ok());
    assert!(matches!(done[..], [Answer::Total(1..=100_000)]), "{done:?}");
}

#[test]
fn a_batch_in_the_queue_is_done_although_nobody_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).unwrap();
    for _ in 0..100 {
        drop(store.run(vec![count(1, 1, NOW + 9)], NOW, Duration::ZERO));
    }
    assert_eq!(answers(&store, vec![count(1, 0, NOW)], NOW), [Answer::Total(100)]);
}

/// Another process holds the lock.
#[test]
fn a_caller_waits_for_a_locked_file_no_longer_than_it_wants() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let limit = Duration::from_millis(10);
    assert_eq!(store.run(vec![count(1, 1, NOW + 9)], NOW, limit), Err(Error::TimedOut { limit }));
    other.execute_batch("COMMIT").unwrap();
    wait_for("answer", || outcome(&store, vec![count(1, 0, NOW)], NOW).ok());
}

const CHILD: &str = "BATV_STORE_TEST_FILE";

#[test]
#[ignore = "the process beside the one of the next test"]
fn child() {
    let store = open(env::var_os(CHILD).unwrap().as_ref()).unwrap();
    for _ in 0..200 {
        // Who reads first must not find that another has written since.
        answers(&store, vec![get(Table::Alias, 1), count(1, 1, NOW + 9)], NOW);
    }
}

#[test]
fn processes_share_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let program = env::current_exe().unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = Command::new(&program);
            command.args(["--exact", "sqlite::child", "--ignored", "--quiet"]).env(CHILD, &path).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let store = open(&path).unwrap();
    assert_eq!(answers(&store, vec![count(1, 0, NOW)], NOW), [Answer::Total(600)]);
}

#[test]
fn what_somebody_else_wrote_into_it_does_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).unwrap();
    answers(&store, vec![put(Table::Alias, 1, b"one", NOW + 9), count(1, 1, NOW + 9)], NOW);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("UPDATE entry SET value = x'ff00', expires = 9223372036854775807").unwrap();
    other.execute_batch("UPDATE counter SET total = -5").unwrap();
    assert_eq!(answers(&store, vec![get(Table::Alias, 1)], NOW), [value(b"\xff\0")]);
    assert!(outcome(&store, vec![count(1, 0, NOW)], NOW).is_err());
    other.execute_batch("DROP TABLE entry").unwrap();
    let error = outcome(&store, vec![get(Table::Alias, 1)], NOW).unwrap_err();
    assert!(error.to_string().contains("no such table: entry"), "{error}");
}

/// What is over a large quota goes now and then, the oldest first, also where more is over it than goes at a time.
#[test]
fn a_large_quota_is_exceeded_by_a_64th_at_most() {
    const EACH: u32 = 4_000;
    for (quota, puts) in [(640, 2_000), (80_000, 90_000)] {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&file(&directory), DEFAULT_LIMIT).unwrap();
        put_of_one(&store, 0..puts, quota);
        let alive = alive(&store, puts);
        assert!(u64::from(quota + 10).max(u64::from(quota + quota / 64)) >= alive && alive >= quota.into(), "{alive}");
        // The quota is lowered to nearly none.
        put_of_one(&store, puts..puts + 1, 10);
        let left = self::alive(&store, puts + 1);
        assert!(left <= alive + 1 - 1_000.min(alive - 10), "{left}");
    }

    fn put_of_one(store: &Sqlite, numbers: core::ops::Range<u32>, quota: u32) {
        let share = Some(Share { owner: key(9), quota });
        for first in numbers.clone().step_by(EACH as usize) {
            let puts = (first..numbers.end.min(first + EACH)).map(|number| Operation::Put {
                table: Table::Alias,
                key: numbered(number),
                value: vec![1],
                expires: NOW + 9,
                share,
            });
            answers(store, puts.collect(), NOW);
        }
    }
}

fn numbered(number: u32) -> Fingerprint {
    let mut octets = [0; 16];
    octets[..4].copy_from_slice(&number.to_be_bytes());
    Fingerprint::new(octets)
}

/// How many of these are there, which are the newest.
fn alive(store: &Sqlite, puts: u32) -> u64 {
    let mut kept = Vec::new();
    for first in (0..puts).step_by(4_000) {
        let gets = (first..puts.min(first + 4_000)).map(get_numbered);
        kept.extend(answers(store, gets.collect(), NOW).into_iter().map(|answer| answer == value(&[1])));
    }
    let alive = kept.iter().filter(|kept| **kept).count();
    assert!(kept[kept.len() - alive..].iter().all(|kept| *kept), "the oldest have gone");
    alive as u64
}

fn get_numbered(number: u32) -> Operation {
    Operation::Get { table: Table::Alias, key: numbered(number) }
}
