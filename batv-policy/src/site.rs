//! Site: its keys and rules, and the questions that it decides.

#[cfg(feature = "messages")]
use batv_core::MailboxBuf;
use batv_core::envelope::Policy;
use batv_core::mark::{self, Mark};
use batv_core::srs::Srs;
use batv_core::{Day, Error, Key, KeySet, KeyState, KeyUse, Mailbox, Pattern};

use crate::rules::Rules;

/// Site with its keys and rules. Its answers are pure: the same question has the same answer.
///
/// ```
/// use batv_core::envelope::{Disposition, Envelope, Mode};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path, Pattern};
/// use batv_policy::{Answers, Handling, Outgoing, Rules, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"0123456789abcdef")?];
/// let protected = vec![Pattern::parse("example.com".to_owned())?];
/// let site = Site::new(keys, Rules { protected, mode: Mode::Reject, ..Rules::default() })?;
/// let today = Day::new(20_782)?;
///
/// // Mail of a user leaves with a tag.
/// let leaving = Outgoing { originates: true, ..Outgoing::new(Path::parse("<alice@example.com>")?) };
/// let sender = site.view().sender(&leaving);
/// let Handling::Tagged(tagged) = sender.sign(today) else { panic!() };
///
/// // Its bounce is accepted, and a forged one is rejected.
/// let tagged = tagged.to_string();
/// let bounce = Envelope::new(Path::Null, Mailbox::parse(&tagged)?);
/// assert_eq!(site.view().recipient(&bounce, today).rcpt(&Answers::default()).disposition, Disposition::Accept);
/// let forged = tagged.replace("=alice", "=carol");
/// let bounce = Envelope::new(Path::Null, Mailbox::parse(&forged)?);
/// assert_eq!(site.view().recipient(&bounce, today).rcpt(&Answers::default()).disposition, Disposition::Reject);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Site {
    keys: KeySet,
    rules: Rules,
}

impl Site {
    /// Makes a site of keys and rules.
    ///
    /// # Errors
    /// Those of [`SrsRules::check`](crate::SrsRules::check).
    ///
    /// ```
    /// use batv_policy::{Rules, Site, SrsRules};
    ///
    /// let srs = SrsRules { domains: vec!["not a domain".to_owned()], ..SrsRules::default() };
    /// assert!(Site::new(Vec::new(), Rules { srs, ..Rules::default() }).is_err());
    /// ```
    pub fn new(keys: impl Into<KeySet>, rules: Rules) -> Result<Self, Error> {
        rules.srs.check()?;
        Ok(Self { keys: keys.into(), rules })
    }

    /// Keys of the site.
    #[must_use]
    pub const fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Rules of the site.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// View of the site, which answers questions.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(&self.keys, &self.rules)
    }
}

/// Site whose keys and rules are borrowed.
///
/// ```
/// use batv_core::{KeySet, Mailbox};
/// use batv_policy::{Rules, View};
///
/// let rules = Rules::default();
/// assert!(!View::new(&KeySet::default(), &rules).protects(&Mailbox::parse("alice@example.com")?));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct View<'s> {
    pub(crate) keys: &'s KeySet,
    pub(crate) rules: &'s Rules,
}

impl<'s> View<'s> {
    /// Makes a view of keys and rules. Rules that [`SrsRules::check`](crate::SrsRules::check) refuses have no SRS.
    #[must_use]
    pub const fn new(keys: &'s KeySet, rules: &'s Rules) -> Self {
        Self { keys, rules }
    }

    /// Keys of the site.
    #[must_use]
    pub const fn keys(&self) -> &'s KeySet {
        self.keys
    }

    /// Rules of the site.
    #[must_use]
    pub const fn rules(&self) -> &'s Rules {
        self.rules
    }

    /// Whether the domain of a sender is ours: the rules or a key names it, or one of its mailboxes; or a key signs for all
    /// domains.
    pub(crate) fn is_ours(self, sender: &Mailbox<'_>) -> bool {
        self.names(sender.domain().as_str()) || self.signs_for_everybody()
    }

    /// Whether forwarded mail keeps this sender: the rules protect or exempt it, or a key names it or its domain. SRS rewrites
    /// all others, also of a domain of which only single mailboxes are named.
    ///
    /// ```
    /// use batv_core::{KeySet, Mailbox, Pattern};
    /// use batv_policy::{Rules, View};
    ///
    /// let protected = vec![Pattern::parse("old@example.net".to_owned())?];
    /// let rules = Rules { protected, ..Rules::default() };
    /// let keys = KeySet::default();
    /// let site = View::new(&keys, &rules);
    /// assert!(site.keeps(&Mailbox::parse("old@example.net")?) && !site.keeps(&Mailbox::parse("bob@example.net")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn keeps(self, sender: &Mailbox<'_>) -> bool {
        self.policy(None).names(self.keys, sender)
    }

    /// Whether the rules or a key names this domain, or one of its mailboxes.
    ///
    /// ```
    /// use batv_core::{KeySet, Mailbox, Pattern};
    /// use batv_policy::{Rules, View};
    ///
    /// let protected = vec![Pattern::parse("alice@example.com".to_owned())?];
    /// let rules = Rules { protected, ..Rules::default() };
    /// let keys = KeySet::default();
    /// let site = View::new(&keys, &rules);
    /// assert!(site.names("Example.COM") && !site.names("example.net") && !site.signs_for_everybody());
    /// assert!(site.protects(&Mailbox::parse("alice@example.com")?));
    /// assert!(!site.protects(&Mailbox::parse("bob@example.com")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn names(self, domain: &str) -> bool {
        let Rules { protected, exempt, .. } = self.rules;
        let named = |pattern: &Pattern<String>| pattern.domain().eq_ignore_ascii_case(domain);
        self.keys.names(domain) || protected.iter().chain(exempt).any(named)
    }

    /// Whether a key signs for all domains, and the rules name none.
    #[must_use]
    pub fn signs_for_everybody(self) -> bool {
        let signs = |key: &Key| matches!(key.key_use(), KeyUse::Batv(_)) && key.state() == KeyState::Signing;
        self.rules.protected.is_empty() && self.keys.for_everybody().any(signs)
    }

    /// Whether a sender is ours and not exempt from tags.
    #[must_use]
    pub fn protects(self, sender: &Mailbox<'_>) -> bool {
        self.is_ours(sender) && self.rules.is_protected(sender)
    }

    /// Whether messages of this sender leave with a mark.
    #[must_use]
    pub fn marks(self, sender: &Mailbox<'_>) -> bool {
        self.rules.messages.mark && self.protects(sender)
    }

    /// Mark of an outgoing message; `None` if it leaves without one.
    #[must_use]
    pub fn mark(self, sender: &Mailbox<'_>, message_id: &[u8], today: Day) -> Option<Mark> {
        if self.marks(sender) { mark::make(self.keys, message_id, sender, today) } else { None }
    }

    /// Author of an outgoing message with this header, if it is another mailbox of ours than the sender. Read receipts, vacation
    /// notices and some bounces go to the author: a mark and an entry of the sent log for this mailbox prove them.
    #[cfg(feature = "messages")]
    #[must_use]
    pub fn other_author(self, sender: &Mailbox<'_>, header: &[u8]) -> Option<MailboxBuf> {
        let author = batv_bounce::author(header)?;
        let is_other = !author.as_str().eq_ignore_ascii_case(&sender.to_string());
        (is_other && self.protects(&author.as_mailbox())).then_some(author)
    }

    pub(crate) fn policy(self, srs: Option<Srs<&'s [String]>>) -> Policy<'s, String> {
        let Rules { protected, exempt, mode, signing_since, form, reject_at, on_error, .. } = self.rules;
        Policy::protecting(protected, *mode)
            .with_exempt(exempt)
            .with_signing_since(*signing_since)
            .with_form(*form)
            .with_reject_at(*reject_at)
            .with_on_error(*on_error)
            .with_srs(srs, self.rules.srs.takes_mail)
    }
}
