//! Clues of a bounce in a form of its own.

use memchr::memchr2;

use super::sender::Sender;

/// Clues of a bounce in a form of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clues {
    pub(crate) sender: Sender,
    /// Another program than one that returns mail.
    pub(crate) program: bool,
    /// A field says that it is an automatic reply.
    pub(crate) reply: bool,
    /// Its subject begins as that of one.
    pub(crate) begins_as_reply: bool,
    /// Its words are those of one.
    pub(crate) reply_words: bool,
    /// The message is of a list, or went to many.
    pub(crate) bulk: bool,
    /// A field that only programs write which return mail.
    pub(crate) field: bool,
    /// The subject says that a delivery failed or is late.
    pub(crate) subject: bool,
    /// The text says so.
    pub(crate) text: bool,
    /// A reply of SMTP that refuses.
    pub(crate) reply_code: bool,
    /// Fields of a report in the text.
    pub(crate) fields: bool,
    /// A message or header is returned, in a part of its own or not.
    pub(crate) original: bool,
    pub(crate) part: bool,
    /// The returned message comes back to its author, as far as the header says.
    pub(crate) returned: bool,
    /// The returned message comes from a daemon: somebody shows a bounce to somebody else.
    pub(crate) of_daemon: bool,
    /// The text names a mailbox which is neither the author's nor that of who gets it.
    pub(crate) mailbox: bool,
    /// The text lists a mailbox as programs list recipients; and it does so at the start of a line.
    pub(crate) recipient: bool,
    pub(crate) listed: bool,
    /// The subject is that of an answer, a forwarded message or a receipt, and says what another message says.
    pub(crate) answer: bool,
}

impl Clues {
    /// The less the sender is known as one that returns mail, the more must be shown and told.
    pub(crate) const fn tell_of_a_bounce(&self) -> bool {
        let Sender { null, daemon, postmaster, gateway, unattended, .. } = self.sender;
        let told = self.subject || self.text || self.fields;
        let shown = self.original || self.reply_code || self.fields;
        if self.field {
            return told || shown;
        }
        // What a daemon returns is what it couldn't deliver, in whatever language it says so.
        if daemon {
            return told || self.part || null && (self.original || self.mailbox);
        }
        if self.bulk || self.begins_as_reply {
            return false;
        }
        let subject = self.subject && !self.answer;
        let told = subject || self.text || self.fields;
        let named = self.original || self.recipient || self.fields;
        if postmaster {
            let returns = self.returned && (self.part || null) && !self.reply && !self.answer;
            let tells = told && named && shown
                || null && (subject && named || self.text && self.listed)
                || subject && self.text && (self.mailbox || self.program);
            return returns || tells && !self.of_daemon;
        }
        // Nobody answers in the name of nobody but a program.
        let replies = self.reply && (self.reply_words || !unattended);
        if replies || self.answer || self.of_daemon {
            return false;
        }
        let by_program = unattended || gateway;
        if null {
            // What other people wrote, people attach.
            let returned = self.returned || self.original && self.fields;
            return self.fields
                || subject
                    && (returned
                        || self.reply_code && named
                        || (by_program || self.program) && self.text && self.recipient)
                || self.text && returned;
        }
        if gateway && subject && self.text && named {
            return true;
        }
        if by_program || self.program {
            return told && (self.returned || self.fields && !self.original);
        }
        subject && self.text && self.returned && (self.part || self.reply_code)
    }
}

/// Whether an author is a program that returns mail.
pub(crate) fn is_of_daemon(from: &str) -> bool {
    let from = from.to_ascii_lowercase();
    ["mailer-daemon", "postmaster@", "mail delivery s", "microsoftexchange"].iter().any(|known| from.contains(known))
}

/// Whether a subject is that of an answer or a forwarded message: `Re:`, `AW:`, `Fwd:`, `WG:`.
pub(crate) fn is_answer(subject: &str) -> bool {
    let prefix = subject.split_once(':').map_or("", |(prefix, _)| prefix.trim());
    let prefix = prefix.split(['[', '(']).next().unwrap_or_default().trim().to_lowercase();
    const PREFIXES: [&str; 24] = [
        "re", "aw", "antw", "sv", "vs", "r", "odp", "res", "rv", "rif", "ynt", "回复", "回覆", "答复", "返信", "fwd",
        "fw", "wg", "tr", "i", "enc", "pd", "转发", "轉寄",
    ];
    PREFIXES.contains(&prefix.as_str())
}

/// Whether a text quotes a reply of SMTP that refuses: `550 `, `5.1.1`. Digits behind the first make a telephone number.
pub(crate) fn has_reply_code(text: &str) -> bool {
    let is_number = |text: &[u8]| !text.is_empty() && text.len() <= 3 && text.iter().all(u8::is_ascii_digit);
    let goes_on = |behind: &[u8]| {
        let next = behind.iter().find(|octet| !matches!(octet, b' ' | b'-' | b')'));
        next.is_some_and(u8::is_ascii_digit)
    };
    let is_code = |word: &[u8], behind: &[u8]| {
        let Some(first) = word.iter().position(u8::is_ascii_digit) else { return false };
        let last = word.iter().rposition(u8::is_ascii_digit).unwrap_or(first);
        let mut numbers = word[first..=last].split(|octet| *octet == b'.');
        match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(code @ [b'4' | b'5', b'5', _]), None, ..) => is_number(code) && !goes_on(behind),
            (Some([b'4' | b'5']), Some(subject), Some(detail), None) => is_number(subject) && is_number(detail),
            _ => false,
        }
    };
    let is_between = |octet: &u8| b" \n\r\t-:()<>[]#,;\"".contains(octet);
    let mut rest = text.as_bytes();
    // A code begins with one of two digits, and is most seldom there.
    while let Some(at) = memchr2(b'4', b'5', rest) {
        let start = rest[..at].iter().rposition(is_between).map_or(0, |before| before + 1);
        let end = rest[at..].iter().position(is_between).map_or(rest.len(), |length| at + length);
        if is_code(&rest[start..end], &rest[end..]) {
            return true;
        }
        rest = &rest[end..];
    }
    false
}
