//! The verdict on one reverse-path and one forward-path, before any message is seen.
//!
//! A null reverse-path claims to be a bounce. A good tag on the forward-path proves that it answers mail of ours; a bad
//! one proves that it does not; without one the message has to speak, at the end of DATA. So that somebody who probes
//! whether a mailbox exists (`MAIL FROM:<>`, `RCPT TO`, `QUIT`) is not told that it doesn't, nothing untagged is refused
//! at RCPT TO unless the policy says so.

use crate::day::Day;
use crate::key::KeyRing;
use crate::mailbox::{Mailbox, Path};
use crate::pattern::Pattern;
use crate::srs::Srs;
use crate::tag::Form;

mod examination;
mod mode;
mod reason;
mod reply;
mod verdict;

pub use examination::Examination;
pub use mode::{Mode, OnError, Stage};
pub use reason::Reason;
pub use reply::Reply;
pub use verdict::{Disposition, Verdict};

/// Days for which a mail server goes on trying to deliver (RFC 5321 §4.5.4.1): a bounce may be that late.
pub const QUEUE_DAYS: i32 = 5;

/// What is asked: who sends, to whom, and when.
///
/// ```
/// use batv_core::envelope::{Earlier, Envelope, Stage};
/// use batv_core::{Mailbox, Path};
///
/// let envelope = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// assert_eq!(envelope.earlier, Earlier::None);
/// assert_eq!(envelope.stage, Stage::RcptTo);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Envelope<'a> {
    /// The argument of MAIL FROM.
    pub reverse_path: Path<'a>,
    /// The argument of RCPT TO.
    pub forward_path: Mailbox<'a>,
    /// Whether the client is one of ours, or one that is never judged.
    pub trusted_client: bool,
    /// What became of the recipients of the same message that were accepted before this one.
    pub earlier: Earlier,
    /// When the question is asked.
    pub stage: Stage,
}

impl<'a> Envelope<'a> {
    /// The first recipient of a message, asked about at RCPT TO, from a client that we know nothing of.
    ///
    /// ```
    /// # use batv_core::{Mailbox, Path, envelope::Envelope};
    /// let envelope = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// assert!(!envelope.trusted_client);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn new(reverse_path: Path<'a>, forward_path: Mailbox<'a>) -> Self {
        Self { reverse_path, forward_path, trusted_client: false, earlier: Earlier::None, stage: Stage::RcptTo }
    }
}

crate::names! {
    /// Recipients of the same message that were accepted before.
    ///
    /// ```
    /// use batv_core::envelope::Earlier;
    ///
    /// assert_eq!(Earlier::default(), Earlier::None);
    /// assert_eq!("settled".parse(), Ok(Earlier::Settled));
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
    #[non_exhaustive]
    pub enum Earlier {
        /// There are none.
        #[default]
        None = "none",
        /// All are accepted, whatever the message says.
        Settled = "settled",
        /// At least one may still be refused by the message, or is held: what becomes of the message would become of all.
        Undecided = "undecided",
    }
}

impl Earlier {
    /// The same after one more recipient, judged by a policy of this mode.
    ///
    /// ```
    /// use batv_core::envelope::{self, Earlier, Envelope, Mode, Policy};
    /// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
    ///
    /// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
    /// let policy = Policy::new(Mode::Reject);
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// let judgement = envelope::judge(&bounce, &keys, &policy, Day::new(18_262)?);
    /// assert_eq!(Earlier::None.and(&judgement, policy.mode), Earlier::Undecided);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn and(self, judgement: &Judgement<'_>, mode: Mode) -> Self {
        match (self, judgement.deliver_to) {
            (_, None) => self,
            (Self::Undecided, _) => Self::Undecided,
            _ if judgement.must_be_alone(mode) => Self::Undecided,
            _ => Self::Settled,
        }
    }
}

/// What is ours, and how it is treated.
///
/// ```
/// use batv_core::Pattern;
/// use batv_core::envelope::{Mode, Stage, Policy};
///
/// let protected = [Pattern::parse("example.com")?];
/// let mut policy = Policy::new(Mode::Mark);
/// policy.protected = &protected;
/// assert_eq!(policy.reject_at, Stage::EndOfData);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Policy<'p, T = &'p str> {
    /// The domains and mailboxes that tag what they send. When there are none: those that a live BATV key serves.
    pub protected: &'p [Pattern<T>],
    /// Domains and mailboxes that are not judged all the same.
    pub exempt: &'p [Pattern<T>],
    /// The day from which on all that was sent has a tag. What comes untagged within the lifetime of a tag and
    /// [`QUEUE_DAYS`] after it may still answer older mail.
    pub signing_since: Option<Day>,
    /// The form in which senders are tagged: what has no room for it is sent without.
    pub form: Form,
    /// How far to go.
    pub mode: Mode,
    /// When to refuse what only a message could still prove. `EndOfData` is safe for callouts.
    pub reject_at: Stage,
    /// What to do when the question can't be answered.
    pub on_error: OnError,
    /// The SRS addresses that are ours; `None` when we forward nothing.
    pub srs: Option<Srs<'p>>,
    /// Whether an SRS address of ours accepts mail other than bounces. Anyone who has seen such an address can then relay
    /// mail to the address inside it.
    pub srs_takes_mail: bool,
}

impl Policy<'_> {
    /// Protects whatever the keys serve, without exemption or grace, and decides at the end of DATA.
    ///
    /// ```
    /// # use batv_core::envelope::{Mode, Policy};
    /// assert!(Policy::new(Mode::Observe).protected.is_empty());
    /// ```
    pub const fn new(mode: Mode) -> Self {
        Self::of(&[], &[], mode)
    }
}

impl<'p, T> Policy<'p, T> {
    /// The same with lists, which may be of texts that somebody owns.
    ///
    /// ```
    /// # use batv_core::Pattern;
    /// # use batv_core::envelope::{Mode, Policy};
    /// let protected = vec![Pattern::parse(String::from("example.com"))?];
    /// assert_eq!(Policy::of(&protected, &[], Mode::Mark).protected.len(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn of(protected: &'p [Pattern<T>], exempt: &'p [Pattern<T>], mode: Mode) -> Self {
        Self {
            protected,
            exempt,
            signing_since: None,
            form: Form::Prvs,
            mode,
            reject_at: Stage::EndOfData,
            on_error: OnError::Tempfail,
            srs: None,
            srs_takes_mail: false,
        }
    }
}

/// The answer for one recipient.
///
/// ```
/// use batv_core::envelope::{self, Disposition, Envelope, Verdict, Mode, Policy, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let bounce = Envelope::new(Path::Null, Mailbox::parse("prvs=0269b1e711=alice@example.com")?);
/// let judgement = envelope::judge(&bounce, &keys, &Policy::new(Mode::Reject), Day::new(18_262)?);
/// assert_eq!(judgement.verdict, Verdict::Genuine);
/// assert_eq!(judgement.reason, Reason::TagOk);
/// assert_eq!(judgement.disposition, Disposition::Accept);
/// assert_eq!(judgement.deliver_to, Mailbox::parse("alice@example.com").ok());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Judgement<'a> {
    /// What was found.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// What is done now.
    pub disposition: Disposition,
    /// What is said now.
    pub reply: Reply,
    /// The mailbox to deliver to, without the tag; `None` when the recipient is refused. After a tag that is not
    /// proved ([`Verdict::Disproved`], [`Verdict::Unverified`]) the server must see for itself that the mailbox exists.
    pub deliver_to: Option<Mailbox<'a>>,
    /// The same also where the recipient is refused.
    pub mailbox: Mailbox<'a>,
    /// Whether the message can change nothing about this any more.
    pub settled: bool,
}

impl Judgement<'_> {
    /// Whether other recipients must not share what becomes of the message.
    fn must_be_alone(&self, mode: Mode) -> bool {
        self.disposition == Disposition::Quarantine || !self.settled && mode >= Mode::Quarantine
    }
}

/// Judges one recipient of one message. Pure: the same question has the same answer.
///
/// ```
/// use batv_core::envelope::{self, Envelope, Mode, Policy, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let probe = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// let judgement = envelope::judge(&probe, &keys, &Policy::new(Mode::Reject), Day::new(18_262)?);
/// assert_eq!(judgement.reason, Reason::Callout);
/// assert_eq!(judgement.reply.code, 250);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn judge<'a>(
    envelope: &Envelope<'a>,
    ring: &(impl KeyRing + ?Sized),
    policy: &Policy<'_, impl AsRef<str>>,
    today: Day,
) -> Judgement<'a> {
    Examination::new(envelope, ring, policy, today).judge(policy.mode, envelope.stage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnknownName;

    #[test]
    fn all_names_are_there_and_read_back() {
        fn read_back<T: Copy + Eq + core::fmt::Debug + core::fmt::Display + core::str::FromStr<Err = UnknownName>>(
            all: &[T],
        ) {
            assert!(all.iter().all(|value| alloc::format!("{value}").parse() == Ok(*value)), "{all:?}");
            assert!("callouts".parse::<T>().is_err());
        }
        read_back(Reason::ALL);
        read_back(Verdict::ALL);
        read_back(Disposition::ALL);
        read_back(Mode::ALL);
        read_back(Stage::ALL);
        read_back(Earlier::ALL);
    }

    #[test]
    fn each_reason_has_words_of_its_own() {
        for (at, reason) in Reason::ALL.iter().enumerate() {
            assert!(!reason.words().is_empty(), "{reason}");
            assert!(Reason::ALL[..at].iter().all(|other| other.words() != reason.words()), "{reason}");
        }
    }

    #[test]
    fn an_envelope_is_refused_for_its_tag_or_its_srs_address() {
        let refused = [
            Reason::TagExpired,
            Reason::TagForged,
            Reason::Untagged,
            Reason::TaggedBad,
            Reason::SrsExpired,
            Reason::SrsForged,
            Reason::SrsNotBounce,
        ];
        for &reason in Reason::ALL {
            assert_eq!(reason.is_refused(), refused.contains(&reason), "{reason}");
        }
    }
}
