//! Reports by the structure of a message.

use super::class::Class;
use super::clues::is_answer;
use super::sender::Sender;
use super::signs::Signs;
use super::wording::{Place as WordPlace, Said};
use crate::evidence::Place;
use crate::read::header::{MOST_FIELDS, fields};
use crate::read::message::Part;

/// Types of parts that make a report, with their class, in the order in which they count.
pub(super) const REPORTS: [(Class, &[&str]); 4] = [
    (Class::TlsReport, &["application/tlsrpt+gzip", "application/tlsrpt+json"]),
    (Class::FeedbackReport, &["message/feedback-report"]),
    (Class::Mdn, &["message/disposition-notification", "message/global-disposition-notification"]),
    (Class::Dsn, &["message/delivery-status", "message/global-delivery-status"]),
];

/// Classes by `report-type`, if the part itself got lost.
const REPORT_TYPES: [(Class, &str); 5] = [
    (Class::TlsReport, "tlsrpt"),
    (Class::DmarcReport, "dmarc"),
    (Class::FeedbackReport, "feedback-report"),
    (Class::Mdn, "disposition-notification"),
    (Class::Dsn, "delivery-status"),
];

/// The most parts that are taken for a report in spite of their type.
const MOST_UNTOLD: usize = 100;

impl<'x> Signs<'_, 'x> {
    /// The class of a report, by its parts and their types.
    pub(super) fn report(&mut self) -> Option<Class> {
        let parts = &self.message.parts;
        let by_part = |(class, kinds): &(Class, &[&str])| {
            parts.iter().find(|part| part.is(kinds)).map(|part| (*class, part.number.clone(), part.kind.clone()))
        };
        if let Some(domain) = self.message.field("TLS-Report-Domain") {
            self.see(Place::Field("TLS-Report-Domain"), format!("a report on TLS to {}", domain.text()));
            return Some(Class::TlsReport);
        }
        if let Some((part, class)) = parts.iter().find_map(|part| Some((part, report_by_name(part)?))) {
            self.see(Place::Part(part.number.clone()), format!("it is named as such reports are: {}", part.name));
            return Some(class);
        }
        if let Some((class, number, kind)) = REPORTS.iter().find_map(by_part) {
            self.see(Place::Part(number), format!("its type is {kind}"));
            return Some(class);
        }
        if self.is_complaint() {
            self.see(Place::Field("Subject"), "it complains about a message that it returns");
            return Some(Class::FeedbackReport);
        }
        if let Some(part) = parts.iter().find(|part| part.kind == "multipart/report" && part.report_type.is_empty()) {
            self.see(Place::Part(part.number.clone()), "it is a report of no type");
            return Some(self.report_of_no_type());
        }
        let by_type = |part: &Part<'_>| REPORT_TYPES.iter().find(|(_, name)| part.report_type == *name);
        if let Some((part, (class, name))) = parts.iter().find_map(|part| Some((part, by_type(part)?))) {
            self.see(Place::Part(part.number.clone()), format!("it is a report of the type {name}"));
            return Some(*class);
        }
        None
    }

    /// RFC 6522 §3 wants a type. Programs that tell none return mail, unless a part has the fields of another report.
    fn report_of_no_type(&self) -> Class {
        const FIELDS: [(&str, Class); 2] = [("Disposition", Class::Mdn), ("Feedback-Type", Class::FeedbackReport)];
        let class = |part: &Part<'_>| {
            let octets = part.octets();
            let found = fields(&octets)
                .take(MOST_FIELDS)
                .filter_map(|field| FIELDS.iter().position(|(name, _)| field.is(name)));
            found.min().map(|place| FIELDS[place].1)
        };
        self.untold_parts().find_map(class).unwrap_or(Class::Dsn)
    }

    /// Parts that may be those of a report, but for their type. The first one is for people.
    pub(super) fn untold_parts(&self) -> impl Iterator<Item = &Part<'x>> {
        let parts = self.message.parts.iter().filter(|part| part.is(&["application/octet-stream", "text/plain"]));
        parts.skip(1).take(MOST_UNTOLD)
    }

    /// Whether a report is part of what a person writes. A person's mail has a null reverse-path too when it was relayed
    /// for one who wants no report of it.
    pub(super) fn is_forwarded(&self, sender: Sender) -> bool {
        let is_report = self.message.parts.first().is_some_and(|part| part.kind == "multipart/report");
        let is_mixed = self.message.parts.first().is_some_and(|part| part.kind == "multipart/mixed");
        if is_report || sender.daemon {
            return false;
        }
        let subject = self.message.subject();
        let announces = || sender.null && Said::in_text(subject, WordPlace::Subject).is_failure();
        is_answer(subject) || is_mixed && !sender.is_named_program() && !announces()
    }

    /// The forms of abuse reports before RFC 5965, which the largest mailbox provider still writes.
    fn is_complaint(&self) -> bool {
        const SUBJECTS: [&str; 3] = ["complaint about message from ", "abuse feedback report", "email feedback report"];
        let subject = self.message.subject().trim().to_ascii_lowercase();
        SUBJECTS.iter().any(|known| subject.starts_with(known))
            && self.message.parts.iter().any(|part| part.kind == "message/rfc822")
    }
}

/// `receiver!policy-domain!begin!end[!id].xml[.gz]` or `.zip` (RFC 7489 §7.2.1.1), and the same with `.json[.gz]`
/// (RFC 8460 §5.1).
fn report_by_name(part: &Part<'_>) -> Option<Class> {
    const SUFFIXES: [(&str, Class); 6] = [
        (".json.gz", Class::TlsReport),
        (".json", Class::TlsReport),
        (".xml.gz", Class::DmarcReport),
        (".xml", Class::DmarcReport),
        (".zip", Class::DmarcReport),
        (".gz", Class::DmarcReport),
    ];
    let name = part.name.to_ascii_lowercase();
    let (stem, class) = SUFFIXES.iter().find_map(|(suffix, class)| Some((name.strip_suffix(suffix)?, *class)))?;
    let mut pieces = stem.split('!');
    let (receiver, policy, begin, end) = (pieces.next(), pieces.next(), pieces.next(), pieces.next());
    let is_domain = |text: Option<&str>| text.is_some_and(|text| text.contains('.') && !text.contains(' '));
    let is_time = |text: Option<&str>| {
        text.is_some_and(|text| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()))
    };
    (is_domain(receiver) && is_domain(policy) && is_time(begin) && is_time(end)).then_some(class)
}
