//! The messages that are committed are those that the generator makes.

use alloc::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use batv_tests::messages;

fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = format!("{prefix}{}", path.file_name().expect("a name").display());
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(path).expect("a file"));
        }
    }
}

#[test]
fn committed_messages_are_those_of_the_generator() {
    let mut committed = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../batv-bounce/tests/messages"), "", &mut committed);
    let made = messages::files();
    let again = "cargo run -p batv-tests --bin messages -- write";
    let [before, after] = [&committed, &made].map(|files| files.keys().collect::<BTreeSet<_>>());
    let (gone, new) = (&before - &after, &after - &before);
    assert!(gone.is_empty() && new.is_empty(), "no longer made: {gone:?}; not committed: {new:?}; write them: {again}");
    for (name, octets) in made {
        assert!(committed[&name] == octets, "{name} differs; write the messages again: {again}");
    }
}

#[test]
fn messages_are_many_and_small() {
    let files = messages::files();
    let index = str::from_utf8(&files["index.tsv"]).unwrap();
    for class in messages::CLASSES {
        let count = index.lines().filter(|line| line.split('\t').nth(1) == Some(class)).count();
        assert!(count >= 20, "{class}: {count}");
    }
    assert!(index.lines().count() > 600);
    assert!(files.values().map(Vec::len).sum::<usize>() < 1_500_000);
}
