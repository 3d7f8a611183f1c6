//! What is in force: the configuration and the keys, read together and replaced together.

use alloc::sync::Arc;
use core::net::IpAddr;
use std::fs;
use std::path::{Path, PathBuf};

use batv_bounce::dkim::{KeyError, PublicKey};
use batv_bounce::may_bounce;
use batv_config::{Keyring, clock};
use batv_core::tag::Form;
use batv_core::{Day, Domain, Key, KeyState, KeyUse, Pattern};
use batv_policy::{MessageRules, Rules, SrsRules, View, address};
use thiserror::Error;

use crate::config::{Address, Config, DkimKey, Fault, FormName, Forwarded, ReverseFor};
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
/// assert!(settings.rules().is_protected(&alice) && !settings.rules().is_protected(&news));
/// assert_eq!(settings.rules().mode_for(&alice), Mode::Reject);
/// assert!(settings.is_internal("127.0.0.1".parse().ok(), "") && !settings.is_internal(None, "MX"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Settings {
    config: Config,
    keyring: Keyring,
    rules: Rules,
    lists: Lists,
    metrics: Arc<Metrics>,
    memory: Arc<Memory>,
}

/// Lists that decide who gets bounces.
#[derive(Debug)]
struct Lists {
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
        let forwards_alone = settings.rules.protected.is_empty()
            && !settings.config.srs.domains.is_empty()
            && settings.keys().iter().any(rewrites);
        if !forwards_alone && !settings.keys().iter().any(signs) {
            return Err(Error::NoKey(settings.config.keyring));
        }
        if settings.site().signs_for_everybody() {
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
        let rules = rules(&config, files)?;
        rules.srs.check().map_err(Error::Srs)?;
        if let Some(address) = config.listen.page.iter().find(|address| !config.page.remote && !address.is_local()) {
            return Err(Error::Page(address.clone()));
        }
        let scopes = keyring.keys().iter().flat_map(Key::scope);
        let lists = Lists {
            ours: rules.protected.iter().chain(&rules.exempt).chain(scopes).cloned().collect(),
            bounced: config.bounces.allowed.patterns(files)?,
        };
        Ok(Self { config, keyring, rules, lists, metrics: Arc::default(), memory: Arc::default() })
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
            let ours = self.site().names(domain);
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

    /// The rules by which all is decided.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The site, to ask what is decided.
    pub fn site(&self) -> View<'_> {
        View::new(self.keys(), &self.rules)
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

fn signs(key: &Key) -> bool {
    matches!(key.key_use(), KeyUse::Batv(_)) && key.state() == KeyState::Signing
}

/// The rules of the configuration and of the files that it names.
fn rules(config: &Config, files: &dyn Files) -> Result<Rules, Error> {
    let Config { sign, verify, messages, srs, bounces, on_error, .. } = config;
    let Forwarded { separator, hash_length, hash_minimum, max_age, .. } = *srs;
    let srs_domain = |name: &String| {
        let domain = address::domain(name);
        Domain::parse(&domain).map_err(|error| Error::SrsDomain(name.clone(), error))?;
        Ok(domain.into_owned())
    };
    Ok(Rules {
        protected: sign.protected.patterns(files)?,
        exempt: sign.exempt.patterns(files)?,
        exempt_recipients: sign.exempt_recipients.patterns(files)?,
        mixed_recipients: sign.mixed_recipients.into(),
        form: match sign.form {
            FormName::Prvs => Form::Prvs,
            FormName::SubAddress => Form::SubAddress(sign.delimiter),
            FormName::Strong => Form::Strong,
        },
        lifetime: None,
        fold_case: true,
        mode: verify.mode,
        modes: verify.modes.clone(),
        signing_since: verify.signing_since,
        reject_at: verify.reject_at,
        on_error: *on_error,
        srs: SrsRules {
            domains: srs.domains.iter().map(srs_domain).collect::<Result<_, Error>>()?,
            separator,
            hash_length,
            hash_minimum,
            max_age,
            always_rewrite: false,
            takes_mail: srs.reverse_for == ReverseFor::All,
        },
        messages: MessageRules {
            daemon_senders: messages.daemon_senders,
            mark: messages.mark,
            marked_since: messages.marked_since,
            hosts: messages.hosts.iter().map(|host| address::domain(host).into_owned()).collect(),
            dkim_keys: messages.dkim_keys.iter().map(|key| dkim_key(key, files)).collect::<Result<_, _>>()?,
            authserv_ids: bounces.authserv_ids.clone(),
            report_recipients: messages.report_recipients.patterns(files)?,
            hold_receipts: messages.hold_receipts,
            reject_daemon_senders: messages.reject_daemon_senders,
            reject_unverified: messages.reject_unverified,
        },
    })
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

fn contains(networks: &[ipnet::IpNet], address: Option<IpAddr>) -> bool {
    // A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1.
    address.is_some_and(|address| networks.iter().any(|network| network.contains(&address.to_canonical())))
}
