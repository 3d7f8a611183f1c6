//! Header fields in which a ruling reaches filters and users.

#[cfg(feature = "messages")]
use batv_bounce::{Class, Origin};
use batv_core::envelope::{Disposition, Mode, Reason, Verdict};

/// Header field with the verdict in the words of batv-tools. A server removes copies that came with the message.
pub const STATUS_FIELD: &str = "X-BATV-Status";
/// Header field with the whole verdict: reason, class and origin of the message, disposition. A server removes copies that
/// came with the message.
pub const VERDICT_FIELD: &str = "X-BATV-Verdict";

/// Part of a ruling that header fields report.
///
/// ```
/// use batv_core::envelope::{Envelope, Mode};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
/// use batv_policy::{Answers, Rules, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let site = Site::new(keys, Rules { mode: Mode::Mark, ..Rules::default() })?;
/// let forged = Envelope::new(Path::Null, Mailbox::parse("prvs=0269000000=alice@example.com")?);
/// let findings = site.view().recipient(&forged, Day::new(18_262)?).rcpt(&Answers::default()).findings();
/// assert_eq!(findings.status().as_deref(), Some("invalid, tag-forged"));
/// // No message was read.
/// assert_eq!(findings.verdict(), None);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Findings {
    pub(crate) verdict: Verdict,
    pub(crate) reason: Reason,
    pub(crate) disposition: Disposition,
    pub(crate) mode: Mode,
    #[cfg(feature = "messages")]
    pub(crate) message: Option<(Class, Origin)>,
}

impl Findings {
    /// Whether the recipient's bounce is suspect. Where one field serves several recipients it reports a suspect one: a
    /// good tag vouches for its own recipient alone.
    #[must_use]
    pub const fn is_doubtful(&self) -> bool {
        let is_accepted = matches!(self.disposition, Disposition::Accept);
        matches!(self.verdict, Verdict::Disproved | Verdict::Unverified)
            || !matches!(self.verdict, Verdict::Genuine) && !is_accepted
    }

    /// Value of [`STATUS_FIELD`]: the words of batv-tools, with our reason after them. `None` for no such field.
    #[must_use]
    pub fn status(&self) -> Option<String> {
        match self.verdict {
            _ if self.mode == Mode::Observe => None,
            Verdict::Genuine => Some("valid".to_owned()),
            Verdict::Disproved | Verdict::Unverified => Some(format!("invalid, {}", self.reason)),
            _ => None,
        }
    }

    /// Value of [`VERDICT_FIELD`], for programs. `None` for no such field, also where no message was read.
    #[cfg(feature = "messages")]
    #[must_use]
    pub fn verdict(&self) -> Option<String> {
        let (class, origin) = self.message.filter(|_| self.mode > Mode::Observe && self.reason != Reason::Exempt)?;
        let Self { verdict, reason, disposition, .. } = self;
        Some(format!("{verdict}; reason={reason}; class={class}; origin={origin}; disposition={disposition}"))
    }
}
