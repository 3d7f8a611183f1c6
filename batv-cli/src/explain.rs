//! Verdicts in words: what was read, which key, which day. A MAC that was expected is never among them.

use core::fmt::{self, Display, Write};
use core::slice;

use batv_config::clock;
use batv_core::srs::{Reversal, SrsVerdict};
use batv_core::tag::{self, Form, Verification};
use batv_core::{Day, Key, KeyId, KeyRing, KeyState, Mailbox, TagVerdict};
use batv_policy::{Rules, Ruling, View};

use crate::answer::{Line, Out};

/// Explains one verdict to people, a line for each step.
pub(crate) struct Explanation<'e> {
    out: &'e mut Out,
    keys: &'e [Key],
    today: Day,
}

impl<'e> Explanation<'e> {
    /// Begins with what the explanation is about, and which day it is.
    pub(crate) fn begin(out: &'e mut Out, line: &Line<'_>, keys: &'e [Key], today: Day) -> Result<Self, fmt::Error> {
        match line.number {
            Some(number) => writeln!(out, "line {number}: {}", line.shown())?,
            None => writeln!(out, "{}", line.shown())?,
        }
        let mut explanation = Self { out, keys, today };
        let number = today.number();
        explanation.step("today", format_args!("{}, day {number} since 1970-01-01", clock::format_day(today)))?;
        Ok(explanation)
    }

    pub(crate) fn step(&mut self, name: &str, what: impl Display) -> fmt::Result {
        writeln!(self.out, "  {name:<9} {what}")
    }

    /// How a tag, or an SRS address of ours, was verified.
    pub(crate) fn recipient(&mut self, site: View<'_>, given: &Mailbox<'_>) -> fmt::Result {
        match site.reverse(given, self.today) {
            Some(reversal) if !matches!(reversal.verdict, SrsVerdict::Untagged | SrsVerdict::Foreign) => {
                self.reversal(given, &reversal)
            }
            _ => self.verification(given, &tag::verify(self.keys, given, self.today)),
        }
    }

    fn reversal(&mut self, given: &Mailbox<'_>, reversal: &Reversal<'_>) -> fmt::Result {
        self.step("read", format_args!("local part {}, domain {}", given.local_part(), given.domain()))?;
        match reversal.mailbox {
            Some(mailbox) => self.step("srs", format_args!("{}: it stands for {mailbox}", reversal.verdict)),
            None => self.step("srs", reversal.verdict),
        }
    }

    /// How a tag was verified.
    pub(crate) fn verification(&mut self, given: &Mailbox<'_>, verification: &Verification<'_>) -> fmt::Result {
        self.step("read", format_args!("local part {}, domain {}", given.local_part(), given.domain()))?;
        if let (Some(form), Some(key_id)) = (verification.form, verification.key_id) {
            let tag = Tag::read(given, form);
            let Tag { kind, expiry, mac } = &tag;
            self.step("tag", format_args!("{kind}, of key {key_id}, for the day …{expiry}, with the MAC {mac}"))?;
            self.step("mailbox", verification.mailbox)?;
            self.tried_keys(given, &verification.mailbox, key_id, &tag)?;
        } else {
            self.step("tag", "none of the forms that we make")?;
        }
        self.step("verdict", format_args!("{}: {}", verification.verdict, reason(verification)))
    }

    fn tried_keys(&mut self, given: &Mailbox<'_>, mailbox: &Mailbox<'_>, id: KeyId, tag: &Tag) -> fmt::Result {
        let keys = self.keys;
        let mut none = true;
        for key in keys.batv_keys(mailbox).filter(|key| key.key_use().id() == Some(id)) {
            none = false;
            let days_left = tag::verify(slice::from_ref(key), given, self.today).days_left;
            let made = match (key.state(), days_left) {
                (KeyState::Retired, _) => "not tried",
                (_, None) => "did not make this tag",
                (_, Some(_)) => "made this tag",
            };
            let lifetime = days(key.lifetime().days());
            self.step("key", format_args!("{id}, {}, {}, lifetime {lifetime}: {made}", key.algorithm(), key.state()))?;
            if let Some(days_left) = days_left {
                self.window(tag, days_left, &lifetime)?;
            }
        }
        if none { self.step("key", format_args!("{id}: none that serves this mailbox")) } else { Ok(()) }
    }

    /// draft-levine-smtp-batv-01 §4: an unsigned subtraction modulo 1000.
    fn window(&mut self, tag: &Tag, days_left: i32, lifetime: &str) -> fmt::Result {
        let (today, ahead) = (self.today.number() % 1000, days_left.rem_euclid(1000));
        let within = if days_left < 0 { "over" } else { "at most" };
        self.step("window", format_args!("({} - {today:03}) mod 1000 = {ahead}, {within} {lifetime}", tag.expiry))
    }

    /// How a recipient was judged.
    pub(crate) fn ruling(&mut self, rules: &Rules, ruling: &Ruling<'_>) -> fmt::Result {
        let mode = ruling.mode.as_str();
        let when = rules.reject_at.as_str();
        self.step("policy", format_args!("mode {mode}, what a message could still prove is refused at {when}"))?;
        self.step("verdict", format_args!("{} ({}): {}", ruling.verdict, ruling.reason, ruling.reason.words()))?;
        self.step("therefore", format_args!("{}: {}", ruling.disposition, ruling.reply))
    }
}

/// The verdict on a tag in one sentence.
pub(crate) fn reason(verification: &Verification<'_>) -> String {
    let key_id = verification.key_id.unwrap_or_default();
    let date = verification.expires.map_or_else(|| "a day out of range".to_owned(), clock::format_day);
    match (verification.verdict, verification.days_left) {
        (TagVerdict::Valid, _) => format!("the tag is valid through {date}"),
        (TagVerdict::Expired, Some(days_left)) => {
            format!("the tag expired on {date}, {} ago", days(days_left.unsigned_abs()))
        }
        (TagVerdict::BadMac, _) => {
            format!("the tag is forged or damaged: no live key {key_id} made it for this mailbox")
        }
        (TagVerdict::UnknownKey, _) => {
            format!("the tag names key {key_id}, and no live key of that id serves this mailbox")
        }
        _ => "there is no tag that we could have made".to_owned(),
    }
}

/// A tag as it was shown.
struct Tag {
    kind: &'static str,
    expiry: String,
    mac: String,
}

impl Tag {
    /// Reads `KDDD` and the MAC where this form has them: a tag that was recognised has its parts at fixed places.
    fn read(mailbox: &Mailbox<'_>, form: Form) -> Self {
        let local_part: String = mailbox.local_part().characters().collect();
        let (kind, tag) = match form {
            Form::Strong => ("strong form", local_part.get(5..21)),
            Form::SubAddress(_) => {
                ("sub-address form", local_part.len().checked_sub(10).and_then(|at| local_part.get(at..)))
            }
            _ => ("prvs form", local_part.get(5..15)),
        };
        let (expiry, mac) = tag.and_then(|tag| tag.get(1..)?.split_at_checked(3)).unwrap_or_default();
        Self { kind, expiry: expiry.to_owned(), mac: mac.to_owned() }
    }
}

fn days(number: impl Into<u32>) -> String {
    match number.into() {
        1 => "1 day".to_owned(),
        number => format!("{number} days"),
    }
}
