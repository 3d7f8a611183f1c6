//! The section `messages`.

use alloc::collections::BTreeMap;
use core::str::FromStr;
use std::path::PathBuf;

use batv_core::Day;
use serde::{Deserialize, Deserializer};

use crate::site::mailboxes::Mailboxes;
use crate::site::text;
use crate::site::verify::{day, scoped};

/// Checks of whole messages, for which the envelope alone is not conclusive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Messages {
    /// Whether messages with a null reverse-path are read to their end.
    pub judge: bool,
    /// Whether messages from the address of a program, such as `MAILER-DAEMON@…`, are read as well.
    pub daemon_senders: bool,
    /// Whether mail that leaves gets a mark and an envelope id.
    pub mark: bool,
    /// First day on which all mail had a mark.
    #[serde(deserialize_with = "day")]
    pub marked_since: Option<Day>,
    /// Domains of outbound mail hosts, besides the protected domains.
    #[serde(deserialize_with = "text::domains")]
    pub hosts: Vec<String>,
    /// DKIM keys of the site.
    pub dkim_keys: Vec<DkimKey>,
    /// Authors (From) in whose names a mailbox or domain sends, and gets the bounces.
    #[serde(deserialize_with = "identities")]
    pub identities: BTreeMap<String, Mailboxes>,
    /// Recipients of reports on DMARC, TLS and abuse.
    pub report_recipients: Mailboxes,
    /// Whether a read receipt that proves nothing is held as a bounce is.
    pub hold_receipts: bool,
    /// Whether a disproved bounce is refused also where it has a reverse-path.
    pub reject_daemon_senders: bool,
    /// Whether a bounce without a tag is refused also where nothing tells whose message it returns.
    pub reject_unverified: bool,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            judge: true,
            daemon_senders: false,
            mark: true,
            marked_since: None,
            hosts: Vec::new(),
            dkim_keys: Vec::new(),
            identities: BTreeMap::new(),
            report_recipients: Mailboxes::default(),
            hold_receipts: false,
            reject_daemon_senders: false,
            reject_unverified: false,
        }
    }
}

fn identities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Mailboxes>, D::Error> {
    scoped(deserializer)
}

/// File of a public DKIM key: `domain:selector:/path`.
///
/// ```
/// use batv_config::site::DkimKey;
///
/// let key: DkimKey = "example.com:mail:/etc/dkim/mail.txt".parse()?;
/// assert_eq!(key.selector, "mail");
/// assert!("example.com:mail.txt".parse::<DkimKey>().is_err());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DkimKey {
    /// Signing domain (`d=`).
    pub domain: String,
    /// Selector (`s=`).
    pub selector: String,
    /// File of the key: its DNS record, or PEM.
    pub path: PathBuf,
}

impl FromStr for DkimKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut pieces = text.splitn(3, ':');
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some(domain), Some(selector), Some(path)) if path.starts_with('/') => {
                Ok(Self { domain: domain.to_owned(), selector: selector.to_owned(), path: path.into() })
            }
            _ => Err("a DKIM key is `domain:selector:/path`"),
        }
    }
}

impl<'de> Deserialize<'de> for DkimKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::parsed(deserializer)
    }
}
