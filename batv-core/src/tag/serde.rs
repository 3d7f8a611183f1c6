//! Verifications as maps.

use serde_core::ser::SerializeStruct;
use serde_core::{Serialize, Serializer};

use crate::tag::verify::Verification;

impl Serialize for Verification<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Verification", 6)?;
        fields.serialize_field("verdict", &self.verdict)?;
        fields.serialize_field("mailbox", &self.mailbox)?;
        fields.serialize_field("form", &self.form)?;
        fields.serialize_field("key_id", &self.key_id)?;
        fields.serialize_field("days_left", &self.days_left)?;
        fields.serialize_field("expires", &self.expires)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::string::ToString;

    use crate::tag::{self, Form};
    use crate::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict};

    #[test]
    fn a_verification_is_a_map() {
        let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").unwrap()];
        let tagged = Mailbox::parse("prvs=0269b1e711=alice@example.com").unwrap();
        let verification = tag::verify(&keys, &tagged, Day::new(18_262).unwrap());
        assert_eq!(
            serde_json::to_string(&verification).unwrap(),
            "{\"verdict\":\"valid\",\"mailbox\":\"alice@example.com\",\"form\":\"prvs\",\"key_id\":0,\
             \"days_left\":7,\"expires\":\"2020-01-08\"}"
        );
    }

    #[test]
    fn what_has_a_name_is_its_name() {
        assert_eq!(serde_json::to_string(&TagVerdict::BadMac).unwrap(), "\"bad-mac\"");
        assert_eq!(serde_json::from_str::<Form>("\"strong\"").unwrap(), Form::Strong);
        let error = serde_json::from_str::<Form>("\"weak\"").unwrap_err().to_string();
        assert!(error.starts_with("unknown name: expected `prvs`, `sub-address` or `strong`"), "{error}");
    }
}
