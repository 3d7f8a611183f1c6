//! Limits of a batch, which every back end checks.

use crate::error::Error;
use crate::operation::{BATCH_LIMIT, Operation, VALUE_LIMIT};

/// Latest time that a store can represent, as a number of Lua has 53 bits. Later times count as this one.
pub(crate) const LATEST: u64 = (1 << 53) - 1;

/// Checks that a batch is within the limits.
pub(crate) fn check(batch: &[Operation]) -> Result<(), Error> {
    if batch.len() > BATCH_LIMIT {
        return Err(Error::BatchTooLong { operations: batch.len() });
    }
    let too_long = batch.iter().find_map(|operation| match operation {
        Operation::Put { value, .. } if value.len() > VALUE_LIMIT => Some(value.len()),
        _ => None,
    });
    too_long.map_or(Ok(()), |octets| Err(Error::ValueTooLong { octets }))
}
