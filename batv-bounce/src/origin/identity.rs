//! Senders and Message-IDs of a returned message.

use batv_core::MailboxBuf;

use crate::read::header::{Field, fields};
use crate::read::mailboxes::ascii;
use crate::read::message::authors;
use crate::record::original::Original;

/// The most Message-IDs of a returned header that are looked at.
const MOST_MESSAGE_IDS: usize = 5;

/// The most octets of a Message-ID: it stands on one line (RFC 5322 §2.1.1).
pub(super) const MOST_ID_OCTETS: usize = 998;

/// Message-IDs that a mark may cover: gateways add others, and comments. Those that are too long are none.
pub(super) fn message_ids(original: &Original<'_>) -> Vec<String> {
    let mut message_ids = Vec::new();
    for field in fields(&original.header).filter(|field| field.is("Message-ID")).take(MOST_MESSAGE_IDS) {
        let text = field.text();
        let alone = text.find('<').and_then(|start| Some(&text[start..=start + text[start..].find('>')?]));
        let both = alone.filter(|alone| *alone != text).into_iter().chain([&*text]);
        message_ids.extend(both.filter(|message_id| message_id.len() <= MOST_ID_OCTETS).map(str::to_owned));
    }
    if message_ids.is_empty() {
        message_ids.push(String::new());
    }
    message_ids
}

/// Possible envelope senders and authors of the original.
pub(super) fn senders(original: &Original<'_>) -> Vec<String> {
    const MOST: usize = 8;
    let mut senders: Vec<String> = Vec::new();
    for field in fields(&original.header) {
        let text = field.text();
        let sender = if field.is("From") || field.is("Sender") || field.is("Reply-To") {
            text.rsplit_once('<').map_or(Some(text.trim()), |(_, mailbox)| mailbox.split('>').next())
        } else {
            envelope_sender(&field, &text)
        };
        if let Some(sender) = sender.filter(|sender| sender.contains('@') && senders.len() < MOST) {
            senders.push(ascii(sender.trim()).into_owned());
        }
    }
    senders.dedup();
    senders
}

/// Envelope sender that a field names, which has this text.
pub(super) fn envelope_sender<'t>(field: &Field<'_>, text: &'t str) -> Option<&'t str> {
    if field.is("Return-Path") || field.is("X-Envelope-From") || field.is("X-Envelope-Sender") {
        return Some(in_brackets(text));
    }
    // Of Exim and others: `(envelope-from <alice@example.com>)`.
    let (_, rest) = text.split_once("envelope-from").filter(|_| field.is("Received"))?;
    Some(in_brackets(rest.trim_start_matches(['=', ' '])))
}

/// Author of a message with this header: the one mailbox of its one From field.
///
/// ```
/// let header = b"Subject: hello\nFrom: Alice <alice@example.com>\n";
/// assert_eq!(batv_bounce::author(header).map(|author| author.to_string()).as_deref(), Some("alice@example.com"));
/// assert_eq!(batv_bounce::author(b"From: alice@example.com, bob@example.com\n"), None);
/// ```
#[must_use]
pub fn author(header: &[u8]) -> Option<MailboxBuf> {
    let mut from = fields(header).filter(|field| field.is("From"));
    let (field, None) = (from.next()?, from.next()) else { return None };
    match &authors(field)[..] {
        [(_, address)] => MailboxBuf::parse(&*ascii(address)).ok(),
        _ => None,
    }
}

fn in_brackets(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix('<') {
        Some(rest) => rest.split('>').next().unwrap_or_default(),
        None => text.split([' ', ')', ';', ',']).next().unwrap_or_default(),
    }
}
