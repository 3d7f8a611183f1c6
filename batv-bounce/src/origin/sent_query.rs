//! Question to the log of sent mail.

use core::iter;

use batv_core::{Mailbox, Path};

use super::identity::MOST_ID_OCTETS;
use crate::read::domain::Conversions;
use crate::read::header::{Field, fields};
use crate::read::mailboxes::{ascii_within, found};
use crate::read::message::authors;
use crate::reading::Reading;

/// The most Message-IDs, and the most recipients.
const MOST: usize = 20;

/// Message-IDs and recipients that a bounce, a receipt or a reply names, for a search in the log of sent mail.
///
/// An entry is a proof only for a recipient of the message: a Message-ID alone may have been seen by others.
///
/// ```
/// use batv_bounce::{SentQuery, Limits, read};
///
/// let receipt = b"From: Bob <bob@example.net>\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n\
///     --b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; robert@example.net\n\
///     Original-Message-ID: <1@example.com>\nDisposition: manual-action; displayed\n--b--\n";
/// let query = SentQuery::of(&read(receipt, None, &Limits::default()));
/// assert_eq!(query.message_ids, ["<1@example.com>"]);
/// assert_eq!(query.recipients, ["robert@example.net", "bob@example.net"]);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SentQuery {
    /// Message-IDs: of the returned message, of the report, and those that are answered.
    pub message_ids: Vec<String>,
    /// Mailboxes: of the report, of who writes, and those to whom the returned message was, when no report names any.
    pub recipients: Vec<String>,
}

impl SentQuery {
    /// Collects Message-IDs and recipients of a message.
    ///
    /// ```
    /// use batv_bounce::{SentQuery, Limits, read};
    ///
    /// let reply = read(b"From: bob@example.net\nIn-Reply-To: <1@example.com>\n\nI am away.\n", None, &Limits::default());
    /// assert_eq!(SentQuery::of(&reply).message_ids, ["<1@example.com>"]);
    /// ```
    pub fn of(reading: &Reading<'_>) -> Self {
        let originals = || reading.original.iter().chain(&reading.others);
        let returned = originals().flat_map(|original| fields(&original.header)).filter(|field| field.is("Message-ID"));
        let message_ids = returned.map(|field| field.text()).chain(reading.report.original_message_id.clone());
        let message_ids = message_ids.chain(reading.answers.iter().cloned()).filter(|id| id.len() <= MOST_ID_OCTETS);

        let conversions = Conversions::default();
        let mailbox = |text: &str| mailbox(text, &conversions);
        let mailboxes = |field| mailboxes(field, &conversions);
        let reported = reading.report.recipients.iter();
        let reported = reported.flat_map(|recipient| [&recipient.final_recipient, &recipient.original_recipient]);
        let header = || fields(&reading.header);
        let failed = header().filter(|field| field.is("X-Failed-Recipients")).flat_map(mailboxes);
        let mut recipients: Vec<String> = reported.flatten().filter_map(|text| mailbox(text)).chain(failed).collect();
        if recipients.is_empty() {
            let named = originals().flat_map(|original| fields(&original.header));
            recipients =
                named.filter(|field| field.is("To") || field.is("Cc")).flat_map(mailboxes).take(MOST).collect();
        }
        let from = header().find(|field| field.is("From")).map(authors).unwrap_or_default();
        recipients.extend(from.iter().filter_map(|(_, address)| mailbox(address)));
        Self { message_ids: distinct(message_ids), recipients: distinct(recipients) }
    }

    /// Whether there is no Message-ID to look up.
    ///
    /// ```
    /// # use batv_bounce::SentQuery;
    /// assert!(SentQuery::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.message_ids.is_empty()
    }
}

fn mailbox(text: &str, conversions: &Conversions) -> Option<String> {
    match Path::parse(&*ascii_within(text.trim(), conversions)) {
        Ok(Path::Mailbox(mailbox)) => Some(mailbox.to_string()),
        _ => None,
    }
}

/// The mailboxes in a list of addresses.
fn mailboxes(field: Field<'_>, conversions: &Conversions) -> Vec<String> {
    let parse = |mailbox| Some(Mailbox::parse(&*ascii_within(mailbox, conversions)).ok()?.to_string());
    found(&field.text()).filter_map(|(_, mailbox)| parse(mailbox)).take(MOST).collect()
}

fn distinct(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut texts = texts.into_iter();
    let mut distinct: Vec<String> = Vec::new();
    let next = iter::from_fn(|| texts.next()).take(4 * MOST).filter(|text| !text.trim().is_empty());
    for text in next {
        if distinct.len() < MOST && !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use crate::{Limits, read};

    use super::*;

    fn query(message: &str) -> (Vec<String>, Vec<String>) {
        let SentQuery { message_ids, recipients } = SentQuery::of(&read(message.as_bytes(), None, &Limits::default()));
        (message_ids, recipients)
    }

    #[test]
    fn of_a_bounce_that_names_no_recipient_those_of_the_message_count() {
        let bounce = "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\nSorry.\n\n--- Below is the message.\n\n\
            From: alice@example.com\nTo: Bob <bob@example.net>, carol@example.org\nMessage-ID: <1@example.com>\n";
        let (message_ids, recipients) = query(bounce);
        assert_eq!(message_ids, ["<1@example.com>"]);
        assert_eq!(recipients, ["bob@example.net", "carol@example.org", "MAILER-DAEMON@mx.example.net"]);
    }

    #[test]
    fn there_are_never_many() {
        let ids: String = (0..1000).map(|number| format!(" <{number}@example.com>")).collect();
        let to: String = (0..1000).map(|number| format!(" b{number}@example.net,")).collect();
        let (message_ids, recipients) = query(&format!("References:{ids}\nX-Failed-Recipients:{to}\n\n"));
        assert_eq!((message_ids.len(), recipients.len()), (MOST, MOST));
    }
}
