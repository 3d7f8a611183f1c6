//! Keyring files as text: what is read, what is refused and where, which comments stay, and that no secret gets out.

use batv_config::{Force, Keyring, NewKey, Scope, Use};
use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, KeyId, KeyState, KeyUse, Mailbox};
use proptest::prelude::*;

fn day(number: u32) -> Day {
    Day::new(number).unwrap()
}

/// The lines of one good key, to be spoilt.
const GOOD: &str = "[[key]]\nuse = \"batv\"\nid = 3\nsecret = \"text:s3kr1t\"\n";

/// What stands after `GOOD`, and what is said of it.
const SPOILT_AFTER: &[(&str, &str)] = &[
    ("algorithm = \"md5\"", "line 5, column 13: `algorithm`: unknown name: expected `hmac-sha1` or `hmac-sha256`"),
    (
        "algorithm = \"HMAC-SHA1\"",
        "line 5, column 13: `algorithm`: unknown name: expected `hmac-sha1` or `hmac-sha256`",
    ),
    ("algorithm = 1", "line 5, column 13: `algorithm`: unknown name: expected `hmac-sha1` or `hmac-sha256`"),
    ("state = \"active\"", "line 5, column 9: `state`: unknown name: expected `signing`, `verifying` or `retired`"),
    ("state = true", "line 5, column 9: `state`: unknown name: expected `signing`, `verifying` or `retired`"),
    ("lifetime = 0", "line 5, column 12: `lifetime` must be a number of days from 1 to 180"),
    ("lifetime = 181", "line 5, column 12: `lifetime` must be a number of days from 1 to 180"),
    ("lifetime = -1", "line 5, column 12: `lifetime` must be a number of days from 1 to 180"),
    ("lifetime = 7.0", "line 5, column 12: `lifetime` must be a number of days from 1 to 180"),
    ("lifetime = \"7\"", "line 5, column 12: `lifetime` must be a number of days from 1 to 180"),
    ("lifetime = 9223372036854775807", "line 5, column 12: `lifetime` must be a number of days from 1 to 180"),
    ("lifetime = 9223372036854775808", "line 5, column 12: integer number overflowed"),
    ("created = \"2026-11-23\"", "line 5, column 11: `created` must be a date without quotes, from 1970-01-01 on"),
    ("created = 1969-12-31", "line 5, column 11: `created` must be a date without quotes, from 1970-01-01 on"),
    ("created = 12:00:00", "line 5, column 11: `created` must be a date without quotes, from 1970-01-01 on"),
    (
        "created = 2026-11-23T12:00:00Z",
        "line 5, column 11: `created` must be a date without quotes, from 1970-01-01 on",
    ),
    ("created = 2026-02-29", "line 5, column 11: invalid date, expected day between 01 and 28"),
    ("domains = \"example.com\"", "line 5, column 11: `domains` must be an array of text in quotes"),
    ("domains = [\n  \"example.com\",\n  7,\n]", "line 7, column 3: `domains` must be an array of text in quotes"),
    ("domains = []", "line 5, column 11: `domains` is empty: list some, or remove it for a key for everybody"),
    (
        "domains = [\"example.com\", \"exa mple.com\"]",
        "line 5, column 27: not a domain or mailbox: space at offset 3: a local part with spaces must be quoted",
    ),
    (
        "domains = [\"alice@\"]",
        "line 5, column 12: not a domain or mailbox: empty label in the domain at offset 6: labels are separated by one dot",
    ),
    ("algoritm = \"hmac-sha1\"", "line 5, column 1: unknown key: did you mean `algorithm`?"),
    ("sate = \"signing\"", "line 5, column 1: unknown key: did you mean `state`?"),
    ("Lifetime = 7", "line 5, column 1: unknown key: did you mean `lifetime`?"),
    ("domain = [\"example.com\"]", "line 5, column 1: unknown key: did you mean `domains`?"),
    (
        "  ID = 3",
        "line 5, column 3: unknown key: a keyring has `[[key]]` with `use`, `id`, `algorithm`, `secret`, \
                  `state`, `lifetime`, `created`, `strong_since`, `domains`",
    ),
    (
        "expires = 2027-01-01",
        "line 5, column 1: unknown key: a keyring has `[[key]]` with `use`, `id`, `algorithm`, \
                              `secret`, `state`, `lifetime`, `created`, `strong_since`, `domains`",
    ),
    ("lifetime.days = 7", "line 5, column 1: `lifetime` must be a number of days from 1 to 180"),
    ("id = 4", "line 5, column 1: duplicate key"),
    (
        "[other]",
        "line 5, column 2: unknown key: a keyring has `[[key]]` with `use`, `id`, `algorithm`, `secret`, \
                 `state`, `lifetime`, `created`, `strong_since`, `domains`",
    ),
    ("[[keys]]", "line 5, column 3: unknown key: did you mean `key`?"),
    ("[[key]]", "line 5, column 1: `use` is missing"),
    ("[[key]]\nuse = \"batv\"", "line 5, column 1: `id` is missing"),
    ("  [[key]]\nuse = \"srs\"", "line 5, column 3: `secret` is missing"),
    ("[[key]]\nuse = \"SRS\"", "line 6, column 7: `use`: unknown name: expected `batv` or `srs`"),
    ("[[key]]\nuse = \"srs\"\nid = 3", "line 7, column 1: an SRS key has no `id`: remove it"),
    ("[[key]]\nuse = \"batv\"\nid = 10", "line 7, column 6: `id` must be an integer from 0 to 9"),
    ("[[key]]\nuse = \"batv\"\nid = -1", "line 7, column 6: `id` must be an integer from 0 to 9"),
    ("[[key]]\nuse = \"batv\"\nid = \"3\"", "line 7, column 6: `id` must be an integer from 0 to 9"),
    (
        "[[key]]\nuse = \"srs\"\nsecret = \"text:other\"\ndomains = [\"alice@example.com\"]",
        "line 8, column 11: an SRS key is for whole domains, not for mailboxes",
    ),
    (
        "[[key]]\nuse = \"srs\"\nsecret = \"hex:73336b723174\"",
        "line 5, column 1: the key for the other use on line 1 has the same secret: BATV and SRS need different secrets",
    ),
    (
        "[[key]]\nuse = \"batv\"\nid = 3\nsecret = \"text:other\"",
        "line 5, column 1: a second key has id 3 for everybody: the first is on line 1",
    ),
    (
        "[[key]]\nuse = \"batv\"\nid = 3\nsecret = \"text:other\"\nstate = \"retired\"",
        "line 5, column 1: a second key has id 3 for everybody: the first is on line 1",
    ),
    (
        "state = \"signing\"\n[[key]]\nuse = \"batv\"\nid = 4\nsecret = \"text:other\"\nstate = \"signing\"",
        "line 6, column 1: a second key signs for everybody: the first is on line 1",
    ),
    (
        "state = \"signing\"\ndomains = [\"example.com\", \"example.net\"]\n[[key]]\nuse = \"batv\"\nid = 4\n\
         secret = \"text:other\"\nstate = \"signing\"\ndomains = [\"Example.NET\"]",
        "line 7, column 1: a second key signs for example.net: the first is on line 1",
    ),
    (
        "domains = [\"\\\"alice\\\"@example.com\"]\n[[key]]\nuse = \"batv\"\nid = 3\n\
         secret = \"text:other\"\ndomains = [\"Alice@Example.COM\"]",
        "line 6, column 1: a second key has id 3 for alice@example.com: the first is on line 1",
    ),
];

/// Whole files, and what is said of them.
const SPOILT: &[(&str, &str)] = &[
    ("[[key]\n", "line 1, column 7: unclosed array table, expected `]`"),
    ("[key]\nuse = \"batv\"", "line 1, column 2: `key` must be an array of tables: write `[[key]]`"),
    ("key = 3", "line 1, column 1: `key` must be an array of tables: write `[[key]]`"),
    ("key = [ 3 ]", "line 1, column 9: `key` must be an array of tables: write `[[key]]`"),
    ("key = [ { use = \"srs\" } ]", "line 1, column 9: `secret` is missing"),
    (
        "use = \"batv\"",
        "line 1, column 1: unknown key: a keyring has `[[key]]` with `use`, `id`, `algorithm`, \
                         `secret`, `state`, `lifetime`, `created`, `strong_since`, `domains`",
    ),
    ("\u{feff}# é\n[[key]]\nuse = é", "line 3, column 7: string values must be quoted, expected literal string"),
    ("[[key]]\nuse = \"srs\" # é\nsecret = \"text:é", "line 3, column 17: invalid basic string, expected `\"`"),
    (
        "[[key]]\nuse = \"srs\"\nsecret = \"hunter2\"",
        "line 3, column 10: `secret` must be text that begins with \
                                                      `base32:`, `text:` or `hex:`",
    ),
    ("[[key]]\nuse = \"srs\"\nsecret = 12345", "line 3, column 10: `secret` must be text in quotes"),
    ("[[key]]\nuse = \"srs\"\nsecret = \"text:\"", "line 3, column 10: the secret is empty"),
    (
        "[[key]]\nuse = \"srs\"\nsecret = \"hex:0g\"",
        "line 3, column 10: the secret is not valid hex: invalid symbol at 1",
    ),
    (
        "[[key]]\nuse = \"srs\"\nsecret = \"base32:MZXW6YTBO\"",
        "line 3, column 10: the secret is not valid base32 of RFC 4648: invalid length at 8",
    ),
];

#[test]
fn each_fault_is_told_with_its_line_and_column() {
    let after = SPOILT_AFTER.iter().map(|(lines, message)| (format!("{GOOD}{lines}\n"), message));
    for (text, message) in after.chain(SPOILT.iter().map(|(text, message)| ((*text).to_owned(), message))) {
        assert_eq!(Keyring::parse(&text).unwrap_err().to_string(), **message, "{text}");
    }
}

#[test]
fn defaults() {
    let keyring = Keyring::parse(&format!("{GOOD}[[key]]\nuse = \"srs\"\nsecret = \"hex:00\"")).unwrap();
    let [batv, srs] = keyring.entries() else { panic!() };
    assert_eq!(batv.key_use(), KeyUse::Batv(KeyId::new(3).unwrap()));
    assert_eq!((batv.algorithm(), srs.algorithm()), (Algorithm::HmacSha256, Algorithm::HmacSha1));
    assert_eq!((batv.state(), srs.state()), (KeyState::Verifying, KeyState::Verifying));
    assert_eq!((batv.lifetime().days(), srs.lifetime().days()), (7, 21));
    assert_eq!((batv.created(), batv.scope().is_everybody()), (None, true));
}

#[test]
fn everything_that_a_key_can_say() {
    let text = "[[key]]\nuse = \"batv\"\nid = 9\nalgorithm = \"hmac-sha1\"\nsecret = \"base32:mzxw6===\"\n\
                state = \"signing\"\nlifetime = 180\ncreated = 2026-11-23\ndomains = [\"example.com\", \"al@example.net\"]";
    let keyring = Keyring::parse(text).unwrap();
    let (entry, key) = (&keyring.entries()[0], &keyring.keys()[0]);
    assert_eq!(entry.expose_secret(), b"foo");
    assert_eq!(entry.id(), KeyId::new(9).ok());
    assert_eq!((entry.algorithm(), key.algorithm()), (Algorithm::HmacSha1, Algorithm::HmacSha1));
    assert_eq!((entry.state(), key.state()), (KeyState::Signing, KeyState::Signing));
    assert_eq!((entry.lifetime().days(), key.lifetime().days()), (180, 180));
    assert_eq!((entry.created(), key.created()), (Some(day(20_780)), Some(day(20_780))));
    assert_eq!(entry.scope().domains(), ["example.com", "al@example.net"]);
    assert_eq!(key.scope().len(), 2);
}

#[test]
fn one_id_for_everybody_a_domain_and_a_mailbox() {
    let with = |secret, domains| format!("{}{domains}\n", GOOD.replace("s3kr1t", secret));
    let text = with("a", "") + &with("b", "domains = [\"example.com\"]") + &with("c", "domains = [\"al@example.com\"]");
    assert_eq!(Keyring::parse(&text).unwrap().keys().len(), 3);
}

#[test]
fn comments_and_order_survive_a_change() {
    let before = "\
# Keyring of mx.example.com

# The old one.
[[key]] # number 3
use = 'batv'     # single quotes
id = 0x3
state = \"signing\"   # since the move
secret = 'text:s3kr1t'

# Forwarding.
[[key]]
secret = \"text:tops3cr3t\"
use = \"srs\"
# The end.
";
    let after = "\
# Keyring of mx.example.com

# The old one.
[[key]] # number 3
use = 'batv'     # single quotes
id = 0x3
state = \"verifying\"   # since the move
secret = 'text:s3kr1t'
created = 2026-11-23

# Forwarding.
[[key]]
secret = \"text:tops3cr3t\"
use = \"srs\"
# The end.

[[key]]
use = \"batv\"
id = 0
algorithm = \"hmac-sha256\"
secret = \"text:other\"
state = \"signing\"
lifetime = 7
created = 2026-11-23
";
    let mut keyring = Keyring::parse(before).unwrap();
    keyring.rotate(&NewKey::new(Use::Batv), b"other", day(20_780)).unwrap();
    assert_eq!(keyring.as_toml(), after);
}

#[test]
fn u_labels_are_read_as_a_labels_and_stay_in_the_file() {
    let text = "\
[[key]]
use = \"batv\"
id = 0
secret = \"text:first\"
state = \"signing\"
created = 2020-01-01
domains = [\"B\u{fc}cher.example\", \"alice@b\u{fc}ro.example\"]
";
    let mut keyring = Keyring::parse(text).unwrap();
    let domains = ["xn--bcher-kva.example", "alice@xn--bro-hoa.example"];
    assert_eq!(keyring.entries()[0].scope().domains(), domains);
    let bob = Mailbox::parse("bob@xn--bcher-kva.example").unwrap();
    assert!(tag::sign(keyring.keys(), &bob, Form::Prvs, None, day(20_780)).unwrap().to_string().starts_with("prvs="));
    let mut next = NewKey::new(Use::Batv);
    next.scope = Scope::parse(["b\u{fc}cher.example", "alice@xn--bro-hoa.example"]).unwrap();
    keyring.rotate(&next, b"second", day(20_780)).unwrap();
    assert!(keyring.as_toml().starts_with(&text.replace("\"signing\"", "\"verifying\"")), "{}", keyring.as_toml());
    let twice = format!("{text}[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:x\"\ndomains = [\"{}\"]\n", domains[0]);
    assert_eq!(
        Keyring::parse(&twice).unwrap_err().to_string(),
        "line 8, column 1: a second key has id 0 for xn--bcher-kva.example: the first is on line 1"
    );
    // No domain comes of it, and the error is that of the text as it stands.
    let wrong = text.replace("B\u{fc}cher", "\u{ff0e}");
    assert!(
        Keyring::parse(&wrong).unwrap_err().to_string().starts_with("line 7, column 12: not a domain or mailbox: ")
    );
}

#[test]
fn an_entry_that_leaves_takes_only_its_own_comment() {
    let text = "\
# Heading.

# Dead.
[[key]]
use = \"batv\"
id = 0
secret = \"text:dead\"
state = \"retired\"
created = 2020-01-01

# Alive.
[[key]]
use = \"batv\"
id = 1
secret = \"text:alive\"
state = \"signing\"
created = 2020-02-01
";
    let mut keyring = Keyring::parse(text).unwrap();
    let mut wanted = NewKey::new(Use::Batv);
    wanted.id = KeyId::new(0).ok();
    keyring.add(&wanted, b"new", day(20_780)).unwrap();
    let kept = text.replace("# Dead.\n", "").replace(
        "[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:dead\"\nstate = \"retired\"\ncreated = 2020-01-01\n\n",
        "",
    );
    let added = "\n[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha256\"\nsecret = \"text:new\"\n\
                 state = \"verifying\"\nlifetime = 7\n";
    assert_eq!(keyring.as_toml(), kept + added);
}

#[test]
fn keys_in_one_array_are_changed_too() {
    let text = "key = [\n  { use = \"batv\", id = 0, secret = \"text:a\", state = \"signing\" }, # first\n]\n";
    let mut keyring = Keyring::parse(text).unwrap();
    keyring.rotate(&NewKey::new(Use::Batv), b"b", day(20_780)).unwrap();
    keyring.retire(keyring.entries()[0].handle(), Force::Yes, day(20_780)).unwrap();
    let states: Vec<_> = Keyring::parse(keyring.as_toml()).unwrap().entries().iter().map(|key| key.state()).collect();
    assert_eq!(states, [KeyState::Retired, KeyState::Signing]);
    assert!(keyring.as_toml().contains("# first"));
}

#[test]
fn a_new_file_says_what_it_is_and_reads_back() {
    let mut keyring = Keyring::default();
    keyring.add(&NewKey::new(Use::Batv), &[0; 32], day(20_780)).unwrap();
    let text = keyring.as_toml();
    assert!(text.starts_with("# Keys "), "{text}");
    assert_eq!(*Keyring::parse(text).unwrap().as_toml(), *text);
}

/// A secret in each encoding; no run of six of its characters is in any message.
const SECRETS: [&str; 3] = ["text:correct-horse-battery", "base32:NBQXI5DFOJ4S243UMFYGYZI", "hex:6261747465727940"];

fn secret_file() -> String {
    let with = |index: usize, rest: &str| format!("[[key]]\n{rest}\nsecret = \"{}\"\n", SECRETS[index]);
    with(0, "use = \"batv\"\nid = 0\nstate = \"signing\"")
        + &with(1, "use = \"batv\"\nid = 1")
        + &with(2, "use = \"srs\"")
}

fn shows_a_secret(shown: &str) -> bool {
    SECRETS.iter().any(|secret| {
        let octets = secret.split_once(':').unwrap().1.as_bytes();
        octets.windows(6).any(|part| shown.as_bytes().windows(6).any(|shown| shown == part))
    })
}

#[test]
fn a_keyring_that_is_shown_shows_no_secret() {
    let keyring = Keyring::parse(&secret_file()).unwrap();
    assert!(!shows_a_secret(&format!("{keyring:?} {:?}", keyring.entries())));
    let octets = format!("{:?}", b"correct-horse-battery");
    assert!(!format!("{keyring:?}").contains(octets.trim_matches(['[', ']'])));
    assert!(shows_a_secret(keyring.as_toml()));
}

proptest! {
    #[test]
    fn no_error_shows_a_secret(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, "[ \"'\\[\\]=.#\n\\\\a-e0-3é]{0,3}"), 1..6),
    ) {
        let mut text: Vec<char> = secret_file().chars().collect();
        for (place, removed, inserted) in edits {
            let start = place.index(text.len() + 1);
            let end = (start + removed).min(text.len());
            text.splice(start..end, inserted.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = Keyring::parse(&text) {
            prop_assert!(!shows_a_secret(&format!("{error} {error:?}")), "{error}\n{text}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|[\\[\\]=\"'#\n.,{}0-9]|\\[\\[key\\]\\]|use|\"srs\"){0,60}") {
        let _ = Keyring::parse(&text);
    }

    #[test]
    fn any_secret_and_scope_reads_back(
        secret in prop::collection::vec(any::<u8>(), 1..100),
        typed in "[ -~]{1,70}",
        domains in prop::collection::vec(
            prop_oneof!["[a-z]{1,9}\\.example", "[a-z]{1,9}@[A-Z]{1,9}\\.example", "\"[ -!#-\\[\\]-~]{1,9}\"@xn--9ca\\.example"],
            0..4,
        ),
    ) {
        let mut key = NewKey::new(Use::Batv);
        key.scope = Scope::parse(&domains).unwrap();
        let mut keyring = Keyring::default();
        keyring.add(&key, &secret, day(20_780)).unwrap();
        keyring.add(&key, typed.as_bytes(), day(20_780)).unwrap();
        let read = Keyring::parse(keyring.as_toml()).unwrap();
        prop_assert_eq!(read.entries()[0].expose_secret(), &*secret);
        prop_assert_eq!(read.entries()[1].expose_secret(), typed.as_bytes());
        prop_assert_eq!(read.entries()[0].scope(), &key.scope);
        prop_assert_eq!(read.as_toml(), keyring.as_toml());
    }
}
