//! Configuration of a site: its domains, its rules and its keyring, as a TOML file says them.
//!
//! [`Config`] is the file; [`Site`] is the configuration in force, with the keys and the lists that the file names.

use std::path::{Path, PathBuf};

use batv_core::Domain;
use batv_core::envelope::OnError;
use batv_policy::{Replies, address};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use toml::Spanned;
use toml::de::DeTable;

mod bounces;
mod fault;
mod files;
mod in_force;
mod mailboxes;
mod messages;
mod replies;
mod sign;
mod srs;
pub mod text;
mod verify;

pub use bounces::Bounces;
pub use fault::Fault;
pub use files::{FileSystem, Files, Octets};
pub use in_force::{Error, Site};
pub use mailboxes::Mailboxes;
pub use messages::{DkimKey, Messages};
pub use sign::Sign;
pub use srs::{Forwarded, ReverseFor};
pub use verify::Verify;

/// Top-level keys of the file: first those of a site, then the sections that only `batvd` reads.
#[rustfmt::skip]
const NAMES: [&str; SITE_NAMES + 7] = [
    "keyring", "on_error", "local_domain", "sign", "verify", "messages", "bounces", "srs", "replies",
    "log", "listen", "clients", "store", "page", "limits", "sandbox",
];
const SITE_NAMES: usize = 9;

/// Configuration of a site, as its file says it. Every key has a default.
///
/// The file may be that of `batvd`: the sections that concern only the daemon (`log`, `listen`, `clients`, `store`, `page`,
/// `limits`, `sandbox`) are passed over.
///
/// ```
/// use batv_config::site::Config;
/// use batv_core::envelope::Mode;
///
/// let config = Config::parse("[sign]\nprotected = ['example.com']\n[verify]\nmode = 'reject'\n[log]\nlevel = 'warn'")?;
/// assert_eq!(config.verify.mode, Mode::Reject);
/// let error = Config::parse("[verify]\nreject = 'rcpt'").unwrap_err();
/// assert!(error.to_string().contains("did you mean `reject_at`?"), "{error}");
/// # Ok::<(), batv_config::site::Fault>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// Keyring file. A relative path is relative to the folder of the configuration file.
    pub keyring: PathBuf,
    /// Action when a question cannot be answered.
    #[serde(deserialize_with = "on_error")]
    pub on_error: OnError,
    /// Domain that completes an address without one. `None` leaves such addresses as they are.
    #[serde(deserialize_with = "local_domain")]
    pub local_domain: Option<String>,
    /// Senders that get a tag.
    pub sign: Sign,
    /// Treatment of bounces that are not proved.
    pub verify: Verify,
    /// Checks of whole messages.
    pub messages: Messages,
    /// Bounces that the site sends itself.
    pub bounces: Bounces,
    /// Forwarded mail: SRS.
    pub srs: Forwarded,
    /// Texts of SMTP replies by their names, and the `url` of refusals.
    #[serde(deserialize_with = "replies::read")]
    pub replies: Replies,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            keyring: PathBuf::from("/etc/batv/keyring.toml"),
            on_error: OnError::Tempfail,
            local_domain: None,
            sign: Sign::default(),
            verify: Verify::default(),
            messages: Messages::default(),
            bounces: Bounces::default(),
            srs: Forwarded::default(),
            replies: Replies::default(),
        }
    }
}

impl Config {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`Fault::Text`], with the position of the first mistake in a key of the site.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (site, _) = split(text)?;
        Fault::locate(text, deserialize(site))
    }

    /// Reads the text of a file that has sections of a program as well: those of `batvd`.
    ///
    /// # Errors
    /// [`Fault::Text`], with the position of the first mistake.
    ///
    /// ```
    /// use batv_config::site::Config;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Sections {
    ///     page: Page,
    /// }
    /// #[derive(serde::Deserialize)]
    /// struct Page {
    ///     name: String,
    /// }
    ///
    /// let (site, sections): (_, Sections) = Config::parse_with("keyring = '/k'\n[page]\nname = 'mx1'")?;
    /// assert_eq!((site.keyring.to_str(), sections.page.name.as_str()), (Some("/k"), "mx1"));
    /// # Ok::<(), batv_config::site::Fault>(())
    /// ```
    pub fn parse_with<T: DeserializeOwned>(text: &str) -> Result<(Self, T), Fault> {
        let (site, others) = split(text)?;
        Ok((Fault::locate(text, deserialize(site))?, Fault::locate(text, deserialize(others))?))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Fault::Read`]; [`Fault::InFile`] for a mistake in its text.
    ///
    /// ```
    /// use batv_config::site::{Config, FileSystem};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("site.toml");
    /// std::fs::write(&path, "keyring = 'keyring.toml'")?;
    /// let config = Config::load(&path, &FileSystem)?;
    /// assert_eq!(config.keyring, folder.path().join("keyring.toml"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(path: &Path, files: &dyn Files) -> Result<Self, Fault> {
        Ok(Fault::in_config(path, files, Self::parse)?.beside(path))
    }

    /// Makes a relative path of the keyring one that starts in the folder of this file.
    #[must_use]
    pub fn beside(mut self, path: &Path) -> Self {
        if let Some(folder) = path.parent() {
            self.keyring = folder.join(self.keyring);
        }
        self
    }
}

type Table<'t> = Spanned<DeTable<'t>>;

/// The keys of the site, and those of the daemon.
fn split(text: &str) -> Result<(Table<'_>, Table<'_>), Fault> {
    let table = Fault::locate(text, DeTable::parse(text))?;
    let span = table.span();
    let (mut site, mut others) = (DeTable::new(), DeTable::new());
    for (name, value) in table.into_inner() {
        match NAMES.iter().position(|known| *known == name.get_ref().as_ref()) {
            Some(place) if place < SITE_NAMES => site.insert(name, value),
            Some(_) => others.insert(name, value),
            None => {
                let error = toml::de::Error::unknown_field(name.get_ref(), &NAMES);
                return Err(Fault::at(text, name.span().start, error.message()));
            }
        };
    }
    Ok((Spanned::new(span.clone(), site), Spanned::new(span, others)))
}

fn deserialize<T: DeserializeOwned>(table: Table<'_>) -> Result<T, toml::de::Error> {
    T::deserialize(toml::Deserializer::from(table))
}

fn local_domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text::read(deserializer, |text| {
        let domain = address::domain(text).into_owned();
        let is_domain = Domain::parse(&domain).is_ok();
        is_domain
            .then_some(Some(domain))
            .ok_or_else(|| format!("`{text}` is no domain: write one such as `example.com`"))
    })
}

fn on_error<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OnError, D::Error> {
    text::named(deserializer, "action", str::parse)
}
