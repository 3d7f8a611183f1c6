//! What keeps a keyring from being read, changed or handed on.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use batv_core::{Day, KeyId, KeyState};
use thiserror::Error;

use crate::clock::format_day;
use crate::entry::Use;
use crate::exchange::Obstacle;
use crate::read::FIELDS;
use crate::scope::Scope;

/// Why a keyring could not be read, changed or handed on. No message ever holds a secret, or a value of the file that
/// could be one.
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
    /// What a keyring file says is wrong.
    #[error("{}line {line}, column {column}: {fault}", Prefix(.path.as_deref()))]
    Content {
        /// The file, if it came from one.
        path: Option<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong there.
        fault: Fault,
    },
    /// The system refused to do something with a file.
    #[error("cannot {action} {}: {reason}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The kind of refusal.
        kind: io::ErrorKind,
        /// The system's own words.
        reason: String,
    },
    /// A file that others may read or change.
    #[error("{} has mode {mode:04o}, so others can {access} it: `chmod {mended:o} {}` mends it", .path.display(), .path.display(), mended = mode & 0o700)]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What others can do: `read` or `change`.
        access: &'static str,
    },
    /// A file too large to be what it is taken for.
    #[error("{} is larger than {limit} octets, so it is no file of keys", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in octets.
        limit: u64,
    },
    /// A domain or mailbox that a key cannot be for.
    #[error("`{domain}` is no domain or mailbox: {reason}")]
    Domain {
        /// The text.
        domain: String,
        /// What is wrong with it.
        reason: batv_core::Error,
    },
    /// A secret, an id or a lifetime that no key can have.
    #[error(transparent)]
    Key(#[from] batv_core::Error),
    /// The same secret for both uses, which lets the tags of one stand for those of the other.
    #[error("a key of the other use has the same secret, and a key serves one use only: make a new secret")]
    SharedSecret,
    /// An id for an SRS key.
    #[error("an SRS key has no id: leave it out")]
    IdForSrs,
    /// A mailbox in the scope of an SRS key.
    #[error("an SRS key is for whole domains: leave out mailboxes")]
    MailboxForSrs,
    /// No key of the keyring is the one that was named.
    #[error("no {} in the keyring", Named(*.key_use, *.id, .scope.as_ref()))]
    NoSuchKey {
        /// The use.
        key_use: Use,
        /// The id, if one was named.
        id: Option<KeyId>,
        /// The scope, if one was named.
        scope: Option<Scope>,
    },
    /// More than one key is the one that was named.
    #[error("{count} keys are a {}: tell them apart by id and domains", Named(*.key_use, *.id, .scope.as_ref()))]
    Ambiguous {
        /// The use.
        key_use: Use,
        /// The id, if one was named.
        id: Option<KeyId>,
        /// The scope, if one was named.
        scope: Option<Scope>,
        /// How many there are.
        count: usize,
    },
    /// An id that a key has whose tags may live.
    #[error("id {id} is that of a {state} key for {scope}{}", IdUntil(*.state, *.until))]
    IdTaken {
        /// The id.
        id: KeyId,
        /// The state of the key that has it.
        state: KeyState,
        /// The scope of that key.
        scope: Scope,
        /// The last day on which a tag of that key can be valid, if the key no longer signs and the file tells.
        until: Option<Day>,
    },
    /// All ten ids are those of keys whose tags may live.
    #[error("no id is free, for tags of all ten may live: {}", FreeFrom(*.until))]
    NoFreeId {
        /// The last day on which no id is free, if the file tells.
        until: Option<Day>,
    },
    /// A rotation where no key signs.
    #[error("no {key_use} key signs for {scope}: make one, or promote one that verifies")]
    NothingToRotate {
        /// The use.
        key_use: Use,
        /// The scope.
        scope: Scope,
    },
    /// A promotion of a key that is not waiting for it.
    #[error("the key is {state}, and only a verifying key can be promoted")]
    NotVerifying {
        /// Its state.
        state: KeyState,
    },
    /// A key that would take over from one with a wider scope, which would leave the rest of it without a key.
    #[error("the key that signs now is for {scope}, which is more than the new one is for: give the new one all of it")]
    SignsForMore {
        /// The scope of the key that signs now.
        scope: Scope,
    },
    /// The retirement of a key that signs.
    #[error("the key signs for {scope}, and no other does: rotate first, or nothing is signed and live tags are lost")]
    StillSigns {
        /// Its scope.
        scope: Scope,
    },
    /// The retirement of a key whose tags live.
    #[error("tags of the key are valid to {}, and would be lost", format_day(*.until))]
    TagsAlive {
        /// The last day on which one can be valid.
        until: Day,
    },
    /// The retirement of a key whose tags may live.
    #[error("the file does not tell when the last tag of the key dies: it may be lost")]
    TagsUnknown,
    /// The retirement of a retired key.
    #[error("the key is retired already")]
    AlreadyRetired,
    /// A key that another program cannot have.
    #[error(transparent)]
    Export(#[from] Obstacle),
    /// A file of secrets that holds none.
    #[error("there is no secret in the file: one a line is needed")]
    NoSecrets,
    /// A clock that is far off.
    #[error("the clock of the system is not from 1970-01-01 to 9999-12-31")]
    Clock,
    /// A text that is no date.
    #[error("no date of RFC 3339 from 1970-01-01 to 9999-12-31: one is 2026-11-23 or 2026-11-23T12:00:00Z")]
    Date,
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), kind: error.kind(), reason: error.to_string() }
    }
}

/// What is wrong with the text of a keyring.
///
/// ```
/// use batv_config::{Error, Fault, Keyring};
///
/// let error = Keyring::parse("[[key]]\nuse = \"srs\"\nsekret = \"text:...\"\n").unwrap_err();
/// let Error::Content { line: 3, column: 1, fault, .. } = error else { panic!() };
/// assert_eq!(fault, Fault::UnknownKey { nearest: Some("secret") });
/// assert_eq!(fault.to_string(), "unknown key: did you mean `secret`?");
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Not TOML.
    #[error("{0}")]
    Syntax(String),
    /// Not UTF-8.
    #[error("octet that is not UTF-8")]
    NotUtf8,
    /// A key of the file that no keyring has.
    #[error("unknown key: {}", Nearest(*.nearest))]
    UnknownKey {
        /// The one that it looks like.
        nearest: Option<&'static str>,
    },
    /// A key of the file that is needed here.
    #[error("`{0}` is missing here")]
    Missing(&'static str),
    /// A value that is not what its key needs.
    #[error("`{key}` must be {what}")]
    Must {
        /// The key of the file.
        key: &'static str,
        /// What its value must be.
        what: &'static str,
    },
    /// An id for an SRS key.
    #[error("an SRS key has no `id`: leave it out")]
    IdForSrs,
    /// A secret whose encoding is wrong.
    #[error("the secret is no {encoding}: {reason}")]
    Encoding {
        /// `base32` or `hex`.
        encoding: &'static str,
        /// What is wrong with it, and at which character, from 0.
        reason: String,
    },
    /// A secret of no octets.
    #[error("the secret is empty")]
    EmptySecret,
    /// A text in `domains` that is neither a domain nor a mailbox.
    #[error("no domain or mailbox: {0}")]
    Domain(batv_core::Error),
    /// `domains` without any.
    #[error("`domains` is empty: name some, or leave it out for a key for everybody")]
    NoDomains,
    /// A mailbox in `domains` of an SRS key.
    #[error("an SRS key is for whole domains: leave out mailboxes")]
    MailboxForSrs,
    /// A second signing key.
    #[error("a second key signs for {whom}: the first is at line {other}")]
    TwoSign {
        /// The domain, the mailbox, or everybody.
        whom: String,
        /// The line of the other key.
        other: usize,
    },
    /// A second key of one id.
    #[error("a second key has id {id} for {whom}: the first is at line {other}")]
    TwoHaveId {
        /// The id.
        id: KeyId,
        /// The domain, the mailbox, or everybody.
        whom: String,
        /// The line of the other key.
        other: usize,
    },
    /// A secret that serves both uses, which lets the tags of one stand for those of the other.
    #[error("the key of the other use at line {other} has the same secret, and a key serves one use only")]
    SharedSecret {
        /// The line of the other key.
        other: usize,
    },
}

struct Prefix<'a>(Option<&'a Path>);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |path| write!(f, "{}: ", path.display()))
    }
}

struct Nearest(Option<&'static str>);

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, "did you mean `{nearest}`?"),
            None => write!(f, "a keyring has `[[key]]` with `{}`", FIELDS.join("`, `")),
        }
    }
}

struct Named<'a>(Use, Option<KeyId>, Option<&'a Scope>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key_use, id, scope) = self;
        write!(f, "{key_use} key")?;
        if let Some(id) = id {
            write!(f, " with id {id}")?;
        }
        scope.map_or(Ok(()), |scope| write!(f, " for {scope}"))
    }
}

struct IdUntil(KeyState, Option<Day>);

impl fmt::Display for IdUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(KeyState::Signing, _) => Ok(()),
            Self(KeyState::Retired, Some(until)) => write!(f, " whose tags live to {}", format_day(until)),
            Self(KeyState::Retired, None) => {
                f.write_str(", and the file does not tell how long its tags live: when they are dead, delete it there")
            }
            Self(_, Some(until)) => write!(f, ": retire it after {}", format_day(until)),
            Self(_, None) => f.write_str(": retire it first"),
        }
    }
}

struct FreeFrom(Option<Day>);

impl fmt::Display for FreeFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(until) => write!(f, "one can be retired after {}", format_day(until)),
            None => f.write_str("retire a key that nobody needs"),
        }
    }
}
