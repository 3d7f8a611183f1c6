//! The number of a key in its tags.

use core::fmt;

use crate::error::Error;

/// Number of a key in a tag, 0 to 9: `K` in `KDDDSSSSSS` (draft-levine-smtp-batv-01 §4.1).
///
/// ```
/// use batv_core::{Error, KeyId};
///
/// assert_eq!(KeyId::new(3)?.to_string(), "3");
/// assert_eq!(KeyId::new(10), Err(Error::KeyId(10)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(u8);

impl KeyId {
    /// Makes a key id of a number.
    ///
    /// # Errors
    /// [`Error::KeyId`] over 9.
    ///
    /// ```
    /// # use batv_core::KeyId;
    /// assert_eq!(KeyId::new(0)?, KeyId::default());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn new(number: u8) -> Result<Self, Error> {
        if number <= 9 { Ok(Self(number)) } else { Err(Error::KeyId(number)) }
    }

    /// All ten key ids, from 0.
    ///
    /// ```
    /// # use batv_core::KeyId;
    /// assert_eq!(KeyId::all().count(), 10);
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=9).map(Self)
    }

    /// Number, 0 to 9.
    ///
    /// ```
    /// # use batv_core::KeyId;
    /// assert_eq!(KeyId::default().number(), 0);
    /// ```
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    pub(crate) const fn to_ascii(self) -> u8 {
        b'0' + self.0
    }

    pub(crate) const fn parse(digit: u8) -> Option<Self> {
        if digit.is_ascii_digit() { Some(Self(digit - b'0')) } else { None }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
