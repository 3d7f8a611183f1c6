//! Size of the file, and the entries that are dropped to stay within it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{CachedStatement, Connection, params};

use crate::operation::{Operation, Table};
use crate::sqlite::execute::{kind, time};

/// Tables in the order in which they make room.
const TABLES: [Table; 3] = [Table::Sent, Table::Handle, Table::Alias];
/// Octets of an entry beside its value, with its indexes and unused room in pages.
const ENTRY: u64 = 100;
/// Octets that may be written before the size is checked.
const STEP: u64 = 32 << 10;
/// Pages of the log beside the file: the more, the fewer are written twice into the file, and the seldomer.
const FEWEST_LOGGED: u64 = 250;
const MOST_LOGGED: u64 = 4_000;
/// Octets by which a file that is over its limit from the beginning may grow.
const GROWTH: u64 = 256 << 10;
/// Entries that one statement drops.
const GONE: u32 = 64;
/// Expired entries of each kind that one transaction removes, and for each that it writes.
const PRUNED: u64 = 16;
const PRUNED_PER_WRITTEN: u64 = 2;
/// Steps after which counters are counted again, which reads each of them.
const RECOUNT: u32 = 256;

/// Limit of the pages in use, and what was written since they were counted.
pub(super) struct Size {
    pages: u64,
    page_octets: u64,
    written: u64,
    entries: u64,
    steps: u32,
    crowded_with_counters: bool,
    /// Number of entries dropped for want of room.
    forgotten: Arc<AtomicU64>,
}

impl Size {
    /// Sets limits for SQLite, beyond which it refuses to write: entries are dropped before that. A file that is larger
    /// already may grow a little meanwhile.
    pub(super) fn new(connection: &Connection, limit: u64, forgotten: Arc<AtomicU64>) -> rusqlite::Result<Self> {
        let page_octets: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages: u64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        let most = limit / page_octets;
        let refused_after = most.max(pages + GROWTH / page_octets);
        connection.pragma_update_and_check(None, "max_page_count", refused_after, |_| Ok(()))?;
        // The log of changes is brought into the file, which waits for the disk, when it has so many pages.
        let logged = (most / 8).clamp(FEWEST_LOGGED, MOST_LOGGED);
        connection.pragma_update_and_check(None, "wal_autocheckpoint", logged, |_| Ok(()))?;
        // One that never gets smaller by itself shows that somebody has cut it off.
        connection.pragma_update_and_check(None, "journal_size_limit", -1, |_| Ok(()))?;
        // What one step may write fits between.
        let pages = (most - most / 8).min(most - 2 * STEP / page_octets);
        Ok(Self { pages, page_octets, written: 0, entries: 0, steps: 0, crowded_with_counters: false, forgotten })
    }

    /// Notes an operation that was done, and makes room when enough was written.
    pub(super) fn note(&mut self, connection: &Connection, operation: &Operation) -> rusqlite::Result<()> {
        let octets = match operation {
            Operation::Put { value, .. } => ENTRY + value.len() as u64,
            Operation::Count { by: 1.., .. } => ENTRY,
            _ => return Ok(()),
        };
        self.entries += 1;
        self.written += octets;
        if self.written < STEP { Ok(()) } else { self.make_room(connection) }
    }

    /// Ends a transaction: removes some entries that have expired by `now`, if that is known for sure, and makes room.
    pub(super) fn settle(&mut self, connection: &Connection, now: Option<u64>) -> rusqlite::Result<()> {
        let written = core::mem::take(&mut self.entries);
        if let Some(now) = now {
            prune(connection, PRUNED + PRUNED_PER_WRITTEN * written, now)?;
        }
        self.make_room(connection)
    }

    /// Drops twice as much as was written while too many pages are in use: so they soon get fewer, and no batch waits
    /// long.
    fn make_room(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let written = core::mem::take(&mut self.written);
        let sql = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count";
        let used: u64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        if used > self.pages { self.remove(connection, 2 * written) } else { Ok(()) }
    }

    /// Drops entries of so many octets, if there are.
    pub(super) fn remove(&mut self, connection: &Connection, octets: u64) -> rusqlite::Result<()> {
        if self.steps.is_multiple_of(RECOUNT) {
            let counters: u64 = connection.query_row("SELECT count(*) FROM counter", [], |row| row.get(0))?;
            self.crowded_with_counters = counters * ENTRY > self.pages * self.page_octets / 4;
        }
        self.steps = self.steps.wrapping_add(1);
        let mut gone = 0;
        while gone < octets {
            let before = gone;
            if self.crowded_with_counters {
                gone += self.removed(&remove_counters(connection)?);
            }
            for table in TABLES {
                if gone == before {
                    gone += self.removed(&remove_entries(connection, table)?);
                }
            }
            if gone == before {
                gone += self.removed(&remove_counters(connection)?);
            }
            if gone == before {
                break;
            }
        }
        Ok(())
    }

    /// Notes that entries with values of these sizes were dropped; returns the octets that they took.
    fn removed(&self, values: &[u64]) -> u64 {
        self.forgotten.fetch_add(values.len() as u64, Ordering::Relaxed);
        values.iter().map(|octets| ENTRY + octets).sum()
    }
}

/// Removes so many entries of each kind at most that have expired.
fn prune(connection: &Connection, most: u64, now: u64) -> rusqlite::Result<()> {
    for table in TABLES {
        let sql = "DELETE FROM entry WHERE id IN \
                   (SELECT id FROM entry WHERE kind = ?1 AND expires <= ?2 ORDER BY expires LIMIT ?3)";
        connection.prepare_cached(sql)?.execute(params![kind(table), time(now), most.cast_signed()])?;
    }
    let sql = "DELETE FROM counter WHERE id IN \
               (SELECT id FROM counter WHERE expires <= ?1 ORDER BY expires LIMIT ?2)";
    connection.prepare_cached(sql)?.execute(params![time(now), most.cast_signed()])?;
    Ok(())
}

fn remove_entries(connection: &Connection, table: Table) -> rusqlite::Result<Vec<u64>> {
    let sql = "DELETE FROM entry WHERE id IN \
               (SELECT id FROM entry WHERE kind = ?1 ORDER BY expires LIMIT ?2) RETURNING length(value)";
    removed(connection.prepare_cached(sql)?, params![kind(table), GONE])
}

fn remove_counters(connection: &Connection) -> rusqlite::Result<Vec<u64>> {
    let sql = "DELETE FROM counter WHERE id IN (SELECT id FROM counter ORDER BY expires LIMIT ?1) RETURNING 0";
    removed(connection.prepare_cached(sql)?, params![GONE])
}

/// Size of each value that a statement removed.
fn removed(mut statement: CachedStatement<'_>, parameters: impl rusqlite::Params) -> rusqlite::Result<Vec<u64>> {
    statement.query_map(parameters, |row| row.get(0))?.collect()
}
