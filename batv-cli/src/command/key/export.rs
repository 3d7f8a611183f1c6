//! `batv key export`

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use batv_config::export;
use batv_config::{Secret, Use};
use batv_core::KeyId;
use clap::Args;

use crate::answer::print;
use crate::error::Error;
use crate::flags::values::{key_id, pattern};
use crate::flags::{Format, KeyringFile, scope};

/// Print a key for another program, or write it to a file
///
/// The output is a secret: it is not printed on a terminal.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv key export 0 --format batv-tools --out /etc/batv/batv.key
  batv key export --format postsrsd --out /etc/postsrsd.secret")]
pub(super) struct Export {
    /// Id of the key, 0 to 9, if there are several; for postsrsd all SRS keys are exported
    #[arg(value_name = "ID", value_parser = key_id)]
    id: Option<KeyId>,
    /// Domain or mailbox that the key is for (repeatable), if several keys have this id
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    domains: Vec<String>,
    /// Program that the file is for
    #[arg(long, value_enum)]
    format: Format,
    /// Write to this new file, with mode 0600
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    keyring: KeyringFile,
}

pub(super) fn run(arguments: &Export) -> Result<(), Error> {
    let keyring = arguments.keyring.load()?;
    let find = || {
        let scope = scope(&arguments.domains)?;
        let key = keyring.find(Use::Batv, arguments.id, scope.as_ref())?;
        keyring.entry(key).ok_or(Error::Keyring(batv_config::Error::NotInKeyring))
    };
    let octets = match arguments.format {
        Format::BatvTools => Secret::from(export::batv_tools(find()?)?),
        Format::Exim => Secret::from(export::exim(find()?)?.as_bytes()),
        Format::Postsrsd if arguments.id.is_some() || !arguments.domains.is_empty() => {
            return Err(Error::Usage("a postsrsd secret file has all SRS keys: remove ID and --domain".to_owned()));
        }
        Format::Postsrsd => export::postsrsd(&keyring)?,
    };
    match &arguments.out {
        Some(path) => write_secret(path, &octets).map_err(|source| Error::File { path: path.clone(), source }),
        None if io::stdout().is_terminal() => Err(Error::Usage(
            "the output is a secret and not printed on a terminal: use --out FILE or a pipe".to_owned(),
        )),
        None => print(&octets),
    }
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
