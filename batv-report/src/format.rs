//! Numbers, times and sentences for people. Times are in UTC.

use core::cmp::Reverse;
use core::fmt;

use batv_core::Day;
use batv_core::envelope::Reason;
use serde::{Serialize, Serializer};

use crate::report::Report;
use crate::tally::{Column, Tally};
use crate::timestamp::DAY;

/// Number such as `1,234`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

/// Day such as `2026-11-25`.
pub(crate) fn day(seconds: i64) -> String {
    Day::from_unix_seconds(seconds).map_or_else(|_| "?".to_owned(), |day| day.to_string())
}

/// Time such as `2026-11-25 13:32`.
pub(crate) fn minute(seconds: i64) -> String {
    let within = seconds.rem_euclid(DAY);
    format!("{} {:02}:{:02}", day(seconds), within / 3600, within / 60 % 60)
}

/// Time such as `2026-11-25T13:32:14Z` (RFC 3339).
pub(crate) fn rfc3339(seconds: i64) -> String {
    let within = seconds.rem_euclid(DAY);
    format!("{}T{:02}:{:02}:{:02}Z", day(seconds), within / 3600, within / 60 % 60, within % 60)
}

/// Writes a time in a field of JSON.
pub(crate) fn time<S: Serializer>(seconds: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    seconds.map(rfc3339).serialize(serializer)
}

/// Duration in the largest unit of which there are two: `7 days`, `36 hours`.
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

/// How long the daemon has been running.
pub(crate) fn uptime(seconds: Option<u64>) -> Option<String> {
    i64::try_from(seconds?).ok().map(span)
}

/// Length of a step: `day`, `15 minutes`.
pub(crate) fn step(seconds: i64) -> String {
    match seconds {
        60 => "minute".to_owned(),
        3600 => "hour".to_owned(),
        DAY => "day".to_owned(),
        604_800 => "week".to_owned(),
        seconds => span(seconds),
    }
}

/// Summary in sentences: bounces that came, and those that mode `reject` would have refused. `since` is the beginning
/// of the count; without it the report is of a log.
pub(crate) fn headline(report: &Report, since: Option<i64>) -> Vec<String> {
    let Report { period, answers, decisions, .. } = report;
    let tagged = report.tagged();
    let when = match *period {
        Some((first, last)) if last - first >= 2 * DAY => {
            format!("In the {} from {} to {},", span(last - first), day(first), day(last))
        }
        Some((first, last)) => format!("From {} to {},", minute(first), minute(last)),
        None => since.map_or_else(|| "In this log,".to_owned(), |since| format!("Since {},", minute(since))),
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
        refusable => {
            format!("Of what was taken, mode reject would have refused {}: {}.", Number(refusable), causes(report))
        }
    });
    sentences.push(match tagged {
        0 if since.is_some() => "No message was seen to leave with a tag.".to_owned(),
        0 => "The log tells of no message that left with a tag.".to_owned(),
        1 => "1 message left with a tag.".to_owned(),
        tagged => format!("{} messages left with a tag.", Number(tagged)),
    });
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Causes of refusals: `189 returned messages that are not ours and 65 came to a forged tag`.
fn causes(report: &Report) -> String {
    let reasons = Reason::ALL.iter().copied().map(cause).chain(["had another reason"]);
    let tallies = report.reasons.iter().map(|(_, tally)| tally);
    let mut causes: Vec<_> = reasons.zip(tallies).filter(|(_, tally)| tally.refusable > 0).collect();
    causes.sort_by_key(|(_, tally)| Reverse(tally.refusable));
    match causes[..] {
        [(cause, tally)] if tally.refusable > 1 => format!("all of them {cause}"),
        [(cause, _)] => format!("it {}", one(cause)),
        _ => list(causes.iter().map(|(cause, tally)| format!("{} {cause}", Number(tally.refusable)))),
    }
}

const fn cause(reason: Reason) -> &'static str {
    match reason {
        Reason::BackscatterDisproved => "returned messages that are not ours",
        Reason::BackscatterUnverified => "returned messages of which nothing proves that they are ours",
        Reason::NonnullBackscatter => "returned messages that are not ours, and had a sender",
        Reason::TagForged => "came to a forged tag",
        Reason::TagExpired => "came to a tag that had long expired",
        Reason::TaggedBad => "were other mail to a forged tag",
        Reason::Untagged => "had no tag, and were not read",
        Reason::SrsForged => "came to an SRS address that we didn't make",
        Reason::SrsExpired => "came to an SRS address that is too old",
        Reason::SrsNotBounce => "were other mail to an SRS address",
        reason => reason.words(),
    }
}

/// Words of a cause in the singular.
fn one(words: &str) -> String {
    words
        .replace("were", "was")
        .replace("messages that are", "a message that is")
        .replace("messages of which nothing proves that they are", "a message of which nothing proves that it is")
}

/// List such as `a, b and c`.
fn list(parts: impl IntoIterator<Item = String>) -> String {
    let mut parts: Vec<_> = parts.into_iter().collect();
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) }
}

fn was_were(number: u64) -> String {
    if number == 1 { "1 was".to_owned() } else { format!("{} were", Number(number)) }
}

/// Shares of the verdicts: `1,100 were genuine, 120 not ours and 14 not proved`.
fn shares(answers: &Tally) -> String {
    let parts = [
        (Column::Genuine, "genuine"),
        (Column::Disproved, "not ours"),
        (Column::Unverified, "not proved"),
        (Column::NotJudged, "not for BATV to judge"),
        (Column::Undecided, "deferred"),
        (Column::Other, "something else"),
    ];
    let parts = parts.into_iter().map(|(column, words)| (answers.of(column), words)).filter(|(count, _)| *count > 0);
    // The first part has the verb for all.
    list(parts.enumerate().map(|(index, (count, words))| match index {
        0 => format!("{} {words}", was_were(count)),
        _ => format!("{} {words}", Number(count)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Outcome;
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
        let mut report = Report { period: Some((1_795_008_734, 1_795_613_534)), ..Report::default() };
        let mut count = |times: u32, column, reason: Reason, fate| {
            for _ in 0..times {
                report.answers.count(column, fate);
                report.decisions.count(column, fate);
                report.reasons.at(reason as usize).count(column, fate);
            }
        };
        count(1100, Column::Genuine, Reason::TagOk, Fate::Taken);
        count(3, Column::Disproved, Reason::TagForged, Fate::Refusable);
        count(117, Column::Disproved, Reason::BackscatterDisproved, Fate::Refusable);
        count(1, Column::Unverified, Reason::TagExpired, Fate::Refused);
        count(2, Column::Disproved, Reason::SrsForged, Fate::Refusable);
        report.departures[Outcome::Tagged as usize] = 2345;
        assert_eq!(
            headline(&report, None).join(" "),
            "In the 7 days from 2026-11-18 to 2026-11-25, 1,223 bounces and automatic answers came: 1,100 were genuine, \
             122 not ours and 1 not proved. 1 was refused. Of what was taken, mode reject would have refused 122: 117 \
             returned messages that are not ours, 3 came to a forged tag and 2 came to an SRS address that we didn't make. 2,345 messages left with a tag."
        );
        assert_eq!(
            headline(&Report::default(), None).join(" "),
            "In this log, no bounce came. The log tells of no message that left with a tag."
        );
        assert_eq!(
            headline(&Report::default(), Some(1_795_613_534)).join(" "),
            "Since 2026-11-25 13:32, no bounce came. No message was seen to leave with a tag."
        );
    }
}
