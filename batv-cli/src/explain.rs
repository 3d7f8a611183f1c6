//! Explanations of verdicts: the address, the keys, the day. They never contain the MAC that would have been right.

use core::fmt::{self, Display, Write};
use core::slice;

use batv_core::srs::{Reversal, SrsVerdict};
use batv_core::tag::{self, Form, Verification};
use batv_core::{Day, KeyId, KeyRing, KeySet, KeyState, Mailbox, TagVerdict};
use batv_policy::{Rules, Ruling, View};

use crate::answer::{Line, Out};

/// Explains one verdict to people, a line for each step.
pub(crate) struct Explanation<'e> {
    out: &'e mut Out,
    keys: &'e KeySet,
    today: Day,
}

impl<'e> Explanation<'e> {
    /// Begins with the address or message, and the day.
    pub(crate) fn begin(out: &'e mut Out, line: &Line<'_>, keys: &'e KeySet, today: Day) -> Result<Self, fmt::Error> {
        match line.number {
            Some(number) => writeln!(out, "line {number}: {}", line.shown())?,
            None => writeln!(out, "{}", line.shown())?,
        }
        let mut explanation = Self { out, keys, today };
        let number = today.number();
        explanation.step("today", format_args!("{today}, day {number} since 1970-01-01"))?;
        Ok(explanation)
    }

    pub(crate) fn step(&mut self, name: &str, what: impl Display) -> fmt::Result {
        writeln!(self.out, "  {name:<9} {what}")
    }

    /// Explains the verification of a tag, or of an SRS address of ours.
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
            Some(mailbox) => self.step("srs", format_args!("{}: the original sender is {mailbox}", reversal.verdict)),
            None => self.step("srs", reversal.verdict),
        }
    }

    /// Explains the verification of a tag.
    pub(crate) fn verification(&mut self, given: &Mailbox<'_>, verification: &Verification<'_>) -> fmt::Result {
        self.step("read", format_args!("local part {}, domain {}", given.local_part(), given.domain()))?;
        if let (Some(form), Some(key_id)) = (verification.form, verification.key_id) {
            let local_part: String = given.local_part().characters().collect();
            let (kind, expiry, mac) = parts(&local_part, form);
            self.step("tag", format_args!("{kind} form, key {key_id}, day {expiry} modulo 1000, MAC {mac}"))?;
            self.step("mailbox", verification.mailbox)?;
            self.tried_keys(given, &verification.mailbox, key_id, expiry)?;
        } else {
            self.step("tag", "none in one of our forms")?;
        }
        self.step("verdict", format_args!("{}: {}", verification.verdict, reason(verification)))
    }

    fn tried_keys(&mut self, given: &Mailbox<'_>, mailbox: &Mailbox<'_>, id: KeyId, expiry: &str) -> fmt::Result {
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
                self.window(expiry, days_left, &lifetime)?;
            }
        }
        if none { self.step("key", format_args!("no key {id} is for this mailbox")) } else { Ok(()) }
    }

    /// draft-levine-smtp-batv-01 §4: an unsigned subtraction modulo 1000.
    fn window(&mut self, expiry: &str, days_left: i32, lifetime: &str) -> fmt::Result {
        let (today, ahead) = (self.today.number() % 1000, days_left.rem_euclid(1000));
        let compared = if days_left < 0 { "more than" } else { "at most" };
        self.step("window", format_args!("({expiry} - {today:03}) mod 1000 = {ahead}, {compared} {lifetime}"))
    }

    /// Explains the ruling on a recipient.
    pub(crate) fn ruling(&mut self, rules: &Rules, ruling: &Ruling<'_>) -> fmt::Result {
        let mode = ruling.mode.as_str();
        let when = rules.reject_at.as_str();
        self.step("policy", format_args!("mode {mode}, reject at {when} what the message could still prove"))?;
        self.step("verdict", format_args!("{} ({}): {}", ruling.verdict, ruling.reason, ruling.reason.words()))?;
        self.step("therefore", format_args!("{}: {}", ruling.disposition, ruling.reply))
    }
}

/// Reason of a verdict on a tag, in one sentence.
pub(crate) fn reason(verification: &Verification<'_>) -> String {
    let key_id = verification.key_id.unwrap_or_default();
    let date = verification.expires.map_or_else(|| "a day out of range".to_owned(), |day| day.to_string());
    match (verification.verdict, verification.days_left) {
        (TagVerdict::Valid, _) => format!("the tag is valid until {date}"),
        (TagVerdict::Expired, Some(days_left)) => {
            format!("the tag expired on {date}, {} ago", days(days_left.unsigned_abs()))
        }
        (TagVerdict::BadMac, _) => {
            format!("the MAC is wrong: no active key {key_id} made this tag for this mailbox")
        }
        (TagVerdict::UnknownKey, _) => {
            format!("the tag names key {key_id}, but no active key with this id is for this mailbox")
        }
        _ => "there is no tag in one of our forms".to_owned(),
    }
}

/// Form, day and MAC of a tag that was recognized: `prvs=KDDDSSSSSS=alice`, `batv=KDDD…=alice`, `alice+prvs=KDDDSSSSSS`.
fn parts(local_part: &str, form: Form) -> (&'static str, &str, &str) {
    let (kind, tag) = match form {
        Form::Strong => ("strong", local_part.split('=').nth(1)),
        Form::SubAddress(_) => ("sub-address", local_part.rsplit('=').next()),
        _ => ("prvs", local_part.split('=').nth(1)),
    };
    let day_and_mac = tag.and_then(|tag| tag.get(1..)?.split_at_checked(3));
    let (expiry, mac) = day_and_mac.unwrap_or_default();
    (kind, expiry, mac)
}

fn days(number: impl Into<u32>) -> String {
    match number.into() {
        1 => "1 day".to_owned(),
        number => format!("{number} days"),
    }
}
