//! New keys, rotation, promotion and retirement. The day and the secrets are arguments.

use batv_core::{Algorithm, Day, KeyId, KeyState, KeyUse, Lifetime};

use crate::edit::Edit;
use crate::entry::{Entry, Handle, Use};
use crate::error::Error;
use crate::expiry;
use crate::keyring::Keyring;
use crate::scope::Scope;

/// Description of a new key.
///
/// ```
/// use batv_config::{NewKey, Scope, Use};
/// use batv_core::Algorithm;
///
/// let mut key = NewKey::new(Use::Batv);
/// key.algorithm = Some(Algorithm::HmacSha1);
/// key.scope = Scope::parse(["example.com"])?;
/// assert_eq!(key.id, None);
/// # Ok::<(), batv_config::ScopeError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewKey {
    /// Use.
    pub key_use: Use,
    /// Id, by default a free one: the lowest that no key has, else the lowest whose key is dead, which then leaves the
    /// keyring.
    pub id: Option<KeyId>,
    /// Algorithm, by default that of the key that signs until then, else HMAC-SHA256.
    pub algorithm: Option<Algorithm>,
    /// Lifetime of its tags, by default that of the key that signs until then, else [`Use::default_lifetime`].
    pub lifetime: Option<Lifetime>,
    /// Whether it makes only strong tags. A key that takes over from such a key does so in any case.
    pub strong: bool,
    /// Domains and mailboxes that it is for.
    pub scope: Scope,
}

impl NewKey {
    /// Key of this use for everybody, with all else by default.
    ///
    /// ```
    /// # use batv_config::{NewKey, Use};
    /// assert!(NewKey::new(Use::Srs).scope.is_everybody());
    /// ```
    #[must_use]
    pub fn new(key_use: Use) -> Self {
        Self { key_use, id: None, algorithm: None, lifetime: None, strong: false, scope: Scope::default() }
    }
}

/// Keys whose state changed when another began to sign.
///
/// ```
/// use batv_config::{Keyring, NewKey, Use};
/// use batv_core::Day;
///
/// let mut keyring = Keyring::default();
/// let old = keyring.add(&NewKey::new(Use::Batv), b"random octets...", Day::new(20_780)?)?;
/// let rotation = keyring.rotate(&NewKey::new(Use::Batv), b"other octets....", Day::new(20_784)?)?;
/// assert_eq!(rotation.verifying, [old]);
/// assert_eq!(rotation.signing, keyring.entries()[1].handle());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rotation {
    /// Key that signs now.
    pub signing: Handle,
    /// Keys that signed until now, and now verify.
    pub verifying: Vec<Handle>,
    /// Keys that verified until now and are retired, since all their tags have expired.
    pub retired: Vec<Handle>,
}

/// Whether to retire a key whose tags may still be valid.
///
/// ```
/// assert_eq!(batv_config::Force::default(), batv_config::Force::No);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "yes or no")]
pub enum Force {
    /// Refuse.
    #[default]
    No,
    /// Retire it: those tags no longer verify.
    Yes,
}

impl Keyring {
    /// Adds a key. It signs when it is the first of its use for all that it is for; otherwise it verifies until it is
    /// promoted.
    ///
    /// # Errors
    /// [`Error::IdTaken`] and [`Error::NoFreeId`]: an id is not given out again while a tag made with it may be valid.
    /// [`Error::Key`] for an empty secret, [`Error::SharedSecret`], [`Error::IdForSrs`], [`Error::MailboxForSrs`],
    /// [`Error::StrongSrs`].
    ///
    /// ```
    /// use batv_config::{Keyring, NewKey, Use};
    /// use batv_core::{Day, KeyState};
    ///
    /// let today = Day::new(20_780)?;
    /// let mut keyring = Keyring::default();
    /// let first = keyring.add(&NewKey::new(Use::Batv), b"random octets...", today)?;
    /// let second = keyring.add(&NewKey::new(Use::Batv), b"other octets....", today)?;
    /// assert_eq!(keyring.entry(first).map(|entry| entry.state()), Some(KeyState::Signing));
    /// assert_eq!(keyring.entry(second).map(|entry| entry.state()), Some(KeyState::Verifying));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, key: &NewKey, secret: &[u8], today: Day) -> Result<Handle, Error> {
        let mut edit = self.edit()?;
        let is_first = meeting(&edit, key.key_use, &key.scope, |state| state != KeyState::Retired).is_empty();
        let signing = meeting(&edit, key.key_use, &key.scope, |state| state == KeyState::Signing);
        let key = like(signing.first().map(|index| &edit.entries()[*index]), key);
        let index = push(&mut edit, &key, secret, today)?;
        if is_first {
            take_over(&mut edit, index, today)?;
        }
        let handle = edit.entries()[index].handle();
        *self = Self::edited(edit)?;
        Ok(handle)
    }

    /// Adds a key that signs from today on. The one that signed until now verifies, and keys whose last tag has expired
    /// are retired.
    ///
    /// # Errors
    /// Those of [`Keyring::add`]; [`Error::NothingToRotate`] when no key signs; [`Error::SignsForMore`].
    ///
    /// ```
    /// use batv_config::{Keyring, NewKey, Use};
    /// use batv_core::Day;
    ///
    /// let error = Keyring::default().rotate(&NewKey::new(Use::Batv), b"random octets...", Day::MIN).unwrap_err();
    /// assert_eq!(error.to_string(), "no batv key signs for everybody: add one, or promote a verifying one");
    /// ```
    pub fn rotate(&mut self, key: &NewKey, secret: &[u8], today: Day) -> Result<Rotation, Error> {
        let mut edit = self.edit()?;
        let signing = meeting(&edit, key.key_use, &key.scope, |state| state == KeyState::Signing);
        let Some(old) = signing.first().map(|index| &edit.entries()[*index]) else {
            return Err(Error::NothingToRotate { key_use: key.key_use, scope: key.scope.clone() });
        };
        let key = like(Some(old), key);
        let index = push(&mut edit, &key, secret, today)?;
        let rotation = take_over(&mut edit, index, today)?;
        *self = Self::edited(edit)?;
        Ok(rotation)
    }

    /// Lets a verifying key sign from today on. The one that signed until now verifies, and keys whose last tag has
    /// expired are retired.
    ///
    /// # Errors
    /// [`Error::NotInKeyring`], [`Error::NotVerifying`], [`Error::SignsForMore`].
    ///
    /// ```
    /// use batv_config::{Keyring, NewKey, Use};
    /// use batv_core::{Day, KeyState};
    ///
    /// let today = Day::new(20_780)?;
    /// let mut keyring = Keyring::default();
    /// let first = keyring.add(&NewKey::new(Use::Srs), b"random octets...", today)?;
    /// let second = keyring.add(&NewKey::new(Use::Srs), b"other octets....", today)?;
    /// keyring.promote(second, today)?;
    /// assert_eq!(keyring.entry(first).map(|entry| entry.state()), Some(KeyState::Verifying));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn promote(&mut self, key: Handle, today: Day) -> Result<Rotation, Error> {
        let index = self.index(key).ok_or(Error::NotInKeyring)?;
        let mut edit = self.edit()?;
        let state = edit.entries()[index].state();
        if state != KeyState::Verifying {
            return Err(Error::NotVerifying { state });
        }
        let rotation = take_over(&mut edit, index, today)?;
        *self = Self::edited(edit)?;
        Ok(rotation)
    }

    /// Lets a key make only strong tags from a day on. Short tags that it made before that day are valid until they expire.
    /// Returns whether that changes the key: if it does so from an earlier day already, that day stays.
    ///
    /// # Errors
    /// [`Error::NotInKeyring`], [`Error::StrongSrs`]; [`Error::StrongTooSoon`] for a day before tomorrow, as the short tags
    /// that it has made since would no longer verify.
    ///
    /// ```
    /// use batv_config::{Keyring, NewKey, Use};
    /// use batv_core::Day;
    ///
    /// let today = Day::new(20_780)?;
    /// let mut keyring = Keyring::default();
    /// let key = keyring.add(&NewKey::new(Use::Batv), b"random octets...", today)?;
    /// let tomorrow = Day::new(20_781)?;
    /// assert!(keyring.strengthen(key, tomorrow, today)?);
    /// assert_eq!(keyring.entry(key).and_then(|entry| entry.strong_since()), Some(tomorrow));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn strengthen(&mut self, key: Handle, since: Day, today: Day) -> Result<bool, Error> {
        let index = self.index(key).ok_or(Error::NotInKeyring)?;
        let entry = &self.entries()[index];
        if entry.key_use() == KeyUse::Srs {
            return Err(Error::StrongSrs);
        }
        if entry.strong_since().is_some_and(|already| already <= since) {
            return Ok(false);
        }
        let earliest = tomorrow(today);
        if since < earliest {
            return Err(Error::StrongTooSoon { earliest });
        }
        let mut edit = self.edit()?;
        edit.set_strong_since(index, since);
        *self = Self::edited(edit)?;
        Ok(true)
    }

    /// Retires a key: it neither signs nor verifies any more, but keeps its id while a tag of it may be valid.
    ///
    /// # Errors
    /// [`Error::NotInKeyring`], [`Error::AlreadyRetired`]; unless forced, [`Error::StillSigns`], [`Error::TagsAlive`] and
    /// [`Error::TagsUnknown`].
    ///
    /// ```
    /// use batv_config::{Force, Keyring, NewKey, Use};
    /// use batv_core::Day;
    ///
    /// let day = |number: u32| Day::new(20_780 + number);
    /// let mut keyring = Keyring::default();
    /// let old = keyring.add(&NewKey::new(Use::Batv), b"random octets...", day(0)?)?;
    /// keyring.rotate(&NewKey::new(Use::Batv), b"other octets....", day(4)?)?;
    /// let error = keyring.retire(old, Force::No, day(11)?).unwrap_err();
    /// assert_eq!(error.to_string(), "tags of the key are valid until 2026-12-04: they would no longer verify");
    /// keyring.retire(old, Force::No, day(12)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retire(&mut self, key: Handle, force: Force, today: Day) -> Result<(), Error> {
        let index = self.index(key).ok_or(Error::NotInKeyring)?;
        let entry = &self.entries()[index];
        if entry.state() == KeyState::Retired {
            return Err(Error::AlreadyRetired);
        }
        if force == Force::No {
            if entry.state() == KeyState::Signing {
                return Err(Error::StillSigns { scope: entry.scope().clone() });
            }
            match expiry::last_valid_day(self.entries(), index, today) {
                Some(last) if last < today => {}
                Some(until) => return Err(Error::TagsAlive { until }),
                None => return Err(Error::TagsUnknown),
            }
        }
        let mut edit = self.edit()?;
        edit.set_state(index, KeyState::Retired);
        *self = Self::edited(edit)?;
        Ok(())
    }
}

/// Indexes of the keys of a use, in such a state, that share a domain, a mailbox or everybody with a scope.
fn meeting(edit: &Edit, key_use: Use, scope: &Scope, state: impl Fn(KeyState) -> bool) -> Vec<usize> {
    let entries = edit.entries().iter().enumerate();
    let meeting = entries.filter(|(_, entry)| entry.meets(key_use, scope) && state(entry.state()));
    meeting.map(|(index, _)| index).collect()
}

/// The new key with what it leaves open as the key has it that signs until then.
fn like(signing: Option<&Entry>, key: &NewKey) -> NewKey {
    NewKey {
        algorithm: key.algorithm.or(signing.map(Entry::algorithm)),
        lifetime: key.lifetime.or(signing.map(Entry::lifetime)),
        ..key.clone()
    }
}

/// The next day, or the last one that there is.
fn tomorrow(today: Day) -> Day {
    today.plus(1).unwrap_or(today)
}

/// Adds a verifying key with a free id, and removes dead keys of that id.
fn push(edit: &mut Edit, key: &NewKey, secret: &[u8], today: Day) -> Result<usize, Error> {
    if secret.is_empty() {
        return Err(batv_core::Error::EmptySecret.into());
    }
    let same_secret = |entry: &Entry| Use::from(entry.key_use()) != key.key_use && entry.expose_secret() == secret;
    if edit.entries().iter().any(same_secret) {
        return Err(Error::SharedSecret);
    }
    let key_use = match key.key_use {
        Use::Batv => KeyUse::Batv(free_id(edit, key.id, &key.scope, today)?),
        Use::Srs if key.id.is_some() => return Err(Error::IdForSrs),
        Use::Srs if key.scope.has_mailbox() => return Err(Error::MailboxForSrs),
        Use::Srs if key.strong => return Err(Error::StrongSrs),
        Use::Srs => KeyUse::Srs,
    };
    Ok(edit.push(Entry {
        handle: Handle::new(),
        key_use,
        algorithm: key.algorithm.unwrap_or_default(),
        secret: secret.into(),
        state: KeyState::Verifying,
        lifetime: key.lifetime.unwrap_or_else(|| key.key_use.default_lifetime()),
        created: None,
        strong_since: key.strong.then_some(today),
        scope: key.scope.clone(),
    }))
}

/// The given id or else a free one, whose dead keys are removed.
fn free_id(edit: &mut Edit, wanted: Option<KeyId>, scope: &Scope, today: Day) -> Result<KeyId, Error> {
    let holders = |id: KeyId| {
        let entries = edit.entries().iter().enumerate();
        entries.filter(move |(_, entry)| entry.id() == Some(id) && entry.meets(Use::Batv, scope))
    };
    let alive = |id: KeyId| holders(id).find(|(index, _)| !expiry::is_dead(edit.entries(), *index, today));
    let until = |(index, entry): (usize, &Entry)| match entry.state() {
        KeyState::Signing => None,
        _ => expiry::last_valid_day(edit.entries(), index, today),
    };
    let id = match wanted {
        Some(id) => match alive(id) {
            None => id,
            Some((index, entry)) => {
                let (state, scope) = (entry.state(), entry.scope().clone());
                return Err(Error::IdTaken { id, state, scope, until: until((index, entry)) });
            }
        },
        None => {
            let unused = KeyId::all().find(|id| holders(*id).next().is_none());
            let unused_or_dead = unused.or_else(|| KeyId::all().find(|id| alive(*id).is_none()));
            let soonest = || KeyId::all().filter_map(|id| until(alive(id)?)).min();
            unused_or_dead.ok_or_else(|| Error::NoFreeId { until: soonest() })?
        }
    };
    let mut dead: Vec<usize> = holders(id).map(|(index, _)| index).collect();
    while let Some(index) = dead.pop() {
        edit.remove(index);
    }
    Ok(id)
}

/// Lets a key sign from today on, in place of those that sign for any part of its scope.
fn take_over(edit: &mut Edit, index: usize, today: Day) -> Result<Rotation, Error> {
    let (key_use, scope) = (Use::from(edit.entries()[index].key_use()), edit.entries()[index].scope().clone());
    let old = meeting(edit, key_use, &scope, |state| state == KeyState::Signing);
    if let Some(wider) = old.iter().map(|old| edit.entries()[*old].scope()).find(|old| !old.is_within(&scope)) {
        return Err(Error::SignsForMore { scope: wider.clone() });
    }
    for other in meeting(edit, key_use, &scope, |state| state != KeyState::Signing) {
        if is_out_of_order(edit.entries(), other, &old) {
            edit.set_created(other, today);
        }
    }
    for old in &old {
        edit.set_state(*old, KeyState::Verifying);
        if edit.entries()[*old].created().is_none_or(|created| created > today) {
            edit.set_created(*old, today);
        }
    }
    if let Some(since) = old.iter().filter_map(|old| edit.entries()[*old].strong_since()).min() {
        // It may have made short tags today if it has signed before.
        let entry = &edit.entries()[index];
        let since = since.max(if entry.created().is_some() { tomorrow(today) } else { today });
        if entry.strong_since().is_none_or(|already| already > since) {
            edit.set_strong_since(index, since);
        }
    }
    edit.set_state(index, KeyState::Signing);
    edit.set_created(index, today);
    let is_dead = |place: &usize| expiry::is_dead(edit.entries(), *place, today);
    let mut retired = meeting(edit, key_use, &scope, |state| state == KeyState::Verifying);
    retired.retain(is_dead);
    for place in &retired {
        edit.set_state(*place, KeyState::Retired);
    }
    let handles = |indexes: &[usize]| indexes.iter().map(|index| edit.entries()[*index].handle()).collect();
    Ok(Rotation { signing: edit.entries()[index].handle(), verifying: handles(&old), retired: handles(&retired) })
}

/// Whether a key that doesn't sign has a date that no key before the `old` ones can have: it has never signed, or its date
/// was lost. Once another takes over, that date would be mistaken for the day on which the old ones stopped.
fn is_out_of_order(entries: &[Entry], index: usize, old: &[usize]) -> bool {
    let entry = &entries[index];
    let mut old = old.iter().map(|old| &entries[*old]).filter(|old| old.scope().overlaps(entry.scope())).peekable();
    entry.created().is_some() && (old.peek().is_none() || old.any(|old| old.created() < entry.created()))
}
