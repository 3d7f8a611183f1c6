//! New keys, rotation, promotion and retirement. The day and the secrets are arguments.

use batv_core::{Algorithm, Day, KeyId, KeyState, KeyUse, Lifetime};
use zeroize::Zeroizing;

use crate::draft::Draft;
use crate::entry::{Entry, Use};
use crate::error::Error;
use crate::keyring::Keyring;
use crate::life;
use crate::scope::Scope;

/// What a new key is to be.
///
/// ```
/// use batv_config::{NewKey, Scope, Use};
/// use batv_core::Algorithm;
///
/// let mut key = NewKey::new(Use::Batv);
/// key.algorithm = Some(Algorithm::HmacSha1);
/// key.scope = Scope::parse(["example.com"])?;
/// # Ok::<(), batv_config::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewKey {
    /// What it is for.
    pub key_use: Use,
    /// Its id; a free one when none is given: the lowest that no key has, or else the lowest whose key is dead, which
    /// then leaves the keyring.
    pub id: Option<KeyId>,
    /// How it makes its MACs. When nothing is given: as the key that it takes over from, or else by
    /// [`Use::default_algorithm`].
    pub algorithm: Option<Algorithm>,
    /// For how many days its tags live. When nothing is given: as those of the key that it takes over from, or else
    /// [`Use::default_lifetime`].
    pub lifetime: Option<Lifetime>,
    /// The domains and mailboxes that it is for.
    pub scope: Scope,
}

impl NewKey {
    /// A key of this use for everybody, with nothing else given.
    ///
    /// ```
    /// # use batv_config::{NewKey, Use};
    /// assert!(NewKey::new(Use::Srs).scope.is_everybody());
    /// ```
    pub fn new(key_use: Use) -> Self {
        Self { key_use, id: None, algorithm: None, lifetime: None, scope: Scope::default() }
    }
}

/// What came of a key that begins to sign: places in [`Keyring::entries`].
///
/// ```
/// use batv_config::{Keyring, NewKey, Use};
/// use batv_core::Day;
///
/// let mut keyring = Keyring::default();
/// keyring.add(&NewKey::new(Use::Batv), b"random octets...", Day::new(20_780)?)?;
/// let rotation = keyring.rotate(&NewKey::new(Use::Batv), b"other octets....", Day::new(20_784)?)?;
/// assert_eq!((rotation.signing, &*rotation.verifying), (1, &[0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rotation {
    /// The key that signs now.
    pub signing: usize,
    /// The keys that signed until now, and now verify.
    pub verifying: Vec<usize>,
    /// The keys that verified until now and are retired, for their last tags are dead.
    pub retired: Vec<usize>,
}

/// Whether a key is retired although tags of it may live.
///
/// ```
/// assert_eq!(batv_config::Force::default(), batv_config::Force::No);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "it is, or it isn't")]
pub enum Force {
    /// It is not.
    #[default]
    No,
    /// It is, and those tags are lost.
    Yes,
}

impl Keyring {
    /// Adds a key, and returns its place in [`Keyring::entries`]. It signs when it is the first of its use for any that
    /// it is for; otherwise it verifies until it is promoted.
    ///
    /// # Errors
    /// [`Error::IdTaken`] and [`Error::NoFreeId`]: an id is not given out again while a tag made with it can be alive.
    /// [`Error::Key`] for an empty secret, [`Error::SharedSecret`], [`Error::IdForSrs`], [`Error::MailboxForSrs`].
    ///
    /// ```
    /// use batv_config::{Keyring, NewKey, Use};
    /// use batv_core::{Day, KeyState};
    ///
    /// let today = Day::new(20_780)?;
    /// let mut keyring = Keyring::default();
    /// let first = keyring.add(&NewKey::new(Use::Batv), b"random octets...", today)?;
    /// let second = keyring.add(&NewKey::new(Use::Batv), b"other octets....", today)?;
    /// assert_eq!(keyring.entries()[first].state(), KeyState::Signing);
    /// assert_eq!(keyring.entries()[second].state(), KeyState::Verifying);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, key: &NewKey, secret: &[u8], today: Day) -> Result<usize, Error> {
        let mut draft = self.draft()?;
        let is_first = meeting(&draft, key.key_use, &key.scope, |state| state != KeyState::Retired).is_empty();
        let index = push(&mut draft, key, secret, today)?;
        if is_first {
            take_over(&mut draft, index, today)?;
        }
        *self = draft.finish()?;
        Ok(index)
    }

    /// Adds a key that signs from today on. The one that signed until now verifies, and those whose last tag is dead
    /// are retired.
    ///
    /// # Errors
    /// Those of [`Keyring::add`]; [`Error::NothingToRotate`] when no key signs; [`Error::SignsForMore`].
    ///
    /// ```
    /// use batv_config::{Error, Keyring, NewKey, Use};
    /// use batv_core::Day;
    ///
    /// let error = Keyring::default().rotate(&NewKey::new(Use::Batv), b"random octets...", Day::MIN).unwrap_err();
    /// assert_eq!(error.to_string(), "no batv key signs for everybody: make one, or promote one that verifies");
    /// ```
    pub fn rotate(&mut self, key: &NewKey, secret: &[u8], today: Day) -> Result<Rotation, Error> {
        let mut draft = self.draft()?;
        let signing = meeting(&draft, key.key_use, &key.scope, |state| state == KeyState::Signing);
        let Some(old) = signing.first().map(|index| &draft.entries()[*index]) else {
            return Err(Error::NothingToRotate { key_use: key.key_use, scope: key.scope.clone() });
        };
        let key = NewKey {
            algorithm: key.algorithm.or(Some(old.algorithm())),
            lifetime: key.lifetime.or(Some(old.lifetime())),
            ..key.clone()
        };
        let index = push(&mut draft, &key, secret, today)?;
        let rotation = take_over(&mut draft, index, today)?;
        *self = draft.finish()?;
        Ok(rotation)
    }

    /// Lets a verifying key sign from today on. The one that signed until now verifies, and those whose last tag is
    /// dead are retired.
    ///
    /// # Errors
    /// [`Error::NotVerifying`], [`Error::SignsForMore`].
    ///
    /// # Panics
    /// When there is no such place in [`Keyring::entries`].
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
    /// assert_eq!(keyring.entries()[first].state(), KeyState::Verifying);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn promote(&mut self, index: usize, today: Day) -> Result<Rotation, Error> {
        let mut draft = self.draft()?;
        let state = draft.entries()[index].state();
        if state != KeyState::Verifying {
            return Err(Error::NotVerifying { state });
        }
        let rotation = take_over(&mut draft, index, today)?;
        *self = draft.finish()?;
        Ok(rotation)
    }

    /// Retires a key: it neither signs nor verifies any more, but keeps its id while a tag of it can be alive.
    ///
    /// # Errors
    /// [`Error::AlreadyRetired`]; unless forced, [`Error::StillSigns`], [`Error::TagsAlive`] and
    /// [`Error::TagsUnknown`].
    ///
    /// # Panics
    /// When there is no such place in [`Keyring::entries`].
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
    /// assert_eq!(error.to_string(), "tags of the key are valid to 2026-12-04, and would be lost");
    /// keyring.retire(old, Force::No, day(12)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retire(&mut self, index: usize, force: Force, today: Day) -> Result<(), Error> {
        let entry = &self.entries()[index];
        if entry.state() == KeyState::Retired {
            return Err(Error::AlreadyRetired);
        }
        if force == Force::No {
            if entry.state() == KeyState::Signing {
                return Err(Error::StillSigns { scope: entry.scope().clone() });
            }
            match self.last_valid_day(index, today) {
                Some(last) if last < today => {}
                Some(until) => return Err(Error::TagsAlive { until }),
                None => return Err(Error::TagsUnknown),
            }
        }
        let mut draft = self.draft()?;
        draft.set_state(index, KeyState::Retired);
        *self = draft.finish()?;
        Ok(())
    }
}

/// The places of the keys of a use, in such a state, that share a domain, a mailbox or everybody with a scope.
fn meeting(draft: &Draft, key_use: Use, scope: &Scope, state: impl Fn(KeyState) -> bool) -> Vec<usize> {
    let entries = draft.entries().iter().enumerate();
    let meeting = entries.filter(|(_, entry)| entry.meets(key_use, scope) && state(entry.state()));
    meeting.map(|(index, _)| index).collect()
}

/// Adds a verifying key under an id that is free, which takes dead keys of that id out.
fn push(draft: &mut Draft, key: &NewKey, secret: &[u8], today: Day) -> Result<usize, Error> {
    if secret.is_empty() {
        return Err(batv_core::Error::EmptySecret.into());
    }
    let same_secret = |entry: &Entry| Use::from(entry.key_use()) != key.key_use && entry.expose_secret() == secret;
    if draft.entries().iter().any(same_secret) {
        return Err(Error::SharedSecret);
    }
    let key_use = match key.key_use {
        Use::Batv => KeyUse::Batv(free_id(draft, key.id, &key.scope, today)?),
        Use::Srs if key.id.is_some() => return Err(Error::IdForSrs),
        Use::Srs if key.scope.has_mailbox() => return Err(Error::MailboxForSrs),
        Use::Srs => KeyUse::Srs,
    };
    Ok(draft.push(Entry {
        key_use,
        algorithm: key.algorithm.unwrap_or_else(|| key.key_use.default_algorithm()),
        secret: Zeroizing::new(secret.to_vec()),
        state: KeyState::Verifying,
        lifetime: key.lifetime.unwrap_or_else(|| key.key_use.default_lifetime()),
        created: None,
        scope: key.scope.clone(),
    }))
}

/// The wanted id or else a free one, once the dead keys that have it are gone.
fn free_id(draft: &mut Draft, wanted: Option<KeyId>, scope: &Scope, today: Day) -> Result<KeyId, Error> {
    let holders = |id: KeyId| {
        let entries = draft.entries().iter().enumerate();
        entries.filter(move |(_, entry)| entry.id() == Some(id) && entry.meets(Use::Batv, scope))
    };
    let alive = |id: KeyId| holders(id).find(|(index, _)| !life::is_dead(draft.entries(), *index, today));
    let until = |(index, entry): (usize, &Entry)| match entry.state() {
        KeyState::Signing => None,
        _ => life::last_valid_day(draft.entries(), index, today),
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
        draft.remove(index);
    }
    Ok(id)
}

/// Lets a key sign from today on, in place of those that sign for any that it is for.
fn take_over(draft: &mut Draft, index: usize, today: Day) -> Result<Rotation, Error> {
    let (key_use, scope) = (Use::from(draft.entries()[index].key_use()), draft.entries()[index].scope().clone());
    let old = meeting(draft, key_use, &scope, |state| state == KeyState::Signing);
    if let Some(wider) = old.iter().map(|old| draft.entries()[*old].scope()).find(|old| !old.is_within(&scope)) {
        return Err(Error::SignsForMore { scope: wider.clone() });
    }
    for other in meeting(draft, key_use, &scope, |state| state != KeyState::Signing) {
        if is_out_of_order(draft.entries(), other, &old) {
            draft.set_created(other, today);
        }
    }
    for old in &old {
        draft.set_state(*old, KeyState::Verifying);
        if draft.entries()[*old].created().is_none_or(|created| created > today) {
            draft.set_created(*old, today);
        }
    }
    draft.set_state(index, KeyState::Signing);
    draft.set_created(index, today);
    let is_dead = |place: &usize| life::is_dead(draft.entries(), *place, today);
    let mut retired = meeting(draft, key_use, &scope, |state| state == KeyState::Verifying);
    retired.retain(is_dead);
    for place in &retired {
        draft.set_state(*place, KeyState::Retired);
    }
    Ok(Rotation { signing: index, verifying: old, retired })
}

/// Whether a key that doesn't sign has a date that no key before the `old` ones can have: it never signed, or its date
/// was not kept. Once another takes over, that date would be mistaken for the day on which the old ones stopped.
fn is_out_of_order(entries: &[Entry], index: usize, old: &[usize]) -> bool {
    let entry = &entries[index];
    let mut old = old.iter().map(|old| &entries[*old]).filter(|old| old.scope().overlaps(entry.scope())).peekable();
    entry.created().is_some() && (old.peek().is_none() || old.any(|old| old.created() < entry.created()))
}
