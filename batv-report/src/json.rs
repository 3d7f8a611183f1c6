//! Report as JSON, for programs.

use crate::figures::{Figures, Page};

/// Renders all figures as one JSON object, without a newline at its end. Times are of RFC 3339, in UTC.
///
/// `decisions`, `answers` (bounces and automatic answers alone), and each row of `time.steps`, `modes`, `domains`,
/// `reasons`, `classes` and `listeners` have `total`, a count for each verdict, `asked` (questions whether a mailbox
/// exists, without a message), `refused`, and `would_refuse` (accepted mail that mode `reject` would have refused).
///
/// ```
/// use batv_report::{Page, Report, json};
///
/// assert!(json::render(&Page::new(&Report::default())).contains("\"decisions\":{\"total\":0,\"genuine\":0,"));
/// ```
#[must_use]
pub fn render(page: &Page<'_>) -> String {
    // Maps have texts for keys, so this can't fail.
    serde_json::to_string(&Figures::of(page)).unwrap_or_default()
}
