//! The command line by example: `cmd/` has a file for each case, with arguments and input, output and exit status.
//!
//! `TRYCMD=overwrite cargo test -p batv-cli --test it cmd` writes what is printed now into the files, to be read before it
//! is committed.

use std::fs;
use std::path::Path;

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cmd");
    let keyring = private_keyring(&folder);
    trycmd::TestCases::new()
        .case("tests/cmd/*/*.toml")
        .case("tests/cmd/*/*.trycmd")
        .env("BATV_KEYRING", keyring.to_str().expect("a path of UTF-8"))
        .env("COLUMNS", "100")
        .env("HOME", folder.to_str().expect("a path of UTF-8"))
        .run();
}

/// A checkout has files that everybody can read; a keyring must not be one.
fn private_keyring(folder: &Path) -> std::path::PathBuf {
    let keyring = folder.join("keyring.toml");
    fs::create_dir_all(folder).expect("a folder for the keyring");
    fs::write(&keyring, include_str!("../keyring.toml")).expect("a copy of the keyring");
    #[cfg(unix)]
    fs::set_permissions(&keyring, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a private copy");
    keyring
}
