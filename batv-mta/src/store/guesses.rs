//! Clients that may be guessing tags.

use core::net::IpAddr;

use batv_core::Mailbox;
use batv_store::guesses::{Guesses, Limits};

use super::{Wait, counting_key};
use crate::settings::Settings;

/// Whether a client is deferred, whatever it brings. A wrong tag of one that isn't is counted.
pub(crate) fn are_too_many(
    client: Option<IpAddr>,
    mailbox: &Mailbox<'_>,
    is_wrong: bool,
    settings: &Settings,
    wait: &Wait,
) -> bool {
    let limits = &settings.config().limits;
    let limits = Limits { per_network: limits.wrong_tags_per_network, per_mailbox: limits.wrong_tags_per_mailbox };
    if !settings.store().is_there() || limits == (Limits { per_network: 0, per_mailbox: 0 }) {
        return false;
    }
    let Some(key) = counting_key(settings) else { return false };
    let guesses = Guesses::of(key, client, mailbox, super::now());
    let ask = |operations| settings.store().ask(operations, wait);
    ask(guesses.look()).is_some_and(|before| {
        guesses.are_too_many(&before, &limits)
            || is_wrong && ask(guesses.add()).is_some_and(|counted| guesses.were_too_many(&counted, &limits))
    })
}
