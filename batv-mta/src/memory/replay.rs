//! How many bounces came to a tag.

use batv_core::{Day, Mailbox, fingerprint, prvs};
use batv_store::counter;

use super::Wait;
use crate::settings::Settings;

const DAY_SECONDS: u64 = 86_400;

/// Counts a bounce to a recipient with a good tag, and says whether there were too many.
pub(crate) fn is_replayed(tagged: &Mailbox<'_>, settings: &Settings, today: Day, wait: &Wait) -> bool {
    let most = settings.config().store.bounces_per_tag;
    if most == 0 || !settings.memory().is_there() {
        return false;
    }
    let verified = prvs::verify(settings.keys(), tagged, today);
    let Some(key) = fingerprint::signing_key(settings.keys(), &verified.mailbox) else { return false };
    // As long as the tag can come.
    let days = verified.days_left.map_or(0, |days| u64::try_from(days).unwrap_or(0)) + 1;
    let operation = counter::bounce(key, tagged, super::now() + days * DAY_SECONDS);
    let answers = settings.memory().ask(vec![operation], wait);
    answers.as_deref().and_then(<[_]>::first).is_some_and(|answer| counter::is_replayed(answer, most))
}
