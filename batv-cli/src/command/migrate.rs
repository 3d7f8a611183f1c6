//! `batv migrate`

use std::fs;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use batv_config::import::{self, File, Host, ImportedKey, Migration, Program};
use batv_config::{Entry, Handle, Keyring, Permissions, Use};
use batv_core::{Day, KeyState};
use clap::{Args, ValueEnum};
use zeroize::Zeroizing;

use crate::answer::Outcome;
use crate::error::Error;
use crate::flags::{Clock, KeyringFile};
use crate::key_messages::{advise, advise_promotion, describe, entries};

/// Import the keys and the configuration of another program
///
/// Adds the keys to the keyring, and prints a configuration for batvd that does the same, as far as possible. Its comments tell
/// where each setting comes from, what has no counterpart, and what to do instead. A value that is known only while the other
/// program runs, such as a lookup, is not guessed. Keys that are already in the keyring are skipped, so it can be run again.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status:
  0  everything was imported
  1  something is left to you: standard error and the end of the configuration say what
  2  wrong usage, or a file, key or keyring that cannot be read or changed

Examples:
  batv migrate --dry-run batv-tools /etc/batv-milter.conf
  batv migrate postsrsd /etc/default/postsrsd --keyring /etc/batv/keyring.toml --out /etc/batv/batvd.toml
  batv migrate exim /etc/exim4/exim4.conf /etc/exim4/batv.conf")]
pub(crate) struct Migrate {
    /// Program that the files are from
    #[arg(value_enum, value_name = "FORMAT")]
    format: Format,
    /// All configuration files of the program, in the order in which it reads them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder with a copy of the other host, in which the files that these name are found
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
    /// Write the configuration to this new file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Change no file, only print what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    keyring: KeyringFile,
    #[command(flatten)]
    clock: Clock,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// Configuration file of batv-milter
    BatvTools,
    /// Configuration of Exim, with ${prvs…} and ${prvscheck…} in it
    Exim,
    /// Configuration of PostSRSd: /etc/default/postsrsd of 1.x, or postsrsd.conf of 2.x
    Postsrsd,
}

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
        advise(format_args!("left to you: {left}"));
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
    Ok(import::read(arguments.format.into(), &files, &host)?)
}

/// Adds the keys to the keyring file, and returns its path.
fn add_keys(arguments: &Migrate, migration: &Migration, today: Day) -> Result<PathBuf, Error> {
    if let Some(path) = arguments.out.as_deref().filter(|path| path.exists()) {
        return Err(Error::Usage(format!("{} exists: give --out the name of a new file", path.display())));
    }
    let mut file = arguments.keyring.open_or_create()?;
    let added = add(file.keyring_mut(), migration.keys(), today)?;
    if !added.is_empty() {
        file.save()?;
    }
    tell("added", file.keyring(), &added, migration, file.path());
    Ok(file.path().to_owned())
}

/// Reports what [`add_keys`] would do.
fn try_keys(arguments: &Migrate, migration: &Migration, today: Day) -> Result<PathBuf, Error> {
    let paths = arguments.keyring.paths();
    let path = paths.in_force().or_else(|| paths.for_new()).ok_or(Error::NoHome)?;
    let mut keyring = match Keyring::load(path, Permissions::from(&arguments.keyring.permissions)) {
        Err(batv_config::Error::Io { kind: io::ErrorKind::NotFound, .. }) => Keyring::default(),
        loaded => loaded?,
    };
    let added = add(&mut keyring, migration.keys(), today)?;
    tell("would add", &keyring, &added, migration, path);
    Ok(path.to_owned())
}

/// Adds the keys that are not there yet.
fn add(keyring: &mut Keyring, keys: &[ImportedKey], today: Day) -> Result<Vec<Handle>, Error> {
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

fn tell(done: &str, keyring: &Keyring, added: &[Handle], migration: &Migration, path: &Path) {
    for entry in entries(keyring, added) {
        advise(format_args!("{done} {}, in {}", describe(entry), path.display()));
    }
    let present = migration.keys().len() - added.len();
    if present > 0 {
        advise(format_args!("keys that are already in {}: {present}", path.display()));
    }
    let is_batv = |entry: &&Entry| Use::from(entry.key_use()) == Use::Batv;
    let (batv, srs): (Vec<&Entry>, Vec<&Entry>) = entries(keyring, added).partition(is_batv);
    // Of several secrets for SRS, the first is the one to sign.
    let to_sign: Vec<Handle> = batv.into_iter().chain(srs.into_iter().take(1)).map(Entry::handle).collect();
    advise_promotion(keyring, &to_sign);
    if !keyring.entries().iter().filter(is_batv).any(|entry| entry.state() == KeyState::Signing) {
        advise(format_args!("batvd also needs a key that signs: `batv key new`"));
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

impl From<Format> for Program {
    fn from(given: Format) -> Self {
        match given {
            Format::BatvTools => Self::BatvTools,
            Format::Exim => Self::Exim,
            Format::Postsrsd => Self::Postsrsd,
        }
    }
}
