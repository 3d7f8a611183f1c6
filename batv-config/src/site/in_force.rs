//! The configuration in force: keys and rules, with the lists that the file names.

use alloc::collections::BTreeMap;
use std::path::PathBuf;

use batv_bounce::Identity;
use batv_bounce::dkim::{KeyError, PublicKey};
use batv_core::tag::Form;
use batv_core::{Algorithm, Day, Domain, Key, KeySet, KeyState, KeyUse, Path, Pattern};
use batv_policy::{BouncePolicy, MessageRules, Rules, SrsRules, View, address};
use thiserror::Error;

use crate::entry::Entry;
use crate::expiry;
use crate::keyring::Keyring;
use crate::site::Config;
use crate::site::fault::Fault;
use crate::site::files::Files;
use crate::site::mailboxes::Mailboxes;
use crate::site::messages::DkimKey;
use crate::site::srs::{Forwarded, ReverseFor};

/// Fewest characters of an SRS hash that nobody guesses: 48 bits, less what folding the case takes.
const SAFE_HASH: u8 = 8;

/// Keys and rules of a site, ready to decide.
///
/// ```
/// use batv_config::Keyring;
/// use batv_config::site::{Config, FileSystem, Site};
/// use batv_core::Mailbox;
/// use batv_core::envelope::Mode;
///
/// let config = "[sign]\nexempt = ['news@example.com']\n[verify]\nmodes = { 'example.com' = 'reject' }";
/// let site = Site::new(&Config::parse(config)?, Keyring::default(), &FileSystem)?;
/// let (alice, news) = (Mailbox::parse("alice@example.com")?, Mailbox::parse("news@example.com")?);
/// assert!(site.rules().is_protected(&alice) && !site.rules().is_protected(&news));
/// assert_eq!(site.rules().mode_for(&alice), Mode::Reject);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Site {
    keys: KeySet,
    /// The entries of the keys without their secrets: they tell when a key is dead. Who reads the memory of a program that
    /// decides finds MAC states of this software, but no secret to use in others.
    entries: Vec<Entry>,
    rules: Rules,
    /// Protected and exempt senders, and the scopes of the keys.
    ours: Vec<Pattern<String>>,
    bounced: Vec<Pattern<String>>,
    trusted_sealers: Vec<String>,
    judges_messages: bool,
}

/// Reason why a site cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] Fault),
    /// The keyring cannot be read, or the clock is wrong.
    #[error(transparent)]
    Keyring(#[from] crate::Error),
    /// No key signs.
    #[error(
        "{}: there is no key of use `batv` in state `signing`: make one with `batv key new`; or, for SRS alone, leave \
         `sign.protected` empty, name your domains in `sign.exempt`, and make one with `batv key new --use srs`",
        .0.display()
    )]
    NoKey(PathBuf),
    /// Neither a key nor the configuration names the domains of the site. Senders of forwarded mail would get a tag, and lose
    /// their bounces.
    #[error(
        "{}: a key signs for everybody, and `sign.protected` is empty: name your domains there, or `domains` of the key",
        .0.display()
    )]
    Everybody(PathBuf),
    /// A DKIM key is wrong.
    #[error("{}: {}", .0.display(), .1)]
    DkimKey(PathBuf, KeyError),
    /// An SRS domain is wrong.
    #[error("srs.domains: `{0}`: {1}")]
    SrsDomain(String, batv_core::Error),
    /// Another setting of SRS is wrong.
    #[error("[srs]: {0}")]
    Srs(batv_core::Error),
}

impl Site {
    /// Reads the keyring and the lists that a configuration names, and checks that a key signs.
    ///
    /// # Errors
    /// [`enum@Error`].
    ///
    /// ```
    /// use batv_config::site::{Config, FileSystem, Site};
    ///
    /// let mut config = Config::default();
    /// config.keyring = "/nonexistent/keyring.toml".into();
    /// let error = Site::load(&config, &FileSystem).unwrap_err();
    /// assert!(error.to_string().starts_with("cannot read /nonexistent/keyring.toml: "), "{error}");
    /// ```
    pub fn load(config: &Config, files: &dyn Files) -> Result<Self, Error> {
        let keyring = Keyring::from_file(&config.keyring, &files.read_secret(&config.keyring)?)?;
        let site = Self::new(config, keyring, files)?;
        let signs = |key: &Key| key.state() == KeyState::Signing;
        let tags = site.keys().iter().any(|key| signs(key) && key.key_use() != KeyUse::Srs);
        let rewrites = site.keys().iter().any(|key| signs(key) && key.key_use() == KeyUse::Srs);
        let forwards_alone = site.rules.protected.is_empty() && !site.rules.srs.domains.is_empty() && rewrites;
        if !tags && !forwards_alone {
            return Err(Error::NoKey(config.keyring.clone()));
        }
        if site.view().signs_for_everybody() {
            return Err(Error::Everybody(config.keyring.clone()));
        }
        Ok(site)
    }

    /// Site of these keys, with the lists that the configuration names.
    ///
    /// # Errors
    /// [`enum@Error`], but neither [`Error::NoKey`] nor [`Error::Everybody`].
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_config::site::{Config, Error, FileSystem, Site};
    ///
    /// let config = Config::parse("srs.domains = ['not a domain']")?;
    /// assert!(matches!(Site::new(&config, Keyring::default(), &FileSystem), Err(Error::SrsDomain(..))));
    /// # Ok::<(), batv_config::site::Fault>(())
    /// ```
    pub fn new(config: &Config, keyring: Keyring, files: &dyn Files) -> Result<Self, Error> {
        let mut site = Self::with_rules(keyring, rules(config, files)?)?;
        site.bounced = config.bounces.allowed.patterns(files)?;
        site.trusted_sealers.clone_from(&config.bounces.trusted_sealers);
        site.judges_messages = config.messages.judge;
        Ok(site)
    }

    /// Site of these keys and rules, for a program that keeps its configuration elsewhere.
    ///
    /// # Errors
    /// [`Error::Srs`].
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_config::site::Site;
    /// use batv_policy::Rules;
    ///
    /// assert!(Site::with_rules(Keyring::default(), Rules::default())?.keys().is_empty());
    /// # Ok::<(), batv_config::site::Error>(())
    /// ```
    pub fn with_rules(keyring: Keyring, rules: Rules) -> Result<Self, Error> {
        rules.srs.check().map_err(Error::Srs)?;
        let scopes = keyring.keys().iter().flat_map(Key::scope);
        let ours = rules.protected.iter().chain(&rules.exempt).chain(scopes).cloned().collect();
        let (keys, entries) = keyring.into_keys();
        let (bounced, trusted_sealers) = (Vec::new(), Vec::new());
        Ok(Self { keys, entries, rules, ours, bounced, trusted_sealers, judges_messages: true })
    }

    /// The keys. Their secrets are wiped: only the MAC states made of them are kept.
    pub const fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// [`Keyring::last_valid_day`] of the key at this place of [`Site::keys`]; `None` when there is none.
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_config::site::Site;
    /// use batv_core::Day;
    /// use batv_policy::Rules;
    ///
    /// let text = "[[key]]\nuse = 'batv'\nid = 3\nsecret = 'text:hunter2'\nstate = 'signing'\n";
    /// let site = Site::with_rules(Keyring::parse(text)?, Rules::default())?;
    /// let today = Day::new(20_780)?;
    /// assert_eq!((site.last_valid_day(0, today), site.last_valid_day(1, today)), (today.plus(7), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last_valid_day(&self, index: usize, today: Day) -> Option<Day> {
        self.entries.get(index)?;
        expiry::last_valid_day(&self.entries, index, today)
    }

    /// The rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The site as [`batv_policy`] sees it: all decisions are asked there.
    pub fn view(&self) -> View<'_> {
        View::new(&self.keys, &self.rules)
    }

    /// Whether messages with this reverse-path are read to their end, and judged by their content.
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_config::site::{Config, FileSystem, Site};
    /// use batv_core::Path;
    ///
    /// let site = |text| Site::new(&Config::parse(text)?, Keyring::default(), &FileSystem);
    /// assert!(site("")?.reads(Path::Null) && !site("")?.reads(Path::parse("bob@example.net")?));
    /// assert!(!site("messages.judge = false")?.reads(Path::Null));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reads(&self, reverse_path: Path<'_>) -> bool {
        self.judges_messages && self.view().reads(reverse_path)
    }

    /// The policy on bounces that the site sends itself.
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_config::site::{Config, FileSystem, Site};
    /// use batv_core::Path;
    /// use batv_policy::{BounceQuestion, BounceReason, may_bounce};
    ///
    /// let config = Config::parse("bounces.allowed = ['example.net']")?;
    /// let site = Site::new(&config, Keyring::default(), &FileSystem)?;
    /// let question = BounceQuestion::new(Path::parse("bob@example.net")?);
    /// let answer = may_bounce(&question, &site.may_bounce_policy());
    /// assert_eq!((answer.may.as_str(), answer.reason), ("yes", BounceReason::Unproved));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn may_bounce_policy(&self) -> BouncePolicy<'_, String> {
        BouncePolicy {
            ours: &self.ours,
            authserv_ids: &self.rules.messages.authserv_ids,
            trusted_sealers: &self.trusted_sealers,
            allowed: &self.bounced,
            ..BouncePolicy::default()
        }
    }

    /// Warnings about settings that can be used but are hardly meant: a mode for a domain that is none of the site's, strong tags
    /// beside a key that accepts short ones, and SRS hashes that are short enough to be guessed.
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_config::site::{Config, FileSystem, Site};
    ///
    /// let config = Config::parse("sign.protected = ['example.com']\nverify.modes = { 'example.org' = 'reject' }")?;
    /// let site = Site::new(&config, Keyring::default(), &FileSystem)?;
    /// assert_eq!(site.warnings(), ["verify.modes: `example.org` is no domain of yours: its mode has no effect"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        [self.stray_mode(), self.short_tags(), self.short_hashes()].into_iter().flatten().collect()
    }

    fn live_keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(|key| key.state() != KeyState::Retired)
    }

    fn short_tags(&self) -> Option<String> {
        let is_weak = |key: &&Key| key.key_use() != KeyUse::Srs && key.strong_since().is_none();
        let weak = self.live_keys().find(is_weak).filter(|_| self.rules.form == Form::Strong)?;
        let KeyUse::Batv(id) = weak.key_use() else { return None };
        Some(format!(
            "sign.form: key {id} goes on accepting short tags, which can be guessed: run `batv key strong {id}`"
        ))
    }

    fn short_hashes(&self) -> Option<String> {
        let minimum = self.rules.srs.hash_minimum;
        let is_weak = |key: &Key| key.key_use() == KeyUse::Srs && key.algorithm() == Algorithm::HmacSha1;
        let can_be_guessed = minimum < SAFE_HASH && !self.rules.srs.domains.is_empty() && self.live_keys().any(is_weak);
        can_be_guessed.then(|| {
            format!(
                "srs.hash_minimum: hashes of {minimum} characters can be guessed: take {SAFE_HASH}, or an hmac-sha256 key, if all \
                 hosts that share the key can"
            )
        })
    }

    fn stray_mode(&self) -> Option<String> {
        let Rules { modes, srs, .. } = &self.rules;
        let is_known = |name: &String| {
            let domain = name.rsplit_once('@').map_or(name.as_str(), |(_, domain)| domain);
            self.view().names(domain) || srs.domains.iter().any(|known| known.eq_ignore_ascii_case(domain))
        };
        let stray = modes.keys().find(|name| !is_known(name))?;
        Some(format!("verify.modes: `{stray}` is no domain of yours: its mode has no effect"))
    }
}

fn rules(config: &Config, files: &dyn Files) -> Result<Rules, Error> {
    let Config { sign, verify, .. } = config;
    Ok(Rules {
        protected: sign.protected.patterns(files)?,
        exempt: sign.exempt.patterns(files)?,
        exempt_recipients: sign.exempt_recipients.patterns(files)?,
        mixed_recipients: sign.mixed_recipients,
        form: sign.form(),
        lifetime: None,
        mode: verify.mode,
        modes: verify.modes.clone(),
        signing_since: verify.signing_since,
        reject_at: verify.reject_at,
        on_error: config.on_error,
        replies: config.replies.clone(),
        local_domain: config.local_domain.clone(),
        srs: srs_rules(&config.srs)?,
        messages: message_rules(config, files)?,
        ..Rules::default()
    })
}

fn srs_rules(srs: &Forwarded) -> Result<SrsRules, Error> {
    let Forwarded { separator, hash_length, max_age, .. } = *srs;
    let domain = |name: &String| {
        let domain = address::domain(name);
        Domain::parse(domain.as_ref()).map_err(|error| Error::SrsDomain(name.clone(), error))?;
        Ok(domain.into_owned())
    };
    Ok(SrsRules {
        domains: srs.domains.iter().map(domain).collect::<Result<_, Error>>()?,
        separator,
        hash_length,
        hash_minimum: srs.hash_minimum.unwrap_or(hash_length),
        max_age,
        always_rewrite: false,
        takes_mail: srs.reverse_for == ReverseFor::All,
    })
}

fn message_rules(config: &Config, files: &dyn Files) -> Result<MessageRules, Error> {
    let messages = &config.messages;
    Ok(MessageRules {
        daemon_senders: messages.daemon_senders,
        mark: messages.mark,
        marked_since: messages.marked_since,
        hosts: messages.hosts.iter().map(|host| address::domain(host).into_owned()).collect(),
        dkim_keys: messages.dkim_keys.iter().map(|key| dkim_key(key, files)).collect::<Result<_, _>>()?,
        identities: identities(&messages.identities, files)?,
        authserv_ids: config.bounces.authserv_ids.clone(),
        report_recipients: messages.report_recipients.patterns(files)?,
        hold_receipts: messages.hold_receipts,
        reject_daemon_senders: messages.reject_daemon_senders,
        reject_unverified: messages.reject_unverified,
    })
}

fn identities(identities: &BTreeMap<String, Mailboxes>, files: &dyn Files) -> Result<Vec<Identity<String>>, Error> {
    let identity = |(name, authors): (&String, &Mailboxes)| {
        // It was a pattern when the configuration was read.
        let Ok(mailbox) = Pattern::parse(name.clone()) else { return Ok(None) };
        Ok(Some(Identity { mailbox, authors: authors.patterns(files)? }))
    };
    identities.iter().map(identity).filter_map(Result::transpose).collect()
}

fn dkim_key(key: &DkimKey, files: &dyn Files) -> Result<PublicKey, Error> {
    let DkimKey { domain, selector, path } = key;
    let record = files.read(path).map_err(|source| Fault::Read { path: path.clone(), source })?;
    PublicKey::parse(domain, selector, &record).map_err(|error| Error::DkimKey(path.clone(), error))
}
