//! Our domains and hosts in a returned header: hints, as anyone can write them.

use std::collections::HashSet;

use batv_core::{Mailbox, Pattern};

use super::own_mail::OwnMail;
use crate::read::domain::{Conversions, MOST_OCTETS, a_labels};
use crate::read::header::fields;

/// Domains of ours, in A-labels and lower case.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct OwnHosts(HashSet<String>);

impl OwnHosts {
    /// Domains of the protected mailboxes and of our hosts.
    pub(crate) fn of(ours: &OwnMail<'_, impl AsRef<str>>) -> Self {
        let protected = ours.protected.iter().map(Pattern::domain);
        Self(protected.chain(ours.hosts.iter().map(AsRef::as_ref)).map(spelled).collect())
    }

    /// Domains of a recipient that are not among these.
    pub(crate) fn and_of(&self, recipient: &Mailbox<'_>) -> Self {
        let own = recipient.domain().as_str();
        let names = above(own).into_iter().chain([own]).map(spelled);
        Self(names.filter(|name| !self.is_ours(name)).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds a domain of ours in the fields that a server of ours writes into each message, and says where.
    pub(crate) fn in_header(&self, header: &[u8], conversions: &Conversions) -> Option<&'static str> {
        let are_in = |text: &str| self.are_in(text, conversions);
        fields(header).find_map(|field| {
            if field.is("Message-ID") && are_in(&field.text()) {
                return Some("its Message-ID names a domain of ours, as anybody's can");
            }
            if field.is("DKIM-Signature") {
                let text = field.text();
                let mut identities = text.split(';').map(str::trim).filter(|tag| {
                    let name = tag.split('=').next().unwrap_or_default().trim_end();
                    matches!(name, "d" | "i")
                });
                return identities.any(are_in).then_some("a DKIM signature names a domain of ours, as anybody's can");
            }
            if !field.is("Received") {
                return None;
            }
            // Its recipient stands there too, behind `for`, and its sender: they are told apart from hosts by their sign.
            let text = field.text();
            let before = text.split(" for ").next().unwrap_or_default();
            let mut words = before.split_ascii_whitespace().filter(|word| !word.contains('@'));
            words.any(are_in).then_some("its Received fields name a host of ours, as anybody's can")
        })
    }

    fn are_in(&self, text: &str, conversions: &Conversions) -> bool {
        let words = text.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_')));
        words
            .filter(|word| word.len() <= MOST_OCTETS)
            .map(|word| conversions.a_labels(word.trim_matches('.')).to_ascii_lowercase())
            .any(|host| self.is_ours(&host))
    }

    /// Whether a host has one of these names, or is below one.
    fn is_ours(&self, host: &str) -> bool {
        let below = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
        core::iter::once(host).chain(below).any(|name| self.0.contains(name))
    }
}

/// The spelling in which domains are compared.
fn spelled(domain: &str) -> String {
    a_labels(domain.trim_start_matches('.')).to_ascii_lowercase()
}

/// The domain above another, unless strangers have theirs there, as under `co.uk`: so far as one can tell by its looks.
fn above(domain: &str) -> Option<&str> {
    let (_, above) = domain.split_once('.')?;
    let (second, top) = above.split_once('.')?;
    let is_registry = !top.contains('.') && top.len() == 2 && second.len() <= 3;
    (!is_registry).then_some(above)
}

#[cfg(test)]
mod tests {
    use batv_core::Pattern;

    use super::*;

    #[test]
    fn names_are_found_where_servers_write_them() {
        let protected = [Pattern::parse("example.org").unwrap(), Pattern::parse("bob@example.net").unwrap()];
        let ours = OwnMail { hosts: &["hosting.example"], ..OwnMail::new(&protected) };
        for (recipient, header, expected) in [
            ("alice@example.com", "Message-ID: <1@example.com>", true),
            ("alice@example.com", "Message-ID: <1@mail.EXAMPLE.org>", true),
            ("alice@example.com", "Message-ID: <1@notexample.com>", false),
            ("alice@example.com", "Received: from [192.0.2.1] by out.hosting.example with ESMTPSA", true),
            ("alice@example.com", "Received: from mx.example.net by x; now", true),
            ("alice@example.com", "Received: from mx.elsewhere.example by y for <alice@example.com>; now", false),
            ("alice@example.com", "Received: by y (envelope-from <alice@example.com>) id 1", false),
            ("alice@example.com", "DKIM-Signature: v=1; a=rsa-sha256;\n\td=example.com; s=x; b=abc", true),
            ("alice@example.com", "DKIM-Signature: v=1; i=@lists.example.com; d=elsewhere.example; b=abc", true),
            ("alice@example.com", "DKIM-Signature: v=1; d=elsewhere.example; b=example.com", false),
            ("alice@dept.example.com", "Received: by mail.example.com", true),
            ("alice@elsewhere.co.uk", "Received: by mail.victim.co.uk", false),
            ("alice@example.com", "Subject: example.com", false),
            ("alice@xn--bcher-kva.example", "Message-ID: <1@b\u{fc}cher.example>", true),
            ("alice@xn--bcher-kva.example", "Received: from mail.B\u{dc}CHER.example by x; now", true),
            ("alice@xn--bcher-kva.example", "DKIM-Signature: v=1; d=b\u{fc}cher.example; s=x; b=abc", true),
            ("alice@xn--bcher-kva.example", "Message-ID: <1@bucher.example>", false),
        ] {
            let names = OwnHosts::of(&ours);
            let own = names.and_of(&Mailbox::parse(recipient).unwrap());
            let is_found =
                [names, own].iter().any(|names| names.in_header(header.as_bytes(), &Conversions::default()).is_some());
            assert_eq!(is_found, expected, "{header}");
        }
    }
}
