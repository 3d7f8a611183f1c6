//! Keys that come from other programs and go to them make the tags that those programs make.

use batv_config::export::{self, ExportError};
use batv_config::import::{self, ImportError};
use batv_config::{Error, Force, Keyring, NewKey, Use, without_line_ending};
use batv_core::srs::Srs;
use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, Domain, KeyId, KeyUse, Lifetime, Mailbox};

/// The day of the reference vectors.
fn today() -> Day {
    Day::new(18_262).unwrap()
}

fn sha1(key_use: Use) -> NewKey {
    let mut key = NewKey::new(key_use);
    key.algorithm = Some(Algorithm::HmacSha1);
    key
}

fn with(key: &NewKey, secrets: &[&[u8]]) -> Keyring {
    let mut keyring = Keyring::default();
    for secret in secrets {
        keyring.add(key, secret, today()).unwrap();
    }
    keyring
}

fn sign(keyring: &Keyring) -> String {
    let alice = Mailbox::parse("alice@example.com").unwrap();
    tag::sign(keyring.keys(), &alice, Form::Prvs, None, today()).unwrap().to_string()
}

#[test]
fn a_raw_key_makes_the_tags_of_batv_tools_and_exim() {
    // Made with batv-tools and with Exim 4.96.
    for (secret, tagged) in
        [(&b"s3kr1t"[..], "prvs=0269b1e711=alice@example.com"), (b"s3kr1t\n", "prvs=02690150bc=alice@example.com")]
    {
        let imported = with(&sha1(Use::Batv), &[secret]);
        let raw =
            Keyring::from_raw_key(secret, KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, Lifetime::default());
        assert_eq!((sign(&imported), sign(&raw.unwrap())), (tagged.to_owned(), tagged.to_owned()));
        assert_eq!(export::batv_tools(&imported.entries()[0]).unwrap(), secret);
    }
}

#[test]
fn a_raw_key_becomes_a_file_of_its_own() {
    let raw = Keyring::from_raw_key(b"s3kr1t", KeyUse::Srs, Algorithm::HmacSha1, Lifetime::MAX).unwrap();
    let read = Keyring::parse(raw.as_toml()).unwrap();
    assert_eq!(format!("{:?}", read.entries()), format!("{:?}", raw.entries()));
    assert_eq!(read.entries()[0].expose_secret(), b"s3kr1t");
    let empty = Keyring::from_raw_key(b"", KeyUse::Srs, Algorithm::HmacSha1, Lifetime::MAX);
    assert_eq!(empty.unwrap_err(), Error::Key(batv_core::Error::EmptySecret));
}

#[test]
fn line_endings() {
    for (secret, stripped) in [
        (&b"s3kr1t"[..], &b"s3kr1t"[..]),
        (b"s3kr1t\n", b"s3kr1t"),
        (b"s3kr1t\r\n", b"s3kr1t"),
        (b"s3kr1t\r", b"s3kr1t\r"),
        (b"s3kr1t\n\n", b"s3kr1t\n"),
        (b"\n", b""),
        (b"", b""),
    ] {
        assert_eq!(without_line_ending(secret), stripped, "{secret:?}");
    }
}

#[test]
fn what_exim_can_have_it_gets() {
    for secret in [&b"s3kr1t"[..], &[b'k'; 64], "schlüssel".as_bytes(), b" spaces ", br#"a"b\c}$"#] {
        let keyring = with(&sha1(Use::Batv), &[secret]);
        assert_eq!(export::exim(&keyring.entries()[0]).unwrap().as_bytes(), secret);
        // It comes back as it went.
        let again = with(&sha1(Use::Batv), &[export::exim(&keyring.entries()[0]).unwrap().as_bytes()]);
        assert_eq!(sign(&again), sign(&keyring));
    }
}

#[test]
fn what_exim_cannot_have_is_told() {
    for (secret, message) in [
        (&[b'k'; 65][..], "the secret has 65 octets, but Exim takes at most 64"),
        (b"s3k\0r1t", "octet 3 of the secret is NUL, which Exim cannot have"),
        (b"s3kr1t\n", "the secret ends with a line ending, which Exim cannot have"),
        (b"s3kr1t\r\n", "the secret ends with a line ending, which Exim cannot have"),
        (b"s3k\tr1t", "octet 3 of the secret is a control character, which Exim cannot have"),
        (b"s3k\nr1t", "octet 3 of the secret is a control character, which Exim cannot have"),
        (b"s3k\xffr1t", "octet 3 of the secret is not text, which Exim cannot have"),
    ] {
        let keyring = with(&sha1(Use::Batv), &[secret]);
        assert_eq!(export::exim(&keyring.entries()[0]).unwrap_err().to_string(), message);
    }
}

#[test]
fn keys_that_a_program_does_not_know_stay() {
    let mut keyring = with(&NewKey::new(Use::Batv), &[b"first"]);
    keyring.add(&sha1(Use::Batv), b"second", today()).unwrap();
    keyring.add(&sha1(Use::Srs), b"third", today()).unwrap();
    let [modern, second, srs] = keyring.entries() else { panic!() };
    let refused = |result: Result<&[u8], ExportError>| result.unwrap_err().to_string();
    let of_exim = |entry| export::exim(entry).map(str::as_bytes);
    assert_eq!(refused(export::batv_tools(modern)), "the key uses hmac-sha256, but batv-tools only knows hmac-sha1");
    assert_eq!(refused(of_exim(modern)), "the key uses hmac-sha256, but Exim only knows hmac-sha1");
    assert_eq!(refused(export::batv_tools(srs)), "the key is for srs, but batv-tools needs one for the other use");
    assert_eq!(
        refused(export::batv_tools(second)),
        "the key has an id other than 0, the only one that batv-tools knows"
    );
    assert_eq!(export::exim(second).unwrap(), "second");
}

#[test]
fn a_secret_file_of_postsrsd_signs_with_its_first_line() {
    let secrets = import::postsrsd_secrets(b"tops3cr3t\r\n\nolder\n oldest ").unwrap();
    assert_eq!(secrets, [&b"tops3cr3t"[..], b"older", b" oldest "]);
    let keyring = with(&sha1(Use::Srs), &secrets);
    let domains = [Domain::parse("forwarder.example.net").unwrap()];
    let srs = Srs::new(&domains).unwrap();
    let alice = Mailbox::parse("alice@example.com").unwrap();
    let forwarded = srs.forward(keyring.keys(), &alice, today()).unwrap().to_string();
    assert_eq!(forwarded, "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
    for nothing in [&b""[..], b"\n", b"\r\n\n"] {
        assert!(matches!(import::postsrsd_secrets(nothing), Err(ImportError::NoSecrets)));
    }
}

#[test]
fn a_secret_file_for_postsrsd_has_the_signing_key_first_and_no_retired_one() {
    let mut keyring = with(&sha1(Use::Srs), &[b"first", b"second", b"third"]);
    keyring.add(&NewKey::new(Use::Batv), b"tag", today()).unwrap();
    keyring.promote(keyring.entries()[1].handle(), today()).unwrap();
    keyring.retire(keyring.entries()[2].handle(), Force::Yes, today()).unwrap();
    assert_eq!(*export::postsrsd(&keyring).unwrap(), *b"second\nfirst\n");
    let mut modern = NewKey::new(Use::Srs);
    modern.algorithm = Some(Algorithm::HmacSha256);
    keyring.add(&modern, b"modern", today()).unwrap();
    let refused = export::postsrsd(&keyring).unwrap_err();
    assert_eq!(refused, ExportError::Algorithm { algorithm: Algorithm::HmacSha256, program: "postsrsd" });
    let none = export::postsrsd(&Keyring::default()).unwrap_err();
    assert_eq!(none.to_string(), "no srs key for everybody in the keyring");
    let with_newline = export::postsrsd(&with(&sha1(Use::Srs), &[b"a\nb"])).unwrap_err();
    assert_eq!(with_newline.to_string(), "octet 1 of the secret is a control character, which postsrsd cannot have");
}
