//! Stores that can't be used as they are configured.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Daemon;

/// Each is refused, by `check` as well as at the start.
#[test]
fn an_unusable_store_is_reported_before_the_start() {
    let mut daemon = Daemon::new("");
    let root = daemon.root();
    symlink(daemon.root(), daemon.path("store/link")).expect("a link");
    fs::create_dir(daemon.path("elsewhere")).expect("a folder");
    daemon.write("open", "0pen-sesame", 0o644);
    let beside = "batvd.toml is in /";
    fs::create_dir(daemon.path("keys")).expect("a folder");
    fs::rename(daemon.path("keyring.toml"), daemon.path("keys/keyring.toml")).expect("a file");
    symlink(daemon.path("keys/keyring.toml"), daemon.path("keyring.toml")).expect("a link");
    for (store, expected) in [
        ("at = 'redis://:0pen-sesame@valkey.example.com'".to_owned(), "has a user or a password: name a file"),
        (format!("at = 'unix:///run/valkey.sock'\npassword_file = '{root}/open'"), "open (mode 0644)"),
        (format!("at = 'sqlite:{root}/elsewhere/store.sqlite'\noctets = 4096"), "4096 octets is too small"),
        (format!("at = 'sqlite:{root}/store.sqlite'"), beside),
        (format!("at = 'sqlite:{root}/store/../store.sqlite'"), beside),
        (format!("at = 'sqlite:{root}/store/link/store.sqlite'"), beside),
        ("at = 'sqlite:/store.sqlite'".to_owned(), beside),
        (format!("at = 'sqlite:{root}/keys/store.sqlite'"), "keyring.toml is in /"),
        (format!("at = 'none'\n[page]\nfigures = '{root}/figures.json'"), beside),
    ] {
        daemon.configure(&format!("[store]\n{store}\n"));
        let checked = daemon.command().arg("check").output().expect("batvd");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.code() == Some(2) && said.contains(expected), "{store}: {said}");
        let mut command = daemon.command();
        let said = daemon.try_start(&mut command).expect_err(&store);
        assert!(said.contains(expected) && !said.contains("0pen-sesame"), "{store}: {said}");
    }
    // A worker without sandbox can read any file.
    daemon.configure(&format!("[store]\nat = 'sqlite:{root}/store.sqlite'\n[sandbox]\nconfine = false\n"));
    daemon.start();
}
