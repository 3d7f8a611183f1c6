//! Numbers, times and sentences for people. Times are of UTC.

use core::fmt;

use batv_core::Day;

use crate::tally::{Column, Tally};
use crate::timestamp::{DAY, date};

/// `1,234`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index) % 3 == 0 {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

/// `2026-11-25`.
pub(crate) fn day(seconds: i64) -> String {
    date(seconds).map_or_else(
        || "?".to_owned(),
        |date| {
            let (year, month, day) = date.to_calendar_date();
            format!("{year:04}-{:02}-{day:02}", u8::from(month))
        },
    )
}

/// The date of a day.
pub(crate) fn date_of(date: Day) -> String {
    day(i64::from(date.number()) * DAY)
}

/// `2026-11-25 13:32`.
pub(crate) fn minute(seconds: i64) -> String {
    let within = seconds.rem_euclid(DAY);
    format!("{} {:02}:{:02}", day(seconds), within / 3600, within / 60 % 60)
}

/// `2026-11-25T13:32:14Z` (RFC 3339).
pub(crate) fn rfc3339(seconds: i64) -> String {
    let within = seconds.rem_euclid(DAY);
    format!("{}T{:02}:{:02}:{:02}Z", day(seconds), within / 3600, within / 60 % 60, within % 60)
}

/// How long, in the largest unit of which there are two: `7 days`, `36 hours`.
pub(crate) fn span(seconds: i64) -> String {
    let (unit, number) = [("days", DAY), ("hours", 3600), ("minutes", 60)]
        .into_iter()
        .map(|(unit, length)| (unit, (seconds + length / 2) / length))
        .find(|(_, number)| *number >= 2)
        .unwrap_or(("seconds", seconds));
    match (unit, number) {
        (unit, 1) => format!("1 {}", &unit[..unit.len() - 1]),
        (unit, number) => format!("{} {unit}", Number(number.unsigned_abs())),
    }
}

/// How long a step is: `day`, `15 minutes`.
pub(crate) fn step(seconds: i64) -> String {
    match seconds {
        60 => "minute".to_owned(),
        3600 => "hour".to_owned(),
        DAY => "day".to_owned(),
        604_800 => "week".to_owned(),
        seconds => span(seconds),
    }
}

/// What came, in plain words, and what mode `reject` would have made of it.
pub(crate) fn headline(period: Option<(i64, i64)>, answers: &Tally, decisions: &Tally, tagged: u64) -> Vec<String> {
    let when = match period {
        Some((first, last)) if last - first >= 2 * DAY => {
            format!("In the {} from {} to {}", span(last - first), day(first), day(last))
        }
        Some((first, last)) => format!("From {} to {}", minute(first), minute(last)),
        None => "In this log".to_owned(),
    };
    let total = answers.total();
    let mut sentences = vec![match total {
        0 => format!("{when} no bounce came."),
        1 => format!("{when} 1 bounce or automatic answer came: {}.", shares(answers)),
        total => format!("{when} {} bounces and automatic answers came: {}.", Number(total), shares(answers)),
    }];
    if decisions.refused > 0 {
        sentences.push(format!("{} refused.", was_were(decisions.refused)));
    }
    sentences.push(match decisions.refusable {
        0 if decisions.total() == 0 => String::new(),
        0 => "Of what was taken, mode reject would have refused nothing.".to_owned(),
        refusable => format!("Of what was taken, mode reject would have refused {}.", Number(refusable)),
    });
    sentences.push(match tagged {
        0 => "The log tells of no message that left with a tag.".to_owned(),
        1 => "1 message left with a tag.".to_owned(),
        tagged => format!("{} messages left with a tag.", Number(tagged)),
    });
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn was_were(number: u64) -> String {
    if number == 1 { "1 was".to_owned() } else { format!("{} were", Number(number)) }
}

/// `1,100 were genuine, 120 were not ours and 14 proved nothing`.
fn shares(answers: &Tally) -> String {
    let parts: Vec<_> = [
        (Column::Genuine, "genuine"),
        (Column::Disproved, "not ours"),
        (Column::Unverified, "not proved"),
        (Column::NotJudged, "not for BATV to judge"),
        (Column::Undecided, "put off"),
        (Column::Other, "something else"),
    ]
    .into_iter()
    .filter(|(column, _)| answers.of(*column) > 0)
    .map(|(column, words)| (answers.of(column), words))
    .collect();
    let mut text = String::new();
    for (index, (count, words)) in parts.iter().enumerate() {
        let before = match index {
            0 => "",
            _ if index + 1 == parts.len() => " and ",
            _ => ", ",
        };
        // Said once, for all.
        let count = if index == 0 { was_were(*count) } else { Number(*count).to_string() };
        text.push_str(&format!("{before}{count} {words}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Fate;

    #[test]
    fn numbers_and_times() {
        assert_eq!(
            [0, 12, 999, 1000, 123_456, 1_234_567].map(|n| Number(n).to_string()).join(" "),
            "0 12 999 1,000 123,456 1,234,567"
        );
        assert_eq!(format!("{:>7}", Number(1234)), "  1,234");
        assert_eq!(minute(1_795_613_534), "2026-11-25 13:32");
        assert_eq!(rfc3339(1_795_613_534), "2026-11-25T13:32:14Z");
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "2 minutes"),
            (89, "89 seconds"),
            (7200, "2 hours"),
            (36 * 3600, "2 days"),
            (30 * 3600, "30 hours"),
            (604_800, "7 days"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(
            [60, 300, 3600, 14_400, DAY, 604_800].map(step).join(", "),
            "minute, 5 minutes, hour, 4 hours, day, week"
        );
    }

    #[test]
    fn headlines() {
        let mut tally = Tally::default();
        (0..1100).for_each(|_| tally.count(Column::Genuine, Fate::Taken));
        (0..120).for_each(|_| tally.count(Column::Disproved, Fate::Refusable));
        tally.count(Column::Unverified, Fate::Refused);
        assert_eq!(
            headline(Some((1_795_008_734, 1_795_613_534)), &tally, &tally, 2345).join(" "),
            "In the 7 days from 2026-11-18 to 2026-11-25 1,221 bounces and automatic answers came: 1,100 were genuine, \
             120 not ours and 1 not proved. 1 was refused. Of what was taken, mode reject would have refused 120. \
             2,345 messages left with a tag."
        );
        assert_eq!(
            headline(None, &Tally::default(), &Tally::default(), 0).join(" "),
            "In this log no bounce came. The log tells of no message that left with a tag."
        );
    }
}
