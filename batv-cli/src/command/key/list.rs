//! `batv key list`

use batv_config::Entry;
use batv_core::{Day, KeyId};
use clap::Args;
use serde::Serialize;

use crate::answer::print;
use crate::error::Error;
use crate::flags::{Clock, KeyringFile, Output};
use crate::json::object;

/// List the keys, without their secrets
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv key list
  batv key list --json --keyring /etc/batv/keyring.toml")]
pub(super) struct List {
    #[command(flatten)]
    keyring: KeyringFile,
    #[command(flatten)]
    clock: Clock,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &List) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let keyring = arguments.keyring.load()?;
    let mut listing = Vec::new();
    let rows = keyring.entries().iter().map(|entry| (entry, keyring.last_valid_day(entry.handle(), today)));
    if arguments.output.json {
        for (entry, last_valid) in rows {
            serde_json::to_writer(&mut listing, &object(entry, last_valid))
                .map_err(|error| Error::Output(error.into()))?;
            listing.push(b'\n');
        }
    } else {
        listing = table(rows.map(|(entry, last_valid)| row(entry, last_valid, today))).into_bytes();
    }
    print(&listing)
}

fn object(entry: &Entry, last_valid: Option<Day>) -> impl Serialize {
    object! {
        r#use: entry.key_use().as_str(),
        id: entry.id().map(KeyId::number),
        algorithm: entry.algorithm().as_str(),
        state: entry.state().as_str(),
        lifetime: entry.lifetime().days(),
        created: entry.created().map(|day| day.to_string()),
        strong_since: entry.strong_since().map(|day| day.to_string()),
        last_valid: last_valid.map(|day| day.to_string()),
        domains: entry.scope().domains(),
    }
}

const HEADINGS: [&str; 9] = ["use", "id", "algorithm", "state", "lifetime", "created", "age", "last valid", "for"];
type Row = [String; HEADINGS.len()];

fn row(entry: &Entry, last_valid: Option<Day>, today: Day) -> Row {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        entry.key_use().as_str().to_owned(),
        or_dash(entry.id().map(|id| id.to_string())),
        algorithm(entry, today),
        entry.state().to_string(),
        entry.lifetime().days().to_string(),
        or_dash(entry.created().map(|day| day.to_string())),
        or_dash(entry.created().map(|created| today.since(created).to_string())),
        or_dash(last_valid.map(|day| day.to_string())),
        entry.scope().to_string(),
    ]
}

/// The algorithm, and whether or from when on the key makes only strong tags.
fn algorithm(entry: &Entry, today: Day) -> String {
    let strong = match entry.strong_since() {
        Some(since) if since > today => format!(", strong from {since}"),
        Some(_) => ", strong".to_owned(),
        None => String::new(),
    };
    format!("{}{strong}", entry.algorithm())
}

fn table(rows: impl Iterator<Item = Row>) -> String {
    let rows: Vec<Row> = [HEADINGS.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; HEADINGS.len()] = core::array::from_fn(width);
    let line = |row: &Row| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
