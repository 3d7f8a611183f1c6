//! SMTP replies: the one table of their codes and texts.

use core::fmt;

crate::names! {
    /// Name of a reply, by which a site gives it a text of its own.
    ///
    /// ```
    /// use batv_core::envelope::ReplyName;
    ///
    /// let reply = ReplyName::SrsWrong.reply();
    /// assert_eq!(reply.to_string(), "550 5.7.1 Invalid SRS address: signature does not match");
    /// assert_eq!("srs-wrong".parse(), Ok(ReplyName::SrsWrong));
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[non_exhaustive]
    pub enum ReplyName {
        /// Accepted recipient.
        RecipientOk = "recipient-ok",
        /// Further recipient of a bounce whose message decides.
        OneRecipient = "one-recipient",
        /// Recipient that can't be judged: there is no key, or the clock is wrong.
        CannotCheck = "cannot-check",
        /// Client whose network brings more bounces than allowed.
        TooManyBounces = "too-many-bounces",
        /// Client or mailbox with more wrong tags than allowed.
        TooManyWrongTags = "too-many-wrong-tags",
        /// Handle whose mailbox can't be looked up.
        LookupFailed = "lookup-failed",
        /// Message with more recipients than allowed.
        TooManyRecipients = "too-many-recipients",
        /// Mail to an SRS address that accepts only bounces.
        SrsNotBounce = "srs-not-bounce",
        /// SRS address that no key of ours made.
        SrsWrong = "srs-wrong",
        /// SRS address of ours that is too old.
        SrsExpired = "srs-expired",
        /// Bounce to an address whose tag is forged.
        TagForged = "tag-forged",
        /// Bounce to an address whose tag expired too long ago.
        TagExpired = "tag-expired",
        /// Mail to an address whose tag is forged.
        NoMailbox = "no-mailbox",
        /// Bounce without a tag to a mailbox that tags everything it sends.
        NotOurBounce = "not-our-bounce",
        /// Bounce that returns a message of another sender.
        ForeignOriginal = "foreign-original",
        /// Bounce that returns nothing to prove it by.
        UnprovedOriginal = "unproved-original",
    }
}

impl ReplyName {
    /// Reply with the standard text.
    ///
    /// ```
    /// # use batv_core::envelope::ReplyName;
    /// assert_eq!(ReplyName::RecipientOk.reply().to_string(), "250 2.1.5 Recipient ok");
    /// ```
    pub const fn reply(self) -> Reply<'static> {
        let (code, (class, subject, detail), text) = match self {
            Self::RecipientOk => (250, (2, 1, 5), "Recipient ok"),
            Self::OneRecipient => (452, (4, 5, 3), "Only one recipient per bounce; send the others separately"),
            Self::CannotCheck => (451, (4, 3, 0), "Bounce address tags cannot be checked now; try again later"),
            Self::TooManyBounces => (451, (4, 7, 1), "Too many bounces from your network; try again later"),
            Self::TooManyWrongTags => (451, (4, 7, 1), "Too many invalid address tags; try again later"),
            Self::LookupFailed => (451, (4, 3, 0), "Recipient lookup temporarily failed; try again later"),
            Self::TooManyRecipients => (452, (4, 5, 3), "Too many recipients; send the others in another message"),
            Self::SrsNotBounce => (550, (5, 7, 1), "This address accepts only bounces of forwarded mail"),
            Self::SrsWrong => (550, (5, 7, 1), "Invalid SRS address: signature does not match"),
            Self::SrsExpired => (550, (5, 7, 1), "Expired SRS address: too late for a bounce"),
            Self::TagForged => (550, (5, 7, 1), "Invalid BATV tag: signature does not match"),
            Self::TagExpired => (550, (5, 7, 1), "Expired BATV tag: too late for a bounce"),
            Self::NoMailbox => (550, (5, 1, 1), "No such mailbox: the BATV tag in the address is invalid"),
            Self::NotOurBounce => {
                let text = "Not a bounce of our mail: every message we send from this address carries a BATV tag";
                (550, (5, 7, 1), text)
            }
            Self::ForeignOriginal => {
                (550, (5, 7, 1), "Not a bounce of our mail: we did not send the message that it returns")
            }
            Self::UnprovedOriginal => {
                (550, (5, 7, 1), "Not a bounce of our mail: nothing in it shows that we sent the original")
            }
        };
        let enhanced = EnhancedCode { class, subject, detail };
        Reply { name: Some(self), code, enhanced, text, url: None }
    }
}

/// Enhanced status code of RFC 3463 §2: class, subject and detail.
///
/// ```
/// use batv_core::envelope::EnhancedCode;
///
/// let code = EnhancedCode::new(5, 7, 26).ok_or("not a code")?;
/// assert_eq!(code.to_string(), "5.7.26");
/// assert_eq!(EnhancedCode::new(3, 0, 0), None);
/// assert_eq!(EnhancedCode::new(5, 1000, 0), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EnhancedCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedCode {
    /// Code of these parts; `None` unless the class is 2, 4 or 5, and the subject and the detail have at most three digits.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Option<Self> {
        if matches!(class, 2 | 4 | 5) && subject <= 999 && detail <= 999 {
            Some(Self { class, subject, detail })
        } else {
            None
        }
    }

    /// Class: 2 for success, 4 for a temporary and 5 for a permanent failure.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.class
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// SMTP reply: code (RFC 5321 §4.2), enhanced code (RFC 3463), and one line of text in ASCII.
///
/// ```
/// use batv_core::envelope::{Reply, ReplyName};
///
/// let reply = Reply { text: "No bounce of ours", url: Some("https://example.com/bounces"), ..ReplyName::TagForged.reply() };
/// assert_eq!(reply.to_string(), "550 5.7.1 No bounce of ours; see https://example.com/bounces");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "it is written with `..ReplyName::reply()`")]
pub struct Reply<'t> {
    /// Name of the standard reply; `None` for any other.
    pub name: Option<ReplyName>,
    /// Three digits, of which the first is 2, 4 or 5.
    pub code: u16,
    /// Enhanced code of the same class.
    pub enhanced: EnhancedCode,
    /// Text: printable ASCII on one line.
    pub text: &'t str,
    /// Address of a page that explains the reply.
    pub url: Option<&'t str>,
}

impl fmt::Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)?;
        self.url.map_or(Ok(()), |url| write!(f, "; see {url}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_is_one_line_of_its_own_code() {
        for &name in ReplyName::ALL {
            let Reply { code, enhanced, text, .. } = name.reply();
            assert_eq!(u16::from(enhanced.class()), code / 100, "{name}");
            assert_eq!(EnhancedCode::new(enhanced.class, enhanced.subject, enhanced.detail), Some(enhanced));
            assert!(text.bytes().all(|octet| matches!(octet, b' '..=b'~') && octet != b'%'), "{name}");
            assert!(ReplyName::ALL.iter().all(|&other| other == name || other.reply().text != text), "{name}");
        }
    }
}
