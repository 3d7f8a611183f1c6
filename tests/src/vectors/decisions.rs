//! `decisions.json`: what becomes of a recipient or of a message, by every way in.
//!
//! A row is a case in one mode. [`agree`] puts all rows to one way in, and compares what it says.

use alloc::collections::BTreeMap;

use batv_core::Day;
use batv_core::envelope::{Mode, Stage};
use serde::Deserialize;

use super::read;
use fill::Filling;
use site::{RingEntry, SiteEntry};

mod fill;
mod site;
mod ways;

pub use ways::{Heard, Said, agree};

/// The client that is a stranger.
pub const WORLD: &str = "192.0.2.7";
/// The client that is one of ours.
pub const INTERNAL: &str = "198.51.100.25";
/// The client that is left alone.
pub const EXEMPT: &str = "203.0.113.25";
/// What a way can say of a ruling.
pub const FIELDS: [&str; 11] = [
    "verdict",
    "reason",
    "disposition",
    "mode",
    "in_reject",
    "reply",
    "deliver_to",
    "settled",
    "earlier",
    "class",
    "origin",
];
/// What is said of a field that has no value.
pub const NOTHING: &str = "-";
/// The file's word for each form of the null reverse-path.
const NULL: &str = "{null}";

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vectors {
    /// For people.
    pub comment: Vec<String>,
    /// What each group of cases shows.
    pub groups: BTreeMap<String, String>,
    /// By way in.
    pub cannot_say: BTreeMap<String, CannotSay>,
    null_senders: Vec<String>,
    rings: BTreeMap<String, Vec<RingEntry>>,
    sites: BTreeMap<String, SiteEntry>,
    messages: BTreeMap<String, Vec<String>>,
    cases: Vec<CaseEntry>,
}

/// What a way in can't say, each with the reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CannotSay {
    /// Fields that it has no word for.
    pub never: BTreeMap<String, String>,
    /// Fields that it leaves out in some rows.
    pub at_times: BTreeMap<String, String>,
    /// Rows that can't be put to it, by what they need.
    pub questions: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEntry {
    group: String,
    name: String,
    site: String,
    from: Option<String>,
    to: String,
    me: Option<String>,
    client: Option<Client>,
    at: Option<String>,
    earlier: Option<String>,
    #[serde(default)]
    before: Vec<String>,
    message: Option<String>,
    #[serde(default)]
    answers: Answers,
    #[serde(default)]
    unasked: bool,
    class: Option<String>,
    origin: Option<String>,
    #[serde(default)]
    unread: bool,
    /// By mode, or by several modes with a space between, or for `any`.
    rulings: BTreeMap<String, RulingEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulingEntry {
    verdict: String,
    reason: String,
    disposition: String,
    mode: Option<String>,
    in_reject: Option<String>,
    reply: Option<String>,
    deliver_to: Option<String>,
    settled: Option<bool>,
    earlier: Option<String>,
}

/// Who brings the message.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the file knows these")]
pub enum Client {
    /// A stranger.
    #[default]
    World,
    /// One of ours.
    Internal,
    /// One that is left alone.
    Exempt,
}

impl Client {
    /// Its address.
    pub const fn address(self) -> &'static str {
        match self {
            Self::World => WORLD,
            Self::Internal => INTERNAL,
            Self::Exempt => EXEMPT,
        }
    }
}

/// What limits and store say, and the caller.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Answers {
    /// The client's network brings too many bounces.
    pub too_many_bounces: bool,
    /// Too many wrong tags came.
    pub too_many_wrong_tags: Option<WrongTags>,
    /// For whom a handle stands: a sender, `forgotten` or `unanswered`.
    pub handle: Option<String>,
    /// More bounces came to the tag or SRS address than one should get.
    pub replayed: Option<bool>,
    /// More bounces came of the message that is proved than one should get.
    pub proof_replayed: Option<bool>,
    /// What the log of what was sent says.
    pub sent: Option<Sent>,
    /// What only a caller can know: that the recipient is there for reports, or the author proved.
    pub report_is_welcome: bool,
    /// Whether the store is down.
    store: Option<String>,
}

/// Where too many wrong tags came from, or to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "they come from somewhere, and go to somebody")]
pub enum WrongTags {
    /// From the client's network.
    FromNetwork,
    /// To the mailbox.
    ToMailbox,
}

/// What the log of what was sent says, and what it has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sent {
    /// `yes`, `to-others`, `no` or `unanswered`.
    pub answer: String,
    /// The Message-ID of a message that it has.
    pub message_id: Option<String>,
    /// To whom that went.
    pub to: Option<String>,
}

/// Where limits and handles are remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between")]
pub enum Store {
    /// Nowhere.
    None,
    /// In a store.
    There,
    /// In a store that is down.
    Down,
}

impl Answers {
    /// The store that gives them.
    ///
    /// # Panics
    /// When the file has another word for it.
    pub fn store(&self) -> Store {
        let sent = self.sent.as_ref().map(|sent| sent.answer.as_str());
        match self.store.as_deref() {
            Some("down") => Store::Down,
            Some(other) => panic!("{other} is no store"),
            None if [self.handle.as_deref(), sent].contains(&Some("unanswered")) => Store::Down,
            None if self.too_many_wrong_tags.is_none()
                && self.handle.is_none()
                && self.replayed.is_none()
                && self.proof_replayed.is_none()
                && self.sent.is_none() =>
            {
                Store::None
            }
            None => Store::There,
        }
    }
}

impl Answers {
    /// Whether one is other than that of who has no limits and no store.
    pub fn matter(&self) -> bool {
        let is_known = self.sent.as_ref().is_some_and(|sent| sent.answer != "no");
        let is_handle = self.handle.as_ref().is_some_and(|handle| handle != "forgotten");
        self.too_many_bounces
            || self.too_many_wrong_tags.is_some()
            || self.replayed == Some(true)
            || self.proof_replayed == Some(true)
            || is_known
            || is_handle
    }
}

/// Stands in the place of a handle for who keeps none.
///
/// # Panics
/// When the sender is no mailbox.
pub fn some_handle(sender: &str, for_what: Handle) -> String {
    let handle = "mfrggzdfmztwq2lk";
    match for_what {
        Handle::Tag => format!("alias={handle}@{}", sender.rsplit('@').next().expect("a domain")),
        Handle::Srs => format!("{handle}@alias"),
    }
}

/// One case in one mode, with one form of the null reverse-path.
#[derive(Debug)]
#[non_exhaustive]
pub struct Row<'v> {
    /// Its name: that of the case, and the mode.
    pub name: String,
    /// The mode of the site.
    pub mode: Mode,
    /// The reverse-path, as it is given.
    pub from: &'v str,
    case: &'v CaseEntry,
    ruling: &'v RulingEntry,
    in_reject: &'v str,
    site: &'v SiteEntry,
    ring: &'v [RingEntry],
    file: &'v Vectors,
}

/// What is asked on one day, and what should be said.
#[derive(Debug)]
#[non_exhaustive]
pub struct Question {
    /// The forward-path.
    pub to: String,
    /// The recipients of the same message before it.
    pub before: Vec<String>,
    /// The message, where there is one, its lines ended by LF.
    pub message: Option<String>,
    /// By field.
    pub expected: Said,
}

impl<'v> Row<'v> {
    /// The group of its case.
    pub fn group(&self) -> &'v str {
        &self.case.group
    }

    /// Whether its reverse-path is null, in one of its forms.
    pub fn is_null(&self) -> bool {
        self.case.from.as_deref().is_none_or(|from| matches!(from, "<>" | NULL))
    }

    /// Who brings the message.
    pub fn client(&self) -> Client {
        self.case.client.unwrap_or_default()
    }

    /// When the question is asked.
    ///
    /// # Panics
    /// When the file has no such word.
    pub fn at(&self) -> Stage {
        self.case.at.as_deref().map_or(Stage::RcptTo, |at| at.parse().expect("a stage"))
    }

    /// What became of the recipients before.
    pub fn earlier(&self) -> &'v str {
        self.case.earlier.as_deref().unwrap_or("none")
    }

    /// What limits and store say.
    pub const fn answers(&self) -> &'v Answers {
        &self.case.answers
    }

    /// Whether nobody asks them.
    pub const fn is_unasked(&self) -> bool {
        self.case.unasked
    }

    /// Why it is decided as it should be.
    pub fn reason(&self) -> &'v str {
        &self.ruling.reason
    }

    /// Whether a message comes with it.
    pub const fn has_message(&self) -> bool {
        self.case.message.is_some()
    }

    /// Whether mail servers' listeners leave the message unread.
    pub const fn is_unread(&self) -> bool {
        self.case.unread
    }

    /// The recipient without its tag.
    pub fn me(&self) -> &'v str {
        self.case.me.as_deref().unwrap_or("alice@example.com")
    }

    /// The same as a question for this day. `handle` is asked for the handle of a sender, for a tag or for SRS.
    ///
    /// # Panics
    /// When the file has what can't be made.
    pub fn question(&self, today: Day, handle: &dyn Fn(&str, Handle) -> String) -> Question {
        let Self { case, ruling, .. } = self;
        let filling = Filling { row: self, today, handle };
        let is_taken = !matches!(ruling.disposition.as_str(), "reject" | "tempfail");
        assert_eq!(ruling.deliver_to.is_some(), is_taken, "{}: who is taken is delivered to", self.name);
        let earlier = match (is_taken, self.earlier()) {
            (false, earlier) => earlier,
            (true, "undecided") => "undecided",
            (true, _) => "settled",
        };
        let reply = ruling.reply.as_deref().or(is_taken.then_some("250 2.1.5"));
        let settled = if ruling.settled.unwrap_or(true) { "1" } else { "0" };
        let expected = [
            ("verdict", ruling.verdict.clone()),
            ("reason", ruling.reason.clone()),
            ("disposition", ruling.disposition.clone()),
            ("mode", ruling.mode.as_deref().unwrap_or(self.mode.as_str()).to_owned()),
            ("in_reject", self.in_reject.to_owned()),
            ("reply", reply.unwrap_or_else(|| panic!("{}: no reply", self.name)).to_owned()),
            ("deliver_to", ruling.deliver_to.as_deref().map_or(NOTHING.to_owned(), |to| filling.fill(to))),
            ("settled", settled.to_owned()),
            ("earlier", ruling.earlier.as_deref().unwrap_or(earlier).to_owned()),
            ("class", case.class.as_deref().unwrap_or(NOTHING).to_owned()),
            ("origin", case.origin.as_deref().unwrap_or(NOTHING).to_owned()),
        ];
        let message = case.message.as_ref().map(|name| {
            let lines = self.file.messages.get(name).unwrap_or_else(|| panic!("{}: no message {name}", self.name));
            filling.fill(&(lines.join("\n") + "\n"))
        });
        Question {
            to: filling.fill(&case.to),
            before: case.before.iter().map(|before| filling.fill(before)).collect(),
            message,
            expected: Said::from(expected),
        }
    }

    /// An address, or another text of the file.
    ///
    /// # Panics
    /// When it has what can't be made.
    pub fn fill(&self, text: &str, today: Day) -> String {
        Filling { row: self, today, handle: &|_, _| panic!("no handle here") }.fill(text)
    }
}

/// What a handle is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else that makes an address longer")]
pub enum Handle {
    /// A tag.
    Tag,
    /// SRS.
    Srs,
}

impl Vectors {
    /// Each case in each of the four modes.
    ///
    /// # Panics
    /// When a case leaves a mode without a ruling, or gives it two, or two cases have one name.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let mut names: Vec<&str> = self.cases.iter().map(|case| case.name.as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two cases have one name: {names:#?}");
        let rows_of = |case| Mode::ALL.iter().flat_map(move |&mode| self.rows_in(case, mode));
        self.cases.iter().flat_map(rows_of).collect()
    }

    fn rows_in<'v>(&'v self, case: &'v CaseEntry, mode: Mode) -> Vec<Row<'v>> {
        let CaseEntry { name, group, site, .. } = case;
        assert!(self.groups.contains_key(group), "{name}: there is no group {group}");
        let ruling_in = |mode: Mode| {
            let in_mode = |modes: &str| modes == "any" || modes.split(' ').any(|one| one == mode.as_str());
            let mut rulings = case.rulings.iter().filter(|(modes, _)| in_mode(modes)).map(|(_, ruling)| ruling);
            match (rulings.next(), rulings.next()) {
                (Some(ruling), None) => ruling,
                _ => panic!("{name}: one ruling in mode {}, please", mode.as_str()),
            }
        };
        let (ruling, strictest) = (ruling_in(mode), ruling_in(Mode::Reject));
        let site = self.sites.get(site).unwrap_or_else(|| panic!("{name}: there is no site {site}"));
        let row = |name, from| Row {
            name,
            mode,
            from,
            case,
            ruling,
            in_reject: ruling.in_reject.as_deref().unwrap_or(&strictest.disposition),
            site,
            ring: self.rings.get(site.ring()).unwrap_or_else(|| panic!("there is no ring {}", site.ring())),
            file: self,
        };
        match case.from.as_deref().unwrap_or("<>") {
            NULL => {
                let name = |from| format!("{name} ({}, from `{from}`)", mode.as_str());
                self.null_senders.iter().map(|from| row(name(from), from.as_str())).collect()
            }
            from => vec![row(format!("{name} ({})", mode.as_str()), from)],
        }
    }
}

/// Reads the file.
pub fn vectors() -> Vectors {
    read("decisions.json", include_str!("../../vectors/decisions.json"))
}
