//! Tables of the page.

use core::fmt::{self, Write};

use super::chart;
use super::escape::Text;
use crate::figures::{Figures, Outcomes, Row, Shape, Step};
use crate::format::{Number, minute};
use crate::tally::Tally;

/// Rows that are shown at first; the rest can be unfolded.
const FIRST: usize = 12;

/// Starts a section with its heading.
pub(super) fn section(out: &mut String, id: &str, heading: &str) -> fmt::Result {
    writeln!(out, "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\" tabindex=\"-1\">{heading}</h2>")
}

/// Table that scrolls where it is too wide, also by keyboard. Its last `numbers` columns are numbers.
pub(super) fn table<R>(
    out: &mut String,
    name: &str,
    columns: &[&str],
    numbers: usize,
    rows: impl IntoIterator<Item = R>,
    row: impl Fn(&mut String, R) -> fmt::Result,
) -> fmt::Result {
    write!(
        out,
        "<div class=\"scroll\" role=\"region\" aria-label=\"Table: {name}\" tabindex=\"0\"><table>\
         <caption class=\"hidden\">{name}</caption><thead><tr>"
    )?;
    for (index, column) in columns.iter().enumerate() {
        let class = if index >= columns.len() - numbers { " class=\"n\"" } else { "" };
        write!(out, "<th scope=\"col\"{class}>{column}</th>")?;
    }
    out.write_str("</tr></thead><tbody>\n")?;
    rows.into_iter().try_for_each(|one| row(out, one))?;
    out.write_str("</tbody></table></div>\n")
}

/// The last cells of a row.
fn numbers(out: &mut String, numbers: impl IntoIterator<Item = u64>) -> fmt::Result {
    for number in numbers {
        let none = if number == 0 { " zero" } else { "" };
        write!(out, "<td class=\"n{none}\">{}</td>", Number(number))?;
    }
    out.write_str("</tr>\n")
}

/// Table of the figures in the chart.
pub(super) fn over_time(out: &mut String, steps: &[Step], step: &str) -> fmt::Result {
    let shown: Vec<_> = chart::series(steps.iter().map(|step| &step.tally)).collect();
    let mut columns = vec!["From (UTC)"];
    columns.extend(shown.iter().map(|(_, name, _)| *name));
    columns.extend(["Reject would refuse", "Refused", "Left with a tag"]);
    writeln!(out, "<details><summary>The same as a table, a row for each {step}</summary>")?;
    let steps = steps.iter().filter(|step| step.tally.total() + step.tagged > 0);
    table(out, "Decisions over time", &columns, columns.len() - 1, steps, |out, step| {
        write!(out, "<tr><th scope=\"row\">{}</th>", step.from.map(minute).unwrap_or_default())?;
        let of_columns = shown.iter().map(|(column, ..)| step.tally.of(*column));
        numbers(out, of_columns.chain([step.tally.refusable, step.tally.refused, step.tagged]))
    })?;
    out.write_str("</details>\n")
}

/// Section on mail that `reject` would have refused, by reason.
pub(super) fn reject(out: &mut String, figures: &Figures) -> fmt::Result {
    section(out, "reject", "What mode reject would have refused")?;
    let Tally { refusable, refused, .. } = figures.decisions;
    if refusable + refused == 0 {
        out.write_str("<p>Nothing was refused, and mode reject would have refused nothing.</p>\n")?;
    } else {
        writeln!(
            out,
            "<p>{} of what was taken would have been refused in mode reject; {} refused.</p>",
            Number(refusable),
            if refused == 1 { "1 was".to_owned() } else { format!("{} were", Number(refused)) }
        )?;
    }
    out.write_str("<div class=\"pair why\">\n<div>\n<h3>Why</h3>\n")?;
    let columns = ["Reason", "Judged", "Would refuse", "Refused"];
    table(out, "Decisions by reason", &columns, 3, &figures.reasons, |out, row| {
        let marked = if row.tally.refusable + row.tally.refused > 0 { " class=\"marked\"" } else { "" };
        write!(
            out,
            "<tr{marked}><th scope=\"row\" class=\"words\"><code>{}</code><small>{}</small></th>",
            Text(&row.name),
            Text(row.words.unwrap_or("a reason of another version"))
        )?;
        numbers(out, [row.tally.total(), row.tally.refusable, row.tally.refused])
    })?;
    out.write_str("</div>\n<div>\n")?;
    samples(out, &figures.samples)?;
    out.write_str("</div>\n</div>\n</section>\n")
}

fn samples(out: &mut String, samples: &[Shape]) -> fmt::Result {
    if samples.is_empty() {
        return Ok(());
    }
    let (first, rest) = samples.split_at(samples.len().min(FIRST));
    writeln!(out, "<h3>The latest of them</h3>")?;
    sample_table(out, "The latest refusals", first)?;
    if !rest.is_empty() {
        writeln!(out, "<details><summary>{} earlier ones</summary>", rest.len())?;
        sample_table(out, "Earlier refusals", rest)?;
        out.write_str("</details>\n")?;
    }
    Ok(())
}

fn sample_table(out: &mut String, name: &str, samples: &[Shape]) -> fmt::Result {
    let columns = ["Time (UTC) and reason", "To, and from", "Client", "In mode"];
    table(out, name, &columns, 0, samples, |out, sample| {
        let class = sample.class.as_ref().map(|class| format!(", {class}")).unwrap_or_default();
        let fate = if sample.refused { "refused" } else { "taken" };
        writeln!(
            out,
            "<tr><th scope=\"row\">{}<small>{}{}</small></th>\
             <td class=\"address\"><bdi>{}</bdi><small>from <bdi>{}</bdi></small></td>\
             <td class=\"address\"><bdi>{}</bdi><small><bdi>{}</bdi></small></td><td>{}<small>{fate}</small></td></tr>",
            sample.time.map(minute).unwrap_or_else(|| "not known".to_owned()),
            Text(&sample.reason),
            Text(&class),
            Text(&sample.to),
            Text(&sample.from),
            Text(&sample.client),
            Text(&sample.queue_id),
            Text(&sample.mode),
        )
    })
}

pub(super) fn domains(out: &mut String, figures: &Figures) -> fmt::Result {
    section(out, "domains", "By domain")?;
    let (first, rest) = figures.domains.split_at(figures.domains.len().min(FIRST));
    let largest = figures.domains.iter().map(|row| row.tally.total()).max().unwrap_or_default();
    if first.is_empty() {
        out.write_str("<p class=\"muted\">No recipient was judged.</p>\n")?;
    } else {
        tallies(out, "Decisions by domain", "Domain", first, largest)?;
    }
    if !rest.is_empty() {
        writeln!(out, "<details><summary>{} smaller ones</summary>", rest.len())?;
        tallies(out, "Decisions by smaller domains", "Domain", rest, largest)?;
        out.write_str("</details>\n")?;
    }
    out.write_str("</section>\n")
}

pub(super) fn modes(out: &mut String, figures: &Figures) -> fmt::Result {
    section(out, "modes", "By mode, protocol and class")?;
    for (name, column, rows) in [
        ("Decisions by mode", "Mode", &figures.modes),
        ("Decisions by protocol", "Protocol", &figures.listeners),
        ("Decisions by class of message", "Class", &figures.classes),
    ] {
        if !rows.is_empty() {
            let largest = rows.iter().map(|row| row.tally.total()).max().unwrap_or_default();
            tallies(out, name, column, rows, largest)?;
        }
    }
    if figures.modes.is_empty() {
        out.write_str("<p class=\"muted\">No recipient was judged.</p>\n")?;
    }
    out.write_str("</section>\n")
}

fn tallies(out: &mut String, name: &str, column: &str, rows: &[Row], largest: u64) -> fmt::Result {
    let columns = [column, "By verdict", "Judged", "Would refuse", "Refused"];
    table(out, name, &columns, 3, rows, |out, row| {
        write!(out, "<tr><th scope=\"row\" class=\"address\"><bdi>{}</bdi>", Text(&row.name))?;
        if let Some(mode) = row.mode {
            write!(out, "<small>{mode}</small>")?;
        }
        out.write_str("</th><td class=\"bar\">")?;
        chart::share(out, &row.tally, largest)?;
        write!(out, "<span class=\"hidden\">{}</span></td>", shares(&row.tally))?;
        numbers(out, [row.tally.total(), row.tally.refusable, row.tally.refused])
    })
}

/// Text of a bar, for screen readers.
fn shares(tally: &Tally) -> String {
    let shares = chart::SERIES.iter().map(|(column, name, _)| (tally.of(*column), name));
    let shares: Vec<_> =
        shares.filter(|(count, _)| *count > 0).map(|(count, name)| format!("{} {name}", Number(count))).collect();
    shares.join(", ")
}

pub(super) fn senders(out: &mut String, figures: &Figures) -> fmt::Result {
    section(out, "senders", "Who sends backscatter")?;
    let networks = &figures.backscatter.networks;
    if networks.is_empty() {
        out.write_str("<p class=\"muted\">Nobody whose network is known.</p>\n</section>\n")?;
        return Ok(());
    }
    writeln!(
        out,
        "<p>{} bounces that returned what is not ours, or proved nothing, by the network of the client.</p>",
        Number(figures.backscatter.total)
    )?;
    let largest = networks.first().map_or(0, |network| network.at_most);
    let columns = ["Network", "Share", "Bounces"];
    table(out, "Networks that send backscatter", &columns, 1, networks.iter().take(FIRST), |out, network| {
        write!(out, "<tr><th scope=\"row\" class=\"address\">{}</th><td class=\"bar\">", Text(&network.network))?;
        chart::plain_share(out, network.at_most, largest, "c-disproved")?;
        let at_least = match network.at_least {
            least if least == network.at_most => String::new(),
            least => format!(" <small>(at least {})</small>", Number(least)),
        };
        writeln!(out, "</td><td class=\"n\">{}{at_least}</td></tr>", Number(network.at_most))
    })?;
    out.write_str("</section>\n")
}

pub(super) fn signing(out: &mut String, figures: &Figures) -> fmt::Result {
    section(out, "signing", "Mail that leaves")?;
    if figures.signing.tagged == 0 {
        out.write_str("<p class=\"muted\">Tags that a mail server asks for as a map, as Exim and Haraka do, don't count here.</p>\n")?;
    }
    let outcomes = figures.signing.outcomes.iter().filter(|outcome| outcome.count > 0 || outcome.name == "tagged");
    table(out, "Senders of mail that leaves", &["Outcome", "Messages"], 1, outcomes, |out, outcome| {
        let Outcomes { name, words, count } = outcome;
        write!(out, "<tr><th scope=\"row\" class=\"words\"><code>{name}</code><small>{words}</small></th>")?;
        numbers(out, [*count])
    })?;
    if !figures.signing.keys.is_empty() {
        table(out, "Tags by key", &["Key", "Tags made"], 1, &figures.signing.keys, |out, key| {
            write!(out, "<tr><th scope=\"row\">key {}</th>", key.id)?;
            numbers(out, [key.count])
        })?;
    }
    out.write_str("</section>\n")
}
