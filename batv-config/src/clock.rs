//! The day that it is, and dates as people write them.

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
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| Error::Clock)?;
    i64::try_from(since.as_secs()).ok().and_then(|seconds| Day::from_unix_seconds(seconds).ok()).ok_or(Error::Clock)
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
    let date = day
        .number()
        .checked_add_signed(EPOCH)
        .and_then(|julian| i32::try_from(julian).ok())
        .and_then(|julian| Date::from_julian_day(julian).ok())
        // A `Day` is a date of the years 1970 to 9999, and `Date` has all of them.
        .unwrap_or(Date::MAX);
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}
