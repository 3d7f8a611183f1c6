//! Judgements as maps, replies as their lines.

use serde_core::ser::SerializeStruct;
use serde_core::{Serialize, Serializer};

use super::{Judgement, Reply};

impl Serialize for Reply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Judgement<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Judgement", 7)?;
        fields.serialize_field("verdict", self.verdict.as_str())?;
        fields.serialize_field("reason", self.reason.as_str())?;
        fields.serialize_field("disposition", self.disposition.as_str())?;
        fields.serialize_field("reply", &self.reply)?;
        fields.serialize_field("deliver_to", &self.deliver_to)?;
        fields.serialize_field("mailbox", &self.mailbox)?;
        fields.serialize_field("settled", &self.settled)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use crate::Mailbox;
    use crate::envelope::{Judgement, Mode, OnError};

    #[test]
    fn a_judgement_is_a_map() {
        let alice = Mailbox::parse("alice@Example.com").unwrap();
        let judgement = Judgement::undecided(alice, Mode::Observe, OnError::Tempfail);
        assert_eq!(
            serde_json::to_string(&judgement).unwrap(),
            "{\"verdict\":\"undecided\",\"reason\":\"internal\",\"disposition\":\"accept\",\"reply\":\"250 2.1.5 Recipient ok\",\
             \"deliver_to\":\"alice@example.com\",\"mailbox\":\"alice@example.com\",\"settled\":true}"
        );
    }
}
