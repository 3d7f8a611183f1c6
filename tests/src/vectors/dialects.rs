//! `dialects.json`: everybody's tags, and what stands inside of them.

use alloc::collections::BTreeMap;

use serde::Deserialize;

use super::{named, read};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vectors {
    /// For people.
    pub comment: Vec<String>,
    /// What each dialect is made for, by its name.
    pub kinds: BTreeMap<String, Kind>,
    /// Addresses to unwrap.
    pub cases: Vec<Unwrap>,
}

/// What a dialect is made for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the tests match on it")]
pub enum Kind {
    /// To prove bounces to a sender in its own domain.
    BounceTag,
    /// To forward the mail of others.
    Rewriting,
}

/// An address to unwrap.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Unwrap {
    /// What it shows.
    pub name: String,
    /// Where it was seen.
    pub source: String,
    /// The address as it comes.
    pub address: String,
    /// Every tag that identity mode finds, from the outermost inwards.
    pub layers: Vec<Layer>,
    /// The last address recovered in identity mode.
    pub identity: Option<String>,
    /// Every tag that strict mode finds.
    pub strict_layers: Vec<Layer>,
    /// The last address recovered in strict mode.
    pub strict: Option<String>,
}

/// One tag.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the tests make their own to compare with")]
pub struct Layer {
    /// The kind of the tag.
    pub dialect: String,
    /// What stands inside; `None` when it is opaque.
    pub address: Option<String>,
}

named!(Unwrap);

/// Reads the file.
pub fn vectors() -> Vectors {
    read("dialects.json", include_str!("../../vectors/dialects.json"))
}
