//! SMTP replies: each text stands here once.

use core::fmt;

/// What the server says: a reply code (RFC 5321 §4.2), an enhanced one (RFC 3463), and a text of ASCII on one line.
///
/// ```
/// use batv_core::envelope::Reply;
///
/// assert_eq!(Reply::OK.to_string(), "250 2.1.5 recipient ok");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// Three digits, the first of them 2, 4 or 5.
    pub code: u16,
    /// Class, subject and detail.
    pub enhanced: (u8, u8, u8),
    /// The words.
    pub text: &'static str,
}

impl Reply {
    /// The recipient is taken.
    pub const OK: Self = Self::new(250, (2, 1, 5), "recipient ok");
    /// Another recipient of a bounce of which the message decides.
    pub const ONE_RECIPIENT: Self = Self::new(452, (4, 5, 3), "a bounce has one recipient: send the others one by one");
    /// It can't be judged now.
    pub const INTERNAL: Self = Self::new(451, (4, 3, 0), "bounce tags can't be checked just now: try again later");
    /// More bounces come from the client's network than it may bring.
    pub const TOO_MANY_BOUNCES: Self =
        Self::new(451, (4, 7, 1), "too many bounces at a time from your network: try again later");
    /// More wrong tags come from the client's network, or to the mailbox, than may be guessed.
    pub const TOO_MANY_WRONG_TAGS: Self = Self::new(451, (4, 7, 1), "too many wrong tags: try again later");
    /// The mailbox that a handle stands for can't be looked up now.
    pub const HANDLE_UNANSWERED: Self =
        Self::new(451, (4, 3, 0), "for whom this is can't be looked up just now: try again later");
    /// The message has more recipients than are taken.
    pub const TOO_MANY_RECIPIENTS: Self =
        Self::new(452, (4, 5, 3), "too many recipients: send the others in another message");
    /// Mail to an SRS address that takes bounces alone.
    pub const SRS_NOT_BOUNCE: Self =
        Self::new(550, (5, 7, 1), "this address takes bounces to forwarded mail, and nothing else");
    /// An SRS address that we didn't make, or too long ago.
    pub const SRS_WRONG: Self = Self::new(550, (5, 7, 1), "we forwarded nothing from this address");
    /// A bounce that returns a message of somebody else.
    pub const FOREIGN: Self = Self::new(550, (5, 7, 1), "this returns a message that we did not send");
    /// A bounce that returns nothing by which it could be proved.
    pub const UNPROVED: Self = Self::new(550, (5, 7, 1), "nothing shows that we sent what this answers");
    pub(crate) const FORGED: Self =
        Self::new(550, (5, 7, 1), "the tag of this address is forged: we sent nothing from it");
    pub(crate) const EXPIRED: Self =
        Self::new(550, (5, 7, 1), "the tag of this address has expired: too late for a bounce");
    pub(crate) const UNTAGGED: Self =
        Self::new(550, (5, 7, 1), "we send nothing from this address without a tag: not our bounce");
    pub(crate) const NO_MAILBOX: Self = Self::new(550, (5, 1, 1), "no such mailbox: the tag of this address is forged");

    /// A reply of one's own.
    ///
    /// ```
    /// # use batv_core::envelope::Reply;
    /// let reply = Reply::new(550, (5, 7, 1), "we sent nothing that this returns");
    /// assert_eq!(reply.to_string(), "550 5.7.1 we sent nothing that this returns");
    /// ```
    pub const fn new(code: u16, enhanced: (u8, u8, u8), text: &'static str) -> Self {
        Self { code, enhanced, text }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, subject, detail) = self.enhanced;
        write!(f, "{} {class}.{subject}.{detail} {}", self.code, self.text)
    }
}
