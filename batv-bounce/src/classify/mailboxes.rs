//! Mailboxes of a message: of its recipients, of its author, and of others that it names.

use batv_core::{Mailbox, dialect};

use crate::read::domain::Conversions;
use crate::read::mailboxes::{ascii_within, found};
use crate::read::message::Message;
use crate::record::original::Original;

/// Fields that name the recipients of a message.
const TO: [&str; 5] = ["To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];
/// Fields that name the author or sender of the returned message.
const FROM: [&str; 5] = ["Return-Path", "From", "Sender", "Reply-To", "X-Envelope-From"];

/// Mailboxes, without tags and in lower case.
pub(crate) struct Mailboxes<'m> {
    to: Vec<String>,
    from: Vec<String>,
    conversions: &'m Conversions,
}

impl<'m> Mailboxes<'m> {
    pub(crate) fn of(message: &'m Message<'_>) -> Self {
        let conversions = &message.conversions;
        let of = |names: &[&str]| {
            let values = names.iter().filter_map(|name| message.field(name)).map(|field| field.text());
            values.flat_map(|value| all(&value, conversions)).collect()
        };
        Self { to: of(&TO), from: of(&["From", "Reply-To"]), conversions }
    }

    /// Whether a recipient of the message wrote the one that it returns, as far as the headers say.
    pub(crate) fn wrote(&self, original: &Original<'_>) -> bool {
        let authors = FROM.iter().filter_map(|name| original.field(name));
        let authors: Vec<String> = authors.flat_map(|value| all(&value, self.conversions)).collect();
        self.to.is_empty() || authors.is_empty() || authors.iter().any(|author| self.to.contains(author))
    }

    /// Form in which a text names a mailbox of somebody else.
    pub(crate) fn others(&self, text: &str) -> Named {
        let is_own = |mailbox: &str| {
            let mailbox = bare(mailbox, self.conversions);
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

/// Form in which a text names a mailbox, from none to that of a list of recipients.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Named {
    No,
    Anywhere,
    BehindColon,
    /// At the start of a line.
    Listed,
}

/// The most octets of a line before a mailbox that is listed.
const MOST_BEFORE: usize = 1000;

fn named(text: &str, at: usize) -> Named {
    let start = (at.saturating_sub(MOST_BEFORE)..at).find(|start| text.is_char_boundary(*start)).unwrap_or(at);
    let line = text[start..at].rsplit('\n').next().unwrap_or_default();
    let is_whole = start == 0 || line.len() < at - start;
    let before = line.trim_end_matches(['<', '"', '\'', '(', ' ', '\t', '\u{3000}']);
    let before = before.strip_suffix("mailto:").unwrap_or(before).trim();
    // A line that is quoted is another message's.
    if is_whole && before.chars().all(|letter| !letter.is_alphanumeric() && letter != '>') {
        Named::Listed
    } else if before.ends_with([':', '\u{ff1a}']) {
        Named::BehindColon
    } else {
        Named::Anywhere
    }
}

/// The mailboxes in a text.
fn all(text: &str, conversions: &Conversions) -> Vec<String> {
    found(text).map(|(_, mailbox)| bare(mailbox, conversions)).collect()
}

/// A mailbox without the tag of a sender, which a returned header may lack, and in lower case.
fn bare(mailbox: &str, conversions: &Conversions) -> String {
    let mailbox = &*ascii_within(mailbox, conversions);
    let parsed = Mailbox::parse(mailbox).ok();
    let layers = |parsed| dialect::unwrap(parsed, dialect::Strictness::Identity).filter_map(|layer| layer.mailbox);
    let innermost = parsed.as_ref().and_then(|parsed| layers(parsed).last());
    innermost.map_or_else(|| mailbox.to_lowercase(), |mailbox| mailbox.to_string().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::message::Limits;

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
        assert!(wrote("alice@xn--bcher-kva.example", "From: alice@b\u{fc}cher.example"));
        assert!(wrote("alice@example.com", "Subject: nobody"));
        assert!(wrote("undisclosed-recipients:;", "From: dave@example.org"));
        assert!(!wrote("alice@example.com", "From: dave@example.org\nTo: alice@example.com"));
    }

    #[test]
    fn finds_listed_mailboxes() {
        let header = b"To: Alice <alice@example.com>\nFrom: Help <help@example.net>\n";
        let message = Message::read(header, &Limits::default());
        let own = Mailboxes::of(&message);
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
