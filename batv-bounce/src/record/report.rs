//! Reports of delivery (RFC 3464, RFC 6533) and of disposition (RFC 8098).

use crate::read::header::{Field, MOST_FIELDS, fields};

/// The most recipients of a report that are kept.
const MOST_RECIPIENTS: usize = 100;
/// The most fields that are looked at: many more than the recipients that are kept have.
const MOST_REPORTED: usize = 10 * MOST_FIELDS;
/// The most octets of a value that are kept.
const MOST_OCTETS: usize = 1000;

batv_core::names! {
    /// Fate of a recipient (RFC 3464 §2.3.3), from the best to the worst.
    ///
    /// ```
    /// use batv_bounce::Action;
    ///
    /// assert_eq!(Action::Failed.as_str(), "failed");
    /// assert!(Action::Failed > Action::Delayed);
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[non_exhaustive]
    pub enum Action {
        /// Delivered to one of several recipients behind this one.
        Expanded = "expanded",
        /// Handed to a system that sends no reports.
        Relayed = "relayed",
        /// Delivered.
        Delivered = "delivered",
        /// Not yet delivered.
        Delayed = "delayed",
        /// Given up.
        Failed = "failed",
    }
}

impl Action {
    /// Reads the word, and forms of it that programs write.
    fn read(text: &str) -> Option<Self> {
        let word = text.split(|letter: char| !letter.is_ascii_alphabetic()).find(|word| !word.is_empty())?;
        match word.to_ascii_lowercase().as_str() {
            "fail" | "failure" | "error" => Some(Self::Failed),
            "delay" | "deferred" => Some(Self::Delayed),
            "deliverable" | "success" => Some(Self::Delivered),
            word => word.parse().ok(),
        }
    }
}

/// Fields of a report, unchanged. At most 100 recipients and 1,000 octets of a value are kept, and 10,000
/// fields read.
///
/// ```
/// use batv_bounce::{Action, Report};
///
/// let report = Report::read(b"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; bob@example.net\nAction: failed\n");
/// assert_eq!(report.reporting_mta.as_deref(), Some("mx.example.net"));
/// assert_eq!(report.recipients[0].final_recipient.as_deref(), Some("bob@example.net"));
/// assert_eq!(report.action(), Some(Action::Failed));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Reporting-MTA, or Reporting-UA, without its type.
    pub reporting_mta: Option<String>,
    /// ENVID of the message (RFC 3461 §4.4), in xtext or decoded, as the report has it.
    pub original_envelope_id: Option<String>,
    /// Original-Message-ID of a disposition notification.
    pub original_message_id: Option<String>,
    /// Recipients, in the order of their groups of fields.
    pub recipients: Vec<RecipientReport>,
}

/// Fields of a report for one recipient.
///
/// ```
/// use batv_bounce::Report;
///
/// let report = Report::read(b"Original-Recipient: rfc822;b@example.net\nStatus: 5.1.1 (no such user)\n");
/// assert_eq!(report.recipients[0].status.as_deref(), Some("5.1.1"));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct RecipientReport {
    /// Original-Recipient, without its type.
    pub original_recipient: Option<String>,
    /// Final-Recipient, without its type.
    pub final_recipient: Option<String>,
    /// Fate of the recipient.
    pub action: Option<Action>,
    /// Class, subject and detail (RFC 3463).
    pub status: Option<String>,
}

impl Report {
    /// Reads the content of a part: groups of fields with empty lines between them, of which some programs write
    /// too many, and some none.
    ///
    /// ```
    /// # use batv_bounce::Report;
    /// assert!(Report::read(b"no fields").is_empty());
    /// let receipt = Report::read(b"Reporting-UA: mail.example.net; Reader 1.0\nFinal-Recipient: rfc822; bob@example.net\n");
    /// assert_eq!(receipt.reporting_mta.as_deref(), Some("mail.example.net"));
    /// ```
    #[must_use]
    pub fn read(content: &[u8]) -> Self {
        let mut report = Self::default();
        let mut rest = content;
        let mut left = MOST_REPORTED;
        loop {
            let empty_lines = rest.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
            rest = &rest[empty_lines..];
            if rest.is_empty() || left == 0 {
                return report;
            }
            let mut group = fields(rest);
            let mut recipient = RecipientReport::default();
            for field in group.by_ref().take(left) {
                left -= 1;
                // A group of some programs names several.
                if field.is("Final-Recipient") && recipient.final_recipient.is_some() {
                    report.add(core::mem::take(&mut recipient));
                }
                report.take(field, &mut recipient);
            }
            report.add(recipient);
            rest = group.rest();
        }
    }

    /// Whether the report has none of these fields.
    ///
    /// ```
    /// # use batv_bounce::Report;
    /// assert!(!Report::read(b"Action: failed\n").is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Worst fate of a recipient.
    ///
    /// ```
    /// # use batv_bounce::{Action, Report};
    /// let report = Report::read(b"Status: 4.4.1\n\nAction: delivered\n");
    /// assert_eq!(report.action(), Some(Action::Delayed));
    /// ```
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.recipients.iter().filter_map(|recipient| recipient.action.or_else(|| recipient.action_of_status())).max()
    }

    /// Adds the fields of a second part.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.reporting_mta = self.reporting_mta.or(other.reporting_mta);
        self.original_envelope_id = self.original_envelope_id.or(other.original_envelope_id);
        self.original_message_id = self.original_message_id.or(other.original_message_id);
        other.recipients.into_iter().for_each(|recipient| self.add(recipient));
        self
    }

    fn add(&mut self, recipient: RecipientReport) {
        if recipient != RecipientReport::default() && self.recipients.len() < MOST_RECIPIENTS {
            self.recipients.push(recipient);
        }
    }

    fn take(&mut self, field: Field<'_>, recipient: &mut RecipientReport) {
        // Twice as much as is kept: there may be a type.
        let field = Field { value: &field.value[..field.value.len().min(2 * MOST_OCTETS)], ..field };
        let whole = || Some(bounded(&field.text()).trim_end().to_owned());
        let untyped = || Some(untyped(&field.text()).to_owned());
        if field.is("Reporting-MTA") {
            self.reporting_mta = untyped();
        } else if field.is("Reporting-UA") {
            // RFC 8098 §3.2.1: the name comes first, then the product.
            self.reporting_mta = Some(before_semicolon(&field.text()).to_owned());
        } else if field.is("Original-Envelope-Id") {
            self.original_envelope_id = whole();
        } else if field.is("Original-Message-ID") {
            self.original_message_id = whole();
        } else if field.is("Original-Recipient") {
            recipient.original_recipient = untyped();
        } else if field.is("Final-Recipient") {
            recipient.final_recipient = untyped();
        } else if field.is("Action") {
            recipient.action = Action::read(&field.text());
        } else if field.is("Status") {
            recipient.status = status(&field.text());
        }
    }
}

impl RecipientReport {
    /// Fate by the first digit of the status (RFC 3463 §3.1), if there is no action.
    fn action_of_status(&self) -> Option<Action> {
        match self.status.as_deref()?.as_bytes() {
            [b'5', ..] => Some(Action::Failed),
            [b'4', ..] => Some(Action::Delayed),
            [b'2', ..] => Some(Action::Delivered),
            _ => None,
        }
    }
}

/// Value behind its type, as in `rfc822;bob@example.net` (RFC 3464 §2.1.2).
fn untyped(text: &str) -> &str {
    bare(text.split_once(';').map_or(text, |(_, value)| value))
}

/// The name before a product: `mail.example.net; Reader 1.0`.
fn before_semicolon(text: &str) -> &str {
    bare(text.split(';').next().unwrap_or_default())
}

/// As much of a value as is kept, without brackets around it.
fn bare(value: &str) -> &str {
    let is_around = |letter: char| letter.is_whitespace() || matches!(letter, '<' | '>');
    bounded(value.trim_start_matches(is_around)).trim_end_matches(is_around)
}

fn status(text: &str) -> Option<String> {
    let status = text.split_ascii_whitespace().next()?;
    let is_status = status.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.') && status.contains('.');
    is_status.then(|| bounded(status).to_owned())
}

fn bounded(text: &str) -> &str {
    let end = (0..=MOST_OCTETS.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The fields of RFC 3464 and RFC 8098, with the types of their values.
    fn written(report: &Report) -> Vec<String> {
        let field = |name: &str, value: Option<&str>| value.map(|value| format!("{name} {value}"));
        let mut lines = Vec::new();
        lines.extend(field("Reporting-MTA: dns;", report.reporting_mta.as_deref()));
        lines.extend(field("Original-Envelope-Id:", report.original_envelope_id.as_deref()));
        lines.extend(field("Original-Message-ID:", report.original_message_id.as_deref()));
        for recipient in &report.recipients {
            lines.push(String::new());
            lines.extend(field("Original-Recipient: rfc822;", recipient.original_recipient.as_deref()));
            lines.extend(field("Final-Recipient: rfc822;", recipient.final_recipient.as_deref()));
            lines.extend(field("Action:", recipient.action.map(Action::as_str)));
            lines.extend(field("Status:", recipient.status.as_deref()));
        }
        lines
    }

    fn report() -> impl Strategy<Value = Report> {
        let value = || proptest::option::of("[!-;=?-~é]([ -;=?-~é;]{0,30}[!-;=?-~é])?");
        let action = proptest::option::of(prop::sample::select(Action::ALL));
        let status = proptest::option::of("[245]\\.[0-9]{1,3}\\.[0-9]{1,3}");
        let recipient =
            (value(), value(), action, status).prop_map(|(original_recipient, final_recipient, action, status)| {
                RecipientReport { original_recipient, final_recipient, action, status }
            });
        let recipient =
            recipient.prop_filter("a group without fields is none", |recipient| *recipient != Default::default());
        (value(), value(), value(), prop::collection::vec(recipient, 0..5)).prop_map(
            |(reporting_mta, original_envelope_id, original_message_id, recipients)| Report {
                reporting_mta,
                original_envelope_id,
                original_message_id,
                recipients,
            },
        )
    }

    /// Lines of reports, and others.
    fn content() -> impl Strategy<Value = Vec<u8>> {
        const LINES: [&str; 10] = [
            "Reporting-MTA: dns; <a>",
            "Reporting-UA: < a >; b",
            "Final-Recipient: rfc822;b",
            "Action: fail",
            "Status: 5.",
            "Original-Recipient:",
            " folded",
            "",
            "\r",
            "Original-Envelope-Id: ;",
        ];
        let long =
            |length: usize| [b"Final-Recipient: x;".as_slice(), &vec![b'<'; length % 7], &vec![0xc3; length]].concat();
        let line = prop_oneof![
            prop::sample::select(LINES.as_slice()).prop_map(|line| line.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..20),
            (900..2100_usize).prop_map(long),
        ];
        prop::collection::vec(line, 0..20).prop_map(|lines| lines.join(b"\n".as_slice()))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(report in report(), line_end in "\r?\n") {
            let text = written(&report).join(&line_end);
            prop_assert_eq!(Report::read(text.as_bytes()), report);
        }

        #[test]
        fn what_is_read_is_written_and_read_again(content in content()) {
            let report = Report::read(&content);
            prop_assert_eq!(Report::read(written(&report).join("\n").as_bytes()), report);
        }
    }

    #[test]
    fn reads_what_programs_write() {
        let cases = [
            ("Action: FAILED (given up)\n", Some(Action::Failed)),
            ("Action: error\n", Some(Action::Failed)),
            ("Action: deferred\n", Some(Action::Delayed)),
            ("Action: success\n", Some(Action::Delivered)),
            ("Action: gone\nStatus: 5.0.0\n", Some(Action::Failed)),
            ("Status: 2.0.0\n\nStatus: 4.7.1\n", Some(Action::Delayed)),
            ("Status: unknown\n", None),
            (
                "Final-Recipient: rfc822; a\nAction: failed\nFinal-Recipient: rfc822; b\nAction: delayed\n",
                Some(Action::Failed),
            ),
        ];
        for (text, action) in cases {
            assert_eq!(Report::read(text.as_bytes()).action(), action, "{text}");
        }
    }
}
