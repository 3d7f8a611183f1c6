//! The message that a bounce returns: ours with one proof of it, or a stranger's.

use batv_core::tag::Form;
use serde::Deserialize;

use super::dkim::{self, Canonicalization, Signature};
use super::home;

/// What shows that the returned message was ours, or that it was not.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Proof {
    /// No header, or too little of it.
    None,
    /// All of a stranger's header.
    Foreign,
    /// `X-BATV-Mark`.
    Mark,
    /// `Original-Envelope-Id` of a DSN.
    EnvelopeId,
    /// A tag of ours in the reverse-path that the header shows, in the form that nobody guesses.
    Tag,
    /// A DKIM signature of ours.
    Dkim,
    /// Our domain in its Message-ID or Received fields, which anybody can write.
    Hint,
}

impl Proof {
    /// Its name in the index.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Foreign => "foreign",
            Self::Mark => "mark",
            Self::EnvelopeId => "envelope-id",
            Self::Tag => "tag",
            Self::Dkim => "dkim",
            Self::Hint => "hint",
        }
    }

    /// In how many ways it is shown. What is after them in [`Original::new`] are traps, for messages that name them.
    pub(super) const fn variants(self) -> usize {
        match self {
            Self::None | Self::EnvelopeId => 1,
            Self::Foreign | Self::Tag => 4,
            Self::Mark | Self::Dkim | Self::Hint => 3,
        }
    }
}

/// How much of it is returned, and where.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Returned {
    /// `message/rfc822`
    Whole,
    /// `text/rfc822-headers` and its like.
    Headers,
    /// In the text.
    Inline,
    /// A few lines of it.
    Partial,
    /// Nothing.
    None,
}

impl Returned {
    /// Its name in the index.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Headers => "headers",
            Self::Inline => "inline",
            Self::Partial => "partial",
            Self::None => "none",
        }
    }
}

/// The returned message.
#[derive(Debug)]
pub(super) struct Original {
    fields: Vec<String>,
    body: String,
    /// Its Message-ID.
    pub(super) id: String,
    /// Its subject.
    pub(super) subject: String,
    /// Who should have had it.
    pub(super) recipient: String,
    /// The server that reports.
    pub(super) server: &'static str,
    /// Its envelope id, where that is the proof.
    pub(super) envelope_id: Option<String>,
}

/// Of mail that we sent: subject, the recipient's local part, text.
const OURS: [(&str, &str, &str); 5] = [
    ("Minutes of the last walk", "bob", "Hello Bob,\n\nhere are the minutes. See you on Sunday!\n\nAlice\n"),
    ("Order 2026/117", "sales", "Please send us twelve pairs of snow shoes, as last year.\n\nAlice Example\n"),
    ("Re: key of the hut", "carol", "It hangs behind the door.\n\n> Where is the key?\n\nAlice\n"),
    ("Photos", "dan.miller", "They are on our page now.\n\nAlice\n"),
    ("Invitation", "erin", "Dear Erin,\n\nwe open the new path on 12 December at ten.\n\nAlice\n"),
];
/// Of mail that strangers sent.
const FOREIGN: [(&str, &str, &str); 4] = [
    ("Your invoice is overdue", "bob", "Open the attached file at once to avoid costs.\n"),
    ("Cheap watches", "info", "Best prices this week only. http://shop.example/w\n"),
    ("Account suspended", "frank", "Confirm your password at http://login.example/now\n"),
    ("You have won", "grace", "Claim your prize within 24 hours.\n"),
];
/// Servers that report.
const SERVERS: [&str; 3] = ["mx.example.net", "mail.example.org", "relay7.example.net"];

impl Original {
    /// A message with this proof alone. `number` chooses among people and texts, `variant` among ways to show it.
    pub(super) fn new(proof: Proof, variant: usize, number: usize) -> Self {
        let server = SERVERS[number % SERVERS.len()];
        match proof {
            Proof::Foreign => Self::foreign(variant, number, server),
            // Traps: what names a key or domain of ours is no disproof.
            Proof::Hint if variant > 3 => Self::foreign(variant, number, server),
            _ => Self::ours(proof, variant, number, server),
        }
    }

    fn ours(proof: Proof, variant: usize, number: usize, server: &'static str) -> Self {
        let (subject, local, body) = OURS[number % OURS.len()];
        let recipient = format!("{local}@{}", domain_of(server));
        // Where nothing shall be proved, fields that name it (In-Reply-To) must not hint either.
        let hidden = proof == Proof::None || (proof == Proof::Hint && variant == 2);
        let id =
            format!("<20261125091240.{:X}@{}>", 0x7f3a + number, if hidden { "app.example" } else { "example.com" });
        let mut own = vec![
            format!("Message-ID: {id}"),
            "Date: Wed, 25 Nov 2026 09:12:40 +0000".to_owned(),
            format!("From: Alice Example <{}>", home::SENDER),
            format!("To: {recipient}"),
            format!("Subject: {subject}"),
            "MIME-Version: 1.0".to_owned(),
            "Content-Type: text/plain; charset=us-ascii".to_owned(),
        ];
        let mut reverse_path = format!("Return-Path: <{}>", home::SENDER);
        let mut envelope_from = String::new();
        match (proof, variant) {
            (Proof::Mark, 1) => {
                let mark = home::mark(&id, 1).to_string();
                let dot = mark.rfind('.').map_or(0, |at| at + 1);
                own.insert(0, format!("X-BATV-Mark: {}\n\t{}", &mark[..dot], &mark[dot..]));
            }
            (Proof::Mark, 2) => own.push(format!("x-batv-mark:{}", home::mark(&id, 0))),
            // To be cut off inside of the mark.
            (Proof::Mark, _) | (Proof::None, 1) => own.insert(0, format!("X-BATV-Mark: {}", home::mark(&id, 2))),
            (Proof::Tag, 1) => reverse_path = format!("X-Envelope-From: {}", home::tagged(Form::Strong, 1)),
            (Proof::Tag, 2) => {
                reverse_path.clear();
                envelope_from = format!("\n\t(envelope-from <{}>)", home::tagged(Form::Strong, 2));
            }
            (Proof::Tag, 3) => reverse_path = format!("Return-path: <{}>", home::tagged(Form::Strong, 1)),
            (Proof::Tag, 4) => reverse_path = format!("Return-Path: <{}>", home::tagged(Form::Strong, 1)),
            (Proof::Tag, _) => reverse_path = format!("Return-Path: <{}>", home::tagged(Form::Strong, 2)),
            (Proof::Dkim, 1) => {
                own.insert(0, dkim::field(Signature::Ed25519, Canonicalization::Relaxed, &own, body));
            }
            (Proof::Dkim, 2) => {
                let second = dkim::field(Signature::Ed25519, Canonicalization::Simple, &own, body);
                own.insert(0, dkim::field(Signature::Rsa, Canonicalization::Simple, &own, body));
                own.insert(0, second);
            }
            (Proof::Dkim, _) => own.insert(0, dkim::field(Signature::Rsa, Canonicalization::Relaxed, &own, body)),
            _ => {}
        }
        let host = if proof == Proof::Hint && variant == 1 { "out.provider.example" } else { "mail.example.com" };
        let mut fields = vec![
            reverse_path,
            format!(
                "Received: from {host} ({host} [192.0.2.25])\n\tby {server} with ESMTPS id 4Xq{number:03}{envelope_from}\n\tfor <{recipient}>; Wed, 25 Nov 2026 09:12:44 +0000"
            ),
        ];
        if host.ends_with("example.com") {
            fields.push(format!(
                "Received: from [192.0.2.80] (desk [192.0.2.80])\n by {host} with ESMTPSA;\n Wed, 25 Nov 2026 09:12:41 +0000"
            ));
        }
        fields.retain(|field| !field.is_empty());
        fields.append(&mut own);
        let proved = proof == Proof::EnvelopeId;
        let envelope_id = proved.then(|| home::mark(&id, 1).envelope_id().to_string());
        Self { fields, body: body.to_owned(), id, subject: subject.to_owned(), recipient, server, envelope_id }
    }

    fn foreign(variant: usize, number: usize, server: &'static str) -> Self {
        let (subject, local, body) = FOREIGN[number % FOREIGN.len()];
        let recipient = format!("{local}@{}", domain_of(server));
        let id = format!("<{:06x}$5c1e$@pc-{number}.bulk.example>", 0xa01 + 977 * number);
        let client = format!("203.0.113.{}", 20 + number % 200);
        let mut fields = vec![
            format!("Return-Path: <{}>", home::SENDER),
            format!(
                "Received: from unknown (HELO pc-{number}) ({client})\n\tby {server} with SMTP; 25 Nov 2026 08:01:17 -0000"
            ),
            format!("Message-ID: {id}"),
            "Date: Wed, 25 Nov 2026 16:01:12 +0800".to_owned(),
            format!("From: \"Accounts\" <{}>", home::SENDER),
            format!("To: <{recipient}>"),
            format!("Subject: {subject}"),
        ];
        match variant {
            1 => {
                fields[4] = "From: \"Shop\" <news@bulk.example>".to_owned();
                fields.push(
                    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=bulk.example; s=a1;\n\th=from:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n\tb=Zm9yIGEgZG9tYWluIHRoYXQgaXMgbm90IG91cnM="
                        .to_owned(),
                );
            }
            2 => fields.insert(
                2,
                format!("Received: from mail.bulk.example ([{client}])\n by gate.bulk.example (8.14.4/8.14.4) with ESMTP id x{number};\n Wed, 25 Nov 2026 16:01:14 +0800"),
            ),
            3 => fields.extend(["X-Mailer: Bulk 3.1".to_owned(), "X-Priority: 1".to_owned()]),
            // Traps: what looks like ours and is not.
            4 => {
                let copied = home::mark("<20261120080000.1@example.com>", 5);
                fields.insert(2, format!("X-BATV-Mark: {copied}"));
            }
            5 => fields[0] = "Return-Path: <prvs=4789abcdef=alice@example.com>".to_owned(),
            6 => {
                let other = fields.iter().map(|field| field.replace(subject, "Minutes")).collect::<Vec<_>>();
                fields.insert(2, dkim::field(Signature::Rsa, Canonicalization::Relaxed, &other, body));
            }
            _ => {}
        }
        fields.extend(["MIME-Version: 1.0".to_owned(), "Content-Type: text/plain; charset=iso-8859-1".to_owned()]);
        let (body, subject) = (body.to_owned(), subject.to_owned());
        Self { fields, body, id, subject, recipient, server, envelope_id: None }
    }

    /// Its header, with LF at the end of each line.
    pub(super) fn header(&self) -> String {
        self.fields.join("\n") + "\n"
    }

    /// All of it.
    pub(super) fn whole(&self) -> String {
        format!("{}\n{}", self.header(), self.body)
    }

    /// What programs show of it to people: of that nothing can be proved.
    pub(super) fn partial(&self) -> String {
        let shown = |field: &&String| ["From:", "To:", "Subject:", "Date:"].iter().any(|name| field.starts_with(name));
        self.fields.iter().filter(shown).map(|field| format!("{field}\n")).collect()
    }
}

fn domain_of(server: &str) -> &str {
    server.split_once('.').map_or(server, |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use batv_core::{Mailbox, TagVerdict, mark, tag};

    use super::*;

    fn field<'a>(original: &'a Original, name: &str) -> &'a str {
        let is_it = |field: &&String| field.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        original.fields.iter().find(is_it).map_or("", |field| &field[name.len() + 1..])
    }

    fn of_mark(original: &Original) -> TagVerdict {
        let sender = Mailbox::parse(home::SENDER).unwrap();
        let (mark, id) = (field(original, mark::FIELD), field(original, "Message-ID"));
        mark::verify(home::keyring().keys(), mark.as_bytes(), id.as_bytes(), &sender, home::day(0))
    }

    fn of_tag(original: &Original) -> TagVerdict {
        let header = original.header();
        let tagged =
            header.split([' ', '<', '>', '\n', ')']).find(|word| word.contains("prvs=") || word.contains("batv="));
        tag::verify(home::keyring().keys(), &Mailbox::parse(tagged.unwrap()).unwrap(), home::day(0)).verdict
    }

    #[test]
    fn proofs_verify() {
        for number in 0..5 {
            for variant in 0..Proof::Mark.variants() {
                assert_eq!(of_mark(&Original::new(Proof::Mark, variant, number)), TagVerdict::Valid, "{variant}");
            }
            for variant in 0..=Proof::Tag.variants() {
                assert_eq!(of_tag(&Original::new(Proof::Tag, variant, number)), TagVerdict::Valid, "{variant}");
            }
            let envelope_id = Original::new(Proof::EnvelopeId, 0, number).envelope_id.unwrap();
            let sender = Mailbox::parse(home::SENDER).unwrap();
            let keyring = home::keyring();
            let verdict = mark::verify_envelope_id(keyring.keys(), envelope_id.as_bytes(), &sender, home::day(0));
            assert_eq!(verdict, TagVerdict::Valid);
        }
    }

    #[test]
    fn traps_do_not() {
        assert_eq!(of_mark(&Original::new(Proof::Foreign, 4, 0)), TagVerdict::BadMac);
        assert_eq!(of_tag(&Original::new(Proof::Foreign, 5, 0)), TagVerdict::BadMac);
    }
}
