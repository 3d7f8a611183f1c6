//! Keys for other programs: batv-tools, Exim, and the SRS programs that read postsrsd's secret file.

use batv_core::{Algorithm, KeyId, KeyState};
use thiserror::Error;

use crate::entry::{Entry, Use};
use crate::keyring::Keyring;
use crate::secret::Secret;

/// Octets that Exim takes of a key at most.
const EXIM_LIMIT: usize = 64;

/// Key file of batv-tools: the octets of the secret.
///
/// # Errors
/// [`ExportError`] when batv-tools would make other tags.
///
/// ```
/// use batv_config::{Keyring, export};
///
/// let keyring = Keyring::parse("[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\n")?;
/// let error = export::batv_tools(&keyring.entries()[0]).unwrap_err();
/// assert_eq!(error.to_string(), "the key uses hmac-sha256, but batv-tools only knows hmac-sha1");
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn batv_tools(entry: &Entry) -> Result<&[u8], ExportError> {
    let program = "batv-tools";
    check(entry, Use::Batv, program)?;
    if entry.id() != Some(KeyId::default()) {
        return Err(ExportError::KeyId);
    }
    Ok(entry.expose_secret())
}

/// Key as a string for Exim's `${prvs{…}{KEY}{K}}` and `${prvscheck{…}{KEY}}`, without the escapes that Exim's configuration
/// may need around it.
///
/// # Errors
/// [`ExportError`] when no such string can be that key.
///
/// ```
/// use batv_config::{Keyring, export};
///
/// let text = "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\n";
/// assert_eq!(export::exim(&Keyring::parse(text)?.entries()[0]), Ok("s3kr1t"));
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn exim(entry: &Entry) -> Result<&str, ExportError> {
    let program = "Exim";
    check(entry, Use::Batv, program)?;
    let secret = entry.expose_secret();
    if secret.len() > EXIM_LIMIT {
        return Err(ExportError::TooLong { length: secret.len(), limit: EXIM_LIMIT });
    }
    check_text(secret, program)
}

/// Secret file of postsrsd: the secrets of all SRS keys for everybody that are not retired, the signing one first.
///
/// # Errors
/// [`ExportError::NoSrsKey`] when there are none, another [`ExportError`] when one of them cannot stand in such a file.
///
/// ```
/// use batv_config::{Keyring, NewKey, Use, export, import};
/// use batv_core::{Algorithm, Day};
///
/// let mut keyring = Keyring::default();
/// let mut key = NewKey::new(Use::Srs);
/// key.algorithm = Some(Algorithm::HmacSha1);
/// for secret in import::postsrsd_secrets(b"tops3cr3t\nolder\n")? {
///     keyring.add(&key, secret, Day::new(20_780)?)?;
/// }
/// assert_eq!(*export::postsrsd(&keyring)?, *b"tops3cr3t\nolder\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn postsrsd(keyring: &Keyring) -> Result<Secret, ExportError> {
    let program = "postsrsd";
    let of_state = |state| {
        let entries = keyring.entries().iter().filter(move |entry| entry.state() == state);
        entries.filter(|entry| Use::from(entry.key_use()) == Use::Srs && entry.scope().is_everybody())
    };
    let secrets = keyring.entries().iter().map(|entry| entry.expose_secret().len() + 1).sum();
    let mut file = Secret::with_capacity(secrets);
    for entry in of_state(KeyState::Signing).chain(of_state(KeyState::Verifying)) {
        check(entry, Use::Srs, program)?;
        file.buffer().extend_from_slice(check_text(entry.expose_secret(), program)?.as_bytes());
        file.buffer().push(b'\n');
    }
    if file.is_empty() { Err(ExportError::NoSrsKey) } else { Ok(file) }
}

/// Reason that another program cannot use a key.
///
/// ```
/// use batv_config::export::ExportError;
///
/// let error = ExportError::TooLong { length: 65, limit: 64 };
/// assert_eq!(error.to_string(), "the secret has 65 octets, but Exim takes at most 64");
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ExportError {
    /// Key for the other use.
    #[error("the key is for {key_use}, but {program} needs one for the other use")]
    Use {
        /// Use of the key.
        key_use: Use,
        /// Program.
        program: &'static str,
    },
    /// Algorithm that the program does not have.
    #[error("the key uses {algorithm}, but {program} only knows hmac-sha1")]
    Algorithm {
        /// Algorithm of the key.
        algorithm: Algorithm,
        /// Program.
        program: &'static str,
    },
    /// Id other than 0.
    #[error("the key has an id other than 0, the only one that batv-tools knows")]
    KeyId,
    /// Secret that is too long.
    #[error("the secret has {length} octets, but Exim takes at most {limit}")]
    TooLong {
        /// Length in octets.
        length: usize,
        /// Limit in octets.
        limit: usize,
    },
    /// Secret that ends with a line ending, as one from a key file does.
    #[error("the secret ends with a line ending, which {program} cannot have")]
    LineEnding {
        /// Program.
        program: &'static str,
    },
    /// Secret with an octet that cannot stand in a text file.
    #[error("octet {offset} of the secret is {what}, which {program} cannot have")]
    Octet {
        /// Offset of the octet, from 0.
        offset: usize,
        /// Description of the octet.
        what: &'static str,
        /// Program.
        program: &'static str,
    },
    /// Keyring without an SRS key for everybody.
    #[error("no srs key for everybody in the keyring")]
    NoSrsKey,
}

fn check(entry: &Entry, needed: Use, program: &'static str) -> Result<(), ExportError> {
    let key_use = Use::from(entry.key_use());
    if key_use != needed {
        return Err(ExportError::Use { key_use, program });
    }
    match entry.algorithm() {
        Algorithm::HmacSha1 => Ok(()),
        algorithm => Err(ExportError::Algorithm { algorithm, program }),
    }
}

/// Secret that can stand on a line of a text file.
fn check_text<'a>(secret: &'a [u8], program: &'static str) -> Result<&'a str, ExportError> {
    let text = str::from_utf8(secret).map_err(|error| {
        let offset = error.valid_up_to();
        ExportError::Octet { offset, what: "not text", program }
    });
    let nul = secret.iter().position(|octet| *octet == 0);
    if let Some(offset) = nul {
        return Err(ExportError::Octet { offset, what: "NUL", program });
    }
    if secret.ends_with(b"\n") {
        return Err(ExportError::LineEnding { program });
    }
    let text = text?;
    match text.char_indices().find(|(_, character)| character.is_control()) {
        Some((offset, _)) => Err(ExportError::Octet { offset, what: "a control character", program }),
        None => Ok(text),
    }
}
