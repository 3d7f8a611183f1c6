//! The program as a process: octets, pipes, permissions and memory, which the cases in `cmd/` can't show.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use tempfile::TempDir;

const DAY: &str = "--at=2020-01-01";
const TAGGED: &str = "prvs=0269b1e711=alice@example.com";

/// The program with a home of its own, and a keyring in it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write("ring.toml", include_bytes!("../keyring.toml"), 0o600);
        home
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, octets: &[u8], mode: u32) {
        fs::write(self.path(name), octets).unwrap();
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(mode)).unwrap();
    }

    /// The program with its keyring.
    fn batv(&self, arguments: &[&str]) -> Command {
        let mut command = self.batv_without_keyring(arguments);
        command.env("BATV_KEYRING", self.path("ring.toml"));
        command
    }

    fn batv_without_keyring(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_batv"));
        command.args(arguments).env_clear().env("HOME", self.0.path()).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

trait Run {
    fn run(&mut self) -> Output;
    fn run_with(&mut self, input: &[u8]) -> Output;
}

impl Run for Command {
    fn run(&mut self) -> Output {
        self.output().unwrap()
    }

    fn run_with(&mut self, input: &[u8]) -> Output {
        let mut child = self.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        thread::scope(|scope| {
            // It may end before it has read all.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().unwrap()
        })
    }
}

#[track_caller]
fn assert_output(output: &Output, status: i32, stdout: impl AsRef<[u8]>, stderr: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(stdout.as_ref()));
    assert!(output.stdout == stdout.as_ref(), "octets that are not UTF-8");
    assert_eq!(output.status.code(), Some(status));
}

#[test]
fn octets_that_are_not_utf8_stay_as_they_are() {
    let home = Home::new();
    let lines = b"al\xffice@example.com\nalice@example.com\n";
    let reason = "batv: line 1: invalid UTF-8 at offset 2: an address is ASCII or UTF-8\n";
    let signed = b"al\xffice@example.com\nprvs=0269b1e711=alice@example.com\n";
    assert_output(&home.batv(&["sign", DAY]).run_with(lines), 1, signed, reason);
    let verified = b"malformed\tal\xffice@example.com\nuntagged\talice@example.com\n";
    assert_output(&home.batv(&["verify", DAY]).run_with(lines), 1, verified, "");
}

#[test]
fn json_has_replacement_characters_for_octets_that_are_not_utf8() {
    let output = Home::new().batv(&["verify", "--json"]).run_with(b"al\xffice@example.com\n");
    let object = "{\"input\":\"al\u{fffd}ice@example.com\",\"verdict\":\"malformed\",\"address\":null,\"key_id\":null,\
                  \"expires\":null,\"days_left\":null}\n";
    assert_output(&output, 1, object, "");
}

#[test]
fn an_argument_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let home = Home::new();
    let output = home.batv(&["sign"]).arg(OsStr::from_bytes(b"al\xffice@example.com")).run();
    let reason = "invalid UTF-8 at offset 2: an address is ASCII or UTF-8";
    assert_output(&output, 1, b"al\xffice@example.com\n", &format!("batv: al\u{fffd}ice@example.com: {reason}\n"));
}

#[test]
fn nul_octets_are_refused_like_any_control_character() {
    let output = Home::new().batv(&["unwrap"]).run_with(b"alice\0@example.com\n\0\n");
    let reason = "control character at offset 5: not allowed in an address";
    let other = "control character at offset 0: not allowed in an address";
    let notes = format!("batv: line 1: {reason}\nbatv: line 2: {other}\n");
    assert_output(&output, 1, b"alice\0@example.com\n\0\n", &notes);
}

#[test]
fn a_line_of_a_mebibyte_is_one_bad_line() {
    let home = Home::new();
    let long = "x".repeat(1 << 20);
    let input = format!("alice@example.com\n{long}\nalice@example.com\n");
    let signed = format!("{TAGGED}\n{long}\n{TAGGED}\n");
    let reason = "batv: line 2: line of more than 65536 octets\n";
    assert_output(&home.batv(&["sign", DAY]).run_with(input.as_bytes()), 1, signed, reason);
    let verified = format!("untagged\talice@example.com\nmalformed\t{long}\nuntagged\talice@example.com\n");
    assert_output(&home.batv(&["verify", DAY]).run_with(input.as_bytes()), 1, verified, "");
    let output = home.batv(&["unwrap", "--json"]).run_with(input.as_bytes());
    let lines: Vec<_> = output.stdout.split(|octet| *octet == b'\n').collect();
    assert_eq!(lines.len(), 4, "three objects and nothing after the last newline");
    let object: serde_json::Value = serde_json::from_slice(lines[1]).unwrap();
    assert_eq!(object["input"], "x".repeat(1 << 16));
    assert_eq!(object["error"], "line of more than 65536 octets");
}

#[test]
fn whoever_writes_a_line_and_waits_gets_an_answer() {
    let home = Home::new();
    let mut child = home.batv(&["sign", DAY]).stdin(Stdio::piped()).spawn().unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for (question, answer) in [("alice@example.com\n", TAGGED), ("<>\n", "<>"), ("alice@example.com\r\n", TAGGED)] {
        // Not all of a line, and then the rest.
        let (start, rest) = question.split_at(1);
        questions.write_all(start.as_bytes()).unwrap();
        questions.write_all(rest.as_bytes()).unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end_matches('\n'), answer);
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
}

/// An input that goes on until nobody reads any more, and an output that is closed after the first line.
fn close_output_early(mut command: Command) -> (Option<i32>, String) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || while stdin.write_all(b"alice@example.com\n").is_ok() {});
    let mut first = [0; 1];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    writer.join().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_broken_pipe_ends_quietly() {
    let home = Home::new();
    for command in [&["sign"][..], &["verify"], &["unwrap", "--json"], &["check"]] {
        assert_eq!(close_output_early(home.batv(command)), (Some(0), String::new()), "{command:?}");
    }
}

#[test]
fn a_broken_pipe_ends_what_takes_no_input_quietly() {
    let home = Home::new();
    for command in [&["sign", "alice@example.com"][..], &["key", "list"], &["generate", "man"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.batv(command).stdout(writer).run();
        assert_output(&output, 0, b"", "");
    }
}

#[test]
fn a_closed_standard_error_stops_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Home::new().batv(&["sign", DAY]).stderr(writer).run_with(b"al ice\nalice@example.com\n");
    assert_output(&output, 1, format!("al ice\n{TAGGED}\n"), "");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let output =
        Home::new().batv(&["sign"]).stdout(File::create("/dev/full").unwrap()).run_with(b"alice@example.com\n");
    assert_output(&output, 2, b"", "batv: standard output: No space left on device (os error 28)\n");
}

#[test]
fn an_input_that_cannot_be_read_is_an_error() {
    let home = Home::new();
    let output = home.batv(&["unwrap"]).stdin(File::open(home.0.path()).unwrap()).run();
    assert_output(&output, 2, b"", "batv: standard input: Is a directory (os error 21)\n");
}

#[test]
fn a_keyring_that_others_can_read_is_refused_unless_told_otherwise() {
    let home = Home::new();
    home.write("open.toml", include_bytes!("../keyring.toml"), 0o644);
    let arguments = ["sign", DAY, "--keyring=open.toml", "alice@example.com"];
    let refusal = "batv: others can read open.toml (mode 0644): run `chmod 600 open.toml`\n";
    assert_output(&home.batv(&arguments).run(), 2, b"", refusal);
    let output = home.batv(&arguments).arg("--allow-readable").run();
    assert_output(&output, 0, format!("{TAGGED}\n"), "");
}

#[test]
fn a_keyring_that_others_can_change_is_refused_whatever_is_told() {
    let home = Home::new();
    home.write("open.toml", include_bytes!("../keyring.toml"), 0o666);
    let output = home.batv(&["sign", "--allow-readable", "--keyring=open.toml", "alice@example.com"]).run();
    let refusal = "batv: others can change open.toml (mode 0666): run `chmod 600 open.toml`\n";
    assert_output(&output, 2, b"", refusal);
}

#[test]
fn a_key_file_that_others_can_read_is_worth_a_word() {
    let home = Home::new();
    home.write("open.key", b"s3kr1t", 0o640);
    let arguments = ["sign", "--key-file=open.key", "--at=2020-01-01", "alice@example.com"];
    let word = "batv: others can read open.key (mode 0640): run `chmod 600 open.key`\n";
    assert_output(&home.batv(&arguments).run(), 0, b"prvs=0269b1e711=alice@example.com\n", word);
}

#[test]
fn an_unreadable_keyring_is_no_reason_to_make_one() {
    let home = Home::new();
    let keyring = home.path(".local/share/batv/keyring.toml");
    // Not even root can read a directory as a file.
    fs::create_dir_all(&keyring).unwrap();
    let output = home.batv_without_keyring(&["sign", "alice@example.com"]).run();
    assert_output(&output, 2, b"", &format!("batv: cannot read {}: is a directory\n", keyring.display()));
}

#[test]
fn the_first_sign_makes_a_keyring_for_its_user() {
    let home = Home::new();
    let keyring = home.path(".local/share/batv/keyring.toml");
    let first = home.batv_without_keyring(&["sign", "alice@example.com"]).run();
    let note = format!("batv: created a keyring with a new key: {}\n", keyring.display());
    assert_output(&first, 0, &first.stdout, &note);
    assert_eq!(fs::metadata(&keyring).unwrap().permissions().mode() & 0o777, 0o600);
    let second = home.batv_without_keyring(&["sign", "alice@example.com"]).run();
    assert_output(&second, 0, &first.stdout, "");
    let tagged = String::from_utf8(first.stdout).unwrap();
    let verified = home.batv_without_keyring(&["verify", tagged.trim_end()]).run();
    assert_output(&verified, 0, b"alice@example.com\n", "");
}

#[test]
fn of_many_first_signs_one_makes_the_keyring() {
    let home = Home::new();
    let start = |_| home.batv_without_keyring(&["sign", "alice@example.com"]).spawn().unwrap();
    let children: Vec<Child> = (0..8).map(start).collect();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(outputs.iter().all(|output| output.status.success() && output.stdout == outputs[0].stdout));
    assert_eq!(outputs.iter().filter(|output| !output.stderr.is_empty()).count(), 1);
}

#[test]
fn without_a_keyring_nothing_is_verified() {
    let home = Home::new();
    let output = home.batv_without_keyring(&["verify", TAGGED]).run();
    let advice = "create one with `batv key new`, or name one with --keyring, BATV_KEYRING or --key-file";
    assert_output(&output, 2, b"", &format!("batv: no keyring found: {advice}\n"));
}

/// Every command, so that a new one is asked too.
#[test]
fn no_output_holds_a_secret() {
    let home = Home::new();
    home.batv(&["key", "new"]).run();
    let keyring = fs::read_to_string(home.path("ring.toml")).unwrap();
    let secrets: Vec<_> = keyring
        .lines()
        .filter_map(|line| Some(line.strip_prefix("secret = \"")?.split_once(':')?.1.trim_end_matches('"')))
        .collect();
    assert_eq!(secrets.len(), 5);
    let forged = "prvs=0269b1e712=alice@example.com";
    let domain = "--domain=forwarder.example.net";
    for command in [
        &["sign", DAY, "alice@example.com"][..],
        &["verify", DAY, "--explain", forged],
        &["check", DAY, "--explain", forged],
        &["judge", DAY, "--explain", "--from=<>", "--to", forged],
        &["judge", DAY, "--json", "--explain", "--from=<>", "--to", forged],
        &["may-bounce", DAY, "--explain", "--protected=example.com", "--from", forged],
        &["srs", "forward", DAY, domain, "alice@example.com"],
        &["srs", "reverse", DAY, domain, "SRS0=Xu1N=2W=example.com=alice@forwarder.example.net"],
        &["key", "list"],
        &["key", "list", "--json"],
        &["key", "new", "--lifetime=14"],
        &["key", "rotate"],
        &["key", "promote"],
        &["key", "promote", "1"],
        &["key", "retire", "0"],
        &["key", "retire", "0", "--force"],
        &["key", "import", "--format=exim", "ring.toml"],
        &["key", "export", "2", "--format=batv-tools"],
        &["key", "export", "1", "--format=exim", "--out=exim.key"],
    ] {
        let output = home.batv(command).run();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!printed.is_empty(), "{command:?}");
        for secret in &secrets {
            assert!(!printed.contains(secret), "{command:?} prints a secret: {printed}");
        }
    }
}

#[test]
fn no_explanation_holds_the_mac_that_would_be_right() {
    let home = Home::new();
    let forged = "prvs=0269b1e712=alice@example.com";
    for command in [
        &["verify", forged][..],
        &["check", forged],
        &["judge", "--from=<>", "--to", forged],
        &["may-bounce", "--from", forged],
    ] {
        let output = home.batv(command).args([DAY, "--explain"]).run();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(printed.contains("b1e712") && !printed.contains("b1e711"), "{printed}");
    }
}

#[test]
fn without_a_keyring_a_bounce_is_judged_by_what_the_border_found() {
    let home = Home::new();
    let arguments = ["may-bounce", "--from=alice@example.org", "--authserv-id=mx.example.com"];
    let message = b"Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=example.org\r\n\r\n";
    let output = home.batv_without_keyring(&arguments).run_with(message);
    assert_output(&output, 0, b"yes\tspf\n", "");
}

/// A mail server that finds nobody at the other end of the pipe takes the message for undelivered.
#[test]
fn a_message_is_read_to_its_end() {
    let home = Home::new();
    let judged = b"not-judged\tordinary\tnot-judged\taccept\t-\n";
    for (arguments, status, answer) in [
        (["judge", "--from=bob@example.net", "--to=alice@example.com"], 0, &judged[..]),
        (["may-bounce", "--from=bob@example.net", "--to=alice@example.com"], 1, b"no\tunproved\n"),
    ] {
        let mut child = home.batv(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for _ in 0..32 {
            stdin.write_all(&[b'x'; 1 << 20]).unwrap();
        }
        drop(stdin);
        assert_output(&child.wait_with_output().unwrap(), status, answer, "");
    }
}

#[test]
fn an_exported_secret_is_for_its_owner_alone() {
    let home = Home::new();
    let output = home.batv(&["key", "export", "0", "--format=exim", "--out=exim.key"]).run();
    assert_output(&output, 0, b"", "");
    assert_eq!(fs::read(home.path("exim.key")).unwrap(), b"s3kr1t");
    assert_eq!(fs::metadata(home.path("exim.key")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_comes_in_by_standard_input_too() {
    let home = Home::new();
    let mut import = home.batv(&["key", "import", "--format=exim", "--keyring=new.toml", "-"]);
    assert!(import.run_with(b"s3kr1t\n").status.success());
    let output = home.batv(&["sign", DAY, "--keyring=new.toml", "alice@example.com"]).run();
    assert_output(&output, 0, format!("{TAGGED}\n"), "");
}

#[test]
fn there_is_a_manual_page_for_each_subcommand() {
    let home = Home::new();
    assert_output(&home.batv(&["generate", "man", "--out=man/man1"]).run(), 0, b"", "");
    let mut names: Vec<_> = fs::read_dir(home.path("man/man1"))
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let expected = "batv-check.1 batv-generate-completions.1 batv-generate-man.1 batv-generate.1 batv-judge.1 \
                    batv-key-export.1 batv-key-import.1 batv-key-list.1 batv-key-new.1 batv-key-promote.1 batv-key-retire.1 \
                    batv-key-rotate.1 batv-key-strong.1 batv-key.1 batv-may-bounce.1 batv-migrate.1 batv-report.1 batv-sign.1 batv-srs-forward.1 \
                    batv-srs-reverse.1 batv-srs.1 batv-unwrap.1 batv-verify.1 batv.1";
    assert_eq!(names.join(" "), expected);
    for (subcommand, page) in
        [(&["sign"][..], "batv-sign.1"), (&["srs", "forward"], "batv-srs-forward.1"), (&[], "batv.1")]
    {
        let arguments: Vec<_> = ["generate", "man"].iter().chain(subcommand).copied().collect();
        assert_output(&home.batv(&arguments).run(), 0, fs::read(home.path("man/man1").join(page)).unwrap(), "");
    }
}

#[test]
fn every_shell_gets_completions_for_every_subcommand() {
    let home = Home::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = home.batv(&["generate", "completions", shell]).run();
        let script = String::from_utf8(output.stdout).unwrap();
        for word in ["sign", "--signing-since", "--always-rewrite", "--allow-readable", "promote"] {
            assert!(script.contains(word.trim_start_matches('-')), "{shell} lacks {word}");
        }
    }
}

/// More than 64 MiB have to go through in less than that. What counts is that lines come in all lengths, an endless one among
/// them, and that answers and notes are longer than the lines.
#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_input() {
    const MEBIBYTE: usize = 1 << 20;
    let home = Home::new();
    let tiny = "x\n".repeat(MEBIBYTE / 2);
    let large = format!("{}@example.com\n", "a".repeat(900)).repeat(MEBIBYTE / 913);
    let endless = "y".repeat(MEBIBYTE);
    for (arguments, times) in [
        (&["sign"][..], [1, 8, 91]),
        (&["unwrap", "--json"], [1, 4, 70]),
        (&["verify", "--explain"], [1, 2, 70]),
        (&["report", DAY], [1, 8, 91]),
    ] {
        let mut child = home.batv(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let (mut stdin, mut stdout, mut stderr) =
            (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let kibibytes = thread::scope(|scope| {
            scope.spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()).unwrap());
            scope.spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()).unwrap());
            for (piece, times) in [&tiny, &large, &endless].into_iter().zip(times) {
                for _ in 0..times {
                    stdin.write_all(piece.as_bytes()).unwrap();
                }
            }
            let kibibytes = peak_memory(&child);
            drop(stdin);
            kibibytes
        });
        assert!(kibibytes < 64 * 1024, "{arguments:?}: {kibibytes} KiB");
        child.wait().unwrap();
    }
}

/// Messages of all lengths, whose answers go away as they come.
#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_a_mailbox() {
    const MEBIBYTE: usize = 1 << 20;
    let home = Home::new();
    let message = |body: usize| {
        format!("From a Wed Jan  1 00:00:00 2020\nDelivered-To: alice@example.com\n\n{}\n\n", "x".repeat(body))
    };
    let small = message(100).repeat(1_000);
    // All of them together are more than the memory that is allowed.
    let large = message(3 * MEBIBYTE).repeat(4);
    for arguments in [&["judge"][..], &["judge", "--summary"], &["judge", "--json", "--explain"]] {
        let mut command = home.batv(arguments);
        let mut child = command.arg("--max-octets=1000000").stdin(Stdio::piped()).spawn().unwrap();
        let (mut stdin, mut stdout, mut stderr) =
            (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let kibibytes = thread::scope(|scope| {
            scope.spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()).unwrap());
            scope.spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()).unwrap());
            for _ in 0..6 {
                stdin.write_all(small.as_bytes()).unwrap();
                stdin.write_all(large.as_bytes()).unwrap();
            }
            let kibibytes = peak_memory(&child);
            drop(stdin);
            kibibytes
        });
        assert!(kibibytes < 64 * 1024, "{arguments:?}: {kibibytes} KiB");
        child.wait().unwrap();
    }
}

#[test]
fn a_broken_pipe_ends_the_judging_of_a_mailbox_quietly() {
    let home = Home::new();
    let mut child = home.batv(&["judge"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    drop(child.stdout.take());
    let writer = thread::spawn(move || while stdin.write_all(b"From a Wed Jan  1 00:00:00 2020\nA: 1\n\n").is_ok() {});
    writer.join().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_output(&output, 0, b"", "");
}

/// The most memory that a process has held so far, in KiB (proc_pid_status(5), `VmHWM`).
#[cfg(target_os = "linux")]
fn peak_memory(child: &Child) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(child.id().to_string()).join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
