//! Tag in the envelope sender of a returned message.

use batv_core::envelope::{PROOF_GRACE_DAYS, QUEUE_DAYS};
use batv_core::tag::{self, Form};
use batv_core::{Day, KeyRing, Mailbox, MailboxBuf, TagVerdict};

use super::identity::envelope_sender;
use crate::read::domain::Conversions;
use crate::read::header::fields;
use crate::read::mailboxes::ascii_within;

/// Tag in the envelope sender of a returned message: the first that the returned headers name, read from the top, in
/// Return-Path, X-Envelope-From, X-Envelope-Sender, or Received (`envelope-from`).
///
/// Others are not looked at, so that a message is one guess. A wrong one counts as a wrong tag at RCPT TO does.
///
/// ```
/// use batv_bounce::{Limits, OwnMail, origin, read};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"0123456789abcdef")?];
/// let bounce = b"From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message:\n\n\
///     Return-Path: <prvs=0789abcdef=alice@example.com>\nFrom: alice@example.com\nTo: bob@example.net\n";
/// let reading = read(bounce, None, &Limits::default());
/// let alice = Mailbox::parse("alice@example.com")?;
/// let found = origin(&reading, &alice, &keys, &OwnMail::<&str>::new(&[]), Day::new(20_782)?);
/// let tag = found.tag.expect("a tag");
/// assert!(tag.is_wrong());
/// assert_eq!(tag.mailbox.as_str(), "alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ReturnedTag {
    /// Envelope sender with its tag.
    pub tagged: MailboxBuf,
    /// Envelope sender without its tag.
    pub mailbox: MailboxBuf,
    /// Verdict on the tag: anything but [`TagVerdict::Untagged`].
    pub verdict: TagVerdict,
    /// Form of the tag.
    pub form: Form,
    /// Days for which the tag stays valid, negative when it has expired; only for a MAC that is right.
    pub days_left: Option<i32>,
    /// Last day on which the tag is valid; only for a MAC that is right.
    pub expires: Option<Day>,
}

impl ReturnedTag {
    /// The first tag of a mailbox that may be ours: others make tags that look like ours.
    pub(super) fn find(
        header: &[u8],
        conversions: &Conversions,
        ring: &(impl KeyRing + ?Sized),
        today: Day,
        may_be_ours: impl Fn(&Mailbox<'_>) -> bool,
    ) -> Option<Self> {
        fields(header).find_map(|field| {
            let text = field.text();
            let sender = ascii_within(envelope_sender(&field, &text)?, conversions);
            let tagged = Mailbox::parse(sender.trim()).ok()?;
            let found = tag::verify(ring, &tagged, today);
            let form = found.form.filter(|_| found.verdict != TagVerdict::Untagged && may_be_ours(&found.mailbox))?;
            let (tagged, mailbox) = (tagged.into(), found.mailbox.into());
            let tag::Verification { verdict, days_left, expires, .. } = found;
            Some(Self { tagged, mailbox, verdict, form, days_left, expires })
        })
    }

    /// Whether none of our keys made the tag: it was guessed.
    ///
    /// ```
    /// # use batv_bounce::ReturnedTag;
    /// fn count(tag: &ReturnedTag, wrong_tags: &mut u32) {
    ///     *wrong_tags += u32::from(tag.is_wrong());
    /// }
    /// ```
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.verdict == TagVerdict::BadMac
    }

    /// Whether the tag is ours, of this mailbox, and no older than a bounce to it may be. In 24 bits that is no proof: they
    /// can be guessed.
    ///
    /// ```
    /// # use batv_bounce::ReturnedTag;
    /// # use batv_core::Mailbox;
    /// fn is_worth_counting(tag: &ReturnedTag, recipient: &Mailbox<'_>) -> bool {
    ///     tag.vouches_for(recipient)
    /// }
    /// ```
    #[must_use]
    pub fn vouches_for(&self, mailbox: &Mailbox<'_>) -> bool {
        self.counts() && self.mailbox.as_str().eq_ignore_ascii_case(&mailbox.to_string())
    }

    /// Whether the tag is ours, and no older than a bounce to it may be.
    pub(super) fn counts(&self) -> bool {
        match self.verdict {
            TagVerdict::Valid => true,
            TagVerdict::Expired => self.days_left.is_some_and(|days| days >= -(QUEUE_DAYS + PROOF_GRACE_DAYS)),
            _ => false,
        }
    }

    /// Whether it is too long to be guessed.
    pub(super) fn is_long(&self) -> bool {
        self.form == Form::Strong
    }
}
