//! Who writes: whether it is a person's program or one that answers by itself.

use batv_core::{Mailbox, Path};

use crate::message::Message;

/// Local parts of programs that return mail, without their letters' case, hyphens, underscores and dots.
const DAEMONS: [&str; 10] = [
    "mailerdaemon",
    "postmaster",
    "maildaemon",
    "mailsystem",
    "maildeliverysystem",
    "maildelivery",
    "doublebounce",
    "mailer",
    "microsoftexchange",
    "mailgateway",
];

/// Names that such programs give themselves.
const NAMES: [&str; 8] = [
    "mail delivery s",
    "mail deliver s",
    "mailer-daemon",
    "mailer daemon",
    "postmaster",
    "system administrator",
    "mail administrator",
    "delivery subsystem",
];

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
    /// It calls itself one of the [`DAEMONS`].
    pub(crate) daemon: bool,
    pub(crate) unattended: bool,
    /// The author is a list's program. That of a post is not: only its reverse-path is.
    pub(crate) list: bool,
}

impl Sender {
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
        let names = || authors.iter().map(|(name, _)| name.to_lowercase());
        let is = |known: &[&str], local: &str| known.contains(&squeezed(local).as_str());
        let daemon = locals.iter().chain([&envelope]).any(|local| is(&DAEMONS, local))
            || names().any(|name| NAMES.iter().any(|known| name.starts_with(known) || name.ends_with(known)))
            // RFC 5321 has no such author, and some that return mail write it all the same.
            || message.field("From").is_some_and(|field| field.text().trim().ends_with("<>"));
        let list = |local: &String| {
            let local = local.to_ascii_lowercase();
            let local = local.split('+').next().unwrap_or_default();
            LIST_SUFFIXES.iter().any(|suffix| local.ends_with(suffix))
                || local.starts_with("owner-")
                || LISTS.iter().any(|known| local.starts_with(known))
        };
        Self {
            null: reverse_path == Some(Path::Null),
            daemon,
            unattended: locals.iter().any(|local| UNATTENDED.iter().any(|known| squeezed(local).starts_with(known))),
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
    DAEMONS.contains(&squeezed(&mailbox.local_part().to_string()).as_str())
}

fn local_part(mailbox: &str) -> String {
    mailbox.rsplit_once('@').map_or(mailbox, |(local_part, _)| local_part).trim_matches(['<', '>', ' ', '"']).to_owned()
}

fn squeezed(local_part: &str) -> String {
    local_part
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_' | '.' | ' '))
        .collect::<String>()
        .to_ascii_lowercase()
}
