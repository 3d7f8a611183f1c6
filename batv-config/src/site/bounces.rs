//! The section `bounces`.

use serde::Deserialize;

use crate::site::mailboxes::Mailboxes;
use crate::site::text;

/// Bounces that the site sends itself, for mail that it accepted and cannot deliver.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Bounces {
    /// Names under which the servers of the site write Authentication-Results (RFC 8601 §2.5).
    pub authserv_ids: Vec<String>,
    /// Whether mail whose sender nothing proves gets `NOTIFY=NEVER` (RFC 3461 §4.1).
    pub never_to_unproved: bool,
    /// Domains that get bounces without proof.
    pub allowed: Mailboxes,
    /// Domains whose ARC seals are trusted (RFC 8617).
    #[serde(deserialize_with = "text::domains")]
    pub trusted_sealers: Vec<String>,
}
