//! The library as C gets it, and programs in C that are built against it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a C program of ours must pass without a word.
pub(crate) const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"];

pub(crate) fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that holds `libbatv.so` and `libbatv.a`, of the debug profile, and up to date.
pub(crate) fn library() -> PathBuf {
    built(&[], &[], "debug")
}

/// The same with the function that panics, in a folder of its own.
pub(crate) fn library_that_panics() -> PathBuf {
    built(&["--features", "inject-panic", "--target-dir", &folder("inject-panic")], &[], "inject-panic/debug")
}

/// The same with the checks of AddressSanitizer in all of its code, for programs that have them too.
pub(crate) fn sanitized_library() -> PathBuf {
    let host = run(Command::new("rustc").args(["--print", "host-tuple"])).stdout;
    let host = str::from_utf8(&host).expect("text").trim();
    // The compiler can do it, but has not promised to go on. The flags are not for what runs while it builds, as long as
    // a target is named.
    let environment = [("RUSTC_BOOTSTRAP", "1"), ("RUSTFLAGS", "-Zsanitizer=address")];
    let options = ["--target", host, "--target-dir", &folder("sanitized")];
    built(&options, &environment, &format!("sanitized/{host}/debug"))
}

/// The folder of all builds, of which the test itself is one.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    // target/PROFILE/deps/TEST
    test.ancestors().nth(3).expect("a target folder").to_owned()
}

fn folder(name: &str) -> String {
    target().join(name).into_os_string().into_string().expect("a path in UTF-8")
}

fn built(options: &[&str], environment: &[(&str, &str)], folder: &str) -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--lib", "--manifest-path"]).arg(manifest().join("Cargo.toml"));
    build.env("CARGO_TARGET_DIR", target()).envs(environment.iter().copied()).args(options);
    run(&mut build);
    target().join(folder)
}

/// Runs a program that must succeed.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, said(&output));
    output
}

/// All that a program has printed.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Compiles a program in C with these options too, and links it with the shared library in `library`.
pub(crate) fn compile(source: &Path, library: &Path, program: &Path, options: &[&str]) {
    let mut compiler = Command::new("cc");
    compiler.arg("-std=c99").args(WARNINGS).arg("-I").arg(manifest().join("include")).args(options);
    compiler.arg(source).arg("-o").arg(program).arg("-L").arg(library).args(["-lbatv", "-pthread"]);
    // Test runners set LD_LIBRARY_PATH, which goes before the newer kind of tag.
    compiler.arg(format!("-Wl,--disable-new-dtags,-rpath,{}", library.display()));
    run(&mut compiler);
}
