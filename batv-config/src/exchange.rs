//! Keys from and for other programs: batv-tools, Exim, and the SRS programs that read postsrsd's secret file.
//!
//! They come in through [`Keyring::add`] with [`Algorithm::HmacSha1`], for that is all those programs know.

use batv_core::{Algorithm, KeyId, KeyState};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::entry::{Entry, Use};
use crate::error::Error;
use crate::keyring::Keyring;

/// The most octets of a key that Exim takes.
const EXIM_LIMIT: usize = 64;

/// The line ending at the end of a raw key file. batv-tools takes it as part of the secret; Exim, whose key is a string
/// in its configuration, does not have it. So the same file can stand for two secrets.
///
/// ```
/// use batv_config::exchange::LineEnding;
///
/// assert_eq!(LineEnding::of(b"s3kr1t\n"), Some(LineEnding::Lf));
/// assert_eq!(LineEnding::of(b"s3kr1t\r\n"), Some(LineEnding::CrLf));
/// assert_eq!(LineEnding::of(b"s3kr1t"), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "text files know no other")]
pub enum LineEnding {
    /// One octet, `\n`.
    Lf,
    /// Two octets, `\r\n`.
    CrLf,
}

impl LineEnding {
    /// The line ending of a secret, if it has one.
    ///
    /// ```
    /// # use batv_config::exchange::LineEnding;
    /// assert!(LineEnding::of(b"").is_none());
    /// ```
    pub fn of(secret: &[u8]) -> Option<Self> {
        if secret.ends_with(b"\r\n") {
            Some(Self::CrLf)
        } else if secret.ends_with(b"\n") {
            Some(Self::Lf)
        } else {
            None
        }
    }

    /// The secret without its line ending.
    ///
    /// ```
    /// # use batv_config::exchange::LineEnding;
    /// assert_eq!(LineEnding::strip(b"s3kr1t\r\n"), b"s3kr1t");
    /// assert_eq!(LineEnding::strip(b"s3kr1t\n\n"), b"s3kr1t\n");
    /// ```
    pub fn strip(secret: &[u8]) -> &[u8] {
        let octets = match Self::of(secret) {
            Some(Self::CrLf) => 2,
            Some(Self::Lf) => 1,
            None => 0,
        };
        &secret[..secret.len() - octets]
    }
}

/// The secrets of a postsrsd secret file, one a line, in the order in which it uses them: the first one signs. Line
/// endings are no part of them, and lines without anything else are passed over.
///
/// # Errors
/// [`Error::NoSecrets`].
///
/// ```
/// use batv_config::exchange;
///
/// let secrets = exchange::postsrsd_secrets(b"tops3cr3t\nolder\n")?;
/// assert_eq!(*secrets[0], *b"tops3cr3t");
/// assert_eq!(secrets.len(), 2);
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn postsrsd_secrets(file: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let lines = file.split_inclusive(|octet| *octet == b'\n').map(LineEnding::strip);
    let secrets: Vec<_> = lines.filter(|secret| !secret.is_empty()).collect();
    if secrets.is_empty() { Err(Error::NoSecrets) } else { Ok(secrets) }
}

/// The key file of batv-tools, which is the octets of the secret.
///
/// # Errors
/// [`Error::Export`] when batv-tools would make other tags.
///
/// ```
/// use batv_config::{Keyring, exchange};
///
/// let keyring = Keyring::parse("[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\n")?;
/// let error = exchange::batv_tools(&keyring.entries()[0]).unwrap_err();
/// assert_eq!(error.to_string(), "the key is for hmac-sha256, and batv-tools knows hmac-sha1 only");
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn batv_tools(entry: &Entry) -> Result<&[u8], Error> {
    let program = "batv-tools";
    check(entry, Use::Batv, program)?;
    if entry.id() != Some(KeyId::default()) {
        return Err(Obstacle::KeyId.into());
    }
    Ok(entry.expose_secret())
}

/// The key as Exim's `${prvs{…}{KEY}{K}}` and `${prvscheck{…}{KEY}}` need it, before any escape that the place in
/// Exim's configuration asks for.
///
/// # Errors
/// [`Error::Export`] when no such string can be that key.
///
/// ```
/// use batv_config::{Keyring, exchange};
///
/// let text = "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\n";
/// assert_eq!(exchange::exim(&Keyring::parse(text)?.entries()[0])?, "s3kr1t");
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn exim(entry: &Entry) -> Result<&str, Error> {
    let program = "Exim";
    check(entry, Use::Batv, program)?;
    let secret = entry.expose_secret();
    if secret.len() > EXIM_LIMIT {
        return Err(Obstacle::TooLong { length: secret.len(), limit: EXIM_LIMIT }.into());
    }
    check_text(secret, program)
}

/// A secret file of postsrsd: the secrets of all SRS keys for everybody that are not retired, the one that signs first.
///
/// # Errors
/// [`Error::NoSuchKey`] when there are none, [`Error::Export`] when one of them cannot stand in such a file.
///
/// ```
/// use batv_config::{Keyring, NewKey, Use, exchange};
/// use batv_core::{Algorithm, Day};
///
/// let mut keyring = Keyring::default();
/// let mut key = NewKey::new(Use::Srs);
/// key.algorithm = Some(Algorithm::HmacSha1);
/// for secret in exchange::postsrsd_secrets(b"tops3cr3t\nolder\n")? {
///     keyring.add(&key, secret, Day::new(20_780)?)?;
/// }
/// assert_eq!(**exchange::postsrsd(&keyring)?, *b"tops3cr3t\nolder\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn postsrsd(keyring: &Keyring) -> Result<Zeroizing<Vec<u8>>, Error> {
    let program = "postsrsd";
    let of_state = |state| {
        let entries = keyring.entries().iter().filter(move |entry| entry.state() == state);
        entries.filter(|entry| Use::from(entry.key_use()) == Use::Srs && entry.scope().is_everybody())
    };
    let mut file = Zeroizing::new(Vec::new());
    for entry in of_state(KeyState::Signing).chain(of_state(KeyState::Verifying)) {
        check(entry, Use::Srs, program)?;
        file.extend_from_slice(check_text(entry.expose_secret(), program)?.as_bytes());
        file.push(b'\n');
    }
    if file.is_empty() { Err(Error::NoSuchKey { key_use: Use::Srs, id: None, scope: None }) } else { Ok(file) }
}

/// Why another program cannot have a key.
///
/// ```
/// use batv_config::exchange::Obstacle;
///
/// let obstacle = Obstacle::TooLong { length: 65, limit: 64 };
/// assert_eq!(obstacle.to_string(), "the secret has 65 octets, and Exim takes at most 64");
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Obstacle {
    /// A key for the other use.
    #[error("the key is for {key_use}, and {program} needs one for the other use")]
    Use {
        /// What the key is for.
        key_use: Use,
        /// The program.
        program: &'static str,
    },
    /// A key for an algorithm that the program does not have.
    #[error("the key is for {algorithm}, and {program} knows hmac-sha1 only")]
    Algorithm {
        /// The key's algorithm.
        algorithm: Algorithm,
        /// The program.
        program: &'static str,
    },
    /// An id other than 0.
    #[error("the key has another id than 0, and batv-tools knows no other")]
    KeyId,
    /// A secret that is too long.
    #[error("the secret has {length} octets, and Exim takes at most {limit}")]
    TooLong {
        /// Its length in octets.
        length: usize,
        /// The limit in octets.
        limit: usize,
    },
    /// A secret that ends in a line ending, as one from a key file does.
    #[error("the secret ends in a line ending, which is part of it and which {program} cannot have")]
    LineEnding {
        /// The program.
        program: &'static str,
    },
    /// A secret with an octet that cannot stand in a text file.
    #[error("octet {offset} of the secret is {what}, which {program} cannot have")]
    Octet {
        /// Its place, from 0.
        offset: usize,
        /// What it is.
        what: &'static str,
        /// The program.
        program: &'static str,
    },
}

fn check(entry: &Entry, needed: Use, program: &'static str) -> Result<(), Obstacle> {
    let key_use = Use::from(entry.key_use());
    if key_use != needed {
        return Err(Obstacle::Use { key_use, program });
    }
    match entry.algorithm() {
        Algorithm::HmacSha1 => Ok(()),
        algorithm => Err(Obstacle::Algorithm { algorithm, program }),
    }
}

/// A secret that can stand on a line of a text file.
fn check_text<'a>(secret: &'a [u8], program: &'static str) -> Result<&'a str, Error> {
    let text = str::from_utf8(secret).map_err(|error| {
        let offset = error.valid_up_to();
        Obstacle::Octet { offset, what: "no text", program }
    });
    let nul = secret.iter().position(|octet| *octet == 0);
    if let Some(offset) = nul {
        return Err(Obstacle::Octet { offset, what: "NUL", program }.into());
    }
    if LineEnding::of(secret).is_some() {
        return Err(Obstacle::LineEnding { program }.into());
    }
    let text = text?;
    match text.char_indices().find(|(_, character)| character.is_control()) {
        Some((offset, _)) => Err(Obstacle::Octet { offset, what: "a control character", program }.into()),
        None => Ok(text),
    }
}
