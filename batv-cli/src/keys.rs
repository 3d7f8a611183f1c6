//! Keys of a command.

use std::io::{self, Write};
use std::path::Path;

use batv_config::paths::Paths;
use batv_config::{Keyring, KeyringFile, NewKey, Permissions, Use, read_secret};
use batv_core::{Algorithm, Day, Key, KeyState, KeyUse, Lifetime};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::flags::{self, BatvKeySource, KeySource};

/// Random octets of a new secret: as many as the longer of the two hashes has (RFC 2104 §3).
const RANDOM_OCTETS: usize = 32;

/// A new secret from the system. It is text, and not longer than a block of the hashes, for Exim can have no other.
pub(crate) fn random_secret() -> Result<Zeroizing<[u8; 2 * RANDOM_OCTETS]>, Error> {
    let mut random = Zeroizing::new([0; RANDOM_OCTETS]);
    getrandom::fill(random.as_mut())?;
    let mut secret = Zeroizing::new([0; 2 * RANDOM_OCTETS]);
    HEXLOWER.encode_mut(random.as_slice(), secret.as_mut());
    Ok(secret)
}

impl From<&flags::Permissions> for Permissions {
    fn from(given: &flags::Permissions) -> Self {
        if given.allow_readable { Self::AllowReadable } else { Self::Private }
    }
}

impl flags::KeyringFile {
    pub(crate) fn paths(&self) -> Paths {
        Paths::of_process(self.keyring.as_deref())
    }

    pub(crate) fn load(&self) -> Result<Keyring, Error> {
        load(self.paths().in_force(), &self.permissions)
    }

    pub(crate) fn open(&self) -> Result<KeyringFile, Error> {
        let paths = self.paths();
        let path = paths.in_force().ok_or(Error::NoKeyring)?;
        Ok(KeyringFile::open(path, Permissions::from(&self.permissions))?)
    }

    pub(crate) fn open_or_create(&self) -> Result<KeyringFile, Error> {
        let paths = self.paths();
        let path = paths.in_force().or_else(|| paths.for_new()).ok_or(Error::NoHome)?;
        Ok(KeyringFile::open_or_create(path, Permissions::from(&self.permissions))?)
    }
}

fn load(path: Option<&Path>, permissions: &flags::Permissions) -> Result<Keyring, Error> {
    Ok(Keyring::load(path.ok_or(Error::NoKeyring)?, permissions.into())?)
}

impl KeySource {
    /// The keys, of which one in a raw file is for this use, and its tags live so long.
    pub(crate) fn load(&self, key_use: KeyUse, lifetime: Lifetime) -> Result<Keyring, Error> {
        match &self.key_file {
            Some(file) => self.load_raw(file, key_use, lifetime),
            None => load(Paths::of_process(self.keyring.as_deref()).in_force(), &self.permissions),
        }
    }

    fn load_raw(&self, file: &Path, key_use: KeyUse, lifetime: Lifetime) -> Result<Keyring, Error> {
        let secret = match read_secret(file, Permissions::from(&self.permissions)) {
            // Other programs have their own rules for key files: a warning is enough.
            Err(error @ batv_config::Error::Mode { .. }) => {
                let secret = read_secret(file, Permissions::AllowReadable)?;
                let _ = writeln!(io::stderr(), "batv: {error}");
                secret
            }
            result => result?,
        };
        Keyring::from_raw_key(&secret, key_use, self.algorithm.unwrap_or(Algorithm::HmacSha1), lifetime)
            .map_err(|source| Error::KeyFile { path: file.to_owned(), source })
    }
}

impl BatvKeySource {
    /// The keys to verify with; those of a raw file with this lifetime.
    pub(crate) fn load(&self, lifetime: Option<Lifetime>) -> Result<Keyring, Error> {
        self.source.load(self.key_use(), lifetime.unwrap_or_default())
    }

    /// The keys to sign with. Where there is no keyring at all, the user gets one.
    pub(crate) fn load_to_sign(&self, lifetime: Option<Lifetime>, today: Day) -> Result<Keyring, Error> {
        let keyring = match self.source.load(self.key_use(), lifetime.unwrap_or_default()) {
            Err(Error::NoKeyring) => create(today)?,
            result => result?,
        };
        let signing = keyring.keys().iter().filter(|key| may_sign(key) && key.key_use() != KeyUse::Srs);
        let longest = signing.map(Key::lifetime).max().ok_or(Error::NoSigningKey { what: "signs", options: "" })?;
        match lifetime {
            Some(wanted) if wanted > longest => {
                Err(batv_core::Error::LifetimeOverKey { days: wanted.days(), key: longest.days() }.into())
            }
            _ => Ok(keyring),
        }
    }

    fn key_use(&self) -> KeyUse {
        KeyUse::Batv(self.key_id.unwrap_or_default())
    }
}

pub(crate) fn may_sign(key: &Key) -> bool {
    key.state() == KeyState::Signing
}

/// Makes the user's own keyring.
fn create(today: Day) -> Result<Keyring, Error> {
    let paths = Paths::of_process(None);
    let path = paths.for_new().ok_or(Error::NoHome)?;
    let mut file = KeyringFile::open_or_create(path, Permissions::Private)?;
    // Another process may have been faster.
    if file.is_new() {
        file.keyring_mut().add(&NewKey::new(Use::Batv), random_secret()?.as_slice(), today)?;
        file.save()?;
        // Standard error may be closed: then nobody wants to be told.
        let _ = writeln!(io::stderr(), "batv: created a keyring with a new key: {}", path.display());
    }
    Ok(Keyring::load(path, Permissions::Private)?)
}
