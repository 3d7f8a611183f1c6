//! The library as C gets it, and programs in C that are built against it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a C program of ours must pass without a word.
pub(crate) const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"];

pub(crate) fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that holds `libbatv.so` and `libbatv.a`: Cargo has built them with this test, with `inject`.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    // target/PROFILE/deps/TEST
    test.parent().expect("a folder").to_owned()
}

/// The same with the checks of AddressSanitizer in all of its code, for programs that have them too. Where it is built
/// already, this takes no time:
///
/// ```text
/// RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build --locked --lib --package batv-ffi \
///     --features inject --target "$(rustc --print host-tuple)" --target-dir target/c
/// ```
pub(crate) fn sanitized_library() -> PathBuf {
    let host = said(&run(Command::new("rustc").args(["--print", "host-tuple"])));
    let host = host.trim();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--lib", "--package", "batv-ffi", "--features", "inject"]);
    // The flags are not for what runs while it builds, as long as a target is named.
    build.args(["--target", host, "--target-dir"]).arg(target()).current_dir(manifest());
    // The compiler can do it, but has not promised to go on.
    run(build.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address"));
    target().join(host).join("debug")
}

/// The folder of all that these tests build. It is not the one of the test itself, where the next build of the library
/// replaces the one before, while others use it.
pub(crate) fn target() -> PathBuf {
    library().ancestors().nth(2).expect("a target folder").join("c")
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
