//! Whose message it is: the mailboxes of who gets it, of who wrote it, and those in what it shows.

use batv_core::{Mailbox, dialect};
use memchr::memchr_iter;

use crate::message::Message;
use crate::original::Original;

/// Fields that name who gets a message.
const TO: [&str; 5] = ["To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];
/// Fields that name who wrote or sent the message that is returned.
const FROM: [&str; 5] = ["Return-Path", "From", "Sender", "Reply-To", "X-Envelope-From"];
/// The most mailboxes of a text that are looked at.
const MOST: usize = 200;

/// Mailboxes, without tags and in lower case.
pub(crate) struct Mailboxes {
    to: Vec<String>,
    from: Vec<String>,
}

impl Mailboxes {
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let of = |names: &[&str]| {
            let values = names.iter().filter_map(|name| message.field(name)).map(|field| field.text());
            values.flat_map(|value| found(&value).map(|(_, mailbox)| bare(mailbox)).collect::<Vec<_>>()).collect()
        };
        Self { to: of(&TO), from: of(&["From", "Reply-To"]) }
    }

    /// Whether who gets the message wrote what it returns, as far as the two tell.
    pub(crate) fn wrote(&self, original: &Original<'_>) -> bool {
        let authors = FROM.iter().filter_map(|name| original.field(name));
        let authors: Vec<String> =
            authors.flat_map(|value| found(&value).map(|(_, mailbox)| bare(mailbox)).collect::<Vec<_>>()).collect();
        self.to.is_empty() || authors.is_empty() || authors.iter().any(|author| self.to.contains(author))
    }

    /// How a text names a mailbox of somebody else.
    pub(crate) fn others(&self, text: &str) -> Named {
        let is_own = |mailbox: &str| {
            let mailbox = bare(mailbox);
            self.to.contains(&mailbox) || self.from.contains(&mailbox)
        };
        let mut most = Named::No;
        for (at, _) in found(text).filter(|(_, mailbox)| !is_own(mailbox)) {
            most = most.max(named(text, at));
            if most == Named::Listed {
                break;
            }
        }
        most
    }
}

/// How a text names a mailbox, the more as programs list recipients.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Named {
    No,
    Anywhere,
    BehindColon,
    /// At the start of a line.
    Listed,
}

fn named(text: &str, at: usize) -> Named {
    let line = text[..at].rsplit('\n').next().unwrap_or_default();
    let before = line.trim_end_matches(['<', '"', '\'', '(', ' ', '\t', '\u{3000}']);
    let before = before.strip_suffix("mailto:").unwrap_or(before).trim();
    // A line that is quoted is another message's.
    if before.chars().all(|letter| !letter.is_alphanumeric() && letter != '>') {
        Named::Listed
    } else if before.ends_with([':', '\u{ff1a}']) {
        Named::BehindColon
    } else {
        Named::Anywhere
    }
}

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

/// Without the tags that senders bear, which a returned header needn't have.
fn bare(mailbox: &str) -> String {
    let parsed = Mailbox::parse(mailbox).ok();
    let layers = |parsed| dialect::unwrap(parsed, dialect::Strictness::Identity).filter_map(|layer| layer.mailbox);
    let innermost = parsed.as_ref().and_then(|parsed| layers(parsed).last());
    innermost.map_or_else(|| mailbox.to_lowercase(), |mailbox| mailbox.to_string().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Limits;

    fn mailboxes(header: &str) -> Mailboxes {
        Mailboxes::of(&Message::read(header.as_bytes(), &Limits::default()))
    }

    #[test]
    fn tells_who_wrote_what_is_returned() {
        let wrote = |to: &str, header: &str| {
            let bounce = format!(
                "To: {to}\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n{header}\n\n--b--\n"
            );
            let bounce = Message::read(bounce.as_bytes(), &Limits::default());
            Mailboxes::of(&bounce).wrote(&Original::find(&bounce).expect("an original"))
        };
        assert!(wrote("alice@example.com", "From: Alice <ALICE@example.com>"));
        assert!(wrote("prvs=478996872b=alice@example.com", "From: alice@example.com"));
        assert!(wrote(
            "<alice@example.com>",
            "From: news@example.com\nReturn-Path: <alice+prvs=478996872b@example.com>"
        ));
        assert!(wrote("alice@example.com", "Subject: nobody"));
        assert!(wrote("undisclosed-recipients:;", "From: dave@example.org"));
        assert!(!wrote("alice@example.com", "From: dave@example.org\nTo: alice@example.com"));
    }

    #[test]
    fn finds_listed_mailboxes() {
        let own = mailboxes("To: Alice <alice@example.com>\nFrom: Help <help@example.net>\n");
        let cases = [
            ("no mailbox @ all", Named::No),
            ("Write to help@example.net or alice@example.com.", Named::No),
            ("Write to dan@example.net.", Named::Anywhere),
            ("> dan@example.net", Named::Anywhere),
            ("alice@example.com\n", Named::No),
            ("Failed:\n\n  <dan@example.net>:\n", Named::Listed),
            ("Recipient: dan@example.net", Named::BehindColon),
            ("* mailto:dan@example.net", Named::Listed),
            ("\u{5b9b}\u{5148}\u{ff1a}dan@example.net", Named::BehindColon),
        ];
        for (text, found) in cases {
            assert_eq!(own.others(text), found, "{text}");
        }
    }
}
