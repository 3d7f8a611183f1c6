//! The messages that are committed are those that the generator makes.

use alloc::collections::BTreeMap;
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
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    let again = "cargo run -p batv-tests --bin messages -- write";
    assert_eq!(names(&committed), names(&made), "write them again: {again}");
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
