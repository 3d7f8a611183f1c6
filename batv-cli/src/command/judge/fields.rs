//! Envelope and author of a message, as its header tells them.

use batv_bounce::Reading;
use batv_bounce::header::day_of;
use batv_core::{Day, Mailbox};
use batv_policy::Rules;

/// Fields with the recipient, the surest first: the one in which `batvd` keeps the tagged address, then those that mail
/// servers add on delivery.
const RECIPIENT_FIELDS: [&str; 5] = ["X-BATV-Recipient", "Delivered-To", "X-Original-To", "Envelope-To", "To"];
/// Characters of a host that are kept at most (RFC 1035 §2.3.4).
const MOST_CHARACTERS: usize = 255;

/// The recipient, and the field that tells.
pub(super) struct Recipient {
    pub(super) mailbox: String,
    pub(super) field: &'static str,
}

/// Finds the recipient in the header.
pub(super) fn recipient(reading: &Reading<'_>, rules: &Rules) -> Option<Recipient> {
    RECIPIENT_FIELDS
        .into_iter()
        .find_map(|field| Some(Recipient { mailbox: only_mailbox(&reading.field(field)?, rules)?, field }))
}

/// Host that reported, or else the domain of the author.
pub(super) fn host(reading: &Reading<'_>) -> Option<String> {
    let author = || {
        let author = only_mailbox(&reading.field("From")?, &Rules::default())?;
        Some(Mailbox::parse(&author).ok()?.domain().to_string())
    };
    let host = reading.report.reporting_mta.clone().filter(|host| !host.is_empty()).or_else(author)?;
    Some(host.chars().take(MOST_CHARACTERS).collect::<String>().to_ascii_lowercase())
}

/// The day on which the message was received, or else written.
pub(super) fn day(reading: &Reading<'_>) -> Option<Day> {
    let received = || day_of(reading.field("Received")?.rsplit_once(';')?.1);
    received().or_else(|| day_of(&reading.field("Date")?))
}

/// The mailbox of an address list (RFC 5322 §3.4) that has only one.
fn only_mailbox(list: &str, rules: &Rules) -> Option<String> {
    let (mut mailbox, mut in_brackets) = (String::new(), None);
    let (mut quoted, mut escaped, mut comments) = (false, false, 0_u32);
    for character in list.chars() {
        let plain = !quoted && !escaped;
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if comments == 0 => quoted = !quoted,
            '(' if plain => comments += 1,
            ')' if plain => {
                comments = comments.saturating_sub(1);
                continue;
            }
            // A second mailbox.
            ',' if plain && comments == 0 => return None,
            '<' if plain && comments == 0 && in_brackets.is_some() => return None,
            '<' if plain && comments == 0 => {
                in_brackets = Some(String::new());
                mailbox.clear();
                continue;
            }
            '>' if plain && comments == 0 => {
                in_brackets = in_brackets.or(Some(String::new())).map(|_| core::mem::take(&mut mailbox));
                continue;
            }
            _ => {}
        }
        if comments == 0 {
            mailbox.push(character);
        }
    }
    let mailbox = in_brackets.unwrap_or(mailbox);
    let spelled = rules.forward_path(mailbox.trim().as_bytes()).ok()?;
    Mailbox::parse(spelled.as_ref()).ok().map(|mailbox| mailbox.to_string())
}

#[cfg(test)]
mod tests {
    use batv_bounce::{Limits, read};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_of_one_mailbox() {
        for (list, expected) in [
            ("alice@example.com", Some("alice@example.com")),
            (" <alice@example.com> ", Some("alice@example.com")),
            ("Alice <alice@example.com>", Some("alice@example.com")),
            ("\"Doe, Alice <a@b.example>\" <alice@example.com> (at, work)", Some("alice@example.com")),
            ("alice@example.com (Alice)", Some("alice@example.com")),
            ("\"a b\"@example.com", Some("\"a b\"@example.com")),
            ("<\"a>b\"@example.com>", Some("\"a>b\"@example.com")),
            ("alice@example.com, bob@example.com", None),
            ("<alice@example.com> <bob@example.com>", None),
            ("undisclosed-recipients:;", None),
            ("<>", None),
            ("", None),
            ("alice", None),
        ] {
            assert_eq!(only_mailbox(list, &Rules::default()).as_deref(), expected, "{list}");
        }
    }

    #[test]
    fn the_surest_field_tells_the_recipient() {
        let message = b"To: list@example.net\nEnvelope-To: bob@example.com\nDelivered-To: alice@example.com\n\
            X-BATV-Recipient: <prvs=0269b1e711=alice@example.com>\n\n";
        let reading = read(message, None, &Limits::default());
        let recipient = recipient(&reading, &Rules::default()).unwrap();
        assert_eq!(
            (recipient.mailbox.as_str(), recipient.field),
            ("prvs=0269b1e711=alice@example.com", "X-BATV-Recipient")
        );
    }

    #[test]
    fn the_first_received_tells_the_day() {
        for (header, expected) in [
            (
                "Received: from a by b; Wed, 01 Jan 2020 00:30:00 +0100 (CET)\nReceived: x; Tue, 7 Jan 2020 00:00:00 +0000\n",
                Some(18_261),
            ),
            ("Date: 1 Jan 2020 23:30 -0100\n", Some(18_263)),
            ("Date: Wed, 1 Jan 2020 12:00:00 GMT\n", Some(18_262)),
            ("Received: from a by b\nDate: Wed, 1 Jan 2020 00:00:00 +0000\n", Some(18_262)),
            ("Received: from a by b; yesterday\n", None),
            ("Date: Fri, 31 Feb 2020 00:00:00 +0000\n", None),
        ] {
            let reading = read(header.as_bytes(), None, &Limits::default());
            assert_eq!(day(&reading).map(Day::number), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_day_or_none(date in ".*|[A-Z][a-z]{2}, [0-9]{1,5} [JFMASOND][a-z]{2} -?[0-9]{1,6} [0-9:]{0,9} [-+][0-9]{0,5}") {
            let _ = day_of(&date);
        }

        #[test]
        fn any_text_is_a_list_or_none(list in "[<>(),\"\\\\a@b. ]{0,40}|.*") {
            if let Some(mailbox) = only_mailbox(&list, &Rules::default()) {
                prop_assert!(Mailbox::parse(&mailbox).is_ok());
            }
        }
    }
}
