//! `batv key`

mod export;
mod import;
mod list;

use batv_config::{Entry, Force, Handle, Keyring, Scope, Use, date};
use batv_core::{Algorithm, Day, KeyId, KeyState, Lifetime};
use clap::{Args, Subcommand};

use crate::answer::Outcome;
use crate::error::Error;
use crate::flags::values::{key_id, lifetime, named, pattern};
use crate::flags::{self, Clock, scope};
use crate::key_messages::{advise_promotion, advise_strong, is_verifying, report, report_others};
use crate::keys;

/// Create, rotate and list keys
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv key new
  batv key list")]
pub(crate) struct Key {
    #[command(subcommand)]
    operation: Operation,
}

#[derive(Debug, Subcommand)]
enum Operation {
    /// Add a new random key
    ///
    /// It signs at once if no other key signs for its use and domains. Otherwise it only verifies until it is promoted, so that all
    /// hosts can have it before its first tag comes back. Creates the keyring if there is none.
    #[command(after_help = "\
Examples:
  batv key new
  batv key new --use srs --algorithm hmac-sha1")]
    New(NewKey),
    List(list::List),
    /// Add a new random key that signs from now on
    ///
    /// The previous key verifies until its last tag has expired. Its id is not given to another key before that.
    #[command(after_help = "\
Examples:
  batv key rotate
  batv key rotate --domain example.com --lifetime 14")]
    Rotate(NewKey),
    Promote(Promote),
    Strong(Strong),
    Retire(Retire),
    Import(import::Import),
    Export(export::Export),
}

/// Let a verifying key sign from now on
///
/// The previous key verifies until its last tag has expired.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv key promote 3
  batv key promote --use srs")]
struct Promote {
    #[command(flatten)]
    key: WhichKey,
    #[command(flatten)]
    keyring: flags::KeyringFile,
    #[command(flatten)]
    clock: Clock,
}

/// Make a key produce only strong tags from tomorrow on
///
/// Strong tags have 60 bits, which nobody can guess. Short tags that the key made before that day are valid until they expire;
/// later ones are rejected. All hosts need the new keyring before that day. Exim and batv-tools don't know strong tags.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv key strong
  batv key strong 3 --since 2026-12-24")]
struct Strong {
    #[command(flatten)]
    key: WhichKey,
    /// First day on which it makes only strong tags (RFC 3339, UTC), tomorrow at the earliest [default: tomorrow]
    #[arg(long, value_name = "DATE", value_parser = date::parse)]
    since: Option<Day>,
    #[command(flatten)]
    keyring: flags::KeyringFile,
    #[command(flatten)]
    clock: Clock,
}

/// Retire a key, which then neither signs nor verifies
///
/// Refused while its tags may be valid, and for the only key that signs.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv key retire 2
  batv key retire 2 --force")]
struct Retire {
    #[command(flatten)]
    key: WhichKey,
    /// Retire it anyway: bounces to its tags will no longer verify
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    keyring: flags::KeyringFile,
    #[command(flatten)]
    clock: Clock,
}

#[derive(Args, Debug)]
struct NewKey {
    /// Use of the key: tags of our own senders, or rewritten senders of forwarded mail
    #[arg(long = "use", value_name = "USE", default_value = "batv", value_parser = named::<Use>(Use::NAMES))]
    key_use: Use,
    /// Id of the key, 0 to 9 [default: the lowest free one]
    #[arg(long, value_name = "N", value_parser = key_id)]
    id: Option<KeyId>,
    /// Algorithm; hmac-sha1 to share the key with Exim, batv-tools or an SRS program [default: that of the key that signs
    /// until then, else hmac-sha256]
    #[arg(long, value_parser = named::<Algorithm>(Algorithm::NAMES))]
    algorithm: Option<Algorithm>,
    /// Lifetime of its tags, 1 to 180 days [default: that of the key that signs until then, else 7,
    /// or 21 for srs]
    #[arg(long, value_name = "DAYS", value_parser = lifetime)]
    lifetime: Option<Lifetime>,
    /// Make only strong tags, which nobody can guess [default: as the key that signs until then]
    #[arg(long)]
    strong: bool,
    /// Domain or mailbox that the key is for (repeatable) [default: everybody]
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    domains: Vec<String>,
    #[command(flatten)]
    keyring: flags::KeyringFile,
    #[command(flatten)]
    clock: Clock,
}

#[derive(Args, Debug)]
struct WhichKey {
    /// Id of the key, 0 to 9
    #[arg(value_name = "ID", value_parser = key_id)]
    id: Option<KeyId>,
    /// Use of the key: tags of our own senders, or rewritten senders of forwarded mail
    #[arg(long = "use", value_name = "USE", default_value = "batv", value_parser = named::<Use>(Use::NAMES))]
    key_use: Use,
    /// Domain or mailbox that the key is for (repeatable), if several keys have this id
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    domains: Vec<String>,
}

pub(crate) fn run(arguments: &Key) -> Result<Outcome, Error> {
    match &arguments.operation {
        Operation::New(arguments) => new(arguments),
        Operation::List(arguments) => list::run(arguments),
        Operation::Rotate(arguments) => rotate(arguments),
        Operation::Promote(arguments) => promote(arguments),
        Operation::Strong(arguments) => strong(arguments),
        Operation::Retire(arguments) => retire(arguments),
        Operation::Import(arguments) => import::run(arguments),
        Operation::Export(arguments) => export::run(arguments),
    }?;
    Ok(Outcome::Good)
}

fn new(arguments: &NewKey) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let key = batv_config::NewKey::try_from(arguments)?;
    let mut file = arguments.keyring.open_or_create()?;
    let added = file.keyring_mut().add(&key, keys::random_secret()?.as_slice(), today)?;
    file.save()?;
    report("added", &file, &[added])?;
    advise_promotion(file.keyring(), &[added]);
    Ok(())
}

fn rotate(arguments: &NewKey) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let key = batv_config::NewKey::try_from(arguments)?;
    let mut file = arguments.keyring.open()?;
    let rotation = file.keyring_mut().rotate(&key, keys::random_secret()?.as_slice(), today)?;
    file.save()?;
    report("added", &file, &[rotation.signing])?;
    report_others(&file, &rotation, today)
}

fn promote(arguments: &Promote) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let mut file = arguments.keyring.open()?;
    // A key that has not begun to sign has no date.
    let promoted = arguments.key.find(file.keyring(), |key| is_verifying(key) && key.created().is_none())?;
    let rotation = file.keyring_mut().promote(promoted, today)?;
    file.save()?;
    report("promoted", &file, &[rotation.signing])?;
    report_others(&file, &rotation, today)
}

fn strong(arguments: &Strong) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let mut file = arguments.keyring.open()?;
    let key = arguments.key.find(file.keyring(), |key| key.state() == KeyState::Signing)?;
    let since = arguments.since.or_else(|| today.plus(1)).unwrap_or(today);
    if !file.keyring_mut().strengthen(key, since, today)? {
        return report("unchanged", &file, &[key]);
    }
    file.save()?;
    report("changed", &file, &[key])?;
    advise_strong(file.keyring(), key);
    Ok(())
}

fn retire(arguments: &Retire) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let mut file = arguments.keyring.open()?;
    let retired = arguments.key.find(file.keyring(), is_verifying)?;
    let force = if arguments.force { Force::Yes } else { Force::No };
    file.keyring_mut().retire(retired, force, today).map_err(advise_force)?;
    file.save()?;
    report("retired", &file, &[retired])
}

impl TryFrom<&NewKey> for batv_config::NewKey {
    type Error = Error;

    fn try_from(given: &NewKey) -> Result<Self, Error> {
        let mut key = Self::new(given.key_use);
        key.id = given.id;
        key.algorithm = given.algorithm;
        key.lifetime = given.lifetime;
        key.strong = given.strong;
        key.scope = Scope::parse(&given.domains)?;
        Ok(key)
    }
}

impl WhichKey {
    /// The key: of several that match, as SRS keys do, the one that is likely.
    fn find(&self, keyring: &Keyring, likely: impl Fn(&Entry) -> bool) -> Result<Handle, Error> {
        let (key_use, scope) = (self.key_use, scope(&self.domains)?);
        let named = |entry: &Entry| {
            Use::from(entry.key_use()) == key_use
                && self.id.is_none_or(|id| entry.id() == Some(id))
                && scope.as_ref().is_none_or(|scope| entry.scope() == scope)
        };
        let mut found = keyring.entries().iter().filter(|entry| named(entry) && likely(entry));
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only.handle()),
            _ => Ok(keyring.find(key_use, self.id, scope.as_ref())?),
        }
    }
}

fn advise_force(error: batv_config::Error) -> Error {
    use batv_config::Error::{StillSigns, TagsAlive, TagsUnknown};
    match error {
        StillSigns { .. } | TagsAlive { .. } | TagsUnknown => {
            Error::Usage(format!("{error} (use --force to retire it anyway)"))
        }
        _ => error.into(),
    }
}
