//! Report as text for terminals: 80 columns, no colour.

use core::fmt::{self, Write};

use crate::figures::{Figures, Page, Row, Shape, Step};
use crate::format::{minute, step, uptime};
use crate::health::Health;
use crate::tally::{Column, Tally};
use crate::timestamp::DAY;

const WIDTH: usize = 80;
/// Largest number of rows of time, domains and networks.
const MOST_ROWS: i64 = 24;
const MOST_NAMES: usize = 12;
const MOST_SAMPLES: usize = 20;
const NAME: usize = 24;
const HEADS: &str = "genuine unverif disprov   other   asked refused reject?";

/// Renders the report as text.
///
/// ```
/// use batv_report::{Page, Report, text};
///
/// let text = text::render(&Page::new(&Report::default()));
/// assert_eq!(text.lines().nth(2), Some("In this log, no bounce came. The log tells of no message that left with a tag."));
/// ```
#[must_use]
pub fn render(page: &Page<'_>) -> String {
    let mut out = String::new();
    // A `String` takes all that is written.
    let _ = write_report(&mut out, &Figures::of(page));
    out
}

fn write_report(out: &mut String, figures: &Figures) -> fmt::Result {
    match &*figures.name {
        "" => writeln!(out, "BATV report")?,
        name => writeln!(out, "BATV report of {name}")?,
    }
    out.write_str("\n")?;
    wrap(out, "", &figures.headline.join(" "))?;
    for notice in &figures.notices {
        wrap(out, "! ", notice)?;
    }
    if let Some(since) = figures.counted_since {
        writeln!(out, "Counted since {} UTC.", minute(since))?;
    }
    over_time(out, figures)?;
    rows(out, "DOMAIN", &figures.domains, MOST_NAMES)?;
    rows(out, "MODE", &figures.modes, MOST_NAMES)?;
    rows(out, "REASON", &figures.reasons, usize::MAX)?;
    rows(out, "CLASS", &figures.classes, usize::MAX)?;
    rows(out, "PROTOCOL", &figures.listeners, usize::MAX)?;
    samples(out, &figures.samples)?;
    senders(out, figures)?;
    signing(out, figures)?;
    if let Some(state) = &figures.health {
        health(out, state)?;
    }
    if figures.decisions.total() > 0 {
        out.write_str("\n")?;
        wrap(
            out,
            "",
            "reject?: of what was taken, what mode reject would have refused. asked: a null sender without a message.",
        )?;
    }
    if let Some(lines) = figures.lines {
        out.write_str("\n")?;
        wrap(out, "", &lines.sentence())?;
    }
    Ok(())
}

/// Breaks a sentence before the last column.
fn wrap(out: &mut String, before: &str, text: &str) -> fmt::Result {
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.write_str("\n")?;
            column = 0;
        }
        if column == 0 {
            out.write_str(before)?;
            column = before.len();
        } else {
            out.write_str(" ")?;
            column += 1;
        }
        out.write_str(word)?;
        column += length;
    }
    out.write_str("\n")
}

fn over_time(out: &mut String, figures: &Figures) -> fmt::Result {
    let steps = &figures.time.steps;
    let Some((first, last)) = steps.first().zip(steps.last()).and_then(|(first, last)| first.from.zip(last.from))
    else {
        return Ok(());
    };
    let seconds = together(figures.time.step_seconds, first, last);
    head(out, &format!("FROM (UTC), BY {}", step(seconds).to_uppercase()))?;
    let begin = |step: &Step| step.from.unwrap_or_default().div_euclid(seconds) * seconds;
    for steps in steps.chunk_by(|one, other| begin(one) == begin(other)) {
        let mut tally = Tally::default();
        steps.iter().for_each(|step| tally += step.tally);
        row(out, &steps.first().map(begin).map(minute).unwrap_or_default(), &tally)?;
    }
    Ok(())
}

/// Seconds of a row, in units that people use, from the beginning of a day or a week: so that there are few rows.
fn together(step: i64, first: i64, last: i64) -> i64 {
    let lengths = [60, 300, 900, 3600, 2 * 3600, 4 * 3600, 12 * 3600, DAY, 2 * DAY].into_iter();
    let weeks = core::iter::successors(Some(7 * DAY), |weeks| weeks.checked_mul(2));
    // The first one may be a part of one.
    let rows = |length: i64| last.div_euclid(length) - first.div_euclid(length) + 1;
    lengths.chain(weeks).find(|length| length % step == 0 && rows(*length) <= MOST_ROWS + 1).unwrap_or(step)
}

fn head(out: &mut String, name: &str) -> fmt::Result {
    writeln!(out, "\n{name:<NAME$} {HEADS}")
}

fn rows(out: &mut String, name: &str, rows: &[Row], most: usize) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    head(out, name)?;
    let (first, rest) = rows.split_at(rows.len().min(most));
    for named in first {
        match named.mode {
            Some(mode) => row(out, &format!("{} ({mode})", named.name), &named.tally)?,
            None => row(out, &named.name, &named.tally)?,
        }
    }
    if !rest.is_empty() {
        let mut tally = Tally::default();
        rest.iter().for_each(|named| tally += named.tally);
        row(out, &format!("{} smaller ones", rest.len()), &tally)?;
    }
    Ok(())
}

fn row(out: &mut String, name: &str, tally: &Tally) -> fmt::Result {
    if name.chars().count() > NAME {
        writeln!(out, "{name}")?;
        write!(out, "{:NAME$}", "")?;
    } else {
        write!(out, "{name:<NAME$}")?;
    }
    let others = [Column::NotJudged, Column::Undecided, Column::Other].map(|column| tally.of(column)).iter().sum();
    for count in [
        tally.of(Column::Genuine),
        tally.of(Column::Unverified),
        tally.of(Column::Disproved),
        others,
        tally.of(Column::Asked),
        tally.refused,
        tally.refusable,
    ] {
        match count {
            0 => write!(out, " {:>7}", "-")?,
            count => write!(out, " {count:>7}")?,
        }
    }
    out.write_str("\n")
}

fn samples(out: &mut String, samples: &[Shape]) -> fmt::Result {
    if samples.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nTHE LATEST THAT WERE REFUSED, OR THAT MODE REJECT WOULD HAVE REFUSED")?;
    for sample in samples.iter().take(MOST_SAMPLES) {
        let Shape { reason, from, to, client, mode, .. } = sample;
        let time = sample.time.map(minute).unwrap_or_else(|| "at some time".to_owned());
        let fate = if sample.refused { "refused" } else { "taken" };
        let class = sample.class.as_deref().map(|class| format!(", {class}")).unwrap_or_default();
        writeln!(out, "{time}  {reason}{class}, {mode}: {fate}")?;
        writeln!(out, "                  {from} to {to}, from {client}")?;
    }
    if samples.len() > MOST_SAMPLES {
        writeln!(out, "… and {} earlier ones: --html or --json has them", samples.len() - MOST_SAMPLES)?;
    }
    Ok(())
}

fn senders(out: &mut String, figures: &Figures) -> fmt::Result {
    let networks = &figures.backscatter.networks;
    if networks.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{:<NAME$} {:>7}", "BACKSCATTER FROM", "bounces")?;
    for network in networks.iter().take(MOST_NAMES) {
        write!(out, "{:<NAME$} {:>7}", network.network, network.at_most)?;
        match network.at_least {
            least if least == network.at_most => out.write_str("\n")?,
            least => writeln!(out, ", at least {least}")?,
        }
    }
    Ok(())
}

fn signing(out: &mut String, figures: &Figures) -> fmt::Result {
    let outcomes: Vec<_> = figures.signing.outcomes.iter().filter(|outcome| outcome.count > 0).collect();
    if outcomes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{:<NAME$} {:>7}", "MAIL THAT LEAVES", "senders")?;
    for outcome in outcomes {
        writeln!(out, "{:<NAME$} {:>7}", outcome.name, outcome.count)?;
    }
    for key in &figures.signing.keys {
        writeln!(out, "{:<NAME$} {:>7}", format!("  tags of key {}", key.id), key.count)?;
    }
    Ok(())
}

fn health(out: &mut String, state: &Health) -> fmt::Result {
    writeln!(out, "\nTHE DAEMON")?;
    let uptime = uptime(state.uptime).unwrap_or_else(|| "a while".to_owned());
    writeln!(out, "version {}, running for {uptime}", state.version)?;
    for key in &state.keys {
        let id = key.id.map(|id| format!(" {id}")).unwrap_or_default();
        let mut line = format!("{} key{id}: {}", key.key_use, key.state);
        for (words, day) in
            [("since", key.created), ("to be replaced on", key.next_rotation), ("last tag valid to", key.last_valid)]
        {
            line.extend(day.map(|day| format!(", {words} {day}")));
        }
        wrap(out, "", &line)?;
    }
    for listener in &state.listeners {
        let is = if listener.is_missing { "gone" } else { "listens" };
        writeln!(out, "{} on {}: {is}, {} connections", listener.protocol, listener.address, listener.connections)?;
    }
    if let Some(store) = &state.store {
        writeln!(out, "store: {}, {}", store.kind, if store.is_up { "up" } else { "down" })?;
    }
    if let Some(sandbox) = &state.sandbox {
        writeln!(out, "sandbox: {sandbox}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::report::Report;

    /// Heading of the times, and the rows below it.
    fn rows(begin: i64, span: i64) -> (String, Vec<(String, u64)>) {
        let mut report = Report::default();
        let line = "judged listener=line queue_id=\"\" client=local from=<> to=alice@example.com verdict=genuine reason=tag-ok \
            disposition=accept mode=observe at=data";
        for number in 0..=1000 {
            report.add(&Event { time: Some(begin + span * number / 1000), ..Event::parse(line).unwrap() });
        }
        let text = render(&Page::new(&report));
        let mut lines = text.lines().skip_while(|line| !line.starts_with("FROM (UTC), BY "));
        let head = lines.next().unwrap().strip_suffix(HEADS).unwrap().trim();
        let head = head.strip_prefix("FROM (UTC), BY ").unwrap().to_owned();
        let row =
            |line: &str| (line[..16].to_owned(), line[NAME..].split_whitespace().next().unwrap().parse().unwrap());
        (head, lines.take_while(|line| !line.is_empty()).map(row).collect())
    }

    #[test]
    fn rows_are_as_long_as_their_heading_says() {
        // 2026-11-25T13:32:14Z, a Wednesday.
        let begin = 1_795_613_534;
        for (span, head, first, second) in [
            (600, "MINUTE", "2026-11-25 13:32", "2026-11-25 13:33"),
            (199 * 60, "15 MINUTES", "2026-11-25 13:30", "2026-11-25 13:45"),
            (2 * DAY - 900, "2 HOURS", "2026-11-25 12:00", "2026-11-25 14:00"),
            (7 * DAY, "12 HOURS", "2026-11-25 12:00", "2026-11-26 00:00"),
            (20 * DAY, "DAY", "2026-11-25 00:00", "2026-11-26 00:00"),
            (100 * DAY, "WEEK", "2026-11-19 00:00", "2026-11-26 00:00"),
            (300 * DAY, "14 DAYS", "2026-11-19 00:00", "2026-12-03 00:00"),
        ] {
            let (found, rows) = rows(begin, span);
            assert_eq!(found, head, "{rows:?}");
            assert_eq!((&*rows[0].0, &*rows[1].0), (first, second), "{rows:?}");
            assert_eq!(rows.iter().map(|(_, count)| count).sum::<u64>(), 1001);
        }
        for step in (0..20).map(|power| (7 * DAY) << power) {
            assert!(together(step, 0, 200 * step) >= step);
        }
    }
}
