//! `batv migrate`

use std::fs;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use batv_config::foreign::{self, File, ForeignKey, Host, Migration, Program};
use batv_config::{Keyring, Permissions, Use};
use batv_core::{Day, KeyState};
use zeroize::Zeroizing;

use super::key::{advise, advise_promotion_of, describe};
use crate::answer::Outcome;
use crate::cli::{ForeignFormat, Migrate};
use crate::error::Error;

pub(crate) fn run(arguments: &Migrate) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let migration = read(arguments)?;
    let keyring = if arguments.dry_run {
        try_keys(arguments, &migration, today)
    } else {
        add_keys(arguments, &migration, today)
    }?;
    write(arguments, &migration.configuration(&keyring))?;
    let mut outcome = Outcome::Good;
    for left in migration.left() {
        advise(format_args!("left for you: {left}"));
        outcome = Outcome::Refused;
    }
    Ok(outcome)
}

fn read(arguments: &Migrate) -> Result<Migration, Error> {
    let mut texts = Vec::with_capacity(arguments.files.len());
    for path in &arguments.files {
        // There may be keys in it.
        let text = fs::read(path).map_err(|source| Error::File { path: path.clone(), source })?;
        texts.push((path, Zeroizing::new(text)));
    }
    let files: Vec<_> = texts.iter().map(|(path, text)| File { name: path, text }).collect();
    let host = Host::new(arguments.root.as_deref(), Permissions::from(&arguments.keyring.permissions));
    Ok(foreign::read(arguments.format.into(), &files, &host)?)
}

/// Adds the keys to the keyring file, and tells where that is.
fn add_keys(arguments: &Migrate, migration: &Migration, today: Day) -> Result<PathBuf, Error> {
    if let Some(path) = arguments.out.as_deref().filter(|path| path.exists()) {
        return Err(Error::Usage(format!(
            "{}: there is such a file: give --out the name of a new one",
            path.display()
        )));
    }
    let mut file = arguments.keyring.open_or_create()?;
    let added = add(file.keyring_mut(), migration.keys(), today)?;
    if !added.is_empty() {
        file.save()?;
    }
    tell("added", file.keyring(), &added, migration, file.path());
    Ok(file.path().to_owned())
}

/// Says what [`add_keys`] would do.
fn try_keys(arguments: &Migrate, migration: &Migration, today: Day) -> Result<PathBuf, Error> {
    let places = arguments.keyring.places();
    let path = places.in_force().or_else(|| places.for_new()).ok_or(Error::NoPlace)?;
    let mut keyring = match Keyring::load(path, Permissions::from(&arguments.keyring.permissions)) {
        Err(batv_config::Error::Io { kind: io::ErrorKind::NotFound, .. }) => Keyring::default(),
        loaded => loaded?,
    };
    let added = add(&mut keyring, migration.keys(), today)?;
    tell("would add", &keyring, &added, migration, path);
    Ok(path.to_owned())
}

/// Adds the keys that are not there yet.
fn add(keyring: &mut Keyring, keys: &[ForeignKey], today: Day) -> Result<Vec<usize>, Error> {
    let mut added = Vec::new();
    for foreign in keys {
        let (key, secret) = (foreign.key(), foreign.expose_secret());
        let is_there = keyring.entries().iter().any(|entry| {
            Use::from(entry.key_use()) == key.key_use
                && entry.id() == key.id
                && entry.scope() == &key.scope
                && Some(entry.algorithm()) == key.algorithm
                && entry.expose_secret() == secret
        });
        if !is_there {
            added.push(keyring.add(key, secret, today)?);
        }
    }
    Ok(added)
}

fn tell(what: &str, keyring: &Keyring, added: &[usize], migration: &Migration, path: &Path) {
    let entries = keyring.entries();
    for entry in added.iter().map(|at| &entries[*at]) {
        advise(format_args!("{what} {}, in {}", describe(entry), path.display()));
    }
    let there = migration.keys().len() - added.len();
    if there > 0 {
        advise(format_args!("keys that are in {} already: {there}", path.display()));
    }
    // Of several secrets for SRS, the first is the one to sign.
    let first_srs = added.iter().find(|at| Use::from(entries[**at].key_use()) == Use::Srs);
    for at in added.iter().filter(|at| Use::from(entries[**at].key_use()) == Use::Batv).chain(first_srs) {
        advise_promotion_of(&entries[*at]);
    }
    let signs =
        |entry: &batv_config::Entry| Use::from(entry.key_use()) == Use::Batv && entry.state() == KeyState::Signing;
    if !entries.iter().any(signs) {
        advise(format_args!("batvd needs a key that signs as well: `batv key new`"));
    }
}

fn write(arguments: &Migrate, configuration: &str) -> Result<(), Error> {
    match &arguments.out {
        Some(path) if !arguments.dry_run => OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .and_then(|mut file| file.write_all(configuration.as_bytes()))
            .map_err(|source| Error::File { path: path.clone(), source }),
        _ => io::stdout().write_all(configuration.as_bytes()).map_err(Error::Output),
    }
}

impl From<ForeignFormat> for Program {
    fn from(given: ForeignFormat) -> Self {
        match given {
            ForeignFormat::BatvTools => Self::BatvTools,
            ForeignFormat::Exim => Self::Exim,
            ForeignFormat::Postsrsd => Self::Postsrsd,
        }
    }
}
