#![cfg_attr(fuzzing, no_main)]
//! Any site, envelope, message and answers: all ways in agree, no hint refuses, and proofs are only for the mailbox that they
//! name.
//!
//! The text is MAIL FROM, RCPT TO, another recipient, and the message, with line feeds between. `batv_fuzz::site` says
//! which words in braces stand for tags and marks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use batv_bounce::{Class, Limits, Origin, Proof, Reading, author, read};
use batv_config::Keyring;
use batv_config::date;
use batv_config::site::{FileSystem, Site};
use batv_core::envelope::{Disposition, Earlier, Envelope, Mode, Reason, Stage, Verdict};
use batv_core::{Day, Mailbox, MailboxBuf, Path};
use batv_fuzz::c::{Judged, Library};
use batv_fuzz::in_brackets;
use batv_fuzz::site::{Choices, DKIM_NAMES, c_settings, dkim_key, filled};
use batv_mta::config::Config;
use batv_mta::listen::handler::Handler;
use batv_mta::listen::line::Line;
use batv_mta::settings::Settings;
use batv_policy::{Answers, HandleAnswer, Message, Question, Rules, Ruling, SentAnswer, View};
use batv_server::Server;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    site: Choices,
    /// 0 for today, the only day on which the daemon can be asked.
    day: u16,
    envelope: u8,
    answers: u8,
    text: &'a [u8],
}

/// A site, and the ways in that ask it. To make it takes as long as to ask it.
struct Prepared {
    settings: Arc<Settings>,
    /// Its rules with mode `reject` for all.
    strict: Rules,
    server: Server,
    /// `None` if others send for an author: C programs can't say so.
    library: Library,
}

impl Prepared {
    /// The one of these choices. The last ones are kept: most mutations are in the text.
    fn of(choices: Choices, today: Day) -> Rc<Self> {
        const MOST: usize = 256;
        thread_local!(static MADE: RefCell<HashMap<(Choices, Day), Rc<Prepared>>> = RefCell::default());
        MADE.with_borrow_mut(|made| {
            if made.len() >= MOST {
                made.clear();
            }
            Rc::clone(made.entry((choices, today)).or_insert_with(|| Rc::new(Self::new(choices, today))))
        })
    }

    fn new(choices: Choices, today: Day) -> Self {
        // A bounce comes as often as it likes.
        let toml = choices.toml(today) + "[store]\nbounces_per_tag = 0\nbounces_per_message = 0\n";
        let text = choices.keyring(today);
        let keyring = || Keyring::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let config = Config::parse(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
        let site = Site::new(&config.site, keyring(), &FileSystem).unwrap_or_else(|error| panic!("{error}\n{toml}"));
        let settings = Settings::new(config, keyring()).unwrap_or_else(|error| panic!("{error}\n{toml}"));
        let rules = settings.rules();
        let library = Library::new(&text, &c_settings(rules));
        if !rules.messages.dkim_keys.is_empty() {
            library.add_dkim_key(DKIM_NAMES, &dkim_key());
        }
        let strict = Rules { mode: Mode::Reject, modes: [].into(), ..rules.clone() };
        Self { strict, server: Server::new(site).at(today), library, settings: Arc::new(settings) }
    }
}

/// What a way in says of a ruling.
#[derive(Debug, Eq, PartialEq)]
struct Said {
    verdict: Verdict,
    reason: Reason,
    disposition: Disposition,
    mode: Mode,
    in_reject: Disposition,
    reply: String,
    deliver_to: Option<String>,
    mailbox: String,
    settled: bool,
    earlier: Earlier,
    class: Option<Class>,
    row: Option<u8>,
}

fn said(ruling: &Ruling<'_>) -> Said {
    let Ruling { verdict, reason, disposition, mode, in_reject, settled, earlier, class, row, .. } = *ruling;
    Said {
        verdict,
        reason,
        disposition,
        mode,
        in_reject,
        reply: ruling.reply.to_string(),
        deliver_to: ruling.deliver_to.map(|mailbox| mailbox.to_string()),
        mailbox: ruling.mailbox.to_string(),
        settled,
        earlier,
        class,
        row,
    }
}

/// The case at hand.
struct Case<'c> {
    site: View<'c>,
    strict: View<'c>,
    envelope: Envelope<'c>,
    today: Day,
    answers: Answers<'c>,
    reading: &'c Reading<'c>,
    octets: &'c [u8],
    is_cut: bool,
    /// Whether the site judges messages, which is no rule.
    judges: bool,
}

batv_fuzz::fuzz!(|data| {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let now = date::today().expect("a day");
    let today = if input.day == 0 { now } else { Day::new(20_000 + u32::from(input.day)).expect("a day") };
    let prepared = Prepared::of(input.site, today);
    let Prepared { settings, strict, server, library } = &*prepared;
    let (rules, keys) = (settings.rules(), settings.keys());
    let (text, named) = filled(input.text, keys, rules, today);
    let mut lines = text.splitn(4, |&octet| octet == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (from, to, other, octets) = (line(), line(), line(), line());

    let Ok(from) = rules.reverse_path(from) else { return };
    let Ok(to) = rules.forward_path(to) else { return };
    let (Ok(reverse_path), Ok(forward_path)) = (Path::parse(from.as_ref()), Mailbox::parse(to.as_ref())) else {
        return;
    };
    let flag = |number: u8| input.envelope >> number & 1 == 1;
    let envelope = Envelope::new(reverse_path, forward_path)
        .with_trusted_client(flag(0))
        .with_stage(if flag(1) { Stage::EndOfData } else { Stage::RcptTo })
        .with_earlier(
            [Earlier::None, Earlier::None, Earlier::Settled, Earlier::Undecided][usize::from(input.envelope >> 2 & 3)],
        );
    let is_cut = flag(4);
    let mut reading = read(octets, Some(reverse_path), &Limits::default());
    reading.cut |= is_cut;
    let other = rules.forward_path(other).ok();
    let other = other.as_deref().and_then(|other| Mailbox::parse(other).ok());
    let case = Case {
        site: View::new(keys, rules),
        strict: View::new(keys, strict),
        envelope,
        today,
        answers: answers(input.answers, other, flag(5)),
        reading: &reading,
        octets,
        is_cut,
        judges: settings.config().site.messages.judge,
    };
    case.rules_at_rcpt();
    case.rules_on_message(&named, other);

    case.asks_server(server);
    case.asks_library(library);
    if today == now {
        let heard = case.asks_daemon(settings);
        if date::today() == Ok(now) {
            heard();
        }
    }
});

fn answers<'a>(octet: u8, other: Option<Mailbox<'a>>, report_is_welcome: bool) -> Answers<'a> {
    let flag = |number: u8| octet >> number & 1 == 1;
    Answers {
        too_many_bounces: octet & 0b11 == 3,
        too_many_wrong_tags: octet & 0b11 == 2,
        replayed: flag(2),
        proof_replayed: flag(3),
        handle: match (octet >> 4 & 3, other) {
            (2, Some(sender)) => HandleAnswer::Of(sender),
            (3, _) => HandleAnswer::Unanswered,
            _ => HandleAnswer::None,
        },
        sent: [SentAnswer::NotAsked, SentAnswer::No, SentAnswer::ToOthers, SentAnswer::Yes][usize::from(octet >> 6)],
        report_is_welcome,
    }
}

impl Case<'_> {
    /// What holds of every ruling.
    fn holds(&self, ruling: &Ruling<'_>, answers: &Answers<'_>) {
        let class = match ruling.disposition {
            Disposition::Reject | Disposition::Drop => 5,
            Disposition::Tempfail => 4,
            _ => 2,
        };
        assert_eq!((ruling.reply.code / 100, u16::from(ruling.reply.enhanced.class())), (class, class), "{ruling:?}");
        assert_eq!(ruling.deliver_to.is_some(), class == 2, "{ruling:?}");
        let reply = ruling.reply.to_string();
        assert!(reply.is_ascii() && !reply.contains(['\r', '\n']) && reply.len() <= 510, "{reply:?}");
        if ruling.mode == Mode::Observe {
            let is_unanswered = answers.handle == HandleAnswer::Unanswered && ruling.reason == Reason::Internal;
            // Mail to an SRS address would go on to whoever is named there; and another recipient decides on the message.
            let is_kept_out = ruling.reason == Reason::SrsNotBounce && self.envelope.reverse_path != Path::Null;
            let is_crowded = ruling.reason == Reason::NullMultiRcpt && self.envelope.earlier == Earlier::Undecided;
            let is_accepted = ruling.disposition == Disposition::Accept;
            assert!(is_accepted || is_unanswered || is_kept_out || is_crowded, "{ruling:?}");
        }
        if ruling.mode == Mode::Reject {
            assert_eq!(ruling.in_reject, ruling.disposition, "{ruling:?}");
        }
        assert!(ruling.disposition != Disposition::Reject || !self.envelope.trusted_client, "{ruling:?}");
    }

    fn rules_at_rcpt(&self) {
        let Self { site, strict, envelope, today, answers, .. } = self;
        let recipient = site.recipient(envelope, *today);
        let in_reject = strict.recipient(envelope, *today);
        let asked = |questions: Vec<Question<'_>>| {
            check_order(&questions);
            format!("{questions:?}")
        };
        assert_eq!(asked(recipient.questions().collect()), asked(recipient.questions().collect()));
        assert_eq!(asked(recipient.data_questions().collect()), asked(recipient.data_questions().collect()));
        for answers in [answers, &Answers::default()] {
            for (ruling, in_reject) in
                [(recipient.rcpt(answers), in_reject.rcpt(answers)), (recipient.data(answers), in_reject.data(answers))]
            {
                self.holds(&ruling, answers);
                self.holds(&in_reject, answers);
                assert_eq!(ruling.in_reject, in_reject.disposition, "{ruling:?} {in_reject:?}");
            }
        }
        // Only a message says whether it was sent.
        let no = Answers { sent: SentAnswer::No, ..Answers::default() };
        assert_eq!(said(&recipient.rcpt(&no)), said(&recipient.rcpt(&Answers::default())));
        assert_eq!(said(&site.rcpt(envelope, *today)), said(&recipient.rcpt(&Answers::default())));
        let undecided = site.undecided(envelope);
        assert_ne!(undecided.disposition, Disposition::Reject);
        self.holds(&undecided, &Answers::default());
    }

    fn rules_on_message(&self, named: &[&str], other: Option<Mailbox<'_>>) {
        let Self { site, strict, envelope, today, answers, reading, .. } = self;
        let (message, in_reject) = (site.message(reading, *today), strict.message(reading, *today));
        let recipient = site.recipient(envelope, *today);
        let case = recipient.with_message(&message);
        let in_reject = strict.recipient(envelope, *today).with_message(&in_reject);
        let questions: Vec<_> = case.questions().collect();
        check_order(&questions);
        assert_eq!(format!("{questions:?}"), format!("{:?}", case.questions().collect::<Vec<_>>()));
        self.names_of_proofs(&message, named, other);

        let welcome = Answers { report_is_welcome: answers.report_is_welcome, ..Answers::default() };
        let no = Answers { sent: SentAnswer::No, ..welcome };
        assert_eq!(said(&case.data(&no)), said(&case.data(&welcome)));
        let by_hint = |ruling: &Ruling<'_>| matches!(ruling.origin, Some(Origin::Hinted | Origin::Unknown));
        let mut open: Option<Said> = None;
        for sent in
            [SentAnswer::NotAsked, SentAnswer::No, SentAnswer::Unanswered, SentAnswer::ToOthers, SentAnswer::Yes]
        {
            for proof_replayed in [false, true] {
                let answers = Answers { sent, proof_replayed, ..*answers };
                let ruling = case.data(&answers);
                self.holds(&ruling, &answers);
                let strictly = in_reject.data(&answers);
                self.holds(&strictly, &answers);
                assert_eq!(ruling.in_reject, strictly.disposition, "{ruling:?} {strictly:?}");
                self.is_not_refused_for_a_hint(&ruling, recipient.data(&answers).disposition);
                self.is_not_refused_for_a_hint(
                    &strictly,
                    strict.recipient(envelope, *today).data(&answers).disposition,
                );
                if by_hint(&ruling) {
                    let ruling = said(&ruling);
                    let before = open.get_or_insert_with(|| said(&case.data(&answers)));
                    assert_eq!(*before, ruling, "a hint rules as nothing does");
                }
                if ruling.origin == Some(Origin::Proved(Proof::SentLog)) {
                    assert!(sent == SentAnswer::Yes && !proof_replayed, "{ruling:?}");
                }
            }
        }
        let plain = case.data(&welcome);
        assert_eq!(case.disposition_in(plain.mode, &welcome), plain.disposition);
        assert_eq!(case.disposition_in(Mode::Reject, &welcome), plain.in_reject);
        assert!(plain.row.is_none() || case.row(&welcome).is_some());
    }

    /// A message is refused for a disproof, of a whole message; or the site asks for more.
    fn is_not_refused_for_a_hint(&self, ruling: &Ruling<'_>, by_envelope: Disposition) {
        if ruling.disposition == Disposition::Reject && by_envelope != Disposition::Reject {
            let unverified =
                ruling.reason == Reason::BackscatterUnverified && self.site.rules().messages.reject_unverified;
            let disproved = ruling.verdict == Verdict::Disproved && ruling.origin == Some(Origin::Disproved);
            assert!(!self.reading.cut && (disproved || unverified), "{ruling:?}");
        }
        if let Some(Origin::Proved(_)) = ruling.origin {
            assert!(ruling.disposition != Disposition::Reject || by_envelope == Disposition::Reject, "{ruling:?}");
        }
    }

    /// A tag and a mark prove a message to their own sender; a signature, to its author and those who send for it.
    fn names_of_proofs<'m>(&self, message: &'m Message<'m, '_>, named: &[&str], other: Option<Mailbox<'_>>) {
        let Self { site, envelope, today, reading, .. } = self;
        let stranger = Mailbox::parse("mallory@elsewhere.example").expect("a mailbox");
        for to in [Some(envelope.forward_path), other, Some(stranger)].into_iter().flatten() {
            let recipient = site.recipient(&Envelope::new(envelope.reverse_path, to), *today);
            let mailbox = recipient.mailbox();
            let Origin::Proved(proof) = recipient.with_message(message).origin() else { continue };
            let is_for = |name: &str| name.eq_ignore_ascii_case(&mailbox.to_string());
            if proof == Proof::Dkim {
                let mut originals = reading.original.iter().chain(&reading.others);
                let sends_for = |author: MailboxBuf| {
                    let identities = &site.rules().messages.identities;
                    is_for(author.as_str())
                        || identities.iter().any(|own| own.sends_for(&mailbox, &author.as_mailbox()))
                };
                assert!(originals.any(|original| author(&original.header).is_some_and(sends_for)), "{mailbox}");
            } else {
                assert!(named.iter().any(|name| is_for(name)), "{proof} for {mailbox}, and not for {named:?}");
            }
        }
    }

    /// The ruling of the site at the end of DATA, as a mail server asks for it, and whether it reads the message.
    fn at_end(&self, envelope: &Envelope<'_>, heard: impl FnOnce(&Ruling<'_>)) {
        let recipient = self.site.recipient(envelope, self.today);
        let reads = self.judges && self.site.reads(envelope.reverse_path);
        if reads && !envelope.trusted_client && recipient.needs_message() {
            let message = self.site.message(self.reading, self.today);
            heard(&recipient.with_message(&message).data(&Answers::default()));
        } else {
            heard(&recipient.data(&Answers::default()));
        }
    }

    fn asks_server(&self, server: &Server) {
        let Self { site, envelope, today, .. } = self;
        let envelope = &envelope.with_earlier(Earlier::None).with_stage(Stage::RcptTo);
        let paths = in_brackets(envelope);
        let mail = server.mail(&paths[0]);
        let mut mail = if envelope.trusted_client { mail.from_own_client() } else { mail };
        let heard = mail.rcpt(&paths[1]).expect("a recipient");
        agrees(&heard, &site.rcpt(envelope, *today));
        if heard.accepts() {
            let outcome = if self.is_cut { mail.data_cut(self.octets) } else { mail.data(self.octets) };
            let [heard] = &outcome.rulings[..] else { panic!("{outcome:?}") };
            self.at_end(&envelope.with_stage(Stage::EndOfData), |ruling| agrees(heard, ruling));
        }
    }

    fn asks_library(&self, library: &Library) {
        let Self { site, envelope, today, .. } = self;
        assert_eq!(library.check(envelope, *today), judged(&site.rcpt(envelope, *today)));
        if !self.is_cut {
            let report_is_welcome = self.answers.report_is_welcome;
            let answers = Answers { report_is_welcome, ..Answers::default() };
            let message = site.message(self.reading, *today);
            let ruling = site.recipient(envelope, *today).with_message(&message).data(&answers);
            assert_eq!(library.judge(envelope, self.octets, report_is_welcome, *today), judged(&ruling));
        }
    }

    /// Asks through the line protocol. The comparison comes later: a day may have ended meanwhile.
    fn asks_daemon(&self, settings: &Arc<Settings>) -> impl FnOnce() {
        let Self { site, envelope, today, octets, .. } = self;
        let paths = in_brackets(envelope).join(" ");
        // A quoted local part may hold what ends a path.
        let is_clear = paths.matches("> ").count() == 1 && !paths.contains('\n');
        let (stage, earlier) = (envelope.stage, envelope.earlier);
        let client = if envelope.trusted_client { "127.0.0.1" } else { "-" };
        let extent = if self.is_cut { "cut" } else { "whole" };
        let mut requests = format!("judge {stage} {earlier} {client} {paths}\n").into_bytes();
        requests.extend(format!("judge-message {client} {extent} {} {paths}\n", octets.len()).into_bytes());
        requests.extend_from_slice(octets);
        let mut answers = Vec::new();
        if is_clear {
            Line::default().receive(&requests, settings, &mut answers);
        }
        let recipient = site.recipient(envelope, *today);
        let first = match stage {
            Stage::RcptTo => recipient.rcpt(&Answers::default()),
            _ => recipient.data(&Answers::default()),
        };
        let mut expected = vec![line_of(&first)];
        let at_end = envelope.with_stage(Stage::EndOfData).with_earlier(Earlier::None);
        self.at_end(&at_end, |ruling| {
            let name = |name: Option<&'static str>| name.unwrap_or("-");
            let (class, origin) = (ruling.class.map(Class::as_str), ruling.origin.map(Origin::as_str));
            expected.push(format!("{} class={} origin={} ", line_of(ruling), name(class), name(origin)));
        });
        move || {
            let answers = String::from_utf8(answers).expect("text");
            let heard: Vec<_> = answers.lines().collect();
            assert!(!is_clear || heard.len() == 2, "{answers}");
            for (heard, expected) in heard.iter().zip(&expected) {
                // What follows are fields for the message.
                assert!(heard.starts_with(expected), "{heard}\n{expected}");
            }
        }
    }
}

fn line_of(ruling: &Ruling<'_>) -> String {
    let Ruling { verdict, reason, disposition, mode, earlier, ref reply, .. } = *ruling;
    format!(
        "OK disposition={disposition} verdict={verdict} reason={reason} settled={} earlier={earlier} mode={mode} \
         reply=\"{reply}\"",
        u8::from(ruling.settled)
    )
}

fn agrees(heard: &batv_server::Ruling, ruling: &Ruling<'_>) {
    let Said { verdict, reason, disposition, reply, deliver_to, mailbox, settled, class, .. } = said(ruling);
    let expected = (verdict, reason, disposition, reply, deliver_to, mailbox, settled, class, ruling.origin);
    let heard = heard.clone();
    assert_eq!(
        (
            heard.verdict,
            heard.reason,
            heard.disposition,
            heard.reply,
            heard.deliver_to,
            heard.mailbox,
            heard.settled,
            heard.class,
            heard.origin
        ),
        expected
    );
}

fn judged(ruling: &Ruling<'_>) -> Judged {
    let Said { verdict, reason, disposition, mode, in_reject, reply, deliver_to, settled, earlier, row, .. } =
        said(ruling);
    let names =
        [verdict.as_str(), reason.as_str(), disposition.as_str(), mode.as_str(), earlier.as_str(), in_reject.as_str()];
    let names = names.into_iter().chain(ruling.origin.map(Origin::as_str)).map(str::to_owned).collect();
    Judged { names, settled, row: row.unwrap_or_default().into(), reply, deliver_to: deliver_to.unwrap_or_default() }
}

/// Each question is asked once, in the order in which an answer may end the asking.
fn check_order(questions: &[Question<'_>]) {
    let place = |question: &Question<'_>| match question {
        Question::Bounces(_) => 0,
        Question::WrongTags { .. } => 1,
        Question::Handle(_) => 2,
        Question::Replay { .. } => 3,
        Question::ProofReplay { .. } => 4,
        Question::Sent { .. } => 5,
        _ => 6,
    };
    assert!(questions.is_sorted_by(|one, next| place(one) < place(next)), "{questions:?}");
}
