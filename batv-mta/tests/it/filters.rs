//! Sieve, SpamAssassin and rspamd with the lines in `integrations/`, and the fields that the daemon writes.

use core::net::Ipv4Addr;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::Daemon;
use batv_tests::host::{free_ports, give, wait_for};
use batv_tests::site::{ALICE, date, tagged};

/// A message of `tests/servers/messages`, whether it comes to a tagged address, the mode, and the expected folder,
/// and the rules without `BATV_`.
const CASES: [(&str, bool, &str, &str, &[&str]); 8] = [
    ("foreign-bounce", false, "mark", "Quarantine", &["DISPROVED"]),
    ("foreign-bounce", false, "quarantine", "Quarantine", &["DISPROVED", "QUARANTINE"]),
    ("foreign-bounce", true, "reject", "Bounces", &["UNVERIFIED"]),
    ("bounce-without-original", false, "mark", "Bounces", &["UNVERIFIED"]),
    ("bounce-without-original", false, "reject", "Quarantine", &["QUARANTINE", "UNVERIFIED"]),
    ("bounce-without-original", true, "reject", "INBOX", &["GENUINE"]),
    ("read-receipt", false, "reject", "INBOX", &[]),
    ("dmarc-report", false, "reject", "INBOX", &[]),
];

/// The messages as they are delivered, in a folder that others may look into.
struct Delivered {
    daemon: Daemon,
    files: Vec<PathBuf>,
}

fn delivered() -> Delivered {
    let mut daemon = Daemon::new("");
    daemon.start();
    let mut files = Vec::new();
    for (number, (name, is_tagged, mode, ..)) in CASES.iter().enumerate() {
        daemon.configure(&format!("[verify]\nmode = '{mode}'\n[messages]\nmarked_since = {}\n", date(40)));
        daemon.reload();
        let path = format!("{}/tests/servers/messages/{name}.eml", env!("CARGO_MANIFEST_DIR"));
        let message = fs::read_to_string(path).expect("a message");
        let recipient = if *is_tagged { tagged(ALICE, 0) } else { ALICE.to_owned() };
        let request = format!("judge-message 192.0.2.7 whole {} <> {recipient}\n{message}", message.len());
        let answer = daemon.ask("line", request.as_bytes());
        let (_, verdict) = answer.split_once(" verdict_field=\"").unwrap_or_else(|| panic!("{answer}"));
        let verdict = verdict.trim_end().trim_end_matches('"');
        let is_forged = |line: &&str| line.starts_with("X-BATV-");
        let kept: Vec<&str> = message.lines().filter(|line| !is_forged(line)).collect();
        let file = format!("{number}.eml");
        daemon.write(&file, &format!("X-BATV-Verdict: {verdict}\n{}\n", kept.join("\n")), 0o644);
        files.push(daemon.path(&file));
    }
    Delivered { daemon, files }
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations").join(name)
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{error}: scripts/in-debian"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The rules of ours in a text, in alphabetical order, without their common prefix.
fn rules(said: &str) -> Vec<&str> {
    let words = said.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
    let mut rules: Vec<&str> = words.filter_map(|word| word.strip_prefix("BATV_")).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn sieve_files_unproved_bounces() {
    let Delivered { daemon, files } = delivered();
    let root = daemon.root();
    fs::create_dir(daemon.path("home")).expect("a folder");
    give(&daemon.path("home"), "nobody");
    fs::copy(shipped("sieve/batv.sieve"), daemon.path("home/batv.sieve")).expect("a script");
    let configuration = format!(
        "mail_uid = nobody\nmail_gid = nogroup\nmail_home = {root}/home\nmail_location = maildir:{root}/home/mail\n"
    );
    daemon.write("dovecot.conf", &configuration, 0o644);
    for (file, (name, _, mode, folder, _)) in files.iter().zip(CASES) {
        let mut command = Command::new("sieve-test");
        command.arg("-c").arg(daemon.path("dovecot.conf")).arg(daemon.path("home/batv.sieve")).arg(file);
        let said = output(&mut command);
        assert!(said.contains(&format!("folder: {folder}\n")), "{name} in {mode}: {said}");
    }
}

#[test]
fn spamassassin_scores_unproved_bounces() {
    let Delivered { daemon, files } = delivered();
    let rules_folder = daemon.path("spamassassin");
    fs::create_dir(&rules_folder).expect("a folder");
    fs::copy(shipped("spamassassin/batv.cf"), rules_folder.join("batv.cf")).expect("rules");
    daemon.write("spamassassin/site.pre", "loadplugin Mail::SpamAssassin::Plugin::Check\n", 0o644);
    daemon.write("spamassassin/site.cf", "report_safe 0\nadd_header all Status _YESNO_, tests=_TESTS_\n", 0o644);
    for (file, (name, _, mode, _, expected)) in files.iter().zip(CASES) {
        let mut command = Command::new("spamassassin");
        for option in ["--siteconfigpath", "--configpath"] {
            command.arg(option).arg(&rules_folder);
        }
        command.args(["-x", "--local"]).stdin(fs::File::open(file).expect("a message"));
        let said = output(command.env("HOME", daemon.root()));
        let start = said.find("X-Spam-Status: ").unwrap_or_else(|| panic!("{said}"));
        let status = said.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        assert_eq!(rules(status), expected, "{name} in {mode}: {said}");
    }
}

/// Ends with the test.
struct Rspamd(Child);

impl Drop for Rspamd {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

#[test]
fn rspamd_scores_unproved_bounces() {
    let Delivered { daemon, files } = delivered();
    let [port] = free_ports();
    let root = daemon.root();
    fs::create_dir(daemon.path("rspamd")).expect("a folder");
    give(&daemon.path("rspamd"), "_rspamd");
    fs::copy(shipped("rspamd/batv.lua"), daemon.path("batv.lua")).expect("rules");
    daemon.write("rspamd.lua", &format!("config['regexp'] = {{}}\ndofile('{root}/batv.lua')\n"), 0o644);
    // A whole list of top-level domains takes long to compile.
    daemon.write("domains", "com\nnet\n", 0o644);
    let configuration = format!(
        "options {{ pidfile = \"{root}/rspamd/pid\"; tempdir = \"{root}/rspamd\"; filters = \"regexp\"; \
         disable_hyperscan = true; url_tld = \"{root}/domains\"; dns {{ nameserver = [\"127.0.0.1:9\"]; }} }}\n\
         logging {{ type = \"console\"; level = \"info\"; }}\nlua = \"{root}/rspamd.lua\";\nregexp {{ }}\nactions {{ reject = 100; }}\n\
         worker \"normal\" {{ bind_socket = \"127.0.0.1:{port}\"; count = 1; }}\n"
    );
    daemon.write("rspamd.conf", &configuration, 0o644);
    let log = fs::File::create(daemon.path("rspamd.log")).expect("a file");
    let mut command = Command::new("rspamd");
    command.args(["--no-fork", "--user", "_rspamd", "--group", "_rspamd", "--config"]).arg(daemon.path("rspamd.conf"));
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
    let _rspamd = Rspamd(command.spawn().unwrap_or_else(|error| panic!("{error}: scripts/in-debian")));
    wait_for("listening rspamd", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
    for (file, (name, _, mode, _, expected)) in files.iter().zip(CASES) {
        let mut command = Command::new("rspamc");
        let said = output(command.args(["--connect", &format!("127.0.0.1:{port}"), "symbols"]).arg(file));
        assert_eq!(rules(&said), expected, "{name} in {mode}: {said}");
    }
}
