//! What is in force: the configuration and the keys, read together and replaced together.

use core::net::IpAddr;
use std::path::Path;

use batv_config::{Keyring, Permissions, clock};
use batv_core::envelope::{Mode, Policy};
use batv_core::prvs::{Delimiter, Form};
use batv_core::srs::Srs;
use batv_core::{Day, Domain, Key, KeyState, KeyUse, Mailbox, Pattern};
use thiserror::Error;

use crate::config::{self, Config, FormName};

/// A configuration and its keys.
#[derive(Debug)]
pub struct Settings {
    config: Config,
    keyring: Keyring,
}

/// Why there are no settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::Fault),
    /// The keyring, or the clock.
    #[error(transparent)]
    Keyring(#[from] batv_config::Error),
    /// There is no key that signs.
    #[error("{}: there is no key of use `batv` in state `signing`: make one with `batv key new`", .0.display())]
    NoKey(std::path::PathBuf),
    /// An SRS domain is wrong.
    #[error("srs.domains: `{0}`: {1}")]
    SrsDomain(String, batv_core::Error),
}

impl Settings {
    /// Reads the configuration and the keyring that it names, and looks at the clock.
    ///
    /// # Errors
    /// [`enum@Error`]: also when no key signs, or the clock is before 1970.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let config = Config::load(path)?;
        let keyring = Keyring::load(&config.keyring, Permissions::Private)?;
        let signs = |key: &Key| matches!(key.key_use(), KeyUse::Batv(_)) && key.state() == KeyState::Signing;
        if !keyring.keys().iter().any(signs) {
            return Err(Error::NoKey(config.keyring));
        }
        clock::today()?;
        Self::new(config, keyring)
    }

    /// Puts both together.
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
        for domain in &config.srs.domains {
            Domain::parse(domain).map_err(|error| Error::SrsDomain(domain.clone(), error))?;
        }
        Ok(Self { config, keyring })
    }

    /// The configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        self.keyring.keys()
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
            FormName::SubAddress => Form::SubAddress(Delimiter::default()),
            FormName::Strong => Form::Strong,
        }
    }

    /// Whether the configuration lets this sender have a tag.
    pub fn is_signed(&self, sender: &Mailbox<'_>) -> bool {
        let sign = &self.config.sign;
        (sign.protected.is_empty() || lists(&sign.protected, sender)) && !lists(&sign.exempt, sender)
    }

    /// Whether mail to this recipient goes without a tag.
    pub fn is_exempt_recipient(&self, recipient: &Mailbox<'_>) -> bool {
        lists(&self.config.sign.exempt_recipients, recipient)
    }

    /// The policy for the domain of a mailbox.
    pub fn policy(&self, mailbox: &Mailbox<'_>) -> Policy<'_, String> {
        let Config { sign, verify, on_error, .. } = &self.config;
        let mode = verify.modes.get(&mailbox.domain().as_str().to_ascii_lowercase()).copied().unwrap_or(verify.mode);
        let mut policy = Policy::of(&sign.protected, &sign.exempt, mode);
        policy.signing_since = verify.signing_since;
        policy.form = self.form();
        policy.reject_at = verify.reject_at;
        policy.on_error = *on_error;
        policy
    }

    /// Asks something of the SRS domains; `None` when there are none.
    pub fn with_srs<T>(&self, ask: impl FnOnce(Srs<'_>) -> T) -> Option<T> {
        let domains: Vec<Domain<'_>> =
            self.config.srs.domains.iter().filter_map(|domain| Domain::parse(domain).ok()).collect();
        Srs::new(&domains).ok().map(ask)
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

    /// The mode for what no domain is known of.
    pub const fn mode(&self) -> Mode {
        self.config.verify.mode
    }
}

fn lists(patterns: &[Pattern<String>], mailbox: &Mailbox<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.matches(mailbox))
}

fn contains(networks: &[ipnet::IpNet], address: Option<IpAddr>) -> bool {
    // A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1.
    address.is_some_and(|address| networks.iter().any(|network| network.contains(&address.to_canonical())))
}
