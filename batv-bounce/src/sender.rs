//! Who writes: whether it is a person's program or one that answers by itself.

use batv_core::{Mailbox, Path};

use crate::message::Message;

/// Local parts of programs that do nothing but return mail, without their letters' case, hyphens, underscores and dots.
const DAEMONS: [&str; 8] = [
    "mailerdaemon",
    "maildaemon",
    "mdaemon",
    "maildeliverysystem",
    "maildeliverysubsystem",
    "maildelivery",
    "doublebounce",
    "ndr",
];
/// Names that such programs give themselves, at their start or end.
const DAEMON_NAMES: [&str; 5] =
    ["mail delivery s", "mail deliver s", "mailer-daemon", "mailer daemon", "delivery subsystem"];

/// The same of those who return mail and write other things too.
const POSTMASTERS: [&str; 5] = ["postmaster", "mailsystem", "systemadministrator", "microsoftexchange", "mailer"];
const POSTMASTER_NAMES: [&str; 3] = ["postmaster", "system administrator", "mail administrator"];

/// What is within the local parts of gateways.
const GATEWAYS: [&str; 5] = ["gateway", "antivirus", "smtp", "mailservice", "mailscan"];

/// Local parts from which nobody reads an answer.
const UNATTENDED: [&str; 4] = ["noreply", "donotreply", "nobody", "noanswer"];

/// Local parts of programs that keep lists (RFC 2142 §6), at their end.
const LIST_SUFFIXES: [&str; 8] =
    ["-request", "-owner", "-admin", "-bounces", "-confirm", "-subscribe", "-unsubscribe", "-help"];
const LISTS: [&str; 9] =
    ["listserv", "majordomo", "mailman", "sympa", "ezmlm", "listproc", "smartlist", "fml", "ecartis"];

/// What the envelope and the header tell of the sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sender {
    /// The reverse-path is null.
    pub(crate) null: bool,
    /// It calls itself a program that does nothing but return mail.
    pub(crate) daemon: bool,
    /// It calls itself one who returns mail, among other things.
    pub(crate) postmaster: bool,
    /// It calls itself a gateway.
    pub(crate) gateway: bool,
    /// Nobody reads an answer to it.
    pub(crate) unattended: bool,
    /// The author is a list's program. That of a post is not: only its reverse-path is.
    pub(crate) list: bool,
}

impl Sender {
    /// Whether it is known not to be a person.
    pub(crate) const fn is_program(self) -> bool {
        self.null || self.daemon || self.postmaster || self.gateway || self.unattended || self.list
    }

    /// `reverse_path` is of the envelope; without it the field Return-Path tells (RFC 5321 §4.4).
    pub(crate) fn of(message: &Message<'_>, reverse_path: Option<Path<'_>>) -> Self {
        let returned = message.field("Return-Path").map(|field| field.text());
        let reverse_path = reverse_path.or_else(|| Path::parse(returned.as_ref()?.trim().as_bytes()).ok());
        let envelope = match &reverse_path {
            Some(Path::Mailbox(mailbox)) => mailbox.local_part().to_string(),
            Some(_) => String::new(),
            // Programs of old write "<MAILER-DAEMON>".
            None => returned.as_deref().unwrap_or_default().trim_matches(['<', '>', ' ']).to_owned(),
        };
        let authors = message.authors();
        let locals: Vec<String> =
            authors.iter().map(|(name, mailbox)| local_part(if mailbox.is_empty() { name } else { mailbox })).collect();
        let squeezed_locals: Vec<String> = locals.iter().map(|local| squeezed(local)).collect();
        let squeezed_envelope = squeezed(&envelope);
        let writes =
            |known: &[&str]| squeezed_locals.iter().chain([&squeezed_envelope]).any(|local| known.contains(&&**local));
        let names: Vec<String> = authors.iter().map(|(name, _)| name.to_lowercase()).collect();
        let named = |known: &[&str]| {
            names.iter().any(|name| known.iter().any(|known| name.starts_with(known) || name.ends_with(known)))
        };
        // RFC 5322 has no such author, and some that return mail write it all the same.
        let nobody = || message.field("From").is_some_and(|field| field.text().trim().ends_with("<>"));
        let list = |local: &String| {
            let local = local.to_ascii_lowercase();
            let local = local.split('+').next().unwrap_or_default();
            LIST_SUFFIXES.iter().any(|suffix| local.ends_with(suffix))
                || local.starts_with("owner-")
                || LISTS.iter().any(|known| local.starts_with(known))
        };
        Self {
            null: reverse_path == Some(Path::Null),
            daemon: writes(&DAEMONS) || named(&DAEMON_NAMES) || nobody(),
            postmaster: writes(&POSTMASTERS) || named(&POSTMASTER_NAMES),
            gateway: squeezed_locals.iter().any(|local| GATEWAYS.iter().any(|known| local.contains(known))),
            unattended: squeezed_locals.iter().any(|local| UNATTENDED.iter().any(|known| local.starts_with(known))),
            list: locals.iter().any(list),
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
pub fn is_daemon(mailbox: &Mailbox<'_>) -> bool {
    let local_part = squeezed(&mailbox.local_part().to_string());
    DAEMONS.iter().chain(&POSTMASTERS).any(|known| *known == local_part)
}

fn local_part(mailbox: &str) -> String {
    let end = mailbox.find(['@', '\\']).unwrap_or(mailbox.len());
    mailbox[..end].trim_matches(['<', '>', ' ', '"']).to_owned()
}

fn squeezed(local_part: &str) -> String {
    local_part
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_' | '.' | ' ' | '"'))
        .collect::<String>()
        .to_ascii_lowercase()
}
