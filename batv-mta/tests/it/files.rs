//! The files of the daemon when they are none, or somebody else's: each is refused or named, and nothing hangs.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::process::Command;

use batv_tests::host::{account, wait_for};
use batv_tests::site::ALICE;

use crate::support::{Daemon, said_by_check};

fn signs(daemon: &Daemon) -> bool {
    daemon.ask("line", format!("sign {ALICE}\n").as_bytes()).starts_with("OK ")
}

/// Exit code and words of `batvd check`.
fn check(daemon: &Daemon) -> (Option<i32>, String) {
    let output = daemon.command().arg("check").output().expect("batvd");
    (output.status.code(), said_by_check(&output.stderr, &daemon.root()))
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(path).status().expect("mkfifo").success());
}

fn device(path: &Path) {
    symlink("/dev/zero", path).expect("a link");
}

/// Of so many octets that no computer has memory for it, and without taking any.
fn huge(path: &Path) {
    File::create(path).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file");
}

/// A file by its name, what is put in its place, and what is said.
type Case = (&'static str, fn(&Path), &'static str);

/// As after a crash of the host.
fn zeros(path: &Path) {
    fs::write(path, b"list@example.net\0\0\n").expect("a file");
}

const CASES: [Case; 9] = [
    ("keyring.toml", pipe, "cannot read /keyring.toml: it is no regular file"),
    ("keyring.toml", device, "cannot read /keyring.toml: it is no regular file"),
    ("keyring.toml", huge, "/keyring.toml is too large for a key file: the limit is 1048576 octets"),
    ("batvd.toml", pipe, "/batvd.toml: it is no regular file"),
    ("batvd.toml", device, "/batvd.toml: it is no regular file"),
    (
        "batvd.toml",
        huge,
        "/batvd.toml: line 1, column 1: it is too large for a configuration: the limit is 1048576 octets",
    ),
    ("lists", pipe, "/lists: it is no regular file"),
    ("lists", zeros, r"`list@example.net\u{0}\u{0}`"),
    ("lists", huge, "/lists: it is too large: the limit is 16777216 octets"),
];

fn with_lists() -> Daemon {
    let daemon = Daemon::new("");
    daemon.write("lists", "list@example.net\n", 0o644);
    let lists = format!("[sign]\nexempt_recipients = ['file:{}/lists']\n", daemon.root());
    daemon.configure(&lists);
    daemon
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    for (name, put, said) in CASES {
        let mut daemon = with_lists();
        fs::remove_file(daemon.path(name)).expect("a file");
        put(&daemon.path(name));
        let (code, words) = check(&daemon);
        assert_eq!(code, Some(2), "{name}: {words}");
        assert!(words.contains(said), "{name}: {words}");
        let process = daemon.command().output().expect("batvd");
        assert_eq!(process.status.code(), Some(2), "{name}");
        assert!(!daemon.is_running());
    }
}

#[test]
fn what_is_no_file_any_more_is_refused_at_a_reload_and_the_daemon_can_be_stopped() {
    for (name, put, said) in CASES {
        let mut daemon = with_lists();
        daemon.start();
        let kept = fs::read(daemon.path(name)).expect("a file");
        fs::remove_file(daemon.path(name)).expect("a file");
        put(&daemon.path(name));
        daemon.signal("HUP");
        let said = said.replace("/keyring", &format!("{}/keyring", daemon.root()));
        let said = said.replace("/batvd.toml", &format!("{}/batvd.toml", daemon.root()));
        let said = said.replace("/lists", &format!("{}/lists", daemon.root()));
        daemon.wait_for_log("reload failed, the old settings stay in effect");
        assert!(daemon.log().contains(&said), "{name}: {}", daemon.log());
        assert!(signs(&daemon));
        // The supervisor is there for the next one.
        fs::remove_file(daemon.path(name)).expect("a file");
        fs::write(daemon.path(name), &kept).expect("a file");
        fs::set_permissions(daemon.path(name), fs::Permissions::from_mode(0o600)).expect("a file");
        daemon.reload();
        assert!(daemon.stop().success(), "{name}");
    }
}

/// A megabyte, and one octet more, of comments.
#[test]
fn a_configuration_is_as_large_as_a_keyring_at_most() {
    let daemon = Daemon::new("");
    let text = fs::read_to_string(daemon.path("batvd.toml")).expect("a file");
    let fill =
        |octets: usize| daemon.write("batvd.toml", &format!("{text}#{}", "x".repeat(octets - text.len() - 1)), 0o644);
    fill(1 << 20);
    assert_eq!(check(&daemon).0, Some(0));
    fill((1 << 20) + 1);
    let (code, words) = check(&daemon);
    assert_eq!(code, Some(2));
    assert!(words.contains("/batvd.toml: line 1, column 1: it is too large for a configuration"), "{words}");
}

#[test]
fn a_keyring_is_roots_or_the_daemons() {
    let (user, group) = account("nobody");
    let mut daemon = Daemon::new("");
    chown(daemon.path("keyring.toml"), Some(user), Some(group)).expect("this test must run as root");
    let said = daemon.try_start(&mut daemon.command()).expect_err("keys of somebody else's");
    let expected =
        format!("/keyring.toml belongs to user {user}, who can change it: give it to root, or to the user that");
    assert!(said.contains(&expected), "{said}");
    // The user who checks need not be the one who starts the daemon.
    let (code, words) = check(&daemon);
    assert!(code == Some(0) && words.contains(&expected), "{words}");
    // It is the user of the worker.
    daemon.configure("[sandbox]\nuser = 'nobody'\n");
    daemon.start();
    assert!(signs(&daemon));
    daemon.configure("");
    daemon.signal("HUP");
    daemon.wait_for_log("reload failed, the old settings stay in effect");
    assert!(daemon.log().contains(&expected), "{}", daemon.log());
}

#[test]
fn what_others_can_change_is_named() {
    let (user, group) = account("nobody");
    let mut daemon = with_lists();
    assert_eq!(check(&daemon), (Some(0), String::new()));
    let set_mode = |name: &str, mode| {
        fs::set_permissions(daemon.path(name), fs::Permissions::from_mode(mode)).expect("a file");
    };
    let warned = |name: &str, mode: u32| {
        let what = "and with it what the daemon does";
        format!("batvd: others can change {name} (mode {mode:04o}), {what}: run `chmod go-w {name}`\n")
    };
    set_mode("batvd.toml", 0o666);
    set_mode("lists", 0o646);
    assert_eq!(check(&daemon), (Some(0), warned("/batvd.toml", 0o666) + &warned("/lists", 0o646)));
    set_mode("batvd.toml", 0o664);
    set_mode("lists", 0o644);
    // The group of root is root.
    assert_eq!(check(&daemon), (Some(0), String::new()));
    chown(daemon.path("batvd.toml"), None, Some(group)).expect("this test must run as root");
    assert_eq!(check(&daemon), (Some(0), warned("/batvd.toml", 0o664)));
    set_mode("batvd.toml", 0o644);
    chown(daemon.path("lists"), Some(user), None).expect("this test must run as root");
    let owned =
        format!("batvd: user {user} can change /lists, and with it what the daemon does: run `chown root /lists`\n");
    assert_eq!(check(&daemon), (Some(0), owned));
    chown(daemon.path("lists"), Some(0), None).expect("this test must run as root");
    // In a folder with the sticky bit nobody may replace what is another's.
    set_mode("", 0o1777);
    assert_eq!(check(&daemon), (Some(0), String::new()));
    set_mode("", 0o777);
    let (code, words) = check(&daemon);
    assert!(code == Some(0) && words.contains(" (mode 0777), and with it what the daemon does"), "{words}");
    daemon.start();
    daemon.wait_for_log(" (mode 0777), and with it what the daemon does: run `chmod go-w ");
    assert!(signs(&daemon));
}

/// Each folder and each link on the way, also those between the first and the last.
#[test]
fn a_link_of_a_stranger_is_named_wherever_it_is_on_the_way() {
    let (user, _) = account("nobody");
    let owned = |shown: &str, how: &str| {
        format!("batvd: user {user} can change {shown}, and with it what the daemon does: run `{how} root {shown}`\n")
    };
    let daemon = with_lists();
    fs::rename(daemon.path("lists"), daemon.path("store/lists")).expect("a file");
    for name in ["one", "two"] {
        fs::create_dir(daemon.path(name)).expect("a folder");
    }
    // To the file itself, and to a folder on the way.
    for (link, target) in
        [("lists", "one/link"), ("one/link", "../two/link"), ("two/link", "../three/lists"), ("three", "store")]
    {
        symlink(target, daemon.path(link)).expect("a link");
    }
    assert_eq!(check(&daemon), (Some(0), String::new()));
    chown(daemon.path("two"), Some(user), None).expect("this test must run as root");
    assert_eq!(check(&daemon), (Some(0), owned("/two", "chown")));
    chown(daemon.path("two"), Some(0), None).expect("this test must run as root");
    for link in ["one/link", "three"] {
        lchown(daemon.path(link), Some(user), None).expect("this test must run as root");
        assert_eq!(check(&daemon), (Some(0), owned(&format!("/{link}"), "chown -h")));
        lchown(daemon.path(link), Some(0), None).expect("this test must run as root");
    }
    // One that leads to itself ends nowhere.
    fs::remove_file(daemon.path("three")).expect("a link");
    symlink("three", daemon.path("three")).expect("a link");
    assert_eq!(check(&daemon).0, Some(2));
}

#[test]
fn a_folder_in_which_anyone_can_take_the_place_of_a_socket_is_named() {
    let mut daemon = Daemon::with_sockets_in("sockets", "");
    fs::set_permissions(daemon.path("sockets"), fs::Permissions::from_mode(0o777)).expect("a folder");
    let (code, words) = check(&daemon);
    let warning =
        "batvd: others can put sockets of their own in the place of those in /sockets: run `chmod o-w /sockets`\n";
    assert_eq!((code, words.as_str()), (Some(0), warning));
    daemon.start();
    wait_for("warning", || daemon.log().contains("others can put sockets of their own").then_some(()));
}
