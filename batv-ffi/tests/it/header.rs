//! `include/batv.h`: made from the source, and with the numbers that it has always had.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::ffi::CString;
use core::ffi::CStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use batv_bounce::Class;
use batv_core::dialect::Dialect;
use batv_core::envelope::{Mode, Reason, Verdict};

use crate::support::{WARNINGS, manifest, run};

fn header() -> PathBuf {
    manifest().join("include/batv.h")
}

/// With `BATV_HEADER=write` it is written. Run it alone then: the other tests read the file meanwhile.
#[test]
fn header_is_that_of_the_source() {
    let config = cbindgen::Config::from_file(manifest().join("cbindgen.toml")).unwrap();
    let mut octets = Vec::new();
    cbindgen::Builder::new().with_crate(manifest()).with_config(config).generate().unwrap().write(&mut octets);
    let fresh = String::from_utf8(octets).unwrap();
    if std::env::var_os("BATV_HEADER").is_some_and(|value| value == "write") {
        fs::write(header(), &fresh).unwrap();
    }
    let committed = fs::read_to_string(header()).unwrap_or_default();
    let again = "BATV_HEADER=write cargo test -p batv-ffi --test it header_is_that_of_the_source";
    assert!(committed == fresh, "include/batv.h is not that of the source: `{again}`");
}

/// What `numbers.tsv` has stays for ever; a new code gets a new line.
#[test]
fn numbers_never_move() {
    let mut known = BTreeMap::new();
    for line in include_str!("../numbers.tsv").lines() {
        let [number, name, text] = line.split('\t').collect::<Vec<_>>().try_into().expect("three fields");
        assert_eq!(known.insert(name, number), None, "{name} twice");
        let number = number.parse().unwrap();
        // SAFETY: the library answers with a text of its own.
        let found = unsafe { CStr::from_ptr(batv::batv_text(number)) };
        assert_eq!(found.to_str(), Ok(text), "{name}");
    }
    let header = fs::read_to_string(header()).unwrap();
    let codes = header.lines().filter_map(|line| line.strip_prefix("    BATV_")?.strip_suffix(',')?.split_once(" = "));
    let declared: BTreeMap<_, _> = codes.map(|(name, number)| (format!("BATV_{name}"), number)).collect();
    let known: BTreeMap<_, _> = known.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
    assert_eq!(declared, known);
    let distinct: BTreeSet<_> = known.values().collect();
    assert_eq!(distinct.len(), known.len(), "two codes have one number");
}

/// All that the crates below may answer has a number, and the same name here as there. What has none does not compile.
#[test]
fn names_are_those_of_the_crates() {
    fn agree<T>(kind: &str, all: &[T], name: impl Fn(&T) -> &'static str) {
        let lines = include_str!("../numbers.tsv").lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let known: BTreeSet<_> = lines.filter(|fields| fields[1].starts_with(kind)).map(|fields| fields[2]).collect();
        assert_eq!(known, all.iter().map(name).collect(), "{kind}");
    }
    agree("BATV_CLASS_", &Class::ALL, |class| class.as_str());
    agree("BATV_DIALECT_", &Dialect::ALL, |dialect| dialect.as_str());
    agree("BATV_VERDICT_", Verdict::ALL, |verdict| verdict.as_str());
    agree("BATV_MODE_", Mode::ALL, |mode| mode.as_str());
    agree("BATV_REASON_", Reason::ALL, |reason| reason.as_str());
}

#[test]
fn versions_are_one() {
    let header = fs::read_to_string(header()).unwrap();
    let defined = |name: &str| {
        let line = format!("#define BATV_{name} ");
        header.lines().find_map(|text| text.strip_prefix(&line)).unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    let version = ["VERSION_MAJOR", "VERSION_MINOR", "VERSION_PATCH"].map(defined).join(".");
    assert_eq!(version, env!("CARGO_PKG_VERSION"), "cbindgen.toml and Cargo.toml");
    // SAFETY: the library answers with a text of its own.
    assert_eq!(unsafe { CStr::from_ptr(batv::batv_version()) }.to_str(), Ok(version.as_str()));
    assert_eq!(defined("ABI_VERSION"), batv::batv_abi_version().to_string());
    assert_eq!(defined("MARK_FIELD"), format!("\"{}\"", batv_core::mark::FIELD), "cbindgen.toml and batv-core");
}

/// Clean in C99 and in C++17, also when it comes twice.
#[test]
fn header_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    for (compiler, standard, name) in [("cc", "-std=c99", "header.c"), ("c++", "-std=c++17", "header.cpp")] {
        let source = folder.path().join(name);
        fs::write(&source, "#include \"batv.h\"\n#include \"batv.h\"\n").unwrap();
        let mut command = Command::new(compiler);
        command.arg(standard).args(WARNINGS).arg("-I").arg(manifest().join("include"));
        run(command.arg("-c").arg(&source).arg("-o").arg(folder.path().join("header.o")));
    }
}

/// The table of settings names none that there isn't, and gives defaults that can be set.
#[test]
fn settings_are_those_of_the_table() {
    let header = fs::read_to_string(header()).unwrap();
    let rows: Vec<Vec<&str>> = header
        .lines()
        .filter_map(|line| line.strip_prefix(" * | `"))
        .map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    assert!(rows.len() >= 24, "the table has lost rows");
    let mut settings = core::ptr::null_mut();
    // SAFETY: the place may be written to.
    assert_eq!(unsafe { batv::batv_settings_new(&raw mut settings) }, batv::batv_result::Ok);
    for row in rows {
        let default = if row[2].contains(' ') || matches!(row[2], "none" | "always" | "never") { "" } else { row[2] };
        let [name, value] = [row[0], default].map(|text| CString::new(text).unwrap());
        // SAFETY: these are settings and texts with a NUL.
        let result = unsafe { batv::batv_settings_set(settings, name.as_ptr(), value.as_ptr()) };
        assert_eq!(result, batv::batv_result::Ok, "{row:?}");
    }
    // SAFETY: it is made by the library, and freed once.
    unsafe { batv::batv_settings_free(settings) };
}
