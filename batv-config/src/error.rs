//! Errors of reading and changing keyrings.

use std::io;
use std::path::{Path, PathBuf};

use batv_core::{Day, KeyId, KeyState};
use thiserror::Error;

use crate::entry::Use;
use crate::fault::Fault;
use crate::scope::{Scope, ScopeError};

/// Error of reading or changing a keyring. No message ever holds a secret, or a value of the file that could be one.
///
/// ```
/// use batv_config::Keyring;
///
/// let error = Keyring::parse("[[key]]\nuse = \"batv\"\nid = 12\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 3, column 6: `id` must be an integer from 0 to 9");
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Fault in the text of a keyring file.
    #[error("{}line {line}, column {column}: {fault}", in_file(.path.as_deref()))]
    Content {
        /// File, if the text came from one.
        path: Option<PathBuf>,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        fault: Fault,
    },
    /// Failed operation on a file.
    #[error("cannot {action} {}: {reason}", .path.display())]
    Io {
        /// Operation, as a verb: `read`, `write`, `lock`.
        action: &'static str,
        /// File or directory.
        path: PathBuf,
        /// Kind of the system's error.
        kind: io::ErrorKind,
        /// Text of the system's error.
        reason: String,
    },
    /// File that others may read or change.
    #[error("others can {access} {} (mode {mode:04o}): run `chmod {mended:o} {}`", .path.display(), .path.display(), mended = mode & 0o700)]
    Mode {
        /// File.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
        /// Access that others have: `read` or `change`.
        access: &'static str,
    },
    /// File too large for a key file.
    #[error("{} is too large for a key file: the limit is {limit} octets", .path.display())]
    TooLarge {
        /// File.
        path: PathBuf,
        /// Limit in octets.
        limit: u64,
    },
    /// Text that is not a domain or mailbox.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// Secret, id or lifetime that no key can have.
    #[error(transparent)]
    Key(#[from] batv_core::Error),
    /// One secret for both uses, which lets the tags of one stand for those of the other.
    #[error("a key for the other use has the same secret: BATV and SRS need different secrets")]
    SharedSecret,
    /// Id for an SRS key.
    #[error("an SRS key has no id")]
    IdForSrs,
    /// Mailbox in the scope of an SRS key.
    #[error("an SRS key is for whole domains, not for mailboxes")]
    MailboxForSrs,
    /// Strong form for an SRS key.
    #[error("an SRS key makes no tags: for SRS addresses that are hard to guess, use an hmac-sha256 key")]
    StrongSrs,
    /// Day for the strong form on which the key may have made short tags already.
    #[error("the earliest day is {earliest}: short tags that the key has made by then would no longer verify")]
    StrongTooSoon {
        /// Earliest day.
        earliest: Day,
    },
    /// No key that matches.
    #[error("no {} in the keyring", named(*.key_use, *.id, .scope.as_ref()))]
    NoSuchKey {
        /// Use.
        key_use: Use,
        /// Id, if one was given.
        id: Option<KeyId>,
        /// Scope, if one was given.
        scope: Option<Scope>,
    },
    /// Several keys that match.
    #[error("{count} keys match `{}`: name one by its id and domains", named(*.key_use, *.id, .scope.as_ref()))]
    Ambiguous {
        /// Use.
        key_use: Use,
        /// Id, if one was given.
        id: Option<KeyId>,
        /// Scope, if one was given.
        scope: Option<Scope>,
        /// Number of keys that match.
        count: usize,
    },
    /// Handle of a key that is not in the keyring, or no longer.
    #[error("the key is not in this keyring")]
    NotInKeyring,
    /// Id of a key whose tags may still be valid.
    #[error("id {id} belongs to a {state} key for {scope}{}", id_until(*.state, *.until))]
    IdTaken {
        /// Id.
        id: KeyId,
        /// State of the key that has it.
        state: KeyState,
        /// Scope of that key.
        scope: Scope,
        /// Last day on which a tag of that key can be valid, if the key no longer signs and the file tells.
        until: Option<Day>,
    },
    /// All ten ids belong to keys whose tags may still be valid.
    #[error("no id is free, since tags of all ten may still be valid: {}", free_from(*.until))]
    NoFreeId {
        /// Last day on which no id is free, if the file tells.
        until: Option<Day>,
    },
    /// Rotation where no key signs.
    #[error("no {key_use} key signs for {scope}: add one, or promote a verifying one")]
    NothingToRotate {
        /// Use.
        key_use: Use,
        /// Scope.
        scope: Scope,
    },
    /// Promotion of a key that does not verify.
    #[error("the key is {state}: only a verifying key can be promoted")]
    NotVerifying {
        /// State of the key.
        state: KeyState,
    },
    /// Key that would take over from one with a wider scope, and leave the rest of it without a key.
    #[error("the key that signs now is for {scope}: the new key must be for all of that")]
    SignsForMore {
        /// Scope of the key that signs now.
        scope: Scope,
    },
    /// Retirement of a key that signs.
    #[error("it is the only key that signs for {scope}: rotate it first, so that its tags still verify")]
    StillSigns {
        /// Scope of the key.
        scope: Scope,
    },
    /// Retirement of a key whose tags are still valid.
    #[error("tags of the key are valid until {until}: they would no longer verify")]
    TagsAlive {
        /// Last day on which one can be valid.
        until: Day,
    },
    /// Retirement of a key whose tags may still be valid.
    #[error("tags of the key may still be valid: the keyring does not tell when the last one expires")]
    TagsUnknown,
    /// Retirement of a retired key.
    #[error("the key is already retired")]
    AlreadyRetired,
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), kind: error.kind(), reason: error.to_string() }
    }
}

fn in_file(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| format!("{}: ", path.display()))
}

fn named(key_use: Use, id: Option<KeyId>, scope: Option<&Scope>) -> String {
    let id = id.map_or_else(String::new, |id| format!(" with id {id}"));
    let scope = scope.map_or_else(String::new, |scope| format!(" for {scope}"));
    format!("{key_use} key{id}{scope}")
}

fn id_until(state: KeyState, until: Option<Day>) -> String {
    match (state, until) {
        (KeyState::Signing, _) => String::new(),
        (KeyState::Retired, Some(until)) => format!(" whose tags are valid until {until}"),
        (KeyState::Retired, None) => {
            ", and the file does not tell when its last tag expires: delete the key there after that".to_owned()
        }
        (_, Some(until)) => format!(": retire it after {until}"),
        (_, None) => ": retire it first".to_owned(),
    }
}

fn free_from(until: Option<Day>) -> String {
    until.map_or_else(
        || "retire a key that is no longer needed".to_owned(),
        |until| format!("retire a key after {until}"),
    )
}
