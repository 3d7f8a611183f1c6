//! Messages that say what a judge of bounces should find in them: made here, committed under
//! `batv-bounce/tests/messages`, and the same whenever they are made.
//!
//! What people would read is in `tests/messages/wording`, a file for a language. What programs write around it is in
//! `tests/messages/templates`, a file for a class of message. The messages that are returned, and what proves that they
//! were ours, are made here.

mod dkim;
mod home;
mod mime;
mod original;
mod plan;
mod template;
mod wording;

use alloc::collections::BTreeMap;

use self::original::{Proof, Returned};

/// The classes, in the order in which the first that fits wins.
pub const CLASSES: [&str; 12] = [
    "tlsrpt",
    "dmarc",
    "arf",
    "mdn",
    "dsn",
    "nonstandard-dsn",
    "challenge",
    "virus-notice",
    "auto-reply",
    "list-automaton",
    "null-other",
    "ordinary",
];
const COLUMNS: &str = "path\tclass\taction\tlanguage\tfrom\tto\tproof\toriginal\tnote\n";

/// A message and what is expected of it: a line of the index, and a file.
#[derive(Debug)]
struct Message {
    path: String,
    class: String,
    action: String,
    language: String,
    from: String,
    to: String,
    proof: Proof,
    original: Returned,
    note: String,
    octets: Vec<u8>,
}

/// A message with a DKIM signature of the RSA key for `example.com` among these [`files`]. Its lines end in LF.
///
/// # Panics
/// When it lacks a field that is signed: these are tests.
pub fn signed(message: &str) -> String {
    let (header, body) = message.split_once("\n\n").expect("a body");
    let fields: Vec<String> = header.lines().map(str::to_owned).collect();
    let field = dkim::field(dkim::Signature::Rsa, dkim::Canonicalization::Relaxed, &fields, body);
    format!("{field}\n{message}")
}

/// All files by their names under `batv-bounce/tests/messages`: the messages, `index.tsv`, and what a judge must know
/// of the site that they claim to come back to.
///
/// # Panics
/// When a wording or a template is wrong: these are tests.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let mut messages = plan::messages();
    messages.sort_by(|a, b| a.path.cmp(&b.path));
    let mut index = COLUMNS.to_owned();
    let mut files = BTreeMap::from([("keyring.toml".to_owned(), home::KEYRING.as_bytes().to_vec())]);
    files.extend(dkim::public_keys().into_iter().map(|(name, record)| (format!("dkim/{name}.txt"), record)));
    for message in messages {
        let Message { path, class, action, language, from, to, proof, original, note, octets } = message;
        assert!(CLASSES.contains(&class.as_str()), "{path}: no class {class}");
        let (proof, original) = (proof.name(), original.name());
        index += &[&*path, &class, &action, &language, &from, &to, proof, original, &note].join("\t");
        index.push('\n');
        assert!(files.insert(path.clone(), octets).is_none(), "{path} is there twice");
    }
    files.insert("index.tsv".to_owned(), index.into_bytes());
    files
}
