//! Day numbers, lifetimes, and the windows in which a wrapped day number is valid.
//!
//! A prvs tag carries a day modulo 1000, an SRS address one modulo 1024. Both wrap: the next prvs wrap is day 21000,
//! 2027-07-01. Everything here is exact on each day from 1970-01-01 to 9999-12-31.

use core::fmt;
use core::str::FromStr;
#[cfg(feature = "std")]
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::Error;

#[cfg(feature = "serde")]
mod serde;

/// Day in UTC, from 1970-01-01 to 9999-12-31; its text is a date of RFC 3339 §5.6.
///
/// This crate never reads a clock: the caller does, and passes a `Day`.
///
/// ```
/// use batv_core::Day;
///
/// let today = Day::from_unix_seconds(1_577_836_800)?;
/// assert_eq!(today.number(), 18_262);
/// assert_eq!(today.to_string(), "2020-01-01");
/// assert_eq!("2020-01-01".parse(), Ok(today));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Day(u32);

/// Days of 400 years.
const DAYS_OF_ERA: u32 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: u32 = 719_468;

impl Day {
    /// 1970-01-01.
    pub const MIN: Self = Self(0);
    /// 9999-12-31.
    pub const MAX: Self = Self(2_932_896);

    /// Day with this number of days since 1970-01-01.
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

    /// UTC day of this second of Unix time.
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

    /// Day of this date.
    ///
    /// # Errors
    /// [`Error::Date`] when the calendar has no such date; [`Error::Day`] before 1970-01-01 and after 9999-12-31.
    ///
    /// ```
    /// # use batv_core::{Day, Error};
    /// assert_eq!(Day::from_date(2020, 1, 1)?.number(), 18_262);
    /// assert_eq!(Day::from_date(2026, 2, 29), Err(Error::Date));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn from_date(year: u16, month: u8, day: u8) -> Result<Self, Error> {
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(Error::Date);
        }
        if !(1970..=9999).contains(&year) {
            return Err(Error::Day);
        }
        // The year begins with March, so that a leap day is its last.
        let year_of_march = u32::from(year) - u32::from(month <= 2);
        let months_since_march = (u32::from(month) + 9) % 12;
        let (era, year_of_era) = (year_of_march / 400, year_of_march % 400);
        let day_of_year = (153 * months_since_march + 2) / 5 + u32::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let found = Self::new(era * DAYS_OF_ERA + day_of_era - EPOCH)?;
        if found.date() == (year, month, day) { Ok(found) } else { Err(Error::Date) }
    }

    /// Year, month (1 to 12) and day of the month (1 to 31).
    ///
    /// ```
    /// # use batv_core::Day;
    /// assert_eq!(Day::MAX.date(), (9999, 12, 31));
    /// ```
    #[must_use]
    pub const fn date(self) -> (u16, u8, u8) {
        // The inverse of `from_date`.
        let number = self.0 + EPOCH;
        let (era, day_of_era) = (number / DAYS_OF_ERA, number % DAYS_OF_ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_since_march = (5 * day_of_year + 2) / 153;
        let [day, ..] = (day_of_year - (153 * months_since_march + 2) / 5 + 1).to_le_bytes();
        let [month, ..] = ((months_since_march + 2) % 12 + 1).to_le_bytes();
        let [low, high, ..] = (era * 400 + year_of_era + (month <= 2) as u32).to_le_bytes();
        (u16::from_le_bytes([low, high]), month, day)
    }

    /// Days since 1970-01-01.
    ///
    /// ```
    /// # use batv_core::Day;
    /// assert_eq!(Day::MIN.number(), 0);
    /// ```
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Day this many days later, or earlier when negative; `None` outside the range of `Day`.
    ///
    /// ```
    /// # use batv_core::Day;
    /// assert_eq!(Day::MIN.plus(7), Day::new(7).ok());
    /// assert_eq!(Day::MIN.plus(-1), None);
    /// ```
    #[must_use]
    pub fn plus(self, days: i32) -> Option<Self> {
        self.0.checked_add_signed(days).and_then(|number| Self::new(number).ok())
    }

    /// Days from an earlier day to this one, negative when it is a later one.
    ///
    /// ```
    /// # use batv_core::Day;
    /// assert_eq!(Day::MIN.since(Day::MAX), -2_932_896);
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> i32 {
        self.0.cast_signed() - earlier.0.cast_signed()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Reads a date of RFC 3339 §5.6 (`full-date`).
///
/// ```
/// # use batv_core::{Day, Error};
/// assert_eq!("2026-11-23".parse::<Day>()?.number(), 20_780);
/// assert_eq!("23.11.2026".parse::<Day>(), Err(Error::Date));
/// # Ok::<(), Error>(())
/// ```
impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else { return Err(Error::Date) };
        if ![y1, y2, y3, y4, m1, m2, d1, d2].iter().all(u8::is_ascii_digit) {
            return Err(Error::Date);
        }
        let two = |high: u8, low: u8| (high - b'0') * 10 + low - b'0';
        Self::from_date(u16::from(two(y1, y2)) * 100 + u16::from(two(y3, y4)), two(m1, m2), two(d1, d2))
    }
}

/// UTC day of a time of the system's clock.
///
/// ```
/// use std::time::SystemTime;
///
/// use batv_core::Day;
///
/// assert_eq!(Day::try_from(SystemTime::UNIX_EPOCH)?, Day::MIN);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[cfg(feature = "std")]
impl TryFrom<SystemTime> for Day {
    type Error = Error;

    fn try_from(time: SystemTime) -> Result<Self, Error> {
        let seconds = time.duration_since(UNIX_EPOCH).map_err(|_| Error::Day)?.as_secs();
        i64::try_from(seconds).map_err(|_| Error::Day).and_then(Self::from_unix_seconds)
    }
}

/// Days for which a mail server keeps trying to deliver (RFC 5321 §4.5.4.1): a bounce may be that late.
pub const QUEUE_DAYS: i32 = 5;

/// Days for which a proof counts beyond the lifetime of a tag and the time in a queue: for clocks that differ, and for the
/// queues of two servers one behind the other.
pub const PROOF_GRACE_DAYS: i32 = 2;

/// Lifetime of a tag in days: from the day of signing to the day that the tag names, both included.
///
/// At most [`Lifetime::MAX`]: the day of a tag has three digits, so a tag that is still valid and one that expired long
/// ago must stay far apart. The default is 7, as the draft asks (draft-levine-smtp-batv-01 §4.2).
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

    /// Lifetime of this many days.
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

    /// Number of days.
    ///
    /// ```
    /// # use batv_core::Lifetime;
    /// assert_eq!(Lifetime::MAX.days(), 180);
    /// ```
    #[must_use]
    pub const fn days(self) -> u16 {
        self.0
    }

    /// Days for which a proof that lives beside tags counts: mark, DKIM signature, entry of the sent log. A tag's lifetime,
    /// the days that a bounce lies in a queue ([`QUEUE_DAYS`]), and [`PROOF_GRACE_DAYS`].
    ///
    /// ```
    /// use batv_core::Lifetime;
    ///
    /// assert_eq!(Lifetime::default().proof_days(), 7 + 5 + 2);
    /// ```
    #[must_use]
    pub fn proof_days(self) -> i32 {
        i32::from(self.0) + QUEUE_DAYS + PROOF_GRACE_DAYS
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(7)
    }
}

/// Last three digits of the day on which a tag expires, `DDD` in `KDDDSSSSSS`.
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

/// Two base32 characters of an SRS address: the day of signing modulo 1024.
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
    fn each_day_has_its_date() {
        let is_leap = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let mut date = (1970, 1, 1);
        for number in 0..=Day::MAX.number() {
            let today = Day::new(number).unwrap();
            assert_eq!((today.date(), Day::from_date(date.0, date.1, date.2)), (date, Ok(today)));
            if number % 97 == 0 || today == Day::MAX {
                assert_eq!(alloc::format!("{today}").parse(), Ok(today));
            }
            let (year, month, day) = date;
            let last = match month {
                2 => 28 + u8::from(is_leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            assert_eq!(Day::from_date(year, month, last + 1), Err(Error::Date));
            date = match (day == last, month) {
                (false, _) => (year, month, day + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
        assert_eq!(date, (10_000, 1, 1));
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "2026-1-01",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-11-23 ",
            "20261123",
            "2026/11/23",
            "+026-11-23",
        ] {
            assert_eq!(text.parse::<Day>(), Err(Error::Date), "{text}");
        }
        assert_eq!("1969-12-31".parse::<Day>(), Err(Error::Day));
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
