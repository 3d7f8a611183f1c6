//! Questions about one address, for mail servers that look addresses up in tables.
//!
//! A table knows no sender. So it answers only for what our own keys made: a forged tag makes no mailbox look known.
//! Who may send to an SRS address is for the milter or the policy service to say.

use batv_core::srs::{Reversal, SrsVerdict};
use batv_core::{Mailbox, Path, TagVerdict, dialect, tag};
use batv_policy::{Outgoing, address};
use tracing::warn;

use crate::memory::Wait;
use crate::memory::alias::{self, Alias};
use crate::settings::Settings;
use crate::signing::{self, Signed};

/// The client for whom a table is asked: it doesn't say.
const LOOKED_UP: &str = "table";

batv_core::names! {
    /// What is asked.
    ///
    /// ```
    /// use batv_mta::lookup::Map;
    ///
    /// assert_eq!("srs-reverse".parse(), Ok(Map::SrsReverse));
    /// ```
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    #[non_exhaustive]
    pub enum Map {
        /// The sender with a tag.
        Sign = "sign",
        /// The recipient without a tag of ours, also one that has expired.
        Verify = "verify",
        /// The address without anybody's tags, which are not judged.
        Unwrap = "unwrap",
        /// The sender for forwarded mail.
        SrsForward = "srs-forward",
        /// The sender of mail that we forwarded.
        SrsReverse = "srs-reverse",
    }
}

/// What a table says.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "Postfix's socketmap_table(5) knows these")]
pub enum Answer {
    /// The address to use instead.
    Found(String),
    /// Leave the address as it is.
    NotFound,
    /// It can't be said now.
    Temporary(String),
    /// It can't be asked.
    Permanent(String),
}

impl Answer {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::NotFound => "not-found",
            Self::Temporary(_) => "temporary",
            Self::Permanent(_) => "permanent",
        }
    }

    /// As the protocols write it, but for what they say when nothing is found.
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
/// What is no address is not found: an error here would put off mail that has nothing to do with us.
///
/// ```
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::lookup::{Answer, Map, look_up};
/// use batv_mta::settings::Settings;
///
/// let settings = Settings::new(Config::default(), Keyring::parse("")?)?;
/// let unwrapped = look_up(Map::Unwrap, b"prvs=0787f93fc2=alice@example.com", &settings);
/// assert_eq!(unwrapped, Answer::Found("alice@example.com".to_owned()));
/// assert_eq!(look_up(Map::Verify, b"prvs=0787f93fc2=alice@example.com", &settings), Answer::NotFound);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn look_up(map: Map, key: &[u8], settings: &Settings) -> Answer {
    let answer = find(map, key, settings);
    settings.metrics().count_lookup(map.as_str(), answer.as_str());
    answer
}

fn find(map: Map, key: &[u8], settings: &Settings) -> Answer {
    // Postfix writes the null reverse-path as two quotes where it looks a sender up.
    let Ok(key) = address::reverse_path(key) else { return Answer::NotFound };
    let Ok(path @ Path::Mailbox(mailbox)) = Path::parse(key.as_ref()) else { return Answer::NotFound };
    let today = match settings.today() {
        Ok(today) => today,
        Err(error) => return Answer::Temporary(error.to_string()),
    };
    let wait = Wait::new(settings);
    let found = |mailbox: Mailbox<'_>| match alias::resolve(&mailbox, settings, &wait) {
        Alias::Of(sender) => Answer::Found(sender),
        Alias::Unanswered => Answer::Temporary("the store doesn't say whom this stands for".to_owned()),
        Alias::No | Alias::Forgotten => Answer::Found(mailbox.to_string()),
    };
    let sign = |leaving| {
        let signed = signing::sign(&leaving, LOOKED_UP, settings, today, &wait);
        if let Some(Signed { address: None, why: Some(why), .. }) = &signed {
            warn!(from = %mailbox, reason = %why, "left untagged");
        }
        signed.and_then(|signed| signed.address).map_or(Answer::NotFound, Answer::Found)
    };
    match map {
        Map::Sign => sign(Outgoing { originates: true, ..Outgoing::new(path) }),
        Map::SrsForward => sign(Outgoing { is_forwarded: true, ..Outgoing::new(path) }),
        Map::Verify => match tag::verify(settings.keys(), &mailbox, today) {
            verified if matches!(verified.verdict, TagVerdict::Valid | TagVerdict::Expired) => found(verified.mailbox),
            _ => Answer::NotFound,
        },
        Map::Unwrap => dialect::unwrap(&mailbox, dialect::Strictness::Strict)
            .filter_map(|layer| layer.mailbox)
            .last()
            .map_or(Answer::NotFound, found),
        Map::SrsReverse => match settings.site().reverse(&mailbox, today) {
            Some(Reversal { verdict: SrsVerdict::Valid, mailbox: Some(sender), .. }) => found(sender),
            _ => Answer::NotFound,
        },
    }
}
