//! Senders of mail that we forward.

use core::fmt::{self, Write};

use crate::address::{Domain, Mailbox, check_local_part_length};
use crate::day::{Day, SrsTimestamp};
use crate::error::Error;
use crate::key::{KeyRing, KeyState};
use crate::srs::domains::Domains;
use crate::srs::fields::{Fields, Srs0Fields, Srs1Fields};
use crate::srs::hash::{Quotes, hash_bounds};
use crate::srs::scheme::{HASH_MAXIMUM, Separator, Srs};

impl<D: Domains> Srs<D> {
    /// Rewrites the sender of a message that we forward, with the first signing key that serves our first domain.
    ///
    /// A sender of a domain of ours stays as it is. One that somebody else rewrote becomes an SRS1, which keeps the
    /// host that rewrote it first and drops the one in between.
    ///
    /// # Errors
    /// [`Error::NoSigningKey`]; [`Error::UnwritableDomain`]; [`Error::LocalPartTooLong`] when the local part would be over 64 octets
    /// (RFC 5321 §4.5.3.1.1).
    ///
    /// ```
    /// use batv_core::srs::Srs;
    /// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"second")?];
    /// let first = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")?;
    /// let srs = Srs::new(["second.example.org"])?;
    /// let forwarded = srs.forward(&keys, &first, Day::new(18_262)?)?;
    /// assert_eq!(
    ///     forwarded.to_string(),
    ///     "SRS1=Dz2w=forwarder.example.net==Xu1M=2W=example.com=alice@second.example.org"
    /// );
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn forward<'a>(
        &'a self,
        ring: &(impl KeyRing + ?Sized),
        mailbox: &Mailbox<'a>,
        today: Day,
    ) -> Result<Forwarding<'a>, Error> {
        let domain = mailbox.domain();
        if domain.as_str().is_empty() || self.owns(&domain) && !self.always_rewrite {
            return Ok(Forwarding::Unchanged(*mailbox));
        }
        let first = self.first()?;
        let key = ring.srs_keys(&first).find(|key| key.state() == KeyState::Signing).ok_or(Error::NoSigningKey)?;
        let fields = match Srs1Fields::of_rewritten(mailbox) {
            Some(fields) => Fields::Srs1(fields),
            None => Fields::Srs0(Srs0Fields {
                timestamp: SrsTimestamp::of(today),
                domain: domain.as_str(),
                local_part: mailbox.local_part(),
            }),
        };
        let (Fields::Srs0(Srs0Fields { domain: field, .. }) | Fields::Srs1(Srs1Fields { host: field, .. })) = fields;
        // Of all domains only a literal can hold them.
        if field.starts_with('[') && field.contains(['=', '"']) {
            return Err(Error::UnwritableDomain);
        }
        let length = usize::from(hash_bounds(key, self.hash_length));
        let hash = fields.hash(key, Quotes::Without, length);
        let rewritten = Rewritten { fields, hash, hash_length: length, separator: self.separator, domain: first };
        check_local_part_length(rewritten.local_part_length())?;
        Ok(Forwarding::Rewritten(rewritten))
    }
}

/// Outcome of forwarding: a rewritten sender, or the sender as it was.
///
/// ```
/// use batv_core::srs::{Forwarding, Srs};
/// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
/// let srs = Srs::new(["example.net"])?;
/// let forwarding = srs.forward(&keys, &Mailbox::parse("bob@example.net")?, Day::MIN)?;
/// assert!(matches!(forwarding, Forwarding::Unchanged(_)));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a sender is rewritten or stays as it is")]
pub enum Forwarding<'a> {
    /// The address to send from.
    Rewritten(Rewritten<'a>),
    /// The address as it was: it is ours.
    Unchanged(Mailbox<'a>),
}

impl Forwarding<'_> {
    /// Writes the address to send from.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::{Mailbox, srs::Forwarding};
    /// let mut text = String::new();
    /// Forwarding::Unchanged(Mailbox::parse("bob@example.net")?).write_to(&mut text)?;
    /// assert_eq!(text, "bob@example.net");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        match self {
            Self::Rewritten(rewritten) => rewritten.write_to(out),
            Self::Unchanged(mailbox) => mailbox.write_to(out),
        }
    }
}

impl fmt::Display for Forwarding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Sender rewritten into a domain of ours.
///
/// ```
/// use batv_core::srs::Rewritten;
///
/// fn text(rewritten: &Rewritten<'_>) -> String {
///     rewritten.to_string()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rewritten<'a> {
    fields: Fields<'a>,
    hash: [u8; HASH_MAXIMUM as usize],
    hash_length: usize,
    separator: Separator,
    domain: Domain<'a>,
}

impl Rewritten<'_> {
    /// Writes the address. What needs quotes has them around the whole of the local part.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::srs::Rewritten;
    /// fn append(rewritten: &Rewritten<'_>, text: &mut String) -> std::fmt::Result {
    ///     rewritten.write_to(text)
    /// }
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        let quotes = if self.fields.need_quotes() { "\"" } else { "" };
        out.write_str(quotes)?;
        out.write_str(match self.fields {
            Fields::Srs0(_) => "SRS0",
            Fields::Srs1(_) => "SRS1",
        })?;
        out.write_char(self.separator.character())?;
        // Base64 and base32 are ASCII.
        out.write_str(str::from_utf8(&self.hash[..self.hash_length]).unwrap_or_default())?;
        out.write_char('=')?;
        match self.fields {
            Fields::Srs0(Srs0Fields { timestamp, domain, local_part }) => {
                out.write_str(str::from_utf8(&timestamp.to_ascii()).unwrap_or_default())?;
                out.write_char('=')?;
                out.write_str(domain)?;
                out.write_char('=')?;
                local_part.write_content(out)?;
            }
            Fields::Srs1(Srs1Fields { host, rest }) => {
                out.write_str(host)?;
                out.write_char('=')?;
                rest.write_content(out)?;
            }
        }
        out.write_str(quotes)?;
        self.domain.write_after_at(out)
    }

    /// Octets of the rewritten local part.
    fn local_part_length(&self) -> usize {
        let fields = match self.fields {
            Fields::Srs0(Srs0Fields { domain, local_part, .. }) => 4 + domain.len() + local_part.content_length(),
            Fields::Srs1(Srs1Fields { host, rest }) => 1 + host.len() + rest.content_length(),
        };
        6 + self.hash_length + fields + 2 * usize::from(self.fields.need_quotes())
    }
}

impl fmt::Display for Rewritten<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::string::String;

    use super::*;
    use crate::key::{Algorithm, Key, KeyUse};

    #[test]
    fn what_is_written_is_the_address_to_send_from() {
        let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t").unwrap()];
        let srs = Srs::new(["forwarder.example.net"]).unwrap();
        for (address, written) in [
            ("alice@example.com", "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net"),
            ("bob@forwarder.example.net", "bob@forwarder.example.net"),
        ] {
            let mut text = String::new();
            let forwarding = srs.forward(&keys, &Mailbox::parse(address).unwrap(), Day::new(18_262).unwrap()).unwrap();
            forwarding.write_to(&mut text).unwrap();
            assert_eq!(text, written);
        }
    }
}
