//! Where a store can be: each test of what stores do runs on all of them.

use alloc::sync::Arc;
use core::time::Duration;
use std::path::PathBuf;

use batv_core::fingerprint::Fingerprint;
use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
use batv_store::{Answer, Error, Operation, Store, Table};
use tempfile::TempDir;

use crate::model::Model;
use crate::server::{Server, Serves as _};

/// Ends a test that hangs. It is no time that anything should take.
pub(crate) const FOREVER: Duration = Duration::from_secs(100);

/// Some stage of 2026.
pub(crate) const NOW: u64 = 1_795_478_400;

pub(crate) enum Place {
    Model(Arc<Model>),
    File(TempDir),
    Server(Box<Server>),
}

impl Place {
    pub(crate) fn all() -> [Self; 3] {
        let persistent = ["--appendonly", "yes", "--appendfsync", "always"];
        [
            Self::Model(Arc::default()),
            Self::File(tempfile::tempdir().unwrap()),
            Self::Server(Box::new(Server::start(&persistent))),
        ]
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Model(_) => "model",
            Self::File(_) => "SQLite",
            Self::Server(_) => "Redis",
        }
    }

    /// Forgets all. What was opened before is of no use then.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Model(model) => *model = Arc::default(),
            Self::File(directory) => *directory = tempfile::tempdir().unwrap(),
            Self::Server(server) => assert_eq!(server.tell("FLUSHALL"), "+OK\r\n"),
        }
    }

    /// Another one of the same content, as another process would open it.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Model(model) => model.clone(),
            Self::File(directory) => Arc::new(Sqlite::open(&file(directory), DEFAULT_LIMIT).unwrap()),
            Self::Server(server) => Arc::new(server.store()),
        }
    }
}

pub(crate) fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("store.sqlite")
}

pub(crate) fn key(number: u8) -> Fingerprint {
    Fingerprint::new([number; 16])
}

pub(crate) fn put(table: Table, number: u8, value: &[u8], expires: u64) -> Operation {
    Operation::Put { table, key: key(number), value: value.to_vec(), expires, share: None }
}

pub(crate) fn get(table: Table, number: u8) -> Operation {
    Operation::Get { table, key: key(number) }
}

pub(crate) fn count(number: u8, by: u32, expires: u64) -> Operation {
    Operation::Count { key: key(number), by, expires }
}

pub(crate) fn value(value: &[u8]) -> Answer {
    Answer::Value(Some(value.to_vec()))
}

/// The answers, which must come.
pub(crate) fn answers(store: &dyn Store, batch: Vec<Operation>, now: u64) -> Vec<Answer> {
    outcome(store, batch, now).unwrap()
}

pub(crate) fn outcome(store: &dyn Store, batch: Vec<Operation>, now: u64) -> Result<Vec<Answer>, Error> {
    let result = store.run(batch, now, FOREVER);
    assert_ne!(result, Err(Error::TimedOut { limit: FOREVER }), "it hangs");
    result
}
