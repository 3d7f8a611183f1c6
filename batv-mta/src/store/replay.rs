//! Tags that are replayed.

use batv_core::{Mailbox, fingerprint};
use batv_store::counter;

use super::Wait;
use crate::settings::Settings;

const DAY_SECONDS: u64 = 86_400;

/// Counts a bounce to a recipient with a good tag; returns whether there were too many. `mailbox` is the recipient
/// without its tag, which is valid for `days_left` more days.
pub(crate) fn is_replayed(
    tagged: &Mailbox<'_>,
    mailbox: &Mailbox<'_>,
    days_left: u32,
    settings: &Settings,
    wait: &Wait,
) -> bool {
    let most = settings.config().store.bounces_per_tag;
    if most == 0 || !settings.store().is_there() {
        return false;
    }
    let Some(key) = fingerprint::signing_key(settings.keys(), mailbox) else { return false };
    let days = u64::from(days_left) + 1;
    let operation = counter::bounce(key, tagged, super::now() + days * DAY_SECONDS);
    let answers = settings.store().ask(vec![operation], wait);
    answers.as_deref().and_then(<[_]>::first).is_some_and(|answer| counter::is_replayed(answer, most))
}
