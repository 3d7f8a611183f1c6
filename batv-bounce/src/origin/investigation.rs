//! Search for the origin of a returned message: proof that it was ours, proof that it was not, or neither.
//!
//! Nobody else can make our mark ([`batv_core::mark`]), our tag in the returned envelope sender or our DKIM signature on the
//! returned header. They prove that the message was ours, but not that the reporting server ever had it: anyone who has
//! seen such a message can return it. So a proof counts for its sender alone: for the mailbox that it names; for another
//! mailbox of its domain, or of one above or below, if the header names it; by DKIM for all mailboxes of these domains. For
//! others it is a hint.
//!
//! A message without these is disproved only if nothing else explains that: each of the originals has its whole header,
//! which names no host, domain or mark of ours, and was sent since all our mail has marks.

use core::cell::OnceCell;

use batv_core::tag::{self, Verification};
use batv_core::{Day, KeyRing, Mailbox, TagVerdict, mark};

use super::dkim::{self, Body};
use super::identity::{message_ids, senders};
use super::own_hosts::OwnHosts;
use super::own_mail::OwnMail;
use super::provenance::{Origin, Proof, Provenance};
use crate::classify::clues::is_of_daemon;
use crate::evidence::{Evidence, Place};
use crate::read::domain::speaks_for;
use crate::read::header::{day_of, fields};
use crate::reading::Reading;
use crate::record::original::Original;

/// Days for which mail from before a change may still bounce: seven of a tag's lifetime, and five in a queue
/// (RFC 5321 §4.5.4.1).
const GRACE_DAYS: i32 = 12;
/// The most marks of a returned header that are looked at.
const MOST_MARKS: usize = 5;

/// Finds the origin of a returned message. `recipient` is that of the bounce, without a tag.
///
/// ```
/// use batv_bounce::{Limits, Origin, OwnMail, origin, read};
/// use batv_core::{Day, Key, Mailbox};
///
/// let reading = read(b"Subject: hello\n\n", None, &Limits::default());
/// let alice = Mailbox::parse("alice@example.com")?;
/// let keys: [Key; 0] = [];
/// assert_eq!(origin(&reading, &alice, &keys, &OwnMail::<&str>::new(&[]), Day::new(20_782)?).origin, Origin::Unknown);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn origin(
    reading: &Reading<'_>,
    recipient: &Mailbox<'_>,
    ring: &(impl KeyRing + ?Sized),
    ours: &OwnMail<'_, impl AsRef<str>>,
    today: Day,
) -> Provenance {
    Investigation::new(reading, ring, *ours, today).origin(recipient)
}

/// Search for the origin of one message for several recipients; work that is the same for all is done once.
///
/// ```
/// use batv_bounce::{Investigation, Limits, Origin, OwnMail, read};
/// use batv_core::{Day, Key, Mailbox};
///
/// let reading = read(b"Subject: hello\n\n", None, &Limits::default());
/// let keys: [Key; 0] = [];
/// let investigation = Investigation::new(&reading, &keys, OwnMail::<&str>::new(&[]), Day::new(20_782)?);
/// for recipient in ["alice@example.com", "bob@example.com"] {
///     assert_eq!(investigation.origin(&Mailbox::parse(recipient)?).origin, Origin::Unknown);
/// }
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Investigation<'i, 'x, R: ?Sized, T> {
    originals: Vec<(&'i Original<'x>, Vec<String>)>,
    envelope_id: Option<&'i str>,
    ring: &'i R,
    ours: OwnMail<'i, T>,
    today: Day,
    signatures: OnceCell<Vec<dkim::DkimVerdict<'i>>>,
}

impl<'i, 'x, R: KeyRing + ?Sized, T: AsRef<str>> Investigation<'i, 'x, R, T> {
    /// Prepares a search. Nothing is verified before [`Self::origin`] needs it.
    ///
    /// ```
    /// # use batv_bounce::{Investigation, Limits, OwnMail, read};
    /// # use batv_core::{Day, Key};
    /// let reading = read(b"", None, &Limits::default());
    /// let keys: [Key; 0] = [];
    /// Investigation::new(&reading, &keys, OwnMail::<&str>::new(&[]), Day::new(20_782)?);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn new(reading: &'i Reading<'x>, ring: &'i R, ours: OwnMail<'i, T>, today: Day) -> Self {
        let originals = reading.original.iter().chain(&reading.others);
        Self {
            originals: originals.map(|original| (original, senders(original))).collect(),
            envelope_id: reading.report.original_envelope_id.as_deref(),
            ring,
            ours,
            today,
            signatures: OnceCell::new(),
        }
    }

    /// Finds the origin for this recipient of the bounce, without a tag.
    ///
    /// ```
    /// # use batv_bounce::{Investigation, Limits, OwnMail, read};
    /// # use batv_core::{Day, Key, Mailbox};
    /// let reading = read(b"", None, &Limits::default());
    /// let keys: [Key; 0] = [];
    /// let found = Investigation::new(&reading, &keys, OwnMail::<&str>::new(&[]), Day::new(20_782)?).origin(&Mailbox::parse("a@example.com")?);
    /// assert!(found.evidence.is_empty());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn origin(&self, recipient: &Mailbox<'_>) -> Provenance {
        let mut search = Search { about: self, recipient, found: Provenance::default() };
        if let Some(envelope_id) = self.envelope_id {
            search.envelope_id(envelope_id);
        }
        let signatures = self.signatures.get_or_init(|| {
            let verify =
                |original: &Original<'_>| dkim::verify(&original.header, original.body.as_deref(), self.ours.dkim_keys);
            self.originals.iter().map(|(original, _)| verify(original)).collect()
        });
        for ((original, senders), signature) in self.originals.iter().zip(signatures) {
            let place = Place::Part(original.part.clone());
            search.tag(senders, &place);
            search.mark(original, senders, &place);
            search.signature(*signature, &place);
        }
        if search.found.origin == Origin::Unknown {
            search.without_proof();
        }
        search.found
    }

    fn sent_with_a_mark(&self, original: &Original<'_>) -> bool {
        let Some(since) = self.ours.marked_since else { return false };
        // One day for the clocks of others.
        let expected = |day: Day| day.since(since) > 0 && day.since(self.today) <= 1;
        let date = original.field("Date").and_then(|date| day_of(&date));
        let first_received = fields(&original.header).filter(|field| field.is("Received")).last();
        let received = first_received.and_then(|field| day_of(field.text().rsplit_once(';')?.1));
        self.today.since(since) > GRACE_DAYS && date.is_some_and(expected) && received.is_none_or(expected)
    }
}

struct Search<'s, 'i, 'x, R: ?Sized, T> {
    about: &'s Investigation<'i, 'x, R, T>,
    recipient: &'s Mailbox<'s>,
    found: Provenance,
}

impl<R: KeyRing + ?Sized, T: AsRef<str>> Search<'_, '_, '_, R, T> {
    fn envelope_id(&mut self, envelope_id: &str) {
        let verify = |sender: &Mailbox<'_>| {
            mark::verify_envelope_id(self.about.ring, envelope_id.as_bytes(), sender, self.about.today)
        };
        let place = Place::Field("Original-Envelope-Id");
        match self.best(self.senders(), verify) {
            (TagVerdict::Untagged, _) => {}
            (TagVerdict::Valid, sender) => {
                self.prove(Proof::EnvelopeId, place, "a mark of ours as envelope id", sender)
            }
            (verdict, _) => self.hint(place, format!("a mark of ours as envelope id: {}", says(verdict))),
        }
    }

    /// Verifies tags in envelope senders.
    fn tag(&mut self, senders: &[String], place: &Place) {
        for sender in senders {
            let Ok(mailbox) = Mailbox::parse(sender) else { continue };
            let Verification { verdict, days_left, mailbox, .. } =
                tag::verify(self.about.ring, &mailbox, self.about.today);
            // A bounce may be as late as a mark is old.
            let recent = days_left.is_some_and(|days_left| days_left >= -i32::from(mark::LIFETIME_DAYS));
            match verdict {
                TagVerdict::Valid => {}
                TagVerdict::Expired if recent => {}
                TagVerdict::Expired | TagVerdict::UnknownKey => {
                    self.hint(place.clone(), format!("a tag in its envelope sender: {}", says(verdict)));
                    continue;
                }
                _ => continue,
            }
            return self.prove(Proof::Tag, place.clone(), "a tag of ours in its envelope sender", mailbox.to_string());
        }
    }

    /// Verifies marks. A mark that does not verify may be for another sender or another Message-ID.
    fn mark(&mut self, original: &Original<'_>, senders: &[String], place: &Place) {
        let message_ids = message_ids(original);
        for field in fields(&original.header).filter(|field| field.is(mark::FIELD)).take(MOST_MARKS) {
            let verify = |sender: &Mailbox<'_>| {
                let verdicts = message_ids.iter().map(|message_id| {
                    mark::verify(self.about.ring, field.value, message_id.as_bytes(), sender, self.about.today)
                });
                verdicts.min_by_key(|verdict| rank(*verdict)).unwrap_or(TagVerdict::Untagged)
            };
            match self.best(senders.iter().map(String::as_str), verify) {
                (TagVerdict::Valid, sender) => return self.prove(Proof::Mark, place.clone(), "a mark of ours", sender),
                (verdict, _) => self.hint(place.clone(), format!("a mark: {}", says(verdict))),
            }
        }
    }

    /// Verdict that says most, for the recipient or one of these senders, with its mailbox.
    fn best<'a>(
        &self,
        senders: impl Iterator<Item = &'a str>,
        verify: impl Fn(&Mailbox<'_>) -> TagVerdict,
    ) -> (TagVerdict, String) {
        let mut best = (verify(self.recipient), self.recipient.to_string());
        for sender in senders {
            let Ok(mailbox) = Mailbox::parse(sender) else { continue };
            let mailbox = tag::verify(self.about.ring, &mailbox, self.about.today).mailbox;
            let verdict = verify(&mailbox);
            if rank(verdict) < rank(best.0) {
                best = (verdict, mailbox.to_string());
            }
        }
        best
    }

    fn signature(&mut self, signature: dkim::DkimVerdict<'_>, place: &Place) {
        match signature {
            dkim::DkimVerdict::Valid { key, body: Body::Differs } => {
                let words = "a DKIM signature of ours, and another body";
                self.hint(place.clone(), format!("{words} ({}, {})", key.selector(), key.domain()));
            }
            dkim::DkimVerdict::Valid { key, .. } => {
                let words = format!("a DKIM signature of ours ({}, {})", key.selector(), key.domain());
                if are_related(key.domain(), self.recipient.domain().as_str()) {
                    self.see(place.clone(), words);
                    self.proved(Proof::Dkim);
                } else {
                    self.hint(place.clone(), words + " for another domain than the recipient's");
                }
            }
            dkim::DkimVerdict::Bad { key, failure } => {
                let named = format!("{}, {}", key.selector(), key.domain());
                // Servers on the way change headers.
                self.hint(place.clone(), format!("a DKIM signature that names our key ({named}): {failure}"));
            }
            dkim::DkimVerdict::Unsigned => {}
        }
    }

    /// Looks for hints, or for a disproof, if nothing was verified.
    fn without_proof(&mut self) {
        let own = self.about.originals.iter().filter(|(original, _)| !original.in_text).count();
        let about = self.about;
        let counts = |original: &&Original<'_>| own == 0 || !original.in_text;
        let mut all = about.originals.iter().map(|(original, _)| *original).filter(counts).peekable();
        if all.peek().is_none() {
            return;
        }
        let names = OwnHosts::of(self.recipient, &about.ours);
        let mut place = None;
        let mut all_are_foreign = true;
        for original in all {
            let here = Place::Part(original.part.clone());
            if let Some(words) = names.in_header(&original.header) {
                return self.hint(here, words);
            }
            // Nobody marks a bounce: of one that is returned, what it returns itself tells.
            if original.field("From").is_none_or(|from| !is_of_daemon(&from)) {
                all_are_foreign &= original.complete && about.sent_with_a_mark(original);
                place.get_or_insert(here);
            }
        }
        if let Some(place) = place.filter(|_| all_are_foreign) {
            self.see(place, "its header is complete and has no mark of ours, as all our mail has");
            self.found.origin = Origin::Disproved;
        }
    }

    fn see(&mut self, place: Place, words: impl AsRef<str>) {
        self.found.evidence.push(Evidence::new(place, words.as_ref()));
    }

    fn hint(&mut self, place: Place, words: impl AsRef<str>) {
        self.see(place, words);
        if !matches!(self.found.origin, Origin::Proved(_)) {
            self.found.origin = Origin::Hinted;
        }
    }

    /// Counts a proof that only our keys can make, for this sender.
    fn prove(&mut self, proof: Proof, place: Place, words: &str, sender: String) {
        if self.is_bound(&sender) {
            self.see(place, words);
            self.proved(proof);
        } else {
            self.hint(place, format!("{words}, of another sender: {sender}"));
        }
    }

    /// The first proof is kept.
    fn proved(&mut self, proof: Proof) {
        if !matches!(self.found.origin, Origin::Proved(_)) {
            self.found.origin = Origin::Proved(proof);
        }
    }

    /// Whether a proof for this sender is a proof for the recipient as well. Replies and some bounces go to the author instead
    /// of the envelope sender.
    fn is_bound(&self, sender: &str) -> bool {
        let recipient = self.recipient.to_string();
        if sender.eq_ignore_ascii_case(&recipient) {
            return true;
        }
        let Ok(sender) = Mailbox::parse(sender) else { return false };
        let is_named = |named: &str| {
            let Ok(named) = Mailbox::parse(named) else { return false };
            let named = tag::verify(self.about.ring, &named, self.about.today).mailbox;
            named.to_string().eq_ignore_ascii_case(&recipient)
        };
        are_related(sender.domain().as_str(), self.recipient.domain().as_str()) && self.senders().any(is_named)
    }

    /// Senders and authors of the originals.
    fn senders(&self) -> impl Iterator<Item = &str> {
        self.about.originals.iter().flat_map(|(_, senders)| senders).map(String::as_str)
    }
}

/// Whether two domains are the same, or one is above the other.
fn are_related(one: &str, other: &str) -> bool {
    speaks_for(one, other) || speaks_for(other, one)
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

/// Verdict on a tag or mark that is not valid, in words.
const fn says(verdict: TagVerdict) -> &'static str {
    match verdict {
        TagVerdict::Expired => "good, but too old",
        TagVerdict::UnknownKey => "of a key that we don't have",
        _ => "forged",
    }
}
