//! Handles for senders too long for a tag.

use batv_core::{Key, KeyUse, Mailbox};
use batv_store::Answer;
use batv_store::alias::{self, Handle, Request};
use tracing::warn;

use super::Wait;
use crate::settings::Settings;

const DAY_SECONDS: u64 = 86_400;

/// Handle for a sender, on behalf of a client. `None` when the store gives none.
pub(crate) fn handle(
    sender: &Mailbox<'_>,
    client: &str,
    key: &Key,
    settings: &Settings,
    wait: &Wait,
) -> Option<Handle> {
    let quota = settings.config().store.aliases_per_client;
    if quota == 0 || !settings.store().is_there() {
        return None;
    }
    let days = match key.key_use() {
        KeyUse::Srs => u64::from(batv_core::srs::DEFAULT_MAX_AGE),
        _ => u64::from(key.lifetime().days()),
    };
    let request = Request::new(key, sender, client.as_bytes(), days * DAY_SECONDS).with_quota(quota);
    let answers = settings.store().ask(vec![request.question()], wait)?;
    if let Some(known) = answers.first().and_then(|answer| request.known(answer)) {
        return Some(known);
    }
    let handle = match Handle::random() {
        Ok(handle) => handle,
        Err(error) => {
            warn!("no handle for a sender that is too long: {error}");
            return None;
        }
    };
    let answers = settings.store().ask(request.remember(handle, super::now()), wait)?;
    if answers.iter().any(|answer| matches!(answer, Answer::Done { dropped: 1.. })) {
        settings.metrics().count_limit("aliases_per_client");
    }
    settings.metrics().count_alias();
    Some(handle)
}

/// Sender that an address without its tag or SRS stands for.
#[derive(Debug)]
pub(crate) enum Alias {
    /// The address is no handle.
    No,
    /// Mailbox of the sender.
    Of(String),
    /// The handle is no longer known.
    Forgotten,
    /// The store doesn't answer.
    Unanswered,
}

/// Looks up the sender of a handle.
pub(crate) fn resolve(mailbox: &Mailbox<'_>, settings: &Settings, wait: &Wait) -> Alias {
    let Some(handle) = Handle::of(mailbox).filter(|_| settings.store().is_there()) else { return Alias::No };
    let answers = settings.store().ask(vec![alias::resolve(handle)], wait);
    match answers.as_deref() {
        Some([answer, ..]) => alias::resolved(answer).map_or(Alias::Forgotten, |sender| Alias::Of(sender.to_owned())),
        _ => Alias::Unanswered,
    }
}
