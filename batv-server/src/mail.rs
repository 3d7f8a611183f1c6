//! One message that comes in, from MAIL FROM to the end of DATA.

use alloc::sync::Arc;
use core::fmt;

use batv_bounce::{Limits, read};
use batv_config::site::Site;
use batv_core::envelope::{Earlier, Envelope, Stage};
use batv_core::{Day, Mailbox, Path};
use batv_policy::{Answers, BounceQuestion};

use crate::error::Error;
use crate::ruling::Ruling;

/// Message that comes in: its reverse-path, and the recipients accepted so far. It keeps the configuration that was in force
/// at MAIL FROM, and borrows nothing.
///
/// ```
/// # use batv_server::{Mode, Server, Site, config::Keyring, policy::Rules};
/// # let keyring = Keyring::parse("[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:0123456789abcdef'\nstate = 'signing'\n")?;
/// # let server = Server::new(Site::with_rules(keyring, Rules { mode: Mode::Reject, ..Rules::default() })?);
/// let mut mail = server.mail("<>");
/// assert_eq!(mail.rcpt("<alice@example.com>")?.to_string(), "250 2.1.5 Recipient ok");
/// // A bounce without a tag must be judged by its content, so it gets only one recipient at a time.
/// assert_eq!(mail.rcpt("<bob@example.com>")?.code, 452);
/// let outcome = mail.data(b"Subject: Your order\r\n\r\nBuy more.\r\n");
/// assert_eq!(outcome.rulings.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mail {
    site: Arc<Site>,
    /// `None` when the clock is wrong: then nothing is decided.
    today: Option<Day>,
    reverse_path: String,
    trusted: bool,
    earlier: Earlier,
    recipients: Vec<Accepted>,
}

#[derive(Clone, Debug)]
struct Accepted {
    /// In the spelling that counts.
    address: String,
    ruling: Ruling,
    needs_message: bool,
    /// Recipients before this one.
    earlier: Earlier,
}

impl Mail {
    pub(crate) fn new(site: Arc<Site>, today: Option<Day>, mail_from: &str) -> Self {
        let reverse_path = site.rules().sender(mail_from.as_bytes()).into_owned();
        Self { site, today, reverse_path, trusted: false, earlier: Earlier::None, recipients: Vec::new() }
    }

    /// The same message from an authenticated user or a host of ours: its recipients are accepted without a tag.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// # let mut mail = server.mail("<>");
    /// let mut mail = mail.from_own_client();
    /// assert!(mail.rcpt("<prvs=0000000000=alice@example.com>")?.accepts());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn from_own_client(self) -> Self {
        Self { trusted: true, ..self }
    }

    /// Rules on a recipient at RCPT TO. An accepted recipient is kept for [`Mail::data`].
    ///
    /// # Errors
    /// [`Error::Address`]. A wrong clock is no error, but a temporary failure (451), or as `on_error` says.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// # let mut mail = server.mail("<>");
    /// assert!(mail.rcpt("<alice@example.com>")?.accepts());
    /// assert!(mail.rcpt("<alice@@example.com>").is_err());
    /// assert_eq!(mail.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rcpt(&mut self, rcpt_to: &str) -> Result<Ruling, Error> {
        let wrong = |reason| Error::address(rcpt_to, reason);
        let address = self.site.rules().forward_path(rcpt_to.as_bytes()).map_err(wrong)?.into_owned();
        let mailbox = Mailbox::parse(&address).map_err(wrong)?;
        let envelope = self.envelope(mailbox, self.earlier, Stage::RcptTo);
        let ruling = match self.today {
            Some(today) => self.site.view().rcpt(&envelope, today),
            None => self.site.view().undecided(&envelope),
        };
        let (earlier, needs_message) = (ruling.earlier, ruling.needs_message());
        let ruling = Ruling::from(ruling);
        if ruling.accepts() {
            self.recipients.push(Accepted { address, ruling: ruling.clone(), needs_message, earlier: self.earlier });
            self.earlier = earlier;
        }
        Ok(ruling)
    }

    /// Drops the recipient that was accepted last, which the server refuses for another reason: there is no such mailbox.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let server = Server::new(Site::with_rules(Keyring::default(), Rules::default())?);
    /// let mut mail = server.mail("<bob@example.net>");
    /// let ruling = mail.rcpt("<nobody@example.com>")?;
    /// if ruling.mailbox == "nobody@example.com" {
    ///     mail.withdraw();
    /// }
    /// assert!(mail.is_empty());
    /// # Ok::<(), batv_server::Error>(())
    /// ```
    pub fn withdraw(&mut self) {
        if let Some(last) = self.recipients.pop() {
            self.earlier = last.earlier;
        }
    }

    /// Number of accepted recipients.
    pub fn len(&self) -> usize {
        self.recipients.len()
    }

    /// Whether no recipient was accepted.
    pub fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }

    /// Reverse-path of the message, in angle brackets or without, in the spelling that counts.
    pub fn reverse_path(&self) -> &str {
        &self.reverse_path
    }

    /// Whether the sender is an address or null. A server that accepts no other senders replies to MAIL FROM with
    /// `501 5.1.7` (RFC 3463 §3.2); one that does has the message judged as that of a stranger.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let server = Server::new(Site::with_rules(Keyring::default(), Rules::default())?);
    /// assert!(server.mail("<>").sender_is_readable());
    /// assert!(!server.mail("<bob@example..net>").sender_is_readable());
    /// # Ok::<(), batv_server::Error>(())
    /// ```
    pub fn sender_is_readable(&self) -> bool {
        self.path() != Path::UNREADABLE
    }

    /// Question whether its sender may get a bounce, for [`Server::may_bounce`](crate::Server::may_bounce). Add what else is
    /// known: the header, NOTIFY of the recipient, the kind of the notice.
    pub fn bounce_question(&self) -> BounceQuestion<'_> {
        BounceQuestion { own_client: self.trusted, ..BounceQuestion::new(self.path()) }
    }

    /// Whether the message can change a ruling. Otherwise [`Mail::data`] needs none of its octets.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// # let mut mail = server.mail("<>");
    /// mail.rcpt("<alice@example.com>")?;
    /// assert!(mail.needs_message());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn needs_message(&self) -> bool {
        self.site.reads(self.path()) && !self.trusted && self.recipients.iter().any(|accepted| accepted.needs_message)
    }

    /// Rules on all accepted recipients at the end of DATA.
    ///
    /// `message` is the whole message as it will be stored, with the dots of RFC 5321 §4.5.2 removed.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// # let mut mail = server.mail("<>");
    /// mail.rcpt("<alice@example.com>")?;
    /// let outcome = mail.data(b"Subject: hello\r\n\r\nHello.\r\n");
    /// assert_eq!(outcome.to_string(), "250 2.0.0 message accepted");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data(&self, message: &[u8]) -> Outcome {
        self.end(message, false)
    }

    /// The same for a message of which only the beginning was kept. Such a message is never taken for a forged bounce
    /// because of a part that may be missing.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// # let mut mail = server.mail("<>");
    /// mail.rcpt("<alice@example.com>")?;
    /// assert!(mail.data_cut(b"Subject: hello\r\n\r\nHel").refusal().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data_cut(&self, beginning: &[u8]) -> Outcome {
        self.end(beginning, true)
    }

    fn end(&self, octets: &[u8], cut: bool) -> Outcome {
        let site = self.site.view();
        let Some(today) = self.today.filter(|_| self.needs_message()) else {
            return Outcome { rulings: self.recipients.iter().map(|accepted| self.by_envelope(accepted)).collect() };
        };
        let mut reading = read(octets, Some(self.path()), &Limits::default());
        reading.cut |= cut;
        let message = site.message(&reading, today);
        let rule = |accepted: &Accepted| {
            let Some(envelope) = self.envelope_at_end(accepted) else { return accepted.ruling.clone() };
            site.recipient(&envelope, today).with_message(&message).data(&Answers::default()).into()
        };
        Outcome { rulings: self.recipients.iter().map(rule).collect() }
    }

    fn by_envelope(&self, accepted: &Accepted) -> Ruling {
        match (self.today, self.envelope_at_end(accepted)) {
            (Some(today), Some(envelope)) if !accepted.ruling.settled => {
                self.site.view().recipient(&envelope, today).data(&Answers::default()).into()
            }
            _ => accepted.ruling.clone(),
        }
    }

    fn envelope_at_end<'a>(&'a self, accepted: &'a Accepted) -> Option<Envelope<'a>> {
        // The recipients were told apart at RCPT TO.
        Some(self.envelope(Mailbox::parse(&accepted.address).ok()?, Earlier::None, Stage::EndOfData))
    }

    fn envelope<'a>(&'a self, to: Mailbox<'a>, earlier: Earlier, stage: Stage) -> Envelope<'a> {
        Envelope::new(self.path(), to).with_trusted_client(self.trusted).with_earlier(earlier).with_stage(stage)
    }

    fn path(&self) -> Path<'_> {
        Path::parse(&self.reverse_path).unwrap_or(Path::UNREADABLE)
    }
}

/// Decision at the end of DATA. Prints as the SMTP reply to the message.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct Outcome {
    /// One ruling for each recipient that was accepted at RCPT TO, in that order.
    pub rulings: Vec<Ruling>,
}

impl Outcome {
    /// Ruling that refuses the whole message, if there is one. A message that one recipient accepts is accepted; a recipient
    /// whose ruling may refuse is always the only one.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// let outcome = server.mail("<>").data(b"");
    /// assert!(outcome.rulings.is_empty() && outcome.refusal().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refusal(&self) -> Option<&Ruling> {
        let accepted = self.rulings.iter().any(Ruling::accepts);
        self.rulings.last().filter(|_| !accepted)
    }

    /// Mailboxes to deliver to.
    ///
    /// ```
    /// # use batv_server::{Server, Site, config::Keyring, policy::Rules};
    /// # let keys = "[[key]]\nuse = 'batv'\nid = 0\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";
    /// # let server = Server::new(Site::with_rules(Keyring::parse(keys)?, Rules::default())?);
    /// # let mut mail = server.mail("<>");
    /// mail.rcpt("<alice@example.com>")?;
    /// assert_eq!(mail.data(b"").recipients().collect::<Vec<_>>(), ["alice@example.com"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.rulings.iter().filter_map(|ruling| ruling.deliver_to.as_deref())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusal() {
            Some(ruling) => ruling.fmt(f),
            None => f.write_str("250 2.0.0 message accepted"),
        }
    }
}
