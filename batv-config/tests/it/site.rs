//! Configurations of a site: mistakes with their places, lists in files, keys that are missing.

use std::fs;
use std::path::Path;

use batv_config::site::{Config, FileSystem, Site};
use tempfile::TempDir;

const KEY: &str = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";

fn folder(config: &str, keyring: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.toml"), format!("keyring = 'keyring.toml'\n{config}")).unwrap();
    let path = folder.path().join("keyring.toml");
    fs::write(&path, keyring).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    folder
}

fn load(folder: &Path) -> Result<Site, String> {
    let config = Config::load(&folder.join("site.toml"), &FileSystem).map_err(|fault| fault.to_string())?;
    Site::load(&config, &FileSystem).map_err(|error| error.to_string())
}

#[test]
fn mistakes_have_a_place() {
    for (text, expected) in [
        ("keyrin = 'x'", "line 1, column 1: unknown field `keyrin`, expected one of `keyring`, `on_error`, "),
        ("[verify]\nmode = 'rejekt'", "line 2, column 8: unknown mode `rejekt`: expected `observe`, `mark`, "),
        ("[verify]\nmode = 'rejekt'", "did you mean `reject`?"),
        ("[verify]\nmode = 1", "line 2, column 8: invalid type: integer `1`, expected a string"),
        ("[verify]\nreject_at = 'end'", "line 2, column 13: unknown stage `end`: expected `rcpt` or `data`"),
        ("[verify]\nmodes = { 'example.com' = 'mark', 'a.example' = 'x' }", "line 2, column 49: unknown mode `x`"),
        ("[verify.modes]\n'a@' = 'mark'", "line 2, column 1: `a@`: "),
        ("[sign]\nmixed_recipients = 'none'", "line 2, column 20: unknown treatment `none`: expected `unsigned` or"),
        ("[sign]\nexempt = [\n  'example.com', 'b@',\n]", "line 3, column 18: `b@`: "),
        ("[srs]\nreverse_for = 'mail'", "line 2, column 15: unknown choice `mail`: expected `bounces` or `all`"),
        ("[messages]\ndkim_keys = ['a', 'b']", "line 2, column 14: a DKIM key is `domain:selector:/path`"),
        ("[verify.modes]\n'Example.com' = 'mark'\n'example.COM' = 'reject'", "line 3, column 1: `example.COM` is here"),
        ("[verify.modes]\n'a@b.example' = 'mark'\n'\"a\"@b.example' = 'mark'", "is here already, in another spelling"),
        ("[messages]\nhosts = ['mx.example.com', 'not a host']", "line 2, column 28: `not a host`: "),
        ("[bounces]\ntrusted_sealers = ['example..com']", "line 2, column 20: `example..com`: "),
        (
            "[replies]\nnot-our-bonce = 'x'",
            "line 2, column 1: unknown reply `not-our-bonce`: did you mean `not-our-bounce`? ",
        ),
        ("[replies]\ntag-forged = '550x'", "line 2, column 14: text begins with three digits"),
        ("[srs\n", "line 1, column 5: "),
    ] {
        let error = Config::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn sections_of_the_daemon_are_passed_over() {
    let config = Config::parse(
        "on_error = 'accept'\n[listen]\nmilter = ['wrong']\n[store]\nunknown = 1\n[sign]\nform = 'strong'",
    );
    assert_eq!(config.unwrap().sign.form.as_str(), "strong");
}

#[test]
fn lists_are_read_from_files() {
    let folder = folder("", KEY);
    let list = folder.path().join("ours");
    let config = format!("keyring = 'keyring.toml'\nsign.protected = ['file:{}']\n", list.display());
    fs::write(folder.path().join("site.toml"), config).unwrap();
    fs::write(&list, "# ours\nexample.com\n\nalice@example.net # a mailbox\n").unwrap();
    let site = load(folder.path()).unwrap();
    let protected: Vec<_> = site.rules().protected.iter().map(|pattern| pattern.as_str()).collect();
    assert_eq!(protected, ["example.com", "alice@example.net"]);
    fs::write(&list, "example.com\nb@\n").unwrap();
    let error = load(folder.path()).unwrap_err();
    assert!(error.starts_with(&format!("{}: line 2, column 1: `b@`: ", list.display())), "{error}");
}

#[test]
fn a_site_needs_a_key_and_names() {
    let protected = "sign.protected = ['example.com']";
    assert!(load(folder(protected, KEY).path()).is_ok());
    let srs = "srs.domains = ['srs.example.com']\nsign.exempt = ['example.com']";
    assert!(load(folder(srs, "[[key]]\nuse = 'srs'\nsecret = 'text:s3kr1t'\nstate = 'signing'\n").path()).is_ok());
    for (config, keyring, expected) in [
        (protected, "", "keyring.toml: there is no key of use `batv` in state `signing`"),
        ("", KEY, "keyring.toml: a key signs for everybody, and `sign.protected` is empty"),
        ("sign.protected = ['example.com']\nsrs.max_age = 0", KEY, "[srs]: "),
        ("messages.dkim_keys = ['example.com:a:/nonexistent']", KEY, "/nonexistent: "),
    ] {
        let error = load(folder(config, keyring).path()).unwrap_err();
        assert!(error.contains(expected), "{config}: {error}");
    }
}

#[test]
fn a_mailbox_of_ours_may_have_a_mode() {
    let site = |text: &str| {
        Site::new(&Config::parse(text).unwrap(), batv_config::Keyring::default(), &FileSystem).unwrap().warnings()
    };
    let modes = "sign.protected = ['example.com']\n[verify.modes]\n";
    assert_eq!(site(&format!("{modes}'news@example.com' = 'reject'")), [""; 0]);
    assert!(
        site(&format!("{modes}'news@example.org' = 'reject'"))
            .first()
            .is_some_and(|text| text.contains("news@example.org"))
    );
}

/// What can be guessed is said: short tags beside strong ones, and short hashes.
#[test]
fn keys_that_let_others_guess_are_named() {
    let warnings = |config: &str, keyring: &str| {
        let keyring = batv_config::Keyring::parse(keyring).unwrap();
        Site::new(&Config::parse(config).unwrap(), keyring, &FileSystem).unwrap().warnings()
    };
    let batv = "[[key]]\nuse = 'batv'\nid = 3\nsecret = 'text:hunter2'\nstate = 'signing'\n";
    let strong = format!("{batv}strong_since = 2026-12-01\n");
    let srs = |algorithm: &str| {
        format!(
            "[[key]]\nuse = 'srs'\nsecret = 'text:0123456789abcdef'\nstate = 'signing'\nalgorithm = '{algorithm}'\n"
        )
    };
    let form = "sign.form = 'strong'";
    let domains = "srs.domains = ['srs.example.com']";
    for (config, keyring, expected) in [
        (form, batv, 1),
        (form, &strong, 0),
        ("", batv, 0),
        (domains, &srs("hmac-sha1"), 1),
        ("", &srs("hmac-sha1"), 0),
        (&format!("{domains}\nsrs.hash_length = 8"), &srs("hmac-sha1"), 0),
        (&format!("{domains}\nsrs.hash_length = 8\nsrs.hash_minimum = 4"), &srs("hmac-sha1"), 1),
        (&format!("{domains}\nsrs.hash_length = 12"), &srs("hmac-sha256"), 0),
    ] {
        let warnings = warnings(config, keyring);
        assert_eq!(warnings.len(), expected, "{config}: {warnings:?}");
    }
}
