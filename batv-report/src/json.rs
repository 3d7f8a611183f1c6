//! The report for programs.

use crate::figures::{Figures, Page};

/// All figures as one object of JSON, without a newline at its end. Times are of RFC 3339, in UTC.
///
/// `decisions`, `answers` (bounces and automatic answers alone), and each row of `time.steps`, `modes`, `domains`,
/// `reasons`, `classes` and `listeners` have `total`, a count for each verdict, `asked` (whether the mailbox exists, and no
/// message), `refused`, and `would_refuse`, what mode `reject` would have refused of the rest.
///
/// ```
/// use batv_report::{Page, Report, json};
///
/// assert!(json::render(&Page::new(&Report::default())).contains("\"decisions\":{\"total\":0,\"genuine\":0,"));
/// ```
#[must_use]
pub fn render(page: &Page<'_>) -> String {
    // Maps have texts for keys, so that nothing can go wrong.
    serde_json::to_string(&Figures::of(page)).unwrap_or_default()
}
