//! What must not be answered automatically: mail of lists, and what no person wrote (RFC 3834 §2).

use core::fmt;

use batv_core::{Path, dialect};

use crate::header::{Field, fields};

/// What shows that nobody waits for an automatic reply.
///
/// ```
/// use batv_bounce::auto_reply::Sign;
///
/// assert_eq!(Sign::AutoSubmitted.as_str(), "auto-submitted");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Sign {
    /// The sender is the null reverse-path.
    NullSender,
    /// The sender is a program or a list by its name.
    Sender,
    /// Auto-Submitted is not `no` (RFC 3834 §5).
    AutoSubmitted,
    /// Precedence is that of bulk mail, or of an automatic reply.
    Precedence,
    /// There is a field of a list (RFC 2369, RFC 2919).
    List,
    /// An automatic reply says so in a field of its own.
    Responder,
    /// The sender asks that no automatic reply be sent (X-Auto-Response-Suppress).
    Suppressed,
}

impl Sign {
    /// The name in outputs.
    ///
    /// ```
    /// # use batv_bounce::auto_reply::Sign;
    /// assert_eq!(Sign::NullSender.as_str(), "null-sender");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NullSender => "null-sender",
            Self::Sender => "sender",
            Self::AutoSubmitted => "auto-submitted",
            Self::Precedence => "precedence",
            Self::List => "list",
            Self::Responder => "responder",
            Self::Suppressed => "suppressed",
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first sign that a message with this reverse-path and header must not be answered automatically, if there is one. A
/// whole message does as well as a header.
///
/// ```
/// use batv_bounce::auto_reply::{Sign, sign};
/// use batv_core::Path;
///
/// let alice = Path::parse("alice@example.org")?;
/// assert_eq!(sign(&alice, b"Auto-Submitted: no\nSubject: hello\n"), None);
/// assert_eq!(sign(&alice, b"List-Id: <list.example.org>\n"), Some(Sign::List));
/// assert_eq!(sign(&Path::parse("list-bounces+bob=example.net@example.org")?, b""), Some(Sign::Sender));
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn sign(reverse_path: &Path<'_>, header: &[u8]) -> Option<Sign> {
    sign_of_sender(reverse_path).or_else(|| fields(header).find_map(|field| sign_of_field(&field)))
}

/// What the first word of a value must be, in any case.
enum Word {
    Any,
    Is(&'static [&'static str]),
    IsNot(&'static str),
    /// One of a list with commas.
    Among(&'static [&'static str]),
}

/// A name that ends with a hyphen stands for all that begin with it.
const FIELDS: [(&str, Word, Sign); 6] = [
    ("Auto-Submitted", Word::IsNot("no"), Sign::AutoSubmitted),
    ("Precedence", Word::Is(&["bulk", "list", "junk", "auto_reply"]), Sign::Precedence),
    ("List-", Word::Any, Sign::List),
    ("X-Autoreply", Word::IsNot("no"), Sign::Responder),
    ("X-Autorespond", Word::IsNot("no"), Sign::Responder),
    ("X-Auto-Response-Suppress", Word::Among(&["all", "oof", "autoreply"]), Sign::Suppressed),
];

/// Local parts of programs and lists. A hyphen at an edge stands for what is before or after it.
const SENDERS: [&str; 16] = [
    "owner-",
    "-owner",
    "-request",
    "bounce",
    "bounce-",
    "-bounce",
    "bounces",
    "bounces-",
    "-bounces",
    "mailer-daemon",
    "listserv",
    "majordomo",
    "noreply",
    "no-reply",
    "donotreply",
    "do-not-reply",
];

/// Below tags and sub-addresses, which lists use to learn who bounced.
fn sign_of_sender(reverse_path: &Path<'_>) -> Option<Sign> {
    let Some(mailbox) = reverse_path.mailbox() else { return Some(Sign::NullSender) };
    let layers = dialect::unwrap(mailbox, dialect::Mode::Identity).filter_map(|layer| layer.mailbox);
    core::iter::once(*mailbox)
        .chain(layers)
        .any(|mailbox| {
            let characters = mailbox.local_part().characters().take_while(|&character| character != '+');
            let name: String = characters.map(|character| character.to_ascii_lowercase()).collect();
            SENDERS.into_iter().any(|known| match known.as_bytes() {
                [b'-', ..] => name.ends_with(known),
                [.., b'-'] => name.starts_with(known),
                _ => name == known,
            })
        })
        .then_some(Sign::Sender)
}

fn sign_of_field(field: &Field<'_>) -> Option<Sign> {
    let is_named = |name: &str| {
        field.is(name)
            || name.ends_with('-')
                && field.name.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    };
    let (_, word, sign) = FIELDS.into_iter().find(|(name, ..)| is_named(name))?;
    let text = field.text();
    let first = |part: &str| {
        let part = part.trim_start();
        part.split([' ', '\t', ';', '(']).next().unwrap_or_default().to_ascii_lowercase()
    };
    let fits = match word {
        Word::Any => true,
        Word::Is(words) => words.contains(&&*first(&text)),
        Word::IsNot(word) => first(&text) != word,
        Word::Among(words) => text.split(',').any(|part| words.contains(&&*first(part))),
    };
    fits.then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_fields() {
        let cases = [
            ("Auto-Submitted: auto-generated", Some(Sign::AutoSubmitted)),
            ("AUTO-SUBMITTED:\r\n auto-replied; owner-email=\"alice@example.org\"", Some(Sign::AutoSubmitted)),
            ("Auto-Submitted: NO", None),
            ("Auto-Submitted: no (a person)", None),
            ("Auto-Submitted: no; x=y", None),
            ("Auto-Submitted: nobody", Some(Sign::AutoSubmitted)),
            ("Auto-Submitted:", Some(Sign::AutoSubmitted)),
            ("Precedence: Bulk", Some(Sign::Precedence)),
            ("Precedence: list", Some(Sign::Precedence)),
            ("Precedence: junk", Some(Sign::Precedence)),
            ("Precedence: auto_reply", Some(Sign::Precedence)),
            ("Precedence: first-class", None),
            ("Precedences: bulk", None),
            ("list-unsubscribe: <mailto:list@example.org>", Some(Sign::List)),
            ("List-Id: <list.example.org>", Some(Sign::List)),
            ("Listen: <list.example.org>", None),
            ("X-Autoreply: yes", Some(Sign::Responder)),
            ("X-Autoreply: no", None),
            ("X-Auto-Response-Suppress: DR, OOF, AutoReply", Some(Sign::Suppressed)),
            ("X-Auto-Response-Suppress: DR, RN", None),
            ("Subject: Auto-Submitted: auto-replied", None),
            ("Subject: hello\n\nList-Id: in the body", None),
        ];
        let alice = Path::parse("alice@example.org").unwrap();
        for (header, found) in cases {
            assert_eq!(sign(&alice, header.as_bytes()), found, "{header}");
        }
    }

    #[test]
    fn reads_the_sender() {
        let automatic = [
            "owner-list@example.org",
            "list-owner@example.org",
            "List-Request@example.org",
            "list-bounces@example.org",
            "list-bounces+bob=example.net@example.org",
            "bounces+1234@example.org",
            "bounce-1234@example.org",
            "MAILER-DAEMON@example.org",
            "\"no-reply\"@example.org",
            "prvs=0778a1b2c3=owner-list@example.org",
            "SRS0=8nW7=2W=example.com=mailer-daemon@forwarder.example.net",
        ];
        let personal = [
            "alice@example.org",
            "alice+list-owner@example.org",
            "owner@example.org",
            "request@example.org",
            "postmaster",
        ];
        for (senders, found) in [(&automatic[..], Some(Sign::Sender)), (&personal[..], None)] {
            for sender in senders {
                assert_eq!(sign(&Path::parse(*sender).unwrap(), b""), found, "{sender}");
            }
        }
        assert_eq!(sign(&Path::Null, b"Auto-Submitted: no\n"), Some(Sign::NullSender));
    }
}
