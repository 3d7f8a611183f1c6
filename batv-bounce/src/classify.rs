//! Finds the class of a message: by its structure first, then by its sender and header, then by its words.

use alloc::borrow::Cow;

use batv_core::Path;

use crate::class::Class;
use crate::clues::{Clues, has_reply_code, is_answer, is_of_daemon};
use crate::evidence::{Evidence, Place};
use crate::message::{Message, Part};
use crate::original::{Form, Original};
use crate::report::{Action, Report};
use crate::sender::Sender;
use crate::wording::{Place as WordPlace, Said, Topic};

/// What was found about a message.
pub(crate) struct Found<'x> {
    pub(crate) class: Class,
    pub(crate) action: Option<Action>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) report: Report,
    pub(crate) original: Option<Original<'x>>,
}

pub(crate) fn classify<'x>(message: &Message<'x>, reverse_path: Option<Path<'_>>) -> Found<'x> {
    let mut signs = Signs { message, evidence: Vec::new() };
    let sender = Sender::of(message, reverse_path);
    match signs.report() {
        // Somebody shows a bounce to somebody else.
        Some(Class::Dsn) if signs.is_forwarded(sender) => {
            signs.see(Place::Field("Subject"), "somebody forwards or discusses the report");
            signs.found(Class::Ordinary, None, None)
        }
        Some(class) => signs.of_report(class),
        None => signs.of_words(sender),
    }
}

/// What is seen, while it is looked for.
struct Signs<'m, 'x> {
    message: &'m Message<'x>,
    evidence: Vec<Evidence>,
}

/// Types of parts that make a report, with their class, in the order in which they count.
const REPORTS: [(Class, &[&str]); 4] = [
    (Class::TlsReport, &["application/tlsrpt+gzip", "application/tlsrpt+json"]),
    (Class::FeedbackReport, &["message/feedback-report"]),
    (Class::Mdn, &["message/disposition-notification", "message/global-disposition-notification"]),
    (Class::Dsn, &["message/delivery-status", "message/global-delivery-status"]),
];

/// The same by `report-type`, where the part itself got lost.
const REPORT_TYPES: [(Class, &str); 5] = [
    (Class::TlsReport, "tlsrpt"),
    (Class::DmarcReport, "dmarc"),
    (Class::FeedbackReport, "feedback-report"),
    (Class::Mdn, "disposition-notification"),
    (Class::Dsn, "delivery-status"),
];

impl<'x> Signs<'_, 'x> {
    fn see(&mut self, place: Place, words: impl AsRef<str>) {
        self.evidence.push(Evidence::new(place, words.as_ref()));
    }

    /// The class of a report, by its parts and their types.
    fn report(&mut self) -> Option<Class> {
        let parts = &self.message.parts;
        let by_part = |(class, kinds): &(Class, &[&str])| {
            parts.iter().find(|part| part.is(kinds)).map(|part| (*class, part.number.clone(), part.kind.clone()))
        };
        if let Some(domain) = self.message.field("TLS-Report-Domain") {
            self.see(Place::Field("TLS-Report-Domain"), format!("a report on TLS to {}", domain.text()));
            return Some(Class::TlsReport);
        }
        if let Some(part) = parts.iter().find(|part| is_dmarc_report(part)) {
            self.see(Place::Part(part.number.clone()), format!("it is named as DMARC reports are: {}", part.name));
            return Some(Class::DmarcReport);
        }
        if let Some((class, number, kind)) = REPORTS.iter().find_map(by_part) {
            self.see(Place::Part(number), format!("its type is {kind}"));
            return Some(class);
        }
        if self.is_complaint() {
            self.see(Place::Field("Subject"), "it complains about a message that it returns");
            return Some(Class::FeedbackReport);
        }
        // RFC 6522 §3 wants a type. Programs that tell none return mail.
        if let Some(part) = parts.iter().find(|part| part.kind == "multipart/report" && part.report_type.is_empty()) {
            self.see(Place::Part(part.number.clone()), "it is a report of no type");
            return Some(Class::Dsn);
        }
        let by_type = |part: &Part<'_>| REPORT_TYPES.iter().find(|(_, name)| part.report_type == *name);
        if let Some((part, (class, name))) = parts.iter().find_map(|part| Some((part, by_type(part)?))) {
            self.see(Place::Part(part.number.clone()), format!("it is a report of the type {name}"));
            return Some(*class);
        }
        None
    }

    /// Whether a report is part of what a person writes.
    fn is_forwarded(&self, sender: Sender) -> bool {
        let by_person = !sender.is_program();
        let is_report = self.message.parts.first().is_some_and(|part| part.kind == "multipart/report");
        by_person && !is_report && is_answer(self.message.subject())
    }

    /// The form of abuse reports before RFC 5965, which the largest mailbox provider still writes.
    fn is_complaint(&self) -> bool {
        let subject = self.message.subject().trim().to_ascii_lowercase();
        subject.starts_with("complaint about message from ")
            && self.message.parts.iter().any(|part| part.kind == "message/rfc822")
    }

    fn of_report(mut self, class: Class) -> Found<'x> {
        let kinds: &[&str] = REPORTS.iter().find(|(known, _)| *known == class).map_or(&[], |(_, kinds)| kinds);
        let parts = self.message.parts.iter().filter(|part| part.is(kinds));
        let mut report = Report::default();
        for part in parts {
            let read = Report::read(&part.octets());
            report = if report.is_empty() { read } else { report.and(read) };
        }
        let action = (class == Class::Dsn).then(|| report.action().unwrap_or(self.action_of_words()));
        if let Some(action) = action {
            self.see(Place::Part(String::new()), format!("what became of the message: {action}"));
        }
        let original = Original::find(self.message);
        Found { class, action, evidence: self.evidence, report, original }
    }

    fn action_of_words(&self) -> Action {
        let subject = Said::in_text(self.message.subject(), WordPlace::Subject);
        if subject.of(Topic::Delayed).is_some() { Action::Delayed } else { Action::Failed }
    }
}

/// `receiver!policy-domain!begin!end[!id].xml[.gz]` or `.zip` (RFC 7489 §7.2.1.1).
fn is_dmarc_report(part: &Part<'_>) -> bool {
    let name = part.name.to_ascii_lowercase();
    let stem = [".xml.gz", ".xml", ".zip", ".gz"].iter().find_map(|suffix| name.strip_suffix(suffix));
    let mut pieces = stem.into_iter().flat_map(|stem| stem.split('!'));
    let (receiver, policy, begin, end) = (pieces.next(), pieces.next(), pieces.next(), pieces.next());
    let is_domain = |text: Option<&str>| text.is_some_and(|text| text.contains('.') && !text.contains(' '));
    let is_time = |text: Option<&str>| {
        text.is_some_and(|text| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()))
    };
    is_domain(receiver) && is_domain(policy) && is_time(begin) && is_time(end)
}

/// Header fields that only programs write which return mail, with what they say.
const FAILURE_FIELDS: [(&str, &str); 4] = [
    ("X-Failed-Recipients", "it names recipients that failed"),
    ("X-Mddsn-Message", "it is a delivery status notification of its own form"),
    ("X-Undeliverable-Message-Id", "it names a message that wasn't delivered"),
    ("X-Bounced-Address", "it names an address that failed"),
];

/// Header fields of automatic replies. `X-Auto-Response-Suppress` is none: it is a wish of the sender.
const REPLY_FIELDS: [&str; 7] = [
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Reply",
    "X-Autogenerated",
    "X-Autoresponder",
    "X-AutoReply-From",
    "X-Mail-Autoreply",
];

/// Octets of a text up to which also mail is read for which nothing speaks but its words.
const SHORT: usize = 8 * 1024;

impl<'x> Signs<'_, 'x> {
    /// The class of what is no report, by its sender, its header and its words.
    fn of_words(mut self, sender: Sender) -> Found<'x> {
        let subject_text = self.message.subject();
        let subject = Said::in_text(subject_text, WordPlace::Subject);
        let field = self.failure_field();
        let automatic = self.automatic();
        self.see_sender(sender);
        let by_program = sender.is_program() || automatic.is_some();
        // Most mail is from people. A long text is read only when something speaks for a program.
        if !by_program && !field && subject.is_empty() && self.text_length() > SHORT {
            return self.found(Class::Ordinary, None, None);
        }
        self.see_phrases(Place::Field("Subject"), &subject);
        let answer = is_answer(subject_text);
        let message = self.message;
        let (text, part) = text(message);
        let said = Said::in_text(text, WordPlace::Text);
        self.see_phrases(Place::Part(part.to_owned()), &said);
        let original = Original::find(self.message);
        let fields = text_report(text);
        let clues = Clues {
            sender,
            program: automatic.is_some(),
            field,
            subject: subject.is_failure(),
            text: said.is_failure(),
            reply_code: has_reply_code(text),
            fields: !fields.is_empty(),
            original: original.is_some(),
            part: original.as_ref().is_some_and(|original| matches!(original.form, Form::Whole | Form::Headers)),
            of_daemon: original
                .as_ref()
                .and_then(|original| original.field("From"))
                .is_some_and(|from| is_of_daemon(&from)),
            mailbox: text.contains('@'),
            answer,
        };
        let words = Words { sender, by_program, answer, automatic, subject, text: said, quotes: original.is_some() };
        if clues.tell_of_a_bounce() && (field || !self.speaks_of_other(&words, &clues)) {
            return self.bounce(&words.subject, &words.text, fields, original);
        }
        let class = self.other_class(&words);
        self.found(class, None, original)
    }

    /// Whether the words of a bounce are rather those of another class.
    fn speaks_of_other(&self, words: &Words, clues: &Clues) -> bool {
        let subject = |topic| words.subject.of(topic).is_some() && !clues.subject;
        let text = |topic| words.text.of(topic).is_some() && !clues.subject && !clues.reply_code;
        self.is_of_list(words)
            || [Topic::Virus, Topic::AutoReply, Topic::List, Topic::Challenge].into_iter().any(subject)
            || [Topic::Virus, Topic::Challenge].into_iter().any(text)
    }

    /// The class of what is no bounce. A list's program is known by its name: it comes first.
    fn other_class(&self, words: &Words) -> Class {
        let Words { sender, by_program, answer, automatic, quotes, .. } = *words;
        let subject = |topic| words.subject.of(topic).is_some();
        let text = |topic| words.text.of(topic).is_some();
        let challenges = match (subject(Topic::Challenge), text(Topic::Challenge)) {
            (true, true) => !answer,
            (true, false) => by_program && !answer,
            // It quotes the mail that it holds back.
            (false, true) => quotes || by_program || !answer,
            (false, false) => false,
        };
        let of_scanner = sender.null || sender.daemon || sender.gateway || by_program && quotes;
        if self.is_of_list(words) {
            Class::ListAutomaton
        } else if challenges {
            Class::Challenge
        } else if subject(Topic::Virus) && by_program || text(Topic::Virus) && of_scanner {
            Class::VirusNotice
        } else if automatic.is_some_and(|automatic| automatic.reply)
            || subject(Topic::AutoReply)
                && (by_program || text(Topic::AutoReply) || self.is_junk() || self.begins_as_reply())
        {
            Class::AutoReply
        } else if sender.null {
            Class::NullOther
        } else {
            Class::Ordinary
        }
    }

    fn is_of_list(&self, words: &Words) -> bool {
        let about_list = words.subject.of(Topic::List).or(words.text.of(Topic::List)).is_some();
        let speaks = about_list || words.automatic.is_some() || self.is_administrivia();
        words.sender.list && speaks && !self.is_digest()
    }

    /// Lists are bulk; junk are the answers of programs.
    fn is_junk(&self) -> bool {
        self.message.field("Precedence").is_some_and(|field| field.text().trim().eq_ignore_ascii_case("junk"))
    }

    /// Whether it answers a message, and its subject begins as that of an automatic reply: `Auto reply: …`.
    fn begins_as_reply(&self) -> bool {
        let replies = self.message.field("In-Reply-To").or(self.message.field("References")).is_some();
        let subject = self.message.subject();
        let prefix = subject.split_once(':').map(|(prefix, _)| Said::in_text(prefix, WordPlace::Subject));
        replies && prefix.is_some_and(|prefix| prefix.of(Topic::AutoReply).is_some())
    }

    fn bounce(mut self, subject: &Said, text: &Said, fields: Report, original: Option<Original<'x>>) -> Found<'x> {
        if let Some(wrapped) = self.wrapped_report() {
            return wrapped;
        }
        // A warning says what will come if nothing helps; a failure seldom says that there is hope.
        let delayed =
            subject.of(Topic::Delayed).or(text.of(Topic::Delayed).filter(|_| subject.of(Topic::Failed).is_none()));
        let action = fields.action().unwrap_or(if delayed.is_some() { Action::Delayed } else { Action::Failed });
        if let Some(original) = &original {
            self.see(Place::Part(original.part.clone()), format!("a message that was returned: {}", original.form));
        }
        Found { report: fields, ..self.found(Class::NonstandardDsn, Some(action), original) }
    }

    /// A delivery status notification that a gateway's own notice wraps.
    fn wrapped_report(&mut self) -> Option<Found<'x>> {
        let part = self.message.parts.iter().find(|part| part.kind == "message/rfc822")?;
        let Cow::Borrowed(octets) = part.octets() else { return None };
        let inside = Message::read(octets, &self.message.limits);
        let mut signs = Signs { message: &inside, evidence: core::mem::take(&mut self.evidence) };
        let class = signs.report().filter(|class| *class == Class::Dsn);
        if class.is_none() {
            self.evidence = signs.evidence;
            return None;
        }
        let mut found = signs.of_report(Class::Dsn);
        found
            .evidence
            .push(Evidence { place: Place::Part(part.number.clone()), words: "it wraps the report".to_owned() });
        Some(found)
    }

    fn found(self, class: Class, action: Option<Action>, original: Option<Original<'x>>) -> Found<'x> {
        Found { class, action, evidence: self.evidence, report: Report::default(), original }
    }

    fn see_sender(&mut self, sender: Sender) {
        let seen = [
            (sender.null, Place::Envelope, "the reverse-path is null"),
            (sender.daemon, Place::Field("From"), "the author is a program that returns mail"),
            (sender.postmaster, Place::Field("From"), "the author is one who returns mail, among other things"),
            (sender.gateway, Place::Field("From"), "the author is a gateway"),
            (sender.unattended, Place::Field("From"), "nobody reads an answer to the author"),
            (sender.list, Place::Field("From"), "the author is a program that keeps a list"),
        ];
        for (seen, place, words) in seen {
            if seen {
                self.see(place, words);
            }
        }
    }

    fn see_phrases(&mut self, place: Place, said: &Said) {
        for phrase in said.phrases() {
            let words = format!("it says in {} that {}: \"{}\"", phrase.language, phrase.topic.words(), phrase.words);
            self.see(place.clone(), words);
        }
    }

    fn failure_field(&mut self) -> bool {
        let found = FAILURE_FIELDS.iter().find(|(name, _)| self.message.field(name).is_some());
        if let Some((name, words)) = found {
            self.see(Place::Field(name), *words);
        }
        found.is_some()
    }

    fn automatic(&mut self) -> Option<Automatic> {
        let value = |name: &str| self.message.field(name).map(|field| field.text().trim().to_ascii_lowercase());
        // RFC 3834 §5: parameters may follow.
        let submitted = value("Auto-Submitted").filter(|value| !value.starts_with("no"));
        if let Some(value) = submitted {
            let reply = value.starts_with("auto-replied") || value.starts_with("auto-notified");
            self.see(Place::Field("Auto-Submitted"), format!("it was sent by a program: {value}"));
            return Some(Automatic { reply });
        }
        if value("X-MS-Exchange-Generated-Message-Source").is_some_and(|value| value == "mailbox rules agent") {
            self.see(Place::Field("X-MS-Exchange-Generated-Message-Source"), "a rule of a mailbox replies");
            return Some(Automatic { reply: true });
        }
        if value("Precedence").is_some_and(|value| matches!(value.as_str(), "auto_reply" | "auto-reply")) {
            self.see(Place::Field("Precedence"), "it is an automatic reply");
            return Some(Automatic { reply: true });
        }
        let name = REPLY_FIELDS
            .into_iter()
            .find(|name| value(name).is_some_and(|value| !matches!(value.as_str(), "no" | "false")))?;
        self.see(Place::Field(name), "it is an automatic reply");
        Some(Automatic { reply: true })
    }

    /// Whether a list's program says that it writes about a subscription, not to subscribers.
    fn is_administrivia(&self) -> bool {
        let value = self.message.field("X-List-Administrivia").map(|field| field.text());
        value.is_some_and(|value| value.trim().eq_ignore_ascii_case("yes"))
    }

    /// Whether it brings what others wrote (RFC 2046 §5.1.5): a list's program is its author too.
    fn is_digest(&self) -> bool {
        self.message.parts.iter().any(|part| part.kind == "multipart/digest")
    }

    fn text_length(&self) -> usize {
        self.message.parts.iter().find(|part| part.is(&["text/plain", "text/html"])).map_or(0, |part| part.body.len())
    }
}

/// The first text that says something, and the number of its part.
fn text<'m>(message: &'m Message<'_>) -> (&'m str, &'m str) {
    let texts = message.parts.iter().filter(|part| part.is(&["text/plain", "text/html"]));
    let texts = texts.map(|part| (message.text(part), part.number.as_str()));
    let mut last = ("", "");
    for text in texts {
        if !text.0.trim().is_empty() {
            return text;
        }
        last = text;
    }
    last
}

/// What a message says, and who says it.
struct Words {
    sender: Sender,
    by_program: bool,
    /// The subject is that of an answer or a forwarded message.
    answer: bool,
    automatic: Option<Automatic>,
    subject: Said,
    text: Said,
    /// It shows the header of another message.
    quotes: bool,
}

/// Sent by a program, as a reply to a message or not.
#[derive(Clone, Copy)]
struct Automatic {
    reply: bool,
}

/// The fields of a report among the lines of a text, as programs write that know no MIME.
fn text_report(text: &str) -> Report {
    const NAMES: [&str; 5] = ["final-recipient:", "original-recipient:", "action:", "status:", "reporting-mta:"];
    let is_field = |line: &&str| {
        NAMES.iter().any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(is_field).collect();
    // One alone may be anything's.
    if lines.len() < 2 { Report::default() } else { Report::read(lines.join("\n").as_bytes()) }
}
