//! Batches as commands that run the script, and its answers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use batv_core::fingerprint::Fingerprint;
use redis::{Cmd, Script, Value};

use crate::bounds::LATEST;
use crate::operation::{Answer, Operation, Table};

/// Command that runs the script for a batch.
pub(super) fn command(script: &Script, prefix: &str, batch: &[Operation], now: u64) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command.arg(script.get_hash()).arg(0).arg(prefix).arg(time(now));
    for operation in batch {
        match operation {
            Operation::Put { table, key, value, expires, share } => {
                let (owner, quota) =
                    share.map_or_else(Default::default, |share| (share.owner.to_string(), share.quota));
                command.arg("p").arg(name(*table, *key)).arg(&value[..]).arg(time(*expires)).arg(owner).arg(quota)
            }
            Operation::Get { table, key } => command.arg("g").arg(name(*table, *key)),
            Operation::Count { key, by, expires } => {
                command.arg("c").arg(format!("c:{key}")).arg(*by).arg(time(*expires))
            }
        };
    }
    command
}

/// Answers to a batch; `None` when the value is none.
pub(super) fn answers(batch: &[Operation], value: Value) -> Option<Vec<Answer>> {
    let Value::Array(values) = value else { return None };
    if batch.len() != values.len() {
        return None;
    }
    let answer = |(operation, value): (&Operation, Value)| match (operation, value) {
        (Operation::Put { .. }, Value::Int(dropped)) => {
            u32::try_from(dropped).ok().map(|dropped| Answer::Done { dropped })
        }
        (Operation::Get { .. }, Value::Nil | Value::Boolean(false)) => Some(Answer::Value(None)),
        (Operation::Get { .. }, Value::BulkString(value)) => Some(Answer::Value(Some(value))),
        (Operation::Count { .. }, Value::Int(total)) => u32::try_from(total).ok().map(Answer::Total),
        _ => None,
    };
    batch.iter().zip(values).map(answer).collect()
}

fn name(table: Table, key: Fingerprint) -> String {
    let letter = match table {
        Table::Sent => 's',
        Table::Handle => 'h',
        Table::Alias => 'a',
    };
    format!("{letter}:{key}")
}

fn time(seconds: u64) -> u64 {
    seconds.min(LATEST)
}
