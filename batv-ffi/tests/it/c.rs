//! The programs in `c/`, plain, under AddressSanitizer and UndefinedBehaviorSanitizer, and under valgrind.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::{compile, library, manifest, run, said, sanitized_library};
use tempfile::TempDir;

/// How a program runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Plain,
    Sanitized,
    Valgrind,
}

impl Way {
    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["-O2"],
            Self::Sanitized => &["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
            Self::Valgrind => &["-O1"],
        }
    }

    fn library(self) -> PathBuf {
        if self == Self::Sanitized { sanitized_library() } else { library() }
    }

    fn command(self, program: &PathBuf) -> Command {
        if self != Self::Valgrind {
            return Command::new(program);
        }
        let mut valgrind = Command::new("valgrind");
        valgrind.args([
            "--quiet",
            "--error-exitcode=99",
            "--leak-check=full",
            "--show-leak-kinds=definite,indirect,possible",
        ]);
        valgrind.arg("--errors-for-leak-kinds=definite,indirect,possible");
        valgrind.arg(format!("--suppressions={}", manifest().join("batv.supp").display()));
        valgrind.arg("--").arg(program);
        valgrind
    }
}

/// A program of `c/`, in a folder of its own.
struct Program {
    folder: TempDir,
    name: &'static str,
}

impl Program {
    fn new(name: &'static str) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), name }
    }

    fn command(&self, library: &std::path::Path, way: Way) -> Command {
        let program = self.folder.path().join(self.name);
        let source = manifest().join("tests/c").join(self.name).with_extension("c");
        let includes = format!("-I{}", self.folder.path().display());
        compile(&source, library, &program, &[way.options(), &[&includes, "-D_POSIX_C_SOURCE=200809L"]].concat());
        way.command(&program)
    }

    fn passes(&self, way: Way) -> Output {
        run(&mut self.command(&way.library(), way))
    }
}

/// A test for each program and each way.
macro_rules! programs {
    ($($program:ident)+) => {$(
        mod $program {
            use super::Way;

            #[test]
            fn plain() {
                super::$program(Way::Plain);
            }

            #[test]
            fn sanitized() {
                super::$program(Way::Sanitized);
            }

            #[test]
            fn under_valgrind() {
                super::$program(Way::Valgrind);
            }
        }
    )+};
}

programs!(vectors messages misuse sizes threads reload panic);

/// A program that needs nothing but itself.
macro_rules! alone {
    ($($program:ident)+) => {$(
        fn $program(way: Way) {
            Program::new(stringify!($program)).passes(way);
        }
    )+};
}

alone!(messages misuse sizes threads panic);

fn vectors(way: Way) {
    let program = Program::new("vectors");
    let (table, count) = crate::table::of_all_vectors();
    fs::write(program.folder.path().join("vectors.inc"), table).expect("a file");
    let output = program.passes(way);
    assert_eq!(said(&output).trim(), format!("{count} cases, 0 failures"));
}

fn reload(way: Way) {
    let program = Program::new("reload");
    let keyring = program.folder.path().join("keyring.toml");
    run(program.command(&way.library(), way).arg(keyring));
}

#[test]
fn double_free_is_caught() {
    let output = Program::new("double_free").command(&sanitized_library(), Way::Sanitized).output().unwrap();
    assert!(!output.status.success());
    let said = said(&output);
    assert!(
        said.contains("AddressSanitizer: heap-use-after-free") || said.contains("attempting double-free"),
        "{said}"
    );
}

/// The examples of the header, each in a function of its own with the handles that it takes for granted.
#[test]
fn examples_of_the_header_run() {
    let header = fs::read_to_string(manifest().join("include/batv.h")).unwrap();
    let mut functions = String::new();
    let mut calls = String::new();
    let examples: Vec<&str> =
        header.split("/// ```c\n").skip(1).map(|rest| rest.split("/// ```\n").next().expect("a first part")).collect();
    let functions_of_the_header = header.matches("\n/// Errors: ").count();
    assert_eq!(examples.len(), functions_of_the_header, "each function has an example");
    assert_eq!(functions_of_the_header, 33);
    for (at, example) in examples.iter().enumerate() {
        let body: String =
            example.lines().map(|line| format!("{}\n", line.strip_prefix("/// ").unwrap_or(""))).collect();
        functions += &format!("static void example_{at}(void) {{\n{body}}}\n");
        calls += &format!("    example_{at}();\n");
    }
    let program = format!(
        r#"#include "expect.h"
static batv_keyring *keyring;
static batv_settings *settings;
static batv_message *message;
static const char BOUNCE[] =
    "From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    "--b\n\nYour message could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
    "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n"
    "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@example.com>\nFrom: alice@example.com\n--b--\n";
static const char KEYS[] = "[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n"
                           "[[key]]\nuse = \"srs\"\nsecret = \"text:tops3cr3t\"\nstate = \"signing\"\n";
{functions}
int main(void) {{
    keyring = keyring_of(KEYS);
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_new(&settings));
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_set(settings, "srs_domains", "forwarder.example.net"));
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_new(TEXT(BOUNCE), TEXT("<>"), 0, &message));
{calls}    batv_message_free(message);
    batv_settings_free(settings);
    batv_keyring_free(keyring);
    return failures != 0;
}}
"#
    );
    let folder = tempfile::tempdir().unwrap();
    let (source, binary) = (folder.path().join("examples.c"), folder.path().join("examples"));
    fs::write(&source, program).unwrap();
    let tests = format!("-I{}", manifest().join("tests/c").display());
    compile(&source, &library(), &binary, &[&tests, "-fsanitize=address,undefined"]);
    let said = said(&run(&mut Command::new(&binary)));
    for line in [
        "bad-mac",
        "alice@example.com",
        "MAIL FROM:<SRS0=",
        "MAIL FROM:<prvs=0",
        "250 2.1.5",
        "X-BATV-Mark: 1.0.",
        "the mark is valid",
        "a bounce: failed",
        "status: 5.1.1",
        "it returns <1@example.com>",
        "its type is message/delivery-status",
        "unverified, for backscatter-unverified: 250 2.1.5",
        "tell bob: SPF passes",
        "mode: ",
        "srs_separator: character after `SRS0`",
        "hint\npart 3: its Message-ID names a domain of ours",
    ] {
        assert!(said.contains(line), "no {line:?} in\n{said}");
    }
}
