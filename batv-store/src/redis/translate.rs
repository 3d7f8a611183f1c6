//! Batches as arguments of the script, and its answers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use batv_core::fingerprint::Fingerprint;
use redis::{Script, ScriptInvocation, Value};

use crate::bounds::LATEST;
use crate::operation::{Answer, Operation, Table};

pub(super) fn invocation<'s>(script: &'s Script, prefix: &str, batch: &[Operation], now: u64) -> ScriptInvocation<'s> {
    let mut invocation = script.prepare_invoke();
    invocation.arg(prefix).arg(time(now));
    for operation in batch {
        match operation {
            Operation::Put { table, key, value, expires, share } => {
                let (owner, quota) =
                    share.map_or_else(Default::default, |share| (share.owner.to_string(), share.quota));
                invocation.arg("p").arg(name(*table, *key)).arg(&value[..]).arg(time(*expires)).arg(owner).arg(quota)
            }
            Operation::Get { table, key } => invocation.arg("g").arg(name(*table, *key)),
            Operation::Count { key, by, expires } => {
                invocation.arg("c").arg(format!("c:{key}")).arg(*by).arg(time(*expires))
            }
        };
    }
    invocation
}

/// `None` when these are no answers to the batch.
pub(super) fn answers(batch: &[Operation], values: Vec<Value>) -> Option<Vec<Answer>> {
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
