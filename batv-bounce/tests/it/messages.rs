//! The project's own messages, each with what is to be found in it: `tests/messages/index.tsv`.

use core::fmt::Write;
use std::fs;
use std::path::Path as FilePath;

use batv_bounce::dkim::PublicKey;
use batv_bounce::{Limits, Origin, OwnMail, Reading, origin, read};
use batv_config::{Keyring, Permissions, date};
use batv_core::{Mailbox, Path, Pattern, tag};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages");
/// The day on which all of them come.
const TODAY: &str = "2026-11-25";

/// One line of the index.
struct Expected {
    path: String,
    class: String,
    action: String,
    from: String,
    to: String,
    proof: String,
    original: String,
}

fn index() -> Vec<Expected> {
    let index = fs::read_to_string(format!("{FOLDER}/index.tsv")).expect("an index");
    let mut lines = index.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().expect("names of columns");
    let column = |name: &str| names.iter().position(|known| known == name).expect("a column");
    let columns = ["path", "class", "action", "from", "to", "proof", "original"].map(column);
    let expected = |line: Vec<String>| {
        let [path, class, action, from, to, proof, original] = columns.map(|at| line[at].clone());
        Expected { path, class, action, from, to, proof, original }
    };
    lines.map(expected).collect()
}

/// Reads all of them, and tells those in which something else is found than expected.
fn differing(differs: impl Fn(&Expected, &Reading<'_>) -> Option<String>) {
    let index = index();
    assert!(index.len() >= 600, "{} messages", index.len());
    let mut report = String::new();
    for expected in &index {
        let octets = fs::read(format!("{FOLDER}/{}", expected.path)).expect("a message");
        let reverse_path = Path::parse(expected.from.as_bytes()).expect("a reverse-path");
        let reading = read(&octets, Some(reverse_path), &Limits::default());
        if let Some(found) = differs(expected, &reading) {
            let _ = writeln!(report, "{}: {found}", expected.path);
        }
    }
    assert!(report.is_empty(), "{}\n{report}", report.lines().count());
}

#[test]
fn the_class_is_found() {
    differing(|expected, reading| {
        let action = reading.action.map(|action| action.as_str()).unwrap_or_default();
        let found = (reading.class.as_str(), action);
        (found != (expected.class.as_str(), expected.action.as_str())).then(|| format!("{found:?}"))
    });
}

#[test]
fn the_original_is_found() {
    differing(|expected, reading| {
        let found = reading.original.as_ref().map_or("none", |original| original.extent.as_str());
        // Where a text shows some lines of a header, it is a matter of taste which of the two it is.
        let alike = |form: &str| if form == "partial" { "inline".to_owned() } else { form.to_owned() };
        // One or two lines are no header.
        let is_little = expected.original == "partial" && found == "none";
        // Where fields were left out, which nobody can see.
        let has_gaps =
            expected.original == "partial" && reading.original.as_ref().is_some_and(|original| !original.complete);
        // A receipt that says `To:`, `Subject:` and `Sent:` of what was read.
        let is_told = expected.class == "mdn" && expected.original == "none" && found == "partial";
        // Ordinary mail is not searched for what it may quote.
        let searched = !matches!(expected.class.as_str(), "ordinary" | "null-other" | "auto-reply" | "list-automaton");
        (searched && !is_little && !has_gaps && !is_told && alike(found) != alike(&expected.original))
            .then(|| found.to_owned())
    });
}

#[test]
fn the_origin_is_found() {
    let keyring =
        Keyring::load(FilePath::new(&format!("{FOLDER}/keyring.toml")), Permissions::AllowReadable).expect("a keyring");
    let key = |selector: &str| {
        let record = fs::read(format!("{FOLDER}/dkim/{selector}.example.com.txt")).expect("a record");
        PublicKey::parse("example.com", selector, &record).expect("a key")
    };
    let dkim_keys = [key("rsa2026"), key("ed2026")];
    let protected = [Pattern::parse("example.com").expect("a pattern")];
    let mut ours = OwnMail::new(&protected);
    ours.dkim_keys = &dkim_keys;
    ours.marked_since = date::parse("2026-01-01").ok();
    let today = date::parse(TODAY).expect("a day");
    differing(|expected, reading| {
        let to = Mailbox::parse(&expected.to).expect("a recipient");
        let recipient = tag::verify(keyring.keys(), &to, today).mailbox;
        let found = origin(reading, &recipient, keyring.keys(), &ours, today).origin;
        let right = match expected.proof.as_str() {
            // What was cut off may have been ours, and look like it.
            "none" => matches!(found, Origin::Unknown | Origin::Hinted),
            // A header that is quoted may have lost a line.
            "foreign" if expected.original == "inline" => matches!(found, Origin::Disproved | Origin::Unknown),
            "foreign" => found == Origin::Disproved,
            "hint" => matches!(found, Origin::Hinted | Origin::Unknown),
            proof => found.as_str() == proof,
        };
        let searched = !matches!(expected.class.as_str(), "ordinary" | "null-other");
        (searched && !right).then(|| format!("{found}, not {}", expected.proof))
    });
}
