//! The configuration file of `batvd`: the sections of a site ([`batv_config::site`]) and those of the daemon.

use std::path::Path;

use batv_config::site;
use batv_core::envelope::{Mode, Stage};
use serde::Deserialize;

use crate::files::Files;

mod clients;
mod limits;
mod listen;
mod log;
mod page;
mod sandbox;
mod store;

pub use batv_config::site::Fault;
pub use clients::Clients;
pub use limits::Limits;
pub use listen::{Address, Listen};
pub use log::{Log, LogLevel, LogTo};
pub use page::Page;
pub use sandbox::Sandbox;
pub use store::{Place, Store};

/// Configuration of the daemon. Every key has a default; `batvd.toml` beside this crate names and explains them.
///
/// ```
/// use batv_core::envelope::Mode;
/// use batv_mta::config::Config;
///
/// let config = Config::parse("[verify]\nmode = \"reject\"")?;
/// assert_eq!(config.site.verify.mode, Mode::Reject);
/// let error = Config::parse("[limits]\nconections = 10").unwrap_err();
/// assert!(error.to_string().contains("did you mean `connections`?"), "{error}");
/// # Ok::<(), batv_mta::config::Fault>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The site.
    pub site: site::Config,
    /// Log.
    pub log: Log,
    /// Listening sockets.
    pub listen: Listen,
    /// Clients whose mail is signed, and clients that are left alone.
    pub clients: Clients,
    /// Store that the hosts of a fleet share.
    pub store: Store,
    /// Page of the rollout.
    pub page: Page,
    /// Limits on messages, clients and connections.
    pub limits: Limits,
    /// Confinement of the worker process.
    pub sandbox: Sandbox,
}

/// Sections of the file that are not the site's.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sections {
    log: Log,
    listen: Listen,
    clients: Clients,
    store: Store,
    page: Page,
    limits: Limits,
    sandbox: Sandbox,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Fault::Read`]; [`Fault::InFile`] for a mistake in its text.
    pub fn load(path: &Path, files: &dyn Files) -> Result<Self, Fault> {
        let config = Fault::in_config(path, files, Self::parse)?;
        Ok(Self { site: config.site.beside(path), ..config })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`Fault::Text`], with the position of the first mistake.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (site, sections) = site::Config::parse_with(text)?;
        let Sections { log, listen, clients, store, page, limits, sandbox } = sections;
        Ok(Self { site, log, listen, clients, store, page, limits, sandbox })
    }

    /// Warning about settings that can be used but are hardly meant, if there is one.
    ///
    /// ```
    /// # use batv_mta::config::Config;
    /// let config = Config::parse("listen.policy = ['inet:localhost:9900']\nverify.mode = 'reject'")?;
    /// assert!(config.doubt().is_some());
    /// # Ok::<(), batv_mta::config::Fault>(())
    /// ```
    pub fn doubt(&self) -> Option<&'static str> {
        let Self { listen, limits, site: site::Config { verify, messages, .. }, .. } = self;
        if !listen.has_listener() {
            return Some("the configuration opens no listener: it serves `batvd filter` alone");
        }
        if limits.total_octets < limits.message_octets {
            return Some(
                "`total_octets` is less than `message_octets`: a message of that length is deferred until its sender \
                 gives up",
            );
        }
        let judges_messages = !listen.milter.is_empty() || !listen.line.is_empty();
        let refuses = verify.mode > Mode::Observe || !verify.modes.is_empty();
        if messages.marked_since.is_some() && !messages.mark {
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
            // The site's keys are not in a section of that name, nor are the texts of replies.
            if ["site", "texts"].contains(&key) {
                continue;
            }
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
            ("sandbx.confine = false", (1, 1), "did you mean `sandbox`?"),
            ("local_domain = 'a@b'", (1, 16), "`a@b`"),
            ("[verify]\nmode = 'refuse'", (2, 8), "unknown mode `refuse`: expected `observe`, `mark`"),
            ("[verify.modes]\n'example.com' = 'refuse'", (2, 17), "unknown mode `refuse`: expected `observe`, `mark`"),
            ("[verify.modes]\n'example.com' = 'mark'\n'b@' = 'mark'", (3, 1), "`b@`: "),
            ("[replies]\nurl = 'example.com'", (2, 7), "URL must be like `https://"),
            ("[replies]\ntag-forged = '550 no'", (2, 14), "leave the codes out"),
            ("on_error = 'tempfial'", (1, 12), "expected `tempfail` or `accept`; did you mean `tempfail`?"),
            ("[listen]\n  milter = ['9900']", (2, 13), "`inet:host:port` or"),
            ("[listen]\nsocket_mode = 660", (2, 15), "660 is more than 0o777: permissions are octal"),
            ("[clients]\ninternal_networks = ['localhost']", (2, 22), "`localhost` is no network"),
            ("[limits]\nconnections = 0", (2, 15), "nobody would be served"),
            ("[sign]\nprotected = ['a@']", (2, 14), "`a@`"),
            ("[bounces]\nallowed = ['example.net',\n  'file:relative']", (3, 3), "a file is `file:/path`"),
            ("[messages]\nmarked_since = 07:30:00", (2, 16), "2026-11-23"),
            ("[page]\nname = 'a'\n[sign]\nform = 'short'", (4, 8), "unknown form `short`: expected `prvs`, "),
            ("[limits]\nconnections = -1", (2, 15), "-1"),
            ("=", (1, 1), ""),
        ] {
            let Err(Fault::Text { line, column, message: said }) = Config::parse(text) else { panic!("{text}") };
            assert!(said.contains(message), "{text}: {said}");
            assert_eq!((line, column), place, "{text}: {said}");
        }
    }
}
