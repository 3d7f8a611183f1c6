//! The rules of a site: what is ours, and how it is treated.

use alloc::collections::BTreeMap;

use batv_bounce::dkim::PublicKey;
use batv_core::envelope::{Mode, OnError, Stage};
use batv_core::srs::{DEFAULT_MAX_AGE, HASH_MINIMUM, Separator, Srs};
use batv_core::tag::Form;
use batv_core::{Day, Domain, Error, Lifetime, Mailbox, Pattern};

/// The rules of a site: all that decides but its keys.
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
#[expect(clippy::exhaustive_structs, reason = "it is written with `..Rules::default()`")]
pub struct Rules {
    /// The domains and mailboxes that tag what they send. When there are none: those that a live BATV key serves.
    pub protected: Vec<Pattern<String>>,
    /// Domains and mailboxes that send without a tag, and are not judged.
    pub exempt: Vec<Pattern<String>>,
    /// Recipients whose mail leaves without a tag: lists that know their members by the reverse-path.
    pub exempt_recipients: Vec<Pattern<String>>,
    /// What becomes of a message that has both exempt recipients and others.
    pub mixed_recipients: MixedRecipients,
    /// The form in which senders are tagged.
    pub form: Form,
    /// Days that a tag lives; `None` for those of its key.
    pub lifetime: Option<Lifetime>,
    /// Whether a sender is tagged in lower case, where its letters matter to the tag. Servers that look their recipients up
    /// in lower case need that: an `hmac-sha1` key makes another tag for other letters, every key for others beyond ASCII.
    pub fold_case: bool,
    /// How far to go with what is not proved.
    pub mode: Mode,
    /// How far to go for single domains and mailboxes, whose names are in lower case.
    pub modes: BTreeMap<String, Mode>,
    /// The day from which on all that was sent has a tag; `None` for always.
    pub signing_since: Option<Day>,
    /// When to refuse what only a message could still prove. [`Stage::EndOfData`] is safe for callouts.
    pub reject_at: Stage,
    /// What to do when the question can't be answered.
    pub on_error: OnError,
    /// Forwarded mail.
    pub srs: SrsRules,
    /// What messages say.
    pub messages: MessageRules,
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
            fold_case: false,
            mode: Mode::Observe,
            modes: BTreeMap::new(),
            signing_since: None,
            reject_at: Stage::EndOfData,
            on_error: OnError::Tempfail,
            srs: SrsRules::default(),
            messages: MessageRules::default(),
        }
    }
}

/// What becomes of a message that has both exempt recipients and others: it leaves with one reverse-path.
///
/// ```
/// use batv_policy::MixedRecipients;
///
/// assert_eq!(MixedRecipients::default(), MixedRecipients::Unsigned);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "it has a tag or none")]
pub enum MixedRecipients {
    /// It gets no tag: its bounces come back untagged.
    #[default]
    Unsigned,
    /// It gets a tag: the exempt recipients may refuse it.
    Signed,
}

/// The rules for forwarded mail: SRS.
///
/// ```
/// use batv_policy::SrsRules;
///
/// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
/// assert!(srs.check().is_ok());
/// assert!(SrsRules { hash_length: 3, ..srs }.check().is_err());
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is written with `..SrsRules::default()`")]
pub struct SrsRules {
    /// The domains whose SRS addresses are ours, the first for new ones. Without any nothing is rewritten or restored.
    pub domains: Vec<String>,
    /// The character after `SRS0` and `SRS1` in new addresses.
    pub separator: Separator,
    /// Characters of the hash in new addresses: 4 to 27.
    pub hash_length: u8,
    /// The fewest characters of a hash that are taken: 4 to `hash_length`.
    pub hash_minimum: u8,
    /// Days that an address lives: 1 to 1000.
    pub max_age: u16,
    /// Whether senders of our own SRS domains are rewritten, too.
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
    /// Whether these rules can be used.
    ///
    /// # Errors
    /// Those of [`Domain::parse`], [`Srs::with_hash_length`] and [`Srs::with_max_age`].
    pub fn check(&self) -> Result<(), Error> {
        let mut domains = self.domains.iter().map(|domain| Domain::parse(domain)).collect::<Result<Vec<_>, _>>()?;
        if domains.is_empty() {
            // The numbers are wrong or right all the same.
            domains.push(Domain::parse("example.com")?);
        }
        self.over(&domains).map(|_| ())
    }

    pub(crate) fn parsed_domains(&self) -> Vec<Domain<'_>> {
        // A site is made of names that `check` has seen.
        self.domains.iter().filter_map(|domain| Domain::parse(domain).ok()).collect()
    }

    /// The addresses of these domains, which are ours.
    pub(crate) fn over<'d>(&self, domains: &'d [Domain<'d>]) -> Result<Srs<'d>, Error> {
        let srs = Srs::new(domains)?
            .with_separator(self.separator)
            .with_hash_length(self.hash_length, self.hash_minimum)?
            .with_max_age(self.max_age)?;
        Ok(if self.always_rewrite { srs.always_rewriting() } else { srs })
    }
}

/// The rules on what messages say.
///
/// ```
/// use batv_policy::MessageRules;
///
/// let rules = MessageRules::default();
/// assert!(rules.marked_since.is_none() && !rules.reject_unverified);
/// ```
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it is written with `..MessageRules::default()`")]
pub struct MessageRules {
    /// Whether bounces that come from a program with an address are judged by what they say, besides those with a null
    /// reverse-path.
    pub daemon_senders: bool,
    /// Whether what leaves gets a mark.
    pub mark: bool,
    /// The day from which on all that was sent has a mark: only then the lack of one says something.
    pub marked_since: Option<Day>,
    /// Domains, besides those that are protected, of the hosts that our mail leaves by.
    pub hosts: Vec<String>,
    /// The public keys of our DKIM signatures.
    pub dkim_keys: Vec<PublicKey>,
    /// The names under which our own servers write Authentication-Results (RFC 8601 §2.5).
    pub authserv_ids: Vec<String>,
    /// Mailboxes and domains that are there for reports on DMARC, TLS and abuse.
    pub report_recipients: Vec<Pattern<String>>,
    /// Whether a disposition notification that isn't proved is held as a bounce is.
    pub hold_receipts: bool,
    /// Whether a disproved bounce is refused also where it has a reverse-path.
    pub reject_daemon_senders: bool,
    /// Whether a bounce without a tag is refused also where nothing tells whose message it returns.
    pub reject_unverified: bool,
}

impl Rules {
    /// The mode for a mailbox: its own, that of its domain, or that of the site.
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
    pub fn mode_for(&self, mailbox: &Mailbox<'_>) -> Mode {
        let named = |name: String| self.modes.get(&name.to_ascii_lowercase()).copied();
        let of_mailbox = || self.modes.keys().any(|name| name.contains('@')).then(|| named(mailbox.to_string()));
        let of_domain = || named(mailbox.domain().as_str().to_owned());
        if self.modes.is_empty() {
            return self.mode;
        }
        of_mailbox().flatten().or_else(of_domain).unwrap_or(self.mode)
    }

    /// Whether this sender may have a tag: it is protected, and not exempt.
    pub fn is_protected(&self, sender: &Mailbox<'_>) -> bool {
        (self.protected.is_empty() || contain(&self.protected, sender)) && !contain(&self.exempt, sender)
    }

    /// Whether mail to this recipient leaves without a tag.
    pub fn is_exempt_recipient(&self, recipient: &Mailbox<'_>) -> bool {
        contain(&self.exempt_recipients, recipient)
    }
}

pub(crate) fn contain(patterns: &[Pattern<String>], mailbox: &Mailbox<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.matches(mailbox))
}
