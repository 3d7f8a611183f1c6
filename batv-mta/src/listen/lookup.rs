//! Lookups of one address, for mail servers with address tables.
//!
//! A table lookup names no sender, so it answers only for addresses that our own keys made: a forged tag makes no mailbox
//! look valid. The milter or the policy service decides which mail an SRS address takes.

use batv_core::srs::{Reversal, SrsVerdict};
use batv_core::{Mailbox, Path, TagVerdict, dialect, tag};
use batv_policy::{Outgoing, address};
use tracing::warn;

use crate::log::word;
use crate::settings::Settings;
use crate::store::Wait;
use crate::store::alias::{self, Alias};
use crate::transaction::signing::{self, Signed};

/// Owner of the handles made for lookups, which name no client.
const OWNER: &str = "table";

batv_core::names! {
    /// A table.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub(crate) enum Map {
        /// Sender with a tag.
        Sign = "sign",
        /// Recipient without our tag, valid or expired.
        Verify = "verify",
        /// Address without any tags, which are not verified.
        Unwrap = "unwrap",
        /// SRS address for the sender of forwarded mail.
        SrsForward = "srs-forward",
        /// Sender behind our SRS address.
        SrsReverse = "srs-reverse",
    }
}

/// Result of a lookup, as in socketmap_table(5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LookupReply {
    /// The new address.
    Found(String),
    /// The address stays.
    NotFound,
    /// A temporary error.
    Temporary(String),
    /// A permanent error.
    Permanent(String),
}

impl LookupReply {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::NotFound => "not-found",
            Self::Temporary(_) => "temporary",
            Self::Permanent(_) => "permanent",
        }
    }

    /// The text of the reply; each protocol has its own for "not found".
    pub(crate) fn text(&self, not_found: &str) -> String {
        match self {
            Self::Found(address) => format!("OK {address}"),
            Self::NotFound => not_found.to_owned(),
            Self::Temporary(why) => format!("TEMP {why}"),
            Self::Permanent(why) => format!("PERM {why}"),
        }
    }
}

/// Looks an address up.
///
/// A malformed address is not found: an error here would defer mail that is none of ours.
pub(crate) fn look_up(map: Map, key: &[u8], settings: &Settings) -> LookupReply {
    let answer = find(map, key, settings);
    settings.metrics().count_lookup(map.as_str(), answer.as_str());
    answer
}

fn find(map: Map, key: &[u8], settings: &Settings) -> LookupReply {
    // Postfix looks up the null reverse-path as two quotes.
    let Ok(key) = address::reverse_path(key) else { return LookupReply::NotFound };
    let Ok(path @ Path::Mailbox(mailbox)) = Path::parse(key.as_ref()) else { return LookupReply::NotFound };
    let today = match settings.today() {
        Ok(today) => today,
        Err(error) => return LookupReply::Temporary(error.to_string()),
    };
    let wait = Wait::new(settings.store());
    let found = |mailbox: Mailbox<'_>| match alias::resolve(&mailbox, settings, &wait) {
        Alias::Of(sender) => LookupReply::Found(sender),
        Alias::Unanswered => LookupReply::Temporary("store lookup failed".to_owned()),
        Alias::No | Alias::Forgotten => LookupReply::Found(mailbox.to_string()),
    };
    let sign = |leaving| {
        let signed = signing::sign(&leaving, OWNER, settings, today, &wait);
        if let Some(Signed { address: None, why: Some(why), .. }) = &signed {
            warn!(from = %word(mailbox), reason = %why, "left untagged");
        }
        signed.and_then(|signed| signed.address).map_or(LookupReply::NotFound, LookupReply::Found)
    };
    match map {
        Map::Sign => sign(Outgoing { originates: true, ..Outgoing::new(path) }),
        Map::SrsForward => sign(Outgoing { is_forwarded: true, ..Outgoing::new(path) }),
        Map::Verify => match tag::verify(settings.keys(), &mailbox, today) {
            verified if matches!(verified.verdict, TagVerdict::Valid | TagVerdict::Expired) => found(verified.mailbox),
            _ => LookupReply::NotFound,
        },
        Map::Unwrap => dialect::unwrap(&mailbox, dialect::Strictness::Strict)
            .filter_map(|layer| layer.mailbox)
            .last()
            .map_or(LookupReply::NotFound, found),
        Map::SrsReverse => match settings.site().reverse(&mailbox, today) {
            Some(Reversal { verdict: SrsVerdict::Valid, mailbox: Some(sender), .. }) => found(sender),
            _ => LookupReply::NotFound,
        },
    }
}

#[cfg(test)]
mod tests {
    use batv_config::Keyring;

    use super::*;
    use crate::config::Config;

    #[test]
    fn only_unwrap_takes_off_the_tags_of_others() {
        let settings = Settings::new(Config::default(), Keyring::parse("").expect("a keyring")).expect("settings");
        let tagged = b"prvs=0787f93fc2=alice@example.com";
        assert_eq!(look_up(Map::Unwrap, tagged, &settings), LookupReply::Found("alice@example.com".to_owned()));
        assert_eq!(look_up(Map::Verify, tagged, &settings), LookupReply::NotFound);
        assert_eq!("srs-reverse".parse(), Ok(Map::SrsReverse));
    }
}
