//! The programs in C of the manual and of the README, as a newcomer would use them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{compile, library, manifest, run, said};

#[test]
fn program_of_the_manual_runs() {
    let page = fs::read_to_string(manifest().join("../docs/src/c.md")).unwrap();
    let program = page.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a program");
    assert!(program.lines().count() < 40, "the program has grown");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("bounce.c"), program).unwrap();
    compile(&path("bounce.c"), &library(), &path("bounce"), &[]);

    let bounce =
        |arguments: &[&str]| Command::new(path("bounce")).args(arguments).current_dir(&folder).output().unwrap();
    let key = "[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n";
    fs::write(path("keyring.toml"), key).unwrap();
    fs::set_permissions(path("keyring.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    let good =
        said(&run(Command::new(path("bounce")).args(["keyring.toml", "alice@example.com"]).current_dir(&folder)));
    assert!(good.starts_with("MAIL FROM:<prvs=0") && good.contains("=alice@example.com>\n"), "{good}");
    assert!(good.ends_with("and to its bounce: 250 2.1.5 Recipient ok\n"), "{good}");

    let no_address = bounce(&["keyring.toml", "alice"]);
    assert_eq!(no_address.status.code(), Some(2));
    assert_eq!(said(&no_address), "`sender` is no address: missing domain at offset 5: write `local@domain`\n");
    let no_keyring = said(&bounce(&["nowhere.toml", "alice@example.com"]));
    assert!(no_keyring.starts_with("cannot read nowhere.toml: "), "{no_keyring}");
    fs::set_permissions(path("keyring.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    let readable = said(&bounce(&["keyring.toml", "alice@example.com"]));
    assert!(readable.contains("others can read keyring.toml (mode 0644)"), "{readable}");
}

#[test]
fn filter_of_the_readme_of_the_library_runs() {
    let readme = fs::read_to_string(manifest().join("README.md")).unwrap();
    let program = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a program");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("judge.c"), program).unwrap();
    compile(&path("judge.c"), &library(), &path("judge"), &["-fsanitize=address,undefined"]);

    let key = "[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n";
    fs::write(path("keyring.toml"), key).unwrap();
    fs::set_permissions(path("keyring.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    let bounce = |from: &str| {
        format!(
            "From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; boundary=b\n\n--b\n\nNot delivered.\n\
             --b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; bob@example.net\nAction: failed\n\
             --b\nContent-Type: text/rfc822-headers\n\nReceived: from a.example; Wed, 25 Nov 2026 10:00:00 +0000\n\
             From: {from}\nDate: Wed, 25 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{from}>\n--b--\n"
        )
    };
    let judge = |message: &str, recipient: &str| {
        fs::write(path("bounce.eml"), message).unwrap();
        let mut command = Command::new(path("judge"));
        command.args(["keyring.toml", "<>", recipient]).current_dir(&folder);
        let output = command.stdin(fs::File::open(path("bounce.eml")).unwrap()).output().unwrap();
        (output.status.code(), said(&output))
    };
    let printed = readme.split("<bounce.eml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an output");
    assert_eq!(judge(&bounce("carol@example.org"), "alice@example.com"), (Some(1), printed.to_owned()));
    let (status, ours) = judge(&bounce("alice@example.com"), "alice@example.com");
    assert_eq!(status, Some(0), "{ours}");
    assert!(ours.starts_with("250 2.1.5 Recipient ok (backscatter-unverified)\n"), "{ours}");
    let wrong =
        (Some(75), "`forward_path` is no address: missing domain at offset 5: write `local@domain`\n".to_owned());
    assert_eq!(judge("", "alice"), wrong);
}
