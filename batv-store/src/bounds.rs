//! What every back end takes, and no more.

use crate::error::Error;
use crate::operation::{BATCH_LIMIT, Operation, VALUE_LIMIT};

/// The last second that a store can tell from others, as a number of Lua has 53 bits. What is later is as late.
pub(crate) const LATEST: u64 = (1 << 53) - 1;

/// Whether a store takes this batch.
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
