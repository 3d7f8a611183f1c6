//! The site of a row: as rules, and in the words of each way in.

use alloc::collections::BTreeMap;
use core::fmt::Write;

use batv_core::tag::Delimiter;
use batv_core::{Day, Key, KeyId, KeySet, KeyState, KeyUse, Lifetime, Pattern};
use batv_policy::{MessageRules, Rules, Site, SrsRules, address};
use serde::Deserialize;

use super::super::{Secret, form};
use super::{Client, EXEMPT, INTERNAL, Row, Store, WrongTags};

/// A key, by the words of a keyring file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RingEntry {
    r#use: String,
    #[serde(default)]
    pub(super) id: u8,
    algorithm: String,
    secret: String,
    state: String,
    lifetime: Option<u32>,
    /// Days ago.
    created: Option<i32>,
    /// Days ago.
    strong_since: Option<i32>,
    #[serde(default)]
    domains: Vec<String>,
}

impl RingEntry {
    pub(super) fn is_batv(&self) -> bool {
        self.r#use == "batv"
    }

    pub(super) fn state(&self) -> KeyState {
        self.state.parse().expect("a state")
    }

    pub(super) fn key(&self, today: Day) -> Key {
        let key = self.key_for_any_form(today);
        self.strong_since.map(|days| ago(today, days)).into_iter().fold(key, Key::with_strong_since)
    }

    /// The key as somebody might have it who makes short tags by it all the same.
    pub(super) fn key_for_any_form(&self, today: Day) -> Key {
        let key_use = match self.r#use.as_str() {
            "batv" => KeyUse::Batv(KeyId::new(self.id).expect("a key id")),
            "srs" => KeyUse::Srs,
            other => panic!("{other} is no use"),
        };
        let secret = Secret::try_from(self.secret.clone()).expect("a secret");
        let mut key = Key::new(key_use, self.algorithm.parse().expect("an algorithm"), &secret.0)
            .expect("a key")
            .with_state(self.state())
            .with_scope(patterns(&self.domains));
        if let Some(days) = self.lifetime {
            key = key.with_lifetime(Lifetime::new(days).expect("a lifetime"));
        }
        if let Some(days) = self.created {
            key = key.with_created(ago(today, days));
        }
        key
    }

    fn toml(&self, today: Day) -> String {
        let Self { r#use, id, algorithm, secret, state, domains, .. } = self;
        let mut text =
            format!("[[key]]\nuse = '{use}'\nalgorithm = '{algorithm}'\nsecret = '{secret}'\nstate = '{state}'\n");
        let mut say = |name: &str, value: &str| text += &format!("{name} = {value}\n");
        if self.is_batv() {
            say("id", &id.to_string());
        }
        if let Some(days) = self.lifetime {
            say("lifetime", &days.to_string());
        }
        if let Some(days) = self.created {
            say("created", &date(today, days));
        }
        if let Some(days) = self.strong_since {
            say("strong_since", &date(today, days));
        }
        if !domains.is_empty() {
            say("domains", &list(domains));
        }
        text
    }
}

/// A site, but for its mode. Days are days ago.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteEntry {
    ring: Option<String>,
    protected: Vec<String>,
    #[serde(default)]
    exempt: Vec<String>,
    form: Option<String>,
    #[serde(default)]
    modes: BTreeMap<String, String>,
    signing_since: Option<i32>,
    reject_at: Option<String>,
    on_error: Option<String>,
    #[serde(default)]
    srs: SrsEntry,
    #[serde(default)]
    messages: MessagesEntry,
    message_octets: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SrsEntry {
    domains: Vec<String>,
    takes_mail: bool,
    hash_minimum: Option<u8>,
    max_age: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MessagesEntry {
    judge: bool,
    daemon_senders: bool,
    marked_since: Option<i32>,
    hosts: Vec<String>,
    authserv_ids: Vec<String>,
    report_recipients: Vec<String>,
    hold_receipts: bool,
    reject_daemon_senders: bool,
    reject_unverified: bool,
}

impl Default for MessagesEntry {
    fn default() -> Self {
        Self {
            judge: true,
            daemon_senders: false,
            marked_since: None,
            hosts: Vec::new(),
            authserv_ids: Vec::new(),
            report_recipients: Vec::new(),
            hold_receipts: false,
            reject_daemon_senders: false,
            reject_unverified: false,
        }
    }
}

impl SiteEntry {
    pub(super) fn ring(&self) -> &str {
        self.ring.as_deref().unwrap_or("usual")
    }

    pub(super) fn srs_domain(&self) -> Option<String> {
        self.srs.domains.first().map(|name| canonical(name))
    }
}

impl Row<'_> {
    /// The site.
    ///
    /// # Panics
    /// When the file has what can't be.
    pub fn site(&self, today: Day) -> Site {
        let SiteEntry { srs, messages, modes, .. } = self.site;
        let usual = SrsRules::default();
        let hash_minimum = srs.hash_minimum.unwrap_or(usual.hash_minimum);
        let rules = Rules {
            protected: patterns(&self.site.protected),
            exempt: patterns(&self.site.exempt),
            form: form(self.site.form.as_deref().unwrap_or("prvs"), Delimiter::default()),
            mode: self.mode,
            modes: modes.iter().map(|(name, mode)| (canonical(name), mode.parse().expect("a mode"))).collect(),
            signing_since: self.site.signing_since.map(|days| ago(today, days)),
            reject_at: self.site.reject_at.as_deref().unwrap_or("data").parse().expect("a stage"),
            on_error: self.site.on_error.as_deref().unwrap_or("tempfail").parse().expect("a disposition on error"),
            srs: SrsRules {
                domains: srs.domains.iter().map(|name| canonical(name)).collect(),
                hash_length: hash_minimum.max(usual.hash_length),
                hash_minimum,
                max_age: srs.max_age.unwrap_or(usual.max_age),
                takes_mail: srs.takes_mail,
                ..usual
            },
            messages: MessageRules {
                daemon_senders: messages.daemon_senders,
                marked_since: messages.marked_since.map(|days| ago(today, days)),
                hosts: messages.hosts.clone(),
                authserv_ids: messages.authserv_ids.clone(),
                report_recipients: patterns(&messages.report_recipients),
                hold_receipts: messages.hold_receipts,
                reject_daemon_senders: messages.reject_daemon_senders,
                reject_unverified: messages.reject_unverified,
                ..MessageRules::default()
            },
            ..Rules::default()
        };
        Site::new(self.ring.iter().map(|entry| entry.key(today)).collect::<KeySet>(), rules).expect("a site")
    }

    /// Whether messages are read at all.
    pub const fn reads(&self) -> bool {
        self.site.messages.judge
    }

    /// Octets of a message that are read, where that is less than usual.
    pub const fn message_octets(&self) -> Option<usize> {
        self.site.message_octets
    }

    /// The keyring file.
    pub fn keyring(&self, today: Day) -> String {
        self.ring.iter().map(|entry| entry.toml(today)).collect::<Vec<_>>().join("\n")
    }

    /// The file `batvd.toml`, which remembers in this store.
    ///
    /// # Panics
    /// Never: a text can be written to.
    pub fn batvd_toml(&self, today: Day, store: &str) -> String {
        let Row { site, mode, .. } = self;
        let SiteEntry { srs, messages, .. } = site;
        let mut text = String::new();
        let quoted = |text: &str| format!("'{text}'");
        let since = |days: Option<i32>| days.map(|days| date(today, days));
        let flag = |is_set: bool| is_set.then(|| "true".to_owned());
        let answers = self.answers();
        let [per_network, per_mailbox] = [WrongTags::FromNetwork, WrongTags::ToMailbox]
            .map(|of| answers.too_many_wrong_tags.map(|too_many| if too_many == of { "2" } else { "0" }.to_owned()));
        let modes: String = site.modes.iter().map(|(name, mode)| format!("'{name}' = '{mode}', ")).collect();
        let mut section = |name: &str, keys: &[(&str, Option<String>)]| {
            if !name.is_empty() {
                writeln!(text, "[{name}]").expect("a text");
            }
            for (key, value) in keys.iter().filter_map(|(key, value)| value.as_ref().map(|value| (key, value))) {
                writeln!(text, "{key} = {value}").expect("a text");
            }
        };
        section("", &[("on_error", site.on_error.as_deref().map(quoted))]);
        section(
            "clients",
            &[
                ("internal_networks", Some(list(&[INTERNAL.to_owned()]))),
                ("exempt_networks", Some(list(&[EXEMPT.to_owned()]))),
            ],
        );
        section(
            "sign",
            &[
                ("protected", Some(list(&site.protected))),
                ("exempt", Some(list(&site.exempt))),
                ("form", site.form.as_deref().map(quoted)),
            ],
        );
        section(
            "verify",
            &[
                ("mode", Some(quoted(mode.as_str()))),
                ("modes", Some(format!("{{ {} }}", modes.trim_end_matches(", ")))),
                ("signing_since", since(site.signing_since)),
                ("reject_at", site.reject_at.as_deref().map(quoted)),
            ],
        );
        section(
            "messages",
            &[
                ("judge", Some(messages.judge.to_string())),
                ("daemon_senders", flag(messages.daemon_senders)),
                ("marked_since", since(messages.marked_since)),
                ("hosts", Some(list(&messages.hosts))),
                ("report_recipients", Some(list(&messages.report_recipients))),
                ("hold_receipts", flag(messages.hold_receipts)),
                ("reject_daemon_senders", flag(messages.reject_daemon_senders)),
                ("reject_unverified", flag(messages.reject_unverified)),
            ],
        );
        section("bounces", &[("authserv_ids", Some(list(&messages.authserv_ids)))]);
        let hash_minimum = srs.hash_minimum.map(|length| length.to_string());
        section(
            "srs",
            &[
                ("domains", Some(list(&srs.domains))),
                ("reverse_for", srs.takes_mail.then(|| quoted("all"))),
                ("hash_length", hash_minimum.clone()),
                ("hash_minimum", hash_minimum),
                ("max_age", srs.max_age.map(|days| days.to_string())),
            ],
        );
        section(
            "store",
            &[
                ("at", Some(quoted(store))),
                // Others may keep the machine busy: no row is about a slow store.
                ("milliseconds", Some(if answers.store() == Store::Down { "100" } else { "30000" }.to_owned())),
                ("bounces_per_tag", answers.replayed.map(|_| "2".to_owned())),
                ("bounces_per_message", answers.proof_replayed.map(|_| "2".to_owned())),
            ],
        );
        section(
            "limits",
            &[
                ("message_octets", site.message_octets.map(|octets| octets.to_string())),
                ("bounces_per_minute", answers.too_many_bounces.then(|| "1".to_owned())),
                ("wrong_tags_per_network", per_network),
                ("wrong_tags_per_mailbox", per_mailbox),
            ],
        );
        text
    }

    /// The options of `batv check` and `batv judge` that both have.
    pub fn options(&self, today: Day) -> Vec<String> {
        let SiteEntry { srs, .. } = self.site;
        let mut options = Options::default();
        options.say("at", &date(today, 0));
        options.say("mode", self.mode.as_str());
        self.site.modes.iter().for_each(|(name, mode)| options.say("mode-for", &format!("{name}={mode}")));
        options.all("protected", &self.site.protected);
        options.all("exempt", &self.site.exempt);
        options.all("form", self.site.form.as_slice());
        options.all("signing-since", self.site.signing_since.map(|days| date(today, days)).as_slice());
        options.all("on-error", self.site.on_error.as_slice());
        options.all("srs-domain", &srs.domains);
        options.all("srs-hash-minimum", srs.hash_minimum.map(|length| length.to_string()).as_slice());
        options.all("srs-max-age", srs.max_age.map(|days| days.to_string()).as_slice());
        options.flag("srs-takes-mail", srs.takes_mail);
        options.0
    }

    /// Those that `batv check` has besides.
    pub fn options_of_check(&self) -> Vec<String> {
        let mut options = Options::default();
        options.all("reject-at", self.site.reject_at.as_slice());
        options.flag("trusted-client", self.client() != Client::World);
        options.0
    }

    /// Those that `batv judge` has besides.
    pub fn options_of_judge(&self, today: Day) -> Vec<String> {
        let messages = &self.site.messages;
        let mut options = Options::default();
        options.all("marked-since", messages.marked_since.map(|days| date(today, days)).as_slice());
        options.all("host", &messages.hosts);
        options.all("authserv-id", &messages.authserv_ids);
        options.all("report-recipient", &messages.report_recipients);
        options.flag("hold-receipts", messages.hold_receipts);
        options.flag("reject-daemon-senders", messages.reject_daemon_senders);
        options.flag("reject-unverified", messages.reject_unverified);
        options.all("max-octets", self.site.message_octets.map(|octets| octets.to_string()).as_slice());
        options.0
    }

    /// Names and values for `batv_settings_set` of the C library.
    pub fn settings(&self, today: Day) -> Vec<(&'static str, String)> {
        let SiteEntry { srs, messages, modes, .. } = self.site;
        let words = |texts: &[String]| (!texts.is_empty()).then(|| texts.join(" "));
        let since = |days: Option<i32>| days.map(|days| date(today, days));
        let flag = |is_set: bool| is_set.then(|| "true".to_owned());
        let modes: Vec<String> = modes.iter().map(|(name, mode)| format!("{name}={mode}")).collect();
        let hash_minimum = srs.hash_minimum.map(|length| length.to_string());
        let settings = [
            ("mode", Some(self.mode.as_str().to_owned())),
            ("modes", words(&modes)),
            ("protected", words(&self.site.protected)),
            ("exempt", words(&self.site.exempt)),
            ("form", self.site.form.clone()),
            ("signing_since", since(self.site.signing_since)),
            ("reject_at", self.site.reject_at.clone()),
            ("on_error", self.site.on_error.clone()),
            ("srs_domains", words(&srs.domains)),
            ("srs_hash_length", hash_minimum.clone()),
            ("srs_hash_minimum", hash_minimum),
            ("srs_max_age", srs.max_age.map(|days| days.to_string())),
            ("srs_takes_mail", flag(srs.takes_mail)),
            ("marked_since", since(messages.marked_since)),
            ("hosts", words(&messages.hosts)),
            ("authserv_ids", words(&messages.authserv_ids)),
            ("report_recipients", words(&messages.report_recipients)),
            ("hold_receipts", flag(messages.hold_receipts)),
            ("reject_daemon_senders", flag(messages.reject_daemon_senders)),
            ("reject_unverified", flag(messages.reject_unverified)),
        ];
        settings.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Options of a command.
#[derive(Default)]
struct Options(Vec<String>);

impl Options {
    fn say(&mut self, name: &str, value: &str) {
        self.0.push(format!("--{name}={value}"));
    }

    fn all(&mut self, name: &str, values: &[String]) {
        values.iter().for_each(|value| self.say(name, value));
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        self.0.extend(is_set.then(|| format!("--{name}")));
    }
}

fn ago(today: Day, days: i32) -> Day {
    today.plus(-days).expect("a day")
}

fn date(today: Day, days: i32) -> String {
    ago(today, days).to_string()
}

/// In A-labels and lower case, as a site has it.
fn canonical(name: &str) -> String {
    address::pattern(name).expect("a pattern").as_str().to_ascii_lowercase()
}

fn patterns(texts: &[String]) -> Vec<Pattern<String>> {
    texts.iter().map(|text| address::pattern(text).expect("a pattern")).collect()
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
    format!("[{}]", quoted.join(", "))
}
