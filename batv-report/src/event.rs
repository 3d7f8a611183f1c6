//! Events of the daemon's log, each about one recipient or one sender.

use alloc::borrow::Cow;
use core::fmt;

use crate::field::{Quoted, Word, message};

/// Ruling on a recipient, or sender that left, and its time.
///
/// Its `Display` is the message that the daemon logs, which a [`Reader`](crate::Reader) reads back.
///
/// ```
/// use batv_report::{Event, Told};
///
/// let event = Event::parse("INFO tagged queue_id=\"4Zx1\" from=alice@example.com key=4").ok_or("no event")?;
/// let Told::Departure(departure) = &event.told else { return Err("no departure") };
/// assert_eq!((&*departure.from, departure.outcome.as_str()), ("alice@example.com", "tagged"));
/// assert_eq!(event.to_string(), "tagged queue_id=\"4Zx1\" from=alice@example.com key=4");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "an event is a time and what was told")]
pub struct Event<'a> {
    /// Seconds since 1970-01-01 (UTC), where they are known.
    pub time: Option<i64>,
    /// Ruling or departure.
    pub told: Told<'a>,
}

/// Subject of an event.
///
/// ```
/// use batv_report::{Decision, Told};
///
/// let told = Told::Decision(Decision::default());
/// assert!(matches!(told, Told::Decision(decision) if decision.class.is_none()));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "mail comes or leaves")]
pub enum Told<'a> {
    /// Ruling on a recipient.
    Decision(Decision<'a>),
    /// Sender of mail that left.
    Departure(Departure<'a>),
}

message! {
    /// Ruling on a recipient. The names are those of the log, also such as a later version may have.
    ///
    /// Its `Display` is the message that the daemon logs.
    ///
    /// ```
    /// use batv_report::Decision;
    ///
    /// let mut decision = Decision::default();
    /// (decision.listener, decision.client) = ("milter", "192.0.2.7".into());
    /// (decision.from, decision.to) = ("<>".into(), "alice@example.com".into());
    /// (decision.verdict, decision.reason, decision.disposition) = ("genuine", "tag-ok", "accept");
    /// (decision.mode, decision.at) = ("reject", "rcpt");
    /// assert_eq!(
    ///     decision.to_string(),
    ///     "judged listener=milter queue_id=\"\" client=192.0.2.7 from=<> to=alice@example.com verdict=genuine reason=tag-ok \
    ///      disposition=accept mode=reject at=rcpt"
    /// );
    /// ```
    #[derive(Clone, Debug, Default, PartialEq)]
    #[non_exhaustive]
    "judged" pub struct Decision<'a> {
        /// Protocol: `milter`, `policy`, `line`, `filter`.
        pub listener: &'a str,
        /// The mail server's name for the message, empty where it had none yet.
        pub queue_id: Cow<'a, str>,
        /// Client: an address, or `local`.
        pub client: Word<'a>,
        /// Reverse-path.
        pub from: Word<'a>,
        /// Forward-path, without its tag where that was taken off.
        pub to: Word<'a>,
        /// Verdict.
        pub verdict: &'a str,
        /// Reason of the verdict.
        pub reason: &'a str,
        /// Disposition.
        pub disposition: &'a str,
        /// Mode of the recipient's domain.
        pub mode: &'a str,
        /// Disposition in mode `reject`; `None` in logs that don't tell.
        pub in_reject: Option<&'a str>,
        /// Stage: `rcpt`, or `data` for the end of the message.
        pub at: &'a str,
        /// Class of the message, where it was read.
        pub class: Option<&'a str>,
        /// Origin of the message that it returns, where it was read.
        pub origin: Option<&'a str>,
    }
}

/// Sender of mail that left.
///
/// ```
/// use batv_report::{Departure, Outcome};
///
/// let departure = Departure::new(Outcome::Forwarded, "carol@example.org");
/// assert_eq!(departure.to_string(), "forwarded queue_id=\"\" from=carol@example.org");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Departure<'a> {
    /// Outcome.
    pub outcome: Outcome,
    /// The mail server's name for the message, empty where it had none yet.
    pub queue_id: Cow<'a, str>,
    /// Reverse-path as it came.
    pub from: Word<'a>,
    /// Id of the key that made the tag, if any.
    pub key: Option<u8>,
    /// Reason for leaving it as it was, if any.
    pub reason: &'a str,
}

batv_core::names! {
    /// Outcome for a sender that left, in the words of the metric `batv_senders_total`.
    ///
    /// ```
    /// use batv_report::Outcome;
    ///
    /// assert_eq!(Outcome::NotForwarded.as_str(), "not-forwarded");
    /// assert_eq!("tagged".parse(), Ok(Outcome::Tagged));
    /// ```
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    #[non_exhaustive]
    pub enum Outcome {
        /// The sender got a tag.
        Tagged = "tagged",
        /// The sender is too long for a tag, and left with a handle that has one.
        Aliased = "aliased",
        /// The sender was rewritten by SRS.
        Forwarded = "forwarded",
        /// A recipient accepts no tags.
        Exempt = "exempt",
        /// There is no room for a tag.
        Untagged = "untagged",
        /// There is no room for SRS.
        NotForwarded = "not-forwarded",
        /// Nothing proves the sender, so its recipients are never to send it a bounce.
        NotNotified = "not-notified",
    }
}

impl Outcome {
    /// Meaning of the outcome.
    ///
    /// ```
    /// # use batv_report::Outcome;
    /// assert_eq!(Outcome::Tagged.words(), "left with a tag");
    /// ```
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tagged => "left with a tag",
            Self::Aliased => "left with a handle that has a tag: there was no room for one on the sender",
            Self::Forwarded => "forwarded, with an SRS sender",
            Self::Exempt => "left without a tag: a recipient is exempt",
            Self::Untagged => "left without a tag: there was no room for it",
            Self::NotForwarded => "forwarded as they came: there was no room for SRS",
            Self::NotNotified => "taken, and nobody is to bounce them: nothing proves the sender",
        }
    }

    /// Message of the log.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Tagged => "tagged",
            Self::Aliased => "tagged by a handle",
            Self::Forwarded => "forwarded",
            Self::Exempt | Self::Untagged => "left untagged",
            Self::NotForwarded => "left as it is",
            Self::NotNotified => "never notified",
        }
    }
}

/// Reason in the log for [`Outcome::Exempt`].
pub(crate) const EXEMPT_RECIPIENT: &str = "exempt-recipient";

impl<'a> Departure<'a> {
    /// Departure of a sender, without queue id and key.
    ///
    /// ```
    /// # use batv_report::{Departure, Outcome};
    /// assert_eq!(Departure::new(Outcome::Exempt, "alice@example.com").reason, "exempt-recipient");
    /// ```
    #[must_use]
    pub fn new(outcome: Outcome, from: impl Into<Word<'a>>) -> Self {
        let reason = match outcome {
            Outcome::Exempt => EXEMPT_RECIPIENT,
            _ => "",
        };
        Self { outcome, queue_id: Cow::Borrowed(""), from: from.into(), key: None, reason }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.told {
            Told::Decision(decision) => decision.fmt(f),
            Told::Departure(departure) => departure.fmt(f),
        }
    }
}

impl fmt::Display for Departure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, queue_id, from, key, reason } = self;
        write!(f, "{} queue_id={} from={}", outcome.message(), Quoted(queue_id), from.in_log())?;
        if let Some(key) = key {
            write!(f, " key={key}")?;
        }
        match outcome {
            Outcome::Exempt => write!(f, " reason={reason:?}"),
            _ if reason.is_empty() => Ok(()),
            _ => write!(f, " reason={reason}"),
        }
    }
}
