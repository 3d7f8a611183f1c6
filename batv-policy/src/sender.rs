//! Sender of an outgoing message: tagged, rewritten or unchanged.

use core::fmt;

use batv_core::dialect::Dialect;
use batv_core::srs::{Forwarding, Rewritten, Srs};
use batv_core::tag::{self, Signing, Tagged};
use batv_core::{Algorithm, Day, Error, Key, KeyRing, KeySet, KeyState, KeyUse, Mailbox, Path, fingerprint};

use crate::rules::MixedRecipients;
use crate::site::View;

/// Outgoing message.
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
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..Outgoing::new(path)`")]
pub struct Outgoing<'a> {
    /// Argument of MAIL FROM.
    pub reverse_path: Path<'a>,
    /// Whether it comes from an authenticated user or a host of ours: only such mail is tagged.
    pub originates: bool,
    /// Whether a recipient is at another site: only such mail is rewritten by SRS.
    pub is_forwarded: bool,
    /// Share of its recipients that are exempt from tags ([`Rules::exempt_recipients`](crate::Rules::exempt_recipients)).
    pub exempt_recipients: ExemptRecipients,
}

impl<'a> Outgoing<'a> {
    /// Message with this reverse-path that is neither tagged nor rewritten.
    #[must_use]
    pub const fn new(reverse_path: Path<'a>) -> Self {
        Self { reverse_path, originates: false, is_forwarded: false, exempt_recipients: ExemptRecipients::None }
    }
}

/// Share of the recipients of a message that are exempt from tags.
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
    /// None.
    #[default]
    None,
    /// Some, but not all.
    Some,
    /// All.
    All,
}

impl ExemptRecipients {
    /// Share of a number of exempt recipients in the number of all.
    #[must_use]
    pub const fn of(exempt: usize, all: usize) -> Self {
        match exempt {
            0 => Self::None,
            _ if exempt == all => Self::All,
            _ => Self::Some,
        }
    }
}

/// Handling of the sender of an outgoing message.
///
/// ```
/// use batv_policy::{Handling, UnchangedReason};
///
/// assert!(matches!(Handling::Unchanged(UnchangedReason::NotOurs), Handling::Unchanged(_)));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[must_use]
pub enum Handling<'h> {
    /// The sender gets a tag.
    Tagged(Tagged<'h>),
    /// The sender is rewritten by SRS.
    Rewritten(Rewritten<'h>),
    /// The sender has no room for a tag or for an SRS address. A caller with a store makes a handle for it with this key,
    /// and calls [`Sender::sign_handle`]; without a store the sender stays unchanged.
    TooLong {
        /// Key that would have made the tag or the SRS address.
        key: &'h Key,
        /// Error that names the length and the limit.
        error: Error,
    },
    /// The sender stays unchanged.
    Unchanged(UnchangedReason),
}

impl Handling<'_> {
    /// New reverse-path; `None` if it stays unchanged.
    ///
    /// ```
    /// # use batv_policy::{Handling, UnchangedReason};
    /// assert_eq!(Handling::Unchanged(UnchangedReason::NotOurs).address(), None);
    /// ```
    #[must_use]
    pub fn address(&self) -> Option<String> {
        match self {
            Self::Tagged(tagged) => Some(tagged.to_string()),
            Self::Rewritten(rewritten) => Some(rewritten.to_string()),
            Self::TooLong { .. } | Self::Unchanged(_) => None,
        }
    }
}

/// Reason why a sender stays unchanged.
///
/// ```
/// use batv_policy::UnchangedReason;
///
/// assert_eq!(UnchangedReason::ExemptRecipient.to_string(), "exempt-recipient");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnchangedReason {
    /// The reverse-path is null.
    #[error("null-path")]
    NullPath,
    /// Its domain is not ours, or no key signs for it.
    #[error("not-ours")]
    NotOurs,
    /// Its domain is ours, but the message comes from neither an authenticated user nor a host of ours.
    #[error("not-originated")]
    NotOriginated,
    /// Its domain is ours, but the rules exempt the sender from tags.
    #[error("not-protected")]
    NotProtected,
    /// A recipient is exempt from tags.
    #[error("exempt-recipient")]
    ExemptRecipient,
    /// It has a tag already.
    #[error("already-tagged")]
    AlreadyTagged(Dialect),
    /// It can't be tagged or rewritten.
    #[error("{0}")]
    Refused(Error),
}

/// Sender of an outgoing message.
///
/// ```
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Path};
/// use batv_policy::{Handling, Outgoing, Rules, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let site = Site::new(keys, Rules::default())?;
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
    Rewrite { mailbox: Mailbox<'a>, srs: Result<Srs<&'s [String]>, Error> },
    Leave(UnchangedReason),
}

impl<'s, 'a> Sender<'s, 'a> {
    pub(crate) fn new(site: View<'s>, leaving: &Outgoing<'a>) -> Self {
        Self { site, course: Course::of(site, leaving) }
    }

    /// Sender of a forwarded message.
    pub(crate) fn forwarded(site: View<'s>, mailbox: Mailbox<'a>) -> Self {
        Self { site, course: Course::of_forwarded(site, mailbox) }
    }

    /// Tags or rewrites the sender, or says why not.
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
            Course::Rewrite { mailbox, srs } => self.site.rewrite(mailbox, srs, today, || srs_key(keys)),
        }
    }

    /// Tags or rewrites the handle that stands for the sender.
    pub fn sign_handle<'h>(&'h self, handle: &Mailbox<'h>, today: Day) -> Handling<'h> {
        match &self.course {
            Course::Leave(unchanged) => Handling::Unchanged(*unchanged),
            // Where only single mailboxes are protected, a bounce to the handle would not be judged.
            Course::Tag { .. } if !self.site.rules.is_protected(handle) => {
                Handling::Unchanged(UnchangedReason::NotProtected)
            }
            Course::Tag { .. } => handling(self.site.tag(handle, today), || None),
            Course::Rewrite { srs, .. } => self.site.rewrite(handle, srs, today, || None),
        }
    }
}

impl<'s> View<'s> {
    /// Sender of an outgoing message.
    ///
    /// ```
    /// use batv_core::{Day, KeySet, Path};
    /// use batv_policy::{Handling, Outgoing, Rules, UnchangedReason, View};
    ///
    /// let rules = Rules::default();
    /// let leaving = Outgoing::new(Path::parse("<alice@example.com>")?);
    /// let keys = KeySet::default();
    /// let sender = View::new(&keys, &rules).sender(&leaving);
    /// assert!(matches!(sender.sign(Day::new(18_262)?), Handling::Unchanged(UnchangedReason::NotOurs)));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn sender<'a>(self, leaving: &Outgoing<'a>) -> Sender<'s, 'a> {
        Sender::new(self, leaving)
    }
}

impl View<'_> {
    fn tag<'h>(self, mailbox: &Mailbox<'h>, today: Day) -> Result<Signing<'h>, Error> {
        tag::sign(self.keys, mailbox, self.rules.form, self.rules.lifetime, today)
    }

    /// Rewrites a mailbox. `key` makes the handle of one that is too long.
    fn rewrite<'h>(
        self,
        mailbox: &Mailbox<'h>,
        srs: &'h Result<Srs<&[String]>, Error>,
        today: Day,
        key: impl FnOnce() -> Option<&'h Key>,
    ) -> Handling<'h> {
        match srs.as_ref().map_err(|error| *error).and_then(|srs| srs.forward(self.keys, mailbox, today)) {
            Ok(Forwarding::Rewritten(rewritten)) => Handling::Rewritten(rewritten),
            Ok(Forwarding::Unchanged(_)) => Handling::Unchanged(UnchangedReason::NotOurs),
            Err(error) => too_long(error, key()),
        }
    }
}

impl<'s, 'a> Course<'s, 'a> {
    fn of(site: View<'s>, leaving: &Outgoing<'a>) -> Self {
        let rules = site.rules;
        let Path::Mailbox(mailbox) = leaving.reverse_path else { return Self::Leave(UnchangedReason::NullPath) };
        let is_ours = site.is_ours(&mailbox);
        let gets_tags = is_ours && leaving.originates && rules.is_protected(&mailbox);
        let exempt = match rules.mixed_recipients {
            MixedRecipients::Unsigned => leaving.exempt_recipients != ExemptRecipients::None,
            MixedRecipients::Signed => leaving.exempt_recipients == ExemptRecipients::All,
        };
        match () {
            () if gets_tags && exempt => Self::Leave(UnchangedReason::ExemptRecipient),
            () if gets_tags => {
                Self::Tag { mailbox, folded: rules.fold_case.then(|| folded(site.keys, &mailbox)).flatten() }
            }
            // What a user of ours sends is not forwarded, even if the mailbox gets no tag.
            () if is_ours && leaving.originates => Self::Leave(UnchangedReason::NotProtected),
            () if leaving.is_forwarded && !rules.srs.domains.is_empty() && !site.keeps(&mailbox) => {
                Self::Rewrite { mailbox, srs: rules.srs.srs() }
            }
            () if is_ours => Self::Leave(UnchangedReason::NotOriginated),
            () => Self::Leave(UnchangedReason::NotOurs),
        }
    }

    /// Course of a sender that gets no tag.
    fn of_forwarded(site: View<'s>, mailbox: Mailbox<'a>) -> Self {
        let srs = &site.rules.srs;
        if site.keeps(&mailbox) && !srs.always_rewrite {
            return Self::Leave(UnchangedReason::NotOriginated);
        }
        Self::Rewrite { mailbox, srs: srs.srs() }
    }
}

/// Sender in lower case, if the tag depends on its case.
fn folded(keys: &KeySet, sender: &Mailbox<'_>) -> Option<String> {
    let key = keys.batv_keys(sender).find(|key| key.state() == KeyState::Signing)?;
    let depends = key.algorithm() == Algorithm::HmacSha1 || !is_ascii(sender);
    depends.then(|| sender.to_string().to_lowercase())
}

/// Whether an address is ASCII, found out without a copy of it: this runs for each sender.
fn is_ascii(mailbox: &Mailbox<'_>) -> bool {
    struct Ascii;

    impl fmt::Write for Ascii {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            if text.is_ascii() { Ok(()) } else { Err(fmt::Error) }
        }
    }

    mailbox.write_to(&mut Ascii).is_ok()
}

fn srs_key(keys: &[Key]) -> Option<&Key> {
    keys.iter().find(|key| key.key_use() == KeyUse::Srs && key.state() == KeyState::Signing)
}

fn too_long(error: Error, key: Option<&Key>) -> Handling<'_> {
    match key {
        Some(key) => Handling::TooLong { key, error },
        None => Handling::Unchanged(UnchangedReason::Refused(error)),
    }
}

fn handling<'h>(signing: Result<Signing<'h>, Error>, key: impl FnOnce() -> Option<&'h Key>) -> Handling<'h> {
    match signing {
        Ok(Signing::Tagged(tagged)) => Handling::Tagged(tagged),
        Ok(Signing::Unchanged(_, tag::Unchanged::AlreadyTagged(dialect))) => {
            Handling::Unchanged(UnchangedReason::AlreadyTagged(dialect))
        }
        Ok(Signing::Unchanged(..)) => Handling::Unchanged(UnchangedReason::NotOurs),
        Err(error) => too_long(error, key()),
    }
}
