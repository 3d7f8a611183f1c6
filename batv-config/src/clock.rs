//! The day that it is, and dates as people write them.

use core::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use batv_core::Day;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::error::Error;

/// The Julian day number of 1970-01-01.
const EPOCH: i32 = 2_440_588;

/// Today in UTC, as the clock of the system has it.
///
/// # Errors
/// [`Error::Clock`] when the clock stands before 1970 or after 9999.
///
/// ```
/// use batv_config::clock;
///
/// assert!(clock::today()?.number() > 20_000);
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn today() -> Result<Day, Error> {
    Day::from_unix_seconds(now()?).map_err(|_| Error::Clock)
}

/// Seconds since 1970-01-01 (UTC), as the clock of the system has it.
///
/// # Errors
/// [`Error::Clock`] when the clock stands before 1970.
///
/// ```
/// use batv_config::clock;
///
/// assert!(clock::now()? > 1_700_000_000);
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn now() -> Result<i64, Error> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| Error::Clock)?;
    i64::try_from(since.as_secs()).map_err(|_| Error::Clock)
}

/// Reads a date or a date-time of RFC 3339. A date is that day in UTC; of a date-time it is the day in UTC that counts.
///
/// # Errors
/// [`Error::Date`] for anything else, and for what is not from 1970-01-01 to 9999-12-31.
///
/// ```
/// use batv_config::clock;
///
/// assert_eq!(clock::parse_at("2026-11-23")?.number(), 20_780);
/// assert_eq!(clock::parse_at("2026-11-23T23:30:00-01:00")?.number(), 20_781);
/// assert!(clock::parse_at("tomorrow").is_err());
/// # Ok::<(), batv_config::Error>(())
/// ```
pub fn parse_at(text: &str) -> Result<Day, Error> {
    let moment = if text.len() == "2026-11-23".len() {
        OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339)
    } else {
        OffsetDateTime::parse(text, &Rfc3339)
    };
    moment.ok().and_then(|moment| Day::from_unix_seconds(moment.unix_timestamp()).ok()).ok_or(Error::Date)
}

/// The date of a day as RFC 3339 writes it.
///
/// ```
/// use batv_config::clock;
/// use batv_core::Day;
///
/// assert_eq!(clock::format_day(Day::new(20_780)?), "2026-11-23");
/// assert_eq!(clock::format_day(Day::MAX), "9999-12-31");
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn format_day(day: Day) -> String {
    as_date(day).to_string()
}

/// The same date, written without a string of its own.
///
/// ```
/// use batv_config::clock;
/// use batv_core::Day;
///
/// let valid_to = format!("valid to {}", clock::as_date(Day::new(20_780)?));
/// assert_eq!(valid_to, "valid to 2026-11-23");
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn as_date(day: Day) -> impl fmt::Display {
    AsDate(day)
}

struct AsDate(Day);

impl fmt::Display for AsDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.0).to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

/// The day of a date, if it is not before 1970.
pub(crate) fn day_of(date: Date) -> Option<Day> {
    u32::try_from(date.to_julian_day() - EPOCH).ok().and_then(|number| Day::new(number).ok())
}

/// The date of a day.
pub(crate) fn date_of(day: Day) -> Date {
    let julian = EPOCH.checked_add_unsigned(day.number()).map(Date::from_julian_day);
    // `Date` has all of the years 1970 to 9999, which are those of `Day`.
    julian.and_then(Result::ok).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_date_times() {
        for (text, number) in [
            ("1970-01-01", Some(0)),
            ("2020-01-01", Some(18_262)),
            ("2024-02-29", Some(19_782)),
            ("2027-07-01", Some(21_000)),
            ("9999-12-31", Some(2_932_896)),
            ("2026-11-23T00:00:00Z", Some(20_780)),
            ("2026-11-23T23:59:59Z", Some(20_780)),
            ("2026-11-23T23:59:59.999999999Z", Some(20_780)),
            ("2026-11-23t12:00:00z", Some(20_780)),
            ("2026-11-24T00:30:00+01:00", Some(20_780)),
            ("2026-11-23T23:30:00-01:00", Some(20_781)),
            ("2016-12-31T23:59:60Z", Some(17_166)),
            ("1969-12-31T23:30:00-01:00", Some(0)),
            ("1970-01-01T00:30:00+01:00", None),
            ("1969-12-31", None),
            ("0000-01-01", None),
            ("9999-12-31T23:30:00-01:00", None),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("2026-1-01", None),
            ("26-11-23", None),
            ("2026-11-23 ", None),
            ("2026-11-23T12:00:00", None),
            ("2026-11-23T12:00Z", None),
            ("20261123", None),
            ("2026-W48-1", None),
            ("２026-11-23", None),
            ("today", None),
            ("", None),
        ] {
            let day = number.map(|number| Day::new(number).unwrap());
            assert_eq!(parse_at(text), day.ok_or(Error::Date), "{text}");
        }
    }

    #[test]
    fn each_day_is_written_as_it_is_read() {
        for number in (0..=Day::MAX.number()).step_by(97).chain([Day::MAX.number()]) {
            let day = Day::new(number).unwrap();
            assert_eq!(parse_at(&format_day(day)), Ok(day));
            assert_eq!(day_of(date_of(day)), Some(day));
        }
    }
}
