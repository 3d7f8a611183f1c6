//! The thread that has the file.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::AtomicU64;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;
use crate::operation::{Answer, Operation};
use crate::sqlite::size::Size;
use crate::sqlite::{schema, work};

/// Operations of waiting batches that go into one transaction, so that the first of them doesn't wait for long.
const TOGETHER: usize = 4_096;
/// Octets to free when the file has met its limit in spite of all.
const RELIEF: u64 = 256 << 10;

/// A batch that waits.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: Vec<Operation>,
    pub(super) now: u64,
    pub(super) reply: oneshot::Sender<Result<Vec<Answer>, Error>>,
}

pub(super) struct Worker {
    path: PathBuf,
    limit: u64,
    /// While it can be used.
    file: Option<File>,
    forgotten: Arc<AtomicU64>,
}

struct File {
    connection: Connection,
    size: Size,
}

impl Worker {
    /// The file is opened when it is asked for.
    pub(super) fn new(path: &Path, limit: u64) -> Self {
        Self { path: path.to_owned(), limit, file: None, forgotten: Arc::default() }
    }

    /// Counts what is forgotten for want of room.
    pub(super) fn forgotten(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.forgotten)
    }

    /// Opens the file now.
    pub(super) fn open(&mut self) -> Result<(), Error> {
        self.file = Some(File::open(&self.path, self.limit, &self.forgotten)?);
        Ok(())
    }

    pub(super) fn work(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut operations = first.batch.len();
            let mut jobs = Vec::from([first]);
            while operations < TOGETHER
                && let Ok(next) = queue.try_recv()
            {
                operations += next.batch.len();
                jobs.push(next);
            }
            self.commit(jobs);
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        match self.try_commit(&jobs) {
            // Who asked may have gone away since.
            Ok(answers) => jobs.into_iter().zip(answers).for_each(|(job, answers)| drop(job.reply.send(Ok(answers)))),
            Err(error) => {
                if matches!(error, Error::Corrupt { .. }) {
                    // Another one may be there the next time.
                    self.file = None;
                }
                jobs.into_iter().for_each(|job| drop(job.reply.send(Err(error.clone()))));
            }
        }
    }

    fn try_commit(&mut self, jobs: &[Job]) -> Result<Vec<Vec<Answer>>, Error> {
        let file = match &mut self.file {
            Some(file) => file,
            file => file.insert(File::open(&self.path, self.limit, &self.forgotten)?),
        };
        file.commit(jobs).map_err(|error| schema::failed(&self.path, &error))
    }
}

impl File {
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

    /// All of these in one transaction.
    fn run(&mut self, jobs: &[Job]) -> rusqlite::Result<Vec<Vec<Answer>>> {
        let only_reads = jobs.iter().flat_map(|job| &job.batch).all(work::only_reads);
        let behavior = if only_reads { TransactionBehavior::Deferred } else { TransactionBehavior::Immediate };
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let apply = |operation| {
                let answer = work::apply(&transaction, operation, job.now)?;
                self.size.note(&transaction, operation)?;
                Ok(answer)
            };
            answers.push(job.batch.iter().map(apply).collect::<rusqlite::Result<_>>()?);
        }
        if let Some(last) = jobs.last().filter(|_| !only_reads) {
            self.size.settle(&transaction, last.now)?;
        }
        transaction.commit()?;
        Ok(answers)
    }

    /// The disk may be full, too, and then this fails as well.
    fn relieve(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.size.remove(&transaction, RELIEF)?;
        transaction.commit()
    }
}
