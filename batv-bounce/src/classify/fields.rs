//! Signs in the header of a message.

use super::auto_reply::{self, Sign, keyword};
use super::sender::Sender;
use super::signs::Signs;
use crate::evidence::Place;
use crate::read::header::Field;

/// Header fields of programs that return mail, with their meaning.
const FAILURE_FIELDS: [(&str, &str); 4] = [
    ("X-Failed-Recipients", "it names recipients that failed"),
    ("X-Mddsn-Message", "it is a delivery status notification of its own form"),
    ("X-Undeliverable-Message-Id", "it names a message that wasn't delivered"),
    ("X-Bounced-Address", "it names an address that failed"),
];

/// Sent by a program, as a reply to a message or not.
#[derive(Clone, Copy)]
pub(super) struct Automatic {
    pub(super) reply: bool,
}

impl Signs<'_, '_> {
    pub(super) fn failure_field(&mut self) -> bool {
        let found = FAILURE_FIELDS.iter().find(|(name, _)| self.message.field(name).is_some());
        if let Some((name, words)) = found {
            self.see(Place::Field(name), *words);
        }
        found.is_some()
    }

    pub(super) fn automatic(&mut self) -> Option<Automatic> {
        let (mut submitted, mut responder) = (None, None);
        for field in self.message.fields() {
            match auto_reply::sign_of_field(&field) {
                Some(Sign::AutoSubmitted) => submitted = submitted.or(Some(field)),
                Some(Sign::Responder) => responder = responder.or(Some(field)),
                _ => {}
            }
        }
        let mut found = None;
        if let Some(field) = submitted {
            let value = keyword(&field.text());
            found = Some(Automatic { reply: matches!(&*value, "auto-replied" | "auto-notified") });
            self.see(Place::Field("Auto-Submitted"), format!("it was sent by a program: {value}"));
        }
        let source = self.message.field("X-MS-Exchange-Generated-Message-Source");
        let by_rule = source.is_some_and(|field| field.text().trim().eq_ignore_ascii_case("mailbox rules agent"));
        let precedes = self.precedence().is_some_and(|value| matches!(&*value, "auto_reply" | "auto-reply"));
        let (name, words) = if by_rule {
            ("X-MS-Exchange-Generated-Message-Source", "a rule of a mailbox replies")
        } else if precedes {
            ("Precedence", "it is an automatic reply")
        } else if let Some(name) = responder.and_then(|field| auto_reply::responder(&field)) {
            (name, "it is an automatic reply")
        } else {
            return found;
        };
        self.see(Place::Field(name), words);
        Some(Automatic { reply: true })
    }

    /// Whether a list's program says that it writes about a subscription, not to subscribers.
    pub(super) fn is_administrivia(&self) -> bool {
        let value = self.message.field("X-List-Administrivia").map(|field| field.text());
        value.is_some_and(|value| value.trim().eq_ignore_ascii_case("yes"))
    }

    /// Whether it brings what others wrote (RFC 2046 §5.1.5): a list's program is its author too.
    pub(super) fn is_digest(&self) -> bool {
        self.message.parts.iter().any(|part| part.kind == "multipart/digest")
    }

    /// Lists are bulk; junk are the answers of programs.
    pub(super) fn is_junk(&self) -> bool {
        self.precedence().is_some_and(|value| value == "junk")
    }

    /// Whether it went to many: then it returns nothing to its sender. Some who return mail call that bulk too.
    pub(super) fn is_bulk(&self, sender: Sender) -> bool {
        let is_list = |field: Field<'_>| auto_reply::sign_of_field(&field) == Some(Sign::List);
        let precedence = self.precedence();
        let precedes = |word| precedence.as_deref() == Some(word);
        self.message.fields().any(is_list) || precedes("list") || precedes("bulk") && !sender.postmaster
    }

    pub(super) fn precedence(&self) -> Option<String> {
        self.message.field("Precedence").map(|field| keyword(&field.text()))
    }
}
