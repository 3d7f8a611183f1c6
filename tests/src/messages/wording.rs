//! What automatic mail says to people, in their languages, and the charsets that it says it in.

use serde::Deserialize;

use super::mime::{Charset, Header, Transfer};

/// All that a file of `tests/messages/wording` holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wordings {
    /// English name of the language.
    pub(super) language: String,
    /// Where a language has two.
    #[serde(default)]
    pub(super) script: String,
    failed: Vec<Wording>,
    delayed: Vec<Wording>,
    challenge: Vec<Wording>,
    virus: Vec<Wording>,
    reply: Vec<Wording>,
    list: Vec<Wording>,
}

/// Of one message.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wording {
    /// Who says so.
    pub(super) name: String,
    /// The subject.
    pub(super) subject: String,
    /// The text.
    pub(super) text: String,
    /// What stands before the returned message.
    #[serde(default)]
    pub(super) separator: String,
}

impl Wordings {
    /// All languages.
    pub(super) fn all() -> Vec<Self> {
        let files = [
            include_str!("../../messages/wording/english.toml"),
            include_str!("../../messages/wording/german.toml"),
            include_str!("../../messages/wording/french.toml"),
            include_str!("../../messages/wording/spanish.toml"),
            include_str!("../../messages/wording/portuguese.toml"),
            include_str!("../../messages/wording/italian.toml"),
            include_str!("../../messages/wording/dutch.toml"),
            include_str!("../../messages/wording/polish.toml"),
            include_str!("../../messages/wording/russian.toml"),
            include_str!("../../messages/wording/japanese.toml"),
            include_str!("../../messages/wording/chinese.toml"),
            include_str!("../../messages/wording/chinese-traditional.toml"),
            include_str!("../../messages/wording/korean.toml"),
        ];
        files.iter().map(|text| toml::from_str(text).expect("wordings")).collect()
    }

    /// Those of a kind: `failed`, `delayed`, `challenge`, `virus`, `reply` or `list`.
    pub(super) fn of(&self, kind: &str) -> &[Wording] {
        match kind {
            "failed" => &self.failed,
            "delayed" => &self.delayed,
            "challenge" => &self.challenge,
            "virus" => &self.virus,
            "reply" => &self.reply,
            "list" => &self.list,
            _ => panic!("no wordings for {kind}"),
        }
    }

    /// The language, and the script where it has two.
    pub(super) fn name(&self) -> String {
        if self.script.is_empty() { self.language.clone() } else { format!("{}-{}", self.language, self.script) }
    }

    /// The charsets in which people write it, and how.
    pub(super) fn charsets(&self) -> &'static [&'static str] {
        match &*self.name() {
            "english" => &["us-ascii:7bit", "utf-8:quoted-printable", "iso-8859-1:7bit"],
            "german" => &["iso-8859-1:quoted-printable:q", "utf-8:8bit:raw", "iso-8859-15:8bit:q", "utf-8:base64:b"],
            "french" => &["iso-8859-1:8bit:q", "utf-8:base64:b", "iso-8859-15:quoted-printable:q", "utf-8:8bit:q"],
            "spanish" => &["utf-8:quoted-printable:q", "iso-8859-1:quoted-printable:q", "windows-1252:8bit:raw"],
            "portuguese" => &["iso-8859-1:8bit:raw", "utf-8:base64:b", "iso-8859-1:quoted-printable:q"],
            "italian" => &["windows-1252:quoted-printable:q", "utf-8:8bit:b", "iso-8859-15:8bit:q"],
            "dutch" => &["utf-8:8bit:b", "iso-8859-1:quoted-printable:q", "iso-8859-15:base64:b"],
            "polish" => {
                &["iso-8859-2:quoted-printable:q", "utf-8:8bit:b", "iso-8859-2:8bit:raw", "windows-1250:base64:b"]
            }
            "russian" => &[
                "koi8-r:8bit:b",
                "utf-8:base64:b",
                "windows-1251:8bit:raw",
                "koi8-r:base64:q",
                "windows-1251:quoted-printable:b",
            ],
            "japanese" => {
                &["iso-2022-jp:7bit:b", "utf-8:base64:b", "shift_jis:8bit:b", "utf-8:8bit:raw", "euc-jp:base64:b"]
            }
            "chinese" => &["gb2312:base64:b", "utf-8:base64:b", "gb18030:8bit:raw", "gbk:quoted-printable:q"],
            "chinese-traditional" => &["big5:8bit:b", "utf-8:quoted-printable:b", "big5:base64:raw"],
            "korean" => &["euc-kr:base64:b", "utf-8:8bit:b", "euc-kr:8bit:raw", "utf-8:base64:q"],
            name => panic!("no charsets for {name}"),
        }
    }
}

impl<'a> Charset<'a> {
    /// From `NAME:TRANSFER[:HEADER]`, the header as `b`, `q` or `raw`.
    pub(super) fn parse(text: &'a str) -> Self {
        let mut words = text.split(':');
        let name = words.next().expect("a charset");
        let transfer = match words.next() {
            Some("7bit") => Transfer::SevenBit,
            Some("8bit") => Transfer::EightBit,
            Some("quoted-printable") => Transfer::QuotedPrintable,
            Some("base64") => Transfer::Base64,
            transfer => panic!("no transfer encoding {transfer:?} in {text}"),
        };
        let header = match words.next() {
            Some("b") | None => Header::Base64,
            Some("q") => Header::Q,
            Some("raw") => Header::Raw,
            header => panic!("no kind of header {header:?} in {text}"),
        };
        Self { name, transfer, header }
    }
}
