//! Which senders get a tag, and for which letters it is made.

use batv_core::prvs::{self, Signing};
use batv_core::srs::{Forwarding, Srs};
use batv_core::{Algorithm, Day, Error, KeyRing, KeyState, KeyUse, Mailbox, fingerprint};

use crate::memory::{Wait, alias};
use crate::settings::Settings;

/// The address that a tag is made for, where it is another. Mail servers look recipients up in lower case, and an
/// `hmac-sha1` key makes another tag for other letters, every key for others beyond ASCII: a genuine bounce would be taken
/// for a forged one. What comes to the same keeps its letters.
pub(crate) fn letters(sender: &Mailbox<'_>, settings: &Settings) -> Option<String> {
    let key = settings.keys().batv_keys(sender).find(|key| key.state() == KeyState::Signing)?;
    let text = sender.to_string();
    (key.algorithm() == Algorithm::HmacSha1 || !text.is_ascii()).then(|| text.to_lowercase())
}

/// Tags a sender, in these letters where they make an address with room for a tag.
pub(crate) fn sign<'a>(
    sender: &Mailbox<'a>,
    letters: Option<&'a str>,
    settings: &Settings,
    today: Day,
) -> Result<Signing<'a>, Error> {
    let sign = |sender: &Mailbox<'a>| prvs::sign(settings.keys(), sender, settings.form(), None, today);
    match letters.map(Mailbox::parse) {
        Some(Ok(letters)) => sign(&letters).or_else(|_| sign(sender)),
        _ => sign(sender),
    }
}

/// Tags a handle in the place of a sender that is too long to be tagged, on behalf of this client.
pub(crate) fn sign_alias(
    sender: &Mailbox<'_>,
    client: &str,
    settings: &Settings,
    today: Day,
    wait: &Wait,
) -> Option<String> {
    let key = fingerprint::signing_key(settings.keys(), sender)?;
    let short = alias::handle(sender, client, key, settings, wait)?.mailbox(sender.domain().as_str());
    let short = Mailbox::parse(&short).ok()?;
    // Where single mailboxes have tags, its bounces would be nobody's.
    if !settings.is_signed(&short) {
        return None;
    }
    match prvs::sign(settings.keys(), &short, settings.form(), None, today) {
        Ok(Signing::Tagged(tagged)) => Some(tagged.to_string()),
        _ => None,
    }
}

/// Rewrites a handle in the place of a sender that SRS makes too long.
pub(crate) fn forward_alias(
    sender: &Mailbox<'_>,
    client: &str,
    srs: &Srs<'_>,
    settings: &Settings,
    today: Day,
    wait: &Wait,
) -> Option<String> {
    let rewrites = |key: &&batv_core::Key| key.key_use() == KeyUse::Srs && key.state() == KeyState::Signing;
    let key = settings.keys().iter().find(rewrites)?;
    let short = alias::handle(sender, client, key, settings, wait)?.srs_mailbox();
    match srs.forward(settings.keys(), &Mailbox::parse(&short).ok()?, today) {
        Ok(Forwarding::Rewritten(rewritten)) => Some(rewritten.to_string()),
        _ => None,
    }
}
