//! The server: a site, and the calls that a mail server makes.

use alloc::sync::Arc;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{PoisonError, RwLock};

use batv_config::date;
use batv_config::site::{self, Config, FileSystem, Site};
use batv_core::mark::Mark;
use batv_core::srs::SrsVerdict;
use batv_core::{Day, Mailbox, Path, tag};
use batv_policy::{BounceAnswer, BounceQuestion, ExemptRecipients, Outgoing, may_bounce};

use crate::error::Error;
use crate::mail::{Mail, Outcome};
use crate::ruling::Ruling;
use crate::sender::{Reversed, Signed};

/// A site and its clock. Clones share the site, so that [`Server::reload`] reaches all of them.
///
/// After it is opened, no call but `reload` reads a file, and none waits.
#[derive(Clone, Debug)]
pub struct Server {
    shared: Arc<Shared>,
    day: Option<Day>,
}

#[derive(Debug)]
struct Shared {
    path: Option<PathBuf>,
    site: RwLock<Arc<Site>>,
}

impl Server {
    /// Opens the site of a configuration file. It may be that of `batvd`: sections that concern only the daemon are passed
    /// over. A relative path of the keyring is relative to the folder of the file.
    ///
    /// # Errors
    /// [`Error::Site`]: a file cannot be read, the configuration is wrong, or no key signs.
    ///
    /// ```
    /// use batv_server::Server;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("site.toml");
    /// std::fs::write(&path, "keyrin = 'keyring.toml'")?;
    /// let error = Server::open(&path).unwrap_err().to_string();
    /// assert!(error.contains("site.toml: line 1, column 1: unknown field `keyrin`"), "{error}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn open(path: impl AsRef<FilePath>) -> Result<Self, Error> {
        let path = path.as_ref();
        Ok(Self::of(load(path)?, Some(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))))
    }

    /// Server for a site whose configuration is kept elsewhere.
    ///
    /// ```
    /// use batv_server::config::Keyring;
    /// use batv_server::config::site::{Config, FileSystem, Site};
    /// use batv_server::Server;
    ///
    /// let keyring = Keyring::parse("[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n")?;
    /// let config = Config::parse("sign.protected = ['example.com']")?;
    /// let server = Server::new(Site::new(&config, keyring, &FileSystem)?);
    /// assert!(server.sign("alice@example.com")?.unchanged.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(site: Site) -> Self {
        Self::of(site, None)
    }

    fn of(site: Site, path: Option<PathBuf>) -> Self {
        Self { shared: Arc::new(Shared { path, site: RwLock::new(Arc::new(site)) }), day: None }
    }

    /// The same server on a fixed day, for tests. Without it, the day is that of the system clock.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// use batv_server::Day;
    ///
    /// let server = server.at(Day::new(20_782)?);
    /// assert_eq!(server.today()?, Day::new(20_782)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at(self, day: Day) -> Self {
        Self { day: Some(day), ..self }
    }

    /// Reads the configuration file and the keyring again, for this server and its clones. Messages under way keep the site
    /// with which they began.
    ///
    /// # Errors
    /// [`Error::Site`]: the old site stays in force. [`Error::NoFile`] after [`Server::new`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// use batv_server::Error;
    ///
    /// assert!(matches!(server.reload(), Err(Error::NoFile)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reload(&self) -> Result<(), Error> {
        self.replace(load(self.shared.path.as_deref().ok_or(Error::NoFile)?)?);
        Ok(())
    }

    /// Replaces the site of this server and its clones.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// let clone = server.clone();
    /// server.replace(Site::with_rules(Keyring::default(), Rules::default())?);
    /// assert!(clone.site().keys().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replace(&self, site: Site) {
        *self.shared.site.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(site);
    }

    /// The site in force.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// assert!(server.site().view().signs_for_everybody());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn site(&self) -> Arc<Site> {
        Arc::clone(&self.shared.site.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The day of the system clock, or that of [`Server::at`].
    ///
    /// # Errors
    /// [`Error::Clock`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// assert!(server.today()? > batv_server::Day::new(20_000)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn today(&self) -> Result<Day, Error> {
        self.day.map_or_else(|| date::today().map_err(Error::Clock), Ok)
    }

    /// Tags the sender of a message that leaves. Call it only for mail of an authenticated user or of a host of yours.
    /// A sender of another domain, and the null reverse-path, stay as they are.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Clock`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// use batv_server::{Day, UnchangedReason};
    ///
    /// let server = server.at(Day::new(20_782)?);
    /// let signed = server.sign("<alice@example.com>")?;
    /// assert!(signed.address.starts_with("prvs=0") && signed.address.ends_with("=alice@example.com"));
    /// assert_eq!(server.sign("<>")?.unchanged, Some(UnchangedReason::NullPath));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign(&self, sender: &str) -> Result<Signed, Error> {
        self.sign_for(sender, &[])
    }

    /// The same for known recipients: mail to `sign.exempt_recipients` leaves without a tag.
    ///
    /// # Errors
    /// [`Error::Address`], also for a recipient; [`Error::Clock`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// use batv_server::core::Pattern;
    /// use batv_server::UnchangedReason;
    ///
    /// let exempt_recipients = vec![Pattern::parse("list@example.net".to_owned())?];
    /// let rules = Rules { exempt_recipients, ..Rules::default() };
    /// server.replace(Site::with_rules(Keyring::parse(keys)?, rules)?);
    /// let signed = server.sign_for("alice@example.com", &["list@example.net"])?;
    /// assert_eq!(signed.unchanged, Some(UnchangedReason::ExemptRecipient));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign_for(&self, sender: &str, recipients: &[&str]) -> Result<Signed, Error> {
        let site = self.site();
        let path = Spelled::reverse_path(&site, sender)?;
        let mut exempt = 0;
        for recipient in recipients {
            let spelled = Spelled::mailbox(&site, recipient)?;
            exempt += usize::from(site.rules().is_exempt_recipient(&spelled.as_mailbox()?));
        }
        let mut leaving = Outgoing::new(path.as_path()?);
        leaving.originates = true;
        leaving.exempt_recipients = ExemptRecipients::of(exempt, recipients.len());
        let signer = site.view().sender(&leaving);
        Ok(Signed::new(path.as_path()?, &signer.sign(self.today()?)))
    }

    /// Mark for a message that leaves with this sender (before it is tagged) and this Message-ID: the value of the header
    /// field `X-BATV-Mark`. `None` when the message leaves without one.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Clock`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// let mut rules = Rules::default();
    /// rules.messages.mark = true;
    /// server.replace(Site::with_rules(Keyring::parse(keys)?, rules)?);
    /// assert!(server.mark("alice@example.com", "<1@example.com>")?.is_some());
    /// assert!(server.mark("<>", "<1@example.com>")?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mark(&self, sender: &str, message_id: &str) -> Result<Option<Mark>, Error> {
        let site = self.site();
        let spelled = Spelled::reverse_path(&site, sender)?;
        let Path::Mailbox(mailbox) = spelled.as_path()? else { return Ok(None) };
        Ok(site.view().mark(&mailbox, message_id.as_bytes(), self.today()?))
    }

    /// Begins a message that comes in, at MAIL FROM. A sender that cannot be read is that of a stranger, and its message is
    /// no bounce: see [`Mail::sender_is_readable`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// let mut mail = server.mail("<bob@example.net>");
    /// assert!(mail.rcpt("<alice@example.com>")?.accepts());
    /// assert!(!server.mail("<bob@@example.net>").sender_is_readable());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mail(&self, mail_from: &str) -> Mail {
        Mail::new(self.site(), self.today().ok(), mail_from)
    }

    /// Rules on the only recipient of a message, at RCPT TO. For several recipients use [`Server::mail`].
    ///
    /// # Errors
    /// [`Error::Address`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// let sender = server.sign("alice@example.com")?;
    /// let ruling = server.rcpt("<>", &sender.address)?;
    /// assert_eq!((ruling.verdict.as_str(), ruling.deliver_to.as_deref()), ("genuine", Some("alice@example.com")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rcpt(&self, mail_from: &str, rcpt_to: &str) -> Result<Ruling, Error> {
        self.mail(mail_from).rcpt(rcpt_to)
    }

    /// Rules on a message with one recipient, at the end of DATA: the ruling at RCPT TO when that refuses already.
    ///
    /// # Errors
    /// [`Error::Address`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// let ruling = server.data("<>", "<alice@example.com>", b"Subject: hello\r\n\r\nHello.\r\n")?;
    /// assert!(ruling.accepts() && ruling.class.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data(&self, mail_from: &str, rcpt_to: &str, message: &[u8]) -> Result<Ruling, Error> {
        let mut mail = self.mail(mail_from);
        let ruling = mail.rcpt(rcpt_to)?;
        let Outcome { mut rulings } = mail.data(message);
        Ok(rulings.pop().unwrap_or(ruling))
    }

    /// Rewrites the sender of a message that is forwarded, by SRS. A sender of the SRS domains stays as it is.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Clock`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'srs'\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let mut rules = Rules::default();
    /// # rules.srs.domains.push("srs.example.com".to_owned());
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, rules)?);
    /// let forwarded = server.forward("bob@example.net")?;
    /// assert!(forwarded.address.starts_with("SRS0="));
    /// assert_eq!(server.rcpt("<>", &forwarded.address)?.deliver_to.as_deref(), Some("bob@example.net"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(&self, sender: &str) -> Result<Signed, Error> {
        let site = self.site();
        let spelled = Spelled::reverse_path(&site, sender)?;
        let today = self.today()?;
        let Path::Mailbox(mailbox) = spelled.as_path()? else {
            let leaving = Outgoing::new(spelled.as_path()?);
            return Ok(Signed::new(Path::Null, &site.view().sender(&leaving).sign(today)));
        };
        Ok(Signed::new(Path::Mailbox(mailbox), &site.view().forwarded(mailbox).sign(today)))
    }

    /// Restores the sender inside an SRS address. Whether mail may go there is decided by [`Server::rcpt`], which restores it
    /// as well.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Clock`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'srs'\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let mut rules = Rules::default();
    /// # rules.srs.domains.push("srs.example.com".to_owned());
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, rules)?);
    /// use batv_server::SrsVerdict;
    ///
    /// let reversed = server.reverse(&server.forward("bob@example.net")?.address)?;
    /// assert_eq!((reversed.verdict, reversed.address.as_deref()), (SrsVerdict::Valid, Some("bob@example.net")));
    /// assert_eq!(server.reverse("SRS0=AAAA=AA=example.net=bob@srs.example.com")?.address, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reverse(&self, recipient: &str) -> Result<Reversed, Error> {
        let site = self.site();
        let spelled = Spelled::mailbox(&site, recipient)?;
        let mailbox = spelled.as_mailbox()?;
        Ok(match site.view().reverse(&mailbox, self.today()?) {
            Some(reversal) => Reversed::new(&reversal),
            // There is no SRS domain.
            None => Reversed { verdict: SrsVerdict::Foreign, address: Some(mailbox.to_string()) },
        })
    }

    /// Decides whether a bounce or an automatic reply may be sent for a message that was accepted. `header` of the question is
    /// the header of that message, or the whole message, with the `Authentication-Results` of your own servers
    /// (`bounces.authserv_ids`). The server verifies the tag of the reverse-path, unless the question has a verdict on it.
    /// [`Mail::bounce_question`] begins a question.
    ///
    /// # Errors
    /// [`Error::Clock`].
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let protected = vec![batv_server::core::Pattern::parse("example.com".to_owned())?];
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules { protected, ..Rules::default() })?);
    /// use batv_server::MayBounce;
    ///
    /// let mail = server.mail("<bob@example.net>");
    /// let mut question = mail.bounce_question();
    /// question.header = b"Subject: hello\r\n";
    /// assert_eq!(server.may_bounce(&question)?.may, MayBounce::No);
    ///
    /// // A user of ours who has authenticated gets its bounces.
    /// let mail = server.mail("<alice@example.com>").from_own_client();
    /// assert_eq!(server.may_bounce(&mail.bounce_question())?.may, MayBounce::Yes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn may_bounce(&self, question: &BounceQuestion<'_>) -> Result<BounceAnswer, Error> {
        let site = self.site();
        let mut question = *question;
        if let (Path::Mailbox(sender), None) = (question.reverse_path, question.tag) {
            question.tag = Some(tag::verify(site.keys(), &sender, self.today()?).verdict);
        }
        Ok(may_bounce(&question, &site.may_bounce_policy()))
    }
}

fn load(path: &FilePath) -> Result<Site, Error> {
    let config = Config::load(path, &FileSystem).map_err(site::Error::from)?;
    Ok(Site::load(&config, &FileSystem)?)
}

/// An address as it was given, and in the spelling that counts.
struct Spelled<'a> {
    given: &'a str,
    text: alloc::borrow::Cow<'a, str>,
}

impl<'a> Spelled<'a> {
    fn reverse_path(site: &Site, given: &'a str) -> Result<Self, Error> {
        let text = site.rules().reverse_path(given.as_bytes()).map_err(|reason| Error::address(given, reason))?;
        Ok(Self { given, text })
    }

    fn mailbox(site: &Site, given: &'a str) -> Result<Self, Error> {
        let text = site.rules().forward_path(given.as_bytes()).map_err(|reason| Error::address(given, reason))?;
        Ok(Self { given, text })
    }

    fn as_path(&self) -> Result<Path<'_>, Error> {
        Path::parse(self.text.as_ref()).map_err(|reason| Error::address(self.given, reason))
    }

    fn as_mailbox(&self) -> Result<Mailbox<'_>, Error> {
        Mailbox::parse(self.text.as_ref()).map_err(|reason| Error::address(self.given, reason))
    }
}
