//! The section `replies`.

use core::fmt;

use batv_core::envelope::ReplyName;
use batv_policy::Replies;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::nearest::nearest;
use crate::site::text;

/// Reads the texts of SMTP replies. A wrong one gets the position of its text.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Replies, D::Error> {
    deserializer.deserialize_map(Texts)
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Replies;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of replies")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Replies, A::Error> {
        let mut replies = Replies::default();
        while let Some(name) = map.next_key_seed(Name)? {
            map.next_value_seed(Text { name: &name, replies: &mut replies })?;
        }
        Ok(replies)
    }
}

/// Name of a reply, or `url`.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        text::read(deserializer, |name| {
            if name == "url" {
                return Ok(name.to_owned());
            }
            name.parse::<ReplyName>().map(|_| name.to_owned()).map_err(|unknown| {
                let near = nearest(name, ReplyName::NAMES.iter().copied().chain(["url"]));
                let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                format!("unknown reply `{name}`: {hint}{unknown:#}, or `url`")
            })
        })
    }
}

struct Text<'t> {
    name: &'t str,
    replies: &'t mut Replies,
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        text::read(deserializer, |text| self.replies.set(self.name, text))
    }
}
