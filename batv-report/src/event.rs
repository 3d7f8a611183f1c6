//! What the daemon told of one recipient or one sender, as it stands in its log.

use alloc::borrow::Cow;
use core::fmt;

/// One decision, or one sender who left, and when.
///
/// Its `Display` is the line that the daemon writes, which a [`Reader`](crate::Reader) reads back.
///
/// ```
/// use batv_report::{Event, Told};
///
/// let event = Event::parse("INFO tagged queue_id=\"4Zx1\" from=alice@example.com key=4").ok_or("no event")?;
/// let Told::Departure(departure) = &event.told else { return Err("no departure") };
/// assert_eq!((departure.from, departure.outcome.as_str()), ("alice@example.com", "tagged"));
/// assert_eq!(event.to_string(), "tagged queue_id=\"4Zx1\" from=alice@example.com key=4");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "an event is a time and what was told")]
pub struct Event<'a> {
    /// Seconds since 1970-01-01 (UTC), where they are known.
    pub time: Option<i64>,
    /// What was told.
    pub told: Told<'a>,
}

/// What an event is about.
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
    /// A recipient was judged.
    Decision(Decision<'a>),
    /// The sender of mail that leaves was looked at.
    Departure(Departure<'a>),
}

/// A recipient was judged: the names are those of the log, also such as a later version may have.
///
/// ```
/// use batv_report::Decision;
///
/// let mut decision = Decision::default();
/// (decision.from, decision.to) = ("<>", "alice@example.com");
/// (decision.verdict, decision.reason, decision.disposition) = ("genuine", "tag-ok", "accept");
/// assert!(decision.to_string().starts_with("judged listener= queue_id=\"\" client= from=<> to=alice@example.com verdict=genuine "));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Decision<'a> {
    /// The protocol: `milter`, `policy`, `line`, `filter`.
    pub listener: &'a str,
    /// The mail server's name for the message, empty where it had none yet.
    pub queue_id: Cow<'a, str>,
    /// Whose connection it was: an address, or `local`.
    pub client: &'a str,
    /// The reverse-path.
    pub from: &'a str,
    /// The forward-path, without its tag where that was taken off.
    pub to: &'a str,
    /// What was found.
    pub verdict: &'a str,
    /// Why.
    pub reason: &'a str,
    /// What was done.
    pub disposition: &'a str,
    /// The mode of the recipient's domain.
    pub mode: &'a str,
    /// What mode `reject` would have done; `None` where the log doesn't tell, as it didn't always.
    pub in_reject: Option<&'a str>,
    /// `rcpt`, or `data`: the end of the message.
    pub at: &'a str,
    /// The class of the message, where it was read.
    pub class: Option<&'a str>,
    /// Whose message it returns, where it was read.
    pub origin: Option<&'a str>,
}

/// The sender of mail that leaves was looked at.
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
    /// What became of it.
    pub outcome: Outcome,
    /// The mail server's name for the message, empty where it had none yet.
    pub queue_id: Cow<'a, str>,
    /// The reverse-path as it came.
    pub from: &'a str,
    /// The id of the key that made the tag, where there is one.
    pub key: Option<u8>,
    /// Why it was left as it was.
    pub reason: &'a str,
}

/// What became of a sender, in the words of the metric `batv_senders_total`.
///
/// ```
/// use batv_report::Outcome;
///
/// assert_eq!(Outcome::NotForwarded.as_str(), "not-forwarded");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It got a tag.
    Tagged,
    /// It is too long for a tag, and left with a handle that has one.
    Aliased,
    /// It was rewritten by SRS.
    Forwarded,
    /// A recipient wants none.
    Exempt,
    /// There is no room for a tag.
    Untagged,
    /// There is no room for SRS.
    NotForwarded,
    /// Nothing proves it, so its recipients are never to send it a bounce.
    NotNotified,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Tagged,
        Self::Aliased,
        Self::Forwarded,
        Self::Exempt,
        Self::Untagged,
        Self::NotForwarded,
        Self::NotNotified,
    ];

    /// The name.
    ///
    /// ```
    /// # use batv_report::Outcome;
    /// assert_eq!(Outcome::Tagged.as_str(), "tagged");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tagged => "tagged",
            Self::Aliased => "aliased",
            Self::Forwarded => "forwarded",
            Self::Exempt => "exempt",
            Self::Untagged => "untagged",
            Self::NotForwarded => "not-forwarded",
            Self::NotNotified => "not-notified",
        }
    }

    /// What it means.
    ///
    /// ```
    /// # use batv_report::Outcome;
    /// assert_eq!(Outcome::Tagged.words(), "left with a tag");
    /// ```
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

    /// The message of the log.
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

/// The reason that the log gives for [`Outcome::Exempt`].
pub(crate) const EXEMPT_RECIPIENT: &str = "exempt-recipient";

impl<'a> Departure<'a> {
    /// One of this sender.
    ///
    /// ```
    /// # use batv_report::{Departure, Outcome};
    /// assert_eq!(Departure::new(Outcome::Exempt, "alice@example.com").reason, "exempt-recipient");
    /// ```
    pub const fn new(outcome: Outcome, from: &'a str) -> Self {
        let reason = match outcome {
            Outcome::Exempt => EXEMPT_RECIPIENT,
            _ => "",
        };
        Self { outcome, queue_id: Cow::Borrowed(""), from, key: None, reason }
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

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            listener,
            queue_id,
            client,
            from,
            to,
            verdict,
            reason,
            disposition,
            mode,
            in_reject,
            at,
            class,
            origin,
        } = self;
        write!(
            f,
            "judged listener={listener} queue_id={queue_id:?} client={client} from={from} to={to} verdict={verdict} \
             reason={reason} disposition={disposition} mode={mode}"
        )?;
        if let Some(in_reject) = in_reject {
            write!(f, " in_reject={in_reject}")?;
        }
        write!(f, " at={at}")?;
        for (name, value) in [("class", class), ("origin", origin)] {
            if let Some(value) = value {
                write!(f, " {name}={value}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Departure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, queue_id, from, key, reason } = self;
        write!(f, "{} queue_id={queue_id:?} from={from}", outcome.message())?;
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
