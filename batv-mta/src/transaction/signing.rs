//! The sender of a message that leaves: its tag, or its handle if it is too long for a tag.

use batv_core::{Day, Key, KeyId, KeyUse, Mailbox, Path};
use batv_policy::{Handling, Outgoing, Sender, UnchangedReason};
use batv_report::Outcome;

use crate::settings::Settings;
use crate::store::{Wait, alias};

/// Result of signing or rewriting a sender.
pub(crate) struct Signed {
    /// The new reverse-path. `None` if it stays.
    pub(crate) address: Option<String>,
    pub(crate) outcome: Outcome,
    /// The key that made the tag.
    pub(crate) key: Option<KeyId>,
    /// The reason, if the sender has no tag of its own.
    pub(crate) why: Option<String>,
}

/// Signs or rewrites a sender, or a handle of `owner` in its place. `None` if the sender is not ours.
pub(crate) fn sign(
    outgoing: &Outgoing<'_>,
    owner: &str,
    settings: &Settings,
    today: Day,
    wait: &Wait,
) -> Option<Signed> {
    let without = |outcome, why: String| Signed { address: None, outcome, key: None, why: Some(why) };
    let sender = settings.site().sender(outgoing);
    let signed = match sender.sign(today) {
        Handling::Unchanged(reason @ UnchangedReason::ExemptRecipient) => without(Outcome::Exempt, reason.to_string()),
        // Only forwarded mail is refused for want of a key.
        Handling::Unchanged(UnchangedReason::Refused(error)) => without(Outcome::NotForwarded, error.to_string()),
        Handling::TooLong { key, error } => {
            let address = sign_handle(&sender, outgoing.reverse_path, owner, key, settings, today, wait);
            let outcome = match (key.key_use(), &address) {
                (KeyUse::Srs, Some(_)) => Outcome::Forwarded,
                (KeyUse::Srs, None) => Outcome::NotForwarded,
                (_, Some(_)) => Outcome::Aliased,
                (_, None) => Outcome::Untagged,
            };
            Signed { address, outcome, key: None, why: Some(error.to_string()) }
        }
        handling => {
            let (outcome, key) = match handling {
                Handling::Tagged(tagged) => (Outcome::Tagged, Some(tagged.key_id())),
                Handling::Rewritten(_) => (Outcome::Forwarded, None),
                _ => return None,
            };
            Signed { address: handling.address(), outcome, key, why: None }
        }
    };
    Some(signed)
}

fn sign_handle(
    sender: &Sender<'_, '_>,
    long: Path<'_>,
    owner: &str,
    key: &Key,
    settings: &Settings,
    today: Day,
    wait: &Wait,
) -> Option<String> {
    let long = long.mailbox()?;
    let handle = alias::handle(long, owner, key, settings, wait)?;
    let short = match key.key_use() {
        KeyUse::Srs => handle.srs_mailbox(),
        _ => handle.mailbox(long.domain().as_str()),
    };
    sender.sign_handle(&Mailbox::parse(&short).ok()?, today).address()
}
