//! The library as C gets it, and programs in C that are built against it.
#![allow(dead_code, reason = "each test uses some of it")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a C program of ours must pass without a word.
pub const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"];

pub fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that holds `libbatv.so` and `libbatv.a`, of the debug profile, and up to date.
pub fn library() -> PathBuf {
    built(&[], "debug")
}

/// The same with the function that panics, in a folder of its own.
pub fn library_that_panics() -> PathBuf {
    let folder = target().join("inject-panic");
    built(&["--features".as_ref(), "inject-panic".as_ref(), "--target-dir".as_ref(), folder.as_ref()], "inject-panic/debug")
}

/// The folder of all builds, of which the test itself is one.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    // target/PROFILE/deps/TEST
    test.ancestors().nth(3).expect("a target folder").to_owned()
}

fn built(options: &[&OsStr], folder: &str) -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--lib", "--manifest-path"]).arg(manifest().join("Cargo.toml"));
    build.env("CARGO_TARGET_DIR", target()).args(options);
    run(&mut build);
    target().join(folder)
}

/// Runs a program that must succeed.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, said(&output));
    output
}

/// All that a program has printed.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Compiles a program in C with these options too, and links it with the shared library in `library`.
pub fn compile(source: &Path, library: &Path, program: &Path, options: &[&str]) {
    let mut compiler = Command::new("cc");
    compiler.arg("-std=c99").args(WARNINGS).arg("-I").arg(manifest().join("include")).args(options);
    compiler.arg(source).arg("-o").arg(program).arg("-L").arg(library).args(["-lbatv", "-pthread"]);
    compiler.arg(format!("-Wl,-rpath,{}", library.display()));
    run(&mut compiler);
}
