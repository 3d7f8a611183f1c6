//! A keyring: the entries of a file, and the keys that they make.

use core::fmt;
use std::path::Path;

use batv_core::{Algorithm, Key, KeyId, KeyState, KeyUse, Lifetime};
use zeroize::Zeroizing;

use crate::check;
use crate::draft::Draft;
use crate::entry::{Entry, Use};
use crate::error::{Error, Fault};
use crate::file::{self, Permissions};
use crate::read::{self, Misplaced};
use crate::scope::Scope;

/// The keys of a keyring file, ready to use, and the text that they came in.
///
/// ```
/// use batv_config::Keyring;
/// use batv_core::tag::{self, Form};
/// use batv_core::{Day, Mailbox};
///
/// let keyring = Keyring::parse(
///     r#"
///     [[key]]
///     use = "batv"
///     id = 0
///     algorithm = "hmac-sha1"
///     secret = "text:s3kr1t"
///     state = "signing"
///     "#,
/// )?;
/// let alice = Mailbox::parse("alice@example.com")?;
/// let signing = tag::sign(keyring.keys(), &alice, Form::Prvs, None, Day::new(18_262)?)?;
/// assert_eq!(signing.to_string(), "prvs=0269b1e711=alice@example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Keyring {
    /// The text that it was read from, if it was.
    text: Option<Zeroizing<String>>,
    entries: Vec<Entry>,
    keys: Vec<Key>,
}

impl Keyring {
    /// Reads a keyring file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Mode`] when others may read it, unless that is allowed, or change it;
    /// [`Error::TooLarge`]; [`Error::Content`] with the line and the column.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// use batv_config::{Keyring, Permissions};
    ///
    /// let keyring = Keyring::load(Path::new("/etc/batv/keyring.toml"), Permissions::Private)?;
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn load(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        Self::from_file(path, &file::read_secret(path, permissions)?)
    }

    /// Reads the octets of a keyring file that somebody else has opened; `path` is for what is said of it.
    ///
    /// # Errors
    /// [`Error::Content`].
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use batv_config::Keyring;
    ///
    /// let error = Keyring::from_file(Path::new("keyring.toml"), b"[[key]]\nuse = \"srs\"\n").unwrap_err();
    /// assert_eq!(error.to_string(), "keyring.toml: line 1, column 1: `secret` is missing here");
    /// ```
    pub fn from_file(path: &Path, octets: &[u8]) -> Result<Self, Error> {
        let keyring = match str::from_utf8(octets) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                // What stands before the first wrong octet is UTF-8.
                let text = str::from_utf8(&octets[..error.valid_up_to()]).unwrap_or_default();
                Err(content(text, (Fault::NotUtf8, text.len())))
            }
        };
        keyring.map_err(|error| match error {
            Error::Content { line, column, fault, .. } => {
                Error::Content { path: Some(path.to_owned()), line, column, fault }
            }
            other => other,
        })
    }

    /// Reads the text of a keyring file.
    ///
    /// # Errors
    /// [`Error::Content`].
    ///
    /// ```
    /// use batv_config::Keyring;
    ///
    /// let error = Keyring::parse("[[key]]\nuse = \"batv\"\nid = 3\n").unwrap_err();
    /// assert_eq!(error.to_string(), "line 1, column 1: `secret` is missing here");
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let placed = read::entries(text).map_err(|misplaced| content(text, misplaced))?;
        check::conflicts(&placed, |offset| line_of(text, offset)).map_err(|misplaced| content(text, misplaced))?;
        let entries = placed.into_iter().map(|(entry, _)| entry).collect();
        Ok(Self { text: Some(Zeroizing::new(text.to_owned())), ..Self::of(entries)? })
    }

    /// One key that signs for everybody, from the octets of a raw key file.
    ///
    /// # Errors
    /// [`Error::Key`] for an empty secret.
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_core::{Algorithm, KeyId, KeyUse, Lifetime};
    ///
    /// let key_use = KeyUse::Batv(KeyId::default());
    /// let keyring = Keyring::from_raw_key(b"s3kr1t\n", key_use, Algorithm::HmacSha1, Lifetime::default())?;
    /// assert_eq!(keyring.keys().len(), 1);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn from_raw_key(
        secret: &[u8],
        key_use: KeyUse,
        algorithm: Algorithm,
        lifetime: Lifetime,
    ) -> Result<Self, Error> {
        Self::of(vec![Entry {
            key_use,
            algorithm,
            secret: Zeroizing::new(secret.to_vec()),
            state: KeyState::Signing,
            lifetime,
            created: None,
            scope: Scope::default(),
        }])
    }

    /// The keys in the order of the file, which are a [`batv_core::KeyRing`].
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// assert!(Keyring::default().keys().is_empty());
    /// ```
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The same keys as the file has them.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// for entry in Keyring::default().entries() {
    ///     println!("{} {} since {:?}", entry.algorithm(), entry.state(), entry.created());
    /// }
    /// ```
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The text of the keyring file, with the comments that it came with, and with all secrets.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let text = "# None yet.\n";
    /// assert_eq!(*Keyring::parse(text)?.to_toml(), text);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn to_toml(&self) -> Zeroizing<String> {
        match &self.text {
            Some(text) => text.clone(),
            None => Draft::fresh(&self.entries).to_text(),
        }
    }

    /// The place in [`Keyring::entries`] of the one key of this use, of this id and of exactly this scope where they
    /// are given. Retired keys count only when no other fits.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::Ambiguous`].
    ///
    /// ```
    /// # use batv_config::{Keyring, Use};
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// assert_eq!(keyring.find(Use::Srs, None, None)?, 0);
    /// assert!(keyring.find(Use::Batv, None, None).is_err());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn find(&self, key_use: Use, id: Option<KeyId>, scope: Option<&Scope>) -> Result<usize, Error> {
        let fits = |entry: &Entry| {
            Use::from(entry.key_use()) == key_use
                && id.is_none_or(|id| entry.id() == Some(id))
                && scope.is_none_or(|scope| scope.is_within(entry.scope()) && entry.scope().is_within(scope))
        };
        let is_retired = |index: &usize| self.entries[*index].state() == KeyState::Retired;
        let (retired, live): (Vec<_>, Vec<_>) =
            (0..self.entries.len()).filter(|index| fits(&self.entries[*index])).partition(is_retired);
        let found = if live.is_empty() { retired } else { live };
        match *found {
            [index] => Ok(index),
            [] => Err(Error::NoSuchKey { key_use, id, scope: scope.cloned() }),
            _ => Err(Error::Ambiguous { key_use, id, scope: scope.cloned(), count: found.len() }),
        }
    }

    pub(crate) fn draft(&self) -> Result<Draft, Error> {
        match &self.text {
            Some(text) => Draft::of(text, &self.entries),
            None => Ok(Draft::fresh(&self.entries)),
        }
    }

    fn of(entries: Vec<Entry>) -> Result<Self, Error> {
        let keys = entries.iter().map(Entry::to_key).collect::<Result<_, _>>()?;
        Ok(Self { text: None, entries, keys })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("entries", &self.entries).finish_non_exhaustive()
    }
}

/// A fault with its line, and its column in characters, both from 1.
pub(crate) fn content(text: &str, (fault, offset): Misplaced) -> Error {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |newline| newline + 1);
    let continues_a_character = |octet: u8| octet & 0b1100_0000 == 0b1000_0000;
    let column = before[line_start..].iter().filter(|octet| !continues_a_character(**octet)).count() + 1;
    Error::Content { path: None, line: line_of(text, offset), column, fault }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|octet| *octet == b'\n').count() + 1
}
