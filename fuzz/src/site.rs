//! Sites for the targets that decide: out of a few octets, as the daemon's configuration and as the C library's settings.

use core::fmt::Write;

use batv_core::envelope::{Mode, OnError};
use batv_core::srs::Srs;
use batv_core::tag::{self, Form};
use batv_core::{Day, KeySet, Mailbox, Pattern, mark};
use batv_policy::Rules;

/// Public key of the test messages: only a file can hold it for the daemon.
const DKIM_KEY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../batv-bounce/tests/messages/dkim/ed2026.example.com.txt");
/// Domain and selector of that key.
pub const DKIM_NAMES: [&str; 2] = ["example.com", "ed2026"];
/// Senders whose tags and marks stand in messages.
pub const SENDERS: [&str; 2] = ["alice@example.com", "carol@example.net"];
/// Message-ID that the marks are for.
pub const MESSAGE_ID: &str = "<1@laptop.example>";

/// Site as octets, of which each sets something: a mutation changes little.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, arbitrary::Arbitrary)]
pub struct Choices {
    /// Which keys there are.
    pub keys: u8,
    /// Their lifetime and age.
    pub age: u8,
    /// Protected, exempt and report mailboxes.
    pub patterns: u8,
    /// Mode of the site and those of one domain, one mailbox, and the SRS domain.
    pub modes: [u8; 2],
    /// Form of the tags and their delimiter.
    pub form: u8,
    /// Days since all mail is signed; 0 for always.
    pub signing_since: u8,
    /// Days since all mail is marked; 0 for never.
    pub marked_since: u8,
    /// Switches.
    pub switches: [u8; 2],
    /// SRS rules.
    pub srs: [u8; 3],
}

fn bit(octet: u8, number: u8) -> bool {
    octet >> number & 1 == 1
}

fn mode(two_bits: u8) -> Mode {
    Mode::ALL[usize::from(two_bits & 3)]
}

fn list(words: &[(bool, &str)]) -> String {
    let words: Vec<String> = words.iter().filter(|(is_in, _)| *is_in).map(|(_, word)| format!("'{word}'")).collect();
    format!("[{}]", words.join(", "))
}

impl Choices {
    /// Keyring file on this day.
    pub fn keyring(&self, today: Day) -> String {
        let mut text = String::new();
        let [signing, other] =
            if bit(self.keys, 0) { ["hmac-sha1", "hmac-sha256"] } else { ["hmac-sha256", "hmac-sha1"] };
        let lifetime = 1 + (self.age & 15) * 11;
        let mut key = |words: &str, algorithm: &str, secret: &str, state: &str| {
            writeln!(text, "[[key]]\n{words}\nalgorithm = '{algorithm}'\nsecret = 'text:{secret}'\nstate = '{state}'")
                .expect("a text");
        };
        let mut words = format!("use = 'batv'\nid = 4\nlifetime = {lifetime}");
        if bit(self.keys, 4) {
            words += "\ndomains = ['example.com', 'carol@example.net']";
        }
        if bit(self.keys, 6) {
            // Two of sixteen are from the future.
            let created = today.plus(2 - i32::from(self.age >> 4)).unwrap_or(today);
            words += &format!("\ncreated = {created}");
        }
        if let Some(day) = self.strong_since(today) {
            words += &format!("\nstrong_since = {day}");
        }
        let state = if bit(self.keys, 5) { "verifying" } else { "signing" };
        key(&words, signing, "the public secret of our test messages", state);
        if bit(self.keys, 1) {
            key("use = 'batv'\nid = 1", other, "yesterday yesterday yesterday", "verifying");
        }
        if bit(self.keys, 2) {
            key("use = 'batv'\nid = 2", other, "long ago long ago long ago", "retired");
        }
        if bit(self.keys, 3) {
            let algorithm = if bit(self.keys, 7) { "hmac-sha256" } else { "hmac-sha1" };
            key("use = 'srs'", algorithm, "another secret for forwarded mail", "signing");
        }
        text
    }

    /// Configuration of the daemon on this day.
    pub fn toml(&self, today: Day) -> String {
        let mut text = String::new();
        let mut say = |words: core::fmt::Arguments<'_>| writeln!(text, "{words}").expect("a text");
        let [first, second] = self.switches;
        let date = |days_ago: u8| today.plus(10 - i32::from(days_ago)).unwrap_or(today);
        let flag = |name: &'static str, is_set: bool| if is_set { format!("{name} = true") } else { String::new() };

        if bit(first, 0) {
            say(format_args!("on_error = 'accept'"));
        }
        if bit(first, 1) {
            say(format_args!("local_domain = 'example.com'"));
        }
        say(format_args!("[sign]"));
        let protected = [(bit(self.patterns, 0), "example.com"), (bit(self.patterns, 1), "carol@example.net")];
        say(format_args!("protected = {}", list(&protected)));
        let exempt = [(bit(self.patterns, 2), "news@example.com"), (bit(self.patterns, 3), "example.org")];
        say(format_args!("exempt = {}", list(&exempt)));
        say(format_args!("form = '{}'", ["prvs", "sub-address", "strong"][usize::from(self.form % 3)]));
        if bit(self.form, 7) {
            say(format_args!("delimiter = '-'"));
        }

        say(format_args!("[verify]\nmode = '{}'", mode(self.modes[0])));
        if bit(first, 2) {
            say(format_args!("reject_at = 'rcpt'"));
        }
        if self.signing_since > 0 {
            say(format_args!("signing_since = {}", date(self.signing_since)));
        }
        let named = ["example.com", "alice@example.com", "srs.example.com"];
        let modes = (1_u8..).zip(named).filter(|(number, _)| bit(self.modes[0], number + 4));
        let modes: Vec<String> =
            modes.map(|(number, name)| format!("'{name}' = '{}'", mode(self.modes[1] >> (2 * number)))).collect();
        say(format_args!("modes = {{ {} }}", modes.join(", ")));

        say(format_args!("[messages]\njudge = {}", !bit(first, 3)));
        for (name, is_set) in [
            ("daemon_senders", bit(first, 4)),
            ("hold_receipts", bit(first, 5)),
            ("reject_daemon_senders", bit(first, 6)),
            ("reject_unverified", bit(first, 7)),
        ] {
            say(format_args!("{}", flag(name, is_set)));
        }
        if self.marked_since > 0 {
            say(format_args!("marked_since = {}", date(self.marked_since)));
        }
        say(format_args!("hosts = {}", list(&[(bit(second, 0), "hosts.example")])));
        say(format_args!("report_recipients = {}", list(&[(bit(self.patterns, 4), "reports@example.com")])));
        if bit(second, 1) {
            let [domain, selector] = DKIM_NAMES;
            say(format_args!("dkim_keys = ['{domain}:{selector}:{DKIM_KEY}']"));
        }
        if bit(second, 2) {
            say(format_args!("identities = {{ 'example.net' = ['alice@example.com'] }}"));
        }
        say(format_args!("[bounces]\nauthserv_ids = {}", list(&[(bit(second, 3), "mx.example.com")])));

        let [domains, hash, max_age] = self.srs;
        let domains = [(bit(domains, 0), "srs.example.com"), (bit(domains, 1), "example.com")];
        say(format_args!("[srs]\ndomains = {}", list(&domains)));
        if bit(self.srs[0], 2) {
            say(format_args!("reverse_for = 'all'"));
        }
        say(format_args!("separator = '{}'", ['=', '+', '-'][usize::from(self.srs[0] >> 4) % 3]));
        let length = 4 + hash % 24;
        say(format_args!("hash_length = {length}\nhash_minimum = {}", length.min(4 + (hash >> 5) * 3)));
        say(format_args!("max_age = {}", 4 * u16::from(max_age % 250) + 1));
        if bit(second, 4) {
            say(format_args!("[replies]\nnot-our-bounce = 'We sent no such message'\nurl = 'https://example.com/b'"));
        }
        text
    }

    /// Day from which the signing key has only long tags.
    fn strong_since(&self, today: Day) -> Option<Day> {
        let days = self.switches[1] >> 5;
        if days == 0 { None } else { today.plus((i32::from(days) - 4) * 5) }
    }
}

/// Settings of the C library that are these rules; those of a DKIM key are not among them.
pub fn c_settings(rules: &Rules) -> Vec<(&'static str, String)> {
    let patterns = |patterns: &[Pattern<String>]| patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" ");
    let since = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
    let Rules { srs, messages, .. } = rules;
    let modes: Vec<String> = rules.modes.iter().map(|(name, mode)| format!("{name}={mode}")).collect();
    let identities: Vec<String> = messages
        .identities
        .iter()
        .flat_map(|own| own.authors.iter().map(|author| format!("{}={}", own.mailbox.as_str(), author.as_str())))
        .collect();
    let replies: Vec<String> = rules.replies.texts().map(|(name, text)| format!("{name}={text}")).collect();
    let mut settings = vec![
        ("protected", patterns(&rules.protected)),
        ("exempt", patterns(&rules.exempt)),
        ("mode", rules.mode.to_string()),
        ("modes", modes.join(" ")),
        ("reject_at", rules.reject_at.to_string()),
        ("signing_since", since(rules.signing_since)),
        ("on_error", if rules.on_error == OnError::Accept { "accept" } else { "tempfail" }.to_owned()),
        ("replies", replies.join("\n")),
        ("form", rules.form.as_str().to_owned()),
        ("srs_domains", srs.domains.join(" ")),
        ("srs_separator", srs.separator.character().to_string()),
        ("srs_hash_length", srs.hash_length.to_string()),
        ("srs_hash_minimum", srs.hash_minimum.to_string()),
        ("srs_max_age", srs.max_age.to_string()),
        ("srs_takes_mail", srs.takes_mail.to_string()),
        ("srs_always_rewrite", srs.always_rewrite.to_string()),
        ("fold_case", rules.fold_case.to_string()),
        ("local_domain", rules.local_domain.clone().unwrap_or_default()),
        ("marked_since", since(messages.marked_since)),
        ("daemon_senders", messages.daemon_senders.to_string()),
        ("hold_receipts", messages.hold_receipts.to_string()),
        ("reject_daemon_senders", messages.reject_daemon_senders.to_string()),
        ("reject_unverified", messages.reject_unverified.to_string()),
        ("report_recipients", patterns(&messages.report_recipients)),
        ("hosts", messages.hosts.join(" ")),
        ("identities", identities.join(" ")),
        ("authserv_ids", messages.authserv_ids.join(" ")),
    ];
    if let Form::SubAddress(delimiter) = rules.form {
        settings.push(("delimiter", delimiter.character().to_string()));
    }
    settings
}

/// The record of the key that a file holds for the daemon.
pub fn dkim_key() -> Vec<u8> {
    std::fs::read(DKIM_KEY).expect("the key of the test messages")
}

/// Writes what our keys make in place of the words in braces: `{tag}`, `{strong}`, `{late}`, `{forged}`, `{mark}`,
/// `{old-mark}`, `{envelope-id}`, each also in capitals for the second sender; `{srs}`, `{id}` and `{date}`.
///
/// The senders of the marks and tags that stand in the text now come with it.
pub fn filled(text: &[u8], keys: &KeySet, rules: &Rules, today: Day) -> (Vec<u8>, Vec<&'static str>) {
    let (mut rest, mut out, mut named) = (text, Vec::with_capacity(text.len()), Vec::new());
    while let Some(start) = rest.iter().position(|&octet| octet == b'{') {
        let (before, from) = rest.split_at(start);
        out.extend_from_slice(before);
        let word = from
            .iter()
            .position(|&octet| octet == b'}')
            .and_then(|end| Some((str::from_utf8(&from[1..end]).ok()?, end)));
        let made = word.and_then(|(word, end)| Some((made(word, keys, rules, today)?, end)));
        match made {
            Some(((text, sender), end)) => {
                out.extend_from_slice(text.as_bytes());
                named.extend(sender);
                rest = &from[end + 1..];
            }
            None => {
                out.push(b'{');
                rest = &from[1..];
            }
        }
    }
    out.extend_from_slice(rest);
    (out, named)
}

fn made(word: &str, keys: &KeySet, rules: &Rules, today: Day) -> Option<(String, Option<&'static str>)> {
    let lower = word.to_ascii_lowercase();
    let sender = SENDERS[usize::from(word != lower)];
    let mailbox = Mailbox::parse(sender).ok()?;
    let tagged = |form: Form, days_ago: i32| -> Option<String> {
        Some(tag::sign(keys, &mailbox, form, None, today.plus(-days_ago)?).ok()?.to_string())
    };
    let mark = |days_ago: i32| mark::make(keys, MESSAGE_ID.as_bytes(), &mailbox, today.plus(-days_ago)?);
    let of_sender = |text: String| Some((text, Some(sender)));
    match lower.as_str() {
        "tag" => of_sender(tagged(rules.form, 1)?),
        "strong" => of_sender(tagged(Form::Strong, 1)?),
        "late" => of_sender(tagged(rules.form, 15)?),
        "forged" => Some((forged(&tagged(Form::Prvs, 1)?), None)),
        "mark" => of_sender(mark(1)?.to_string()),
        "old-mark" => of_sender(mark(30)?.to_string()),
        "envelope-id" => of_sender(mark(1)?.envelope_id().to_string()),
        "id" => Some((MESSAGE_ID.to_owned(), None)),
        "date" => Some((date(today.plus(-1)?), None)),
        "srs" => {
            let bob = Mailbox::parse("bob@example.org").ok()?;
            let domains = if rules.srs.domains.is_empty() {
                &["srs.example.com".to_owned()]
            } else {
                rules.srs.domains.as_slice()
            };
            Some((Srs::new(domains).ok()?.forward(keys, &bob, today.plus(-1)?).ok()?.to_string(), None))
        }
        _ => None,
    }
}

/// The tag with another digit in its MAC.
fn forged(tagged: &str) -> String {
    let at = "prvs=KDDD".len();
    let digit = if tagged[at..].starts_with('0') { "1" } else { "0" };
    let mut forged = tagged.to_owned();
    if tagged.is_ascii() && tagged.len() > at {
        forged.replace_range(at..=at, digit);
    }
    forged
}

/// Date of RFC 5322 §3.3, without the day of the week.
fn date(day: Day) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = day.to_string();
    let mut parts = text.split('-');
    let mut part = || parts.next().unwrap_or_default();
    let (year, month, day) = (part(), part(), part());
    let month = month.parse().ok().and_then(|month: usize| MONTHS.get(month.checked_sub(1)?)).unwrap_or(&"Jan");
    format!("{day} {month} {year} 12:00:00 +0000")
}
