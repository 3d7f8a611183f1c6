//! Configurations of other programs: whatever they hold, what comes out is TOML without secrets.

use std::path::Path;

use batv_config::import::{self, File, Files, ImportError, Migration, Program};
use batv_config::{Error, Permissions, Secret, import::Host};
use proptest::prelude::*;
use toml_edit::DocumentMut;

const PROGRAMS: [Program; 3] = [Program::BatvTools, Program::Exim, Program::Postsrsd];
/// What no output may show.
const SECRET: &str = "Hush-0123456789";

/// Every file that is named: it may be a list, a map of keys, or a secret.
struct Named<'a>(&'a str);

impl Files for Named<'_> {
    fn secret(&self, _: &Path) -> Result<Secret, Error> {
        Ok(Secret::from(SECRET.as_bytes().to_vec()))
    }

    fn text(&self, _: &Path) -> Result<Vec<u8>, Error> {
        Ok(self.0.as_bytes().to_vec())
    }
}

fn read(program: Program, text: &str, named: &str) -> Result<Migration, ImportError> {
    import::read(program, &[File { name: Path::new("/etc/old.conf"), text: text.as_bytes() }], &Named(named))
}

/// The configuration, read, and what is left for a person.
fn outcome(program: Program, text: &str, named: &str) -> (DocumentMut, Vec<String>) {
    let migration = read(program, text, named).unwrap();
    let configuration = migration.configuration(Path::new("/etc/batv/keyring.toml"));
    (configuration.parse().unwrap(), migration.left().collect())
}

fn fault(program: Program, text: &str, named: &str) -> String {
    read(program, text, named).unwrap_err().to_string()
}

/// Text that is nearly a configuration.
fn nearly() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "socket",
        "key-map",
        "internal-host",
        "lifetime",
        "mode",
        "on-invalid",
        "sub-address-delimiter",
        "config",
        "#",
        "\n",
        "\n",
        " ",
        "\t",
        "\\\n",
        "=",
        "==",
        ":",
        ",",
        "{",
        "}",
        "\"",
        "'",
        "$",
        "${prvs",
        "${prvscheck",
        "{$return_path}",
        "{s3kr1t}",
        "{5}",
        "KEY",
        "KEY = ",
        "domainlist local_domains = ",
        "hostlist relay_from_hosts = ",
        ".ifdef KEY",
        ".include /etc/old.conf",
        "SRS_DOMAIN=",
        "SRS_SECRET=",
        "SRS_EXCLUDE_DOMAINS=",
        "domains = ",
        "domains-file = ",
        "secrets-file = ",
        "hash-length = ",
        "milter = ",
        "example.com",
        ".example.org",
        "@example.com",
        "/etc/key",
        "/dev/null",
        "192.0.2.0/24",
        "inet:9@host",
        "7",
        "-A",
        "ß",
        "\u{7f}",
        "\0",
    ];
    prop::collection::vec(prop::sample::select(WORDS), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_text_is_read(text in nearly(), named in nearly(), at in 0..3_usize) {
        if let Ok(migration) = read(PROGRAMS[at], &text, &named) {
            let configuration = migration.configuration(Path::new("/etc/batv/keyring.toml"));
            prop_assert!(configuration.parse::<DocumentMut>().is_ok(), "{}", configuration);
            let shown = configuration + &format!("{migration:?}");
            prop_assert!(!shown.contains(SECRET), "{}", shown);
        }
    }

    #[test]
    fn any_octets_are_read(octets: Vec<u8>, at in 0..3_usize) {
        let file = File { name: Path::new("/etc/old.conf"), text: &octets };
        let _ = import::read(PROGRAMS[at], &[file], &Named(""));
    }

    /// A key in Exim's configuration is found, and not shown.
    #[test]
    fn keys_of_exim_are_not_shown(key in "[ -#%-\\[\\]-z|~]{8,64}", id in 0..10_u8) {
        let text = format!("return_path = ${{prvs{{$return_path}}{{{key}}}{{{id}}}}}\n");
        let migration = read(Program::Exim, &text, "").unwrap();
        prop_assert_eq!(migration.keys().len(), 1);
        prop_assert_eq!(migration.keys()[0].expose_secret(), key.as_bytes());
        let shown = migration.configuration(Path::new("/k")) + &format!("{migration:?}");
        prop_assert!(!shown.contains(key.trim()), "{}", shown);
    }
}

#[test]
fn batv_tools_settings_are_taken_over() {
    let text = "socket inet6:9900\nsocket-mode 600\ninternal-host 192.0.2.1\ninternal-host 2001:db8::/32\nlifetime 300\n\
                on-invalid discard\non-internal-error reject\ndaemon yes\nmode sign\nnonsense 1\nkey-map /etc/map\n";
    let (file, left) =
        outcome(Program::BatvTools, text, "@example.com /etc/key\nbob@example.com /dev/null\nexample.org /etc/key\n");
    assert_eq!(file["listen"]["milter"][0].as_str(), Some("inet:[::]:9900"));
    assert_eq!(file["listen"]["socket_mode"].as_integer(), Some(0o600));
    assert_eq!(file["clients"]["internal_networks"][1].as_str(), Some("2001:db8::/32"));
    assert_eq!(file["sign"]["exempt"][0].as_str(), Some("bob@example.com"));
    assert_eq!((file["on_error"].as_str(), file["verify"]["mode"].as_str()), (Some("tempfail"), Some("quarantine")));
    let begins = ["lifetime 300", "on-invalid discard", "on-internal-error reject", "mode sign", "a line ("];
    assert_eq!(left.len(), begins.len(), "{left:?}");
    assert!(begins.iter().zip(&left).all(|(begin, left)| left.starts_with(begin)), "{left:?}");

    for (character, delimiter, is_left) in [("+", None, false), ("-", Some("-"), false), ("(", None, true)] {
        let (file, left) = outcome(Program::BatvTools, &format!("mode both\nsub-address-delimiter {character}\n"), "");
        assert_eq!(file["sign"]["form"].as_str(), Some("sub-address"));
        assert_eq!(file["sign"].get("delimiter").and_then(|delimiter| delimiter.as_str()), delimiter, "{character}");
        assert_eq!(left.iter().any(|left| left.starts_with("sub-address-delimiter")), is_left, "{left:?}");
    }

    let (file, left) = outcome(Program::BatvTools, "", "");
    assert_eq!((file["verify"]["mode"].as_str(), left.len()), (Some("mark"), 2));
    assert!(file["clients"]["internal_networks"].as_array().unwrap().is_empty());
    let key = read(Program::BatvTools, text, "@example.com /etc/key\n").unwrap().keys()[0].key().lifetime;
    assert_eq!(key.map(batv_core::Lifetime::days), Some(180));
}

#[test]
fn batv_tools_faults_have_a_place() {
    for (text, named, said) in [
        ("socket", "", "/etc/old.conf, line 1: expected an option and its value"),
        ("\nlifetime 0", "", "line 2: `lifetime 0`: expected a number of days from 1 to 999"),
        ("internal-host here", "", "line 1: `internal-host here`: expected an address, or one with a prefix length"),
        ("config /etc/old.conf", "config /etc/old.conf", "line 1: files include each other without end"),
        ("key-map /etc/map", "@a..b /etc/key", "/etc/map, line 1: "),
        ("key-map /etc/map", "@example.com", "/etc/map, line 1: expected an address and its key file"),
    ] {
        let fault = fault(Program::BatvTools, text, named);
        assert!(fault.contains(said), "{text}: {fault}");
    }
}

#[test]
fn postsrsd_settings_are_taken_over() {
    let text = "domains = { \"example.com\", \".example.org\" }\ndomains-file = /etc/domains\nseparator = '-'\nhash-length = 3\n\
                always-rewrite = on\nmilter = inet:localhost:9997\nsocketmap = unix:/srs\nsyslog = on\nnonsense = 1\n";
    let (file, left) = outcome(Program::Postsrsd, text, "example.net\n");
    assert_eq!(file["srs"]["domains"][0].as_str(), Some("example.com"));
    assert_eq!(file["sign"]["exempt"][0].as_str(), Some("file:/etc/domains"));
    assert_eq!(file["listen"]["milter"][0].as_str(), Some("inet:localhost:9997"));
    assert_eq!(file["log"]["to"].as_str(), Some("syslog"));
    assert_eq!(file["srs"]["separator"].as_str(), Some("-"));
    assert_eq!(left.len(), 4, "{left:?}");

    // A name without its folder means nothing to a daemon.
    let text = "srs-domain = example.net\ndomains-file = domains\n";
    for (named, protected) in [("", "[\"example.net\"]"), ("example.org\n", "[\"example.org\", \"example.net\"]")] {
        let (file, _) = outcome(Program::Postsrsd, text, named);
        assert_eq!(file["sign"]["protected"].to_string().trim(), protected, "{named}");
    }

    // What PostSRSd says, what stands here for it, and whether something is left.
    for (said, length, minimum, is_left) in [
        ("hash-length = 4\nhash-minimum = 4\n", None, None, false),
        ("hash-length = 8\nhash-minimum = 6\n", Some(8), Some(6), false),
        ("hash-minimum = 6\n", None, None, true),
        ("hash-length = 3\nhash-minimum = 3\n", Some(4), None, true),
        ("hash-length = 40\nhash-minimum = 27\n", Some(27), Some(27), true),
        ("hash-length = 8\nhash-minimum = 9\n", Some(8), None, true),
    ] {
        let (file, left) = outcome(Program::Postsrsd, &format!("srs-domain = example.net\n{said}"), "");
        let number = |key: &str| file["srs"].get(key).and_then(|number| number.as_integer());
        assert_eq!((number("hash_length"), number("hash_minimum")), (length, minimum), "{said}");
        assert_eq!(!left.is_empty(), is_left, "{said}: {left:?}");
    }

    let text = "SRS_DOMAIN=`postconf -h mydomain`\nSRS_EXTRA_OPTIONS=\"-A -t60 -x\"\nSRS_HASHMIN=6\nif true; then\n";
    let (file, left) = outcome(Program::Postsrsd, text, "");
    assert!(file.get("srs").is_none());
    let begins =
        ["SRS_DOMAIN (", "SRS_EXTRA_OPTIONS: -A", "SRS_EXTRA_OPTIONS: -x", "a line (", "The domain", "SRS_HASHMIN=6"];
    assert_eq!(left.len(), begins.len(), "{left:?}");
    assert!(begins.iter().zip(&left).all(|(begin, left)| left.starts_with(begin)), "{left:?}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_setting() {
    for (program, text, key) in [
        (Program::BatvTools, "\u{feff}lifetime 9\r\nkey-map /etc/keys\r\n", "[sign]"),
        (Program::Exim, "\u{feff}domainlist local_domains = example.com\r\n", "protected = [\"example.com\"]"),
        (Program::Postsrsd, "\u{feff}SRS_DOMAIN=example.com\r\n", "domains = [\"example.com\"]"),
        (Program::Postsrsd, "\u{feff}srs-domain = example.com\r\n", "domains = [\"example.com\"]"),
    ] {
        let (configuration, left) = outcome(program, text, "@example.com /etc/key\nnews@example.com /dev/null\n");
        assert!(configuration.to_string().contains(key), "{program}: {configuration}");
        assert!(!left.iter().any(|left| left.contains("a line") || left.contains("a setting")), "{program}: {left:?}");
    }
}

#[test]
fn what_exim_knows_only_when_it_runs_is_left() {
    for (text, said) in [
        ("data = ${prvs{a@b}{${readfile{/etc/exim4/key}{}}}{1}}", "its key is in /etc/exim4/key"),
        ("data = ${prvs{a@b}{${lookup mysql{SELECT x}}}{1}}", "its key comes from a lookup"),
        ("data = ${prvs{a@b}{$acl_m_key}{1}}", "its key is known only while Exim runs"),
        ("data = ${prvs{a@b}{s3kr1t}{$acl_m_id}}", "the id of its key is known only while Exim runs"),
        ("data = ${prvscheck{a@b}{s3kr1t}{1}}", "it is only checked here"),
        ("data = ${prvs{a@b}{s3kr1t}}${prvs{a@b}{other}}", "another key has the id 0 already"),
        (
            ".ifdef X\nKEY = a\n.else\nKEY = b\n.endif\ndata = ${prvs{a@b}{KEY}}",
            "a macro in it has several values, chosen by .ifdef",
        ),
        (".include /etc/other\ndata = ${prvs{a@b}{s3kr1t}}", "give this file as well"),
        ("", "it is in none of these files"),
    ] {
        let (_, left) = outcome(Program::Exim, &format!("domainlist local_domains = example.com\n{text}\n"), "");
        assert!(left.len() == 1 && left[0].contains(said), "{text}: {left:?}");
    }
}

#[test]
fn a_definition_that_takes_the_place_of_another_counts() {
    let text = "KEY = a\nKEY == b\ndomainlist local_domains = example.com\ndata = ${prvs{a@b}{KEY}}\n";
    let migration = read(Program::Exim, text, "").unwrap();
    assert_eq!((migration.keys()[0].expose_secret(), migration.left().count()), (&b"b"[..], 0));
}

#[test]
fn macros_have_an_end() {
    let doubling: String = (b'A'..=b'Z')
        .map(char::from)
        .zip((b'B'..=b'Z').map(char::from))
        .fold("X_A = ${prvs{".to_owned(), |text, (a, b)| format!("{text}\nX_{b} = {}", format!("X_{a}").repeat(8)));
    assert!(fault(Program::Exim, &doubling, "").contains("macros make this line too long"));
}

#[test]
fn files_are_looked_for_in_the_copy_of_a_host() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    std::fs::write(folder.path().join("etc/domains"), "example.com\n").unwrap();
    let host = Host::new(Some(folder.path()), Permissions::Private);
    assert_eq!(host.text(Path::new("/etc/domains")).unwrap(), b"example.com\n");
    assert!(host.secret(Path::new("/etc/nothing")).unwrap_err().to_string().contains("etc/nothing"));
}

/// A secret that is named in the place of the file that names it.
#[test]
fn a_wrong_file_is_not_shown() {
    for secret in
        ["Hush0123456789", "Hush 0123456789", "Hush0123456789=", "Hush0123456789+/==", "hush = Hush0123456789"]
    {
        for program in PROGRAMS {
            let said = match read(program, secret, secret) {
                Ok(migration) => migration.configuration(Path::new("/k")) + &format!("{migration:?}"),
                Err(fault) => fault.to_string(),
            };
            assert!(!said.contains("0123456789"), "{program} {secret}: {said}");
        }
    }
}
