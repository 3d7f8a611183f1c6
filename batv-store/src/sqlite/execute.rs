//! One operation, as SQL inside a transaction.

use batv_core::fingerprint::Fingerprint;
use rusqlite::{Connection, OptionalExtension, params};

use crate::bounds::LATEST;
use crate::operation::{Answer, Operation, Share, Table};

/// Entries that one that exceeds its quota may drop.
const DROPPED: u32 = 1_000;

/// Fraction of a quota by which it may be exceeded: to find the excess, all entries of the owner are counted, so an
/// owner with many would keep all others waiting. Between two counts there are at most half as many new entries as one
/// count drops.
const SLACK: u32 = 64;

/// Whether an operation leaves the file as it is.
pub(super) const fn only_reads(operation: &Operation) -> bool {
    matches!(operation, Operation::Get { .. } | Operation::Count { by: 0, .. })
}

/// Does an operation.
pub(super) fn execute(connection: &Connection, operation: &Operation, now: u64) -> rusqlite::Result<Answer> {
    match operation {
        Operation::Put { table, key, value, expires, share } => {
            let dropped = put(connection, *table, *key, value, *expires, *share, now)?;
            Ok(Answer::Done { dropped: u32::try_from(dropped).unwrap_or(u32::MAX) })
        }
        Operation::Get { table, key } => {
            let sql = "SELECT value FROM entry WHERE kind = ?1 AND key = ?2 AND expires > ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let value = statement.query_row(params![kind(*table), key.octets(), time(now)], |row| row.get(0));
            Ok(Answer::Value(value.optional()?))
        }
        Operation::Count { key, by, expires } => Ok(Answer::Total(count(connection, *key, *by, *expires, now)?)),
    }
}

/// Number of a table in the file, which must never change.
pub(super) const fn kind(table: Table) -> u8 {
    match table {
        Table::Sent => 0,
        Table::Handle => 1,
        Table::Alias => 2,
    }
}

/// Seconds as SQLite's integers, which have a sign.
pub(super) fn time(seconds: u64) -> i64 {
    seconds.min(LATEST).cast_signed()
}

/// Puts an entry; returns how many others it displaced.
fn put(
    connection: &Connection,
    table: Table,
    key: Fingerprint,
    value: &[u8],
    expires: u64,
    share: Option<Share>,
    now: u64,
) -> rusqlite::Result<usize> {
    if time(expires) <= time(now) {
        let sql = "DELETE FROM entry WHERE kind = ?1 AND key = ?2";
        connection.prepare_cached(sql)?.execute(params![kind(table), key.octets()])?;
        return Ok(0);
    }
    let sql = "INSERT OR REPLACE INTO entry (kind, key, value, expires, owner, sequence) VALUES (?1, ?2, ?3, ?4, ?5, \
               CASE WHEN ?5 IS NOT NULL THEN (SELECT coalesce(max(sequence), 0) + 1 FROM entry WHERE owner = ?5) END) \
               RETURNING sequence";
    let owner = share.map(|share| share.owner.octets());
    let row = params![kind(table), key.octets(), value, time(expires), owner];
    let sequence: Option<i64> = connection.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
    if let (Some(Share { owner, quota }), Some(sequence)) = (share, sequence)
        && sequence % i64::from((quota / SLACK).clamp(1, DROPPED / 2)) == 0
    {
        let sql = "DELETE FROM entry WHERE id IN (SELECT id FROM entry \
                   WHERE owner = ?1 AND expires > ?2 ORDER BY sequence LIMIT (SELECT min(?3, max(0, count(*) - ?4)) \
                   FROM entry WHERE owner = ?1 AND expires > ?2))";
        return connection.prepare_cached(sql)?.execute(params![owner.octets(), time(now), DROPPED, quota]);
    }
    Ok(0)
}

fn count(connection: &Connection, key: Fingerprint, by: u32, expires: u64, now: u64) -> rusqlite::Result<u32> {
    if by == 0 {
        let sql = "SELECT total FROM counter WHERE key = ?1 AND expires > ?2";
        let mut statement = connection.prepare_cached(sql)?;
        let total = statement.query_row(params![key.octets(), time(now)], |row| row.get(0)).optional()?;
        return Ok(total.unwrap_or(0));
    }
    let sql = "INSERT INTO counter (key, total, expires) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET \
               total = CASE WHEN expires > ?4 THEN min(total + ?2, ?5) ELSE ?2 END, \
               expires = CASE WHEN expires > ?4 THEN expires ELSE ?3 END RETURNING total";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row(params![key.octets(), by, time(expires), time(now), u32::MAX], |row| row.get(0))
}
