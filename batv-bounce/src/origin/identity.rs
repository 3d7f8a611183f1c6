//! Senders and Message-IDs of a returned message.

use crate::read::header::fields;
use crate::read::mailboxes::ascii;
use crate::record::original::Original;

/// The most Message-IDs of a returned header that are looked at.
const MOST_MESSAGE_IDS: usize = 5;

/// Message-IDs that a mark may cover: gateways add others, and comments.
pub(super) fn message_ids(original: &Original<'_>) -> Vec<String> {
    let mut message_ids = Vec::new();
    for field in fields(&original.header).filter(|field| field.is("Message-ID")).take(MOST_MESSAGE_IDS) {
        let text = field.text();
        let alone = text.find('<').and_then(|start| Some(text[start..=start + text[start..].find('>')?].to_owned()));
        message_ids.extend(alone.filter(|alone| *alone != text));
        message_ids.push(text);
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
        let sender = if field.is("Return-Path") || field.is("X-Envelope-From") || field.is("X-Envelope-Sender") {
            Some(in_brackets(&text))
        } else if field.is("From") || field.is("Sender") || field.is("Reply-To") {
            text.rsplit_once('<').map_or(Some(text.trim()), |(_, mailbox)| mailbox.split('>').next())
        } else if field.is("Received") {
            // Of Exim and others: `(envelope-from <alice@example.com>)`.
            text.split_once("envelope-from").map(|(_, rest)| in_brackets(rest.trim_start_matches(['=', ' '])))
        } else {
            None
        };
        if let Some(sender) = sender.filter(|sender| sender.contains('@') && senders.len() < MOST) {
            senders.push(ascii(sender.trim()).into_owned());
        }
    }
    senders.dedup();
    senders
}

fn in_brackets(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix('<') {
        Some(rest) => rest.split('>').next().unwrap_or_default(),
        None => text.split([' ', ')', ';', ',']).next().unwrap_or_default(),
    }
}
