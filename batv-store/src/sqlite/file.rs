//! The database file, and transactions in it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::AtomicU64;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::error::Error;
use crate::operation::Answer;
use crate::sqlite::size::Size;
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
    forgotten: Arc<AtomicU64>,
}

struct Database {
    connection: Connection,
    size: Size,
}

impl File {
    /// File that isn't opened yet.
    pub(super) fn new(path: &Path, limit: u64) -> Self {
        Self { path: path.to_owned(), limit, database: None, forgotten: Arc::default() }
    }

    /// Number of entries dropped for want of room.
    pub(super) fn forgotten(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.forgotten)
    }

    /// Opens the file now.
    pub(super) fn open(&mut self) -> Result<(), Error> {
        self.database = Some(Database::open(&self.path, self.limit, &self.forgotten)?);
        Ok(())
    }

    fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Vec<Answer>>, Error> {
        let database = match &mut self.database {
            Some(database) => database,
            database => database.insert(Database::open(&self.path, self.limit, &self.forgotten)?),
        };
        database.commit(jobs).map_err(|error| schema::failed(&self.path, &error))
    }
}

impl Backend for File {
    fn run(&mut self, jobs: Vec<Job>) {
        match self.commit(&jobs) {
            Ok(answers) => jobs.into_iter().zip(answers).for_each(|(job, answers)| job.answer(Ok(answers))),
            Err(error) => {
                if matches!(error, Error::Corrupt { .. }) {
                    // Another file may be there the next time.
                    self.database = None;
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

    fn commit(&mut self, jobs: &[Job]) -> rusqlite::Result<Vec<Vec<Answer>>> {
        match self.run(jobs) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                self.relieve()?;
                self.run(jobs)
            }
            result => result,
        }
    }

    /// Does all batches in one transaction.
    fn run(&mut self, jobs: &[Job]) -> rusqlite::Result<Vec<Vec<Answer>>> {
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
            self.size.settle(&transaction, last.now)?;
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
