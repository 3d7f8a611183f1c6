//! Secrets: octets that are wiped, and their text in keyring files.

use base32::Alphabet;
use core::fmt;
use core::ops::Deref;

use data_encoding::{BASE32_NOPAD, DecodeError, Encoding, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::fault::Fault;

/// Octets of a secret, which are wiped on drop and not shown by `Debug`.
///
/// ```
/// use batv_config::Secret;
///
/// let secret = Secret::from(b"hunter2".to_vec());
/// assert_eq!(*secret, *b"hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Empty secret with room for so many octets: while there are no more, no copy is left behind.
    pub(crate) fn with_capacity(octets: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(octets)))
    }

    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Deref for Secret {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl From<&[u8]> for Secret {
    fn from(octets: &[u8]) -> Self {
        octets.to_vec().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Octets of the secret that a keyring file writes as `base32:…`, `text:…` or `hex:…`.
pub(crate) fn decode(text: &str) -> Result<Secret, Fault> {
    let secret = if let Some(text) = text.strip_prefix("text:") {
        Secret::from(text.as_bytes())
    } else if let Some(digits) = text.strip_prefix("hex:") {
        decode_with("hex", &HEXLOWER_PERMISSIVE, digits)?
    } else if let Some(text) = text.strip_prefix("base32:") {
        let upper = Zeroizing::new(text.trim_end_matches('=').to_ascii_uppercase());
        decode_with("base32 of RFC 4648", &BASE32_NOPAD, &upper)?
    } else {
        return Err(Fault::Must { key: "secret", what: "text that begins with `base32:`, `text:` or `hex:`" });
    };
    if secret.is_empty() { Err(Fault::EmptySecret) } else { Ok(secret) }
}

/// Text of a secret: `text:…` where all of it can be typed, else `base32:…`.
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

fn decode_with(name: &'static str, encoding: &Encoding, text: &str) -> Result<Secret, Fault> {
    let fault = |error: DecodeError| Fault::Encoding { encoding: name, reason: error.to_string() };
    let mut secret = Secret::from(vec![0; encoding.decode_len(text.len()).map_err(fault)?]);
    let length = encoding.decode_mut(text.as_bytes(), secret.buffer()).map_err(|partial| fault(partial.error))?;
    secret.buffer().truncate(length);
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
            assert_eq!(*decode(text).unwrap(), *b"foobar", "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for length in 1..=200 {
            let octets: Vec<u8> = (0..=255).cycle().skip(length).take(length).collect();
            assert_eq!(*decode(&encode(&octets)).unwrap(), *octets);
        }
        assert_eq!(*encode(b"s3kr1t"), "text:s3kr1t");
        assert_eq!(*encode(b"s3kr1t\n"), "base32:OMZWW4RROQFA");
    }

    #[test]
    fn wrong_encodings_are_refused_and_not_repeated() {
        for (text, message) in [
            ("hunter2", "`secret` must be text that begins with `base32:`, `text:` or `hex:`"),
            ("TEXT:hunter2", "`secret` must be text that begins with `base32:`, `text:` or `hex:`"),
            ("text:", "the secret is empty"),
            ("base32:====", "the secret is empty"),
            ("base32:hunter21", "the secret is not valid base32 of RFC 4648: invalid symbol at 7"),
            ("base32:hunter", "the secret is not valid base32 of RFC 4648: invalid length at 5"),
            ("base32:MZ", "the secret is not valid base32 of RFC 4648: non-zero trailing bits at 1"),
            ("hex:66f", "the secret is not valid hex: invalid length at 2"),
            ("hex:hunter", "the secret is not valid hex: invalid symbol at 0"),
        ] {
            assert_eq!(decode(text).unwrap_err().to_string(), message);
        }
    }
}
