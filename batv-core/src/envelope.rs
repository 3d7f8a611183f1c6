//! Judgement of one reverse-path and one forward-path, before any message is read.
//!
//! Mail with a null reverse-path claims to be a bounce. A good tag on the forward-path proves that it answers mail of
//! ours; a bad one proves that it does not; without one the message decides, at the end of DATA. Nothing untagged is
//! refused at RCPT TO unless the policy says so, so that callouts (`MAIL FROM:<>`, `RCPT TO`, `QUIT`) still find the
//! mailbox.

use crate::address::Pattern;
use crate::address::{Mailbox, Path};
use crate::day::Day;
use crate::key::{Key, KeyRing};
use crate::srs::Srs;
use crate::tag::Form;

mod examination;
mod mode;
mod reason;
mod reply;
#[cfg(feature = "serde")]
mod serde;
mod verdict;

pub use examination::Examination;
pub use mode::{Mode, OnError, Stage};
pub use reason::Reason;
pub use reply::{EnhancedCode, Reply, ReplyName};
pub use verdict::{Disposition, Verdict};

pub use crate::day::{PROOF_GRACE_DAYS, QUEUE_DAYS};

/// Question of a judgement: reverse-path, forward-path, and their circumstances.
///
/// ```
/// use batv_core::envelope::{Earlier, Envelope, Stage};
/// use batv_core::{Mailbox, Path};
///
/// let envelope = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// assert_eq!((envelope.earlier, envelope.stage), (Earlier::None, Stage::RcptTo));
/// assert_eq!(envelope.with_stage(Stage::EndOfData).stage, Stage::EndOfData);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Envelope<'a> {
    /// Argument of MAIL FROM.
    pub reverse_path: Path<'a>,
    /// Argument of RCPT TO.
    pub forward_path: Mailbox<'a>,
    /// Whether the client is one of ours, or exempt.
    pub trusted_client: bool,
    /// Outcome of the recipients of the same message that were accepted before this one.
    pub earlier: Earlier,
    /// Stage of the SMTP transaction.
    pub stage: Stage,
}

impl<'a> Envelope<'a> {
    /// First recipient of a message, at RCPT TO, from an unknown client.
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

    /// Envelope of a client that is one of ours, or exempt, or neither.
    pub const fn with_trusted_client(self, trusted_client: bool) -> Self {
        Self { trusted_client, ..self }
    }

    /// Envelope after these recipients of the same message.
    pub const fn with_earlier(self, earlier: Earlier) -> Self {
        Self { earlier, ..self }
    }

    /// Envelope at this stage of the SMTP transaction.
    pub const fn with_stage(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }
}

crate::names! {
    /// Outcome of the recipients of the same message that were accepted before.
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
        /// At least one may still be refused by the message, or is held: the outcome of the message would be that of all.
        Undecided = "undecided",
    }
}

impl Earlier {
    /// Outcome after one more recipient, judged by a policy of this mode.
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

/// Domains and mailboxes of a site, and their treatment.
///
/// ```
/// use batv_core::Pattern;
/// use batv_core::envelope::{Mode, Stage, Policy};
///
/// let protected = [Pattern::parse("example.com")?];
/// let policy = Policy::protecting(&protected, Mode::Mark).with_reject_at(Stage::RcptTo);
/// assert_eq!((policy.mode, policy.reject_at), (Mode::Mark, Stage::RcptTo));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Policy<'p, T = &'p str> {
    /// Domains and mailboxes that tag what they send. When there are none: those that a live BATV key serves.
    pub protected: &'p [Pattern<T>],
    /// Domains and mailboxes that are not judged, though protected.
    pub exempt: &'p [Pattern<T>],
    /// First day on which everything was sent with a tag. An untagged bounce may answer older mail until the lifetime of a
    /// tag and [`QUEUE_DAYS`] have passed.
    pub signing_since: Option<Day>,
    /// Form in which senders are tagged; a sender without room for it is not tagged.
    pub form: Form,
    /// Severity.
    pub mode: Mode,
    /// Stage at which a recipient is refused that only a message could still prove. `EndOfData` is safe for callouts.
    pub reject_at: Stage,
    /// Disposition when the recipient can't be judged.
    pub on_error: OnError,
    /// SRS addresses of ours; `None` when we forward nothing.
    pub srs: Option<Srs<&'p [T]>>,
    /// Whether an SRS address of ours accepts mail other than bounces. Anyone who has seen such an address can then relay
    /// mail to the address inside it.
    pub srs_takes_mail: bool,
    /// Whether the message is judged after the envelope: then it may still be held, or refused, in spite of a good tag.
    pub reads_message: bool,
}

impl Policy<'_> {
    /// Policy that protects everything that the keys serve, without exemption or grace, and decides at the end of DATA.
    ///
    /// ```
    /// # use batv_core::envelope::{Mode, Policy};
    /// assert!(Policy::new(Mode::Observe).protected.is_empty());
    /// ```
    pub const fn new(mode: Mode) -> Self {
        Self::protecting(&[], mode)
    }
}

impl<'p, T> Policy<'p, T> {
    /// Policy that protects these domains and mailboxes.
    ///
    /// ```
    /// # use batv_core::Pattern;
    /// # use batv_core::envelope::{Mode, Policy};
    /// let protected = vec![Pattern::parse(String::from("example.com"))?];
    /// assert_eq!(Policy::protecting(&protected, Mode::Mark).protected.len(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn protecting(protected: &'p [Pattern<T>], mode: Mode) -> Self {
        Self {
            protected,
            exempt: &[],
            signing_since: None,
            form: Form::Prvs,
            mode,
            reject_at: Stage::EndOfData,
            on_error: OnError::Tempfail,
            srs: None,
            srs_takes_mail: false,
            reads_message: false,
        }
    }

    /// Policy with these exemptions.
    pub const fn with_exempt(self, exempt: &'p [Pattern<T>]) -> Self {
        Self { exempt, ..self }
    }

    /// Policy of a site that has tagged everything since this day; `None` for always.
    pub const fn with_signing_since(self, signing_since: Option<Day>) -> Self {
        Self { signing_since, ..self }
    }

    /// Policy with this form of tags.
    pub const fn with_form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// Policy that refuses at this stage.
    pub const fn with_reject_at(self, reject_at: Stage) -> Self {
        Self { reject_at, ..self }
    }

    /// Policy with this disposition when a recipient can't be judged.
    pub const fn with_on_error(self, on_error: OnError) -> Self {
        Self { on_error, ..self }
    }

    /// Policy with these SRS addresses, which accept bounces only, or all mail.
    pub const fn with_srs(self, srs: Option<Srs<&'p [T]>>, takes_mail: bool) -> Self {
        Self { srs, srs_takes_mail: takes_mail, ..self }
    }

    /// Whether forwarded mail of this sender is rewritten: no list and no key names the sender, or SRS rewrites all.
    ///
    /// ```
    /// # use batv_core::envelope::{Mode, Policy};
    /// # use batv_core::{Key, Mailbox, Pattern};
    /// let (keys, protected): ([Key; 0], _) = ([], [Pattern::parse("example.com")?]);
    /// let policy = Policy::protecting(&protected, Mode::Reject);
    /// assert!(!policy.rewrites(&keys, &Mailbox::parse("alice@example.com")?));
    /// assert!(policy.rewrites(&keys, &Mailbox::parse("bob@example.net")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn rewrites(&self, ring: &(impl KeyRing + ?Sized), sender: &Mailbox<'_>) -> bool
    where
        T: AsRef<str>,
    {
        self.srs.as_ref().is_some_and(|srs| srs.always_rewrite) || !self.names(ring, sender)
    }

    /// Whether a list or a key names this mailbox or its domain.
    ///
    /// ```
    /// # use batv_core::envelope::{Mode, Policy};
    /// # use batv_core::{Key, Mailbox};
    /// let keys: [Key; 0] = [];
    /// assert!(!Policy::new(Mode::Reject).names(&keys, &Mailbox::parse("alice@example.com")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn names(&self, ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'_>) -> bool
    where
        T: AsRef<str>,
    {
        let is_listed = |pattern: &Pattern<T>| pattern.matches(mailbox);
        let is_named = |key: &Key| !key.scope().is_empty();
        self.protected.iter().chain(self.exempt).any(is_listed)
            || ring.batv_keys(mailbox).any(is_named)
            || ring.srs_keys(&mailbox.domain()).any(is_named)
    }

    /// Policy of a site that judges the message, too.
    pub const fn with_reads_message(self, reads_message: bool) -> Self {
        Self { reads_message, ..self }
    }
}

/// Judgement of one recipient.
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
#[must_use]
#[non_exhaustive]
pub struct Judgement<'a> {
    /// Verdict.
    pub verdict: Verdict,
    /// Reason of the verdict.
    pub reason: Reason,
    /// Disposition at this stage.
    pub disposition: Disposition,
    /// SMTP reply at this stage.
    pub reply: Reply<'static>,
    /// Mailbox to deliver to, without the tag; `None` when the recipient is refused. After a tag that is not
    /// proved ([`Verdict::Disproved`], [`Verdict::Unverified`]) the server must see for itself that the mailbox exists.
    pub deliver_to: Option<Mailbox<'a>>,
    /// Recipient without its tag, also when it is refused.
    pub mailbox: Mailbox<'a>,
    /// Whether the message can't change this any more.
    pub settled: bool,
}

impl Judgement<'_> {
    /// Whether other recipients must not share the outcome of the message.
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
        read_back(OnError::ALL);
        read_back(ReplyName::ALL);
    }

    #[test]
    fn each_reason_has_words_of_its_own() {
        for (at, reason) in Reason::ALL.iter().enumerate() {
            assert!(!reason.words().is_empty(), "{reason}");
            assert!(Reason::ALL[..at].iter().all(|other| other.words() != reason.words()), "{reason}");
        }
    }

    #[test]
    fn mode_reject_refuses_what_is_forged_or_disproved() {
        let refused = [
            Reason::TagExpired,
            Reason::TagForged,
            Reason::Untagged,
            Reason::TaggedBad,
            Reason::BackscatterDisproved,
            Reason::SrsExpired,
            Reason::SrsForged,
            Reason::SrsNotBounce,
        ];
        for &reason in Reason::ALL {
            assert_eq!(reason.is_refused(), refused.contains(&reason), "{reason}");
        }
    }
}
