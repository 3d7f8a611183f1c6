//! What is in force: the configuration and the keys, read together and replaced together.

use alloc::sync::Arc;
use core::net::IpAddr;
use std::fs;
use std::path::{Path, PathBuf};

use batv_bounce::Ours;
use batv_bounce::dkim::{KeyError, PublicKey};
use batv_bounce::may_bounce;
use batv_config::{Keyring, clock};
use batv_core::envelope::Policy;
use batv_core::prvs::Form;
use batv_core::srs::Srs;
use batv_core::{Day, Domain, Key, KeyState, KeyUse, Mailbox, Pattern};
use thiserror::Error;

use crate::config::{Address, Config, DkimKey, Fault, FormName, Forwarded};
use crate::files::{FileSystem, Files};
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::sandbox::Needs;

/// A configuration and its keys.
///
/// ```
/// use batv_config::Keyring;
/// use batv_core::Mailbox;
/// use batv_core::envelope::Mode;
/// use batv_mta::config::Config;
/// use batv_mta::settings::Settings;
///
/// let config = "[sign]\nexempt = ['news@example.com']\n[verify]\nmodes = { 'example.com' = 'reject' }";
/// let settings = Settings::new(Config::parse(config)?, Keyring::parse("")?)?;
/// let (alice, news) = (Mailbox::parse("alice@example.com")?, Mailbox::parse("news@example.com")?);
/// assert!(settings.is_signed(&alice) && !settings.is_signed(&news));
/// assert_eq!(settings.policy(&alice).mode, Mode::Reject);
/// assert!(settings.is_internal("127.0.0.1".parse().ok(), "") && !settings.is_internal(None, "MX"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Settings {
    config: Config,
    keyring: Keyring,
    lists: Lists,
    dkim_keys: Vec<PublicKey>,
    metrics: Arc<Metrics>,
    memory: Arc<Memory>,
}

/// Domains and mailboxes, of the configuration and of the files that it names.
#[derive(Debug)]
struct Lists {
    protected: Vec<Pattern<String>>,
    exempt: Vec<Pattern<String>>,
    exempt_recipients: Vec<Pattern<String>>,
    report_recipients: Vec<Pattern<String>>,
    /// All that is ours, also what sends without a tag.
    ours: Vec<Pattern<String>>,
    /// Who gets bounces without proof.
    bounced: Vec<Pattern<String>>,
}

/// Why there are no settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] Fault),
    /// The keyring, or the clock.
    #[error(transparent)]
    Keyring(#[from] batv_config::Error),
    /// There is no key that signs.
    #[error(
        "{}: there is no key of use `batv` in state `signing`: make one with `batv key new`; or, for SRS alone, leave \
         `sign.protected` empty, name your domains in `sign.exempt`, and make one with `batv key new --use srs`",
        .0.display()
    )]
    NoKey(PathBuf),
    /// Nothing says who is ours: whoever a user of ours forwards for would get a tag, and lose his bounces.
    #[error(
        "{}: a key signs for everybody, and `sign.protected` is empty: name your domains there, or `domains` of the key",
        .0.display()
    )]
    Everybody(PathBuf),
    /// A key of DKIM is wrong.
    #[error("{}: {}", .0.display(), .1)]
    DkimKey(PathBuf, KeyError),
    /// Others than this host would see the page.
    #[error(
        "listen.page: `{0}` is reached by other hosts, and there is no password: listen on 127.0.0.1, or write `page.remote = true`"
    )]
    Page(Address),
    /// The store can't be used as it is configured.
    #[error("the store: {0}")]
    Store(#[from] batv_store::Error),
    /// Who takes the worker over would have the keys, or say what the keeper does next.
    #[error(
        "{} is in {}, where the process that meets strangers reads and changes files: keep `store.at` and `page.figures` in a \
         folder of their own",
        .path.display(),
        .folder.display()
    )]
    Exposed {
        /// The configuration, or the keyring.
        path: PathBuf,
        /// The folder of what the worker writes.
        folder: PathBuf,
    },
    /// An SRS domain is wrong.
    #[error("srs.domains: `{0}`: {1}")]
    SrsDomain(String, batv_core::Error),
    /// Another setting of SRS is wrong.
    #[error("[srs]: {0}")]
    Srs(batv_core::Error),
}

impl Settings {
    /// Reads the configuration and what it names, and looks at the clock.
    ///
    /// # Errors
    /// [`enum@Error`]: also when no key signs, or the clock is before 1970.
    pub fn load(path: &Path, files: &dyn Files, metrics: &Arc<Metrics>) -> Result<Self, Error> {
        let config = Config::load(path, files)?;
        let keyring = Keyring::from_file(&config.keyring, &files.read_secret(&config.keyring)?)?;
        clock::today()?;
        // Who opens the store may open no files by then: it is handed what was read here.
        config.store.check(files)?;
        if config.sandbox.confine {
            for folder in Needs::of(&config).folders {
                if let Some(path) = [path, &config.keyring].into_iter().find(|path| is_in(path, &folder)) {
                    return Err(Error::Exposed { path: path.to_owned(), folder });
                }
            }
        }
        let settings = Self { metrics: Arc::clone(metrics), ..Self::with_files(config, keyring, files)? };
        let rewrites = |key: &Key| key.key_use() == KeyUse::Srs && key.state() == KeyState::Signing;
        let forwards_alone = settings.lists.protected.is_empty()
            && !settings.config.srs.domains.is_empty()
            && settings.keys().iter().any(rewrites);
        if !forwards_alone && !settings.keys().iter().any(signs) {
            return Err(Error::NoKey(settings.config.keyring));
        }
        if settings.lists.protected.is_empty() && settings.keys().iter().any(signs_for_everybody) {
            return Err(Error::Everybody(settings.config.keyring));
        }
        Ok(settings)
    }

    /// Puts both together, with metrics of their own, and reads the lists that the configuration names.
    ///
    /// # Errors
    /// [`enum@Error`].
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_mta::config::Config;
    /// use batv_mta::settings::Settings;
    ///
    /// let config = Config::parse("srs.domains = ['not a domain']")?;
    /// assert!(Settings::new(config, Keyring::parse("")?).is_err());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn new(config: Config, keyring: Keyring) -> Result<Self, Error> {
        Self::with_files(config, keyring, &FileSystem)
    }

    fn with_files(config: Config, keyring: Keyring, files: &dyn Files) -> Result<Self, Error> {
        let srs_domains = srs_domains(&config.srs)?;
        if !srs_domains.is_empty() {
            srs(&config.srs, &srs_domains).map_err(Error::Srs)?;
        }
        if let Some(address) = config.listen.page.iter().find(|address| !config.page.remote && !address.is_local()) {
            return Err(Error::Page(address.clone()));
        }
        let sign = &config.sign;
        let (protected, exempt) = (sign.protected.patterns(files)?, sign.exempt.patterns(files)?);
        let scopes = keyring.keys().iter().flat_map(Key::scope);
        let lists = Lists {
            ours: protected.iter().chain(&exempt).chain(scopes).cloned().collect(),
            bounced: config.bounces.allowed.patterns(files)?,
            protected,
            exempt,
            exempt_recipients: sign.exempt_recipients.patterns(files)?,
            report_recipients: config.messages.report_recipients.patterns(files)?,
        };
        let dkim_keys = config.messages.dkim_keys.iter().map(|key| dkim_key(key, files)).collect::<Result<_, _>>()?;
        Ok(Self { config, keyring, lists, dkim_keys, metrics: Arc::default(), memory: Arc::default() })
    }

    /// The same settings, which remember there.
    #[must_use]
    pub fn with_memory(self, memory: &Arc<Memory>) -> Self {
        Self { memory: Arc::clone(memory), ..self }
    }

    /// What is remembered.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What may not be what was meant, though it can be used: [`Config::doubt`], and a mode for nobody.
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_mta::config::Config;
    /// use batv_mta::settings::Settings;
    ///
    /// let text = "listen.line = ['inet:localhost:9900']\nsign.protected = ['example.com']\n";
    /// let settings = |more| Settings::new(Config::parse(&format!("{text}{more}"))?, Keyring::parse("")?);
    /// assert_eq!(settings("[verify.modes]\n'Example.com' = 'reject'")?.doubt(), None);
    /// assert!(settings("[verify.modes]\n'example.org' = 'reject'")?.doubt().is_some());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn doubt(&self) -> Option<String> {
        let Config { verify, srs, .. } = &self.config;
        let is_known = |domain: &String| {
            let ours = self.lists.ours.iter().any(|pattern| is_of(pattern, domain));
            ours || srs.domains.iter().any(|known| known.eq_ignore_ascii_case(domain))
        };
        let stray = verify.modes.keys().find(|domain| !is_known(domain));
        let stray =
            stray.map(|domain| format!("verify.modes: `{domain}` is no domain of yours: its mode is for nobody"));
        self.config.doubt().map(str::to_owned).or(stray)
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        self.keyring.keys()
    }

    /// [`Keyring::last_valid_day`] of the key at this place.
    pub fn last_valid_day(&self, index: usize, today: Day) -> Option<Day> {
        self.keyring.last_valid_day(index, today)
    }

    /// The day.
    ///
    /// # Errors
    /// Those of [`clock::today`].
    pub fn today(&self) -> Result<Day, batv_config::Error> {
        clock::today()
    }

    /// The form of tags.
    pub fn form(&self) -> Form {
        match self.config.sign.form {
            FormName::Prvs => Form::Prvs,
            FormName::SubAddress => Form::SubAddress(self.config.sign.delimiter),
            FormName::Strong => Form::Strong,
        }
    }

    /// Whether the domain is one of ours: the configuration or a key names it, or one of its mailboxes, or a key
    /// signs for everybody.
    pub(crate) fn is_ours(&self, sender: &Mailbox<'_>) -> bool {
        let Lists { protected, ours, .. } = &self.lists;
        let domain = sender.domain();
        ours.iter().any(|pattern| is_of(pattern, domain.as_str()))
            || protected.is_empty() && self.keys().iter().any(signs_for_everybody)
    }

    /// Whether the configuration lets this sender have a tag.
    pub fn is_signed(&self, sender: &Mailbox<'_>) -> bool {
        let Lists { protected, exempt, .. } = &self.lists;
        (protected.is_empty() || contain(protected, sender)) && !contain(exempt, sender)
    }

    /// Whether mail to this recipient goes without a tag.
    pub fn is_exempt_recipient(&self, recipient: &Mailbox<'_>) -> bool {
        contain(&self.lists.exempt_recipients, recipient)
    }

    /// The policy for the domain of a mailbox.
    pub fn policy(&self, mailbox: &Mailbox<'_>) -> Policy<'_, String> {
        let Config { verify, on_error, .. } = &self.config;
        let mode = verify.modes.get(&mailbox.domain().as_str().to_ascii_lowercase()).copied().unwrap_or(verify.mode);
        let mut policy = Policy::of(&self.lists.protected, &self.lists.exempt, mode);
        policy.signing_since = verify.signing_since;
        policy.form = self.form();
        policy.reject_at = verify.reject_at;
        policy.on_error = *on_error;
        policy
    }

    /// What tells mail of ours that a bounce returns.
    pub(crate) fn ours(&self) -> Ours<'_, String> {
        let mut ours = Ours::new(&self.lists.protected);
        ours.dkim_keys = &self.dkim_keys;
        ours.marked_since = self.config.messages.marked_since;
        ours.hosts = &self.config.messages.hosts;
        ours
    }

    /// Who may get a bounce.
    pub(crate) fn bounces(&self) -> may_bounce::Policy<'_, String> {
        let bounces = &self.config.bounces;
        let mut policy = may_bounce::Policy::default();
        policy.ours = &self.lists.ours;
        policy.authserv_ids = &bounces.authserv_ids;
        policy.trusted_sealers = &bounces.trusted_sealers;
        policy.allowed = &self.lists.bounced;
        policy
    }

    /// Whether this mailbox is there for reports on DMARC, TLS and abuse.
    pub(crate) fn is_report_recipient(&self, recipient: &Mailbox<'_>) -> bool {
        contain(&self.lists.report_recipients, recipient)
    }

    /// Asks something of the SRS domains; `None` when there are none.
    pub fn with_srs<T>(&self, ask: impl FnOnce(Srs<'_>) -> T) -> Option<T> {
        let domains = srs_domains(&self.config.srs).ok()?;
        srs(&self.config.srs, &domains).ok().map(ask)
    }

    /// Whether mail from here is signed.
    pub fn is_internal(&self, address: Option<IpAddr>, daemon_name: &str) -> bool {
        let clients = &self.config.clients;
        contains(&clients.internal_networks, address) || clients.daemon_names.iter().any(|name| name == daemon_name)
    }

    /// Whether mail from here is left alone.
    pub fn is_exempt(&self, address: Option<IpAddr>) -> bool {
        contains(&self.config.clients.exempt_networks, address)
    }
}

/// Whether the pattern is the domain or a mailbox of it.
fn is_of(pattern: &Pattern<String>, domain: &str) -> bool {
    pattern.as_str().rsplit('@').next().is_some_and(|known| known.eq_ignore_ascii_case(domain))
}

fn signs(key: &Key) -> bool {
    matches!(key.key_use(), KeyUse::Batv(_)) && key.state() == KeyState::Signing
}

fn signs_for_everybody(key: &Key) -> bool {
    signs(key) && key.scope().is_empty()
}

fn srs_domains(forwarded: &Forwarded) -> Result<Vec<Domain<'_>>, Error> {
    let domains = forwarded.domains.iter();
    domains.map(|name| Domain::parse(name).map_err(|error| Error::SrsDomain(name.clone(), error))).collect()
}

fn srs<'d>(forwarded: &Forwarded, domains: &'d [Domain<'d>]) -> Result<Srs<'d>, batv_core::Error> {
    Srs::new(domains)?
        .with_separator(forwarded.separator)
        .with_hash_length(forwarded.hash_length, forwarded.hash_minimum)?
        .with_max_age(forwarded.max_age)
}

/// Whether a file, or the name by which it is found, is in a folder or in one within.
fn is_in(path: &Path, folder: &Path) -> bool {
    // Without the links on the way, as far as these can be known.
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole(folder);
    [Some(path), path.parent()].into_iter().flatten().any(|path| whole(path).starts_with(&folder))
}

fn dkim_key(key: &DkimKey, files: &dyn Files) -> Result<PublicKey, Error> {
    let DkimKey { domain, selector, path } = key;
    let record = files.read(path).map_err(|source| Fault::Read { path: path.clone(), source })?;
    PublicKey::parse(domain, selector, &record).map_err(|error| Error::DkimKey(path.clone(), error))
}

fn contain(patterns: &[Pattern<String>], mailbox: &Mailbox<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.matches(mailbox))
}

fn contains(networks: &[ipnet::IpNet], address: Option<IpAddr>) -> bool {
    // A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1.
    address.is_some_and(|address| networks.iter().any(|network| network.contains(&address.to_canonical())))
}
