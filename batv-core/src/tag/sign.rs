//! Senders that get a tag.

use core::fmt::{self, Write};

use crate::address::{Mailbox, check_local_part_length};
use crate::day::{Day, ExpiryDigits, Lifetime};
use crate::dialect::{self, Dialect};
use crate::error::Error;
use crate::key::{Key, KeyId, KeyRing, KeyState, KeyUse};
use crate::tag::form::Form;
use crate::tag::mac::{Spelling, short_mac, strong_mac};
use crate::tag::value::{self, SHORT_TAG, STRONG_TAG, Stamp, TagMac};

/// Outcome of signing: a tagged address, or the address as it was.
///
/// ```
/// use batv_core::tag::{self, Form, Signing, Unchanged};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let today = Day::new(18_262)?;
///
/// let alice = Mailbox::parse("alice@example.com")?;
/// let signing = tag::sign(&keys, &alice, Form::Prvs, None, today)?;
/// assert_eq!(signing.to_string(), "prvs=0269b1e711=alice@example.com");
///
/// let tagged = Mailbox::parse("prvs=0269b1e711=alice@example.com")?;
/// let again = tag::sign(&keys, &tagged, Form::Prvs, None, today)?;
/// assert!(matches!(again, Signing::Unchanged(_, Unchanged::AlreadyTagged(_))));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a sender is tagged or stays as it is")]
pub enum Signing<'a> {
    /// The address with a tag.
    Tagged(Tagged<'a>),
    /// The address as it was, and why.
    Unchanged(Mailbox<'a>, Unchanged),
}

impl Signing<'_> {
    /// Writes the address to send from.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::tag::{self, Form};
    /// # use batv_core::{Day, Key, Mailbox};
    /// let none: [Key; 0] = [];
    /// let mut text = String::new();
    /// tag::sign(&none, &Mailbox::parse("bob@example.org")?, Form::Prvs, None, Day::MIN)?.write_to(&mut text)?;
    /// assert_eq!(text, "bob@example.org");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        match self {
            Self::Tagged(tagged) => tagged.write_to(out),
            Self::Unchanged(mailbox, _) => mailbox.write_to(out),
        }
    }
}

impl fmt::Display for Signing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Reason for which a sender got no tag.
///
/// ```
/// use batv_core::dialect::Dialect;
/// use batv_core::tag::Unchanged;
///
/// let reason = Unchanged::AlreadyTagged(Dialect::Btv1);
/// assert_eq!(reason.to_string(), "already tagged (btv1)");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unchanged {
    /// It carries a tag, ours or anybody's (draft-levine-smtp-batv-01 §2.4.1).
    AlreadyTagged(Dialect),
    /// No signing key serves it: it isn't ours.
    NotOurs,
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyTagged(dialect) => write!(f, "already tagged ({dialect})"),
            Self::NotOurs => f.write_str("no signing key serves this mailbox"),
        }
    }
}

/// Mailbox with a tag.
///
/// ```
/// use batv_core::tag::{self, Form, Signing};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha1, b"s3kr1t")?];
/// let alice = Mailbox::parse("alice@example.com")?;
/// let Signing::Tagged(tagged) = tag::sign(&keys, &alice, Form::Prvs, None, Day::new(18_262)?)? else { panic!() };
/// assert_eq!(tagged.to_string(), "prvs=3269e30f68=alice@example.com");
/// assert_eq!(tagged.key_id(), KeyId::new(3)?);
/// assert_eq!(tagged.expires(), Day::new(18_269).ok());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tagged<'a> {
    mailbox: Mailbox<'a>,
    form: Form,
    stamp: Stamp,
    mac: TagMac,
    expires: Option<Day>,
}

impl Tagged<'_> {
    /// Id of the key that signed.
    ///
    /// ```
    /// # use batv_core::tag::Tagged;
    /// fn number(tagged: &Tagged<'_>) -> u8 {
    ///     tagged.key_id().number()
    /// }
    /// ```
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.stamp.key_id
    }

    /// Last day on which the tag is valid; `None` after 9999-12-31.
    ///
    /// ```
    /// # use batv_core::{Day, tag::Tagged};
    /// fn days_from(today: Day, tagged: &Tagged<'_>) -> Option<i32> {
    ///     Some(tagged.expires()?.since(today))
    /// }
    /// ```
    #[must_use]
    pub const fn expires(&self) -> Option<Day> {
        self.expires
    }

    /// Writes the tagged address. A local part that needs quotes carries the tag inside of them, for outside it would
    /// be no `Local-part` (RFC 5321 §4.1.2).
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::tag::Tagged;
    /// fn text(tagged: &Tagged<'_>) -> Result<String, std::fmt::Error> {
    ///     let mut text = String::new();
    ///     tagged.write_to(&mut text)?;
    ///     Ok(text)
    /// }
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        let local_part = self.mailbox.local_part();
        let quotes = if local_part.needs_quotes() { "\"" } else { "" };
        out.write_str(quotes)?;
        match self.form {
            Form::Prvs => {
                out.write_str("prvs=")?;
                value::write(self.stamp, self.mac, out)?;
                out.write_char('=')?;
                local_part.write_content(out)?;
            }
            Form::SubAddress(delimiter) => {
                local_part.write_content(out)?;
                out.write_char(delimiter.0)?;
                out.write_str("prvs=")?;
                value::write(self.stamp, self.mac, out)?;
            }
            Form::Strong => {
                out.write_str("batv=")?;
                value::write(self.stamp, self.mac, out)?;
                out.write_char('=')?;
                local_part.write_content(out)?;
            }
        }
        out.write_str(quotes)?;
        self.mailbox.domain().write_after_at(out)
    }
}

impl fmt::Display for Tagged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Tags a mailbox with the signing key that serves it, for `lifetime` days or the lifetime of the key.
///
/// A key with [`Key::strong_since`] signs in the strong form from that day on, whatever `form` is.
///
/// What is tagged already, in any [`Dialect`], and what no signing key serves stays as it is. The tag depends on the
/// mailbox, the key and the day alone, so that retries and all hosts of a fleet agree on it (draft §5, greylisting).
///
/// # Errors
/// [`Error::LocalPartTooLong`] when the tag would make a local part of more than 64 octets (RFC 5321 §4.5.3.1.1);
/// [`Error::LifetimeOverKey`] when `lifetime` is over the key's own.
///
/// ```
/// use batv_core::tag::{self, Delimiter, Form};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let list = Mailbox::parse("joe+list@example.com")?;
/// let form = Form::SubAddress(Delimiter::default());
/// let signing = tag::sign(&keys, &list, form, None, Day::new(18_262)?)?;
/// assert_eq!(signing.to_string(), "joe+list+prvs=026902f5e3@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn sign<'a>(
    ring: &(impl KeyRing + ?Sized),
    mailbox: &Mailbox<'a>,
    form: Form,
    lifetime: Option<Lifetime>,
    today: Day,
) -> Result<Signing<'a>, Error> {
    let (key, key_id) = match signing_key(ring, mailbox) {
        Ok(signing) => signing,
        Err(reason) => return Ok(Signing::Unchanged(*mailbox, reason)),
    };
    let form = form_on(today, key, form);
    check_room(mailbox, form)?;
    let lifetime = match lifetime {
        Some(wanted) if wanted > key.lifetime() => {
            return Err(Error::LifetimeOverKey { days: wanted.days(), key: key.lifetime().days() });
        }
        Some(wanted) => wanted,
        None => key.lifetime(),
    };
    let stamp = Stamp { key_id, expiry: ExpiryDigits::of(today, lifetime) };
    let mac = match form {
        Form::Prvs | Form::SubAddress(_) => TagMac::Short(short_mac(key, stamp, mailbox, Spelling::CANONICAL)),
        Form::Strong => TagMac::Strong(strong_mac(key, stamp, mailbox, Spelling::CANONICAL)),
    };
    let expires = today.plus(lifetime.days().into());
    Ok(Signing::Tagged(Tagged { mailbox: *mailbox, form, stamp, mac, expires }))
}

/// Whether [`sign`] tags a mailbox for the lifetime of its key.
pub(crate) fn is_signed(ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'_>, form: Form, today: Day) -> bool {
    signing_key(ring, mailbox).is_ok_and(|(key, _)| check_room(mailbox, form_on(today, key, form)).is_ok())
}

/// Form in which a key signs on a day, if it is asked for this one.
fn form_on(day: Day, key: &Key, wanted: Form) -> Form {
    if key.strong_since().is_some_and(|since| since <= day) { Form::Strong } else { wanted }
}

fn check_room(mailbox: &Mailbox<'_>, form: Form) -> Result<(), Error> {
    let around = match form {
        Form::Prvs | Form::SubAddress(_) => SHORT_TAG + "prvs==".len(),
        Form::Strong => STRONG_TAG + "batv==".len(),
    };
    check_local_part_length(mailbox.local_part().printed_length() + around)
}

/// The key that signs for a mailbox, and its id, or why none does.
#[inline]
pub(crate) fn signing_key<'s>(
    ring: &'s (impl KeyRing + ?Sized),
    mailbox: &Mailbox<'_>,
) -> Result<(&'s Key, KeyId), Unchanged> {
    if let Some(layer) = dialect::outermost(mailbox, dialect::Strictness::Strict) {
        return Err(Unchanged::AlreadyTagged(layer.dialect));
    }
    if mailbox.domain().as_str().is_empty() {
        return Err(Unchanged::NotOurs);
    }
    let signing = ring.batv_keys(mailbox).find_map(|key| match (key.state(), key.key_use()) {
        (KeyState::Signing, KeyUse::Batv(id)) => Some((key, id)),
        _ => None,
    });
    signing.ok_or(Unchanged::NotOurs)
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::string::{String, ToString};

    use super::*;
    use crate::key::Algorithm;
    use crate::tag::form::Delimiter;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    fn keys() -> [Key; 1] {
        let lifetime = Lifetime::new(7).unwrap();
        let key_use = KeyUse::Batv(KeyId::new(3).unwrap());
        [Key::new(key_use, Algorithm::HmacSha1, b"s3kr1t").unwrap().with_lifetime(lifetime)]
    }

    #[test]
    fn a_tag_lives_no_longer_than_its_key_lets_it() {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let expires = |lifetime: Option<u32>| {
            let lifetime = lifetime.map(|days| Lifetime::new(days).unwrap());
            match sign(&keys(), &alice, Form::Prvs, lifetime, day(18_262))? {
                Signing::Tagged(tagged) => Ok((tagged.key_id().number(), tagged.expires())),
                other @ Signing::Unchanged(..) => panic!("{other:?}"),
            }
        };
        assert_eq!(expires(None), Ok((3, Some(day(18_269)))));
        assert_eq!(expires(Some(3)), Ok((3, Some(day(18_265)))));
        assert_eq!(expires(Some(7)), Ok((3, Some(day(18_269)))));
        assert_eq!(expires(Some(8)), Err(Error::LifetimeOverKey { days: 8, key: 7 }));
    }

    #[test]
    fn what_is_written_is_the_address_to_send_from() {
        for (address, written) in [
            ("alice@example.com", "alice-prvs=3269e30f68@example.com"),
            ("prvs=0269b1e711=alice@example.com", "prvs=0269b1e711=alice@example.com"),
        ] {
            let form = Form::SubAddress(Delimiter::new('-').unwrap());
            let signing = sign(&keys(), &Mailbox::parse(address).unwrap(), form, None, day(18_262)).unwrap();
            let mut text = String::new();
            signing.write_to(&mut text).unwrap();
            assert_eq!((text.as_str(), signing.to_string().as_str()), (written, written));
        }
        assert_eq!(Delimiter::new('-').map(Delimiter::character), Ok('-'));
    }
}
