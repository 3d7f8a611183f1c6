//! The section `srs`.

use batv_core::srs::{DEFAULT_MAX_AGE, HASH_MINIMUM, Separator};
use serde::{Deserialize, Deserializer, de};

use crate::site::text;

/// Forwarded mail: SRS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Forwarded {
    /// Domains of SRS addresses, the first for new ones.
    pub domains: Vec<String>,
    /// Mail that may go to an SRS address.
    #[serde(deserialize_with = "reverse_for")]
    pub reverse_for: ReverseFor,
    /// The mail server's names (`{rcpt_mailer}`) for mail that leaves it: Postfix's transports, Sendmail's mailers. A foreign
    /// sender is rewritten when one of them delivers a recipient.
    pub mailers: Vec<String>,
    /// Character after the tag of new addresses.
    #[serde(deserialize_with = "separator")]
    pub separator: Separator,
    /// Characters of the hash in new addresses: 4 to 27.
    pub hash_length: u8,
    /// Fewest characters of a hash that is accepted: 4 to `hash_length`, by default as many as that.
    pub hash_minimum: Option<u8>,
    /// Lifetime of an address in days: 1 to 1000.
    pub max_age: u16,
}

impl Default for Forwarded {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            reverse_for: ReverseFor::Bounces,
            mailers: ["smtp", "esmtp", "smtp8", "dsmtp"].map(str::to_owned).to_vec(),
            separator: Separator::default(),
            hash_length: HASH_MINIMUM,
            hash_minimum: None,
            max_age: DEFAULT_MAX_AGE,
        }
    }
}

batv_core::names! {
    /// Mail that may go to an SRS address.
    #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
    #[expect(clippy::exhaustive_enums, reason = "there is nothing between")]
    pub enum ReverseFor {
        /// Only bounces.
        #[default]
        Bounces = "bounces",
        /// All mail: anyone who has seen an SRS address can relay mail to the address inside it.
        All = "all",
    }
}

fn reverse_for<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReverseFor, D::Error> {
    text::named(deserializer, "choice", str::parse)
}

fn separator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Separator, D::Error> {
    Separator::new(char::deserialize(deserializer)?).map_err(de::Error::custom)
}
