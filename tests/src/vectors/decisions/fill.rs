//! What stands in braces in the file, made on the day of the test.

use batv_core::srs::Srs;
use batv_core::tag::{self, Delimiter, Form, Signing};
use batv_core::{Day, Key, KeyState, Mailbox, mark};

use super::site::RingEntry;
use super::{Handle, Row};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const OPTIONS: [&str; 6] = ["age", "key", "form", "domain", "hash", "spelled"];
/// The rings whose keys make what the row's own ring can't.
const OTHER_RINGS: [&str; 2] = ["usual", "of nobody"];

pub(super) struct Filling<'f, 'v> {
    pub(super) row: &'f Row<'v>,
    pub(super) today: Day,
    pub(super) handle: &'f dyn Fn(&str, Handle) -> String,
}

/// What stands in one pair of braces.
struct Wanted<'w> {
    word: &'w str,
    about: &'w str,
    options: Vec<(&'w str, &'w str)>,
}

impl<'w> Wanted<'w> {
    fn read(text: &'w str) -> Self {
        let (word, mut about) = text.split_once(' ').unwrap_or((text, ""));
        let mut options = Vec::new();
        loop {
            let (before, last) = about.rsplit_once(' ').unwrap_or(("", about));
            match last.split_once('=').filter(|(name, _)| OPTIONS.contains(name)) {
                Some(option) => options.push(option),
                None => return Self { word, about, options },
            }
            about = before;
        }
    }

    fn option(&self, name: &str) -> Option<&'w str> {
        self.options.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl Filling<'_, '_> {
    pub(super) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        while let Some(end) = text.find('}') {
            let start = text[..end].rfind('{').unwrap_or_else(|| panic!("{text}: no brace opens"));
            let wanted = Wanted::read(&text[start + 1..end]);
            let made = in_spelling(self.make(&wanted), wanted.option("spelled"));
            text.replace_range(start..=end, &made);
        }
        text
    }

    fn make(&self, wanted: &Wanted<'_>) -> String {
        let age: i32 = wanted.option("age").map_or(0, |days| days.parse().expect("days"));
        let day = self.today.plus(-age).expect("a day");
        let me = self.row.me();
        match wanted.word {
            "me" => me.to_owned(),
            "domain" => me.rsplit('@').next().unwrap_or_default().to_owned(),
            "date" => date(day),
            "filler" => {
                let lines: usize = wanted.about.parse().expect("a number of lines");
                vec!["All work and no play makes Jack a dull boy."; lines].join("\n")
            }
            "tag" => self.tag(wanted, day),
            "forged" => with_another(&self.tag(wanted, day), "xxxx=KDDD".len(), ['a', 'b']),
            "srs" => self.srs(wanted, day),
            "srs-forged" => with_another(&self.srs(wanted, day), "SRS0=".len(), ['A', 'B']),
            "mark" => self.mark(wanted, day).to_string(),
            "envelope-id" => self.mark(wanted, day).envelope_id().to_string(),
            "handle" => (self.handle)(wanted.about, Handle::Tag),
            "handle-srs" => (self.handle)(wanted.about, Handle::Srs),
            other => panic!("{}: {other} is nothing to be made", self.row.name),
        }
    }

    fn tag(&self, wanted: &Wanted<'_>, day: Day) -> String {
        let key = match wanted.option("key") {
            None => self.key("a key that signs", |entry| entry.is_batv() && entry.state() == KeyState::Signing),
            Some(id) => {
                let id: u8 = id.parse().expect("a key id");
                self.key("such a key", |entry| entry.is_batv() && entry.id == id)
            }
        };
        let form = match wanted.option("form") {
            None => Form::Prvs,
            Some("strong") => Form::Strong,
            Some("sub-address") => Form::SubAddress(Delimiter::default()),
            Some(other) => panic!("{other} is no form"),
        };
        let mailbox = Mailbox::parse(wanted.about).expect("a mailbox");
        match tag::sign(&[key], &mailbox, form, None, day).expect("room for a tag") {
            Signing::Tagged(tagged) => tagged.to_string(),
            Signing::Unchanged(..) => panic!("{}: {} gets no tag", self.row.name, wanted.about),
        }
    }

    fn srs(&self, wanted: &Wanted<'_>, day: Day) -> String {
        let state = wanted.option("key").map_or(KeyState::Signing, |state| state.parse().expect("a state"));
        let key = self.key("such a key", |entry| !entry.is_batv() && entry.state() == state);
        let domain =
            wanted.option("domain").map(str::to_owned).or_else(|| self.row.site.srs_domain()).expect("a domain");
        let mut srs = Srs::new([domain]).expect("a domain");
        if let Some(length) = wanted.option("hash") {
            let length = length.parse().expect("a length");
            srs = srs.with_hash_length(length, length).expect("a length of hashes");
        }
        srs.forward(&[key], &Mailbox::parse(wanted.about).expect("a mailbox"), day).expect("room for SRS").to_string()
    }

    fn mark(&self, wanted: &Wanted<'_>, day: Day) -> mark::Mark {
        let (mailbox, message_id) = wanted.about.split_once(' ').expect("a mailbox and a Message-ID");
        let key = self.key("a key that signs", |entry| entry.is_batv() && entry.state() == KeyState::Signing);
        let mailbox = Mailbox::parse(mailbox).expect("a mailbox");
        mark::make(&[key], message_id.as_bytes(), &mailbox, day).expect("a key that marks")
    }

    /// As it signed once: for everybody.
    fn key(&self, what: &str, is_wanted: impl Fn(&RingEntry) -> bool) -> Key {
        let others = OTHER_RINGS.iter().filter_map(|ring| self.row.file.rings.get(*ring)).flatten();
        let entry = self.row.ring.iter().chain(others).find(|entry| is_wanted(entry));
        let entry = entry.unwrap_or_else(|| panic!("{}: there is not {what}", self.row.name));
        entry.key_for_any_form(self.today).with_state(KeyState::Signing).with_scope(Vec::new())
    }
}

/// The same address, its domain spelled like this.
fn in_spelling(address: String, domain: Option<&str>) -> String {
    match (domain, address.rsplit_once('@')) {
        (Some(domain), Some((local_part, _))) => format!("{local_part}@{domain}"),
        _ => address,
    }
}

/// The same with another character there.
fn with_another(address: &str, at: usize, letters: [char; 2]) -> String {
    // Quoted local parts begin with a quote, sub-addresses have the tag behind.
    let start = ["prvs=", "batv=", "SRS0=", "SRS1="].iter().find_map(|tag| address.find(tag)).expect("a tag");
    let mut characters: Vec<char> = address.chars().collect();
    let there = &mut characters[start + at];
    *there = if there.eq_ignore_ascii_case(&letters[0]) { letters[1] } else { letters[0] };
    characters.into_iter().collect()
}

/// `24 Nov 2026 10:00:00 +0000`.
fn date(day: Day) -> String {
    let text = day.to_string();
    let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let month: usize = month.parse().expect("a month");
    format!("{day} {} {year} 10:00:00 +0000", MONTHS[month - 1])
}
