//! `scripts/install-c`, and programs that find what it has installed by pkg-config.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{WARNINGS, manifest, run, said, target};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What pkg-config says, as words for a compiler.
fn pkg_config(prefix: &Path, options: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command.args(options).arg("batv").env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    said(&run(&mut command)).split_whitespace().map(str::to_owned).collect()
}

fn needed(file: &Path) -> String {
    said(&run(Command::new("readelf").arg("-d").arg(file)))
}

fn install(prefix: &Path, messages: &str) {
    let mut install = Command::new(manifest().join("../scripts/install-c"));
    // Not optimised: it is the same to this test, and built in less time.
    install.env("PROFILE", "dev").env("MESSAGES", messages);
    // As for the sanitized library in the same folder: build scripts that read it would otherwise run again in each run.
    install.env("RUSTC_BOOTSTRAP", "1");
    run(install.arg(prefix).env("CARGO_TARGET_DIR", target()));
}

/// The calls that an installed library has.
fn calls(prefix: &Path) -> Vec<String> {
    let symbols = said(&run(Command::new("nm").args(["-D", "--defined-only"]).arg(prefix.join("lib/libbatv.so"))));
    let name = |line: &str| line.split_once(" T ").unwrap_or_else(|| panic!("{line}")).1.to_owned();
    let mut calls: Vec<_> = symbols.lines().map(name).collect();
    calls.sort();
    calls
}

/// The calls that need messages, by the header.
#[test]
fn library_without_messages_lacks_calls() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("usr");
    install(&prefix, "no");
    assert_eq!(pkg_config(&prefix, &["--variable=messages"]), ["no"]);
    let header = fs::read_to_string(prefix.join("include/batv.h")).unwrap();
    let mut declared = Vec::new();
    let mut needs_messages = false;
    for line in header.lines() {
        needs_messages |= line == "/// Needs the feature `messages`.";
        let name = line.split('(').next().and_then(|before| before.rsplit([' ', '*']).next()).unwrap_or_default();
        if name.starts_with("batv_") && line.contains('(') && !line.starts_with(['/', ' ', '#', 's', 't']) {
            if !needs_messages {
                declared.push(name.to_owned());
            }
            needs_messages = false;
        }
    }
    declared.sort();
    assert_eq!(calls(&prefix), declared);
}

#[test]
fn installed_library_links_shared_and_static() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("usr");
    install(&prefix, "yes");
    let library = prefix.join("lib");

    let (major, rest) = VERSION.split_once('.').expect("a version");
    let minor = rest.split('.').next().expect("a version");
    let interface = if major == "0" { format!("libbatv.so.0.{minor}") } else { format!("libbatv.so.{major}") };
    let full = format!("libbatv.so.{VERSION}");
    for link in ["libbatv.so", &interface] {
        assert_eq!(fs::read_link(library.join(link)).unwrap(), Path::new(&full));
    }
    assert!(needed(&library.join(&full)).contains(&format!("soname: [{interface}]")));
    let foreign: Vec<_> = calls(&prefix).into_iter().filter(|name| !name.starts_with("batv_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert_eq!(pkg_config(&prefix, &["--modversion"]), [VERSION]);
    assert_eq!(pkg_config(&prefix, &["--variable=messages"]), ["yes"]);
    assert!(prefix.join("share/batv/batv.supp").is_file());

    let program = folder.path().join("program");
    let compiler = || {
        let mut compiler = Command::new("cc");
        compiler.arg("-std=c99").args(WARNINGS).arg(manifest().join("tests/c/install.c")).arg("-o").arg(&program);
        compiler
    };
    // Test runners set LD_LIBRARY_PATH to what they have built themselves.
    let prints_the_version = || {
        let mut command = Command::new(&program);
        assert_eq!(said(&run(command.env("LD_LIBRARY_PATH", &library))).trim(), VERSION);
    };
    run(compiler().args(pkg_config(&prefix, &["--cflags", "--libs"])));
    prints_the_version();
    assert!(needed(&program).contains(&format!("Shared library: [{interface}]")));

    let words = pkg_config(&prefix, &["--static", "--cflags", "--libs"]);
    run(compiler().args(words.iter().map(|word| if word == "-lbatv" { "-l:libbatv.a" } else { word })));
    fs::remove_dir_all(&library).unwrap();
    prints_the_version();
    assert!(!needed(&program).contains("libbatv"));
}

#[test]
fn install_says_how_it_is_used() {
    for arguments in [&[][..], &["usr"]] {
        let output = Command::new(manifest().join("../scripts/install-c")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(said(&output), "usage: install-c PREFIX, which is an absolute path such as /usr/local\n");
    }
}
