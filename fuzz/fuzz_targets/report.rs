#![cfg_attr(fuzzing, no_main)]
//! Any octets as the fields of a report: what is read, and written again, reads the same.

use batv_bounce::Report;

batv_fuzz::fuzz!(|data| {
    let report = Report::read(data);
    assert_eq!(Report::read(written(&report).join("\n").as_bytes()), report);
});

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
        lines.extend(field("Action:", recipient.action.map(|action| action.as_str())));
        lines.extend(field("Status:", recipient.status.as_deref()));
    }
    lines
}
