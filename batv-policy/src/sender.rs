//! The sender of a message that leaves: tagged, rewritten, or left as it is, and why.

use batv_core::dialect::Dialect;
use batv_core::srs::{Forwarding, Rewritten};
use batv_core::tag::{self, Signing, Tagged};
use batv_core::{Algorithm, Day, Domain, Error, Key, KeyRing, KeyState, KeyUse, Mailbox, Path, fingerprint};

use crate::rules::MixedRecipients;
use crate::site::View;

/// A message that leaves.
///
/// ```
/// use batv_core::Path;
/// use batv_policy::{ExemptRecipients, Outgoing};
///
/// let leaving = Outgoing { originates: true, ..Outgoing::new(Path::parse("<alice@example.com>")?) };
/// assert_eq!(leaving.exempt_recipients, ExemptRecipients::None);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is written with `..Outgoing::new(path)`")]
pub struct Outgoing<'a> {
    /// The argument of MAIL FROM.
    pub reverse_path: Path<'a>,
    /// Whether an authenticated user or a host of ours sends it: only such mail is tagged.
    pub originates: bool,
    /// Whether a recipient is delivered elsewhere: only such mail is rewritten for SRS.
    pub is_forwarded: bool,
    /// Which of its recipients are exempt from tags ([`Rules::exempt_recipients`](crate::Rules::exempt_recipients)).
    pub exempt_recipients: ExemptRecipients,
}

impl<'a> Outgoing<'a> {
    /// A message of which only the reverse-path is known: it is neither tagged nor rewritten.
    pub const fn new(reverse_path: Path<'a>) -> Self {
        Self { reverse_path, originates: false, is_forwarded: false, exempt_recipients: ExemptRecipients::None }
    }
}

/// Which recipients of a message are exempt from tags.
///
/// ```
/// use batv_policy::ExemptRecipients;
///
/// assert_eq!(ExemptRecipients::of(1, 2), ExemptRecipients::Some);
/// assert_eq!(ExemptRecipients::of(0, 0), ExemptRecipients::None);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between")]
pub enum ExemptRecipients {
    /// None of them.
    #[default]
    None,
    /// Some of them, but not all.
    Some,
    /// All of them.
    All,
}

impl ExemptRecipients {
    /// So many of all recipients.
    pub const fn of(exempt: usize, all: usize) -> Self {
        match exempt {
            0 => Self::None,
            _ if exempt == all => Self::All,
            _ => Self::Some,
        }
    }
}

/// What becomes of a sender.
///
/// ```
/// use batv_policy::{Handling, Unchanged};
///
/// assert!(matches!(Handling::Unchanged(Unchanged::NotOurs), Handling::Unchanged(_)));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[must_use]
pub enum Handling<'h> {
    /// It leaves with a tag.
    Tagged(Tagged<'h>),
    /// It leaves rewritten, by SRS.
    Rewritten(Rewritten<'h>),
    /// It has no room for a tag, or for what SRS adds. Whoever keeps handles gets one for it with this key, and asks
    /// [`Sender::sign_handle`]; else it leaves as it is.
    TooLong {
        /// The key that would have made the tag or the SRS address.
        key: &'h Key,
        /// Why it has no room.
        error: Error,
    },
    /// It leaves as it is.
    Unchanged(Unchanged),
}

impl Handling<'_> {
    /// The reverse-path that the message leaves with, when it is another.
    ///
    /// ```
    /// # use batv_policy::{Handling, Unchanged};
    /// assert_eq!(Handling::Unchanged(Unchanged::NotOurs).address(), None);
    /// ```
    pub fn address(&self) -> Option<String> {
        match self {
            Self::Tagged(tagged) => Some(tagged.to_string()),
            Self::Rewritten(rewritten) => Some(rewritten.to_string()),
            Self::TooLong { .. } | Self::Unchanged(_) => None,
        }
    }
}

/// Why a sender leaves as it is.
///
/// ```
/// use batv_policy::Unchanged;
///
/// assert_eq!(Unchanged::ExemptRecipient.to_string(), "exempt-recipient");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unchanged {
    /// It is the null reverse-path.
    #[error("null-path")]
    NullPath,
    /// Its domain is none of ours, or no key signs for it.
    #[error("not-ours")]
    NotOurs,
    /// It is ours, but neither an authenticated user nor a host of ours sends the message.
    #[error("not-originated")]
    NotOriginated,
    /// Its domain is ours, but the rules say that it sends without a tag.
    #[error("not-protected")]
    NotProtected,
    /// A recipient is exempt from tags.
    #[error("exempt-recipient")]
    ExemptRecipient,
    /// It has a tag already.
    #[error("already-tagged")]
    AlreadyTagged(Dialect),
    /// It can't be tagged, or rewritten.
    #[error("{0}")]
    Refused(Error),
}

/// The sender of a message that leaves.
///
/// ```
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Path};
/// use batv_policy::{Handling, Outgoing, Rules, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let site = Site::new(keys, Rules { fold_case: true, ..Rules::default() })?;
/// let leaving = Outgoing { originates: true, ..Outgoing::new(Path::parse("<Alice@example.com>")?) };
/// let sender = site.view().sender(&leaving);
/// let Handling::Tagged(tagged) = sender.sign(Day::new(18_262)?) else { panic!() };
/// assert_eq!(tagged.to_string(), "prvs=0269b1e711=alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Sender<'s, 'a> {
    site: View<'s>,
    course: Course<'s, 'a>,
}

#[derive(Debug)]
enum Course<'s, 'a> {
    Tag { mailbox: Mailbox<'a>, folded: Option<String> },
    Rewrite { mailbox: Mailbox<'a>, domains: Vec<Domain<'s>> },
    Leave(Unchanged),
}

impl<'s, 'a> Sender<'s, 'a> {
    pub(crate) fn new(site: View<'s>, leaving: &Outgoing<'a>) -> Self {
        Self { site, course: Course::of(site, leaving) }
    }

    /// A sender that is rewritten, of any domain but those of SRS.
    pub(crate) fn rewriting(site: View<'s>, mailbox: Mailbox<'a>) -> Self {
        Self { site, course: Course::Rewrite { mailbox, domains: site.rules.srs.parsed_domains() } }
    }

    /// Tags it, rewrites it, or says why not.
    pub fn sign(&self, today: Day) -> Handling<'_> {
        let keys = self.site.keys;
        match &self.course {
            Course::Leave(unchanged) => Handling::Unchanged(*unchanged),
            Course::Tag { mailbox, folded } => {
                let signing = match folded.as_deref().map(Mailbox::parse) {
                    Some(Ok(folded)) => self.site.tag(&folded, today).or_else(|_| self.site.tag(mailbox, today)),
                    _ => self.site.tag(mailbox, today),
                };
                handling(signing, || fingerprint::signing_key(keys, mailbox))
            }
            Course::Rewrite { mailbox, domains } => self.site.rewrite(mailbox, domains, today, || srs_key(keys)),
        }
    }

    /// Tags or rewrites the handle that stands for it.
    pub fn sign_handle<'h>(&'h self, handle: &Mailbox<'h>, today: Day) -> Handling<'h> {
        match &self.course {
            Course::Leave(unchanged) => Handling::Unchanged(*unchanged),
            // Where single mailboxes have tags, the bounces of a handle would be nobody's.
            Course::Tag { .. } if !self.site.rules.is_protected(handle) => Handling::Unchanged(Unchanged::NotProtected),
            Course::Tag { .. } => handling(self.site.tag(handle, today), || None),
            Course::Rewrite { domains, .. } => self.site.rewrite(handle, domains, today, || None),
        }
    }
}

impl View<'_> {
    fn tag<'h>(self, mailbox: &Mailbox<'h>, today: Day) -> Result<Signing<'h>, Error> {
        tag::sign(self.keys, mailbox, self.rules.form, self.rules.lifetime, today)
    }

    /// `key` is the one that a handle is made with, where the mailbox itself can't be rewritten.
    fn rewrite<'h>(
        self,
        mailbox: &Mailbox<'h>,
        domains: &'h [Domain<'h>],
        today: Day,
        key: impl FnOnce() -> Option<&'h Key>,
    ) -> Handling<'h> {
        match self.rules.srs.over(domains).and_then(|srs| srs.forward(self.keys, mailbox, today)) {
            Ok(Forwarding::Rewritten(rewritten)) => Handling::Rewritten(rewritten),
            Ok(Forwarding::Unchanged(_)) => Handling::Unchanged(Unchanged::NotOurs),
            Err(error) => too_long(error, key()),
        }
    }
}

impl<'s, 'a> Course<'s, 'a> {
    fn of(site: View<'s>, leaving: &Outgoing<'a>) -> Self {
        let rules = site.rules;
        let Path::Mailbox(mailbox) = leaving.reverse_path else { return Self::Leave(Unchanged::NullPath) };
        if !site.is_ours(&mailbox) {
            let is_forwarded = leaving.is_forwarded && !rules.srs.domains.is_empty();
            return if is_forwarded {
                Self::Rewrite { mailbox, domains: rules.srs.parsed_domains() }
            } else {
                Self::Leave(Unchanged::NotOurs)
            };
        }
        let exempt = match rules.mixed_recipients {
            MixedRecipients::Unsigned => leaving.exempt_recipients != ExemptRecipients::None,
            MixedRecipients::Signed => leaving.exempt_recipients == ExemptRecipients::All,
        };
        // What is ours is not forwarded, also where it goes without a tag.
        match () {
            () if !leaving.originates => Self::Leave(Unchanged::NotOriginated),
            () if !rules.is_protected(&mailbox) => Self::Leave(Unchanged::NotProtected),
            () if exempt => Self::Leave(Unchanged::ExemptRecipient),
            () => Self::Tag { mailbox, folded: rules.fold_case.then(|| folded(site.keys, &mailbox)).flatten() },
        }
    }
}

/// The sender in lower case, where its letters matter to the tag. What comes to the same keeps its letters.
fn folded(keys: &[Key], sender: &Mailbox<'_>) -> Option<String> {
    let key = keys.batv_keys(sender).find(|key| key.state() == KeyState::Signing)?;
    let text = sender.to_string();
    (key.algorithm() == Algorithm::HmacSha1 || !text.is_ascii()).then(|| text.to_lowercase())
}

fn srs_key(keys: &[Key]) -> Option<&Key> {
    keys.iter().find(|key| key.key_use() == KeyUse::Srs && key.state() == KeyState::Signing)
}

fn too_long(error: Error, key: Option<&Key>) -> Handling<'_> {
    match key {
        Some(key) => Handling::TooLong { key, error },
        None => Handling::Unchanged(Unchanged::Refused(error)),
    }
}

fn handling<'h>(signing: Result<Signing<'h>, Error>, key: impl FnOnce() -> Option<&'h Key>) -> Handling<'h> {
    match signing {
        Ok(Signing::Tagged(tagged)) => Handling::Tagged(tagged),
        Ok(Signing::Unchanged(_, tag::Unchanged::AlreadyTagged(dialect))) => {
            Handling::Unchanged(Unchanged::AlreadyTagged(dialect))
        }
        Ok(Signing::Unchanged(..)) => Handling::Unchanged(Unchanged::NotOurs),
        Err(error) => too_long(error, key()),
    }
}
