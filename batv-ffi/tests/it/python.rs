//! `examples/batv.py`, run as it would be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{library, manifest, said};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(manifest().join("examples/batv.py")).args(arguments).current_dir(folder);
    command.env("BATV_LIBRARY", library().join("libbatv.so"));
    command
}

fn batv(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("Python")
}

#[test]
fn example_signs_and_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = folder.path().join("keyring.toml");
    fs::write(&keyring, "[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n").unwrap();
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();
    let run = |arguments: &[&str]| batv(folder.path(), arguments);

    let signed = run(&["keyring.toml", "sign", "alice@example.com"]);
    assert_eq!(signed.status.code(), Some(0), "{}", said(&signed));
    let tagged = said(&signed).trim().to_owned();
    assert!(tagged.starts_with("prvs=0") && tagged.ends_with("=alice@example.com"), "{tagged}");

    let verified = run(&["keyring.toml", "verify", &tagged]);
    assert_eq!((verified.status.code(), said(&verified)), (Some(0), "valid\talice@example.com\n".to_owned()));
    let forged = run(&["keyring.toml", "verify", &tagged.replace("alice", "bob"), "carol@example.com"]);
    assert_eq!(forged.status.code(), Some(1));
    assert_eq!(said(&forged), "bad-mac\tbob@example.com\nuntagged\tcarol@example.com\n");

    let malformed = run(&["keyring.toml", "sign", "alice"]);
    assert_eq!(malformed.status.code(), Some(1));
    assert!(said(&malformed).starts_with("batv.py: alice: `sender` is no address: missing domain"));
    let missing = run(&["nowhere.toml", "sign", "alice@example.com"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(said(&missing).starts_with("batv.py: keyring: cannot read nowhere.toml: "));
    fs::write(&keyring, "[[key]]\nuse = \"both\"\n").unwrap();
    let wrong = run(&["keyring.toml", "sign", "alice@example.com"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("keyring.toml: line 2, column 7: "), "{}", said(&wrong));
    assert_eq!(run(&["keyring.toml", "forge", "alice@example.com"]).status.code(), Some(2));
}

#[test]
fn example_judges_a_bounce() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = folder.path().join("keyring.toml");
    fs::write(&keyring, "[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n").unwrap();
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();
    let bounce = folder.path().join("bounce.eml");
    fs::write(&bounce, "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nNot delivered.\n").unwrap();
    let run = |recipients: &[&str]| {
        let mut command = command(folder.path(), &[&["keyring.toml", "judge"], recipients].concat());
        command.stdin(fs::File::open(&bounce).unwrap()).output().expect("Python")
    };
    let judged = run(&["alice@example.com"]);
    assert_eq!(said(&judged), "unverified\tbackscatter-unverified\t250 2.1.5 Recipient ok\n");
    assert_eq!(judged.status.code(), Some(0));
    let forged = run(&["prvs=0000aaaaaa=alice@example.com", "alice"]);
    assert_eq!(forged.status.code(), Some(1));
    let said = said(&forged);
    assert!(said.starts_with("disproved\ttag-forged\t550 5.7.1 "), "{said}");
    assert!(said.contains("\nbatv.py: alice: `forward_path` is no address: missing domain at offset 5"), "{said}");
}
