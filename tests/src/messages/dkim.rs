//! Signatures over our own mail (RFC 6376, RFC 8463), made from the standards, with keys for tests only.

use data_encoding::{BASE64, HEXLOWER};
use ed25519_compact::{KeyPair, Seed};
use rsa::{BoxedUint, Pkcs1v15Sign, PrivateKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

const DOMAIN: &str = "example.com";
/// 2026-11-25, 09:12:40.
const TIME: u32 = 1_795_597_960;
/// The DER of a DigestInfo of SHA-256, up to the digest (RFC 8017 §9.2).
const SHA256_PREFIX: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// How header and body are written before they are hashed (RFC 6376 §3.4).
#[derive(Clone, Copy, Debug)]
pub(super) enum Canonicalization {
    Simple,
    Relaxed,
}

/// What signs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signature {
    Rsa,
    Ed25519,
}

impl Signature {
    const fn algorithm(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }

    const fn selector(self) -> &'static str {
        match self {
            Self::Rsa => "rsa2026",
            Self::Ed25519 => "ed2026",
        }
    }

    fn sign(self, keys: &Keys, hash: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa => {
                let padding = Pkcs1v15Sign { hash_len: Some(hash.len()), prefix: Box::new(SHA256_PREFIX) };
                keys.rsa.private().sign(padding, hash).expect("a signature")
            }
            Self::Ed25519 => {
                let seed = Seed::from_slice(&octets(&keys.ed25519.secret)).expect("32 octets");
                KeyPair::from_seed(seed).sk.sign(hash, None).to_vec()
            }
        }
    }
}

#[derive(Deserialize)]
struct Keys {
    rsa: RsaKey,
    ed25519: Ed25519Key,
}

#[derive(Deserialize)]
struct RsaKey {
    modulus: String,
    public_exponent: u64,
    private_exponent: String,
    primes: Vec<String>,
    public: String,
}

impl RsaKey {
    fn private(&self) -> PrivateKey {
        let number = |text: &String| BoxedUint::from_be_slice_vartime(&octets(text));
        let primes = self.primes.iter().map(number).collect();
        let exponent = BoxedUint::from(self.public_exponent);
        PrivateKey::from_components(number(&self.modulus), exponent, number(&self.private_exponent), primes)
            .expect("a key")
    }
}

#[derive(Deserialize)]
struct Ed25519Key {
    secret: String,
    public: String,
}

/// The TXT records by selector and domain.
pub(super) fn public_keys() -> Vec<(String, Vec<u8>)> {
    let keys = keys();
    let record = |signature: Signature, kind, public| {
        (format!("{}.{DOMAIN}", signature.selector()), format!("v=DKIM1; k={kind}; p={public}\n").into_bytes())
    };
    vec![record(Signature::Rsa, "rsa", &keys.rsa.public), record(Signature::Ed25519, "ed25519", &keys.ed25519.public)]
}

/// The field that signs these `fields` of a header and this body, both with LF at the ends of lines.
pub(super) fn field(signature: Signature, form: Canonicalization, fields: &[String], body: &str) -> String {
    let signed = ["From", "To", "Subject", "Date", "Message-ID"];
    let named = match form {
        Canonicalization::Simple => "simple/simple",
        Canonicalization::Relaxed => "relaxed/relaxed",
    };
    let body_hash = BASE64.encode(&Sha256::digest(canonical_body(form, body)));
    let unsigned = format!(
        "DKIM-Signature: v=1; a={}; c={named}; d={DOMAIN};\n\ts={}; t={TIME};\n\th={};\n\tbh={body_hash};\n\tb=",
        signature.algorithm(),
        signature.selector(),
        signed.join(":"),
    );
    let mut input = String::new();
    for name in signed {
        let named = |field: &&String| field.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        input += &canonical_field(form, fields.iter().rfind(named).expect("a field to sign"));
        input += "\r\n";
    }
    input += &canonical_field(form, &unsigned);
    let octets = signature.sign(&keys(), &Sha256::digest(input));
    let lines: Vec<_> = BASE64.encode(&octets).as_bytes().chunks(70).map(<[u8]>::to_vec).collect();
    unsigned + &String::from_utf8(lines.join(&b"\n\t "[..])).expect("base64")
}

fn canonical_field(form: Canonicalization, field: &str) -> String {
    match form {
        Canonicalization::Simple => field.replace('\n', "\r\n"),
        Canonicalization::Relaxed => {
            let (name, value) = field.split_once(':').expect("a field");
            let words: Vec<_> = value.split_ascii_whitespace().collect();
            format!("{}:{}", name.to_ascii_lowercase(), words.join(" "))
        }
    }
}

/// The bodies here have no white space at the ends of lines, and one space at most between words: both forms only take
/// away empty lines at the end.
fn canonical_body(form: Canonicalization, body: &str) -> String {
    let text = body.trim_end_matches('\n');
    match (form, text.is_empty()) {
        (Canonicalization::Relaxed, true) => String::new(),
        _ => text.replace('\n', "\r\n") + "\r\n",
    }
}

fn keys() -> Keys {
    toml::from_str(include_str!("../../messages/dkim-test-keys.toml")).expect("keys")
}

fn octets(hexadecimal: &str) -> Vec<u8> {
    HEXLOWER.decode(hexadecimal.as_bytes()).expect("hexadecimal")
}
