//! Keys of other programs: batv-tools, Exim and postsrsd.
use zeroize::Zeroizing;

use crate::entry::Entry;
use crate::error::Error;
use crate::keyring::Keyring;

/// The line ending that a raw key file ends in, which batv-tools takes as part of the secret and Exim does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum LineEnding {
    /// `\n`.
    Lf,
    /// `\r\n`.
    CrLf,
}

/// The line ending of a raw key file.
pub fn line_ending(secret: &[u8]) -> Option<LineEnding> {
    let _ = secret;
    todo!()
}

/// Without its line ending.
pub fn strip_line_ending(secret: &[u8]) -> &[u8] {
    secret
}

/// The secrets of a postsrsd secret file, the one that signs first.
///
/// # Errors
/// when there is none
pub fn postsrsd_secrets(file: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
    let _ = file;
    todo!()
}

/// The octets of a key file for batv-tools (and `--key-file`).
///
/// # Errors
/// when the key cannot serve there, and why
pub fn batv_tools(entry: &Entry) -> Result<&[u8], Error> {
    let _ = entry;
    todo!()
}

/// The key as Exim's `${prvs` takes it.
///
/// # Errors
/// when it can't be one, and why
pub fn exim(entry: &Entry) -> Result<&str, Error> {
    let _ = entry;
    todo!()
}

/// A secret file of postsrsd: the SRS keys for everybody that aren't retired, the signing one first.
///
/// # Errors
/// when one can't stand there, and why
pub fn postsrsd(keyring: &Keyring) -> Result<Zeroizing<Vec<u8>>, Error> {
    let _ = keyring;
    todo!()
}
