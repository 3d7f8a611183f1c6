//! Handles, and the mailboxes that contain them.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use batv_core::Mailbox;
use batv_core::fingerprint::Fingerprint;
use data_encoding::BASE32_NOPAD;

use crate::error::Error;

/// Domain of all aliases in an SRS address. It has no dot, so no sender is in it.
///
/// ```
/// # use batv_store::alias::SRS_DOMAIN;
/// assert_eq!(SRS_DOMAIN, "alias");
/// ```
pub const SRS_DOMAIN: &str = "alias";

/// Beginning of the local part, before the handle.
const PREFIX: &str = "alias=";
const OCTETS: usize = 10;
const CHARACTERS: usize = 16;

/// Handle of 80 bits. Prints as 16 characters of base32 in lower case (RFC 4648 §6).
///
/// ```
/// use batv_core::Mailbox;
/// use batv_store::alias::Handle;
///
/// let handle = Handle::new(*b"abcdefghij");
/// assert_eq!(handle.to_string(), "mfrggzdfmztwq2lk");
/// assert_eq!(Handle::of(&Mailbox::parse("Alias=MFRGGZDFMZTWQ2LK@example.com")?), Some(handle));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Handle([u8; OCTETS]);

impl Handle {
    /// New handle, from random numbers of the system.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no random numbers.
    ///
    /// ```
    /// # use batv_store::alias::Handle;
    /// assert_ne!(Handle::random()?, Handle::random()?);
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    pub fn random() -> Result<Self, Error> {
        let mut octets = [0; OCTETS];
        getrandom::fill(&mut octets)
            .map_err(|error| Error::Failed { store: "of random numbers".into(), reason: error.to_string() })?;
        Ok(Self(octets))
    }

    /// Handle of these octets.
    ///
    /// ```
    /// # use batv_store::alias::Handle;
    /// assert_eq!(Handle::new([0; 10]).to_string(), "aaaaaaaaaaaaaaaa");
    /// ```
    #[must_use]
    pub const fn new(octets: [u8; OCTETS]) -> Self {
        Self(octets)
    }

    /// Octets of the handle.
    ///
    /// ```
    /// # use batv_store::alias::Handle;
    /// assert_eq!(Handle::new([7; 10]).octets(), [7; 10]);
    /// ```
    #[must_use]
    pub const fn octets(self) -> [u8; OCTETS] {
        self.0
    }

    /// Handle in a mailbox without its tag or SRS: `alias=HANDLE` in any domain, or `HANDLE@alias`, in upper or lower
    /// case. `None` when the mailbox is no alias.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// # use batv_store::alias::Handle;
    /// assert_eq!(Handle::of(&Mailbox::parse("mfrggzdfmztwq2lk@alias")?), Some(Handle::new(*b"abcdefghij")));
    /// assert_eq!(Handle::of(&Mailbox::parse("mfrggzdfmztwq2lk@example.com")?), None);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn of(mailbox: &Mailbox<'_>) -> Option<Self> {
        let local_part = mailbox.local_part().to_string();
        match local_part.split_at_checked(PREFIX.len()) {
            Some((prefix, handle)) if prefix.eq_ignore_ascii_case(PREFIX) => Self::read(handle),
            _ if mailbox.domain().as_str().eq_ignore_ascii_case(SRS_DOMAIN) => Self::read(&local_part),
            _ => None,
        }
    }

    /// Mailbox that is tagged in place of the sender, in the sender's domain.
    ///
    /// ```
    /// # use batv_store::alias::Handle;
    /// assert_eq!(Handle::new(*b"abcdefghij").mailbox("example.com"), "alias=mfrggzdfmztwq2lk@example.com");
    /// ```
    #[must_use]
    pub fn mailbox(self, domain: &str) -> String {
        format!("{PREFIX}{self}@{domain}")
    }

    /// Mailbox that SRS rewrites in place of the sender.
    ///
    /// ```
    /// # use batv_store::alias::Handle;
    /// assert_eq!(Handle::new(*b"abcdefghij").srs_mailbox(), "mfrggzdfmztwq2lk@alias");
    /// ```
    #[must_use]
    pub fn srs_mailbox(self) -> String {
        format!("{self}@{SRS_DOMAIN}")
    }

    /// Name of the entry in the store. It is random itself, and so needs no key.
    pub(super) const fn key(self) -> Fingerprint {
        let mut octets = [0; 16];
        let mut at = 0;
        while at < OCTETS {
            octets[at] = self.0[at];
            at += 1;
        }
        Fingerprint::new(octets)
    }

    fn read(text: &str) -> Option<Self> {
        let mut octets = [0; OCTETS];
        if text.len() != CHARACTERS {
            return None;
        }
        BASE32_NOPAD.decode_mut(text.to_ascii_uppercase().as_bytes(), &mut octets).ok().map(|_| Self(octets))
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}
