//! `mark.json`: marks in a header field, and as envelope ids.

use batv_core::{Day, Key, Mailbox};
use serde::Deserialize;

use super::{KeyEntry, day, named, read};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vectors {
    /// For people.
    pub comment: Vec<String>,
    /// Messages to mark.
    pub make: Vec<Make>,
    /// Header values to judge.
    pub verify: Vec<Verify>,
    /// Envelope ids to judge.
    pub verify_envelope_id: Vec<VerifyEnvelopeId>,
}

/// A message to mark.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Make {
    /// What it shows.
    pub name: String,
    /// Where the expected values come from.
    pub source: String,
    keys: Vec<KeyEntry>,
    today: u32,
    address: String,
    /// The value of its Message-ID field.
    pub message_id: String,
    /// The value of the header field; `None` when there is no mark.
    pub mark: Option<String>,
    /// The envelope id; `None` when there is no mark.
    pub envelope_id: Option<String>,
}

/// A header value to judge.
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
    address: String,
    /// The value of the returned Message-ID field.
    pub message_id: String,
    /// The value of the returned header field.
    pub mark: String,
    /// The verdict.
    pub verdict: String,
}

/// An envelope id to judge.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VerifyEnvelopeId {
    /// What it shows.
    pub name: String,
    /// Where the expected value comes from.
    pub source: String,
    keys: Vec<KeyEntry>,
    today: u32,
    address: String,
    /// The envelope id that the report names.
    pub envelope_id: String,
    /// The verdict.
    pub verdict: String,
}

macro_rules! asked {
    ($($case:ty),+) => {
        $(impl $case {
            /// The keyring.
            pub fn keys(&self) -> Vec<Key> {
                KeyEntry::batv(&self.keys)
            }

            /// The reverse-path without tag.
            ///
            /// # Panics
            /// When the file holds none that can be read.
            pub fn reverse_path(&self) -> Mailbox<'_> {
                Mailbox::parse(&self.address).expect("a mailbox")
            }

            /// The day of the question.
            pub fn today(&self) -> Day {
                day(self.today)
            }
        })+
    };
}
asked!(Make, Verify, VerifyEnvelopeId);
named!(Make, Verify, VerifyEnvelopeId);

/// Reads the file.
pub fn vectors() -> Vectors {
    read("mark.json", include_str!("../../vectors/mark.json"))
}
