//! Day numbers, lifetimes, and the windows in which a wrapped day number is valid.
//!
//! A prvs tag carries a day modulo 1000, an SRS address one modulo 1024. Both wrap: the next prvs wrap is day 21000,
//! 2027-07-01. Everything here is exact on each day from 1970-01-01 to 9999-12-31.

use crate::Error;

/// Days since 1970-01-01 (UTC), up to 9999-12-31.
///
/// The core never asks for the time: whoever has a clock passes a `Day`.
///
/// ```
/// use batv_core::Day;
///
/// let today = Day::from_unix_seconds(1_577_836_800)?;
/// assert_eq!(today.number(), 18_262); // 2020-01-01
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Day(u32);

impl Day {
    /// 1970-01-01.
    pub const MIN: Self = Self(0);
    /// 9999-12-31.
    pub const MAX: Self = Self(2_932_896);

    /// The day with this number.
    ///
    /// # Errors
    /// [`Error::Day`] after 9999-12-31.
    ///
    /// ```
    /// # use batv_core::{Day, Error};
    /// assert_eq!(Day::new(2_932_897), Err(Error::Day));
    /// ```
    pub const fn new(number: u32) -> Result<Self, Error> {
        if number <= Self::MAX.0 { Ok(Self(number)) } else { Err(Error::Day) }
    }

    /// The UTC day that holds this second of Unix time.
    ///
    /// # Errors
    /// [`Error::Day`] before 1970-01-01 and after 9999-12-31.
    ///
    /// ```
    /// # use batv_core::{Day, Error};
    /// assert_eq!(Day::from_unix_seconds(86_399)?, Day::MIN);
    /// assert_eq!(Day::from_unix_seconds(-1), Err(Error::Day));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, Error> {
        u32::try_from(seconds.div_euclid(86_400)).map_err(|_| Error::Day).and_then(Self::new)
    }

    /// Days since 1970-01-01.
    ///
    /// ```
    /// # use batv_core::Day;
    /// assert_eq!(Day::MIN.number(), 0);
    /// ```
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The day so many days later, or earlier when negative; `None` outside the range of `Day`.
    ///
    /// ```
    /// # use batv_core::Day;
    /// assert_eq!(Day::MIN.plus(7), Day::new(7).ok());
    /// assert_eq!(Day::MIN.plus(-1), None);
    /// ```
    pub fn plus(self, days: i32) -> Option<Self> {
        self.0.checked_add_signed(days).and_then(|number| Self::new(number).ok())
    }

    /// Days from an earlier day to this one, negative when it is a later one.
    ///
    /// ```
    /// # use batv_core::Day;
    /// assert_eq!(Day::MIN.since(Day::MAX), -2_932_896);
    /// ```
    pub fn since(self, earlier: Self) -> i32 {
        self.0.cast_signed() - earlier.0.cast_signed()
    }
}

/// How many days a tag is valid: from the day of signing to the day that it names, both included.
///
/// At most [`Lifetime::MAX`]: the day of a tag has three digits, so what is not yet expired and what expired long ago
/// must stay far apart. The draft asks for 7 (draft-levine-smtp-batv-01 §4.2), which is the default.
///
/// ```
/// use batv_core::{Error, Lifetime};
///
/// assert_eq!(Lifetime::default().days(), 7);
/// assert_eq!(Lifetime::new(0), Err(Error::Lifetime { days: 0, max: 180 }));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Lifetime(u16);

impl Lifetime {
    /// 180 days.
    pub const MAX: Self = Self(180);

    /// A lifetime of so many days.
    ///
    /// # Errors
    /// [`Error::Lifetime`] for 0 and for more than 180.
    ///
    /// ```
    /// # use batv_core::Lifetime;
    /// assert_eq!(Lifetime::new(21)?.days(), 21);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn new(days: u32) -> Result<Self, Error> {
        match u16::try_from(days) {
            Ok(short) if (1..=Self::MAX.0).contains(&short) => Ok(Self(short)),
            _ => Err(Error::Lifetime { days, max: Self::MAX.0 }),
        }
    }

    /// The lifetime in days.
    ///
    /// ```
    /// # use batv_core::Lifetime;
    /// assert_eq!(Lifetime::MAX.days(), 180);
    /// ```
    pub const fn days(self) -> u16 {
        self.0
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(7)
    }
}

/// The last three digits of the day on which a tag expires, `DDD` in `KDDDSSSSSS`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ExpiryDigits(u16);

impl ExpiryDigits {
    const MODULUS: u32 = 1000;

    pub(crate) fn of(today: Day, lifetime: Lifetime) -> Self {
        Self::wrap(today.0 + u32::from(lifetime.0))
    }

    /// Reads three ASCII digits.
    pub(crate) fn parse(text: [u8; 3]) -> Option<Self> {
        let mut value = 0;
        for digit in text {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u16::from(digit - b'0');
        }
        Some(Self(value))
    }

    pub(crate) fn to_ascii(self) -> [u8; 3] {
        [self.0 / 100, self.0 / 10 % 10, self.0 % 10].map(|digit| b'0' + digit.to_le_bytes()[0])
    }

    /// Days until expiry when that is at most `lifetime`, else days since it as a negative number.
    ///
    /// The draft asks for an unsigned subtraction modulo 1000 (§4.2.2): `d = (DDD − today) mod 1000`.
    pub(crate) fn days_left(self, today: Day, lifetime: Lifetime) -> i32 {
        let ahead = (i32::from(self.0) - i32::from(Self::wrap(today.0).0)).rem_euclid(Self::MODULUS.cast_signed());
        if ahead <= i32::from(lifetime.0) { ahead } else { ahead - Self::MODULUS.cast_signed() }
    }

    fn wrap(number: u32) -> Self {
        let [low, high, _, _] = (number % Self::MODULUS).to_le_bytes();
        Self(u16::from_le_bytes([low, high]))
    }
}

/// The two base32 characters of an SRS address: the day of signing modulo 1024.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SrsTimestamp(u16);

impl SrsTimestamp {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const MODULUS: u16 = 1024;

    pub(crate) fn of(today: Day) -> Self {
        let [low, high, _, _] = (today.0 % u32::from(Self::MODULUS)).to_le_bytes();
        Self(u16::from_le_bytes([low, high]))
    }

    /// Reads two base32 characters of any case. Any other length is no timestamp: its boundary would not be
    /// authenticated.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value = |octet: u8| match octet {
            b'A'..=b'Z' => Some(u16::from(octet - b'A')),
            b'a'..=b'z' => Some(u16::from(octet - b'a')),
            b'2'..=b'7' => Some(u16::from(octet - b'2' + 26)),
            _ => None,
        };
        match *text.as_bytes() {
            [high, low] => Some(Self(value(high)? * 32 + value(low)?)),
            _ => None,
        }
    }

    pub(crate) fn to_ascii(self) -> [u8; 2] {
        [self.0 / 32, self.0 % 32].map(|value| Self::ALPHABET[usize::from(value)])
    }

    /// Days since signing, 0 to 1023; 1023 also stands for "signed tomorrow".
    pub(crate) fn age(self, today: Day) -> u16 {
        (Self::of(today).0 + Self::MODULUS - self.0) % Self::MODULUS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_days_of_the_lifetime_are_left_on_any_day() {
        for number in (0..3000).chain(20_990..21_010).chain(2_932_000..=Day::MAX.number()) {
            let today = Day::new(number).unwrap();
            for lifetime in [1, 7, 21, 180].map(|days| Lifetime::new(days).unwrap()) {
                let valid = (0..1000).filter(|&digits| ExpiryDigits(digits).days_left(today, lifetime) >= 0).count();
                assert_eq!(valid, usize::from(lifetime.days()) + 1, "{today:?} {lifetime:?}");
                assert_eq!(ExpiryDigits::of(today, lifetime).days_left(today, lifetime), i32::from(lifetime.days()));
            }
        }
    }

    #[test]
    fn digits_and_timestamps_read_back_what_they_write() {
        for digits in 0..1000 {
            assert_eq!(ExpiryDigits::parse(ExpiryDigits(digits).to_ascii()), Some(ExpiryDigits(digits)));
        }
        for value in 0..1024 {
            let text = SrsTimestamp(value).to_ascii();
            assert_eq!(SrsTimestamp::parse(core::str::from_utf8(&text).unwrap()), Some(SrsTimestamp(value)));
        }
    }

    #[test]
    fn an_srs_timestamp_of_the_reference_clock_is_2w() {
        assert_eq!(SrsTimestamp::of(Day::new(18_262).unwrap()).to_ascii(), *b"2W");
    }
}
