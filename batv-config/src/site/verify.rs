//! The section `verify`.

use alloc::collections::BTreeMap;

use batv_core::Day;
use batv_core::envelope::{Mode, Stage};
use serde::{Deserialize, Deserializer, de};

use crate::date;
use crate::site::mailboxes;
use crate::site::text;

/// Treatment of bounces that are not proved.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Verify {
    /// Mode of the site.
    #[serde(deserialize_with = "mode")]
    pub mode: Mode,
    /// Modes of single domains and mailboxes, whose names are in lower case.
    #[serde(deserialize_with = "modes")]
    pub modes: BTreeMap<String, Mode>,
    /// First day on which all mail had a tag.
    #[serde(deserialize_with = "day")]
    pub signing_since: Option<Day>,
    /// Stage at which untagged bounces are refused.
    #[serde(deserialize_with = "stage")]
    pub reject_at: Stage,
}

impl Default for Verify {
    fn default() -> Self {
        Self { mode: Mode::Observe, modes: BTreeMap::new(), signing_since: None, reject_at: Stage::EndOfData }
    }
}

fn mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mode, D::Error> {
    text::named(deserializer, "mode", str::parse)
}

fn stage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stage, D::Error> {
    text::named(deserializer, "stage", str::parse)
}

fn modes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Mode>, D::Error> {
    let modes = BTreeMap::<Scope, ModeOf>::deserialize(deserializer)?;
    Ok(modes.into_iter().map(|(Scope(name), ModeOf(mode))| (name, mode)).collect())
}

/// Domain or mailbox, in lower case.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Scope(pub(super) String);

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |name| Ok::<_, String>(Self(mailboxes::pattern(name)?.as_str().to_ascii_lowercase())))
    }
}

#[derive(Deserialize)]
struct ModeOf(#[serde(deserialize_with = "mode")] Mode);

pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    let date = toml::value::Datetime::deserialize(deserializer)?;
    date::parse(&date.to_string()).map(Some).map_err(de::Error::custom)
}
