//! Charts in SVG. Bars stretch with the page; the labels of the axes are text beside them, so that they never shrink.

use alloc::borrow::Cow;
use core::fmt::{self, Write};

use crate::figures::Step;
use crate::format::{Number, day, minute};
use crate::tally::{Column, Tally};

/// Fewest steps that are drawn: fewer bars would be too wide.
const FEWEST: usize = 12;
/// Width of a step, and of its bar, in units of the drawing.
const STEP: usize = 10;
const BAR: usize = 8;
/// Height of the chart, and the least height of a bar, one pixel, in units of the drawing.
const HEIGHT: u64 = 1000;
const LEAST: u64 = 6;

/// Series of the chart, from bottom to top: column, label, and class of the colour.
pub(super) const SERIES: [(Column, &str, &str); 7] = [
    (Column::Genuine, "Genuine", "c-genuine"),
    (Column::NotJudged, "Not judged", "c-not-judged"),
    (Column::Undecided, "Undecided", "c-undecided"),
    (Column::Asked, "Asked", "c-asked"),
    (Column::Other, "Other", "c-other"),
    (Column::Unverified, "Unverified", "c-unverified"),
    (Column::Disproved, "Disproved", "c-disproved"),
];

/// Series that are not empty.
pub(super) fn series<'t>(
    tallies: impl Iterator<Item = &'t Tally> + Clone,
) -> impl Iterator<Item = (Column, &'static str, &'static str)> {
    SERIES.into_iter().filter(move |(column, ..)| tallies.clone().any(|tally| tally.of(*column) > 0))
}

/// Square in a colour, for the legend.
pub(super) fn key(class: &str) -> String {
    format!(
        "<svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"{class}\" width=\"10\" height=\"10\"/></svg>"
    )
}

/// Chart of decisions by verdict, and below it, on its own scale, of mail that left with a tag.
pub(super) fn decisions(out: &mut String, steps: &[Step], seconds: i64, step: &str) -> fmt::Result {
    out.write_str("<figure>\n<ul class=\"legend\">")?;
    let shown: Vec<_> = series(steps.iter().map(|step| &step.tally)).collect();
    for (_, name, class) in &shown {
        write!(out, "<li>{}{name}</li>", key(class))?;
    }
    out.write_str("</ul>\n")?;
    let bars = |step: &Step| -> Vec<(u64, &'static str)> {
        shown.iter().map(|(column, _, class)| (step.tally.of(*column), *class)).collect()
    };
    let total: u64 = steps.iter().map(|step| step.tally.total()).sum();
    let title = format!("Decisions by verdict, {} in all, a bar for each {step}", Number(total));
    chart(out, "decisions", &title, steps, seconds, bars, |step| {
        let parts = shown.iter().map(|(column, name, _)| (step.tally.of(*column), *name));
        parts.filter(|(count, _)| *count > 0).map(|(count, name)| format!("{} {name}", Number(count))).collect()
    })?;
    let tagged: u64 = steps.iter().map(|step| step.tagged).sum();
    if tagged > 0 {
        let title = format!("Messages that left with a tag, {} in all, a bar for each {step}", Number(tagged));
        writeln!(out, "<p class=\"legend\">{}Messages that left with a tag</p>", key("c-tagged"))?;
        chart(
            out,
            "tagged",
            &title,
            steps,
            seconds,
            |step| vec![(step.tagged, "c-tagged")],
            |step| vec![format!("{} left with a tag", Number(step.tagged))],
        )?;
    }
    out.write_str("</figure>\n")
}

fn chart(
    out: &mut String,
    id: &str,
    title: &str,
    steps: &[Step],
    seconds: i64,
    bars: impl Fn(&Step) -> Vec<(u64, &'static str)>,
    words: impl Fn(&Step) -> Vec<String>,
) -> fmt::Result {
    let drawn = steps.len().max(FEWEST);
    let highest = steps.iter().map(|step| bars(step).iter().map(|(count, _)| count).sum()).max().unwrap_or_default();
    let top = nice(highest);
    write!(
        out,
        "<div class=\"chart {id}\"><div class=\"y\" aria-hidden=\"true\"><span>{}</span><span>{}</span><span>0</span></div>\
         <svg viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"{id}-title\">\
         <title id=\"{id}-title\">{title}</title>",
        Number(top),
        Number(top / 2),
        drawn * STEP,
    )?;
    for height in [0, HEIGHT / 2, HEIGHT] {
        write!(out, "<path class=\"grid\" d=\"M0 {height}H{}\"/>", drawn * STEP)?;
    }
    for (index, step) in steps.iter().enumerate() {
        let bars = bars(step);
        if bars.iter().all(|(count, _)| *count == 0) {
            continue;
        }
        write!(out, "<g><title>{} UTC: {}</title>", label(step.from, seconds), words(step).join(", "))?;
        let mut bottom = HEIGHT;
        for (count, class) in bars.into_iter().filter(|(count, _)| *count > 0) {
            let height = scaled(count, top).max(LEAST).min(bottom);
            bottom -= height;
            write!(
                out,
                "<rect class=\"{class}\" x=\"{}\" y=\"{bottom}\" width=\"{BAR}\" height=\"{height}\"/>",
                index * STEP + (STEP - BAR) / 2,
            )?;
        }
        out.write_str("</g>")?;
    }
    out.write_str("</svg><div class=\"x\" aria-hidden=\"true\">")?;
    let first = steps.first().and_then(|step| step.from);
    for quarter in 0..=4_usize {
        let index = (drawn - 1) * quarter / 4;
        let at = first.zip(i64::try_from(index).ok()).map(|(first, index)| first + index * seconds);
        let wide = if quarter % 2 == 1 { " class=\"wide\"" } else { "" };
        write!(out, "<span{wide}>{}</span>", label(at, seconds))?;
    }
    out.write_str("</div></div>\n")
}

/// Bar by itself, as long as its share of the largest.
pub(super) fn share(out: &mut String, tally: &Tally, largest: u64) -> fmt::Result {
    write!(out, "<svg class=\"share\" viewBox=\"0 0 {HEIGHT} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")?;
    let mut left = 0;
    for (column, _, class) in SERIES {
        let count = tally.of(column);
        if count > 0 {
            let width = scaled(count, largest).max(LEAST);
            write!(out, "<rect class=\"{class}\" x=\"{left}\" width=\"{width}\" height=\"10\"/>")?;
            left += width;
        }
    }
    out.write_str("</svg>")
}

/// Bar in one colour.
pub(super) fn plain_share(out: &mut String, count: u64, largest: u64, class: &str) -> fmt::Result {
    write!(
        out,
        "<svg class=\"share\" viewBox=\"0 0 {HEIGHT} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"{class}\" width=\"{}\" height=\"10\"/></svg>",
        scaled(count, largest).max(LEAST)
    )
}

fn scaled(count: u64, largest: u64) -> u64 {
    let scaled = u128::from(count) * u128::from(HEIGHT) / u128::from(largest.max(1));
    u64::try_from(scaled).unwrap_or(HEIGHT).min(HEIGHT)
}

/// Least even number of one or two digits and zeros that is not smaller: its half is whole.
fn nice(highest: u64) -> u64 {
    let mut ten = 1_u64;
    loop {
        for factor in [2, 4, 6, 8, 10, 12, 16] {
            let top = ten.saturating_mul(factor);
            if top >= highest {
                return top;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

/// Beginning of a step, as short as distinct labels allow.
fn label(at: Option<i64>, seconds: i64) -> Cow<'static, str> {
    match at {
        Some(at) if seconds < crate::timestamp::DAY => minute(at).get(5..).unwrap_or_default().to_owned().into(),
        Some(at) => day(at).into(),
        None => "".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes() {
        let tops = [0, 1, 2, 3, 5, 11, 41, 99, 101, 5000, u64::MAX].map(nice);
        assert_eq!(tops, [2, 2, 2, 4, 6, 12, 60, 100, 120, 6000, u64::MAX]);
        assert_eq!([scaled(1, 0), scaled(u64::MAX, u64::MAX), scaled(1, 3)], [1000, 1000, 333]);
    }
}
