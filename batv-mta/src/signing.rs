//! Which senders get a tag, and for which letters it is made.

use batv_core::prvs::{self, Signing};
use batv_core::{Algorithm, Day, Error, KeyRing, KeyState, Mailbox};

use crate::settings::Settings;

/// The address that a tag is made for. Mail servers look recipients up in lower case, and an `hmac-sha1` key makes another
/// tag for other letters, every key for others beyond ASCII: a genuine bounce would be taken for a forged one. What comes
/// to the same keeps its letters.
pub(crate) fn letters(sender: &Mailbox<'_>, settings: &Settings) -> String {
    let key = settings.keys().batv_keys(sender).find(|key| key.state() == KeyState::Signing);
    match key.map(batv_core::Key::algorithm) {
        Some(Algorithm::HmacSha256) if sender.to_string().is_ascii() => sender.to_string(),
        _ => sender.to_string().to_lowercase(),
    }
}

/// Tags a sender, in these letters where they make an address with room for a tag.
pub(crate) fn sign<'a>(
    sender: &Mailbox<'a>,
    letters: &'a str,
    settings: &Settings,
    today: Day,
) -> Result<Signing<'a>, Error> {
    let sign = |sender: &Mailbox<'a>| prvs::sign(settings.keys(), sender, settings.form(), None, today);
    match Mailbox::parse(letters) {
        Ok(letters) => sign(&letters).or_else(|_| sign(sender)),
        Err(_) => sign(sender),
    }
}
