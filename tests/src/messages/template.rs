//! What programs write: messages with places for what changes.
//!
//! A place is a name in braces (see [`Scene::fill`]). A line of nothing but a place that comes out empty is left out.
//! Lines that begin with `%` open and end a block whose text is encoded:
//!
//! | line | what follows |
//! |---|---|
//! | `%text [SUBTYPE]` | text in the charset of the message, below the two fields that say so |
//! | `%bare` | text in that charset, which nothing says |
//! | `%escaped` | text as it stands in HTML |
//! | `%base64`, `%quoted-printable` | octets in this transfer encoding |
//! | `%gzip`, `%zip NAME` | a file of one text, in base64 |
//! | `%end` | the rest of the message |

use serde::Deserialize;

use super::home;
use super::mime::{self, Charset, Transfer};
use super::original::{Original, Returned};
use super::wording::Wording;

/// A file of `tests/messages/templates`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Templates {
    pub(super) class: String,
    pub(super) template: Vec<Template>,
}

/// A message of a program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// The program, or what is special.
    pub(super) name: String,
    /// Of a delivery report.
    #[serde(default)]
    pub(super) action: String,
    #[serde(default)]
    pub(super) note: String,
    /// Where it has words of its own.
    #[serde(default = "english")]
    pub(super) language: String,
    /// The kind of words that it takes, and then it has no cases of its own.
    #[serde(default)]
    pub(super) wording: String,
    /// What it can return, where it takes words.
    #[serde(default)]
    pub(super) returns: Vec<Returned>,
    /// Proof and what is returned, where it takes words and the proof stands outside of what is returned.
    #[serde(default)]
    pub(super) proofs: Vec<String>,
    /// `FROM TO PROOF[/VARIANT] RETURNED [OPTION=VALUE …] [# NOTE]`
    #[serde(default)]
    pub(super) cases: Vec<String>,
    pub(super) text: String,
}

/// What stands in the places of a template.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) original: &'a Original,
    pub(super) returned: Returned,
    pub(super) wording: &'a Wording,
    pub(super) charset: Charset<'a>,
    /// Counts the messages, for what should differ between them.
    pub(super) number: usize,
}

fn english() -> String {
    "english".to_owned()
}

impl Scene<'_> {
    /// The message, with LF at the ends of lines.
    pub(super) fn write(&self, template: &str) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut lines = template.lines();
        while let Some(line) = lines.next() {
            let Some(block) = line.strip_prefix('%') else {
                octets.extend(self.charset.encode(&self.fill_line(line)));
                continue;
            };
            let content: String =
                lines.by_ref().take_while(|line| *line != "%end").map(|line| self.fill_line(line)).collect();
            octets.extend(self.block(block, &content));
        }
        octets
    }

    fn block(&self, block: &str, content: &str) -> Vec<u8> {
        let (kind, argument) = block.split_once(' ').unwrap_or((block, ""));
        let Charset { name, transfer, .. } = self.charset;
        match kind {
            "text" => {
                let subtype = if argument.is_empty() { "plain" } else { argument };
                let fields = format!(
                    "Content-Type: text/{subtype}; charset={name}\nContent-Transfer-Encoding: {}\n\n",
                    transfer.name()
                );
                [fields.into_bytes(), transfer.encode(&self.charset.encode(content))].concat()
            }
            "bare" => self.charset.encode(content),
            "escaped" => {
                let escaped = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                self.charset.encode(&escaped)
            }
            "base64" => Transfer::Base64.encode(content.as_bytes()),
            "quoted-printable" => Transfer::QuotedPrintable.encode(content.as_bytes()),
            "gzip" => mime::base64(&mime::gzip(content.as_bytes())),
            "zip" => mime::base64(&mime::zip(argument, content.as_bytes())),
            _ => panic!("no block {block}"),
        }
    }

    fn fill_line(&self, line: &str) -> String {
        let filled = self.fill(line);
        let only_a_place = line.starts_with('{') && line.ends_with('}');
        match (filled.is_empty() && only_a_place, filled.ends_with('\n')) {
            (true, _) => String::new(),
            (false, true) => filled,
            (false, false) => filled + "\n",
        }
    }

    /// Braces that enclose no name of a place stay.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, place) = rest.split_at(open);
            filled += before;
            let value = closing(place).and_then(|close| Some((self.place(&place[1..close])?, close)));
            let (value, end) = value.map_or_else(|| ("{".to_owned(), 1), |(value, close)| (value, close + 1));
            filled += &value;
            rest = &place[end..];
        }
        filled + rest
    }

    fn place(&self, name: &str) -> Option<String> {
        let original = self.original;
        let (name, argument) = name.split_once(' ').unwrap_or((name, ""));
        Some(match name {
            "from" => self.from.to_owned(),
            "daemon" if self.from == "<>" => format!("MAILER-DAEMON@{}", original.server),
            "daemon" => self.from.to_owned(),
            "to" => self.to.to_owned(),
            "sender" => home::SENDER.to_owned(),
            "recipient" => original.recipient.clone(),
            "server" => original.server.to_owned(),
            "id" => original.id.clone(),
            "about" => original.subject.clone(),
            "number" => self.number.to_string(),
            "date" => format!("Wed, 25 Nov 2026 10:{:02}:{:02} +0000", self.number / 60 % 60, self.number % 60),
            "link" => format!("https://{}/c/{:x}", original.server, 0x51f0_c2a7 + self.number),
            "trace" => self.trace(),
            "diagnosis" => self.diagnosis(),
            "envelope-id-field" => {
                original.envelope_id.as_ref().map_or_else(String::new, |id| format!("Original-Envelope-Id: {id}\n"))
            }
            "subject" => self.charset.words(&self.fill(&self.wording.subject)),
            "name" => self.charset.words(&self.fill(&self.wording.name)),
            "text" => self.fill(&self.wording.text),
            "separator" if self.returned == Returned::None => String::new(),
            "separator" => self.wording.separator.clone(),
            "whole" => original.whole(),
            "header" => original.header(),
            "partial" => original.partial(),
            "returned" => self.returned_text(),
            "returned-header" if self.returned == Returned::Inline => original.header(),
            "returned-header" => self.returned_text(),
            "quoted" => prefixed("> ", &self.returned_text()),
            "indented" => prefixed("    ", &self.returned_text()),
            "part" => self.part(&self.fill(argument)),
            _ => return None,
        })
    }

    /// What a server that took the report wrote on top.
    fn trace(&self) -> String {
        let server = self.original.server;
        let received = format!(
            "Received: from {server} ({server} [198.51.100.{}])\n\tby mail.example.com with ESMTPS id r{}\n\tfor <{}>; Wed, 25 Nov 2026 11:00:00 +0000\n",
            7 + self.number % 3,
            self.number,
            self.to,
        );
        let reverse_path = if self.from == "<>" { "<>".to_owned() } else { format!("<{}>", self.from) };
        match self.number % 4 {
            0 => format!("Return-Path: {reverse_path}\n{received}"),
            1 => received,
            2 => format!("Delivered-To: {}\n{}", self.to, received.replace(";", "\n\t;").replace(" (", "\n    (")),
            _ => String::new(),
        }
    }

    fn diagnosis(&self) -> String {
        let (recipient, server) = (&self.original.recipient, self.original.server);
        match self.number % 4 {
            0 => format!("550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"),
            1 => format!("{server} said: 552 5.2.2 Mailbox full (in reply to RCPT TO)"),
            2 => "554 5.7.1 Message refused".to_owned(),
            _ => "user unknown".to_owned(),
        }
    }

    fn returned_text(&self) -> String {
        match self.returned {
            Returned::Inline => self.original.whole(),
            Returned::Partial => self.original.partial(),
            Returned::Whole | Returned::Headers | Returned::None => String::new(),
        }
    }

    /// A part of a multipart with this boundary.
    fn part(&self, boundary: &str) -> String {
        let description = if self.number.is_multiple_of(2) { "" } else { "Content-Description: Undelivered Message\n" };
        match self.returned {
            Returned::Whole => {
                format!("--{boundary}\n{description}Content-Type: message/rfc822\n\n{}\n", self.original.whole())
            }
            Returned::Headers => {
                format!("--{boundary}\n{description}Content-Type: text/rfc822-headers\n\n{}\n", self.original.header())
            }
            Returned::Partial => {
                format!("--{boundary}\n{description}Content-Type: text/rfc822-headers\n\n{}\n", self.original.partial())
            }
            Returned::Inline | Returned::None => String::new(),
        }
    }
}

/// Where the brace closes that the text opens with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.find(|character| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

fn prefixed(prefix: &str, text: &str) -> String {
    text.lines().map(|line| format!("{prefix}{line}\n")).collect()
}
