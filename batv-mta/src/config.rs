//! The configuration file: its keys, their defaults, and what is wrong with one.

use alloc::collections::BTreeMap;
use core::fmt::Display;
use core::net::IpAddr;
use core::str::FromStr;
use std::path::{Path, PathBuf};

use batv_config::clock;
use batv_core::envelope::{Mode, OnError, Stage};
use batv_core::srs::{self, Separator};
use batv_core::tag::Delimiter;
use batv_core::{Day, Pattern};
use batv_policy::{MixedRecipients, address};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

use crate::files::Files;
use crate::protocol::Protocol;

mod store;

pub use store::{Place, Store};

/// How many letters may be wrong in a key that is taken for another.
const NEAR: usize = 3;

/// All that can be configured. Every key has a default; `batvd.toml` beside this crate names and explains them.
///
/// ```
/// use batv_core::envelope::Mode;
/// use batv_mta::config::Config;
///
/// let config = Config::parse("[verify]\nmode = \"reject\"")?;
/// assert_eq!(config.verify.mode, Mode::Reject);
/// let error = Config::parse("[verify]\nreject = \"rcpt\"").unwrap_err();
/// assert!(error.to_string().contains("did you mean `reject_at`?"), "{error}");
/// # Ok::<(), batv_mta::config::Fault>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// The keyring file.
    pub keyring: PathBuf,
    /// What to do when a question can't be answered.
    #[serde(deserialize_with = "on_error")]
    pub on_error: OnError,
    /// The log.
    pub log: Log,
    /// The listeners.
    pub listen: Listen,
    /// Who is one of ours.
    pub clients: Clients,
    /// What gets a tag.
    pub sign: Sign,
    /// What becomes of bounces.
    pub verify: Verify,
    /// What messages say.
    pub messages: Messages,
    /// What we may have to bounce.
    pub bounces: Bounces,
    /// Forwarded mail.
    pub srs: Forwarded,
    /// What hosts remember together.
    pub store: Store,
    /// The page.
    pub page: Page,
    /// What a peer may use.
    pub limits: Limits,
    /// What the process that meets strangers is kept from.
    pub sandbox: Sandbox,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            keyring: PathBuf::from("/etc/batv/keyring.toml"),
            on_error: OnError::Tempfail,
            log: Log::default(),
            listen: Listen::default(),
            clients: Clients::default(),
            sign: Sign::default(),
            verify: Verify::default(),
            messages: Messages::default(),
            bounces: Bounces::default(),
            srs: Forwarded::default(),
            store: Store::default(),
            page: Page::default(),
            limits: Limits::default(),
            sandbox: Sandbox::default(),
        }
    }
}

/// Where the log goes, and how much of it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Log {
    /// Who keeps it.
    pub to: LogTo,
    /// What is left out.
    pub level: LogLevel,
}

/// Who keeps the log.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum LogTo {
    /// Who reads standard error, as the journal does.
    #[default]
    Stderr,
    /// syslog(3), as a mail facility.
    Syslog,
}

/// From which level on lines are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum LogLevel {
    /// What keeps the daemon from its work.
    Error,
    /// What somebody should look at.
    Warn,
    /// Every decision.
    #[default]
    Info,
    /// What mail servers negotiate.
    Debug,
}

/// The sockets: `unix:/path`, `inet:host:port` or `systemd:name`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Listen {
    /// Milter, for Postfix and Sendmail.
    pub milter: Vec<Address>,
    /// Postfix socketmap.
    pub socketmap: Vec<Address>,
    /// Postfix policy service.
    pub policy: Vec<Address>,
    /// The line protocol, for Exim, Haraka and scripts.
    pub line: Vec<Address>,
    /// Metrics and health, over HTTP.
    pub metrics: Vec<Address>,
    /// The page, over HTTP.
    pub page: Vec<Address>,
    /// The permissions of Unix sockets. The mail server must be able to write to them.
    #[serde(deserialize_with = "socket_mode")]
    pub socket_mode: u32,
}

impl Listen {
    /// All of them, each with what is spoken there.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (Protocol, &Address)> {
        let listeners = [
            (Protocol::Milter, &self.milter),
            (Protocol::Socketmap, &self.socketmap),
            (Protocol::Policy, &self.policy),
            (Protocol::Line, &self.line),
            (Protocol::Metrics, &self.metrics),
            (Protocol::Page, &self.page),
        ];
        listeners.into_iter().flat_map(|(protocol, addresses)| addresses.iter().map(move |address| (protocol, address)))
    }

    /// Whether a mail server could ask anything.
    pub fn has_listener(&self) -> bool {
        [&self.milter, &self.socketmap, &self.policy, &self.line].iter().any(|addresses| !addresses.is_empty())
    }
}

impl Default for Listen {
    fn default() -> Self {
        let none = Vec::new;
        Self {
            milter: none(),
            socketmap: none(),
            policy: none(),
            line: none(),
            metrics: none(),
            page: none(),
            socket_mode: 0o660,
        }
    }
}

/// Where to listen.
///
/// ```
/// use batv_mta::config::Address;
///
/// assert_eq!("inet:[::1]:9900".parse::<Address>().unwrap().to_string(), "inet:[::1]:9900");
/// assert!("9900".parse::<Address>().is_err());
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host and port.
    Inet(String),
    /// What systemd listens on for us: the `FileDescriptorName` of a socket unit.
    Systemd(String),
}

impl Address {
    /// Whether only this host reaches it; of what systemd listens on, its unit says that.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) | Self::Systemd(_) => true,
            Self::Inet(address) => {
                let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback())
            }
        }
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(("inet", address))
                if address
                    .rsplit_once(':')
                    .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) =>
            {
                Ok(Self::Inet(address.to_owned()))
            }
            Some(("systemd", name)) if !name.is_empty() => Ok(Self::Systemd(name.to_owned())),
            _ => Err("a socket is `unix:/path`, `inet:host:port` or `systemd:name`"),
        }
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Inet(address) => write!(f, "inet:{address}"),
            Self::Systemd(name) => write!(f, "systemd:{name}"),
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Who is one of ours.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Clients {
    /// What comes from here is signed, and never judged.
    #[serde(deserialize_with = "networks")]
    pub internal_networks: Vec<IpNet>,
    /// The same for what comes through a listener of this name (`{daemon_name}`).
    pub daemon_names: Vec<String>,
    /// What comes from here is neither signed nor judged: a relay that judges by itself.
    #[serde(deserialize_with = "networks")]
    pub exempt_networks: Vec<IpNet>,
}

impl Default for Clients {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"];
        Self {
            internal_networks: loopback.iter().filter_map(|network| network.parse().ok()).collect(),
            daemon_names: vec!["ORIGINATING".to_owned()],
            exempt_networks: Vec::new(),
        }
    }
}

/// What gets a tag.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Sign {
    /// Who gets tags. When there are none: those whom the keys serve.
    pub protected: Mailboxes,
    /// Who sends without a tag, and is not judged.
    pub exempt: Mailboxes,
    /// Who gets mail without a tag: lists that check subscribers by the reverse-path.
    pub exempt_recipients: Mailboxes,
    /// What becomes of a message that has both exempt recipients and others.
    pub mixed_recipients: Mixed,
    /// How a tag looks.
    pub form: FormName,
    /// What stands between a local part and its sub-address, in that form.
    #[serde(deserialize_with = "delimiter")]
    pub delimiter: Delimiter,
}

/// Domains and mailboxes, and files of them: `file:/path`, one a line, with comments after `#`.
///
/// ```
/// use batv_mta::config::Config;
/// use batv_mta::files::FileSystem;
///
/// let config = Config::parse("[sign]\nexempt_recipients = ['list@example.net', 'file:/nonexistent']")?;
/// assert!(config.sign.exempt_recipients.patterns(&FileSystem).is_err());
/// # Ok::<(), batv_mta::config::Fault>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Mailboxes(Vec<Source>);

#[derive(Clone, Debug)]
enum Source {
    Pattern(Pattern<String>),
    File(PathBuf),
}

impl Mailboxes {
    /// All of them, with those of the files as they are now.
    ///
    /// # Errors
    /// [`Fault`]: a file can't be read, or a line of it.
    pub fn patterns(&self, files: &dyn Files) -> Result<Vec<Pattern<String>>, Fault> {
        let mut patterns = Vec::new();
        for source in &self.0 {
            let path = match source {
                Source::Pattern(pattern) => {
                    patterns.push(pattern.clone());
                    continue;
                }
                Source::File(path) => path,
            };
            let text = files.text(path).map_err(|source| Fault::Read { path: path.clone(), source })?;
            for (number, line) in text.lines().enumerate() {
                let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
                if line.is_empty() {
                    continue;
                }
                let fault = |message| Fault::Text { line: number + 1, column: 1, message };
                let in_file = |fault| Fault::InFile { path: path.clone(), fault: Box::new(fault) };
                patterns.push(pattern(line.to_owned()).map_err(fault).map_err(in_file)?);
            }
        }
        Ok(patterns)
    }
}

impl<'de> Deserialize<'de> for Mailboxes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = |text: String| match text.strip_prefix("file:") {
            Some(path) if path.starts_with('/') => Ok(Source::File(path.into())),
            Some(_) => Err(format!("`{text}`: a file is `file:/path`")),
            None => pattern(text).map(Source::Pattern),
        };
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.into_iter().map(source).collect::<Result<_, _>>().map(Self).map_err(de::Error::custom)
    }
}

fn pattern(text: String) -> Result<Pattern<String>, String> {
    address::pattern(&text).map_err(|error| format!("`{text}`: {error}"))
}

/// What becomes of a message to exempt recipients and others: it has only one reverse-path.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "it has a tag or none")]
pub enum Mixed {
    /// It gets no tag: its bounces come back untagged.
    #[default]
    Unsigned,
    /// It gets a tag: the lists may refuse it.
    Signed,
}

impl From<Mixed> for MixedRecipients {
    fn from(mixed: Mixed) -> Self {
        match mixed {
            Mixed::Unsigned => Self::Unsigned,
            Mixed::Signed => Self::Signed,
        }
    }
}

/// The forms of [`batv_core::tag::Form`] by name.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FormName {
    /// `prvs=KDDDSSSSSS=local`.
    #[default]
    Prvs,
    /// `local+prvs=KDDDSSSSSS`.
    SubAddress,
    /// `batv=KDDD…=local`.
    Strong,
}

/// What becomes of bounces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Verify {
    /// How far to go.
    #[serde(deserialize_with = "named")]
    pub mode: Mode,
    /// How far to go for single domains.
    #[serde(deserialize_with = "modes")]
    pub modes: BTreeMap<String, Mode>,
    /// The day from which on all mail had a tag.
    #[serde(deserialize_with = "day")]
    pub signing_since: Option<Day>,
    /// When to refuse what only the message could prove.
    #[serde(deserialize_with = "named")]
    pub reject_at: Stage,
}

impl Default for Verify {
    fn default() -> Self {
        Self { mode: Mode::Observe, modes: BTreeMap::new(), signing_since: None, reject_at: Stage::EndOfData }
    }
}

/// What messages say, over which the envelope alone can't decide.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Messages {
    /// Whether what comes with a null reverse-path is read to its end.
    pub judge: bool,
    /// Whether what comes from a program with an address is read, too.
    pub daemon_senders: bool,
    /// Whether what leaves gets a mark and an envelope id.
    pub mark: bool,
    /// The day from which on all mail has a mark.
    #[serde(deserialize_with = "day")]
    pub marked_since: Option<Day>,
    /// Domains, besides those that are protected, in which the hosts are that our mail leaves by.
    pub hosts: Vec<String>,
    /// Our own DKIM keys.
    pub dkim_keys: Vec<DkimKey>,
    /// Who gets reports on DMARC, TLS and abuse.
    pub report_recipients: Mailboxes,
    /// Whether a read receipt that proves nothing is held as a bounce is.
    pub hold_receipts: bool,
    /// Whether a disproved bounce is refused also where it has a reverse-path.
    pub reject_daemon_senders: bool,
    /// Whether a bounce without a tag is refused also where nothing tells whose message it returns.
    pub reject_unverified: bool,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            judge: true,
            daemon_senders: false,
            mark: true,
            marked_since: None,
            hosts: Vec::new(),
            dkim_keys: Vec::new(),
            report_recipients: Mailboxes::default(),
            hold_receipts: false,
            reject_daemon_senders: false,
            reject_unverified: false,
        }
    }
}

/// Where a public key of DKIM is: `domain:selector:/path`.
///
/// ```
/// use batv_mta::config::DkimKey;
///
/// let key: DkimKey = "example.com:mail:/etc/dkim/mail.txt".parse()?;
/// assert_eq!(key.selector, "mail");
/// assert!("example.com:mail.txt".parse::<DkimKey>().is_err());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DkimKey {
    /// The domain that signs (`d=`).
    pub domain: String,
    /// The selector (`s=`).
    pub selector: String,
    /// The file with the record of the key, or the key in PEM.
    pub path: PathBuf,
}

impl FromStr for DkimKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut pieces = text.splitn(3, ':');
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some(domain), Some(selector), Some(path)) if path.starts_with('/') => {
                Ok(Self { domain: domain.to_owned(), selector: selector.to_owned(), path: path.into() })
            }
            _ => Err("a key of DKIM is `domain:selector:/path`"),
        }
    }
}

impl<'de> Deserialize<'de> for DkimKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Mail from elsewhere that we may have to bounce.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Bounces {
    /// The names under which our own servers write Authentication-Results (RFC 8601 §2.5).
    pub authserv_ids: Vec<String>,
    /// Whether mail whose sender nothing proves gets `NOTIFY=NEVER` (RFC 3461 §4.1).
    pub never_to_unproved: bool,
    /// Domains that get bounces without proof.
    pub allowed: Mailboxes,
    /// Domains whose ARC seals are believed.
    pub trusted_sealers: Vec<String>,
}

/// Forwarded mail: SRS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Forwarded {
    /// The domains of which SRS addresses are made and reversed, the first for new ones.
    pub domains: Vec<String>,
    /// Which mail may go to an SRS address.
    pub reverse_for: ReverseFor,
    /// The mail server's names (`{rcpt_mailer}`) for what leaves it: Postfix's transports, Sendmail's mailers. A sender
    /// that isn't ours is rewritten when a recipient is delivered by one of them.
    pub mailers: Vec<String>,
    /// What stands behind the tag of new addresses.
    #[serde(deserialize_with = "separator")]
    pub separator: Separator,
    /// Characters of the hash in new addresses: 4 to 27.
    pub hash_length: u8,
    /// The fewest characters of a hash that are taken: 4 to `hash_length`.
    pub hash_minimum: u8,
    /// Days that an address lives: 1 to 1000.
    pub max_age: u16,
}

impl Default for Forwarded {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            reverse_for: ReverseFor::Bounces,
            mailers: ["smtp", "esmtp", "smtp8", "dsmtp"].map(str::to_owned).to_vec(),
            separator: Separator::default(),
            hash_length: srs::HASH_MINIMUM,
            hash_minimum: srs::HASH_MINIMUM,
            max_age: srs::DEFAULT_MAX_AGE,
        }
    }
}

/// Which mail may go to an SRS address.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between")]
pub enum ReverseFor {
    /// Bounces alone.
    #[default]
    Bounces,
    /// All: an SRS address that somebody has seen relays his mail to the address inside.
    All,
}

/// The page that tells how the rollout goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Page {
    /// What it calls this host.
    pub name: String,
    /// Whether others than this host may have it.
    pub remote: bool,
    /// Days after which a key that signs is to be replaced; 0 for never.
    pub rotate_days: u16,
    /// The file by which its figures outlive a restart, or `none`. Without it, in the folder that systemd gives us
    /// (`StateDirectory=`), or nowhere.
    #[serde(deserialize_with = "file_or_none")]
    figures: Option<PathBuf>,
}

impl Page {
    /// The file by which its figures outlive a restart.
    ///
    /// ```
    /// use batv_mta::config::Config;
    ///
    /// let config = Config::parse("page.figures = '/var/lib/batv/figures.json'")?;
    /// assert!(config.page.figures().is_some());
    /// assert!(Config::parse("page.figures = 'none'")?.page.figures().is_none());
    /// assert!(Config::parse("page.figures = 'figures.json'").is_err());
    /// # Ok::<(), batv_mta::config::Fault>(())
    /// ```
    pub fn figures(&self) -> Option<PathBuf> {
        match &self.figures {
            Some(path) => Some(path.clone()).filter(|path| path.is_absolute()),
            None => store::state_folder().map(|folder| folder.join("figures.json")),
        }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { name: String::new(), remote: false, rotate_days: 180, figures: None }
    }
}

/// What a peer may use.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of a message that is judged which are kept.
    #[serde(deserialize_with = "positive")]
    pub message_octets: usize,
    /// Parts of a message that is judged which are read.
    #[serde(deserialize_with = "positive")]
    pub parts: usize,
    /// Recipients that one message may have.
    #[serde(deserialize_with = "positive")]
    pub recipients: usize,
    /// Bounces that one network may bring in a minute; 0 for any number.
    pub bounces_per_minute: u32,
    /// Wrong tags that one network may bring in a day before those in it are put off who brought some; 0 for any number.
    pub wrong_tags_per_network: u32,
    /// Wrong tags that may come to one mailbox in a day before it is closed to those who brought some; 0 for any number.
    pub wrong_tags_per_mailbox: u32,
    /// Connections at a time, of all listeners; more wait.
    #[serde(deserialize_with = "positive")]
    pub connections: usize,
    /// Seconds for which a connection may say nothing, once a request has been answered.
    #[serde(deserialize_with = "positive")]
    pub idle_seconds: u64,
    /// Seconds that a connection has for its first request, for each that it has begun, and to take an answer.
    #[serde(deserialize_with = "positive")]
    pub request_seconds: u64,
    /// Seconds that messages under way have to end when the daemon does.
    pub drain_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_octets: 1024 * 1024,
            parts: 10_000,
            recipients: 10_000,
            bounces_per_minute: 600,
            wrong_tags_per_network: 50,
            wrong_tags_per_mailbox: 200,
            connections: 20_000,
            idle_seconds: 3600,
            request_seconds: 30,
            drain_seconds: 30,
        }
    }
}

/// What the process that meets strangers is kept from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Sandbox {
    /// Whether it gives up what it doesn't need, before it takes a connection.
    pub confine: bool,
    /// Who it runs as, where root starts the daemon.
    pub user: Option<String>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { confine: true, user: None }
    }
}

/// What is wrong with a configuration, and where.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is wrong.
    #[error("line {line}, column {column}: {message}")]
    Text {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// The same, in a file.
    #[error("{}: {fault}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: Box<Self>,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn load(path: &Path, files: &dyn Files) -> Result<Self, Fault> {
        let text = files.text(path).map_err(|source| Fault::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|fault| Fault::InFile { path: path.to_owned(), fault: Box::new(fault) })
    }

    /// What may not be what was meant, though it can be used.
    ///
    /// ```
    /// # use batv_mta::config::Config;
    /// let config = Config::parse("listen.policy = ['inet:localhost:9900']\nverify.mode = 'reject'")?;
    /// assert!(config.doubt().is_some());
    /// # Ok::<(), batv_mta::config::Fault>(())
    /// ```
    pub fn doubt(&self) -> Option<&'static str> {
        let Self { listen, verify, .. } = self;
        if !listen.has_listener() {
            return Some("the configuration opens no listener: it serves `batvd filter` alone");
        }
        let judges_messages = !listen.milter.is_empty() || !listen.line.is_empty();
        let refuses = verify.mode > Mode::Observe || !verify.modes.is_empty();
        let Messages { mark, marked_since, .. } = self.messages;
        if marked_since.is_some() && !mark {
            return Some(
                "`marked_since` says that all mail has a mark, and `mark = false` that this host makes none: unless all \
                 others do, genuine bounces are refused",
            );
        }
        let asked_at_rcpt_alone = !listen.policy.is_empty() && !judges_messages && verify.reject_at > Stage::RcptTo;
        (asked_at_rcpt_alone && refuses).then_some(
            "a policy service alone is asked at RCPT TO, and what is decided at the end of DATA passes: \
             write `reject_at = \"rcpt\"`, or add the milter",
        )
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`Fault::Text`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let before = text.get(..offset).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            Fault::Text {
                line: before.matches('\n').count() + 1,
                column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
                message: suggest(error.message()),
            }
        })
    }
}

/// Adds the nearest right name where the message is about an unknown one.
fn suggest(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let nearest = names.next().filter(|_| message.starts_with("unknown")).and_then(|unknown| {
        let distance = |known: &str| strsim::osa_distance(unknown, known);
        names.filter(|known| distance(known) <= NEAR.min(known.len() - 1)).min_by_key(|known| distance(known))
    });
    nearest.map_or_else(|| message.to_owned(), |nearest| format!("{message}; did you mean `{nearest}`?"))
}

fn named<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom(format_args!("`{text}` is no known name here")))
}

fn socket_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let mode = u32::deserialize(deserializer)?;
    if mode > 0o777 {
        return Err(de::Error::custom(format_args!("{mode} is more than 0o777: permissions are octal, such as 0o660")));
    }
    Ok(mode)
}

/// An address stands for itself alone.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let read = |text: String| {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| format!("`{text}` is no network: one is 192.0.2.0/24, 2001:db8::/32 or an address"))
    };
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.into_iter().map(read).collect::<Result<_, _>>().map_err(de::Error::custom)
}

/// A number without which nobody would be served.
fn positive<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default + PartialEq>(
    deserializer: D,
) -> Result<T, D::Error> {
    let number = T::deserialize(deserializer)?;
    if number == T::default() {
        return Err(de::Error::custom("with 0 nobody would be served: at least 1 is needed"));
    }
    Ok(number)
}

fn delimiter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Delimiter, D::Error> {
    Delimiter::new(char::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn separator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Separator, D::Error> {
    Separator::new(char::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn file_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    match String::deserialize(deserializer)? {
        text if text == "none" || text.starts_with('/') => Ok(Some(text.into())),
        text => Err(de::Error::custom(format_args!("`{text}`: a file is `/path`, or `none`"))),
    }
}

fn on_error<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OnError, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "tempfail" => Ok(OnError::Tempfail),
        "accept" => Ok(OnError::Accept),
        other => Err(de::Error::unknown_variant(other, &["tempfail", "accept"])),
    }
}

fn modes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Mode>, D::Error> {
    let read = |(domain, mode): (String, String)| {
        let mode = mode.parse().map_err(|_| format!("`{mode}` is not `observe`, `mark`, `quarantine` or `reject`"))?;
        Ok((
            address::pattern(&domain).map_err(|error| format!("`{domain}`: {error}"))?.as_str().to_ascii_lowercase(),
            mode,
        ))
    };
    let names = BTreeMap::<String, String>::deserialize(deserializer)?;
    names.into_iter().map(read).collect::<Result<_, String>>().map_err(de::Error::custom)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    let date = toml::value::Datetime::deserialize(deserializer)?;
    clock::parse_at(&date.to_string()).map(Some).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../batvd.toml");

    #[test]
    fn the_sample_is_the_defaults() {
        let sample = Config::parse(SAMPLE).expect("a sample that can be read");
        assert_eq!(format!("{sample:?}"), format!("{:?}", Config::default()));
    }

    /// Without comments, what is left of the sample is every key: one that is renamed here is an error there.
    #[test]
    fn the_sample_names_every_key() {
        for key in format!("{:?}", Config::default()).split([' ', '{']).filter_map(|word| word.strip_suffix(':')) {
            assert!(
                SAMPLE.lines().any(|line| line.trim_start_matches("# ").starts_with(key) || line == format!("[{key}]")),
                "{key}"
            );
        }
    }

    #[test]
    fn an_address_is_a_network() {
        let config = Config::parse("clients.exempt_networks = ['192.0.2.1', '2001:db8::1', '198.51.100.0/24']");
        let networks = config.expect("a configuration").clients.exempt_networks;
        let shown: Vec<_> = networks.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["192.0.2.1/32", "2001:db8::1/128", "198.51.100.0/24"]);
    }

    #[test]
    fn faults_say_where_and_what() {
        for (text, place, message) in [
            ("keyrin = 'x'", (1, 1), "did you mean `keyring`?"),
            ("[verify]\nmode = 'refuse'", (2, 8), "`refuse`"),
            ("[verify.modes]\n'example.com' = 'refuse'", (1, 1), "`refuse` is not `observe`"),
            ("[listen]\n  milter = ['9900']", (2, 12), "`inet:host:port` or"),
            ("[listen]\nsocket_mode = 660", (2, 15), "660 is more than 0o777: permissions are octal"),
            ("[clients]\ninternal_networks = ['localhost']", (2, 21), "`localhost` is no network"),
            ("[limits]\nconnections = 0", (2, 15), "nobody would be served"),
            ("[sign]\nprotected = ['a@']", (2, 13), "`a@`"),
            ("[limits]\nconnections = -1", (2, 15), "-1"),
            ("=", (1, 1), ""),
        ] {
            let Err(Fault::Text { line, column, message: said }) = Config::parse(text) else { panic!("{text}") };
            assert!(said.contains(message), "{text}: {said}");
            assert_eq!((line, column), place, "{text}: {said}");
        }
    }
}
