//! Whether a client may be guessing tags.

use core::net::IpAddr;

use batv_core::{Key, KeyState, KeyUse, Mailbox};
use batv_store::guesses::{Guesses, Limits};

use super::Wait;
use crate::settings::Settings;

/// Counts a tag that was wrong, and says whether this client is put off, whatever this one is.
pub(crate) fn are_too_many(
    client: Option<IpAddr>,
    mailbox: &Mailbox<'_>,
    is_wrong: bool,
    settings: &Settings,
    wait: &Wait,
) -> bool {
    let limits = &settings.config().limits;
    let limits = Limits { per_network: limits.wrong_tags_per_network, per_mailbox: limits.wrong_tags_per_mailbox };
    if !settings.memory().is_there() || limits == (Limits { per_network: 0, per_mailbox: 0 }) {
        return false;
    }
    // Networks guess for mailboxes of all keys.
    let signs = |key: &&Key| matches!(key.key_use(), KeyUse::Batv(_)) && key.state() == KeyState::Signing;
    let Some(key) = settings.keys().iter().find(signs) else { return false };
    let guesses = Guesses::of(key, client, mailbox, super::now());
    let answers = settings.memory().ask(guesses.operations(is_wrong), wait);
    answers.is_some_and(|answers| guesses.are_too_many(&answers, is_wrong, &limits))
}
