//! Finds the class of a message: by its structure first, then by its sender and header, then by its words.

pub mod auto_reply;
mod class;
pub(crate) mod clues;
mod fields;
mod mailboxes;
mod sender;
mod signs;
mod structure;
mod wording;

use alloc::borrow::Cow;

use batv_core::Path;

pub use self::class::Class;
use self::clues::{Clues, has_reply_code, is_answer, is_of_daemon};
use self::fields::Automatic;
use self::mailboxes::{Mailboxes, Named};
use self::sender::Sender;
pub use self::sender::is_daemon;
use self::signs::Signs;
use self::structure::REPORTS;
use self::wording::{Place as WordPlace, Said, Topic};
use crate::evidence::{Evidence, Place};
use crate::read::message::Message;
use crate::record::original::{Extent, Original};
use crate::record::report::{Action, Report};

/// Result of a classification.
pub(crate) struct Found<'x> {
    pub(crate) class: Class,
    pub(crate) action: Option<Action>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) report: Report,
    pub(crate) original: Option<Original<'x>>,
}

pub(crate) fn classify<'x>(message: &Message<'x>, reverse_path: Option<Path<'_>>) -> Found<'x> {
    let mut signs = Signs::new(message);
    let sender = Sender::of(message, reverse_path);
    match signs.report() {
        // Somebody shows a bounce to somebody else.
        Some(Class::Dsn) if signs.is_forwarded(sender) => {
            signs.see(Place::Part(String::new()), "somebody forwards or discusses the report");
            signs.found(sender.other_class(), None, None)
        }
        Some(class) => signs.of_report(class),
        None => signs.of_words(sender),
    }
}

impl<'x> Signs<'_, 'x> {
    fn of_report(mut self, class: Class) -> Found<'x> {
        let kinds: &[&str] = REPORTS.iter().find(|(known, _)| *known == class).map_or(&[], |(_, kinds)| kinds);
        let told = self.message.parts.iter().filter(|part| part.is(kinds));
        let mut report = Report::default();
        for read in told.map(|part| Report::read(&part.octets())) {
            report = if report.is_empty() { read } else { report.and(read) };
        }
        if report.is_empty() && matches!(class, Class::Mdn | Class::Dsn) {
            let mut untold = self.untold_parts().map(|part| Report::read(&part.octets()));
            report = untold.find(|report| !report.is_empty()).unwrap_or_default();
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
        if self.message.field("X-MS-Journal-Report").is_some() {
            self.see(Place::Field("X-MS-Journal-Report"), "it is a copy for an archive, with what it copies");
            return self.found(sender.other_class(), None, None);
        }
        // What stands behind such a beginning, another message says.
        let answer = is_answer(subject_text) || subject.of(Topic::Receipt).is_some();
        let message = self.message;
        let (text, part) = text(message);
        let said = Said::in_text(text, WordPlace::Text);
        self.see_phrases(Place::Part(part.to_owned()), &said);
        if !by_program && !field && subject.is_empty() && said.is_empty() {
            return self.found(Class::Ordinary, None, None);
        }
        let original = Original::find(self.message);
        let fields = text_report(text);
        let quotes = original.is_some();
        let mut words =
            Words { sender, by_program, answer, automatic, subject, text: said, quotes, quotes_another: false };
        let clues = self.clues(&words, text, field, !fields.is_empty(), original.as_ref());
        words.quotes_another = quotes && !clues.returned;
        if let Some(action) = success(&words, &clues) {
            return self.bounce(Some(action), &words, fields, original);
        }
        if clues.tell_of_a_bounce() && (field || !self.speaks_of_other(&words, &clues)) {
            return self.bounce(None, &words, fields, original);
        }
        let class = self.other_class(&words);
        self.found(class, None, original)
    }

    /// Gathers the clues of a bounce. `field` stands for a header field that only bounces have, `fields` for fields of a
    /// report in the text.
    fn clues(&self, words: &Words, text: &str, field: bool, fields: bool, original: Option<&Original<'x>>) -> Clues {
        let Words { sender, by_program, answer, automatic, ref subject, text: ref said, .. } = *words;
        let says = |topic| subject.of(topic).or(said.of(topic)).is_some();
        let says_other = [Topic::Virus, Topic::Delivered, Topic::Relayed].into_iter().any(says);
        // Mailboxes matter in a person's mail only where its text says that a delivery failed, and in a daemon's only
        // where it says something else, or nothing.
        let matters = if by_program { !sender.daemon || !said.is_failure() || says_other } else { said.is_failure() };
        let mailboxes = matters.then(|| Mailboxes::of(self.message));
        let named = mailboxes.as_ref().map_or(Named::No, |mailboxes| mailboxes.others(text));
        let wrote = |original| mailboxes.as_ref().is_some_and(|mailboxes| mailboxes.wrote(original));
        let from = original.and_then(|original| original.field("From"));
        Clues {
            sender,
            program: automatic.is_some(),
            reply: automatic.is_some_and(|automatic| automatic.reply),
            begins_as_reply: self.begins_as_reply(subject),
            reply_words: says(Topic::AutoReply),
            bulk: matters && self.is_bulk(sender),
            field,
            subject: subject.is_failure(),
            text: said.is_failure(),
            reply_code: has_reply_code(text),
            fields,
            original: original.is_some(),
            part: original.is_some_and(|original| matches!(original.extent, Extent::Whole | Extent::Headers)),
            returned: original.is_some_and(wrote),
            of_daemon: from.is_some_and(|from| is_of_daemon(&from)),
            mailbox: named > Named::No,
            recipient: named >= Named::BehindColon,
            listed: named == Named::Listed,
            answer,
        }
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
        // Who tells a recipient what became of a message returns one that another wrote.
        let warns = !words.quotes_another;
        if self.is_of_list(words) {
            Class::ListAutomaton
        } else if challenges {
            Class::Challenge
        } else if warns && (subject(Topic::Virus) && by_program || text(Topic::Virus) && of_scanner) {
            Class::VirusNotice
        } else if automatic.is_some_and(|automatic| automatic.reply)
            || subject(Topic::Automatic)
            || subject(Topic::AutoReply)
                && (by_program
                    || text(Topic::AutoReply)
                    || self.is_junk()
                    || self.answers() && self.begins_as_reply(&words.subject))
        {
            Class::AutoReply
        } else {
            sender.other_class()
        }
    }

    fn is_of_list(&self, words: &Words) -> bool {
        let about_list = words.subject.of(Topic::List).or(words.text.of(Topic::List)).is_some();
        let speaks = about_list || words.automatic.is_some() || self.is_administrivia();
        words.sender.list && speaks && !self.is_digest()
    }

    fn answers(&self) -> bool {
        self.message.field("In-Reply-To").or(self.message.field("References")).is_some()
    }

    /// Whether its subject begins as that of an automatic reply: `Auto reply: …`. What comes behind, another message says.
    fn begins_as_reply(&self, subject: &Said) -> bool {
        let begins = || {
            let text = self.message.subject();
            let prefix = text.find([':', '\u{ff1a}']).map(|end| Said::in_text(&text[..end], WordPlace::Subject));
            prefix.is_some_and(|prefix| prefix.of(Topic::AutoReply).is_some())
        };
        subject.of(Topic::Automatic).is_some() || begins()
    }

    fn bounce(
        mut self,
        success: Option<Action>,
        words: &Words,
        fields: Report,
        original: Option<Original<'x>>,
    ) -> Found<'x> {
        let Words { subject, text, .. } = words;
        if let Some(wrapped) = self.wrapped_report() {
            return wrapped;
        }
        // A warning says what will come if nothing helps; a failure seldom says that there is hope.
        let delayed =
            subject.of(Topic::Delayed).or(text.of(Topic::Delayed).filter(|_| subject.of(Topic::Failed).is_none()));
        let told = if delayed.is_some() { Action::Delayed } else { Action::Failed };
        let action = fields.action().or(success).unwrap_or(told);
        if let Some(original) = &original {
            self.see(Place::Part(original.part.clone()), format!("a message that was returned: {}", original.extent));
        }
        Found { report: fields, ..self.found(Class::NonstandardDsn, Some(action), original) }
    }

    /// A delivery status notification that a gateway's own notice wraps.
    fn wrapped_report(&mut self) -> Option<Found<'x>> {
        let part = self.message.parts.iter().find(|part| part.kind == "message/rfc822")?;
        let Cow::Borrowed(octets) = part.octets() else { return None };
        let inside = Message::read(octets, &self.message.limits);
        let mut signs = Signs::new(&inside);
        signs.report().filter(|class| *class == Class::Dsn)?;
        let mut found = signs.of_report(Class::Dsn);
        for evidence in found.evidence {
            let place = match evidence.place {
                Place::Part(number) => Place::Part(part.number_inside(&number)),
                place => place,
            };
            self.evidence.push(Evidence { place, ..evidence });
        }
        self.see(Place::Part(part.number.clone()), "it wraps the report");
        found.evidence = core::mem::take(&mut self.evidence);
        if let Some(original) = &mut found.original {
            original.part = part.number_inside(&original.part);
        }
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

/// Words of a message, with its sender.
struct Words {
    sender: Sender,
    by_program: bool,
    /// The subject is that of an answer or a forwarded message.
    answer: bool,
    automatic: Option<Automatic>,
    subject: Said,
    text: Said,
    /// The message shows the header of another one, and one that its recipient did not write.
    quotes: bool,
    quotes_another: bool,
}

/// Report of a success by a program that returns mail. Other programs say so of parcels.
fn success(words: &Words, clues: &Clues) -> Option<Action> {
    let Words { sender, subject, text, .. } = words;
    let says = |topic| subject.of(topic).is_some() && text.of(topic).is_some();
    let tells = (sender.daemon || sender.postmaster) && (clues.recipient || clues.returned) && !clues.bulk;
    let said = [(Topic::Relayed, Action::Relayed), (Topic::Delivered, Action::Delivered)];
    said.into_iter().find(|(topic, _)| tells && says(*topic)).map(|(_, action)| action)
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
