//! A site: its keys and its rules, and the questions that it decides.

use batv_bounce::{OwnMail, Reading, is_daemon};
use batv_core::envelope::{Envelope, Judgement, Mode, Policy};
use batv_core::mark::{self, Mark};
use batv_core::srs::Srs;
use batv_core::{Day, Error, Key, KeyState, KeyUse, Mailbox, Path, Pattern};

use crate::answers::Answers;
use crate::recipient::{Message, Recipient};
use crate::rules::Rules;
use crate::ruling::Ruling;
use crate::sender::{Outgoing, Sender};

/// A site: its keys and its rules. All that is asked of it is pure: the same question has the same answer.
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
/// // Mail of a user leaves with a tag,
/// let leaving = Outgoing { originates: true, ..Outgoing::new(Path::parse("<alice@example.com>")?) };
/// let sender = site.view().sender(&leaving);
/// let Handling::Tagged(tagged) = sender.sign(today) else { panic!() };
///
/// // and its bounce comes back to it; one that is forged is refused.
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
    keys: Vec<Key>,
    rules: Rules,
}

impl Site {
    /// A site of these keys and rules.
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
    pub fn new(keys: Vec<Key>, rules: Rules) -> Result<Self, Error> {
        rules.srs.check()?;
        Ok(Self { keys, rules })
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The site, to ask it.
    pub fn view(&self) -> View<'_> {
        View::new(&self.keys, &self.rules)
    }
}

/// A site whose keys and rules are kept elsewhere.
///
/// ```
/// use batv_core::Mailbox;
/// use batv_policy::{Rules, View};
///
/// let rules = Rules::default();
/// assert!(!View::new(&[], &rules).is_ours(&Mailbox::parse("alice@example.com")?));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct View<'s> {
    pub(crate) keys: &'s [Key],
    pub(crate) rules: &'s Rules,
}

impl<'s> View<'s> {
    /// A site of these keys and rules. Rules that [`SrsRules::check`](crate::SrsRules::check) refuses have no SRS.
    pub const fn new(keys: &'s [Key], rules: &'s Rules) -> Self {
        Self { keys, rules }
    }

    /// The keys.
    pub const fn keys(&self) -> &'s [Key] {
        self.keys
    }

    /// The rules.
    pub const fn rules(&self) -> &'s Rules {
        self.rules
    }

    /// Looks at one recipient of one message: verifies its tag, or its SRS address, once.
    ///
    /// ```
    /// use batv_core::envelope::{Envelope, Reason};
    /// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox, Path};
    /// use batv_policy::{Answers, Rules, Site, SrsRules};
    ///
    /// let keys = vec![Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
    /// let site = Site::new(keys, Rules { srs, ..Rules::default() })?;
    /// let forwarded = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")?;
    /// let bounce = Envelope::new(Path::Null, forwarded);
    /// let ruling = site.view().recipient(&bounce, Day::new(18_262)?).rcpt(&Answers::default());
    /// assert_eq!(ruling.reason, Reason::SrsOk);
    /// assert_eq!(ruling.deliver_to, Some(Mailbox::parse("alice@example.com")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn recipient<'a>(self, envelope: &Envelope<'a>, today: Day) -> Recipient<'s, 'a> {
        // To parse the domains for an address that is none of theirs would be in vain.
        let is_srs = envelope.forward_path.local_part().characters().take(3).map(|letter| letter.to_ascii_lowercase());
        let domains = if is_srs.eq("srs".chars()) { self.rules.srs.parsed_domains() } else { Vec::new() };
        let policy = self.policy(self.rules.srs.over(&domains).ok());
        Recipient::new(self, envelope, &policy, today)
    }

    /// What is decided for a recipient when the day is not known, or something else fails: a temporary failure, or as if
    /// there were no BATV. Never a rejection.
    ///
    /// ```
    /// use batv_core::envelope::{Disposition, Envelope, Mode};
    /// use batv_core::{Mailbox, Path};
    /// use batv_policy::{Rules, View};
    ///
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// let rules = Rules { mode: Mode::Mark, ..Rules::default() };
    /// assert_eq!(View::new(&[], &rules).undecided(&bounce).disposition, Disposition::Tempfail);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn undecided<'a>(self, envelope: &Envelope<'a>) -> Ruling<'a> {
        let mode = self.rules.mode_for(&envelope.forward_path);
        let judge = |mode| Judgement::undecided(envelope.forward_path, mode, self.rules.on_error);
        Ruling::new(&judge(mode), mode, judge(Mode::Reject).disposition, envelope.earlier)
    }

    /// Looks at the sender of a message that leaves.
    ///
    /// ```
    /// use batv_core::{Day, Path};
    /// use batv_policy::{Handling, Outgoing, Rules, Unchanged, View};
    ///
    /// let rules = Rules::default();
    /// let leaving = Outgoing::new(Path::parse("<alice@example.com>")?);
    /// let sender = View::new(&[], &rules).sender(&leaving);
    /// assert!(matches!(sender.sign(Day::new(18_262)?), Handling::Unchanged(Unchanged::NotOurs)));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn sender<'a>(self, leaving: &Outgoing<'a>) -> Sender<'s, 'a> {
        Sender::new(self, leaving)
    }

    /// What a message that was read says, for all its recipients.
    ///
    /// ```
    /// use batv_bounce::{Limits, read};
    /// use batv_core::Day;
    /// use batv_policy::{Rules, View};
    ///
    /// let reading = read(b"Subject: hello\n\n", None, &Limits::default());
    /// let rules = Rules::default();
    /// let message = View::new(&[], &rules).message(&reading, Day::new(20_782)?);
    /// assert!(!message.is_cut());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn message<'m, 'x>(self, reading: &'m Reading<'x>, today: Day) -> Message<'m, 'x>
    where
        's: 'm,
    {
        Message::new(self, reading, today)
    }

    /// Whether messages with this reverse-path are judged by what they say.
    pub fn reads(self, reverse_path: Path<'_>) -> bool {
        match reverse_path {
            Path::Mailbox(sender) => self.rules.messages.daemon_senders && is_daemon(&sender),
            _ => true,
        }
    }

    /// Whether the domain of a sender is one of ours: the rules or a key names it, or one of its mailboxes; or nothing is
    /// named, and a key signs for everybody.
    pub fn is_ours(self, sender: &Mailbox<'_>) -> bool {
        self.names(sender.domain().as_str()) || self.signs_for_everybody()
    }

    /// Whether the rules or a key names this domain, or one of its mailboxes.
    ///
    /// ```
    /// use batv_core::{Mailbox, Pattern};
    /// use batv_policy::{Rules, View};
    ///
    /// let protected = vec![Pattern::parse("alice@example.com".to_owned())?];
    /// let rules = Rules { protected, ..Rules::default() };
    /// let site = View::new(&[], &rules);
    /// assert!(site.names("Example.COM") && !site.names("example.net") && !site.signs_for_everybody());
    /// assert!(site.protects(&Mailbox::parse("alice@example.com")?));
    /// assert!(!site.protects(&Mailbox::parse("bob@example.com")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn names(self, domain: &str) -> bool {
        let Rules { protected, exempt, .. } = self.rules;
        let named = |pattern: &Pattern<String>| {
            pattern.as_str().rsplit('@').next().is_some_and(|known| known.eq_ignore_ascii_case(domain))
        };
        protected.iter().chain(exempt).chain(self.keys.iter().flat_map(Key::scope)).any(named)
    }

    /// Whether nothing is protected by name, and a key signs for everybody.
    pub fn signs_for_everybody(self) -> bool {
        let signs = |key: &Key| {
            matches!(key.key_use(), KeyUse::Batv(_)) && key.state() == KeyState::Signing && key.scope().is_empty()
        };
        self.rules.protected.is_empty() && self.keys.iter().any(signs)
    }

    /// Whether a sender is ours, and may have a tag.
    pub fn protects(self, sender: &Mailbox<'_>) -> bool {
        self.is_ours(sender) && self.rules.is_protected(sender)
    }

    /// Whether messages of this sender leave with a mark.
    pub fn marks(self, sender: &Mailbox<'_>) -> bool {
        self.rules.messages.mark && self.protects(sender)
    }

    /// The mark with which a message of this sender leaves; `None` when it leaves without one.
    pub fn mark(self, sender: &Mailbox<'_>, message_id: &[u8], today: Day) -> Option<Mark> {
        if self.marks(sender) { mark::make(self.keys, message_id, sender, today) } else { None }
    }

    pub(crate) fn policy<'p>(self, srs: Option<Srs<'p>>) -> Policy<'p, String>
    where
        's: 'p,
    {
        let Rules { protected, exempt, mode, .. } = self.rules;
        let mut policy = Policy::of(protected, exempt, *mode);
        policy.signing_since = self.rules.signing_since;
        policy.form = self.rules.form;
        policy.reject_at = self.rules.reject_at;
        policy.on_error = self.rules.on_error;
        policy.srs = srs;
        policy.srs_takes_mail = self.rules.srs.takes_mail;
        policy
    }

    pub(crate) fn ours(self) -> OwnMail<'s, String> {
        let messages = &self.rules.messages;
        let mut ours = OwnMail::new(&self.rules.protected);
        ours.dkim_keys = &messages.dkim_keys;
        ours.marked_since = messages.marked_since;
        ours.hosts = &messages.hosts;
        ours
    }

    /// The ruling at RCPT TO where nothing is counted or remembered.
    ///
    /// ```
    /// use batv_core::envelope::{Envelope, Reason};
    /// use batv_core::{Day, Mailbox, Path};
    /// use batv_policy::{Rules, View};
    ///
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// let rules = Rules::default();
    /// assert_eq!(View::new(&[], &rules).rcpt(&bounce, Day::new(18_262)?).reason, Reason::Exempt);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn rcpt<'a>(self, envelope: &Envelope<'a>, today: Day) -> Ruling<'a> {
        self.recipient(envelope, today).rcpt(&Answers::default())
    }
}
