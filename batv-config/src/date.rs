//! Today, and dates of RFC 3339.

use std::time::{SystemTime, UNIX_EPOCH};

use batv_core::Day;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Error of reading a date or the clock.
///
/// ```
/// use batv_config::date;
///
/// let error = date::parse("tomorrow").unwrap_err();
/// assert_eq!(error.to_string(), "not a date of RFC 3339 from 1970-01-01 on, such as 2026-11-23");
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DateError {
    /// Clock that is far off.
    #[error("the clock of the system is not between 1970-01-01 and 9999-12-31")]
    Clock,
    /// Text that is not a date.
    #[error("not a date of RFC 3339 from 1970-01-01 on, such as 2026-11-23")]
    Text,
}

/// Today in UTC, by the clock of the system.
///
/// # Errors
/// [`DateError::Clock`] when the clock is before 1970 or after 9999.
///
/// ```
/// use batv_config::date;
///
/// assert!(date::today()?.number() > 20_000);
/// # Ok::<(), date::DateError>(())
/// ```
pub fn today() -> Result<Day, DateError> {
    Day::from_unix_seconds(now()?).map_err(|_| DateError::Clock)
}

/// Seconds since 1970-01-01 (UTC), by the clock of the system.
///
/// # Errors
/// [`DateError::Clock`] when the clock is before 1970.
///
/// ```
/// use batv_config::date;
///
/// assert!(date::now()? > 1_700_000_000);
/// # Ok::<(), date::DateError>(())
/// ```
pub fn now() -> Result<i64, DateError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| DateError::Clock)?;
    i64::try_from(since.as_secs()).map_err(|_| DateError::Clock)
}

/// Day of a date or date-time of RFC 3339. A date is that day in UTC; a date-time counts for its day in UTC.
///
/// # Errors
/// [`DateError::Text`] for any other text, and for a day not between 1970-01-01 and 9999-12-31.
///
/// ```
/// use batv_config::date;
///
/// assert_eq!(date::parse("2026-11-23")?.number(), 20_780);
/// assert_eq!(date::parse("2026-11-23T23:30:00-01:00")?.number(), 20_781);
/// assert!(date::parse("tomorrow").is_err());
/// # Ok::<(), date::DateError>(())
/// ```
pub fn parse(text: &str) -> Result<Day, DateError> {
    text.parse().or_else(|_| {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| DateError::Text)?;
        Day::from_unix_seconds(moment.unix_timestamp()).map_err(|_| DateError::Text)
    })
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
            assert_eq!(parse(text), day.ok_or(DateError::Text), "{text}");
        }
    }
}
