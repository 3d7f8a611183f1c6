//! Schema of the file, and how it is opened.

use alloc::string::ToString;
use core::time::Duration;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::error::Error;

/// Application id, `BATV`: tells our files from those of other programs that use SQLite.
const APPLICATION: i32 = i32::from_be_bytes(*b"BATV");
const VERSION: u32 = 1;
/// Time for which another process may hold the lock.
const BUSY: Duration = Duration::from_secs(2);

/// The beginning of each SQLite file, and where the application id stands (<https://sqlite.org/fileformat.html>).
const MAGIC: &[u8] = b"SQLite format 3\0";
const APPLICATION_AT: usize = 68;

/// Tables. Rows are in the order of their insertion, which is about the order of their expiry: an insertion touches one
/// page that isn't in use anyway, that of the key, and expired rows leave whole pages free.
const TABLES: &str = "
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        key BLOB NOT NULL,
        value BLOB NOT NULL,
        expires INTEGER NOT NULL,
        owner BLOB,
        sequence INTEGER,
        UNIQUE (kind, key)
    ) STRICT;
    CREATE INDEX entry_expires ON entry (kind, expires);
    CREATE INDEX entry_owner ON entry (owner, sequence, expires) WHERE owner IS NOT NULL;
    CREATE TABLE counter (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        total INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX counter_expires ON counter (expires);
";

/// Opens the file, or creates it.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    check_file(path)?;
    let failed = |error: rusqlite::Error| failed(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    if version(&connection, path)?.is_none() {
        // Another process may create it at the same time.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if version(&transaction, path)?.is_none() {
            begin(transaction).map_err(failed)?;
        }
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    // No files elsewhere: a confined process may have access to this folder only.
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Examines the file: each page of it is read.
pub(super) fn examine(connection: &Connection, path: &Path) -> Result<(), Error> {
    let said: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| failed(path, &error))?;
    if said == "ok" {
        return Ok(());
    }
    Err(Error::Corrupt { path: path.to_owned(), reason: said.replace('\n', " ") })
}

/// Whether the file at this path is one of ours by its beginning, or begins with zeros, as one that was cut off can. It must not be
/// open: the locks of SQLite would go.
pub(super) fn looks_like_ours(path: &Path) -> bool {
    let mut head = [0; APPLICATION_AT + 4];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok()
        && (head.iter().all(|octet| *octet == 0)
            || head.starts_with(MAGIC) && head.ends_with(&APPLICATION.to_be_bytes()))
}

/// Error of the file from an error of SQLite.
pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::Corrupt { path: path.to_owned(), reason },
        _ => Error::Failed { store: path.display().to_string(), reason },
    }
}

/// Creates the file with its mode, which SQLite gives to those beside it, and checks the mode.
fn check_file(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let metadata = options
        .open(path)
        .and_then(|file| file.metadata())
        .map_err(|error| Error::File { path: path.to_owned(), reason: error.to_string() })?;
    if !metadata.is_file() {
        // SQLite would wait for somebody who writes into a pipe.
        return Err(Error::File { path: path.to_owned(), reason: "it is no regular file".to_string() });
    }
    check_mode(path, &metadata)
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Error::Mode { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere files have access lists, which the directory hands down")]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

/// Version of the format; `None` when the file is empty.
fn version(connection: &Connection, path: &Path) -> Result<Option<u32>, Error> {
    let failed = |error: rusqlite::Error| failed(path, &error);
    let sql = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) \
               FROM pragma_application_id, pragma_user_version";
    let (application, version, tables) = connection
        .query_row(sql, [], |row| Ok((row.get::<_, i32>(0)?, row.get::<_, u32>(1)?, row.get::<_, u32>(2)?)))
        .map_err(failed)?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(None),
        (APPLICATION, VERSION, _) => Ok(Some(VERSION)),
        (APPLICATION, version, _) => Err(Error::Newer { path: path.to_owned(), version, known: VERSION }),
        _ => Err(Error::Foreign { path: path.to_owned() }),
    }
}

fn begin(transaction: Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
