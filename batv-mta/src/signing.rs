//! The sender of a message that leaves, with a handle where it is too long.

use batv_core::{Day, Key, KeyId, KeyUse, Mailbox, Path};
use batv_policy::{Handling, Outgoing, Sender, Unchanged};
use batv_report::Outcome;

use crate::memory::{Wait, alias};
use crate::settings::Settings;

/// What became of a sender that had to be signed or rewritten.
pub(crate) struct Signed {
    /// The reverse-path that the message leaves with, when it is another.
    pub(crate) address: Option<String>,
    pub(crate) outcome: Outcome,
    /// The key that made the tag.
    pub(crate) key: Option<KeyId>,
    /// Why it has no tag of its own, where it has none.
    pub(crate) why: Option<String>,
}

/// Signs a sender, or a handle in its place, on behalf of the owner of the handle. `None` when it is nothing of ours.
pub(crate) fn sign(
    leaving: &Outgoing<'_>,
    owner: &str,
    settings: &Settings,
    today: Day,
    wait: &Wait,
) -> Option<Signed> {
    let without = |outcome, why: String| Signed { address: None, outcome, key: None, why: Some(why) };
    let sender = settings.site().sender(leaving);
    let signed = match sender.sign(today) {
        Handling::Unchanged(reason @ Unchanged::ExemptRecipient) => without(Outcome::Exempt, reason.to_string()),
        // Only what is forwarded is refused for want of a key.
        Handling::Unchanged(Unchanged::Refused(error)) => without(Outcome::NotForwarded, error.to_string()),
        Handling::TooLong { key, error } => {
            let address = sign_handle(&sender, leaving.reverse_path, owner, key, settings, today, wait);
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
