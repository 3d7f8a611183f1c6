//! Table of the settings: the name of each, the values that it takes, and a line of help.

use alloc::collections::BTreeMap;
use core::ffi::{CStr, c_char};
use core::fmt::Display;
use core::ptr;
use core::str::FromStr;

#[cfg(feature = "messages")]
use batv_bounce::Identity;
use batv_config::date;
use batv_core::envelope::Mode;
use batv_core::srs::Separator;
use batv_core::tag::{Delimiter, Form};
use batv_core::{Day, Domain, Error, Lifetime, Pattern};
use batv_policy::{Replies, address};

use crate::settings::batv_settings;

/// Setting, for programs that show or check all of them. Its texts belong to the library and stay.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_setting {
    /// Name.
    pub name: *const c_char,
    /// All values, with spaces between; NULL when there are others.
    pub choices: *const c_char,
    /// What it is for, on one line.
    pub help: *const c_char,
}

// SAFETY: it points to literals, which nothing changes.
unsafe impl Sync for batv_setting {}

/// Row of the table.
pub(crate) struct Setting {
    pub(crate) name: &'static CStr,
    pub(crate) choices: Option<&'static CStr>,
    pub(crate) public: batv_setting,
    pub(crate) set: fn(&mut batv_settings, &str) -> Result<(), String>,
    pub(crate) get: fn(&batv_settings) -> String,
}

macro_rules! settings {
    ($($(#[$condition:meta])? $name:literal: $kind:path = $($field:ident).+ $(of $choices:literal)?, $help:literal;)+) => {
        pub(crate) static TABLE: &[Setting] = &[$($(#[$condition])? {
            const CHOICES: Option<&CStr> = first(&[$($choices)?]);
            Setting {
                name: $name,
                choices: CHOICES,
                public: batv_setting {
                    name: $name.as_ptr(),
                    choices: match CHOICES {
                        Some(choices) => choices.as_ptr(),
                        None => ptr::null(),
                    },
                    help: $help.as_ptr(),
                },
                set: |settings, value| {
                    settings.$($field).+ = ($kind.read)(value)?;
                    Ok(())
                },
                get: |settings| ($kind.show)(&settings.$($field).+),
            }
        }),+];
    };
}

const fn first(choices: &[&'static CStr]) -> Option<&'static CStr> {
    match choices {
        [choices, ..] => Some(*choices),
        [] => None,
    }
}

settings! {
    c"form": FORM = rules.form of c"prvs sub-address strong",
        c"form of the tags";
    c"delimiter": DELIMITER = delimiter,
        c"character before the tag of a sub-address";
    c"lifetime": DAYS = rules.lifetime,
        c"days that a tag lives, up to those of the key; 0 for those of the key";
    c"fold_case": Kind::NAMED = rules.fold_case of c"true false",
        c"whether a sender is tagged in lower case where its case matters to the tag; false for tags that another program checks";
    c"protected": PATTERNS = rules.protected,
        c"domains and mailboxes that tag all that they send; empty for those that a key serves";
    c"exempt": PATTERNS = rules.exempt,
        c"domains and mailboxes that are not judged";
    c"mode": Kind::NAMED = rules.mode of c"observe mark quarantine reject",
        c"how far to go with bounces that are not proved";
    c"modes": MODES = rules.modes,
        c"the same for single domains and mailboxes, as in `example.com=mark`";
    c"reject_at": Kind::NAMED = rules.reject_at of c"rcpt data",
        c"when a bounce without a tag is refused; `data` is safe for callouts";
    c"signing_since": DATE = rules.signing_since,
        c"date since which all outgoing mail is tagged; empty for always";
    c"on_error": Kind::NAMED = rules.on_error of c"tempfail accept",
        c"what to do without a key, or with a wrong clock";
    c"local_domain": DOMAIN = rules.local_domain,
        c"domain that completes an address without one; empty to complete none";
    c"replies": REPLIES = rules.replies,
        c"texts of SMTP replies, a line each, as in `not-our-bounce=We sent no such message`, and `url=` for refusals";
    c"srs_domains": DOMAINS = rules.srs.domains,
        c"domains of ours: senders are rewritten to the first, and addresses of all are reversed";
    c"srs_separator": SEPARATOR = rules.srs.separator of c"= + -",
        c"character after `SRS0`";
    c"srs_hash_length": HASH_LENGTH = rules.srs.hash_length,
        c"characters of the hash, 4 to 27";
    c"srs_hash_minimum": HASH_LENGTH = rules.srs.hash_minimum,
        c"fewest characters of a hash that comes back, 4 to `srs_hash_length`";
    c"srs_max_age": AGE = rules.srs.max_age,
        c"days that a rewritten address can be reversed, 1 to 1000";
    c"srs_always_rewrite": Kind::NAMED = rules.srs.always_rewrite of c"true false",
        c"whether senders of our own domains are rewritten too";
    c"srs_takes_mail": Kind::NAMED = rules.srs.takes_mail of c"true false",
        c"whether an SRS address accepts mail other than bounces";
    c"marked_since": DATE = rules.messages.marked_since,
        c"date since which all outgoing mail has a mark; empty for never";
    c"daemon_senders": Kind::NAMED = rules.messages.daemon_senders of c"true false",
        c"whether messages from a daemon such as `MAILER-DAEMON@...` are judged by their content, besides those from `<>`";
    c"hold_receipts": Kind::NAMED = rules.messages.hold_receipts of c"true false",
        c"whether disposition notifications that are not proved are held as bounces are";
    c"reject_daemon_senders": Kind::NAMED = rules.messages.reject_daemon_senders of c"true false",
        c"whether disproved bounces with a reverse-path may be refused";
    c"reject_unverified": Kind::NAMED = rules.messages.reject_unverified of c"true false",
        c"whether a bounce without a tag may be refused where nothing tells the origin of the returned message";
    c"report_recipients": PATTERNS = rules.messages.report_recipients,
        c"domains and mailboxes that receive reports on DMARC, TLS and abuse";
    c"hosts": DOMAINS = rules.messages.hosts,
        c"domains of our outbound mail hosts, besides those of `protected`";
    #[cfg(feature = "messages")]
    c"identities": IDENTITIES = rules.messages.identities,
        c"authors whose bounces go to another mailbox, as in `bounces@example.com=news@example.com`";
    c"authserv_ids": WORDS = rules.messages.authserv_ids,
        c"names under which our own servers write Authentication-Results";
    c"ours": PATTERNS = ours,
        c"domains and mailboxes of ours, which get bounces only when proved; empty for those of `protected`";
    c"trusted_sealers": DOMAINS = sealers,
        c"domains whose ARC seals are believed";
    c"allowed": PATTERNS = allowed,
        c"domains and mailboxes that get bounces without a proof";
    c"double_bounce": PATTERNS = double_bounce,
        c"mailboxes that stand for the null reverse-path on some servers: they get no bounces";
    c"hold_unproved": Kind::NAMED = hold_unproved of c"true false",
        c"whether a bounce to a sender that is not proved is held; else it is not sent";
}

/// Kind of value: how it is read, and how it is shown.
struct Kind<T> {
    read: fn(&str) -> Result<T, String>,
    show: fn(&T) -> String,
}

impl<T: FromStr<Err: Display> + Display> Kind<T> {
    /// One of a few names.
    const NAMED: Self = Self { read: |text| text.parse().map_err(said), show: T::to_string };
}

/// The delimiter of a form is a setting of its own.
const FORM: Kind<Form> = Kind { read: |text| text.parse().map_err(said), show: |value| value.as_str().to_owned() };

const DELIMITER: Kind<Delimiter> =
    Kind { read: |text| Delimiter::new(one(text)?).map_err(said), show: |value| value.character().to_string() };

const SEPARATOR: Kind<Separator> =
    Kind { read: |text| Separator::new(one(text)?).map_err(said), show: |value| value.character().to_string() };

const HASH_LENGTH: Kind<u8> = within::<u8, 4, 27>();

const AGE: Kind<u16> = within::<u16, 1, 1000>();

const DAYS: Kind<Option<Lifetime>> = Kind {
    read: |text| match text.parse().map_err(|_| "must be a number of days, or 0".to_owned())? {
        0 => Ok(None),
        days => Lifetime::new(days).map(Some).map_err(said),
    },
    show: |value| value.map_or(0, Lifetime::days).to_string(),
};

const DATE: Kind<Option<Day>> = Kind {
    read: |text| (!text.is_empty()).then(|| date::parse(text)).transpose().map_err(said),
    show: |value| value.map_or_else(String::new, |day| day.to_string()),
};

const PATTERNS: Kind<Vec<Pattern<String>>> = Kind {
    read: |text| each(text, address::pattern),
    show: |value| value.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" "),
};

const MODES: Kind<BTreeMap<String, Mode>> = Kind {
    read: |text| {
        let mut modes = BTreeMap::new();
        for (name, mode) in each(text, address::pattern_mode)? {
            if modes.insert(name.clone(), mode).is_some() {
                return Err(format!("{} is there twice", quoted(&name)));
            }
        }
        Ok(modes)
    },
    show: |value| value.iter().map(|(pattern, mode)| format!("{pattern}={mode}")).collect::<Vec<_>>().join(" "),
};

#[cfg(feature = "messages")]
const IDENTITIES: Kind<Vec<Identity<String>>> = Kind {
    read: |text| Ok(each(text, address::identity)?.into_iter().map(Identity::from).collect()),
    show: |value| {
        let pairs = |Identity { mailbox, authors }: &Identity<String>| {
            authors.iter().map(|author| format!("{}={}", mailbox.as_str(), author.as_str())).collect::<Vec<_>>()
        };
        value.iter().flat_map(pairs).collect::<Vec<_>>().join(" ")
    },
};

const REPLIES: Kind<Replies> = Kind {
    read: |text| {
        let mut replies = Replies::default();
        for line in text.lines() {
            let (name, text) = line.split_once('=').ok_or_else(|| format!("{} is not `NAME=TEXT`", quoted(line)))?;
            replies.set(name, text).map_err(|error| format!("{}: {error}", quoted(name)))?;
        }
        Ok(replies)
    },
    show: |value| value.texts().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("\n"),
};

const DOMAINS: Kind<Vec<String>> = Kind {
    read: |text| {
        each(text, |word| {
            let domain = address::domain(word).into_owned();
            Domain::parse(&domain)?;
            Ok::<_, Error>(domain)
        })
    },
    show: |value| value.join(" "),
};

/// One domain, or none.
const DOMAIN: Kind<Option<String>> = Kind {
    read: |text| match (DOMAINS.read)(text)?.as_slice() {
        [] => Ok(None),
        [domain] => Ok(Some(domain.clone())),
        _ => Err("must be one domain".to_owned()),
    },
    show: |value| value.clone().unwrap_or_default(),
};

const WORDS: Kind<Vec<String>> =
    Kind { read: |text| each(text, |word| Ok::<_, Error>(word.to_owned())), show: |value| value.join(" ") };

/// Numbers within these bounds.
const fn within<T: TryFrom<u16> + Display, const LEAST: u16, const MOST: u16>() -> Kind<T> {
    Kind {
        read: |text| {
            let number = text.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
            number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| format!("must be from {LEAST} to {MOST}"))
        },
        show: T::to_string,
    }
}

fn one(text: &str) -> Result<char, String> {
    text.parse().map_err(|_| "must be one character".to_owned())
}

/// The beginning of a text of the caller, as an error shows it: in quotes, and without control characters.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 100;
    let mut shown: String = text.escape_debug().take(MOST).collect();
    if text.escape_debug().nth(MOST).is_some() {
        shown.push_str("...");
    }
    format!("`{shown}`")
}

/// Words with spaces between.
fn each<T, E: Display>(text: &str, read: impl Fn(&str) -> Result<T, E>) -> Result<Vec<T>, String> {
    let read = |word| read(word).map_err(|error| format!("{}: {error}", quoted(word)));
    text.split_ascii_whitespace().map(read).collect()
}

fn said(error: impl Display) -> String {
    error.to_string()
}
