//! The database file, and transactions in it.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::AtomicU64;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::clock::Clock;
use crate::error::Error;
use crate::operation::Answer;
use crate::sqlite::size::Size;
use crate::sqlite::watch::{Loss, Watch, with_ending};
use crate::sqlite::{execute, schema};
use crate::worker::{Backend, Job};

/// Octets to free when the file has met its limit in spite of all.
const RELIEF: u64 = 256 << 10;
/// What the name of a damaged file ends with.
const DAMAGED: &str = ".damaged";

/// File that is opened when it is needed.
pub(super) struct File {
    path: PathBuf,
    limit: u64,
    /// While it can be used.
    database: Option<Database>,
    watch: Arc<Watch>,
    clock: Clock,
    forgotten: Arc<AtomicU64>,
    /// Whether it was opened before.
    was_open: bool,
}

struct Database {
    connection: Connection,
    size: Size,
    watch: Arc<Watch>,
}

/// Why a transaction was not committed.
enum Failure {
    Sqlite(rusqlite::Error),
    /// A file was lost meanwhile.
    Lost,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl File {
    /// File that isn't opened yet.
    pub(super) fn new(path: &Path, limit: u64) -> Self {
        let watch = Arc::new(Watch::new(path));
        let (clock, forgotten) = (Clock::default(), Arc::default());
        Self { path: path.to_owned(), limit, database: None, watch, clock, forgotten, was_open: false }
    }

    /// The files, for who wants to know whether they are lost.
    pub(super) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// Number of entries dropped for want of room.
    pub(super) fn forgotten(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.forgotten)
    }

    /// Opens the file now.
    pub(super) fn open(&mut self) -> Result<(), Error> {
        // Who closes the file last removes its log.
        let was_closed = fs::metadata(with_ending(&self.path, "-wal")).map_or(true, |log| log.len() == 0);
        self.database = Some(Database::open(&self.path, self.limit, &self.forgotten, &self.watch)?);
        self.was_open = true;
        self.watch.suspect(self.watch.is_suspect() || !was_closed);
        // The first look remembers the files. Somebody else may have looked while there was no database.
        self.watch.forget();
        let _ = self.watch.look();
        Ok(())
    }

    fn close(&mut self) {
        self.database = None;
        self.watch.forget();
    }

    fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Vec<Answer>>, Error> {
        self.check()?;
        if self.database.is_none() {
            self.open()?;
        }
        self.examine()?;
        let at = Instant::now();
        for job in jobs {
            self.clock.note(job.now, at);
        }
        let prunes = self.clock.is_steady(at);
        let Some(database) = &mut self.database else { return Ok(Vec::new()) };
        match database.commit(jobs, prunes) {
            Ok(answers) => Ok(answers),
            Err(Failure::Sqlite(error)) => {
                if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
                    // What is read of the files no longer fits what was remembered of them.
                    self.abandon();
                }
                Err(schema::failed(&self.path, &error))
            }
            Err(Failure::Lost) => {
                self.check()?;
                // It is back, whatever it is now.
                self.abandon();
                Err(Error::Lost { path: self.path.clone(), what: Loss::Removed.to_string() })
            }
        }
    }

    /// Examines files that may be damaged.
    fn examine(&mut self) -> Result<(), Error> {
        if let Some(database) = self.database.as_ref().filter(|_| self.watch.is_suspect()) {
            schema::examine(&database.connection, &self.path)?;
            self.watch.suspect(false);
        }
        Ok(())
    }

    /// Renames a damaged file, if it is ours: what it holds is a memory of mail, and mail goes on. Another may be there by mistake.
    fn put_aside(&mut self, reason: String) -> Error {
        self.abandon();
        let (path, kept) = (self.path.clone(), with_ending(&self.path, DAMAGED));
        if !self.was_open && !schema::looks_like_ours(&path) {
            return Error::Corrupt { path, reason };
        }
        // Beside a new file nothing may be left of the old one.
        let log = fs::rename(with_ending(&path, "-wal"), with_ending(&kept, "-wal"));
        if log.is_err() {
            let _ = fs::remove_file(with_ending(&path, "-wal"));
        }
        let _ = fs::remove_file(with_ending(&path, "-shm"));
        match fs::rename(&path, &kept) {
            Ok(()) => Error::Damaged { path, kept, reason },
            Err(_) => Error::Corrupt { path, reason },
        }
    }

    /// Closes the database if a file of it has been lost, as far as it can be closed without making it worse.
    fn check(&mut self) -> Result<(), Error> {
        if self.database.is_none() {
            return Ok(());
        }
        let Some((path, loss)) = self.watch.look() else { return Ok(()) };
        let lost = Error::Lost { path: path.to_owned(), what: loss.to_string() };
        match loss {
            Loss::Removed => self.close(),
            Loss::CutOff => self.abandon(),
        }
        Err(lost)
    }

    /// Closes the database, and leaves its files as they are: what SQLite would write into one that was cut off fills its
    /// holes, and memory that belongs to another has gone.
    fn abandon(&mut self) {
        if let Some(database) = &self.database {
            let _ = database.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
        self.close();
        self.watch.suspect(true);
    }
}

impl Backend for File {
    fn run(&mut self, jobs: Vec<Job>) {
        match self.commit(&jobs) {
            Ok(answers) => jobs.into_iter().zip(answers).for_each(|(job, answers)| job.answer(Ok(answers))),
            Err(error) => {
                let error = match error {
                    Error::Corrupt { reason, .. } => self.put_aside(reason),
                    error => error,
                };
                jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
            }
        }
    }
}

impl Database {
    fn open(path: &Path, limit: u64, forgotten: &Arc<AtomicU64>, watch: &Arc<Watch>) -> Result<Self, Error> {
        let connection = schema::open(path)?;
        let size =
            Size::new(&connection, limit, Arc::clone(forgotten)).map_err(|error| schema::failed(path, &error))?;
        Ok(Self { connection, size, watch: Arc::clone(watch) })
    }

    fn commit(&mut self, jobs: &[Job], prunes: bool) -> Result<Vec<Vec<Answer>>, Failure> {
        match self.run(jobs, prunes) {
            Err(Failure::Sqlite(error)) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                self.relieve()?;
                self.run(jobs, prunes)
            }
            result => result,
        }
    }

    /// Does all batches in one transaction. `prunes` is whether it may remove what has expired.
    fn run(&mut self, jobs: &[Job], prunes: bool) -> Result<Vec<Vec<Answer>>, Failure> {
        let only_reads = jobs.iter().flat_map(|job| &job.batch).all(execute::only_reads);
        let behavior = if only_reads { TransactionBehavior::Deferred } else { TransactionBehavior::Immediate };
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let execute = |operation| {
                let answer = execute::execute(&transaction, operation, job.now)?;
                self.size.note(&transaction, operation)?;
                Ok(answer)
            };
            answers.push(job.batch.iter().map(execute).collect::<rusqlite::Result<_>>()?);
        }
        if let Some(last) = jobs.last().filter(|_| !only_reads) {
            self.size.settle(&transaction, prunes.then_some(last.now))?;
        }
        // What is committed can hide that a file was cut off: it makes it long again.
        if self.watch.look().is_some() {
            return Err(Failure::Lost);
        }
        transaction.commit()?;
        Ok(answers)
    }

    /// Frees some room. This fails, too, when the disk is full.
    fn relieve(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.size.remove(&transaction, RELIEF)?;
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use batv_core::fingerprint::Fingerprint;

    use super::*;
    use crate::operation::{Operation, Table};

    const NOW: u64 = 1_795_478_400;

    fn rows(database: &Database, table: &str) -> u64 {
        database.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    fn key(number: u16) -> Fingerprint {
        let mut octets = [7; 16];
        octets[..2].copy_from_slice(&number.to_be_bytes());
        Fingerprint::new(octets)
    }

    fn batch(numbers: core::ops::Range<u16>, now: u64) -> Job {
        let entries = numbers.flat_map(|number| {
            let put = Operation::Put {
                table: Table::Sent,
                key: key(number),
                value: vec![1; 4],
                expires: now + 1_000,
                share: None,
            };
            [put, Operation::Count { key: key(number), by: 1, expires: now + 1_000 }]
        });
        Job::of(entries.collect(), now)
    }

    /// Its end, written into the file, would make that as long as it was.
    #[test]
    fn what_a_transaction_did_while_a_file_was_cut_off_is_not_committed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.sqlite");
        let mut file = File::new(&path, 2 << 20);
        file.open().unwrap();
        file.commit(&[batch(0..10, NOW)]).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
        let outcome = file.database.as_mut().unwrap().commit(&[batch(10..20, NOW)], false);
        assert!(matches!(outcome, Err(Failure::Lost)));
        assert!(matches!(file.commit(&[batch(10..20, NOW)]), Err(Error::Lost { .. })));
    }

    #[test]
    fn what_has_ended_goes_little_by_little_while_the_clock_is_steady() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.sqlite");
        let mut database = Database::open(&path, 2 << 20, &Arc::default(), &Arc::new(Watch::new(&path))).unwrap();
        database.commit(&[batch(0..2_000, NOW)], true).ok().unwrap();
        let later = NOW + 2_000_000;
        for _ in 0..300 {
            database.commit(&[batch(5_000..5_001, later)], false).ok().unwrap();
        }
        assert_eq!((rows(&database, "entry"), rows(&database, "counter")), (2_001, 2_001));
        database.commit(&[batch(5_000..5_001, later)], true).ok().unwrap();
        assert!(
            (1_000..2_000).contains(&rows(&database, "entry")) && (1_000..2_000).contains(&rows(&database, "counter"))
        );
        for _ in 0..300 {
            database.commit(&[batch(5_000..5_001, later)], true).ok().unwrap();
        }
        assert_eq!((rows(&database, "entry"), rows(&database, "counter")), (1, 1));
    }
}
