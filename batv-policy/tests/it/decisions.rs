//! The decisions that all ways in have to agree on, put to the site itself.

use batv_bounce::{Limits, read};
use batv_core::envelope::{Earlier, Envelope, Stage};
use batv_core::{Day, Mailbox, Path};
use batv_policy::{Answers, HandleAnswer, Question, Ruling, SentAnswer, View, address};
use batv_tests::vectors::decisions::{self, Client, Heard, NOTHING, Row, Said, some_handle};

/// The answers of the row to what is asked.
struct Answering<'r> {
    row: &'r Row<'r>,
    answers: Answers<'r>,
    asked: usize,
}

impl<'r> Answering<'r> {
    fn new(row: &'r Row<'r>) -> Self {
        let report_is_welcome = row.answers().report_is_welcome;
        Self { row, answers: Answers { report_is_welcome, ..Answers::default() }, asked: 0 }
    }

    fn answer(&mut self, question: &Question<'_>) {
        let known = self.row.answers();
        let given = match question {
            Question::Bounces(_) => {
                self.answers.too_many_bounces = known.too_many_bounces;
                known.too_many_bounces
            }
            Question::WrongTags { .. } => {
                self.answers.too_many_wrong_tags = known.too_many_wrong_tags.is_some();
                self.answers.too_many_wrong_tags
            }
            Question::Handle(_) => {
                self.answers.handle = match known.handle.as_deref() {
                    None | Some("forgotten") => HandleAnswer::None,
                    Some("unanswered") => HandleAnswer::Unanswered,
                    Some(sender) => HandleAnswer::Of(Mailbox::parse(sender).expect("a sender")),
                };
                known.handle.is_some()
            }
            Question::Replay { .. } => {
                self.answers.replayed = known.replayed.unwrap_or_default();
                known.replayed.is_some()
            }
            Question::ProofReplay { .. } => {
                self.answers.proof_replayed = known.proof_replayed.unwrap_or_default();
                known.proof_replayed.is_some()
            }
            Question::Sent { query, .. } => {
                // Found, the message is counted.
                self.answers.proof_replayed = known.proof_replayed.unwrap_or_default();
                self.asked += usize::from(known.proof_replayed.is_some());
                self.answers.sent = match known.sent.as_ref().map(|sent| sent.answer.as_str()) {
                    None => SentAnswer::NotAsked,
                    Some("yes") => SentAnswer::Yes,
                    Some("to-others") => SentAnswer::ToOthers,
                    Some("no") => SentAnswer::No,
                    Some("unanswered") => SentAnswer::Unanswered,
                    Some(other) => panic!("{other} is no answer"),
                };
                if let Some(sent) =
                    known.sent.as_ref().filter(|sent| matches!(sent.answer.as_str(), "yes" | "to-others"))
                {
                    let message_id = sent.message_id.as_ref().expect("a Message-ID");
                    assert!(query.message_ids.contains(message_id), "{query:?}");
                    let to = sent.to.as_ref().expect("a recipient");
                    assert_eq!(query.recipients.contains(to), sent.answer == "yes", "{query:?}");
                }
                known.sent.is_some()
            }
            _ => false,
        };
        self.asked += usize::from(given);
    }

    /// That what the row answers is asked.
    fn check(&self) {
        let known = self.row.answers();
        let given = [
            known.too_many_bounces,
            known.too_many_wrong_tags.is_some(),
            known.handle.is_some(),
            known.replayed.is_some(),
            known.proof_replayed.is_some(),
            known.sent.is_some(),
        ];
        let given = given.into_iter().filter(|is_given| *is_given).count();
        if self.row.is_unasked() {
            assert_eq!(self.asked, 0, "something is asked");
        } else if !self.answers.too_many_bounces && !self.answers.too_many_wrong_tags {
            // A handle behind a recipient who is refused is not asked for.
            let is_refused = known.handle.is_some() && self.asked < given;
            assert!(self.asked == given || is_refused, "of {given} answers {} are asked for", self.asked);
        }
    }
}

fn ask(row: &Row<'_>, today: Day) -> Heard {
    let question = row.question(today, &some_handle);
    let site = row.site(today);
    let site = site.view();
    let spelled = address::reverse_path(row.from.as_bytes()).expect("a reverse-path");
    let reverse_path = Path::parse(spelled.as_ref()).expect("a reverse-path");
    let spelled = |to: &str| address::forward_path(to.as_bytes()).expect("a recipient").into_owned();
    let (to, before) = (spelled(&question.to), question.before.iter().map(|to| spelled(to)).collect::<Vec<_>>());
    let envelope = |to, earlier| {
        Envelope::new(reverse_path, Mailbox::parse(to).expect("a recipient"))
            .with_trusted_client(row.client() != Client::World)
            .with_stage(row.at())
            .with_earlier(earlier)
    };
    let mut earlier = Earlier::None;
    for before in &before {
        earlier = site.rcpt(&envelope(before, earlier).with_stage(Stage::RcptTo), today).earlier;
    }
    assert_eq!(earlier.as_str(), row.earlier(), "the recipients before");
    let envelope = envelope(&to, earlier);
    let said = match &question.message {
        Some(message) => with_message(row, site, &envelope, message, today),
        None => {
            let recipient = site.recipient(&envelope, today);
            let mut answering = Answering::new(row);
            if row.at() == Stage::RcptTo {
                recipient.questions().for_each(|question| answering.answer(&question));
            } else {
                recipient.data_questions().for_each(|question| answering.answer(&question));
            }
            answering.check();
            let answers = &answering.answers;
            said(&if row.at() == Stage::RcptTo { recipient.rcpt(answers) } else { recipient.data(answers) })
        }
    };
    Heard { expected: question.expected, said }
}

fn with_message(row: &Row<'_>, site: View<'_>, envelope: &Envelope<'_>, message: &str, today: Day) -> Said {
    let recipient = site.recipient(envelope, today);
    // As batvd does.
    if envelope.trusted_client || !site.reads(envelope.reverse_path) || !recipient.needs_message() {
        return said(&recipient.data(&Answers::default()));
    }
    let octets = row.message_octets().map_or(message.len(), |most| most.min(message.len()));
    let mut reading = read(&message.as_bytes()[..octets], Some(envelope.reverse_path), &Limits::default());
    reading.cut |= octets < message.len();
    let message = site.message(&reading, today);
    let case = recipient.with_message(&message);
    let mut answering = Answering::new(row);
    case.questions().for_each(|question| answering.answer(&question));
    answering.check();
    said(&case.data(&answering.answers))
}

fn said(ruling: &Ruling<'_>) -> Said {
    let shown = |text: Option<&str>| text.unwrap_or(NOTHING).to_owned();
    Said::from([
        ("verdict", ruling.verdict.to_string()),
        ("reason", ruling.reason.to_string()),
        ("disposition", ruling.disposition.to_string()),
        ("mode", ruling.mode.as_str().to_owned()),
        ("in_reject", ruling.in_reject.to_string()),
        ("reply", format!("{} {}", ruling.reply.code, ruling.reply.enhanced)),
        ("deliver_to", ruling.deliver_to.map_or(NOTHING.to_owned(), |mailbox| mailbox.to_string())),
        ("settled", u8::from(ruling.settled).to_string()),
        ("earlier", ruling.earlier.as_str().to_owned()),
        ("class", shown(ruling.class.map(|class| class.as_str()))),
        ("origin", shown(ruling.origin.map(|origin| origin.as_str()))),
    ])
}

#[test]
fn the_site_agrees() {
    decisions::agree("site", |row, today| Ok(ask(row, today)));
}
