//! Rules of a site: its domains, and how their mail is handled.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;

#[cfg(feature = "messages")]
use batv_bounce::{Identity, dkim::PublicKey};
use batv_core::envelope::{Mode, OnError, Stage};
use batv_core::srs::{DEFAULT_MAX_AGE, Domains, HASH_MINIMUM, Separator, Srs};
use batv_core::tag::Form;
use batv_core::{Day, Error, Lifetime, Mailbox, Path, Pattern};

use crate::address;
use crate::replies::Replies;

/// Rules of a site.
///
/// ```
/// use batv_core::Pattern;
/// use batv_core::envelope::Mode;
/// use batv_policy::Rules;
///
/// let rules = Rules {
///     protected: vec![Pattern::parse("example.com".to_owned())?],
///     mode: Mode::Mark,
///     ..Rules::default()
/// };
/// assert!(rules.exempt.is_empty());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..Rules::default()`")]
pub struct Rules {
    /// Domains and mailboxes whose mail gets a tag; empty for those that a live BATV key serves.
    pub protected: Vec<Pattern<String>>,
    /// Domains and mailboxes that send without a tag, and whose bounces are not judged.
    pub exempt: Vec<Pattern<String>>,
    /// Recipients whose mail gets no tag, such as lists that know their members by the reverse-path.
    pub exempt_recipients: Vec<Pattern<String>>,
    /// Rule for a message to both exempt recipients and others.
    pub mixed_recipients: MixedRecipients,
    /// Form of new tags.
    pub form: Form,
    /// Days for which a tag is valid; `None` for the lifetime of its key.
    pub lifetime: Option<Lifetime>,
    /// Whether a sender is tagged in lower case, if its case matters to the tag: to an `hmac-sha1` key, and to every key
    /// beyond ASCII. Servers that look up recipients in lower case need that; only a tag that another program checks is made for
    /// the exact octets.
    pub fold_case: bool,
    /// Mode of the site.
    pub mode: Mode,
    /// Modes of single domains and mailboxes, by their names as [`address::mode_name`] makes them.
    pub modes: BTreeMap<String, Mode>,
    /// First day on which all mail got tags; `None` for always.
    pub signing_since: Option<Day>,
    /// Stage at which an untagged bounce is rejected. [`Stage::EndOfData`] is safe for callouts.
    pub reject_at: Stage,
    /// Action after an internal error.
    pub on_error: OnError,
    /// Rules for forwarded mail.
    pub srs: SrsRules,
    /// Rules for the content of messages.
    pub messages: MessageRules,
    /// Domain that completes an address without one, as a mail server does (Postfix `myorigin`).
    pub local_domain: Option<String>,
    /// Texts of SMTP replies.
    pub replies: Replies,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            protected: Vec::new(),
            exempt: Vec::new(),
            exempt_recipients: Vec::new(),
            mixed_recipients: MixedRecipients::Unsigned,
            form: Form::Prvs,
            lifetime: None,
            fold_case: true,
            mode: Mode::Observe,
            modes: BTreeMap::new(),
            signing_since: None,
            reject_at: Stage::EndOfData,
            on_error: OnError::Tempfail,
            srs: SrsRules::default(),
            messages: MessageRules::default(),
            replies: Replies::default(),
            local_domain: None,
        }
    }
}

batv_core::names! {
    /// Rule for a message to both exempt recipients and others: it leaves with one reverse-path.
    ///
    /// ```
    /// use batv_policy::MixedRecipients;
    ///
    /// assert_eq!("unsigned".parse(), Ok(MixedRecipients::default()));
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
    #[expect(clippy::exhaustive_enums, reason = "a sender has a tag or none")]
    pub enum MixedRecipients {
        /// No tag: its bounces come back untagged.
        #[default]
        Unsigned = "unsigned",
        /// A tag: the exempt recipients may reject it.
        Signed = "signed",
    }
}

/// Rules for forwarded mail: SRS.
///
/// ```
/// use batv_policy::SrsRules;
///
/// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
/// assert!(srs.check().is_ok());
/// assert!(SrsRules { hash_length: 3, ..srs }.check().is_err());
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..SrsRules::default()`")]
pub struct SrsRules {
    /// Domains of our SRS addresses, the first for new ones; empty for no SRS.
    pub domains: Vec<String>,
    /// Character after `SRS0` and `SRS1` in new addresses.
    pub separator: Separator,
    /// Characters of the hash in new addresses: 4 to 27.
    pub hash_length: u8,
    /// Fewest characters of a hash that are accepted: 4 to `hash_length`.
    pub hash_minimum: u8,
    /// Days for which an address is valid: 1 to 1000.
    pub max_age: u16,
    /// Whether senders of our own SRS domains are rewritten as well.
    pub always_rewrite: bool,
    /// Whether an SRS address accepts mail other than bounces. Anyone who has seen such an address can then relay mail to
    /// the address inside it.
    pub takes_mail: bool,
}

impl Default for SrsRules {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            separator: Separator::default(),
            hash_length: HASH_MINIMUM,
            hash_minimum: HASH_MINIMUM,
            max_age: DEFAULT_MAX_AGE,
            always_rewrite: false,
            takes_mail: false,
        }
    }
}

impl SrsRules {
    /// Checks the rules.
    ///
    /// # Errors
    /// Those of [`SrsRules::srs`], but for a lack of domains.
    pub fn check(&self) -> Result<(), Error> {
        // The numbers are wrong or right all the same.
        if self.domains.is_empty() { self.over(["example.com"]).map(|_| ()) } else { self.srs().map(|_| ()) }
    }

    /// SRS as these rules have it.
    ///
    /// # Errors
    /// Those of [`Srs::new`], [`Srs::with_hash_length`] and [`Srs::with_max_age`].
    ///
    /// ```
    /// use batv_core::Domain;
    /// use batv_policy::SrsRules;
    ///
    /// let rules = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
    /// assert!(rules.srs()?.owns(&Domain::parse("forwarder.example.net")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn srs(&self) -> Result<Srs<&[String]>, Error> {
        self.over(self.domains.as_slice())
    }

    fn over<D: Domains>(&self, domains: D) -> Result<Srs<D>, Error> {
        Ok(Srs::new(domains)?
            .with_separator(self.separator)
            .with_hash_length(self.hash_length, self.hash_minimum)?
            .with_max_age(self.max_age)?
            .with_always_rewrite(self.always_rewrite))
    }
}

/// Rules for the content of messages.
///
/// ```
/// use batv_policy::MessageRules;
///
/// let rules = MessageRules::default();
/// assert!(rules.marked_since.is_none() && !rules.reject_unverified);
/// ```
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..MessageRules::default()`")]
pub struct MessageRules {
    /// Whether messages from a daemon such as `MAILER-DAEMON@…` are judged by their content, besides those with a null
    /// reverse-path.
    pub daemon_senders: bool,
    /// Whether outgoing mail gets a mark.
    pub mark: bool,
    /// First day on which all mail got marks: only then a missing mark disproves a message.
    pub marked_since: Option<Day>,
    /// Additional domains of our outbound mail hosts.
    pub hosts: Vec<String>,
    /// Public keys of our DKIM signatures.
    #[cfg(feature = "messages")]
    pub dkim_keys: Vec<PublicKey>,
    /// Authors in whose names others of our mailboxes send, and get the bounces.
    #[cfg(feature = "messages")]
    pub identities: Vec<Identity<String>>,
    /// Names under which our own servers write Authentication-Results (RFC 8601 §2.5).
    pub authserv_ids: Vec<String>,
    /// Mailboxes and domains for reports on DMARC, TLS and abuse.
    pub report_recipients: Vec<Pattern<String>>,
    /// Whether a disposition notification without a proof is quarantined like a bounce.
    pub hold_receipts: bool,
    /// Whether a disproved bounce is rejected also if it has a reverse-path.
    pub reject_daemon_senders: bool,
    /// Whether a bounce without a tag is rejected also if the origin of its message is unknown.
    pub reject_unverified: bool,
}

impl Rules {
    /// Spells the argument of MAIL FROM like [`address::reverse_path`], and completes an address without a domain with
    /// [`Rules::local_domain`].
    ///
    /// # Errors
    /// Those of [`address::reverse_path`].
    ///
    /// ```
    /// # use batv_policy::Rules;
    /// let rules = Rules { local_domain: Some("example.com".to_owned()), ..Rules::default() };
    /// assert_eq!(rules.reverse_path(b"<alice>")?, "<alice@example.com>");
    /// assert_eq!(rules.reverse_path(b"<>")?, "<>");
    /// // A domain that cannot be read stays an error.
    /// assert!(rules.reverse_path(b"<alice%b..example>").is_err());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn reverse_path<'w>(&self, words: &'w [u8]) -> Result<Cow<'w, str>, Error> {
        address::spelled(words, true, self.local_domain.as_deref())
    }

    /// Spells the argument of MAIL FROM for a ruling, like [`Rules::reverse_path`]. A sender that cannot be read is that of
    /// a stranger, and its mail is no bounce ([`Path::UNREADABLE`]): mail servers accept more addresses than
    /// RFC 5321 §4.1.2 knows, and must not accept a forged tag or relay to an SRS address for such a sender.
    ///
    /// ```
    /// # use batv_policy::Rules;
    /// assert_eq!(Rules::default().sender(b"<bob@example.net>"), "<bob@example.net>");
    /// assert_eq!(Rules::default().sender(b"<x@a..test>"), "unreadable@sender.invalid");
    /// ```
    #[must_use]
    pub fn sender<'w>(&self, words: &'w [u8]) -> Cow<'w, str> {
        self.reverse_path(words).unwrap_or_else(|_| Cow::Owned(Path::UNREADABLE.to_string()))
    }

    /// Spells the argument of RCPT TO like [`address::forward_path`], and completes an address without a domain with
    /// [`Rules::local_domain`].
    ///
    /// # Errors
    /// Those of [`address::forward_path`].
    ///
    /// ```
    /// # use batv_policy::Rules;
    /// let rules = Rules { local_domain: Some("example.com".to_owned()), ..Rules::default() };
    /// assert_eq!(rules.forward_path(b"bob")?, "<bob@example.com>");
    /// assert_eq!(rules.forward_path(b"postmaster")?, "postmaster");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn forward_path<'w>(&self, words: &'w [u8]) -> Result<Cow<'w, str>, Error> {
        address::spelled(words, false, self.local_domain.as_deref())
    }

    /// Mode of a mailbox: its own, that of its domain, or that of the site.
    ///
    /// ```
    /// use batv_core::Mailbox;
    /// use batv_core::envelope::Mode;
    /// use batv_policy::Rules;
    ///
    /// let modes = [("example.com".to_owned(), Mode::Reject), ("news@example.com".to_owned(), Mode::Mark)].into();
    /// let rules = Rules { modes, ..Rules::default() };
    /// assert_eq!(rules.mode_for(&Mailbox::parse("alice@Example.COM")?), Mode::Reject);
    /// assert_eq!(rules.mode_for(&Mailbox::parse("News@example.com")?), Mode::Mark);
    /// assert_eq!(rules.mode_for(&Mailbox::parse("alice@example.org")?), Mode::Observe);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn mode_for(&self, mailbox: &Mailbox<'_>) -> Mode {
        if self.modes.is_empty() {
            return self.mode;
        }
        let names_mailboxes = || self.modes.keys().any(|name| name.contains('@'));
        let of_mailbox = || if names_mailboxes() { self.modes.get(&address::mailbox_name(mailbox)) } else { None };
        let of_domain = || self.modes.get(&mailbox.domain().as_str().to_ascii_lowercase());
        of_mailbox().or_else(of_domain).copied().unwrap_or(self.mode)
    }

    /// Whether this sender gets tags: it is protected and not exempt.
    #[must_use]
    pub fn is_protected(&self, sender: &Mailbox<'_>) -> bool {
        (self.protected.is_empty() || contain(&self.protected, sender)) && !contain(&self.exempt, sender)
    }

    /// Whether mail to this recipient gets no tag.
    #[must_use]
    pub fn is_exempt_recipient(&self, recipient: &Mailbox<'_>) -> bool {
        contain(&self.exempt_recipients, recipient)
    }
}

pub(crate) fn contain(patterns: &[Pattern<String>], mailbox: &Mailbox<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.matches(mailbox))
}
