//! Search for the origin of a returned message: proof that it was ours, proof that it was not, or neither.
//!
//! Nobody else can make our mark ([`batv_core::mark`]), our tag in the returned envelope sender or our DKIM signature on the
//! returned header. They prove that the message was ours, but not that the reporting server ever had it: anyone who has
//! seen such a message can return it. So a proof counts for the mailbox that it names, and for as long as a tag lives and
//! mail lies in queues ([`Lifetime::proof_days`](batv_core::Lifetime::proof_days)):
//!
//! | proof | mailbox | age | what is a hint only |
//! |---|---|---|---|
//! | mark | the one that it was made for | of the mark | another mailbox |
//! | tag | its own | its own | 24 bits, which can be guessed, unless a mark or a signature shows that the message was ours |
//! | DKIM | the signed author, or who sends for the author ([`Identity`](super::Identity)) | of Date, and of `t=` | a body that differs or is longer than signed, Date unsigned, From or Date twice |
//!
//! A message without these is disproved only if nothing else explains that: each of the originals has its whole header,
//! which names no host, domain or mark of ours, and was sent since all our mail has marks.

use core::cell::OnceCell;

use batv_core::mark::MessageDigest;
use batv_core::{Day, KeyRing, Mailbox, Pattern, TagVerdict, mark, tag};

use super::dkim::{self, Body, PublicKey};
use super::identity::{author, message_ids, senders};
use super::own_hosts::OwnHosts;
use super::own_mail::OwnMail;
use super::provenance::{Origin, Proof, Provenance};
use super::returned_tag::ReturnedTag;
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
    /// The tag, and the place of its original.
    tag: OnceCell<Option<(usize, ReturnedTag)>>,
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
            tag: OnceCell::new(),
        }
    }

    /// Whether the domain of a mailbox is one of those that are protected; any may be where none is named.
    fn may_be_ours(&self, mailbox: &Mailbox<'_>) -> bool {
        let OwnMail { protected, .. } = self.ours;
        let is_of = |pattern: &Pattern<T>| pattern.domain().eq_ignore_ascii_case(mailbox.domain().as_str());
        protected.is_empty() || protected.iter().any(is_of)
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
        let mut search = Search { about: self, recipient, is_ours: false, found: Provenance::default() };
        if let Some(envelope_id) = self.envelope_id {
            search.envelope_id(envelope_id);
        }
        let signatures = self.signatures.get_or_init(|| {
            let verify =
                |original: &Original<'_>| dkim::verify(&original.header, original.body.as_deref(), self.ours.dkim_keys);
            self.originals.iter().map(|(original, _)| verify(original)).collect()
        });
        let tag = self.tag.get_or_init(|| {
            let mut headers = self.originals.iter().map(|(original, _)| &original.header).enumerate();
            let may_be_ours = |mailbox: &Mailbox<'_>| self.may_be_ours(mailbox);
            headers.find_map(|(number, header)| {
                Some((number, ReturnedTag::find(header, self.ring, self.today, may_be_ours)?))
            })
        });
        for (number, ((original, senders), signature)) in self.originals.iter().zip(signatures).enumerate() {
            let place = Place::Part(original.part.clone());
            search.is_ours = false;
            search.mark(original, senders, &place);
            search.signature(*signature, original, &place);
            if let Some((_, tag)) = tag.as_ref().filter(|(of, _)| *of == number) {
                search.tag(tag, &place);
            }
        }
        if search.found.origin == Origin::Unknown {
            search.without_proof();
        }
        search.found
    }

    /// Whether a day is no longer ago than a proof for this mailbox counts. A day is for clocks that differ.
    fn is_recent(&self, day: Day, recipient: &Mailbox<'_>) -> bool {
        (-1..=mark::proof_days(self.ring, recipient)).contains(&self.today.since(day))
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
    /// Whether something that nobody guesses shows that the original at hand is ours, though of another mailbox.
    is_ours: bool,
    found: Provenance,
}

impl<R: KeyRing + ?Sized, T: AsRef<str>> Search<'_, '_, '_, R, T> {
    fn envelope_id(&mut self, envelope_id: &str) {
        let message = MessageDigest::of_envelope_id(envelope_id.as_bytes());
        let verify = |sender: &Mailbox<'_>| {
            (mark::verify_envelope_id(self.about.ring, envelope_id.as_bytes(), sender, self.about.today), message)
        };
        let place = Place::Field("Original-Envelope-Id");
        let best = self.best(self.senders(), verify);
        if best.verdict != TagVerdict::Untagged {
            self.judge_mark(Proof::EnvelopeId, &place, "a mark of ours as envelope id", best);
        }
    }

    /// Judges the tag in the envelope sender.
    fn tag(&mut self, tag: &ReturnedTag, place: &Place) {
        const NAME: &str = "a tag of ours in its envelope sender";
        self.found.tag = Some(tag.clone());
        if !tag.counts() {
            match tag.verdict {
                // A wrong one is no better than none.
                TagVerdict::BadMac => self.see(place.clone(), "a tag in its envelope sender: forged"),
                verdict => self.hint(place.clone(), format!("a tag in its envelope sender: {}", says(verdict))),
            }
        } else if !self.is_for(&tag.mailbox.as_mailbox()) {
            self.hint(place.clone(), format!("{NAME}, of another sender: {}", tag.mailbox));
        } else if tag.is_long() || self.is_ours {
            self.see(place.clone(), NAME);
            self.proved(Proof::Tag, None);
        } else {
            self.hint(place.clone(), format!("{NAME}, short enough to be guessed"));
        }
    }

    /// Verifies marks. A mark that does not verify may be for another sender or another Message-ID.
    fn mark(&mut self, original: &Original<'_>, senders: &[String], place: &Place) {
        let message_ids = message_ids(original);
        for field in fields(&original.header).filter(|field| field.is(mark::FIELD)).take(MOST_MARKS) {
            let verify = |sender: &Mailbox<'_>| {
                let verdicts = message_ids.iter().map(|message_id| {
                    let message_id = message_id.as_bytes();
                    let verdict = mark::verify(self.about.ring, field.value, message_id, sender, self.about.today);
                    (verdict, Some(MessageDigest::of(message_id)))
                });
                verdicts.min_by_key(|(verdict, _)| rank(*verdict)).unwrap_or((TagVerdict::Untagged, None))
            };
            let best = self.best(senders.iter().map(String::as_str), verify);
            let name = if best.verdict == TagVerdict::Valid { "a mark of ours" } else { "a mark" };
            if self.judge_mark(Proof::Mark, place, name, best) {
                return;
            }
        }
    }

    /// Verdict that says most, for the recipient or one of these senders.
    fn best<'a>(
        &self,
        senders: impl Iterator<Item = &'a str>,
        verify: impl Fn(&Mailbox<'_>) -> (TagVerdict, Option<MessageDigest>),
    ) -> Best {
        let best = |mailbox: &Mailbox<'_>| {
            let (verdict, message) = verify(mailbox);
            Best { verdict, message, sender: mailbox.to_string() }
        };
        let others = senders.filter_map(|sender| {
            let mailbox = Mailbox::parse(sender).ok()?;
            Some(best(&tag::verify(self.about.ring, &mailbox, self.about.today).mailbox))
        });
        others.fold(
            best(self.recipient),
            |best, other| if rank(other.verdict) < rank(best.verdict) { other } else { best },
        )
    }

    /// Judges a mark; returns whether it is a proof.
    fn judge_mark(&mut self, proof: Proof, place: &Place, name: &str, best: Best) -> bool {
        let Best { verdict, message, sender } = best;
        if verdict != TagVerdict::Valid {
            self.hint(place.clone(), format!("{name}: {}", says(verdict)));
            return false;
        }
        if !Mailbox::parse(&sender).is_ok_and(|sender| self.is_for(&sender)) {
            self.is_ours = true;
            self.hint(place.clone(), format!("{name}, of another sender: {sender}"));
            return false;
        }
        self.see(place.clone(), name);
        self.proved(proof, message);
        true
    }

    fn signature(&mut self, signature: dkim::DkimVerdict<'_>, original: &Original<'_>, place: &Place) {
        let place = place.clone();
        match signature {
            dkim::DkimVerdict::Valid { key, body, open, day, message } => {
                let named = format!("a DKIM signature of ours ({}, {})", key.selector(), key.domain());
                if let Some(but) = self.lack(original, body, open, day) {
                    return self.hint(place, format!("{named}, {but}"));
                }
                match self.author(original, key) {
                    Ok(()) => {
                        self.see(place, named);
                        self.proved(Proof::Dkim, Some(message));
                    }
                    Err(but) => {
                        self.is_ours = true;
                        self.hint(place, format!("{named}, {but}"));
                    }
                }
            }
            dkim::DkimVerdict::Bad { key, failure } => {
                let named = format!("{}, {}", key.selector(), key.domain());
                // Servers on the way change headers.
                self.hint(place, format!("a DKIM signature that names our key ({named}): {failure}"));
            }
            dkim::DkimVerdict::Unsigned => {}
        }
    }

    /// What a good signature lacks to show that this message left us, and when.
    fn lack(&self, original: &Original<'_>, body: Body, open: Option<&str>, day: Option<Day>) -> Option<String> {
        let is_recent = |day: Day| self.about.is_recent(day, self.recipient);
        let date = original.field("Date").and_then(|date| day_of(&date));
        match (body, open) {
            (Body::Differs, _) => Some("and another body".to_owned()),
            (Body::Longer, _) => Some("and a longer body than was signed".to_owned()),
            (_, Some(field)) => Some(format!("which leaves {field} open")),
            _ if !date.is_some_and(is_recent) || !day.is_none_or(is_recent) => Some("but too old".to_owned()),
            _ => None,
        }
    }

    /// Whether the author of a signed message is the recipient, or an identity of the recipient's; an error names the author.
    fn author(&self, original: &Original<'_>, key: &PublicKey) -> Result<(), String> {
        let author = author(&original.header).ok_or("of no single author")?;
        let mailbox = author.as_mailbox();
        if !are_related(key.domain(), mailbox.domain().as_str()) {
            return Err(format!("for another domain than the author's: {author}"));
        }
        let sends = || self.about.ours.identities.iter().any(|own| own.sends_for(self.recipient, &mailbox));
        if self.is_for(&mailbox) || sends() { Ok(()) } else { Err(format!("of another author: {author}")) }
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

    /// The first proof is kept.
    fn proved(&mut self, proof: Proof, message: Option<MessageDigest>) {
        if !matches!(self.found.origin, Origin::Proved(_)) {
            (self.found.origin, self.found.message) = (Origin::Proved(proof), message);
        }
    }

    /// Whether this is the recipient.
    fn is_for(&self, mailbox: &Mailbox<'_>) -> bool {
        mailbox.to_string().eq_ignore_ascii_case(&self.recipient.to_string())
    }

    /// Senders and authors of the originals.
    fn senders(&self) -> impl Iterator<Item = &str> {
        self.about.originals.iter().flat_map(|(_, senders)| senders).map(String::as_str)
    }
}

/// Verdict on a mark that says most, with its sender and message.
struct Best {
    verdict: TagVerdict,
    message: Option<MessageDigest>,
    sender: String,
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
