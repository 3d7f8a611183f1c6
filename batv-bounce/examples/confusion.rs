//! Prints how messages of known classes are read: a table of the classes known against those read, and what differs.
//!
//! `scripts/confusion FOLDER`, where the folder has a file `index.tsv`: a line of column names, then a line for each message,
//! with its path in `path`, its class in `kind` or `class`, and its reverse-path in `from`, when that is known.

extern crate alloc;

use alloc::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use batv_bounce::{Limits, read};

fn main() -> io::Result<()> {
    let folder =
        PathBuf::from(env::args_os().nth(1).ok_or_else(|| io::Error::other("name a folder with an index.tsv"))?);
    let differing = env::args().nth(2).is_some_and(|argument| argument == "--differing");
    let index = fs::read_to_string(folder.join("index.tsv"))?;
    let mut lines = index.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let names = lines.next().unwrap_or_default();
    let column = |name: &str| {
        let at = names.iter().position(|known| *known == name);
        at.ok_or_else(|| io::Error::other(format!("index.tsv has no column {name}")))
    };
    let from = names.iter().position(|known| *known == "from");
    let (path, kind) = (column("path")?, column("kind").or_else(|_| column("class"))?);
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in lines.filter(|line| line.len() > path.max(kind)) {
        let from = from.and_then(|from| batv_core::Path::parse(line.get(from)?.as_bytes()).ok());
        let read = class_of(&folder.join(line[path]), from)?;
        if differing && !agree(line[kind], &read) {
            println!("{}: {} read as {read}", line[path], line[kind]);
        }
        *counts.entry((line[kind].to_owned(), read)).or_default() += 1;
    }
    let mut kinds: Vec<&String> = counts.keys().map(|(kind, _)| kind).collect();
    kinds.dedup();
    for kind in kinds {
        let of_kind = || counts.iter().filter(|((known, _), _)| known == kind);
        let all: usize = of_kind().map(|(_, count)| count).sum();
        let right: usize = of_kind().filter(|((_, read), _)| agree(kind, read)).map(|(_, count)| count).sum();
        print!("{kind:20} {all:5} {right:5} right {:5.1} %  ", percent(right, all));
        let wrong = of_kind().filter(|((_, read), _)| !agree(kind, read));
        println!("{}", wrong.map(|((_, read), count)| format!("{read} {count}")).collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn class_of(file: &Path, from: Option<batv_core::Path<'_>>) -> io::Result<String> {
    let octets = fs::read(file)?;
    let reading = read(&octets, from, &Limits::default());
    Ok(match reading.action {
        Some(action) => format!("{} {action}", reading.class),
        None => reading.class.to_string(),
    })
}

/// Whether a label of the collection and a class mean the same.
fn agree(kind: &str, read: &str) -> bool {
    let (class, action) = read.split_once(' ').unwrap_or((read, ""));
    match kind {
        "dsn" => class == "dsn",
        "dsn-nonstd" => matches!(class, "nonstandard-dsn" | "dsn"),
        "delay-dsn" | "delay-nonstd" => matches!(class, "nonstandard-dsn" | "dsn") && action == "delayed",
        "autoreply" => class == "auto-reply",
        "list-autoresponse" => class == "list-automaton",
        "ham" | "sns-notification" | "forwarded-bounce" => {
            matches!(class, "ordinary" | "null-other" | "list-automaton" | "auto-reply" | "challenge")
        }
        _ => kind == class,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of files are small")]
fn percent(part: usize, all: usize) -> f64 {
    100.0 * part as f64 / all.max(1) as f64
}
