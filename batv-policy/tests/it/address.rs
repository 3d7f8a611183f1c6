//! Spellings of addresses: whatever comes, what is made of it can be read, and stays as it is.

use batv_core::{Mailbox, Path};
use batv_policy::address;
use batv_tests::invariants;
use proptest::prelude::*;

#[test]
fn each_spelling_is_one_address() {
    for (words, expected) in [
        ("alice@example.com", "alice@example.com"),
        ("<alice@example.com.>", "alice@example.com"),
        (" <<alice@example.com>> ", "alice@example.com"),
        ("alice%example.com", "alice@example.com"),
        ("a%b%example.com", "a%b@example.com"),
        ("\"a@b\"@example.com.", "\"a@b\"@example.com"),
        ("\"a b\"%example.com", "\"a b\"@example.com"),
        ("alice@B\u{dc}CHER.Example", "alice@xn--bcher-kva.example"),
        ("<@mx.b\u{fc}cher.example,@m\u{fc}nchen.example:alice@b\u{fc}cher.example>", "alice@xn--bcher-kva.example"),
        ("\u{feff}alice@example.com", "alice@example.com"),
        ("\u{feff}\u{feff}alice@example.com", "alice@example.com"),
        ("alice@b\u{fc}cher\u{3002}example", "alice@xn--bcher-kva.example"),
        ("postmaster", "postmaster"),
        ("example.com!alice", "alice@example.com"),
        ("<example.com!b!c>", "b!c@example.com"),
        ("example.com!alice%example.net", "alice%example.net@example.com"),
        ("example.com!\"a!b\"", "a!b@example.com"),
        ("b!c@example.com", "b!c@example.com"),
        ("@mx.example.net,@mx.example.org:alice@example.com", "alice@example.com"),
        ("<@mx.example.net:example.com!alice>", "alice@example.com"),
        ("<@mx.example.net:alice%example.com>", "alice@example.com"),
    ] {
        for spell in [address::reverse_path, address::forward_path] {
            let spelled = spell(words.as_bytes()).unwrap_or_else(|error| panic!("{words}: {error}"));
            assert_eq!(Mailbox::parse(spelled.as_ref()).expect("an address").to_string(), expected, "{words}");
        }
    }
    for words in ["", "<>", "< >", "<<>>", "\"\"", "<\"\">", "MAILER-DAEMON", "<Mailer-Daemon>", "\u{feff}"] {
        assert_eq!(address::reverse_path(words.as_bytes()).as_deref().map(Path::parse), Ok(Ok(Path::Null)), "{words}");
        assert!(address::forward_path(words.as_bytes()).is_err(), "{words}");
    }
    for words in [
        "alice",
        "@example.com",
        "alice@",
        "alice@example..com",
        "alice@.",
        "a b@example.com",
        "%",
        "alice@\u{200b}",
        "!",
        "!alice",
        "example.com!",
    ] {
        for spell in [address::reverse_path, address::forward_path, address::path] {
            assert!(spell(words.as_bytes()).is_err(), "{words}");
        }
    }
}

/// Where nothing but the domain may be spelled in another way.
#[test]
fn a_path_is_as_it_was_but_for_its_domains() {
    for words in
        ["alice@example.com.", "alice%example.com", "<<alice@example.com>>", " alice@example.com", "MAILER-DAEMON"]
    {
        assert!(address::path(words.as_bytes()).is_err(), "{words}");
    }
    let route = "<@mx.b\u{fc}cher.example,@m\u{fc}nchen.example:\u{fc}@b\u{fc}cher.example>";
    let spelled = "<@mx.xn--bcher-kva.example,@xn--mnchen-3ya.example:\u{fc}@xn--bcher-kva.example>";
    assert_eq!(address::path(route.as_bytes()).as_deref(), Ok(spelled));
}

proptest! {
    #[test]
    fn any_octets_are_spelled_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        invariants::spelling(&octets);
    }

    #[test]
    fn any_words_are_spelled_or_refused(text in "[ <>\"@%.,:a-c\u{fc}\u{3002}\u{feff}\\[\\]-]{0,24}") {
        invariants::spelling(text.as_bytes());
    }
}
