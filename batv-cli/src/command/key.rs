//! `batv key`

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use batv_config::exchange::{self, LineEnding};
use batv_config::place::Places;
use batv_config::{Entry, Force, Keyring, KeyringFile, NewKey, Permissions, Rotation, Scope, Use, clock, read_secret};
use batv_core::{Algorithm, Day, KeyId, KeyState};
use zeroize::Zeroizing;

use crate::cli::{
    self, Format, KeyExport, KeyImport, KeyList, KeyNew, KeyPromote, KeyRetire, KeyRotate, Operation, WhichKey,
};
use crate::error::Error;
use crate::{json, keys};

pub(crate) fn run(operation: &Operation) -> Result<(), Error> {
    match operation {
        Operation::New(arguments) => new(arguments),
        Operation::List(arguments) => list(arguments),
        Operation::Rotate(arguments) => rotate(arguments),
        Operation::Promote(arguments) => promote(arguments),
        Operation::Retire(arguments) => retire(arguments),
        Operation::Import(arguments) => import(arguments),
        Operation::Export(arguments) => export(arguments),
    }
}

fn new(arguments: &KeyNew) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let key = NewKey::try_from(&arguments.key)?;
    let mut file = arguments.keyring.open_or_create()?;
    let added = file.keyring_mut().add(&key, keys::random_secret()?.as_slice(), today)?;
    file.save()?;
    report("added", &file, added)?;
    advise_promotion(&file, added);
    Ok(())
}

fn list(arguments: &KeyList) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let keyring = arguments.keyring.load()?;
    let mut listing = Vec::new();
    let rows = keyring.entries().iter().enumerate().map(|(at, entry)| (entry, keyring.last_valid_day(at, today)));
    if arguments.output.json {
        for (entry, last_valid) in rows {
            serde_json::to_writer(&mut listing, &object(entry, last_valid))
                .map_err(|error| Error::Output(error.into()))?;
            listing.push(b'\n');
        }
    } else {
        listing = table(rows.map(|(entry, last_valid)| row(entry, last_valid, today))).into_bytes();
    }
    print(&listing)
}

fn rotate(arguments: &KeyRotate) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let key = NewKey::try_from(&arguments.key)?;
    let mut file = arguments.keyring.open()?;
    let rotation = file.keyring_mut().rotate(&key, keys::random_secret()?.as_slice(), today)?;
    file.save()?;
    report("added", &file, rotation.signing)?;
    report_others(&file, &rotation, today)
}

fn promote(arguments: &KeyPromote) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let mut file = arguments.keyring.open()?;
    // A key that has not begun to sign has no date.
    let promoted = arguments.key.find(file.keyring(), |key| is_verifying(key) && key.created().is_none())?;
    let rotation = file.keyring_mut().promote(promoted, today)?;
    file.save()?;
    report("promoted", &file, rotation.signing)?;
    report_others(&file, &rotation, today)
}

fn retire(arguments: &KeyRetire) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let mut file = arguments.keyring.open()?;
    let retired = arguments.key.find(file.keyring(), is_verifying)?;
    let force = if arguments.force { Force::Yes } else { Force::No };
    file.keyring_mut().retire(retired, force, today).map_err(advise_force)?;
    file.save()?;
    report("retired", &file, retired)
}

fn import(arguments: &KeyImport) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let octets = read_import(&arguments.file, Permissions::from(&arguments.keyring.permissions))?;
    let (key_use, secrets) = match arguments.format {
        Format::BatvTools => (Use::Batv, vec![octets.as_slice()]),
        Format::Exim => (Use::Batv, vec![LineEnding::strip(&octets)]),
        Format::Postsrsd => (Use::Srs, exchange::postsrsd_secrets(&octets)?),
    };
    let mut key = NewKey::new(key_use);
    key.id = match key_use {
        Use::Batv => Some(arguments.id.unwrap_or_default()),
        Use::Srs => arguments.id,
    };
    // These programs have no other.
    key.algorithm = Some(Algorithm::HmacSha1);
    key.lifetime = arguments.lifetime;
    key.scope = Scope::parse(&arguments.domains)?;
    let mut file = arguments.keyring.open_or_create()?;
    let added =
        secrets.iter().map(|secret| file.keyring_mut().add(&key, secret, today)).collect::<Result<Vec<_>, _>>()?;
    file.save()?;
    for at in &added {
        report("added", &file, *at)?;
    }
    // Of several secrets, the first is the one to sign.
    if let Some(first) = added.first() {
        advise_promotion(&file, *first);
    }
    if arguments.format == Format::BatvTools && LineEnding::of(&octets).is_some() {
        advise(format_args!(
            "the file ends with a newline, which is part of the secret for batv-tools and now here, but not for Exim"
        ));
    }
    Ok(())
}

fn export(arguments: &KeyExport) -> Result<(), Error> {
    let keyring = arguments.keyring.load()?;
    let find = || {
        let scope = scope(&arguments.domains)?;
        Ok::<_, Error>(&keyring.entries()[keyring.find(Use::Batv, arguments.id, scope.as_ref())?])
    };
    let octets = match arguments.format {
        Format::BatvTools => Zeroizing::new(exchange::batv_tools(find()?)?.to_vec()),
        Format::Exim => Zeroizing::new(exchange::exim(find()?)?.as_bytes().to_vec()),
        Format::Postsrsd if arguments.id.is_some() || !arguments.domains.is_empty() => {
            return Err(Error::Usage("a postsrsd secret file has all SRS keys: leave out ID and --domain".to_owned()));
        }
        Format::Postsrsd => exchange::postsrsd(&keyring)?,
    };
    match &arguments.out {
        Some(path) => write_secret(path, &octets).map_err(|source| Error::File { path: path.clone(), source }),
        None if io::stdout().is_terminal() => {
            Err(Error::Usage("this would show a secret on the terminal: give --out FILE, or a pipe".to_owned()))
        }
        None => print(&octets),
    }
}

impl cli::KeyringFile {
    pub(super) fn places(&self) -> Places {
        Places::of_process(self.keyring.as_deref())
    }

    fn load(&self) -> Result<Keyring, Error> {
        let places = self.places();
        let path = places.in_force().ok_or(Error::NoKeyring)?;
        Ok(Keyring::load(path, Permissions::from(&self.permissions))?)
    }

    fn open(&self) -> Result<KeyringFile, Error> {
        let places = self.places();
        let path = places.in_force().ok_or(Error::NoKeyring)?;
        Ok(KeyringFile::open(path, Permissions::from(&self.permissions))?)
    }

    pub(super) fn open_or_create(&self) -> Result<KeyringFile, Error> {
        let places = self.places();
        let path = places.in_force().or_else(|| places.for_new()).ok_or(Error::NoPlace)?;
        Ok(KeyringFile::open_or_create(path, Permissions::from(&self.permissions))?)
    }
}

impl TryFrom<&cli::NewKey> for NewKey {
    type Error = Error;

    fn try_from(given: &cli::NewKey) -> Result<Self, Error> {
        let mut key = Self::new(given.key_use.into());
        key.id = given.id;
        key.algorithm = given.algorithm;
        key.lifetime = given.lifetime;
        key.scope = Scope::parse(&given.domains)?;
        Ok(key)
    }
}

impl WhichKey {
    /// The place of the key: of several that have this name, as SRS keys do, the one that is likely.
    fn find(&self, keyring: &Keyring, likely: impl Fn(&Entry) -> bool) -> Result<usize, Error> {
        let (key_use, scope) = (Use::from(self.key_use), scope(&self.domains)?);
        let named = |entry: &Entry| {
            Use::from(entry.key_use()) == key_use
                && self.id.is_none_or(|id| entry.id() == Some(id))
                && scope.as_ref().is_none_or(|scope| entry.scope() == scope)
        };
        let mut found = keyring.entries().iter().enumerate().filter(|(_, entry)| named(entry) && likely(entry));
        match (found.next(), found.next()) {
            (Some((only, _)), None) => Ok(only),
            _ => Ok(keyring.find(key_use, self.id, scope.as_ref())?),
        }
    }
}

impl From<cli::Use> for Use {
    fn from(given: cli::Use) -> Self {
        match given {
            cli::Use::Batv => Self::Batv,
            cli::Use::Srs => Self::Srs,
        }
    }
}

fn is_verifying(entry: &Entry) -> bool {
    entry.state() == KeyState::Verifying
}

/// The scope, if one was named.
fn scope(domains: &[String]) -> Result<Option<Scope>, Error> {
    if domains.is_empty() { Ok(None) } else { Ok(Some(Scope::parse(domains)?)) }
}

fn read_import(path: &Path, permissions: Permissions) -> Result<Zeroizing<Vec<u8>>, Error> {
    if path != Path::new("-") {
        return Ok(read_secret(path, permissions)?);
    }
    let mut octets = Zeroizing::new(Vec::new());
    io::stdin().read_to_end(&mut octets).map_err(Error::Input)?;
    Ok(octets)
}

fn write_secret(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

/// Says what became of a key.
fn report(what: &str, file: &KeyringFile, at: usize) -> Result<(), Error> {
    let line = format!("{what} {}, in {}\n", describe(&file.keyring().entries()[at]), file.path().display());
    print(line.as_bytes())
}

/// A key in words.
pub(super) fn describe(entry: &Entry) -> String {
    let (algorithm, state, lifetime) = (entry.algorithm(), entry.state(), entry.lifetime().days());
    format!("{}: {algorithm}, {state}, lifetime {lifetime} days, for {}", name(entry), entry.scope())
}

fn report_others(file: &KeyringFile, rotation: &Rotation, today: Day) -> Result<(), Error> {
    for &at in &rotation.verifying {
        let until = match file.keyring().last_valid_day(at, today) {
            Some(day) => format!("to {}", clock::format_day(day)),
            None => "to the end of its last tag, which the keyring does not tell".to_owned(),
        };
        print(format!("{} verifies {until}\n", name(&file.keyring().entries()[at])).as_bytes())?;
    }
    for &at in &rotation.retired {
        print(format!("{} is retired: its last tag is dead\n", name(&file.keyring().entries()[at])).as_bytes())?;
    }
    Ok(())
}

fn advise_promotion(file: &KeyringFile, at: usize) {
    advise_promotion_of(&file.keyring().entries()[at]);
}

pub(super) fn advise_promotion_of(entry: &Entry) {
    if is_verifying(entry) {
        let which = entry.id().map_or_else(|| "--use srs".to_owned(), |id| id.to_string());
        advise(format_args!(
            "another key signs: once all hosts have this one, `batv key promote {which}` lets it sign"
        ));
    }
}

fn advise_force(error: batv_config::Error) -> Error {
    use batv_config::Error::{StillSigns, TagsAlive, TagsUnknown};
    match error {
        StillSigns { .. } | TagsAlive { .. } | TagsUnknown => {
            Error::Usage(format!("{error}; --force retires it all the same"))
        }
        _ => error.into(),
    }
}

pub(super) fn advise(what: core::fmt::Arguments<'_>) {
    // Whoever closes standard error does not want to be told.
    let _ = writeln!(io::stderr(), "batv: {what}");
}

fn name(entry: &Entry) -> String {
    let key_use = entry.key_use().as_str();
    entry.id().map_or_else(|| format!("{key_use} key"), |id| format!("{key_use} key {id}"))
}

fn object(entry: &Entry, last_valid: Option<Day>) -> json::Key<'_> {
    json::Key {
        key_use: entry.key_use().as_str(),
        id: entry.id().map(KeyId::number),
        algorithm: entry.algorithm().as_str(),
        state: entry.state().as_str(),
        lifetime: entry.lifetime().days(),
        created: entry.created().map(clock::format_day),
        last_valid: last_valid.map(clock::format_day),
        domains: entry.scope().domains(),
    }
}

const HEADINGS: [&str; 9] = ["use", "id", "algorithm", "state", "lifetime", "created", "age", "last valid", "for"];
type Row = [String; HEADINGS.len()];

fn row(entry: &Entry, last_valid: Option<Day>, today: Day) -> Row {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        entry.key_use().as_str().to_owned(),
        or_dash(entry.id().map(|id| id.to_string())),
        entry.algorithm().to_string(),
        entry.state().to_string(),
        entry.lifetime().days().to_string(),
        or_dash(entry.created().map(clock::format_day)),
        or_dash(entry.created().map(|created| today.since(created).to_string())),
        or_dash(last_valid.map(clock::format_day)),
        entry.scope().to_string(),
    ]
}

fn table(rows: impl Iterator<Item = Row>) -> String {
    let rows: Vec<Row> = [HEADINGS.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; HEADINGS.len()] = core::array::from_fn(width);
    let line = |row: &Row| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn print(octets: &[u8]) -> Result<(), Error> {
    io::stdout().write_all(octets).map_err(Error::Output)
}
