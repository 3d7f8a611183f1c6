//! The database file, and transactions in it.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::AtomicU64;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::clock::Clock;
use crate::error::Error;
use crate::operation::Answer;
use crate::sqlite::size::Size;
use crate::sqlite::watch::{Loss, Watch};
use crate::sqlite::{execute, schema};
use crate::worker::{Backend, Job};

/// Octets to free when the file has met its limit in spite of all.
const RELIEF: u64 = 256 << 10;

/// File that is opened when it is needed.
pub(super) struct File {
    path: PathBuf,
    limit: u64,
    /// While it can be used.
    database: Option<Database>,
    watch: Arc<Watch>,
    clock: Clock,
    forgotten: Arc<AtomicU64>,
}

struct Database {
    connection: Connection,
    size: Size,
}

impl File {
    /// File that isn't opened yet.
    pub(super) fn new(path: &Path, limit: u64) -> Self {
        let watch = Arc::new(Watch::new(path));
        Self { path: path.to_owned(), limit, database: None, watch, clock: Clock::default(), forgotten: Arc::default() }
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
        self.database = Some(Database::open(&self.path, self.limit, &self.forgotten)?);
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
        let at = Instant::now();
        for job in jobs {
            self.clock.note(job.now, at);
        }
        let prunes = self.clock.is_steady(at);
        let Some(database) = &mut self.database else { return Ok(Vec::new()) };
        database.commit(jobs, prunes).map_err(|error| {
            if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
                // What is read of the files no longer fits what was remembered of them.
                self.abandon();
            }
            schema::failed(&self.path, &error)
        })
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
    }
}

impl Backend for File {
    fn run(&mut self, jobs: Vec<Job>) {
        match self.commit(&jobs) {
            Ok(answers) => jobs.into_iter().zip(answers).for_each(|(job, answers)| job.answer(Ok(answers))),
            Err(error) => {
                if matches!(error, Error::Corrupt { .. }) {
                    // Another file may be there the next time.
                    self.close();
                }
                jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
            }
        }
    }
}

impl Database {
    fn open(path: &Path, limit: u64, forgotten: &Arc<AtomicU64>) -> Result<Self, Error> {
        let connection = schema::open(path)?;
        let size =
            Size::new(&connection, limit, Arc::clone(forgotten)).map_err(|error| schema::failed(path, &error))?;
        Ok(Self { connection, size })
    }

    fn commit(&mut self, jobs: &[Job], prunes: bool) -> rusqlite::Result<Vec<Vec<Answer>>> {
        match self.run(jobs, prunes) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                self.relieve()?;
                self.run(jobs, prunes)
            }
            result => result,
        }
    }

    /// Does all batches in one transaction. `prunes` is whether it may remove what has expired.
    fn run(&mut self, jobs: &[Job], prunes: bool) -> rusqlite::Result<Vec<Vec<Answer>>> {
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

    #[test]
    fn what_has_ended_goes_little_by_little_while_the_clock_is_steady() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.sqlite");
        let mut database = Database::open(&path, 2 << 20, &Arc::default()).unwrap();
        database.commit(&[batch(0..2_000, NOW)], true).unwrap();
        let later = NOW + 2_000_000;
        for _ in 0..300 {
            database.commit(&[batch(5_000..5_001, later)], false).unwrap();
        }
        assert_eq!((rows(&database, "entry"), rows(&database, "counter")), (2_001, 2_001));
        database.commit(&[batch(5_000..5_001, later)], true).unwrap();
        assert!(
            (1_000..2_000).contains(&rows(&database, "entry")) && (1_000..2_000).contains(&rows(&database, "counter"))
        );
        for _ in 0..300 {
            database.commit(&[batch(5_000..5_001, later)], true).unwrap();
        }
        assert_eq!((rows(&database, "entry"), rows(&database, "counter")), (1, 1));
    }
}
