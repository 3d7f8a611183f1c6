//! What a ruling asks of others, and what they answer. A ruling itself asks nothing.

use batv_bounce::SentQuery;
use batv_core::Mailbox;

/// What only a counter or a store can say. The listener asks, in this order, and puts the answers in [`Answers`]; a
/// question that it can't ask stays unanswered, and the ruling is what it would be without such a store.
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
/// assert!(matches!(questions[..], [Question::Bounces, Question::WrongTags { is_wrong: true, .. }, Question::Handle(_)]));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Question<'q, 'a> {
    /// Whether the client's network brings more bounces than it may, this one included.
    Bounces,
    /// Whether the client, or somebody before it at this mailbox, may be guessing tags.
    WrongTags {
        /// The mailbox without the tag.
        mailbox: Mailbox<'a>,
        /// Whether the tag of this recipient is wrong, and so to be counted.
        is_wrong: bool,
    },
    /// For which sender this mailbox stands, where it is a handle that was made because the sender is too long for a tag.
    Handle(Mailbox<'a>),
    /// Whether more bounces have come to this tag than one should get, this one included.
    Replay {
        /// The recipient with its tag.
        tagged: Mailbox<'a>,
        /// The same without.
        mailbox: Mailbox<'a>,
        /// Days for which the tag may still come.
        days_left: u32,
    },
    /// Whether a message with one of these Message-IDs left for this mailbox, to one of these recipients.
    Sent {
        /// What the message says of the one that it is about.
        query: &'q SentQuery,
        /// The mailbox whose message it should be, without a tag.
        sender: Mailbox<'a>,
    },
}

/// What was answered. By default nothing was asked.
///
/// ```
/// use batv_policy::{Answers, HandleAnswer};
///
/// assert_eq!(Answers::default().handle, HandleAnswer::None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it is written with `..Answers::default()`")]
pub struct Answers<'a> {
    /// The client's network brings more bounces than it may.
    pub too_many_bounces: bool,
    /// Too many wrong tags came from the client's network, or to the mailbox.
    pub too_many_wrong_tags: bool,
    /// For which sender the mailbox stands.
    pub handle: HandleAnswer<'a>,
    /// More bounces came to the tag than one should get.
    pub replayed: bool,
    /// Whether the message was sent.
    pub sent: SentAnswer,
    /// Whether somebody else knows that reports are welcome: the recipient is there for them, or the server found their
    /// author authenticated (RFC 8601). The site's own rules on both count besides.
    pub report_is_welcome: bool,
}

/// For which sender a mailbox stands.
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
    /// For none: it is no handle, or one that is forgotten, or there is no store.
    #[default]
    None,
    /// For this one.
    Of(Mailbox<'a>),
    /// It is a handle, and the store doesn't answer.
    Unanswered,
}

/// Whether the log of what was sent has the message that a bounce, a receipt or a reply is about.
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
    /// The log doesn't answer. What it might have proved is not disproved then.
    Unanswered,
    /// It has no such message.
    No,
    /// It has one, perhaps not to the recipient that is named: a hint.
    ToOthers,
    /// It has one, to a recipient that is named: a proof.
    Yes,
}
