//! `include/batv.h`: made from the source, and with the numbers that it has always had.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ffi::{CStr, c_char};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use batv_bounce::Class;
use batv_core::dialect::Dialect;
use batv_core::envelope::{Mode, Reason, Verdict};

use crate::handles::{Site, written};
use crate::support::{WARNINGS, manifest, run};

fn header() -> PathBuf {
    manifest().join("include/batv.h")
}

/// The files in the order of the header: first the calls that all servers need.
const FILES: [&str; 14] = [
    "text",
    "tag",
    "check",
    "judge",
    "message",
    "may_bounce",
    "srs",
    "mark",
    "settings",
    "settings/table",
    "keyring",
    "boundary",
    "code",
    "version",
];

/// The source in one file, as cbindgen can read it: the table of codes as plain enums, and without features.
fn source() -> String {
    let read = |file| fs::read_to_string(manifest().join(format!("src/{file}.rs"))).expect("a file");
    let source: String = FILES.into_iter().map(read).collect();
    let (mut plain, mut in_table) = (String::new(), false);
    for line in source.lines() {
        let code = line.trim_start();
        match () {
            () if code == "codes! {" => in_table = true,
            () if in_table && line == "}" => in_table = false,
            () if in_table && code.starts_with("pub enum ") => {
                let name = code.split(' ').nth(2).expect("a name");
                plain += &format!("#[repr(u32)]\npub enum {name} {{\n");
            }
            () if in_table && code.contains(" => ") => {
                plain += &format!("{},\n", code.split(" => ").next().expect("a code"));
            }
            () if code.starts_with("//!") || code.starts_with("mod ") || code == "#[cfg(feature = \"messages\")]" => {}
            () => plain += &format!("{line}\n"),
        }
    }
    plain
}

/// The header with the macro `BATV_CODES` in place of what cbindgen writes around each enum.
fn short_enums(header: &str) -> String {
    let condition = "defined(__cplusplus) || __STDC_VERSION__ >= 202311L";
    let open = format!("\n#if {condition}\n  : uint32_t\n#endif // {condition}\n {{");
    let mut short = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once(&open) {
        let (before, name) = before.rsplit_once("\nenum ").expect("an enum");
        let (codes, after) = after.split_once("#ifndef __cplusplus\n").expect("a type");
        let (_, after) = after.split_once("#endif // __cplusplus\n").expect("an end");
        short += &format!("{before}\nBATV_CODES({name}) {{{codes}");
        rest = after;
    }
    short + rest
}

/// The table of the settings, as the header has it.
fn table_of_settings() -> String {
    let mut table = String::from("/// | name | value | default |\n/// |---|---|---|\n");
    for setting in settings() {
        let choices = setting.choices.replace(' ', "`, `");
        let choices = if choices.is_empty() { String::new() } else { format!(": `{choices}`") };
        let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        table += &format!("/// | `{}` | {}{choices} | {default} |\n", setting.name, setting.help);
    }
    table
}

struct Setting {
    name: String,
    choices: String,
    help: String,
    default: String,
}

fn settings() -> Vec<Setting> {
    let text = |text: *const c_char| {
        // SAFETY: the library answers with texts of its own.
        if text.is_null() { "" } else { unsafe { CStr::from_ptr(text) }.to_str().expect("UTF-8") }.to_owned()
    };
    let row = |index| {
        // SAFETY: NULL, or a row of a table that stays.
        let setting = unsafe { batv::batv_settings_describe(index).as_ref() }?;
        let default = written(|value| {
            // SAFETY: the name ends with a NUL, and the buffer is as it is said to be.
            unsafe { batv::batv_settings_get(core::ptr::null(), setting.name, value) }
        });
        Some(Setting { name: text(setting.name), choices: text(setting.choices), help: text(setting.help), default })
    };
    (0..).map_while(row).collect()
}

/// With `BATV_HEADER=write` it is written. Run it alone then: the other tests read the file meanwhile.
#[test]
fn header_is_that_of_the_source() {
    let config = cbindgen::Config::from_file(manifest().join("cbindgen.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("batv.rs");
    fs::write(&file, source()).unwrap();
    let mut octets = Vec::new();
    cbindgen::Builder::new().with_src(file).with_config(config).generate().unwrap().write(&mut octets);
    let fresh = String::from_utf8(octets).unwrap().replace("/// {settings}\n", &table_of_settings());
    let fresh = short_enums(&fresh);
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
        let found = unsafe { CStr::from_ptr(batv::batv_code_text(number)) };
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
    agree("BATV_CLASS_", Class::ALL, |class| class.as_str());
    agree("BATV_DIALECT_", Dialect::ALL, |dialect| dialect.as_str());
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

/// Clean in C99 and in C++, also when it comes twice.
#[test]
fn header_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let program = "#include \"batv.h\"\n#include \"batv.h\"\n\
                   int main(void) {\n    char text[8];\n    batv_buffer buffer = BATV_BUFFER(text);\n\
                   batv_envelope envelope = BATV_INIT(batv_envelope);\n    envelope.reverse_path = batv_text_of(\"<>\");\n\
                   return envelope.size == sizeof envelope && buffer.capacity == 8 ? 0 : 1;\n}\n";
    for (compiler, standard, name) in [
        ("cc", "-std=c99", "header.c"),
        ("cc", "-std=c2x", "header.c"),
        ("c++", "-std=c++11", "header.cpp"),
        ("c++", "-std=c++20", "header.cpp"),
    ] {
        let source = folder.path().join(name);
        fs::write(&source, program).unwrap();
        let mut command = Command::new(compiler);
        command.arg(standard).args(WARNINGS).arg("-I").arg(manifest().join("include"));
        run(command.arg("-c").arg(&source).arg("-o").arg(folder.path().join("header.o")));
    }
}

/// Each setting takes its choices and its own value, which come back as they were set.
#[test]
fn settings_are_read_back() {
    let settings = settings();
    assert!(settings.len() >= 29, "the table has lost rows");
    let site = Site::new(&[]);
    for Setting { name, choices, default, .. } in &settings {
        assert_eq!(site.get(name), *default, "{name}");
        for choice in choices.split_whitespace() {
            assert_eq!(site.set(name, choice), batv::batv_result::Ok, "{name} {choice}");
            assert_eq!(site.get(name), choice, "{name}");
        }
        assert_eq!(site.set(name, default), batv::batv_result::Ok, "{name}");
        assert_eq!(site.get(name), *default, "{name}");
    }
    for (name, value) in [
        ("protected", "example.com bob@example.org"),
        ("modes", "example.com=mark o=connor@example.org=reject"),
        ("signing_since", "2026-11-25"),
        ("lifetime", "5"),
        ("delimiter", "-"),
        ("srs_domains", "forwarder.example.net example.org"),
        ("srs_hash_length", "8"),
        ("srs_max_age", "300"),
        ("authserv_ids", "mx.example.com"),
    ] {
        assert_eq!(site.set(name, value), batv::batv_result::Ok, "{name}");
        assert_eq!(site.get(name), value, "{name}");
    }
}
