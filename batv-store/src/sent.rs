//! The sent log: which messages left, to whom, and on what day.
//!
//! Mail that can't carry a mark, or comes back without it, still names its Message-ID: in the returned header, in a read
//! receipt (`Original-Message-ID`), in a reply (`In-Reply-To`). That we sent a message of this id to this recipient proves
//! that it was ours, for whoever did not see the message can't know its id. Only fingerprints are kept, under the keys that
//! make the tags.
//!
//! ```
//! use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
//! use batv_store::sent::{self, Question};
//! use batv_store::{Store, Table, sqlite};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let directory = tempfile::tempdir()?;
//! # let store = sqlite::Sqlite::open(&directory.path().join("store.sqlite"), sqlite::DEFAULT_LIMIT)?;
//! let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
//! let [alice, bob, carol] = ["alice@example.com", "bob@example.net", "carol@example.net"].map(Mailbox::parse);
//! let (alice, bob, carol) = (alice?, bob?, carol?);
//! let (now, today) = (1_795_478_400, Day::new(20_781)?);
//!
//! store.run(sent::remember(&keys, b"<1@example.com>", &alice, [&bob], today, sent::DEFAULT_DAYS), now).await?;
//!
//! let question = Question::new(&keys, b"1@example.com", &alice, &[bob, carol]);
//! let findings = question.findings(&store.run(question.operations(), now).await?);
//! assert_eq!(findings.message, Some(today));
//! assert_eq!(findings.recipients, [Some(today), None]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::iter;

use batv_core::fingerprint::{Fingerprint, live_keys, signing_key};
use batv_core::{Day, Key, KeyRing, Mailbox, mark};

use crate::operation::{Answer, Operation, Table};
use crate::text;

/// Days that it is remembered what was sent, when not told otherwise. A key should go on verifying for as long after it
/// last signed.
///
/// ```
/// # use batv_store::sent::DEFAULT_DAYS;
/// assert_eq!(DEFAULT_DAYS, 30);
/// ```
pub const DEFAULT_DAYS: u16 = 30;

const MESSAGE: &str = "sent message";
const RECIPIENT: &str = "sent recipient";
const DAY_SECONDS: u64 = 86_400;

/// Remembers for `days` days after today that this message leaves for these recipients: an operation for the message, and
/// one for each of them. `sender` is the reverse-path without tag. Nothing is remembered of a message without Message-ID, nor
/// of a sender whom no key signs for.
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
    let recipients = recipients.into_iter().map(|recipient| for_recipient(key, &id, &text::folded(recipient)));
    iter::once(for_message(key, &id)).chain(recipients).map(put).collect()
}

/// Whether a message was sent, and to whom.
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
    /// For each key, one for the message and then one for each recipient.
    keys: Vec<Fingerprint>,
    recipients: usize,
}

impl Question {
    /// Asks about a message of this Message-ID, which came from `sender`, and these of its recipients. All keys are tried
    /// that serve the sender and are not retired.
    ///
    /// Mailboxes are compared whole, without regard to the case of ASCII letters: ask for those without tag, too.
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
    pub fn new(
        ring: &(impl KeyRing + ?Sized),
        message_id: &[u8],
        sender: &Mailbox<'_>,
        recipients: &[Mailbox<'_>],
    ) -> Self {
        let id = normalize(message_id);
        let texts: Vec<String> = recipients.iter().map(text::folded).collect();
        let of_key = |key| {
            let recipients = texts.iter().map(|recipient| for_recipient(key, &id, recipient));
            iter::once(for_message(key, &id)).chain(recipients).collect::<Vec<_>>()
        };
        let keys = live_keys(ring, sender).filter(|_| !id.is_empty()).flat_map(of_key).collect();
        Self { keys, recipients: recipients.len() }
    }

    /// What to ask the store.
    ///
    /// ```
    /// # use batv_store::{Operation, sent::Question};
    /// fn batch(questions: &[Question]) -> Vec<Operation> {
    ///     questions.iter().flat_map(Question::operations).collect()
    /// }
    /// ```
    pub fn operations(&self) -> Vec<Operation> {
        self.keys.iter().map(|&key| Operation::Get { table: Table::Sent, key }).collect()
    }

    /// What the answers to these operations say. A value that is no day is as if it weren't there.
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

/// What is known of a message.
///
/// ```
/// use batv_store::sent::Findings;
///
/// fn proves(findings: &Findings) -> bool {
///     findings.recipients.iter().any(Option::is_some)
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Findings {
    /// The day on which a message of this id was sent, to whomever.
    pub message: Option<Day>,
    /// The day on which it was sent to each recipient, in the order of the question.
    pub recipients: Vec<Option<Day>>,
}

/// As marks take it.
fn normalize(message_id: &[u8]) -> Vec<u8> {
    mark::message_id_pieces(message_id).collect::<Vec<_>>().concat()
}

fn for_message(key: &Key, id: &[u8]) -> Fingerprint {
    Fingerprint::of(key, MESSAGE, &[id])
}

fn for_recipient(key: &Key, id: &[u8], recipient: &str) -> Fingerprint {
    Fingerprint::of(key, RECIPIENT, &[id, recipient.as_bytes()])
}

fn day(answer: &Answer) -> Option<Day> {
    let Answer::Value(Some(value)) = answer else { return None };
    Day::new(u32::from_be_bytes(value.as_slice().try_into().ok()?)).ok()
}
