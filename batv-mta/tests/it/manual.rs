//! The manual in `docs/`: its links lead somewhere, its files can be read, and it names all that the programs say.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use batv_config::Keyring;
use batv_core::envelope::{Reply, ReplyName};
use batv_mta::config::Config;
use batv_mta::listen::handler::Handler;
use batv_mta::listen::http::Http;
use batv_mta::protocol::Protocol;
use batv_mta::settings::Settings;
use batv_report::Outcome;

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for page in pages().into_iter().chain(other_pages()) {
        let text = read(&page);
        for target in targets(&text) {
            if target.contains("://") || target.starts_with("mailto:") || target.starts_with('[') {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().expect("a folder").join(file) };
            assert!(file.exists(), "{}: no such file: {target}", page.display());
            let has_anchor = || anchors(&read(&file)).contains(anchor);
            assert!(anchor.is_empty() || has_anchor(), "{}: no such heading: {target}", page.display());
            links += 1;
        }
    }
    assert!(links > 100, "the manual has lost its links: {links}");
}

#[test]
fn each_page_is_in_the_summary() {
    let summary = read(&manual().join("SUMMARY.md"));
    let listed: BTreeSet<_> = targets(&summary).collect();
    for page in pages() {
        let name = page.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(listed.contains(name) || name == "SUMMARY.md", "{name} is not in SUMMARY.md");
    }
}

#[test]
fn each_decision_is_in_their_index() {
    let index = read(&decisions().join("README.md"));
    let listed: BTreeSet<_> = targets(&index).collect();
    for page in markdown(&decisions()) {
        let name = page.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(listed.contains(name) || name == "README.md", "{name} is not in docs/decisions/README.md");
    }
}

#[test]
fn files_that_it_shows_can_be_read() {
    let mut files = 0;
    for page in pages() {
        for text in read(&page).split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let fault = if text.contains("[[key]]") {
                Keyring::parse(text).err().map(|error| error.to_string())
            } else {
                Config::parse(text).err().map(|error| error.to_string())
            };
            assert_eq!(fault, None, "{}: {text}", page.display());
            files += 1;
        }
    }
    assert!(files > 3, "the manual has lost its files: {files}");
}

/// The numbers of the C library are a list of all words, which its own tests compare with the code.
#[test]
fn words_are_explained() {
    let manual: String = pages().iter().map(|page| read(page)).collect();
    let words: BTreeSet<_> = manual.split(|c: char| !c.is_alphanumeric() && !"-._".contains(c)).collect();
    let kinds = [
        "VERDICT",
        "FINDING",
        "REASON",
        "DISPOSITION",
        "MOMENT",
        "ALGORITHM",
        "CLASS",
        "ORIGIN",
        "MAY",
        "BOUNCE_REASON",
    ];
    let mut explained = 0;
    for line in read(&root().join("batv-ffi/tests/numbers.tsv")).lines() {
        let [_, name, word] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        if kinds.iter().any(|kind| name.starts_with(&format!("BATV_{kind}_"))) {
            assert!(words.contains(word), "the manual does not explain `{word}` ({name})");
            explained += 1;
        }
    }
    assert!(explained > 80, "{explained}");
}

#[test]
fn keys_of_the_configuration_are_explained() {
    let page = read(&manual().join("configuration.md"));
    let mut section = String::new();
    for line in read(&root().join("batv-mta/batvd.toml")).lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = format!("{name}.");
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            let key = format!("`{section}{key}`");
            let is_key = !key.contains(' ');
            assert!(!is_key || page.contains(&key), "the manual does not explain {key}");
        }
    }
    assert_eq!(section, "limits.", "batvd.toml has other sections");
}

#[test]
fn replies_are_explained() {
    let page = read(&manual().join("reading-verdicts.md"));
    for name in ReplyName::ALL {
        let Reply { code, enhanced, text, .. } = name.reply();
        let row = format!("| `{name}` | {code} {enhanced} | {text} |");
        assert!(page.contains(&row), "the manual has no row {row}");
    }
}

#[test]
fn metrics_are_explained() {
    let key = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\ncreated = 2026-11-23\n";
    let settings = Settings::new(Config::default(), Keyring::parse(key).expect("a key")).expect("settings");
    let settings = Arc::new(settings);
    let metrics = settings.metrics();
    metrics.count_decision(Protocol::Milter, "genuine", "tag-ok", "accept", "accept");
    metrics.count_sender(Protocol::Milter, Outcome::Tagged, None);
    metrics.count_lookup("sign", "found");
    metrics.measure_answer(Protocol::Milter, Duration::ZERO);
    metrics.open_connection(Protocol::Milter);
    metrics.close_connection(Protocol::Milter, "peer");
    metrics.count_reload(true);
    let mut response = Vec::new();
    Http::default().receive(b"GET /metrics HTTP/1.1\r\n\r\n", &settings, &mut response);
    let text = String::from_utf8(response).expect("text");
    let page = read(&manual().join("reading-verdicts.md"));
    let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    for name in &names {
        assert!(page.contains(&format!("`{name}")), "the manual does not explain {name}");
    }
    assert!(names.len() > 11, "{names:?}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

fn manual() -> PathBuf {
    root().join("docs/src")
}

fn decisions() -> PathBuf {
    root().join("docs/decisions")
}

fn pages() -> Vec<PathBuf> {
    markdown(&manual())
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.extension() == Some("md".as_ref())).collect()
}

/// The other documents of the repository.
fn other_pages() -> Vec<PathBuf> {
    let folders = fs::read_dir(root()).expect("a workspace").map(|entry| entry.expect("an entry").path());
    let readmes = folders.map(|folder| folder.join("README.md")).filter(|path| path.exists());
    readmes
        .chain(["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(|name| root().join(name)))
        .chain(markdown(&decisions()))
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The targets of links, outside of code.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("\n```").step_by(2);
    prose.flat_map(|prose| prose.split("](").skip(1)).filter_map(|rest| rest.split(')').next())
}

/// The anchors that mdBook and forges make of headings: lower case, no punctuation, hyphens for spaces.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: char| c.is_alphanumeric() || " -_".contains(c);
    headings
        .map(|heading| heading.to_lowercase().chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-"))
        .collect()
}
