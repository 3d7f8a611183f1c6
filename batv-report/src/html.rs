//! Report as a page of HTML: no script, no asset from elsewhere, one style whose hash the policy names.

mod chart;
mod escape;
mod health;
mod tables;

use core::fmt::{self, Write};

use self::escape::Text;
use crate::figures::{Figures, Page};
use crate::format::{Number, minute, step};
use crate::tally::Column;

macro_rules! policy {
    () => {
        "default-src 'none'; style-src 'sha256-4ofkR2ZryXDolaQ5aMNoV5vzc1WYep2mayoS3wYa8rY='; img-src data:; base-uri 'none'; form-action 'none'"
    };
}

const STYLE: &str = include_str!("html/style.css");

/// `Content-Security-Policy` that a server should send with the page: nothing is loaded, nothing runs, and only the
/// page's own style applies. The page repeats it, except for `frame-ancestors`.
pub const CONTENT_SECURITY_POLICY: &str = concat!(policy!(), "; frame-ancestors 'none'");
/// Policy in the page, without `frame-ancestors`, which only a header can set (CSP Level 3 §3.3).
const POLICY: &str = policy!();

/// Renders the report as one page of HTML.
///
/// ```
/// use batv_report::{Page, Report, html};
///
/// let page = html::render(&Page::new(&Report::default()));
/// assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
/// assert!(!page.contains("<script"));
/// ```
#[must_use]
pub fn render(page: &Page<'_>) -> String {
    let figures = Figures::of(page);
    let mut out = String::with_capacity(64 * 1024);
    // A `String` takes all that is written.
    let _ = write_page(&mut out, &figures, page);
    out
}

fn write_page(out: &mut String, figures: &Figures, page: &Page<'_>) -> fmt::Result {
    let title = match &*figures.name {
        "" => "BATV report".to_owned(),
        name => format!("BATV report of {name}"),
    };
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n<h1>{}</h1>\n",
        Text(&title),
        Text(&title),
    )?;
    if let Some(made) = figures.made {
        let since = figures.counted_since.map(|since| format!(", counted since {}", minute(since)));
        writeln!(out, "<p class=\"muted\">made {}{} UTC</p>", minute(made), since.unwrap_or_default())?;
    }
    navigation(out, figures)?;
    out.write_str("</header>\n<main id=\"main\" tabindex=\"-1\">\n")?;
    summary(out, figures)?;
    over_time(out, figures)?;
    tables::reject(out, figures)?;
    out.write_str("<div class=\"pair\">\n")?;
    tables::domains(out, figures)?;
    tables::modes(out, figures)?;
    out.write_str("</div>\n<div class=\"pair\">\n")?;
    tables::senders(out, figures)?;
    tables::signing(out, figures)?;
    out.write_str("</div>\n")?;
    if let Some(state) = &figures.health {
        health::write(out, state)?;
    }
    out.write_str("</main>\n")?;
    footer(out, figures, page)?;
    out.write_str("</body>\n</html>\n")
}

/// Links to the sections.
fn navigation(out: &mut String, figures: &Figures) -> fmt::Result {
    out.write_str("<nav aria-label=\"Sections\"><ul>")?;
    let health = figures.health.is_some().then_some([("keys", "Keys"), ("daemon", "Daemon")]);
    let always = [
        ("time", "Over time"),
        ("reject", "Reject"),
        ("domains", "Domains"),
        ("modes", "Modes"),
        ("senders", "Senders"),
        ("signing", "Signing"),
    ];
    for (id, name) in always.into_iter().chain(health.into_iter().flatten()) {
        write!(out, "<li><a href=\"#{id}\">{name}</a></li>")?;
    }
    out.write_str("</ul></nav>\n")
}

/// Summary, in words and in large figures.
fn summary(out: &mut String, figures: &Figures) -> fmt::Result {
    out.write_str("<section class=\"summary\" aria-label=\"Summary\">\n<p class=\"lead\">")?;
    for (index, sentence) in figures.headline.iter().enumerate() {
        write!(out, "{}{}", if index == 0 { "" } else { " " }, Text(sentence))?;
    }
    out.write_str("</p>\n")?;
    if !figures.notices.is_empty() {
        out.write_str("<div class=\"notice\" role=\"status\"><h2>Please see to this</h2><ul>")?;
        figures.notices.iter().try_for_each(|notice| write!(out, "<li>{}</li>", Text(notice)))?;
        out.write_str("</ul></div>\n")?;
    }
    out.write_str("<dl class=\"tiles\">")?;
    for (name, count, class) in [
        ("Bounces and answers", figures.answers.total(), ""),
        ("Genuine", figures.answers.of(Column::Genuine), "c-genuine"),
        ("Not ours", figures.answers.of(Column::Disproved), "c-disproved"),
        ("Not proved", figures.answers.of(Column::Unverified), "c-unverified"),
        ("Reject would refuse", figures.decisions.refusable, ""),
        ("Refused", figures.decisions.refused, ""),
        ("Left with a tag", figures.signing.tagged, ""),
    ] {
        let key = if class.is_empty() { String::new() } else { chart::key(class) };
        write!(out, "<div><dt>{key}{name}</dt><dd>{}</dd></div>", Number(count))?;
    }
    out.write_str("</dl>\n</section>\n")
}

fn over_time(out: &mut String, figures: &Figures) -> fmt::Result {
    out.write_str("<section aria-labelledby=\"time\">\n<h2 id=\"time\" tabindex=\"-1\">Decisions over time</h2>\n")?;
    let steps = &figures.time.steps;
    if steps.is_empty() {
        out.write_str("<p class=\"muted\">No line has a time.</p>\n")?;
    } else {
        let step = step(figures.time.step_seconds);
        chart::decisions(out, steps, figures.time.step_seconds, &step)?;
        tables::over_time(out, steps, &step)?;
    }
    out.write_str("</section>\n")
}

/// Explanation of the figures.
fn footer(out: &mut String, figures: &Figures, page: &Page<'_>) -> fmt::Result {
    out.write_str("<footer>\n<h2>How to read this</h2>\n<ul>\n")?;
    out.write_str(
        "<li>Each recipient counts once: where the log has a line at RCPT TO and one at the end of the message, the later \
         one. <em>Asked</em> is a null sender who wanted to know whether a mailbox exists, and sent no message.</li>\n\
         <li><em>Disproved</em> was never ours. <em>Unverified</em> proves nothing, and may be genuine.</li>\n\
         <li>What <em>reject</em> would have refused is what the log says (<code>in_reject</code>). Of a log without that \
         field it follows from the reason: options that refuse more are left out, and a tag that expired up to five days \
         ago counts with those that are older where the mail server asks by the line protocol.</li>\n<li>Times are UTC. Those of a log that says no offset, such as +01:00, are taken as UTC.</li>\n",
    )?;
    if figures.counted_since.is_some() {
        out.write_str(
            "<li>The daemon counts for some days. <code>batv report</code> makes the same of its logs, of any time and of \
             several hosts.</li>\n",
        )?;
    }
    if page.shown == crate::Shown::Redacted {
        out.write_str("<li>Addresses are redacted.</li>\n")?;
    }
    if let Some(lines) = figures.lines {
        writeln!(out, "<li>{}</li>", lines.sentence())?;
    }
    out.write_str("</ul>\n</footer>\n")
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_names_the_hash_of_the_style() {
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "write {hash} into the policy");
        assert!(CONTENT_SECURITY_POLICY.starts_with(POLICY));
    }
}
