//! `envelope.json`: the answer for one recipient of one message, in each mode.

use alloc::collections::BTreeMap;

use batv_core::envelope::{Earlier, Envelope, Judgement, Mode, Policy, Stage};
use batv_core::tag::Delimiter;
use batv_core::{Day, Key, Mailbox, Path, Pattern};
use serde::Deserialize;

use super::{KeyEntry, day, form, named, read};

const MODES: [&str; 4] = ["observe", "mark", "quarantine", "reject"];

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vectors {
    /// For people.
    pub comment: Vec<String>,
    /// The rule that each row of a case's `row` stands for.
    pub rows: BTreeMap<String, String>,
    rings: BTreeMap<String, Vec<KeyEntry>>,
    policies: BTreeMap<String, PolicyEntry>,
    today: u32,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyEntry {
    protected: Vec<String>,
    #[serde(default)]
    exempt: Vec<String>,
    signing_since: Option<u32>,
    form: Option<String>,
    reject_at: Option<String>,
    on_error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    row: String,
    ring: String,
    policy: String,
    from: String,
    to: String,
    #[serde(default)]
    trusted: bool,
    at: Option<String>,
    earlier: Option<String>,
    today: Option<u32>,
    /// By mode, or by several modes with a space between, or for `any`.
    answers: BTreeMap<String, Answer>,
}

/// What is found, done and said.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// What was found.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// What is done about it.
    pub disposition: String,
    /// Code and enhanced code.
    pub reply: String,
    /// The mailbox to deliver to.
    pub deliver_to: Option<String>,
    /// Whether the message can change nothing about this any more.
    pub settled: bool,
}

impl Answer {
    /// The same words for what the core says.
    pub fn of(judgement: &Judgement<'_>) -> Self {
        Self {
            verdict: judgement.verdict.to_string(),
            reason: judgement.reason.to_string(),
            disposition: judgement.disposition.to_string(),
            reply: format!("{} {}", judgement.reply.code, judgement.reply.enhanced),
            deliver_to: judgement.deliver_to.map(|mailbox| mailbox.to_string()),
            settled: judgement.settled,
        }
    }
}

/// One case in one mode.
#[derive(Debug)]
#[non_exhaustive]
pub struct Question<'v> {
    name: String,
    /// The row of the table that it shows.
    pub row: &'v str,
    /// The keyring.
    pub keys: Vec<Key>,
    /// The day of judgement.
    pub today: Day,
    /// The answer that is expected.
    pub answer: &'v Answer,
    case: &'v Case,
    policy: &'v PolicyEntry,
    mode: Mode,
}

impl<'v> Question<'v> {
    /// What is asked.
    ///
    /// # Panics
    /// When the file holds no such address or word.
    pub fn envelope(&self) -> Envelope<'v> {
        let case = self.case;
        let reverse_path = Path::parse(&case.from).expect("a reverse-path");
        let earlier = case.earlier.as_deref().map_or(Earlier::None, |name| name.parse().expect("an outcome"));
        let stage = case.at.as_deref().map_or(Stage::RcptTo, |name| name.parse().expect("a stage"));
        Envelope::new(reverse_path, Mailbox::parse(&case.to).expect("a mailbox"))
            .with_trusted_client(case.trusted)
            .with_earlier(earlier)
            .with_stage(stage)
    }

    /// The patterns of the mailboxes that are protected, and of those that are exempt.
    ///
    /// # Panics
    /// When the file holds no such pattern.
    pub fn patterns(&self) -> [Vec<Pattern<&'v str>>; 2] {
        [&self.policy.protected, &self.policy.exempt]
            .map(|texts| texts.iter().map(|text| Pattern::parse(text.as_str()).expect("a pattern")).collect())
    }

    /// The policy that has these patterns.
    ///
    /// # Panics
    /// When the file holds no such word.
    pub fn policy<'p>(&self, [protected, exempt]: &'p [Vec<Pattern<&'v str>>; 2]) -> Policy<'p>
    where
        'v: 'p,
    {
        let mut policy = Policy::protecting(protected, self.mode)
            .with_exempt(exempt)
            .with_signing_since(self.policy.signing_since.map(day))
            .with_reads_message(self.case.from == "<>");
        if let Some(name) = &self.policy.form {
            policy = policy.with_form(form(name, Delimiter::default()));
        }
        if let Some(stage) = &self.policy.reject_at {
            policy = policy.with_reject_at(stage.parse().expect("a stage"));
        }
        if let Some(name) = &self.policy.on_error {
            policy = policy.with_on_error(name.parse().expect("a disposition on error"));
        }
        policy
    }
}

named!(Question<'_>);

impl Vectors {
    /// Each case in each of the four modes.
    ///
    /// # Panics
    /// When a case leaves a mode without an answer, or gives it two.
    pub fn questions(&self) -> Vec<Question<'_>> {
        self.cases.iter().flat_map(|case| MODES.map(|mode| self.question(case, mode))).collect()
    }

    fn question<'v>(&'v self, case: &'v Case, mode: &str) -> Question<'v> {
        let in_mode = |modes: &str| modes == "any" || modes.split(' ').any(|one| one == mode);
        let mut answers = case.answers.iter().filter(|(modes, _)| in_mode(modes)).map(|(_, answer)| answer);
        let (Some(answer), None) = (answers.next(), answers.next()) else {
            panic!("{}: one answer in mode {mode}, please", case.name)
        };
        assert!(self.rows.contains_key(&case.row), "{}: there is no row {}", case.name, case.row);
        Question {
            name: format!("{} ({mode})", case.name),
            row: &case.row,
            keys: KeyEntry::batv(&self.rings[&case.ring]),
            today: day(case.today.unwrap_or(self.today)),
            answer,
            case,
            policy: &self.policies[&case.policy],
            mode: mode.parse().expect("a mode"),
        }
    }
}

/// Reads the file.
pub fn vectors() -> Vectors {
    read("envelope.json", include_str!("../../vectors/envelope.json"))
}
