//! Senders: persons, daemons, lists and other programs.

use batv_core::{Mailbox, Path};

use memchr::memmem;

use super::class::Class;
use crate::read::mailboxes::ascii;
use crate::read::message::Message;

/// Role of a local part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// A program that does nothing but return mail.
    Daemon,
    /// Postmaster, which returns mail and writes other mail too.
    Postmaster,
    /// A gateway.
    Gateway,
    /// Address that nobody reads.
    Unattended,
    /// A list's program, or who keeps the list (RFC 2142 §6).
    List,
    /// The program of a list by which it is asked for something. People have such names too.
    ListDesk,
    /// Address for the bounces of bulk mail.
    Bounces,
}

/// Place of a word in a local part.
#[derive(Clone, Copy, Debug)]
enum At {
    /// The whole local part.
    Whole,
    Start,
    End,
    Within,
}

/// Words in lower case; those with a hyphen are compared with a local part as it stands, others with one without hyphens,
/// underscores and dots.
const LOCAL_PARTS: [(Role, At, &[&str]); 14] = [
    (
        Role::Daemon,
        At::Whole,
        &[
            "mailerdaemon",
            "maildaemon",
            "mdaemon",
            "maildeliverysystem",
            "maildeliverysubsystem",
            "maildelivery",
            "doublebounce",
            "ndr",
        ],
    ),
    (Role::Postmaster, At::Whole, &["postmaster", "mailsystem", "systemadministrator"]),
    // Exchange's has a number behind it.
    (Role::Postmaster, At::Start, &["microsoftexchange"]),
    (Role::Gateway, At::Whole, &["mailer", "gateway", "mailgateway", "emailgateway"]),
    (Role::Gateway, At::Within, &["antivirus", "smtp", "mailservice", "mailscan"]),
    (Role::Unattended, At::Start, &["noreply", "donotreply", "noanswer"]),
    (Role::Unattended, At::Whole, &["nobody"]),
    (
        Role::List,
        At::Whole,
        &["listserv", "majordomo", "mailman", "sympa", "ezmlm", "listproc", "smartlist", "fml", "ecartis"],
    ),
    (Role::List, At::Start, &["owner-"]),
    (Role::List, At::End, &["-owner", "-request", "-bounces"]),
    (Role::ListDesk, At::End, &["-admin", "-confirm", "-subscribe", "-unsubscribe", "-help"]),
    (Role::Bounces, At::Whole, &["bounce", "bounces"]),
    (Role::Bounces, At::Start, &["bounce-", "bounces-"]),
    (Role::Bounces, At::End, &["-bounce"]),
];

/// Names that programs which return mail give themselves, at their start or end.
const DAEMON_NAMES: [&str; 5] =
    ["mail delivery s", "mail deliver s", "mailer-daemon", "mailer daemon", "delivery subsystem"];
const POSTMASTER_NAMES: [&str; 3] = ["postmaster", "system administrator", "mail administrator"];

/// Local part to look up.
pub(crate) struct LocalPart {
    /// In lower case, without a sub-address.
    lower: String,
    /// The local part without hyphens, underscores and dots.
    squeezed: String,
}

impl LocalPart {
    pub(crate) fn new(characters: impl Iterator<Item = char>) -> Self {
        let lower: String =
            characters.take_while(|character| *character != '+').map(|letter| letter.to_ascii_lowercase()).collect();
        let is_between = |letter: &char| matches!(letter, '-' | '_' | '.' | ' ' | '"');
        let squeezed = lower.chars().filter(|letter| !is_between(letter)).collect();
        Self { lower, squeezed }
    }

    pub(crate) fn is(&self, role: Role) -> bool {
        let of_role = LOCAL_PARTS.iter().filter(|(known, ..)| *known == role);
        of_role.flat_map(|(_, at, words)| words.iter().map(|word| (*at, *word))).any(|(at, word)| self.has(at, word))
    }

    fn has(&self, at: At, word: &str) -> bool {
        let local_part = if word.as_bytes().contains(&b'-') { &self.lower } else { &self.squeezed };
        match at {
            At::Whole => local_part == word,
            At::Start => local_part.starts_with(word),
            At::End => local_part.ends_with(word),
            At::Within => memmem::find(local_part.as_bytes(), word.as_bytes()).is_some(),
        }
    }
}

/// Sender by the envelope and the header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sender {
    /// The reverse-path is null.
    pub(crate) null: bool,
    /// Its name is that of a program that only returns mail.
    pub(crate) daemon: bool,
    /// Its name is that of a postmaster.
    pub(crate) postmaster: bool,
    /// Its name is that of a gateway.
    pub(crate) gateway: bool,
    /// Nobody reads a reply to it.
    pub(crate) unattended: bool,
    /// The author is a list's program. That of a post is not: only its reverse-path is.
    pub(crate) list: bool,
}

impl Sender {
    /// Whether the sender is known to be a program.
    pub(crate) const fn is_program(self) -> bool {
        self.null || self.is_named_program()
    }

    /// Whether its name is that of a program: the reverse-path of a person's mail can be null too.
    pub(crate) const fn is_named_program(self) -> bool {
        self.daemon || self.postmaster || self.gateway || self.unattended || self.list
    }

    /// Class of a message without any other sign.
    pub(crate) const fn other_class(self) -> Class {
        if self.null { Class::NullOther } else { Class::Ordinary }
    }

    /// `reverse_path` is of the envelope; without it the field Return-Path tells (RFC 5321 §4.4).
    pub(crate) fn of(message: &Message<'_>, reverse_path: Option<Path<'_>>) -> Self {
        let returned = message.field("Return-Path").map(|field| ascii(field.text().trim()).into_owned());
        let reverse_path = reverse_path.or_else(|| Path::parse(returned.as_ref()?).ok());
        let envelope = match &reverse_path {
            Some(Path::Mailbox(mailbox)) => mailbox.local_part().to_string(),
            Some(_) => String::new(),
            // Programs of old write "<MAILER-DAEMON>".
            None => returned.as_deref().unwrap_or_default().trim_matches(['<', '>', ' ']).to_owned(),
        };
        let envelope = LocalPart::new(envelope.chars());
        let authors = message.authors();
        let locals = authors.iter().map(|(name, mailbox)| local_part(if mailbox.is_empty() { name } else { mailbox }));
        let locals: Vec<LocalPart> = locals.map(|local| LocalPart::new(local.chars())).collect();
        let author = |role| locals.iter().any(|local| local.is(role));
        let names: Vec<String> = authors.iter().map(|(name, _)| name.to_lowercase()).collect();
        let named = |known: &[&str]| {
            names.iter().any(|name| known.iter().any(|known| name.starts_with(known) || name.ends_with(known)))
        };
        // RFC 5322 has no such author, and some that return mail write it all the same.
        let nobody = || message.field("From").is_some_and(|field| field.text().trim().ends_with("<>"));
        Self {
            null: reverse_path == Some(Path::Null),
            daemon: author(Role::Daemon) || envelope.is(Role::Daemon) || named(&DAEMON_NAMES) || nobody(),
            postmaster: author(Role::Postmaster) || envelope.is(Role::Postmaster) || named(&POSTMASTER_NAMES),
            gateway: author(Role::Gateway),
            unattended: author(Role::Unattended),
            list: author(Role::List) || author(Role::ListDesk),
        }
    }
}

/// Whether a local part is that of a program that returns mail, such as `MAILER-DAEMON`.
///
/// ```
/// use batv_bounce::is_daemon;
/// use batv_core::Mailbox;
///
/// assert!(is_daemon(&Mailbox::parse("MAILER-DAEMON@mx.example.net")?));
/// assert!(!is_daemon(&Mailbox::parse("alice@example.com")?));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[must_use]
pub fn is_daemon(mailbox: &Mailbox<'_>) -> bool {
    let local_part = LocalPart::new(mailbox.local_part().characters());
    local_part.is(Role::Daemon) || local_part.is(Role::Postmaster)
}

fn local_part(mailbox: &str) -> &str {
    let end = mailbox.find(['@', '\\']).unwrap_or(mailbox.len());
    mailbox[..end].trim_matches(['<', '>', ' ', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whose_a_local_part_is() {
        let cases = [
            ("MAILER-DAEMON", Some(Role::Daemon)),
            ("Mail_Delivery.System", Some(Role::Daemon)),
            ("post_master", Some(Role::Postmaster)),
            ("MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e", Some(Role::Postmaster)),
            ("mail-gateway", Some(Role::Gateway)),
            ("ScanMail.SMTP", Some(Role::Gateway)),
            ("no-reply-4711", Some(Role::Unattended)),
            ("owner-walkers", Some(Role::List)),
            ("walkers-request+51f0", Some(Role::List)),
            ("listserv", Some(Role::List)),
            ("walkers-confirm", Some(Role::ListDesk)),
            ("bounces-17", Some(Role::Bounces)),
            ("payment-gateway", None),
            ("sympathy", None),
            ("owner", None),
            ("bob+noreply", None),
        ];
        let roles = LOCAL_PARTS.map(|(role, ..)| role);
        for (local_part, role) in cases {
            let local_part = LocalPart::new(local_part.chars());
            let found = roles.into_iter().find(|role| local_part.is(*role));
            assert_eq!(found, role, "{}", local_part.lower);
        }
    }
}
