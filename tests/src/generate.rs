//! Strategies for addresses, keys and days, for the properties and for random cases alike.

use core::ops::RangeInclusive;

use batv_core::srs::Separator;
use batv_core::tag::{Delimiter, Form};
use batv_core::{Algorithm, Day, Key, KeyId, KeyState, KeyUse, Lifetime};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// The characters that may divide a local part from its sub-address.
pub const DELIMITERS: [char; 20] =
    ['!', '#', '$', '%', '&', '\'', '*', '+', '-', '/', '=', '?', '^', '_', '`', '{', '|', '}', '~', '.'];

/// A `Dot-string` (RFC 5321 §4.1.2) of so many octets at most, 1 at least.
pub fn plain_local_part(longest: usize) -> impl Strategy<Value = String> {
    let rest = vec("\\.?[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]", 0..=(longest - 1) / 2);
    ("[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]", rest).prop_map(|(first, rest)| first + &rest.concat())
}

/// Of letters and digits only, so that nothing in it can look like a tag.
pub fn tame_local_part() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9]{0,11}"
}

/// With dots where a `Dot-string` has none; such mailboxes exist.
pub fn dotty_local_part() -> impl Strategy<Value = String> {
    "[a-c.]{0,5}\\.{1,2}[a-c.]{0,5}"
}

/// With characters beyond ASCII (RFC 6531 §3.3).
pub fn utf8_local_part() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9=+äÖé中문😀\u{a0}ß]{0,5}[äÖé中문😀\u{a0}ß][a-zA-Z0-9=+äÖé中문😀ß]{0,5}"
}

/// A `Quoted-string` (RFC 5321 §4.1.2), quotes included: spaces, specials, quoted pairs, UTF-8.
pub fn quoted_local_part() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![
            4 => "[a-zA-Z0-9.=+/-]",
            2 => "[ @,:;<>()\\[\\]]",
            2 => select(vec!["\\\"", "\\\\", "\\ ", "\\a", "\\@", "\\=", "\\+"]).prop_map(str::to_owned),
            1 => "[äÖ中😀]",
        ],
        1..16,
    )
    .prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// Longer than anything that may be sent, though it may be received.
pub fn long_local_part() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z+=.]{30,70}", "[a-zA-Z0-9]{65,400}", "\"[a-z ]{40,70}\""]
}

/// As it looks when a tag of somebody stands in it, or nearly so.
pub fn taglike_local_part() -> BoxedStrategy<String> {
    let tag = prop_oneof![
        "[0-9]{4}[0-9a-fA-F]{6}",
        "[0-9]{3}[0-9a-f]{6}",
        "[0-9]{4}[a-z2-7]{12}",
        "[0-9]{3}[0-9a-f]{8}",
        "[0-9]{5}[A-Za-z0-9_-]{8}",
        "[A-Za-z0-9+/_-]{1,6}=[A-Z2-7a-z]{2}",
        "[A-Za-z0-9+/]{4}=[A-Z2-7]{2}=example\\.com",
        "[A-Za-z0-9+/]{4}=example\\.net",
        "[a-z0-9]{1,10}",
        "[0-9a-f]{20}\\+[0-9]{4}\\+example\\.com",
    ];
    let tag_type = select(vec![
        "prvs=", "PRVS=", "batv=", "Batv=", "BATV+", "btv1==", "msprvs1=", "SRS0=", "SRS0+", "SRS0-", "srs0=", "SRS1=",
        "SRS1+", "SRS1-", "x+SRS=", "x+caf_=", "x+prvs=", "x=prvs=", "prvs=x=", "prvs=x/", "prvs", "SRS0",
    ]);
    let core = prop_oneof![3 => "[=+/]{0,2}[a-z=+]{0,6}", 1 => "=\"[a-z =+]{1,6}\""];
    (tag_type, tag, core).prop_map(|(tag_type, tag, core)| format!("{tag_type}{tag}{core}")).boxed()
}

/// A domain name of ASCII, in any case.
pub fn domain_name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9]([a-zA-Z0-9_-]{0,5}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9_-]{0,5}[a-zA-Z0-9])?){0,2}"
}

/// Any domain: a name, in A-labels, or an address literal (RFC 5321 §4.1.3).
pub fn domain() -> BoxedStrategy<String> {
    prop_oneof![
        8 => domain_name(),
        1 => "xn--[a-z]{1,8}-[a-z0-9]{1,4}\\.example",
        1 => select(vec!["[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:2001:DB8::192.0.2.7]", "[Tag:co=nt@ent]", "[tag:\"con,tent\"]"])
            .prop_map(str::to_owned),
    ]
    .boxed()
}

/// Any mailbox that can be read.
pub fn mailbox() -> BoxedStrategy<String> {
    let local_part = prop_oneof![
        6 => plain_local_part(30),
        1 => dotty_local_part(),
        2 => utf8_local_part(),
        4 => quoted_local_part(),
        1 => long_local_part(),
        6 => taglike_local_part(),
        1 => select(vec!["postmaster", "Abuse", "POSTMASTER"]).prop_map(str::to_owned),
    ];
    (local_part, domain()).prop_map(|(local_part, domain)| format!("{local_part}@{domain}")).boxed()
}

/// What may come as a path: a mailbox in any dress, or rubbish made of what matters to a parser.
pub fn path() -> BoxedStrategy<Vec<u8>> {
    let text = prop_oneof![
        4 => mailbox(),
        1 => mailbox().prop_map(|mailbox| format!("<{mailbox}>")),
        1 => (domain(), mailbox()).prop_map(|(route, mailbox)| format!("<@{route},@relay.example:{mailbox}>")),
        1 => select(vec!["", "<>", "postmaster", "<Postmaster>", "<", ">", "@", "\"", "[", "a@"]).prop_map(str::to_owned),
        4 => "[a-b@\"\\\\<>\\[\\]:,. =+\u{1}\u{7f}\u{85}ä]{0,12}",
        2 => any::<String>(),
    ];
    prop_oneof![8 => text.prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..40)].boxed()
}

/// Any day, the first, the last and those around the wraps of 1000 and 1024 more often than others.
pub fn day() -> impl Strategy<Value = Day> {
    let number = prop_oneof![
        4 => 0..=Day::MAX.number(),
        2 => (1u32..2932, 0u32..30).prop_map(|(wraps, offset)| 1000 * wraps + offset - 15),
        2 => (1u32..2864, 0u32..50).prop_map(|(wraps, offset)| 1024 * wraps + offset - 25),
        1 => 0u32..200,
        1 => Day::MAX.number() - 200..=Day::MAX.number(),
    ];
    number.prop_filter_map("a day", |number| Day::new(number).ok())
}

/// Any lifetime of a tag, 7 days more often than others.
pub fn lifetime() -> impl Strategy<Value = Lifetime> {
    prop_oneof![Just(7), 1..=u32::from(Lifetime::MAX.days())]
        .prop_filter_map("a lifetime", |days| Lifetime::new(days).ok())
}

/// A secret whose length, in octets, is in this range.
pub fn secret(length: RangeInclusive<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), length)
}

/// Either algorithm.
pub fn algorithm() -> impl Strategy<Value = Algorithm> {
    select(vec![Algorithm::HmacSha1, Algorithm::HmacSha256])
}

/// A signing key for BATV.
pub fn batv_key() -> impl Strategy<Value = Key> {
    let id = (0u8..=9).prop_filter_map("a key id", |digit| KeyId::new(digit).ok());
    (id, algorithm(), secret(1..=200), lifetime())
        .prop_map(|(id, algorithm, secret, lifetime)| key(KeyUse::Batv(id), algorithm, &secret).with_lifetime(lifetime))
}

/// A signing key for SRS.
pub fn srs_key() -> impl Strategy<Value = Key> {
    (algorithm(), secret(1..=200)).prop_map(|(algorithm, secret)| key(KeyUse::Srs, algorithm, &secret))
}

/// Keys of all ids and both uses, in any state, as a ring might hold them.
pub fn ring() -> BoxedStrategy<Vec<Key>> {
    let state = select(vec![KeyState::Signing, KeyState::Verifying, KeyState::Retired]);
    vec(
        (Union::new([batv_key().boxed(), srs_key().boxed()]), state).prop_map(|(key, state)| key.with_state(state)),
        0..6,
    )
    .boxed()
}

/// A key of a secret that is not empty.
///
/// # Panics
/// When it is.
pub fn key(key_use: KeyUse, algorithm: Algorithm, secret: &[u8]) -> Key {
    Key::new(key_use, algorithm, secret).expect("a secret of some octets")
}

/// Every form of a tag.
pub fn form() -> impl Strategy<Value = Form> {
    let delimiter =
        select(DELIMITERS.to_vec()).prop_filter_map("a delimiter", |character| Delimiter::new(character).ok());
    prop_oneof![2 => Just(Form::Prvs), 3 => delimiter.prop_map(Form::SubAddress), 2 => Just(Form::Strong)]
}

/// The value of a Message-ID field, as it should be or not.
pub fn message_id() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "<[a-zA-Z0-9.+=-]{1,30}@[a-z.]{1,20}>".prop_map(String::into_bytes),
        1 => "[a-z<> \t\r\n\u{0}ä]{0,12}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..200),
    ]
}

/// What may come as the value of a mark, or as an envelope id: nearly one, or rubbish.
pub fn mark() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        4 => r"[12]\.[0-9]{1,2}\.[0-9]{1,8}\.[a-zA-Z2-7]{23,25}",
        2 => r"1\.[0-9]\.[1-9][0-9]{4}\.[a-z2-7]{10}\r\n[ \t][a-z2-7]{14}",
        4 => r"(batv|BATV)1\.[0-9]\.[0-9]{1,8}\.[a-z2-7]{20}\.[a-z2-7]{24}",
        4 => r"batv1\+2[eE]3(\.|\+2E)[1-9][0-9]{4}\+2e([a-z2-7]|\+6[1-9]){20}\.([a-z2-7]|\+5[1-9]){24}(\+20|\+)?",
        1 => r"[1.0b+2Ea \r\n]{0,50}",
    ];
    prop_oneof![8 => text.prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..300)]
}

/// The three characters after `SRS0`.
pub fn separator() -> impl Strategy<Value = Separator> {
    select(vec![Separator::Equals, Separator::Plus, Separator::Minus])
}

/// One octet of a text, put in, taken out, replaced, or or all from there on turned round.
#[derive(Clone, Copy, Debug)]
pub struct Damage {
    kind: u8,
    at: u8,
    octet: u8,
}

impl Damage {
    /// Of one of the four kinds, at this octet or one of that remainder.
    pub const fn new(kind: u8, at: u8, octet: u8) -> Self {
        Self { kind, at, octet }
    }

    /// The damaged text.
    ///
    /// # Panics
    /// When there is no text to damage.
    pub fn of(&self, text: &str) -> Vec<u8> {
        let mut octets = text.as_bytes().to_vec();
        let at = usize::from(self.at) % octets.len();
        match self.kind % 4 {
            0 => octets.insert(at, self.octet),
            1 => drop(octets.remove(at)),
            2 => octets[at] = self.octet,
            _ => octets[at..].reverse(),
        }
        octets
    }
}

/// Damage of any kind, with printable octets more often than others.
pub fn damage() -> impl Strategy<Value = Damage> {
    let octet = prop_oneof![8 => 0x20u8..0x7f, 1 => any::<u8>()];
    (0u8..4, any::<u8>(), octet).prop_map(|(kind, at, octet)| Damage::new(kind, at, octet))
}
