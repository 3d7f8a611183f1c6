//! The fields of a rewritten address.

use crate::address::{Domain, LocalPart, Mailbox, is_dot_string};
use crate::day::SrsTimestamp;
use crate::dialect::strip_prefix;
use crate::srs::scheme::{HASH_MAXIMUM, HASH_MINIMUM};

#[derive(Clone, Copy, Debug)]
pub(super) enum Fields<'a> {
    Srs0(Srs0Fields<'a>),
    Srs1(Srs1Fields<'a>),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Srs0Fields<'a> {
    pub(super) timestamp: SrsTimestamp,
    pub(super) domain: &'a str,
    pub(super) local_part: LocalPart<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Srs1Fields<'a> {
    pub(super) host: &'a str,
    /// What followed the `SRS0` of the first forwarder, its separator included.
    pub(super) rest: LocalPart<'a>,
}

impl<'a> Srs1Fields<'a> {
    /// The fields for an address that somebody else rewrote. Its hash, and the fields of an SRS0, are their affair.
    pub(super) fn of_rewritten(mailbox: &Mailbox<'a>) -> Option<Self> {
        let local_part = mailbox.local_part();
        if let Some(rest) = strip_prefix(&local_part, "SRS0").filter(is_rewritten) {
            return read_srs1(mailbox.domain().as_str(), rest);
        }
        let rest = strip_prefix(&local_part, "SRS1").filter(is_rewritten)?;
        let (_, after_hash) = rest.skip(1)?.split_once(b'=')?;
        let (host, rest) = after_hash.split_once(b'=')?;
        // What could not be restored is an ordinary address to us.
        Domain::parse(host).ok()?;
        read_srs1(host, rest)
    }
}

impl<'a> Fields<'a> {
    pub(super) fn need_quotes(&self) -> bool {
        let (field, local_part) = match self {
            Self::Srs0(fields) => (fields.domain, fields.local_part),
            Self::Srs1(fields) => (fields.host, fields.rest),
        };
        local_part.needs_quotes() || !is_dot_string(field.chars())
    }

    /// What stands inside, where it is an address.
    pub(super) fn inner(&self) -> Option<Mailbox<'a>> {
        match self {
            Self::Srs0(fields) => Some(Mailbox::new(fields.local_part, Domain::parse(fields.domain).ok()?)),
            Self::Srs1(fields) => {
                let rest = LocalPart::new("SRS0", fields.rest.whole()?, fields.rest.is_quoted());
                Some(Mailbox::new(rest, Domain::parse(fields.host).ok()?))
            }
        }
    }
}

/// What the local part looks like.
pub(super) enum Shape<'a> {
    /// Nothing of SRS.
    Plain,
    /// It begins as SRS does, and goes on otherwise.
    Wrong,
    Srs {
        hash: &'a str,
        fields: Fields<'a>,
    },
}

impl<'a> Shape<'a> {
    pub(super) fn of(mailbox: &Mailbox<'a>) -> Self {
        let local_part = mailbox.local_part();
        let (rest, first_forwarder) = match strip_prefix(&local_part, "SRS0") {
            Some(rest) => (rest, true),
            None => match strip_prefix(&local_part, "SRS1") {
                Some(rest) => (rest, false),
                None => return Self::Plain,
            },
        };
        if !is_rewritten(&rest) {
            return Self::Plain;
        }
        let fields = rest.skip(1).and_then(|fields| fields.split_once(b'=')).and_then(|(hash, after)| {
            let (first, after) = after.split_once(b'=')?;
            let fields = if first_forwarder {
                Fields::Srs0(read_srs0(first, after)?)
            } else {
                Fields::Srs1(read_srs1(first, after)?)
            };
            (HASH_MINIMUM.into()..=HASH_MAXIMUM.into()).contains(&hash.len()).then_some((hash, fields))
        });
        fields.map_or(Self::Wrong, |(hash, fields)| Self::Srs { hash, fields })
    }
}

fn read_srs0<'a>(timestamp: &str, after: LocalPart<'a>) -> Option<Srs0Fields<'a>> {
    let timestamp = SrsTimestamp::parse(timestamp)?;
    let (domain, local_part) = after.split_once(b'=')?;
    (!local_part.is_empty()).then_some(Srs0Fields { timestamp, domain, local_part })
}

/// A separator, as after `SRS0`, must lead the rest: else its boundary to the host could be moved. Nor may a dot follow
/// a `-` before the next `=`, for then that hyphen may be one of the host.
fn read_srs1<'a>(host: &'a str, rest: LocalPart<'a>) -> Option<Srs1Fields<'a>> {
    let separated = match rest.front().as_bytes() {
        [b'=' | b'+', _, ..] => true,
        [b'-', fields @ ..] if !fields.is_empty() => {
            !fields.iter().take_while(|&&octet| octet != b'=').any(|&octet| octet == b'.')
        }
        _ => false,
    };
    (separated && Domain::parse(host).is_ok()).then_some(Srs1Fields { host, rest })
}

/// Whether what follows `SRS0` or `SRS1` can come of rewriting: `srs0-news` is somebody's mailbox.
fn is_rewritten(rest: &LocalPart<'_>) -> bool {
    match rest.front().as_bytes() {
        [b'=', ..] => true,
        [b'+' | b'-', fields @ ..] => fields.contains(&b'='),
        _ => false,
    }
}
