//! `prvs.json`: tags of our own senders.

use batv_core::tag::{Delimiter, Form};
use batv_core::{Day, Key, Lifetime};
use serde::Deserialize;

use super::{KeyEntry, Secret, day, form, named, read};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vectors {
    /// For people.
    pub comment: Vec<String>,
    /// Addresses to tag.
    pub sign: Vec<Sign>,
    /// Tags to judge.
    pub verify: Vec<Verify>,
}

/// An address to tag.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sign {
    /// What it shows.
    pub name: String,
    /// Where the expected value comes from.
    pub source: String,
    algorithm: String,
    secret: Secret,
    key_id: u8,
    today: u32,
    lifetime: u32,
    form: String,
    delimiter: char,
    /// The address as it comes.
    pub address: String,
    /// The address as it leaves; `None` when it is refused.
    pub tagged: Option<String>,
    /// The last day on which the tag is valid; `None` when there is no tag.
    pub expires: Option<u32>,
    #[serde(default)]
    error: bool,
}

impl Sign {
    /// The key, whose lifetime is the one asked for.
    pub fn key(&self) -> Key {
        let entry = KeyEntry {
            id: self.key_id,
            algorithm: self.algorithm.clone(),
            secret: self.secret.clone(),
            state: "signing".to_owned(),
            lifetime: Some(self.lifetime),
            created: None,
            domains: Vec::new(),
        };
        KeyEntry::batv(&[entry]).remove(0)
    }

    /// The lifetime asked for.
    ///
    /// # Panics
    /// When the file holds none that can be.
    pub fn lifetime(&self) -> Lifetime {
        Lifetime::new(self.lifetime).expect("a lifetime")
    }

    /// The day of signing.
    pub fn today(&self) -> Day {
        day(self.today)
    }

    /// The form of the tag.
    ///
    /// # Panics
    /// When the file holds none that can be.
    pub fn form(&self) -> Form {
        form(&self.form, Delimiter::new(self.delimiter).expect("a delimiter"))
    }

    /// The address and the day that are expected, or `None` for a refusal.
    ///
    /// # Panics
    /// When the file expects both.
    pub fn expected(&self) -> Option<(String, Option<u32>)> {
        assert_ne!(self.error, self.tagged.is_some(), "{}: either an error or an address", self.name);
        Some((self.tagged.clone()?, self.expires))
    }
}

/// A tag to judge.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Verify {
    /// What it shows.
    pub name: String,
    /// Where the expected value comes from.
    pub source: String,
    keys: Vec<KeyEntry>,
    today: u32,
    /// The address as it comes.
    pub tagged: String,
    /// The verdict, or `malformed`.
    pub verdict: String,
    /// The address without the tag.
    pub address: Option<String>,
    /// The key id that the tag names.
    pub key_id: Option<u8>,
    /// The last day on which the tag is valid, where the MAC is right.
    pub expires: Option<u32>,
    /// Days until then, where the MAC is right.
    pub days_left: Option<i32>,
}

impl Verify {
    /// The keyring.
    pub fn keys(&self) -> Vec<Key> {
        KeyEntry::batv(&self.keys)
    }

    /// The day of judgement.
    pub fn today(&self) -> Day {
        day(self.today)
    }
}

named!(Sign, Verify);

/// Reads the file.
pub fn vectors() -> Vectors {
    read("prvs.json", include_str!("../../vectors/prvs.json"))
}
