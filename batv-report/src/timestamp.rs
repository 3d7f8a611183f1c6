//! Times that journald and syslog write before a message.

use time::{Date, Month};

/// Julian day of 1970-01-01.
const EPOCH: i64 = 2_440_588;
/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// Times of a clock that is set, in the years 2000 to 9999. A computer without a battery starts in 1970.
pub(crate) const PLAUSIBLE: core::ops::Range<i64> = 946_684_800..253_402_300_800;
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
/// Years back in which a 29 February is looked for: 1896 and 1904 are the farthest apart that are leap years.
const MOST_YEARS: i32 = 8;

/// Parser of times, which adds the year that RFC 3164 leaves out.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Latest time at which a line was written.
    latest: i64,
    year: i32,
    /// Last day that was parsed: its text, and its beginning.
    last: Option<([u8; 6], i64)>,
}

impl Clock {
    /// Parser for times until `now`, in seconds since 1970-01-01 (UTC). Times without a zone may be ahead of it by as
    /// much as zones are.
    pub(crate) fn new(now: i64) -> Self {
        let latest = now.saturating_add(DAY);
        Self { latest, year: date(latest).map_or(1970, Date::year), last: None }
    }

    /// Time at the start of a line, `None` if its format has no usable one, and the number of its octets. `None` when
    /// there is no time.
    pub(crate) fn read(&mut self, line: &[u8]) -> Option<(Option<i64>, usize)> {
        match line {
            // `journalctl -o short-monotonic`
            [b'[', b' ' | b'0'..=b'9', ..] => {
                line.iter().take(32).position(|octet| *octet == b']').map(|end| (None, end + 1))
            }
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..] => {
                iso(line).map(|(time, length)| (Some(time), length))
            }
            [b'0'..=b'9', ..] => unix(line).map(|(time, length)| (Some(time), length)),
            // `journalctl -o short-full`: a day of the week before, a zone behind.
            [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', rest @ ..]
                if rest.first().is_some_and(|c| *c == b'1' || *c == b'2') && rest.get(4) == Some(&b'-') =>
            {
                iso(rest).map(|(time, length)| (Some(time), length + 4))
            }
            [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..] => self.rfc3164(line),
            _ => None,
        }
    }

    /// Parses `Nov 25 13:32:14`, in the latest year in which it is not in the future.
    fn rfc3164(&mut self, line: &[u8]) -> Option<(Option<i64>, usize)> {
        let day: [u8; 6] = *line.first_chunk()?;
        let (seconds, length) = clock_time(line.get(7..).filter(|_| line[6] == b' ')?)?;
        let begins = match self.last {
            Some((known, begins)) if known == day => begins,
            _ => self.begin_of(day)?,
        };
        self.last = Some((day, begins));
        Some((Some(begins + seconds), 7 + length))
    }

    fn begin_of(&self, [m, o, n, _, tens, ones]: [u8; 6]) -> Option<i64> {
        let month = MONTHS.iter().position(|name| **name == [m, o, n])?;
        let month = Month::January.nth_next(u8::try_from(month).ok()?);
        let day = two(if tens == b' ' { b'0' } else { tens }, ones)?.try_into().ok()?;
        let dates = (0..=MOST_YEARS).filter_map(|back| Date::from_calendar_date(self.year - back, month, day).ok());
        dates.map(begin_of_date).find(|begins| *begins <= self.latest)
    }
}

/// Parses `2026-11-25T13:32:14`, with `T` or a space, with or without a fraction and a zone; UTC without one.
fn iso(line: &[u8]) -> Option<(i64, usize)> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ', ..] = line else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let month = Month::try_from(u8::try_from(two(m1, m2)?).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(two(d1, d2)?).ok()?).ok()?;
    let (seconds, length) = clock_time(line.get(11..)?)?;
    let (offset, zone) = zone(line.get(11 + length..)?);
    Some((begin_of_date(date) + seconds - offset, 11 + length + zone))
}

/// Parses `13:32:14`, with or without a fraction, in seconds.
fn clock_time(text: &[u8]) -> Option<(i64, usize)> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2, ..] = text else { return None };
    let (hours, minutes, seconds) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    let fraction = match text.get(8) {
        Some(b'.' | b',') => 1 + text.iter().skip(9).take_while(|octet| octet.is_ascii_digit()).count(),
        _ => 0,
    };
    // There may be a leap second.
    (hours < 24 && minutes < 60 && seconds < 61).then_some((hours * 3600 + minutes * 60 + seconds, 8 + fraction))
}

/// Parses `Z`, `+0100` or `+01:00`, in seconds; UTC without one.
fn zone(text: &[u8]) -> (i64, usize) {
    let read = |sign: u8, [h1, h2, m1, m2]: [u8; 4], length| {
        let seconds = two(h1, h2)? * 3600 + two(m1, m2)? * 60;
        Some((if sign == b'-' { -seconds } else { seconds }, length))
    };
    let zone = match *text {
        [b'Z' | b'z', ..] => Some((0, 1)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] => read(sign, [h1, h2, m1, m2], 6),
        [sign @ (b'+' | b'-'), h1, h2, m1, m2, ..] => read(sign, [h1, h2, m1, m2], 5),
        _ => None,
    };
    zone.unwrap_or_default()
}

/// Parses `1764077534.123456`, of `journalctl -o short-unix`.
fn unix(line: &[u8]) -> Option<(i64, usize)> {
    let point = line.iter().take(12).position(|octet| *octet == b'.')?;
    let digits = line.iter().skip(point + 1).take_while(|octet| octet.is_ascii_digit()).count();
    Some((number(line.get(..point)?)?, point + 1 + digits))
}

/// Parses a number of at most 18 digits.
pub(crate) fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |number, octet| Some(number * 10 + digit(*octet)?))
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn digit(octet: u8) -> Option<i64> {
    octet.is_ascii_digit().then(|| i64::from(octet - b'0'))
}

fn begin_of_date(date: Date) -> i64 {
    (i64::from(date.to_julian_day()) - EPOCH) * DAY
}

/// Date of a second, in the years 0 to 9999.
fn date(seconds: i64) -> Option<Date> {
    let julian = seconds.div_euclid(DAY) + EPOCH;
    i32::try_from(julian).ok().and_then(|julian| Date::from_julian_day(julian).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25T13:32:14Z.
    const NOW: i64 = 1_795_613_534;

    #[test]
    fn times() {
        for (text, expected, length) in [
            ("2026-11-25T13:32:14+0000 mx batvd[1]: ", Some(NOW), 24),
            ("2026-11-25T13:32:14+00:00 mx", Some(NOW), 25),
            ("2026-11-25T14:32:14.123456+01:00 mx", Some(NOW), 32),
            ("2026-11-25T08:02:14-0530 mx", Some(NOW), 24),
            ("2026-11-25T13:32:14.5Z mx", Some(NOW), 22),
            ("2026-11-25 13:32:14 mx", Some(NOW), 19),
            ("Wed 2026-11-25 13:32:14 UTC mx", Some(NOW), 23),
            ("Nov 25 13:32:14 mx", Some(NOW), 15),
            ("Nov 25 13:32:14.987654 mx", Some(NOW), 22),
            // Of the zone of the log, which is ahead.
            ("Nov 26 03:32:14 mx", Some(NOW + 14 * 3600), 15),
            ("Nov 27 03:32:14 mx", Some(NOW + 38 * 3600 - 365 * DAY), 15),
            ("Jan  1 00:00:00 mx", Some(1_767_225_600), 15),
            ("Dec 31 23:59:60 mx", Some(1_767_225_600), 15),
            ("Feb 29 00:00:00 mx", Some(1_709_164_800), 15),
            ("1795613534.123456 mx", Some(NOW), 17),
            ("[   12.345678] mx", None, 14),
            ("0000-01-01T00:00:00Z mx", Some(-62_167_219_200), 20),
        ] {
            assert_eq!(Clock::new(NOW).read(text.as_bytes()), Some((expected, length)), "{text}");
        }
        for text in [
            "",
            "I",
            "INFO judged",
            "judged",
            "Nov",
            "Nov 25",
            "Nov 25 13:32",
            "Nov 31 00:00:00",
            "Foo 25 13:32:14",
            "Nov 2x 13:32:14",
            "2026-11-25",
            "2026-13-25T13:32:14Z",
            "2026-02-29T00:00:00Z",
            "2026-11-25T24:00:00Z",
            "2026-11-25T13:60:00Z",
            "1795613534",
            "99999999999999999.1",
            "[",
            "[12",
            "Wed 2026",
            " Nov 25 13:32:14",
        ] {
            assert_eq!(Clock::new(NOW).read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn clocks_that_stand_anywhere() {
        for now in [i64::MIN, -1, 0, 1, i64::MAX] {
            let _ = Clock::new(now).read(b"Feb 29 00:00:00 mx");
        }
    }
}
