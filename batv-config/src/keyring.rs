//! Keyring: the entries of a file, and the keys that they make.

use core::fmt;
use std::path::Path;

use batv_core::{Algorithm, Day, Domain, KeyId, KeyRing, KeySet, KeyState, KeyUse, Keys, Lifetime, Mailbox};
use zeroize::Zeroizing;

use crate::edit::{Edit, HEADING};
use crate::entry::{Entry, Handle, Use};
use crate::error::Error;
use crate::fault::Fault;
use crate::file::{self, Permissions};
use crate::position::Position;
use crate::scope::Scope;
use crate::{conflict, expiry, parse};

/// Keys of a keyring file, ready to use, and the text of the file.
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
/// let signing = tag::sign(&keyring, &alice, Form::Prvs, None, Day::new(18_262)?)?;
/// assert_eq!(signing.to_string(), "prvs=0269b1e711=alice@example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Keyring {
    text: Zeroizing<String>,
    entries: Vec<Entry>,
    keys: KeySet,
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

    /// Reads the octets of a keyring file that is already open; `path` is its name in errors.
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
    /// assert_eq!(error.to_string(), "keyring.toml: line 1, column 1: `secret` is missing");
    /// ```
    pub fn from_file(path: &Path, octets: &[u8]) -> Result<Self, Error> {
        let keyring = match str::from_utf8(octets) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                // The text before the first wrong octet is UTF-8.
                let text = str::from_utf8(&octets[..error.valid_up_to()]).unwrap_or_default();
                Err(parse::error(text, (Fault::NotUtf8, text.len())))
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
    /// assert_eq!(error.to_string(), "line 1, column 1: `secret` is missing");
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let placed = parse::entries(text).map_err(|misplaced| parse::error(text, misplaced))?;
        conflict::check(&placed, |offset| Position::of(text, offset).line)
            .map_err(|misplaced| parse::error(text, misplaced))?;
        Self::new(Zeroizing::new(text.to_owned()), placed.into_iter().map(|(entry, _)| entry).collect())
    }

    /// Keyring of one key that signs for everybody, from the octets of a raw key file.
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
        let entry = Entry {
            handle: Handle::new(),
            key_use,
            algorithm,
            secret: secret.into(),
            state: KeyState::Signing,
            lifetime,
            created: None,
            strong_since: None,
            scope: Scope::default(),
        };
        // The text is checked like that of any file, but for an empty secret the error says more.
        entry.to_key()?;
        let mut edit = Self::default().edit()?;
        edit.push(entry);
        Self::edited(edit)
    }

    /// Keys in the order of the file, which are a [`batv_core::KeyRing`].
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// assert!(Keyring::default().keys().is_empty());
    /// ```
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Entries of the file for the same keys, in the same order.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// assert_eq!(keyring.entries().len(), keyring.keys().len());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Entry with this handle; `None` when it is not in the keyring, or no longer.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// let handle = keyring.entries()[0].handle();
    /// assert!(keyring.entry(handle).is_some());
    /// assert!(Keyring::default().entry(handle).is_none());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    #[must_use]
    pub fn entry(&self, handle: Handle) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.handle == handle)
    }

    /// Text of the keyring file, with its comments and all secrets.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let text = "# None yet.\n";
    /// assert_eq!(Keyring::parse(text)?.as_toml(), text);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    #[must_use]
    pub fn as_toml(&self) -> &str {
        &self.text
    }

    /// Handle of the only key of this use, with this id and exactly this scope where they are given. Retired keys count
    /// only when no other matches.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::Ambiguous`].
    ///
    /// ```
    /// # use batv_config::{Keyring, Use};
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// assert_eq!(keyring.find(Use::Srs, None, None)?, keyring.entries()[0].handle());
    /// assert!(keyring.find(Use::Batv, None, None).is_err());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn find(&self, key_use: Use, id: Option<KeyId>, scope: Option<&Scope>) -> Result<Handle, Error> {
        let matches = |entry: &&Entry| {
            Use::from(entry.key_use()) == key_use
                && id.is_none_or(|id| entry.id() == Some(id))
                && scope.is_none_or(|scope| scope.is_within(entry.scope()) && entry.scope().is_within(scope))
        };
        let is_retired = |entry: &&Entry| entry.state() == KeyState::Retired;
        let (retired, live): (Vec<_>, Vec<_>) = self.entries.iter().filter(matches).partition(is_retired);
        let found = if live.is_empty() { retired } else { live };
        match *found {
            [entry] => Ok(entry.handle),
            [] => Err(Error::NoSuchKey { key_use, id, scope: scope.cloned() }),
            _ => Err(Error::Ambiguous { key_use, id, scope: scope.cloned(), count: found.len() }),
        }
    }

    /// Last day on which a tag of this key can be valid: a tag made today if it signs, else its last tag. `None` when the
    /// file does not tell, after 9999-12-31, and when the key is not in the keyring.
    ///
    /// The date of the key that took over tells, so a key that has never signed, or that no other has replaced, has no
    /// last day.
    ///
    /// ```
    /// use batv_config::{Keyring, NewKey, Use};
    /// use batv_core::Day;
    ///
    /// let (monday, friday) = (Day::new(20_780)?, Day::new(20_784)?);
    /// let mut keyring = Keyring::default();
    /// let old = keyring.add(&NewKey::new(Use::Batv), b"random octets...", monday)?;
    /// keyring.rotate(&NewKey::new(Use::Batv), b"other octets....", friday)?;
    /// assert_eq!(keyring.last_valid_day(old, friday), friday.plus(7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn last_valid_day(&self, handle: Handle, today: Day) -> Option<Day> {
        expiry::last_valid_day(&self.entries, self.index(handle)?, today)
    }

    /// The keys, and the entries without their secrets, which are wiped with the text.
    #[cfg(feature = "site")]
    pub(crate) fn into_keys(self) -> (KeySet, Vec<Entry>) {
        (self.keys, self.entries.into_iter().map(Entry::without_secret).collect())
    }

    pub(crate) fn index(&self, handle: Handle) -> Option<usize> {
        self.entries.iter().position(|entry| entry.handle == handle)
    }

    pub(crate) fn edit(&self) -> Result<Edit, Error> {
        Edit::new(&self.text, &self.entries)
    }

    /// Keyring that an edit has led to, read and checked like any other, with the same handles.
    pub(crate) fn edited(edit: Edit) -> Result<Self, Error> {
        let mut keyring = Self::parse(&edit.to_text())?;
        for (entry, edited) in keyring.entries.iter_mut().zip(edit.entries()) {
            entry.handle = edited.handle;
        }
        Ok(keyring)
    }

    fn new(text: Zeroizing<String>, entries: Vec<Entry>) -> Result<Self, Error> {
        let keys = entries.iter().map(Entry::to_key).collect::<Result<_, _>>()?;
        Ok(Self { text, entries, keys })
    }
}

impl Default for Keyring {
    /// Keyring without keys, whose text explains the file.
    fn default() -> Self {
        Self { text: Zeroizing::new(HEADING.to_owned()), entries: Vec::new(), keys: KeySet::default() }
    }
}

impl KeyRing for Keyring {
    fn batv_keys<'k, 'm>(&'k self, mailbox: &'m Mailbox<'m>) -> Keys<'k, 'm> {
        self.keys.batv_keys(mailbox)
    }

    fn srs_keys<'k, 'm>(&'k self, domain: &'m Domain<'m>) -> Keys<'k, 'm> {
        self.keys.srs_keys(domain)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("entries", &self.entries).finish_non_exhaustive()
    }
}
