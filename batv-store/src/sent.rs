//! Sent log: messages that left, their recipients, and the day.
//!
//! Mail that can't carry a mark, or comes back without it, still names its Message-ID: in the returned header, in a
//! read receipt (`Original-Message-ID`), in a reply (`In-Reply-To`). An entry of this id, this sender and this recipient proves
//! that the message was ours: nobody knows the id who hasn't seen the message. Only fingerprints are stored, under the keys
//! that make the tags.
//!
//! ```
//! use std::time::Duration;
//!
//! use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
//! use batv_store::sent::{self, Question};
//! use batv_store::{Store, Table, sqlite};
//!
//! # let directory = tempfile::tempdir()?;
//! # let store = sqlite::Sqlite::open(&directory.path().join("store.sqlite"), sqlite::DEFAULT_LIMIT)?;
//! let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
//! let [alice, bob, carol] = ["alice@example.com", "bob@example.net", "carol@example.net"].map(Mailbox::parse);
//! let (alice, bob, carol) = (alice?, bob?, carol?);
//! let (now, wait, today) = (1_795_478_400, Duration::from_secs(10), Day::new(20_781)?);
//!
//! store.run(sent::remember(&keys, b"<1@example.com>", &alice, [&bob], today, sent::DEFAULT_DAYS), now, wait)?;
//!
//! let question = Question::new(&keys, b"1@example.com", &alice, &[bob, carol]);
//! let findings = question.findings(&store.run(question.operations(), now, wait)?);
//! assert_eq!(findings.message, Some(today));
//! assert_eq!(findings.recipients, [Some(today), None]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::iter;

use batv_core::fingerprint::{Fingerprint, live_keys, signing_key};
use batv_core::{Day, Key, KeyRing, Mailbox, mark};

use crate::operation::{Answer, Operation, Table};
use crate::text;

/// Default number of days for which sent messages are remembered: as long as an entry proves something, where tags live for 7
/// days ([`Lifetime::proof_days`](batv_core::Lifetime::proof_days)).
///
/// ```
/// # use batv_store::sent::DEFAULT_DAYS;
/// assert_eq!(DEFAULT_DAYS, 14);
/// ```
pub const DEFAULT_DAYS: u16 = 14;

const MESSAGE: &str = "sent message";
const RECIPIENT: &str = "sent recipient";
const DAY_SECONDS: u64 = 86_400;

/// Operations that remember for `days` days after today that a message leaves for these recipients: one for the
/// message, and one for each recipient. `sender` is the reverse-path without its tag. There are none for a message
/// without Message-ID, and for a sender that no key signs for.
///
/// ```
/// use batv_core::{Day, Key, Mailbox};
/// use batv_store::sent;
///
/// let no_keys: [Key; 0] = [];
/// let alice = Mailbox::parse("alice@example.com")?;
/// assert!(sent::remember(&no_keys, b"<1@example.com>", &alice, [], Day::MIN, 30).is_empty());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[must_use]
pub fn remember<'m>(
    ring: &(impl KeyRing + ?Sized),
    message_id: &[u8],
    sender: &Mailbox<'_>,
    recipients: impl IntoIterator<Item = &'m Mailbox<'m>>,
    today: Day,
    days: u16,
) -> Vec<Operation> {
    let id = normalize(message_id);
    let Some(key) = signing_key(ring, sender).filter(|_| !id.is_empty()) else { return Vec::new() };
    let value = today.number().to_be_bytes();
    let expires = (u64::from(today.number()) + u64::from(days) + 1) * DAY_SECONDS;
    let put = |key| Operation::Put { table: Table::Sent, key, value: value.to_vec(), expires, share: None };
    let sender = text::folded(sender);
    let recipients = recipients.into_iter().map(|recipient| for_recipient(key, &id, &sender, &text::folded(recipient)));
    iter::once(for_message(key, &id, &sender)).chain(recipients).map(put).collect()
}

/// Question whether a message was sent, and to which recipients.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
/// use batv_store::Answer;
/// use batv_store::sent::Question;
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
/// let question = Question::new(&keys, b"<1@example.com>", &Mailbox::parse("alice@example.com")?, &[]);
/// assert_eq!(question.operations().len(), 1);
/// assert_eq!(question.findings(&[Answer::Value(None)]).message, None);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Question {
    /// For each key, the entry of the message, and then one for each recipient.
    keys: Vec<Fingerprint>,
    recipients: usize,
}

impl Question {
    /// Question about a message with this Message-ID from `sender`, and some of its recipients. All keys are tried that
    /// serve the sender and are not retired.
    ///
    /// Mailboxes are compared whole, without regard to the case of ASCII letters: give them without their tags.
    ///
    /// ```
    /// use batv_core::{Key, Mailbox};
    /// use batv_store::sent::Question;
    ///
    /// let no_keys: [Key; 0] = [];
    /// let question = Question::new(&no_keys, b"<1@example.com>", &Mailbox::parse("alice@example.com")?, &[]);
    /// assert!(question.operations().is_empty());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn new(
        ring: &(impl KeyRing + ?Sized),
        message_id: &[u8],
        sender: &Mailbox<'_>,
        recipients: &[Mailbox<'_>],
    ) -> Self {
        let id = normalize(message_id);
        let texts: Vec<String> = recipients.iter().map(text::folded).collect();
        let from = text::folded(sender);
        let of_key = |key| {
            let recipients = texts.iter().map(|recipient| for_recipient(key, &id, &from, recipient));
            iter::once(for_message(key, &id, &from)).chain(recipients).collect::<Vec<_>>()
        };
        let keys = live_keys(ring, sender).filter(|_| !id.is_empty()).flat_map(of_key).collect();
        Self { keys, recipients: recipients.len() }
    }

    /// Operations that ask the store: for each key, one for the message and one for each recipient.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
    /// use batv_store::sent::Question;
    ///
    /// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
    /// let [alice, bob] = ["alice@example.com", "bob@example.net"].map(Mailbox::parse);
    /// assert_eq!(Question::new(&keys, b"<1@example.com>", &alice?, &[bob?]).operations().len(), 2);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        self.keys.iter().map(|&key| Operation::Get { table: Table::Sent, key }).collect()
    }

    /// Findings from the answers to these operations. A value that is no day counts as missing.
    ///
    /// ```
    /// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
    /// use batv_store::Answer;
    /// use batv_store::sent::Question;
    ///
    /// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
    /// let [alice, bob] = ["alice@example.com", "bob@example.net"].map(Mailbox::parse);
    /// let question = Question::new(&keys, b"<1@example.com>", &alice?, &[bob?]);
    ///
    /// let day = |number: u32| Answer::Value(Some(number.to_be_bytes().to_vec()));
    /// let findings = question.findings(&[day(20_781), Answer::Value(Some(b"yesterday".to_vec()))]);
    /// assert_eq!((findings.message, findings.recipients), (Day::new(20_781).ok(), vec![None]));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn findings(&self, answers: &[Answer]) -> Findings {
        let mut findings = Findings { message: None, recipients: iter::repeat_n(None, self.recipients).collect() };
        for of_key in answers.chunks(1 + self.recipients) {
            let [message, recipients @ ..] = of_key else { continue };
            findings.message = findings.message.max(day(message));
            for (found, answer) in findings.recipients.iter_mut().zip(recipients) {
                *found = (*found).max(day(answer));
            }
        }
        findings
    }
}

/// Findings on a message: the days on which it was sent.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox};
/// use batv_store::sent::Question;
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
/// let [alice, bob] = ["alice@example.com", "bob@example.net"].map(Mailbox::parse);
/// let findings = Question::new(&keys, b"<1@example.com>", &alice?, &[bob?]).findings(&[]);
/// assert_eq!((findings.message, findings.recipients), (None, vec![None]));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Findings {
    /// Day on which a message with this id was sent, to any recipient.
    pub message: Option<Day>,
    /// Day on which it was sent to each recipient, in the order of the question.
    pub recipients: Vec<Option<Day>>,
}

/// Message-ID in the spelling that marks use.
fn normalize(message_id: &[u8]) -> Vec<u8> {
    mark::message_id_pieces(message_id).collect::<Vec<_>>().concat()
}

fn for_message(key: &Key, id: &[u8], sender: &str) -> Fingerprint {
    Fingerprint::of(key, MESSAGE, &[id, sender.as_bytes()])
}

fn for_recipient(key: &Key, id: &[u8], sender: &str, recipient: &str) -> Fingerprint {
    Fingerprint::of(key, RECIPIENT, &[id, sender.as_bytes(), recipient.as_bytes()])
}

fn day(answer: &Answer) -> Option<Day> {
    let Answer::Value(Some(value)) = answer else { return None };
    Day::new(u32::from_be_bytes(value.as_slice().try_into().ok()?)).ok()
}
