//! The section `limits`.

use serde::{Deserialize, Deserializer, de};

/// Limits on messages, clients and connections.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Octets that are kept of a message that is judged.
    #[serde(deserialize_with = "positive")]
    pub message_octets: usize,
    /// Octets that all messages and requests under way may hold together; more are deferred.
    #[serde(deserialize_with = "positive")]
    pub total_octets: usize,
    /// MIME parts that are read of a message that is judged.
    #[serde(deserialize_with = "positive")]
    pub parts: usize,
    /// Recipients of one message; more are deferred.
    #[serde(deserialize_with = "positive")]
    pub recipients: usize,
    /// Bounces a minute from one network; more are deferred. 0 for any number.
    pub bounces_per_minute: u32,
    /// Wrong tags a day from one network, after which its clients that brought some are deferred. 0 for any number.
    pub wrong_tags_per_network: u32,
    /// Wrong tags a day to one mailbox, after which clients that brought some are deferred there. 0 for any number.
    pub wrong_tags_per_mailbox: u32,
    /// Connections at a time, of all listeners for mail servers; each has an equal share, and more wait.
    #[serde(deserialize_with = "positive")]
    pub connections: usize,
    /// Seconds that a connection may be idle after an answered request.
    #[serde(deserialize_with = "positive")]
    pub idle_seconds: u64,
    /// Seconds that a connection has for its first request, to complete a request, and to take an answer.
    #[serde(deserialize_with = "positive")]
    pub request_seconds: u64,
    /// Seconds that messages under way have to end when the daemon stops.
    pub drain_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_octets: 1024 * 1024,
            total_octets: 256 * 1024 * 1024,
            parts: 10_000,
            recipients: 10_000,
            bounces_per_minute: 600,
            wrong_tags_per_network: 50,
            wrong_tags_per_mailbox: 200,
            connections: 20_000,
            idle_seconds: 3600,
            request_seconds: 30,
            drain_seconds: 30,
        }
    }
}

/// Number that may not be 0.
pub(super) fn positive<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default + PartialEq>(
    deserializer: D,
) -> Result<T, D::Error> {
    let number = T::deserialize(deserializer)?;
    if number == T::default() {
        return Err(de::Error::custom("with 0 nobody would be served: at least 1 is needed"));
    }
    Ok(number)
}
