//! Which address a tag is made for.

use batv_core::prvs::{self, Signing};
use batv_core::{Day, Error, Mailbox};

use crate::settings::Settings;

/// What [`sign`] makes a tag for. Mail servers look recipients up in lower case, and an `hmac-sha1` key makes another tag
/// for other letters: a genuine bounce would be taken for a forged one.
pub(crate) fn in_lower_case(sender: &Mailbox<'_>) -> String {
    sender.to_string().to_lowercase()
}

/// Tags a sender, in lower case where that is an address with room for a tag.
pub(crate) fn sign<'a>(
    sender: &Mailbox<'a>,
    folded: &'a str,
    settings: &Settings,
    today: Day,
) -> Result<Signing<'a>, Error> {
    let sign = |sender: &Mailbox<'a>| prvs::sign(settings.keys(), sender, settings.form(), None, today);
    match (sign(sender)?, Mailbox::parse(folded)) {
        (Signing::Tagged(tagged), Ok(folded)) => sign(&folded).or(Ok(Signing::Tagged(tagged))),
        (signing, _) => Ok(signing),
    }
}
