//! Key ids as numbers.

use serde_core::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::key::id::KeyId;

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u8::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use crate::KeyId;

    #[test]
    fn a_key_id_is_a_digit() {
        let id = KeyId::new(3).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "3");
        assert_eq!(serde_json::from_str("3").ok(), Some(id));
        assert!(serde_json::from_str::<KeyId>("10").is_err());
    }
}
