//! `batv key import`

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use batv_config::import::postsrsd_secrets;
use batv_config::{NewKey, Permissions, Scope, Secret, Use, read_secret, without_line_ending};
use batv_core::{Algorithm, KeyId, Lifetime};
use clap::Args;

use crate::error::Error;
use crate::flags::values::{key_id, lifetime, pattern};
use crate::flags::{Clock, Format, KeyringFile};
use crate::key_messages::{advise, advise_promotion, report};

/// Add the key of another program
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv key import --format batv-tools /etc/batv/batv.key
  batv key import --format postsrsd /etc/postsrsd.secret")]
pub(super) struct Import {
    /// File with the key, or `-` for standard input
    file: PathBuf,
    /// Program that the file is from
    #[arg(long, value_enum)]
    format: Format,
    /// Id of the key, 0 to 9 [default: 0, the only one of batv-tools and the default of Exim]
    #[arg(long, value_name = "N", value_parser = key_id)]
    id: Option<KeyId>,
    /// Lifetime of its tags, 1 to 180 days [default: 7]
    #[arg(long, value_name = "DAYS", value_parser = lifetime)]
    lifetime: Option<Lifetime>,
    /// Domain or mailbox that the key is for (repeatable) [default: everybody]
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    domains: Vec<String>,
    #[command(flatten)]
    keyring: KeyringFile,
    #[command(flatten)]
    clock: Clock,
}

pub(super) fn run(arguments: &Import) -> Result<(), Error> {
    let today = arguments.clock.today()?;
    let octets = read_import(&arguments.file, Permissions::from(&arguments.keyring.permissions))?;
    let (key_use, secrets) = match arguments.format {
        Format::BatvTools => (Use::Batv, vec![&*octets]),
        Format::Exim => (Use::Batv, vec![without_line_ending(&octets)]),
        Format::Postsrsd => (Use::Srs, postsrsd_secrets(&octets)?),
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
    report("added", &file, &added)?;
    // Of several secrets, the first is the one to sign.
    advise_promotion(file.keyring(), &added[..1]);
    if arguments.format == Format::BatvTools && octets.ends_with(b"\n") {
        advise(format_args!(
            "the file ends with a newline: it is part of the secret here and for batv-tools, but not for Exim"
        ));
    }
    Ok(())
}

fn read_import(path: &Path, permissions: Permissions) -> Result<Secret, Error> {
    if path != Path::new("-") {
        return Ok(read_secret(path, permissions)?);
    }
    let mut octets = Vec::new();
    let read = io::stdin().read_to_end(&mut octets);
    // Wiped, whatever came of it.
    let secret = Secret::from(octets);
    read.map_err(Error::Input)?;
    Ok(secret)
}
