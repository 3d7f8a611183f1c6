//! Reversals as maps.

use serde_core::ser::SerializeStruct;
use serde_core::{Serialize, Serializer};

use crate::srs::reverse::Reversal;

impl Serialize for Reversal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Reversal", 2)?;
        fields.serialize_field("verdict", &self.verdict)?;
        fields.serialize_field("mailbox", &self.mailbox)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use crate::srs::Srs;
    use crate::{Day, Key, Mailbox};

    #[test]
    fn a_reversal_is_a_map() {
        let none: [Key; 0] = [];
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let reversal = Srs::new(["example.net"]).unwrap().reverse(&none, &alice, Day::MIN);
        assert_eq!(
            serde_json::to_string(&reversal).unwrap(),
            "{\"verdict\":\"untagged\",\"mailbox\":\"alice@example.com\"}"
        );
    }
}
