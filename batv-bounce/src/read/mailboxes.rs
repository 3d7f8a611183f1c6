//! Mailboxes in the text of fields and parts.

use alloc::borrow::Cow;

use memchr::memchr_iter;

use super::domain::Conversions;

/// The most mailboxes of a text that are looked at.
const MOST: usize = 200;

/// The mailboxes in a text, and where they start.
pub(crate) fn found(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_of_mailbox = |letter: char| letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter);
    memchr_iter(b'@', text.as_bytes()).take(MOST).filter_map(move |at| {
        let start = text[..at].trim_end_matches(is_of_mailbox).len();
        let domain =
            text[at + 1..].trim_start_matches(|letter: char| letter.is_alphanumeric() || "-._".contains(letter));
        let mailbox = text[start..text.len() - domain.len()].trim_end_matches('.');
        (start < at && mailbox.len() > at + 1 - start).then_some((start, mailbox))
    })
}

/// Converts the domain of a mailbox, in brackets or not, to A-labels.
pub(crate) fn ascii(mailbox: &str) -> Cow<'_, str> {
    ascii_within(mailbox, &Conversions::default())
}

/// The same, for one of many mailboxes of a message.
pub(crate) fn ascii_within<'m>(mailbox: &'m str, conversions: &Conversions) -> Cow<'m, str> {
    if mailbox.is_ascii() {
        return Cow::Borrowed(mailbox);
    }
    let Some((local_part, domain)) = mailbox.rsplit_once('@') else { return Cow::Borrowed(mailbox) };
    let (name, bracket) = domain.strip_suffix('>').map_or((domain, ""), |name| (name, ">"));
    match conversions.a_labels(name) {
        Cow::Borrowed(_) => Cow::Borrowed(mailbox),
        Cow::Owned(name) => Cow::Owned(format!("{local_part}@{name}{bracket}")),
    }
}
