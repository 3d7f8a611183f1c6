//! The section `verify`.

use alloc::collections::BTreeMap;
use core::fmt;
use core::marker::PhantomData;

use batv_core::Day;
use batv_core::envelope::{Mode, Stage};
use batv_policy::address;
use serde::de::{self, DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

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
    let modes = scoped::<D, ModeOf>(deserializer)?;
    Ok(modes.into_iter().map(|(name, ModeOf(mode))| (name, mode)).collect())
}

/// Reads a table whose keys are domains and mailboxes, each of them once in any spelling.
pub(super) fn scoped<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    deserializer.deserialize_map(Scoped(PhantomData))
}

struct Scoped<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Scoped<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of domains and mailboxes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some(name) = map.next_key_seed(Name(&values))? {
            let value = map.next_value()?;
            values.insert(name, value);
        }
        Ok(values)
    }
}

/// Name of a domain or mailbox that is none of these.
struct Name<'v, T>(&'v BTreeMap<String, T>);

impl<'de, T> DeserializeSeed<'de> for Name<'_, T> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        text::read(deserializer, |text| {
            let name = address::mode_name(&mailboxes::pattern(text)?);
            if self.0.contains_key(&name) {
                return Err(format!("`{text}` is here already, in another spelling"));
            }
            Ok(name)
        })
    }
}

#[derive(Deserialize)]
struct ModeOf(#[serde(deserialize_with = "mode")] Mode);

pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    let date = toml::value::Datetime::deserialize(deserializer)?;
    date::parse(&date.to_string()).map(Some).map_err(de::Error::custom)
}
