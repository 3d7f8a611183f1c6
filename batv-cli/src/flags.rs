//! Options that several commands have.

pub(crate) mod policy;
pub(crate) mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use batv_config::{Scope, date};
use batv_core::{Algorithm, Day, KeyId, Lifetime, Pattern};
use clap::{Args, ValueEnum};

use self::values::{key_id, lifetime, named};
use crate::error::Error;
use crate::stream::Tail;

#[derive(Args, Debug)]
pub(crate) struct Addresses {
    /// Addresses, or `-` to read them from standard input, one per line
    #[arg(value_name = "ADDRESS")]
    pub(crate) addresses: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct Clock {
    /// Act as if today were this day: a date or date-time of RFC 3339 [default: today in UTC]
    #[arg(long, value_name = "DATE", value_parser = date::parse)]
    pub(crate) at: Option<Day>,
}

impl Clock {
    pub(crate) fn today(&self) -> Result<Day, Error> {
        self.at.map_or_else(|| Ok(date::today()?), Ok)
    }
}

#[derive(Args, Debug)]
pub(crate) struct Output {
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

impl Output {
    /// An overlong line is passed through, but not into an object.
    pub(crate) fn tail(&self) -> Tail {
        if self.json { Tail::Dropped } else { Tail::Passed }
    }
}

#[derive(Args, Debug)]
pub(crate) struct KeyringFile {
    /// Keyring to use [default: BATV_KEYRING, else your own, else the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) permissions: Permissions,
}

#[derive(Args, Debug)]
pub(crate) struct Permissions {
    /// Accept a key file that other users can read
    #[arg(long)]
    pub(crate) allow_readable: bool,
}

#[derive(Args, Debug)]
pub(crate) struct KeySource {
    /// Keyring to use [default: BATV_KEYRING, else your own, else the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring: Option<PathBuf>,
    /// File with a single secret: all its octets, including a final newline, as batv-tools reads it
    #[arg(long, value_name = "FILE", conflicts_with = "keyring")]
    pub(crate) key_file: Option<PathBuf>,
    /// Algorithm of the key in --key-file [default: hmac-sha1]
    #[arg(long, requires = "key_file", value_parser = named::<Algorithm>(Algorithm::NAMES))]
    pub(crate) algorithm: Option<Algorithm>,
    #[command(flatten)]
    pub(crate) permissions: Permissions,
}

#[derive(Args, Debug)]
pub(crate) struct BatvKeySource {
    #[command(flatten)]
    pub(crate) source: KeySource,
    /// Id of the key in --key-file, 0 to 9 [default: 0]
    #[arg(long, value_name = "N", requires = "key_file", value_parser = key_id)]
    pub(crate) key_id: Option<KeyId>,
}

// The options of every command that verifies tags. Clap would print a doc comment of it as the description of the command.
#[derive(Args, Debug)]
pub(crate) struct Verifying {
    /// Lifetime of tags of the key in --key-file, in days [default: 7]
    #[arg(long, value_name = "DAYS", requires = "key_file", value_parser = lifetime)]
    pub(crate) lifetime: Option<Lifetime>,
    #[command(flatten)]
    pub(crate) keys: BatvKeySource,
    #[command(flatten)]
    pub(crate) clock: Clock,
    #[command(flatten)]
    pub(crate) output: Output,
}

pub(crate) fn patterns(texts: &[String]) -> Result<Vec<Pattern<String>>, Error> {
    Ok(texts.iter().map(|text| Pattern::parse(text.clone())).collect::<Result<_, _>>()?)
}

/// Scope, if one was given.
pub(crate) fn scope(domains: &[String]) -> Result<Option<Scope>, Error> {
    if domains.is_empty() { Ok(None) } else { Ok(Some(Scope::parse(domains)?)) }
}

/// Program with key files of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// One secret: all octets of the file, including a final newline
    BatvTools,
    /// One secret: the text without a final newline
    Exim,
    /// SRS secrets, one per line, the first of which signs
    Postsrsd,
}
