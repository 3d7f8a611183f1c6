//! Addresses and patterns as their texts.

#[cfg(feature = "alloc")]
use alloc::string::String;

#[cfg(feature = "alloc")]
use serde_core::{Deserialize, Deserializer};
use serde_core::{Serialize, Serializer};

#[cfg(feature = "alloc")]
use super::owned::MailboxBuf;
use super::{Domain, Mailbox, Path, Pattern};
#[cfg(feature = "alloc")]
use crate::serde_text;

impl Serialize for Path<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Mailbox<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Domain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<T: AsRef<str>> Serialize for Pattern<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "alloc")]
impl Serialize for MailboxBuf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "alloc")]
impl<'de> Deserialize<'de> for MailboxBuf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "a mailbox")
    }
}

#[cfg(feature = "alloc")]
impl<'de> Deserialize<'de> for Pattern<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "a domain or a mailbox")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_their_texts() {
        let alice = MailboxBuf::try_from("Alice@Example.COM").unwrap();
        let text = r#""Alice@example.com""#;
        assert_eq!(serde_json::to_string(&alice).unwrap(), text);
        assert_eq!(serde_json::to_string(&alice.as_mailbox()).unwrap(), text);
        assert_eq!(serde_json::from_str(text).ok(), Some(alice));
        assert_eq!(serde_json::to_string(&Path::Null).unwrap(), r#""<>""#);
        let pattern: Pattern<String> = serde_json::from_str(r#""example.com""#).unwrap();
        assert_eq!(serde_json::to_string(&pattern).unwrap(), r#""example.com""#);
        assert!(serde_json::from_str::<MailboxBuf>(r#""alice""#).is_err());
    }
}
