//! Which senders get a tag, and for which letters it is made.

use batv_core::prvs::{self, Signing};
use batv_core::{Algorithm, Day, Error, KeyRing, KeyState, Mailbox};

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
