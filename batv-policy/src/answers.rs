//! Questions to the store before a ruling, and their answers.

#[cfg(feature = "messages")]
use batv_bounce::SentQuery;
use batv_core::envelope::Stage;
use batv_core::mark::MessageDigest;
use batv_core::srs::Covered;
use batv_core::{Day, Mailbox};
#[cfg(not(feature = "messages"))]
use core::convert::Infallible as SentQuery;
use core::fmt;

use crate::address::mailbox_name;

/// Question to a counter or a store. The caller asks them in the order given, and puts the answers into [`Answers`]. A
/// question without an answer leaves the ruling as it is without a store.
///
/// ```
/// use batv_core::envelope::Envelope;
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
/// use batv_policy::{Question, Rules, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let site = Site::new(keys, Rules::default())?;
/// let forged = Envelope::new(Path::Null, Mailbox::parse("prvs=0269000000=alice@example.com")?);
/// let recipient = site.view().recipient(&forged, Day::new(18_262)?);
/// let questions: Vec<_> = recipient.questions().collect();
/// assert!(matches!(questions[..], [Question::Bounces(_), Question::WrongTags { is_wrong: true, .. }, Question::Handle(_)]));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Question<'q> {
    /// Whether the client's network exceeds its limit of bounces. It is asked at RCPT TO, where a client may only want to know
    /// whether the mailbox exists, and at the end of DATA, where the bounce counts. A caller that sees no message counts at
    /// RCPT TO.
    Bounces(Stage),
    /// Whether the client, or an earlier one at this mailbox, may be guessing tags or SRS addresses.
    WrongTags {
        /// Mailbox without the tag, or the SRS address.
        mailbox: Mailbox<'q>,
        /// Place of the tag. A client makes up the local part of an SRS address: those count for their domain.
        place: TagPlace,
        /// Whether the tag is wrong, and counts.
        is_wrong: bool,
        /// Number of spellings in which the tag is compared: a wrong one counts as so many
        /// ([`spellings`](batv_core::tag::spellings)).
        spellings: u32,
    },
    /// Sender behind a handle, which was made because the sender is too long for a tag.
    Handle(Mailbox<'q>),
    /// Whether a tag or an SRS address got more bounces than one message should, this one included.
    Replay {
        /// The recipient, or the envelope sender of the returned message.
        address: Replayed<'q>,
        /// Days for which the address is accepted.
        days_left: u32,
    },
    /// Whether a message of ours got more bounces than one message should, this one included. A mark or a DKIM signature proves
    /// that it is ours.
    ProofReplay {
        /// Message.
        message: MessageDigest,
        /// Recipient of its bounces, without a tag.
        mailbox: Mailbox<'q>,
    },
    /// Whether this sender sent a message with one of these Message-IDs to one of these recipients, and, if so, whether that
    /// message got more bounces than one message should, as for [`Question::ProofReplay`].
    Sent {
        /// Message-IDs and recipients that the bounce names.
        query: &'q SentQuery,
        /// Sender of the message, without a tag. If it is a handle, the sender behind it sent the message: the answer to
        /// [`Question::Handle`], which comes before.
        sender: Mailbox<'q>,
    },
}

/// Tag or SRS address whose bounces are counted. Prints as a text that is the same for all spellings of one address: a tag may
/// stand before the local part or behind it, an SRS address have other separators.
///
/// ```
/// use batv_core::{Day, Mailbox};
/// use batv_policy::Replayed;
///
/// let of = |mailbox| Mailbox::parse(mailbox).map(|mailbox| Replayed::Tag { mailbox, expires: Day::new(20_789).ok() });
/// assert_eq!(of("\"alice\"@Example.com")?.to_string(), "2026-12-02 alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a new kind of address has to be counted")]
pub enum Replayed<'q> {
    /// Tag: a mailbox has one for a day.
    Tag {
        /// Mailbox without the tag.
        mailbox: Mailbox<'q>,
        /// Last day of the tag.
        expires: Option<Day>,
    },
    /// SRS address.
    Srs(Covered<'q>),
}

impl fmt::Display for Replayed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag { mailbox, expires } => {
                expires.iter().try_for_each(|day| write!(f, "{day} "))?;
                f.write_str(&mailbox_name(mailbox))
            }
            Self::Srs(covered) => covered.fmt(f),
        }
    }
}

/// Place of a tag.
///
/// ```
/// use batv_policy::TagPlace;
///
/// assert_ne!(TagPlace::Recipient, TagPlace::Returned);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a new place has to be counted")]
pub enum TagPlace {
    /// Recipient with a tag.
    Recipient,
    /// Recipient that is an SRS address.
    Srs,
    /// Envelope sender of a returned message.
    Returned,
}

/// Answers of counters and store. By default nothing was asked.
///
/// ```
/// use batv_policy::{Answers, HandleAnswer};
///
/// assert_eq!(Answers::default().handle, HandleAnswer::None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..Answers::default()`")]
pub struct Answers<'a> {
    /// Whether the client's network exceeds its limit of bounces.
    pub too_many_bounces: bool,
    /// Whether too many wrong tags came from the client's network, or to the mailbox.
    pub too_many_wrong_tags: bool,
    /// Sender behind the handle.
    pub handle: HandleAnswer<'a>,
    /// Whether the tag or SRS address got more bounces than one message should.
    pub replayed: bool,
    /// Whether the message that a mark, a DKIM signature or the log of sent mail proves got more bounces than one should.
    pub proof_replayed: bool,
    /// Answer of the log of sent mail.
    pub sent: SentAnswer,
    /// Whether the caller knows that reports are welcome: the recipient is there for them, or the server authenticated
    /// their author (RFC 8601). The rules of the site on both count as well.
    pub report_is_welcome: bool,
}

/// Sender behind a mailbox that may be a handle.
///
/// ```
/// use batv_core::Mailbox;
/// use batv_policy::HandleAnswer;
///
/// let sender = Mailbox::parse("alice@example.com")?;
/// assert_ne!(HandleAnswer::Of(sender), HandleAnswer::default());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum HandleAnswer<'a> {
    /// No handle, a forgotten one, or no store.
    #[default]
    None,
    /// A handle of this sender.
    Of(Mailbox<'a>),
    /// A handle, but the store doesn't answer. The recipient is deferred in every mode: without the sender a bounce has
    /// nowhere to go.
    Unanswered,
}

/// Answer of the log of sent mail about the message that a bounce, a receipt or a reply refers to.
///
/// ```
/// use batv_policy::SentAnswer;
///
/// assert_eq!(SentAnswer::default(), SentAnswer::NotAsked);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum SentAnswer {
    /// There is no such log.
    #[default]
    NotAsked,
    /// The log doesn't answer. No message is disproved then.
    Unanswered,
    /// No such message was sent.
    No,
    /// Such a message was sent, perhaps to other recipients: a hint.
    ToOthers,
    /// Such a message was sent to a recipient that is named: a proof.
    Yes,
}
