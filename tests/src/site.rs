//! A site with keys of its own: what its addresses look like when they come back.

use batv_config::clock;
use batv_core::prvs::{self, Form};
use batv_core::srs::Srs;
use batv_core::{Algorithm, Day, Domain, Key, KeyId, KeyUse, Mailbox, Verdict};

/// Its keyring: tags for one domain, and SRS.
pub const KEYRING: &str = r#"
[[key]]
use = "batv"
id = 4
algorithm = "hmac-sha1"
secret = "text:s3kr1t"
state = "signing"
domains = ["example.com"]

[[key]]
use = "srs"
algorithm = "hmac-sha1"
secret = "text:another s3kr1t"
state = "signing"
"#;
/// The secret of its tags, as in the keyring.
pub const SECRET: &str = "s3kr1t";
/// The number of their key.
pub const KEY_ID: u8 = 4;
/// The domain of its SRS addresses.
pub const SRS_DOMAIN: &str = "srs.example.com";
/// One of its users.
pub const ALICE: &str = "alice@example.com";

fn keys() -> [Key; 2] {
    let batv = KeyUse::Batv(KeyId::new(KEY_ID).expect("an id"));
    [
        Key::new(batv, Algorithm::HmacSha1, SECRET.as_bytes()).expect("a key"),
        Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"another s3kr1t").expect("a key"),
    ]
}

fn today() -> Day {
    clock::today().expect("a day")
}

fn mailbox(address: &str) -> Mailbox<'_> {
    Mailbox::parse(address).expect("an address")
}

/// An address as it was tagged so many days ago.
///
/// # Panics
/// When it is no address: these are tests.
pub fn tagged(address: &str, days_ago: i32) -> String {
    let then = today().plus(-days_ago).expect("a day");
    prvs::sign(&keys(), &mailbox(address), Form::Prvs, None, then).expect("room").to_string()
}

/// The sender of what is forwarded today for this one.
///
/// # Panics
/// When it is no address: these are tests.
pub fn forwarded(address: &str) -> String {
    let domains = [Domain::parse(SRS_DOMAIN).expect("a domain")];
    let srs = Srs::new(&domains).expect("domains");
    srs.forward(&keys(), &mailbox(address), today()).expect("room").to_string()
}

/// What the tag of an address is worth today.
///
/// # Panics
/// When it is no address: these are tests.
pub fn verdict(address: &str) -> Verdict {
    prvs::verify(&keys(), &mailbox(address), today()).verdict
}

/// A tagged address, with the last digit of the tag changed.
///
/// # Panics
/// When there is no tag: these are tests.
pub fn forged(address: &str) -> String {
    let (tag, rest) = address.rsplit_once('=').expect("a tag");
    let (tag, digit) = tag.split_at(tag.len() - 1);
    format!("{tag}{}={rest}", if digit == "0" { "1" } else { "0" })
}
