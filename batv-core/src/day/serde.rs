//! Days as dates, lifetimes as numbers of days.

use serde_core::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Day, Lifetime};
use crate::serde_text;

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "a date such as `2026-11-23`")
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.days())
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_date_and_a_lifetime_its_days() {
        let today = Day::new(20_780).unwrap();
        assert_eq!(serde_json::to_string(&(today, Lifetime::default())).unwrap(), r#"["2026-11-23",7]"#);
        assert_eq!(serde_json::from_str(r#"["2026-11-23",7]"#).ok(), Some((today, Lifetime::default())));
        let error = serde_json::from_str::<Day>(r#""2026-02-29""#).unwrap_err();
        assert!(alloc::format!("{error}").starts_with("invalid date: write it as `2026-11-23`"), "{error}");
        assert!(serde_json::from_str::<Lifetime>("181").is_err());
    }
}
