//! Setup of mail servers: the lines that they need for a configuration of the daemon, and a check of installed ones.

use clap::ValueEnum;

mod check;
mod exim;
mod haraka;
mod opensmtpd;
mod postfix;
mod sendmail;

use check::run;
pub use check::{Error, Fault, Site};

/// A mail server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[non_exhaustive]
#[expect(missing_docs, reason = "these are names")]
pub enum MailServer {
    Postfix,
    Sendmail,
    Exim,
    #[value(name = "opensmtpd")]
    OpenSmtpd,
    Haraka,
}

impl MailServer {
    /// The lines to add, with comments that name their places.
    ///
    /// # Errors
    /// [`enum@Error`].
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use batv_mta::config::Config;
    /// use batv_mta::setup::{MailServer, Site};
    ///
    /// let config = Config::parse("[listen]\nline = ['inet:[::1]:9900']")?;
    /// let site = Site { config: &config, config_path: Path::new("/etc/batv/batvd.toml"), at: None };
    /// assert!(MailServer::Exim.lines(site)?.contains("\nBATV_ASK = inet:[::1]:9900\n"));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn lines(self, site: Site<'_>) -> Result<String, Error> {
        let lines = match self {
            Self::Postfix => postfix::lines(site),
            Self::Sendmail => sendmail::lines(site),
            Self::Exim => exim::lines(site),
            Self::OpenSmtpd => opensmtpd::lines(site),
            Self::Haraka => haraka::lines(site),
        }?;
        Ok(match self.version(site) {
            Some(version) => format!("{} Lines for {version}:\n{lines}", self.comment()),
            None => lines,
        })
    }

    /// The faults in the installed configuration, the dangerous ones last.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn check(self, site: Site<'_>) -> Result<Vec<Fault>, Error> {
        let mut faults = match self {
            Self::Postfix => postfix::check(site),
            Self::Sendmail => sendmail::check(site),
            Self::Exim => exim::check(site),
            Self::OpenSmtpd => opensmtpd::check(site),
            Self::Haraka => haraka::check(site),
        }?;
        faults.sort_by_key(|fault| matches!(fault, Fault::Dangerous(_)));
        Ok(faults)
    }

    /// Name and version of the installed server, if it tells them.
    fn version(self, site: Site<'_>) -> Option<String> {
        let (name, version) = match self {
            Self::Postfix => ("Postfix", postfix::ask(site, &["-h", "mail_version"]).ok()?),
            Self::Sendmail => ("Sendmail", sendmail::version(site)?),
            Self::Exim => ("Exim", word_after(&exim::build().ok()?, "version")?),
            Self::OpenSmtpd => ("OpenSMTPD", word_after(&run("smtpd", &["-h"]).ok()?, "OpenSMTPD")?),
            Self::Haraka => ("Haraka", word_after(&run("haraka", &["-v"]).ok()?, "Version:")?),
        };
        Some(format!("{name} {}", version.trim()))
    }

    const fn comment(self) -> &'static str {
        match self {
            Self::Sendmail => "dnl",
            Self::Haraka => ";",
            Self::Postfix | Self::Exim | Self::OpenSmtpd => "#",
        }
    }
}

fn word_after(text: &str, word: &str) -> Option<String> {
    text.split_whitespace().skip_while(|known| *known != word).nth(1).map(str::to_owned)
}
