//! Secrets as keyring files write them: `base32:`, `text:` and `hex:`.

use base32::Alphabet;
use data_encoding::{BASE32_NOPAD, DecodeError, Encoding, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::error::Fault;

/// The octets of a secret.
pub(crate) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let secret = if let Some(text) = text.strip_prefix("text:") {
        Zeroizing::new(text.as_bytes().to_vec())
    } else if let Some(digits) = text.strip_prefix("hex:") {
        decode_with("hex", &HEXLOWER_PERMISSIVE, digits)?
    } else if let Some(text) = text.strip_prefix("base32:") {
        let upper = Zeroizing::new(text.trim_end_matches('=').to_ascii_uppercase());
        decode_with("base32 of RFC 4648", &BASE32_NOPAD, &upper)?
    } else {
        return Err(Fault::Must { key: "secret", what: "a text that begins with `base32:`, `text:` or `hex:`" });
    };
    if secret.is_empty() { Err(Fault::EmptySecret) } else { Ok(secret) }
}

/// The text of a secret: as `text:` where it is one that people type, or else in base32.
pub(crate) fn encode(secret: &[u8]) -> Zeroizing<String> {
    let is_typed = secret.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
    let mut text = Zeroizing::new(String::with_capacity(secret.len() * 2 + "base32:".len()));
    match str::from_utf8(secret) {
        Ok(typed) if is_typed => {
            text.push_str("text:");
            text.push_str(typed);
        }
        _ => {
            text.push_str("base32:");
            text.push_str(&Zeroizing::new(base32::encode(Alphabet::Rfc4648 { padding: false }, secret)));
        }
    }
    text
}

/// `data-encoding` says what is wrong, and where; `base32` would take a text that was cut short.
fn decode_with(name: &'static str, encoding: &Encoding, text: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let fault = |error: DecodeError| Fault::Encoding { encoding: name, reason: error.to_string() };
    let mut secret = Zeroizing::new(vec![0; encoding.decode_len(text.len()).map_err(fault)?]);
    let length = encoding.decode_mut(text.as_bytes(), &mut secret).map_err(|partial| fault(partial.error))?;
    secret.truncate(length);
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_one_secret() {
        for text in [
            "text:foobar",
            "hex:666f6f626172",
            "hex:666F6F626172",
            "base32:MZXW6YTBOI======",
            "base32:MZXW6YTBOI",
            "base32:mzxw6ytboi",
        ] {
            assert_eq!(**decode(text).unwrap(), *b"foobar", "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for length in 1..=200 {
            let octets: Vec<u8> = (0..=255).cycle().skip(length).take(length).collect();
            assert_eq!(**decode(&encode(&octets)).unwrap(), *octets);
        }
        assert_eq!(*encode(b"s3kr1t"), "text:s3kr1t");
        assert_eq!(*encode(b"s3kr1t\n"), "base32:OMZWW4RROQFA");
    }

    #[test]
    fn wrong_encodings_are_refused_and_not_repeated() {
        for (text, message) in [
            ("hunter2", "`secret` must be a text that begins with `base32:`, `text:` or `hex:`"),
            ("TEXT:hunter2", "`secret` must be a text that begins with `base32:`, `text:` or `hex:`"),
            ("text:", "the secret is empty"),
            ("base32:====", "the secret is empty"),
            ("base32:hunter21", "the secret is no base32 of RFC 4648: invalid symbol at 7"),
            ("base32:hunter", "the secret is no base32 of RFC 4648: invalid length at 5"),
            ("base32:MZ", "the secret is no base32 of RFC 4648: non-zero trailing bits at 1"),
            ("hex:66f", "the secret is no hex: invalid length at 2"),
            ("hex:hunter", "the secret is no hex: invalid symbol at 0"),
        ] {
            assert_eq!(decode(text).unwrap_err().to_string(), message);
        }
    }
}
