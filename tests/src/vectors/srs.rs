//! `srs.json`: senders of mail that is forwarded.

use batv_core::srs::{HASH_MAXIMUM, Separator, Srs};
use batv_core::{Day, Domain, Key};
use serde::Deserialize;

use super::{KeyEntry, day, named, read};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vectors {
    /// For people.
    pub comment: Vec<String>,
    /// Senders to rewrite.
    pub forward: Vec<Forward>,
    /// Addresses to restore.
    pub reverse: Vec<Reverse>,
}

/// A sender to rewrite.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Forward {
    /// What it shows.
    pub name: String,
    /// Where the expected value comes from.
    pub source: String,
    keys: Vec<KeyEntry>,
    today: u32,
    domains: Vec<String>,
    separator: char,
    hash_length: u8,
    always_rewrite: bool,
    /// The sender as it comes.
    pub address: String,
    /// The sender as it leaves; `None` when it is refused.
    pub rewritten: Option<String>,
    #[serde(default)]
    error: bool,
}

impl Forward {
    /// The keyring.
    pub fn keys(&self) -> Vec<Key> {
        KeyEntry::srs(&self.keys)
    }

    /// The day of forwarding.
    pub fn today(&self) -> Day {
        day(self.today)
    }

    /// The domains of ours.
    pub fn domains(&self) -> Vec<Domain<'_>> {
        domains(&self.domains)
    }

    /// How to rewrite into `domains`.
    ///
    /// # Panics
    /// When the file asks for what cannot be.
    pub fn srs<'d>(&self, domains: &'d [Domain<'d>]) -> Srs<&'d [Domain<'d>]> {
        Srs::new(domains)
            .expect("a domain")
            .with_separator(Separator::new(self.separator).expect("a separator"))
            .with_hash_length(self.hash_length, self.hash_length)
            .expect("a hash length")
            .with_always_rewrite(self.always_rewrite)
    }

    /// The address that is expected, or `None` for a refusal.
    ///
    /// # Panics
    /// When the file expects both.
    pub fn expected(&self) -> Option<String> {
        assert_ne!(self.error, self.rewritten.is_some(), "{}: either an error or an address", self.name);
        self.rewritten.clone()
    }
}

/// An address to restore.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reverse {
    /// What it shows.
    pub name: String,
    /// Where the expected value comes from.
    pub source: String,
    keys: Vec<KeyEntry>,
    today: u32,
    domains: Vec<String>,
    hash_minimum: u8,
    max_age: u16,
    /// The address as it comes.
    pub rewritten: String,
    /// The verdict.
    pub verdict: String,
    /// The address to go on with.
    pub address: Option<String>,
}

impl Reverse {
    /// The keyring.
    pub fn keys(&self) -> Vec<Key> {
        KeyEntry::srs(&self.keys)
    }

    /// The day of reversing.
    pub fn today(&self) -> Day {
        day(self.today)
    }

    /// The domains of ours.
    pub fn domains(&self) -> Vec<Domain<'_>> {
        domains(&self.domains)
    }

    /// How to reverse for `domains`.
    ///
    /// # Panics
    /// When the file asks for what cannot be.
    pub fn srs<'d>(&self, domains: &'d [Domain<'d>]) -> Srs<&'d [Domain<'d>]> {
        Srs::new(domains)
            .expect("a domain")
            .with_hash_length(HASH_MAXIMUM, self.hash_minimum)
            .expect("a hash length")
            .with_max_age(self.max_age)
            .expect("an age")
    }
}

fn domains(texts: &[String]) -> Vec<Domain<'_>> {
    texts.iter().map(|text| Domain::parse(text).expect("a domain")).collect()
}

named!(Forward, Reverse);

/// Reads the file.
pub fn vectors() -> Vectors {
    read("srs.json", include_str!("../../vectors/srs.json"))
}
