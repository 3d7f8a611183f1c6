//! Marks of returned messages, read once for all recipients of their bounce.

use core::cell::OnceCell;

use batv_core::mark::{self, Mark, MessageDigest};
use batv_core::{Day, KeyRing, Mailbox, MailboxBuf, TagVerdict};

use super::identity::message_ids;
use crate::read::header::fields;
use crate::record::original::Original;

/// The most marks of a returned header that are looked at.
const MOST_MARKS: usize = 5;
/// The most pairs of a mark and a Message-ID that are verified, in all returned headers together.
pub(super) const MOST_PAIRS: usize = 100;

/// Mark that a bounce returns, once for each message that it may cover.
#[derive(Debug)]
pub(super) struct ReturnedMark {
    /// None if it is not a mark at all.
    marks: Vec<Mark>,
    /// The best of the senders that the returned header names: the same for all recipients.
    of_senders: OnceCell<Option<Best>>,
}

/// Verdict on a mark that says most, with its sender and message.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) verdict: TagVerdict,
    pub(super) message: Option<MessageDigest>,
    pub(super) sender: String,
}

impl ReturnedMark {
    /// Reads the marks of a returned header. `pairs` is the number that may still be verified.
    pub(super) fn of_header(original: &Original<'_>, pairs: &mut usize) -> Vec<Self> {
        let mut values = fields(&original.header).filter(|field| field.is(mark::FIELD)).take(MOST_MARKS).peekable();
        if values.peek().is_none() {
            return Vec::new();
        }
        let mut messages: Vec<MessageDigest> = Vec::new();
        for message_id in message_ids(original) {
            let message = MessageDigest::of(message_id.as_bytes());
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        let mut marks = Vec::new();
        while let Some(field) = values.next().filter(|_| *pairs > 0) {
            let read = messages.iter().filter_map(|message| Mark::of_field(field.value, *message));
            let read: Vec<Mark> = read.take(*pairs).collect();
            *pairs -= read.len();
            marks.push(Self::new(read));
        }
        marks
    }

    /// Reads an envelope id; `None` when it is no mark.
    pub(super) fn of_envelope_id(text: &str) -> Option<Self> {
        Some(Self::new(vec![Mark::of_envelope_id(text.as_bytes())?]))
    }

    const fn new(marks: Vec<Mark>) -> Self {
        Self { marks, of_senders: OnceCell::new() }
    }

    /// Verdict that says most, for the recipient or one of these senders, which are the same each time.
    pub(super) fn best<'s, S: IntoIterator<Item = &'s MailboxBuf>>(
        &self,
        recipient: &Mailbox<'_>,
        senders: impl FnOnce() -> S,
        ring: &(impl KeyRing + ?Sized),
        today: Day,
    ) -> Best {
        let best = |mailbox: &Mailbox<'_>| {
            let verdicts = self.marks.iter().map(|mark| (mark.verify(ring, mailbox, today), Some(mark.message())));
            let best = verdicts.min_by_key(|(verdict, _)| rank(*verdict));
            let (verdict, message) = best.unwrap_or((TagVerdict::Untagged, None));
            Best { verdict, message, sender: mailbox.to_string() }
        };
        let own = best(recipient);
        if own.verdict == TagVerdict::Valid {
            return own;
        }
        let find =
            || senders().into_iter().map(|sender| best(&sender.as_mailbox())).min_by_key(|best| rank(best.verdict));
        match self.of_senders.get_or_init(find) {
            Some(other) if rank(other.verdict) < rank(own.verdict) => other.clone(),
            _ => own,
        }
    }
}

/// Rank of a verdict on a mark: the lower, the more it says.
const fn rank(verdict: TagVerdict) -> u8 {
    match verdict {
        TagVerdict::Valid => 0,
        TagVerdict::Expired => 1,
        TagVerdict::UnknownKey => 2,
        _ => 3,
    }
}
