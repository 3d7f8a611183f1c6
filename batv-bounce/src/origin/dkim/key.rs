//! Public keys, as administrators have them in files.

use alloc::borrow::Cow;
use core::ops::RangeInclusive;

use batv_core::Domain;
use data_encoding::BASE64;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Reader, SliceReader};
use memchr::memmem;
use rsa::{BoxedUint, Pkcs1v15Sign};
use sha2::Sha256;
use thiserror::Error;

use super::tags::{TagError, Tags};

/// The bits of an RSA key. Verifiers need no longer ones (RFC 8301 §3.2), with which anybody's signature takes long to check.
const RSA_BITS: RangeInclusive<usize> = 1024..=4096;
/// RFC 8017 §A.1.
const RSA_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 8410 §3.
const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A public key of ours, and the names under which its signatures find it.
///
/// ```
/// use batv_bounce::dkim::PublicKey;
///
/// let record = br#"sel._domainkey IN TXT ( "v=DKIM1; k=ed25519; "
///     "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" ) ; ----- DKIM key sel for example.com"#;
/// let key = PublicKey::parse("example.com", "sel", record)?;
/// assert_eq!((key.domain(), key.selector()), ("example.com", "sel"));
/// assert_eq!(key.algorithm(), "ed25519-sha256");
/// # Ok::<(), batv_bounce::dkim::KeyError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicKey {
    domain: String,
    selector: String,
    material: Material,
    /// The flag `t=s` of the record: `i=` names the domain itself, no sub-domain.
    is_strict: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Material {
    Rsa(rsa::PublicKey),
    Ed25519(ed25519_compact::PublicKey),
}

/// Why a key cannot be used.
///
/// ```
/// use batv_bounce::dkim::{KeyError, PublicKey};
///
/// let error = PublicKey::parse("example.com", "sel", b"v=DKIM1; p=").unwrap_err();
/// assert_eq!(error, KeyError::Revoked);
/// assert_eq!(error.to_string(), "empty p=: the key is revoked (RFC 6376 §3.6.1)");
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum KeyError {
    /// The domain is no domain name.
    #[error("domain: {0}")]
    Domain(batv_core::Error),
    /// The selector is no domain name.
    #[error("selector: {0}")]
    Selector(batv_core::Error),
    /// The text is a private key.
    #[error("private key: give its public half, which `openssl pkey -pubout` writes")]
    Private,
    /// The text is PEM of something else, or has no end.
    #[error("PEM without a whole `-----BEGIN PUBLIC KEY-----` block")]
    Pem,
    /// The text is neither PEM nor a list of `name=value`.
    #[error("neither PEM nor a DKIM record: must be like `v=DKIM1; k=rsa; p=…` or `-----BEGIN PUBLIC KEY-----`")]
    NotARecord,
    /// A tag stands in the record twice.
    #[error("{0}= stands there twice: must be one record alone")]
    Twice(String),
    /// A version other than ours.
    #[error("v= of the record must be DKIM1")]
    Version,
    /// A type of key that is not known.
    #[error("k= of the record must be rsa or ed25519")]
    Type,
    /// Hash algorithms without the one that we verify.
    #[error("h= of the record must list sha256 (RFC 8301 §3.1)")]
    Hash,
    /// Services without mail.
    #[error("s= of the record must list * or email")]
    Service,
    /// No key in the record.
    #[error("no p= in the record, which holds the key")]
    NoKey,
    /// A key that its owner has revoked.
    #[error("empty p=: the key is revoked (RFC 6376 §3.6.1)")]
    Revoked,
    /// A key that is not base64.
    #[error("key is not base64 (RFC 4648 §4)")]
    Base64,
    /// A PEM key of another algorithm.
    #[error("key is for the algorithm {0}: must be an RSA or Ed25519 key")]
    Algorithm(String),
    /// A key that is cut or damaged.
    #[error("key is cut or damaged: must be a SubjectPublicKeyInfo or RSAPublicKey in DER")]
    Der,
    /// Numbers that make no RSA key.
    #[error("RSA key is damaged: its modulus or exponent is even, or too small or too big")]
    Rsa,
    /// An RSA key that is too small, or so big that a signature takes long.
    #[error("RSA key of {bits} bits: must have from 1024 to 4096 (RFC 8301 §3.2)")]
    RsaSize {
        /// The bits of its modulus.
        bits: u32,
    },
    /// An Ed25519 key of another length.
    #[error("Ed25519 key of {octets} octets: must be the bare 32 (RFC 8463 §4.2)")]
    Ed25519Length {
        /// Its octets.
        octets: usize,
    },
    /// Octets that are no Ed25519 key, or one for which anybody can make signatures.
    #[error("Ed25519 key is damaged: it is no point of the curve, or one of small order")]
    Ed25519,
}

impl PublicKey {
    /// Reads a key from the text of a file: a DKIM record (RFC 6376 §3.6.1), bare or in quotes with whatever a zone file
    /// has around them, as `opendkim-genkey` and `dig` write it; or PEM, of `PUBLIC KEY` or `RSA PUBLIC KEY`.
    ///
    /// The domain and the selector are those of `d=` and `s=`, in any case and without a dot at the end.
    ///
    /// RSA keys have from 1024 to 4096 bits (RFC 8301 §3.2). Of a record's flags, `s` is kept to and `y` is not: it
    /// asks for leniency with bad signatures, and we have none to show.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the record and what would be right.
    ///
    /// ```
    /// use batv_bounce::dkim::PublicKey;
    ///
    /// let pem = b"-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
    /// -----END PUBLIC KEY-----
    /// ";
    /// assert_eq!(PublicKey::parse("example.com", "sel", pem)?.algorithm(), "ed25519-sha256");
    /// # Ok::<(), batv_bounce::dkim::KeyError>(())
    /// ```
    pub fn parse(domain: &str, selector: &str, text: &[u8]) -> Result<Self, KeyError> {
        Domain::parse(domain).map_err(KeyError::Domain)?;
        Domain::parse(selector).map_err(KeyError::Selector)?;
        let (material, is_strict) = match split_once(text, b"-----BEGIN ") {
            Some((_, block)) => (read_pem(block)?, false),
            None => read_record(&unquoted(text))?,
        };
        Ok(Self { domain: domain.to_owned(), selector: selector.to_owned(), material, is_strict })
    }

    /// The domain, as it was given.
    ///
    /// ```
    /// # use batv_bounce::dkim::PublicKey;
    /// fn zone(key: &PublicKey) -> String {
    ///     format!("{}._domainkey.{}", key.selector(), key.domain())
    /// }
    /// ```
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The selector, as it was given.
    ///
    /// ```
    /// # use batv_bounce::dkim::PublicKey;
    /// fn is_of(key: &PublicKey, month: &str) -> bool {
    ///     key.selector().starts_with(month)
    /// }
    /// ```
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The algorithm of the signatures that it verifies, as `a=` names it: `rsa-sha256` or `ed25519-sha256`.
    ///
    /// ```
    /// # use batv_bounce::dkim::PublicKey;
    /// fn is_understood_by_all(key: &PublicKey) -> bool {
    ///     key.algorithm() == "rsa-sha256"
    /// }
    /// ```
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self.material {
            Material::Rsa(_) => "rsa-sha256",
            Material::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// Whether a signature with these `d=` and `s=` names it.
    pub(super) fn is_named(&self, domain: &[u8], selector: &[u8]) -> bool {
        self.domain.as_bytes().eq_ignore_ascii_case(domain) && self.selector.as_bytes().eq_ignore_ascii_case(selector)
    }

    /// Whether it may sign for an `i=` (RFC 6376 §3.5, §3.6.1).
    pub(super) fn may_sign_for(&self, identity: &[u8]) -> bool {
        let Some(at) = memchr::memrchr(b'@', identity) else { return false };
        let shown = &identity[at + 1..];
        let Some(before) = shown.len().checked_sub(self.domain.len()) else { return false };
        let (sub_domain, domain) = shown.split_at(before);
        self.domain.as_bytes().eq_ignore_ascii_case(domain)
            && (sub_domain.is_empty() || !self.is_strict && sub_domain.ends_with(b"."))
    }

    /// Whether it verifies a signature over what has this hash.
    pub(super) fn verifies(&self, hash: &[u8; 32], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa(key) => key.verify(Pkcs1v15Sign::new::<Sha256>(), hash, signature).is_ok(),
            Material::Ed25519(key) => {
                let signature = ed25519_compact::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify(hash, &signature).is_ok())
            }
        }
    }
}

/// A block of PEM after `-----BEGIN ` (RFC 7468 §13; RFC 8017 has what is in `RSA PUBLIC KEY`).
fn read_pem(block: &[u8]) -> Result<Material, KeyError> {
    let (label, rest) = split_once(block, b"-----").ok_or(KeyError::Pem)?;
    if label.ends_with(b"PRIVATE KEY") {
        return Err(KeyError::Private);
    }
    let (base64, _) = split_once(rest, b"-----END ").ok_or(KeyError::Pem)?;
    let read = match label {
        b"PUBLIC KEY" => read_spki,
        b"RSA PUBLIC KEY" => read_rsa,
        _ => return Err(KeyError::Pem),
    };
    read(&decode_base64(base64).ok_or(KeyError::Base64)?)
}

fn split_once<'x>(text: &'x [u8], mark: &[u8]) -> Option<(&'x [u8], &'x [u8])> {
    memmem::find(text, mark).map(|at| (&text[..at], &text[at + mark.len()..]))
}

/// Joins the quoted strings of a zone file or of `dig` (RFC 1035 §5.1); a text without quotes stays as it is.
fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'"') {
        return Cow::Borrowed(text);
    }
    let mut inside = false;
    let mut strings = Vec::with_capacity(text.len());
    let mut octets = text.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => inside = !inside,
            b'\\' if inside => strings.extend(octets.next()),
            _ if inside => strings.push(*octet),
            // A comment, which may hold quotes.
            b';' => {
                octets.by_ref().find(|octet| **octet == b'\n');
            }
            _ => {}
        }
    }
    Cow::Owned(strings)
}

/// A record (RFC 6376 §3.6.1), and whether it has the flag `s`.
fn read_record(record: &[u8]) -> Result<(Material, bool), KeyError> {
    let tags = Tags::parse(record).map_err(|error| match error {
        TagError::NotATag => KeyError::NotARecord,
        TagError::Twice(name) => KeyError::Twice(name.to_owned()),
    })?;
    if tags.get("v").is_some_and(|version| version != b"DKIM1") {
        return Err(KeyError::Version);
    }
    let lists = |tag, item: &[u8]| tags.items(tag).is_some_and(|mut items| items.any(|shown| shown == item));
    if tags.get("h").is_some() && !lists("h", b"sha256") {
        return Err(KeyError::Hash);
    }
    if tags.get("s").is_some() && !lists("s", b"*") && !lists("s", b"email") {
        return Err(KeyError::Service);
    }
    let read: fn(&[u8]) -> _ = match tags.get("k") {
        None | Some(b"rsa") => |der| match decode_info(der) {
            Ok(info) => read_info(info),
            Err(_) => read_rsa(der),
        },
        Some(b"ed25519") => read_ed25519,
        Some(_) => return Err(KeyError::Type),
    };
    let key = match tags.get("p") {
        None => return Err(KeyError::NoKey),
        Some(b"") => return Err(KeyError::Revoked),
        Some(text) => decode_base64(text).ok_or(KeyError::Base64)?,
    };
    Ok((read(&key)?, lists("t", b"s")))
}

/// Base64 with white space anywhere.
pub(super) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    BASE64.decode(&text).ok()
}

/// A `SubjectPublicKeyInfo` (RFC 5280 §4.1).
fn read_spki(der: &[u8]) -> Result<Material, KeyError> {
    decode_info(der).map_err(|_| KeyError::Der).and_then(read_info)
}

fn read_info((algorithm, key): (ObjectIdentifier, BitStringRef<'_>)) -> Result<Material, KeyError> {
    let key = key.as_bytes().ok_or(KeyError::Der)?;
    match algorithm {
        RSA_OID => read_rsa(key),
        ED25519_OID => read_ed25519(key),
        other => Err(KeyError::Algorithm(other.to_string())),
    }
}

/// The algorithm and the key of a `SubjectPublicKeyInfo`.
fn decode_info(der: &[u8]) -> der::Result<(ObjectIdentifier, BitStringRef<'_>)> {
    let mut reader = SliceReader::new(der)?;
    let info = reader.sequence(|info| {
        let algorithm = info.sequence(|identifier| {
            let algorithm = identifier.decode()?;
            identifier.decode::<Option<AnyRef<'_>>>()?;
            Ok::<_, der::Error>(algorithm)
        })?;
        Ok::<_, der::Error>((algorithm, info.decode()?))
    })?;
    reader.finish()?;
    Ok(info)
}

/// An `RSAPublicKey` (RFC 8017 §A.1.1): RFC 6376 §3.6.1 asks for it, though its examples are the above.
fn read_rsa(der: &[u8]) -> Result<Material, KeyError> {
    let (modulus, exponent) = decode_rsa(der).map_err(|_| KeyError::Der)?;
    let number = |octets: UintRef<'_>| BoxedUint::from_be_slice_vartime(octets.as_bytes());
    let modulus = number(modulus);
    let bits = modulus.bit_width_vartime();
    let key = rsa::PublicKey::new_with_size_limits(modulus, number(exponent), RSA_BITS);
    key.map(Material::Rsa).map_err(|error| match error {
        rsa::Error::ModulusTooSmall | rsa::Error::ModulusTooLarge => KeyError::RsaSize { bits },
        _ => KeyError::Rsa,
    })
}

/// The modulus and the exponent of an `RSAPublicKey`.
fn decode_rsa(der: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = SliceReader::new(der)?;
    let key = reader.sequence(|key| Ok::<_, der::Error>((key.decode()?, key.decode()?)))?;
    reader.finish()?;
    Ok(key)
}

fn read_ed25519(octets: &[u8]) -> Result<Material, KeyError> {
    let key =
        ed25519_compact::PublicKey::from_slice(octets).map_err(|_| KeyError::Ed25519Length { octets: octets.len() })?;
    key.validate().map(|()| Material::Ed25519(key)).map_err(|_| KeyError::Ed25519)
}

#[cfg(test)]
mod tests {
    use rsa::pkcs1::{self, EncodeRsaPublicKey};
    use rsa::pkcs8::EncodePublicKey;
    use rsa::pkcs8::der::Encode;

    use super::*;

    const ED25519: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const SPKI: &str = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    fn parse(text: &str) -> Result<PublicKey, KeyError> {
        PublicKey::parse("example.com", "sel", text.as_bytes())
    }

    fn pem(label: &str, base64: &str) -> String {
        format!("-----BEGIN {label}-----\r\n{base64}\r\n-----END {label}-----\r\n")
    }

    /// A key of so many bits, which nobody has the other half of.
    fn rsa_key(bits: u32) -> rsa::PublicKey {
        let length = bits.div_ceil(8);
        let mut modulus = vec![0xff; length.try_into().expect("a length")];
        modulus[0] >>= 8 * length - bits;
        let size = 1..=usize::MAX;
        rsa::PublicKey::new_with_size_limits(BoxedUint::from_be_slice_vartime(&modulus), BoxedUint::from(3_u64), size)
            .expect("a key")
    }

    #[test]
    fn reads_records_as_they_stand_in_files() {
        let record = format!("v=DKIM1; k=ed25519; p={ED25519}");
        let expected = parse(&record).expect("a key");
        let (front, back) = record.split_at(30);
        let cases = [
            format!("{record}\n"),
            format!("v=DKIM1 ;k = ed25519;\r\n\tp={front};", front = ED25519.replace('S', "\r\n S")),
            format!("k=ed25519; h=sha1 : sha256; s=email:tls; n=a note; t=y; p={ED25519}"),
            format!("\"{front}\" \"{back}\"\n"),
            format!("sel._domainkey IN TXT ( \"{front}\"\n\t\"{back}\" ) ; ----- DKIM \"key\" sel\n"),
            format!("; the \"key\"\n\"{}\"", record.replace(';', "\\;")),
            pem("PUBLIC KEY", SPKI),
            format!("Public-Key:\n{}", pem("PUBLIC KEY", SPKI)),
        ];
        for text in cases {
            assert_eq!(parse(&text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let p = format!("p={ED25519}");
        let ones = [0xff; 128];
        let (modulus, exponent) = (UintRef::new(&ones).expect("a number"), UintRef::new(&[2]).expect("a number"));
        let even = pkcs1::RsaPublicKey { modulus, public_exponent: exponent }.to_der().expect("DER");
        let even = BASE64.encode(&even);
        let weak = BASE64.encode(&[1_u8; 1].into_iter().chain([0; 31]).collect::<Vec<_>>());
        let no_point = BASE64.encode(&[2_u8; 1].into_iter().chain([0; 31]).collect::<Vec<_>>());
        let trailing = BASE64.encode(&[&BASE64.decode(SPKI.as_bytes()).expect("base64")[..], &[0]].concat());
        let curve = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGOS0xMRlvmcy+SdJ0jBCcvBDkDSBqDNFKCZpYnRjQaJ0ZLDKvcJuFHLC0KTXkCsb\
            AQGyJ8DnU1DUqd5L+2k1Xg==";
        let cases = [
            (String::new(), KeyError::NoKey),
            ("v=DKIM1; k=rsa".into(), KeyError::NoKey),
            ("v=DKIM1; k=rsa; p= ;".into(), KeyError::Revoked),
            (format!("sel._domainkey IN TXT v=DKIM1; {p}"), KeyError::NotARecord),
            (format!("\"{p}\"\n\"; {p}\""), KeyError::Twice("p".into())),
            (format!("v=DKIM2; k=ed25519; {p}"), KeyError::Version),
            (format!("k=ed448; {p}"), KeyError::Type),
            (format!("k=ed25519; h=sha1; {p}"), KeyError::Hash),
            (format!("k=ed25519; s=tls; {p}"), KeyError::Service),
            ("p=AAA".into(), KeyError::Base64),
            ("p=AAAA".into(), KeyError::Der),
            (p, KeyError::Der),
            // Modulus 4, exponent 3.
            ("p=MAYCAQQCAQM=".into(), KeyError::RsaSize { bits: 3 }),
            (format!("p={even}"), KeyError::Rsa),
            (pem("PUBLIC KEY", &SPKI[..SPKI.len() - 4]), KeyError::Der),
            (format!("p={curve}"), KeyError::Algorithm("1.2.840.10045.2.1".into())),
            ("k=ed25519; p=AAAA".into(), KeyError::Ed25519Length { octets: 3 }),
            (format!("k=ed25519; p={SPKI}"), KeyError::Ed25519Length { octets: 44 }),
            (format!("k=ed25519; p={weak}"), KeyError::Ed25519),
            (format!("k=ed25519; p={no_point}"), KeyError::Ed25519),
            (pem("PUBLIC KEY", &trailing), KeyError::Der),
            (pem("PRIVATE KEY", SPKI), KeyError::Private),
            (pem("RSA PRIVATE KEY", SPKI), KeyError::Private),
            (pem("CERTIFICATE", SPKI), KeyError::Pem),
            (pem("PUBLIC KEY", "AAA"), KeyError::Base64),
            (pem("PUBLIC KEY", SPKI).replace("-----END", ""), KeyError::Pem),
            ("-----BEGIN ".into(), KeyError::Pem),
        ];
        for (text, error) in cases {
            assert_eq!(parse(&text), Err(error), "{text}");
        }
        assert!(matches!(PublicKey::parse("example.com.", "sel", b""), Err(KeyError::Domain(_))));
        assert!(matches!(PublicKey::parse("example.com", "", b""), Err(KeyError::Selector(_))));
    }

    #[test]
    fn rsa_keys_have_from_1024_to_4096_bits() {
        for (bits, is_fit) in [(512, false), (1023, false), (1024, true), (2050, true), (4096, true), (4097, false)] {
            let key = rsa_key(bits);
            let spki = key.to_public_key_der().expect("DER");
            let pkcs1 = key.to_pkcs1_der().expect("DER");
            let expected = if is_fit { Ok(Material::Rsa(key)) } else { Err(KeyError::RsaSize { bits }) };
            let texts = [spki, pkcs1].map(|der| BASE64.encode(der.as_bytes()));
            let [record, bare] = texts.each_ref().map(|text| format!("v=DKIM1; p={text}"));
            let [pem, bare_pem] = [pem("PUBLIC KEY", &texts[0]), pem("RSA PUBLIC KEY", &texts[1])];
            for text in [record, bare, pem, bare_pem] {
                assert_eq!(parse(&text).map(|key| key.material), expected, "{bits} bits: {text}");
            }
        }
    }

    #[test]
    fn a_key_signs_for_its_domain_and_those_within() {
        let key = parse(&format!("k=ed25519; p={ED25519}")).expect("a key");
        let strict = parse(&format!("k=ed25519; t=s; p={ED25519}")).expect("a key");
        for (identity, is_within, is_the_same) in [
            ("@example.com", true, true),
            ("a@b@EXAMPLE.com", true, true),
            ("@a.example.com", true, false),
            ("@.example.com", true, false),
            ("@aexample.com", false, false),
            ("@com", false, false),
            ("@example.org", false, false),
            ("example.com", false, false),
            ("", false, false),
        ] {
            assert_eq!(key.may_sign_for(identity.as_bytes()), is_within, "{identity}");
            assert_eq!(strict.may_sign_for(identity.as_bytes()), is_the_same, "{identity}");
        }
    }
}
