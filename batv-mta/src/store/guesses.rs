//! Clients that may be guessing tags.

use core::net::IpAddr;

use batv_core::Mailbox;
use batv_policy::TagPlace;
use batv_store::counter::{CountingKeys, Subject};
use batv_store::guesses::{Guess, Guesses, Limits};

use super::Wait;
use crate::settings::Settings;

/// Whether a client is deferred, whatever it brings. A wrong tag of one that isn't is counted.
pub(crate) fn are_too_many(
    client: Option<IpAddr>,
    mailbox: &Mailbox<'_>,
    place: TagPlace,
    guess: Guess,
    settings: &Settings,
    wait: &Wait,
) -> bool {
    let limits = &settings.config().limits;
    let limits = Limits { per_network: limits.wrong_tags_per_network, per_mailbox: limits.wrong_tags_per_mailbox };
    if limits == (Limits { per_network: 0, per_mailbox: 0 }) {
        return false;
    }
    let Some(keys) = CountingKeys::of(settings.keys()) else { return false };
    let subject = match place {
        TagPlace::Srs => Subject::domain(mailbox),
        TagPlace::Recipient | TagPlace::Returned => Subject::mailbox(mailbox),
    };
    let guesses = Guesses::of(&keys, client, &subject, super::now());
    guesses.defer(guess, &limits, |operations| settings.store().count(operations, wait))
}
