//! A site with keys of its own: what its addresses look like when they come back.

use batv_config::date;
use batv_core::srs::Srs;
use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict, mark};

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
    date::today().expect("a day")
}

fn day(days_ago: i32) -> Day {
    today().plus(-days_ago).expect("a day")
}

fn mailbox(address: &str) -> Mailbox<'_> {
    Mailbox::parse(address).expect("an address")
}

/// An address as it was tagged so many days ago.
///
/// # Panics
/// When it is no address: these are tests.
pub fn tagged(address: &str, days_ago: i32) -> String {
    tagged_in(Form::Prvs, address, days_ago)
}

/// The same in another form.
///
/// # Panics
/// When it is no address: these are tests.
pub fn tagged_in(form: Form, address: &str, days_ago: i32) -> String {
    tag::sign(&keys(), &mailbox(address), form, None, day(days_ago)).expect("room").to_string()
}

/// The mark of a message of today with this Message-ID, for the header and for the envelope.
///
/// # Panics
/// When it is no address: these are tests.
pub fn mark(address: &str, message_id: &str) -> (String, String) {
    let mark = mark::make(&keys(), message_id.as_bytes(), &mailbox(address), today()).expect("a key that signs");
    (mark.to_string(), mark.envelope_id().to_string())
}

/// The day so many days ago, `2026-11-24`.
///
/// # Panics
/// When that is before 1970: these are tests.
pub fn date(days_ago: i32) -> String {
    day(days_ago).to_string()
}

/// The sender of what is forwarded today for this one.
///
/// # Panics
/// When it is no address: these are tests.
pub fn forwarded(address: &str) -> String {
    forwarded_before(0, address)
}

/// The sender of what was forwarded for this one so many days ago.
///
/// # Panics
/// When it is no address: these are tests.
pub fn forwarded_before(days_ago: i32, address: &str) -> String {
    let srs = Srs::new([SRS_DOMAIN]).expect("a domain");
    srs.forward(&keys(), &mailbox(address), day(days_ago)).expect("room").to_string()
}

/// What the tag of an address is worth today.
///
/// # Panics
/// When it is no address: these are tests.
pub fn verdict(address: &str) -> TagVerdict {
    tag::verify(&keys(), &mailbox(address), today()).verdict
}

/// Whether it is this address with a tag that is good today.
///
/// # Panics
/// When it is no address: these are tests.
pub fn is_tagged(tagged: &str, address: &str) -> bool {
    let keys = keys();
    let tagged = mailbox(tagged);
    let verified = tag::verify(&keys, &tagged, today());
    verified.verdict == TagVerdict::Valid && verified.mailbox == mailbox(address)
}

/// A tagged address, or one for SRS, with another MAC.
///
/// # Panics
/// When there is no tag: these are tests.
pub fn forged(address: &str) -> String {
    // prvs=KDDDSSSSSS, SRS0=HHHH=TT=
    let at = address.find("prvs=").map_or(5, |start| start + 14);
    let (before, rest) = address.split_at(at);
    let digit = if rest.starts_with('0') { "1" } else { "0" };
    format!("{before}{digit}{}", &rest[1..])
}
