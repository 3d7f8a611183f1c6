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
use batv_core::{Day, KeyRing, Mailbox, MailboxBuf, Pattern, TagVerdict, mark, tag};

use super::dkim::{self, Body, PublicKey};
use super::identity::{author, senders};
use super::marks::{Best, MOST_PAIRS, ReturnedMark};
use super::memo::Memo;
use super::own_hosts::OwnHosts;
use super::own_mail::OwnMail;
use super::provenance::{Origin, Proof, Provenance};
use super::returned_tag::ReturnedTag;
use crate::classify::clues::is_of_daemon;
use crate::evidence::{Evidence, Place};
use crate::read::domain::{Conversions, speaks_for};
use crate::read::header::{day_of, fields};
use crate::reading::Reading;
use crate::record::original::Original;

/// Days for which mail from before a change may still bounce: seven of a tag's lifetime, and five in a queue
/// (RFC 5321 §4.5.4.1).
const GRACE_DAYS: i32 = 12;
/// The most recipients of one bounce whose origin is searched for.
const MOST_RECIPIENTS: usize = 100;
/// The most domains of recipients, beyond those that are protected, that are looked for in the returned headers.
const MOST_DOMAINS: usize = 10;

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
    Investigation::new(reading, ring, *ours, today).origin(recipient).clone()
}

/// Search for the origin of one message for several recipients. What is the same for all is done once, and their number is
/// bounded, so that many recipients make no more work.
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
    originals: Vec<Returned<'i, 'x>>,
    envelope_id: Option<&'i str>,
    envelope_mark: OnceCell<Option<ReturnedMark>>,
    ring: &'i R,
    ours: OwnMail<'i, T>,
    today: Day,
    marks: OnceCell<Vec<Vec<ReturnedMark>>>,
    signatures: OnceCell<(Vec<dkim::DkimVerdict<'i>>, dkim::Allowance)>,
    /// The tag, and the number of its original.
    tag: OnceCell<Option<(usize, ReturnedTag)>>,
    /// Domains in the returned headers.
    conversions: Conversions,
    hosts: OnceCell<OwnHosts>,
    /// The first original that names one of our hosts, and where.
    own: OnceCell<Option<(usize, &'static str)>>,
    /// The same for domains of recipients.
    own_of: Memo<OwnHosts, Option<(usize, &'static str)>>,
    /// The first original, if none of them was ours.
    foreign: OnceCell<Option<usize>>,
    found: Memo<String, Provenance>,
    beyond: OnceCell<Provenance>,
}

/// Returned message, with what its header says to all recipients.
#[derive(Debug)]
struct Returned<'i, 'x> {
    original: &'i Original<'x>,
    place: Place,
    /// Possible senders without their tags.
    senders: OnceCell<Vec<MailboxBuf>>,
    author: OnceCell<Option<MailboxBuf>>,
    date: OnceCell<Option<Day>>,
}

impl<'i, 'x> Returned<'i, 'x> {
    fn new(original: &'i Original<'x>) -> Self {
        let place = Place::Part(original.part.clone());
        let (senders, author, date) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { original, place, senders, author, date }
    }

    fn senders(&self, ring: &(impl KeyRing + ?Sized), today: Day) -> &[MailboxBuf] {
        self.senders.get_or_init(|| {
            let senders = senders(self.original);
            let untagged =
                |sender: &String| Some(tag::verify(ring, &Mailbox::parse(sender).ok()?, today).mailbox.into());
            let mut distinct: Vec<MailboxBuf> = Vec::new();
            for sender in senders.iter().filter_map(untagged) {
                if !distinct.contains(&sender) {
                    distinct.push(sender);
                }
            }
            distinct
        })
    }

    fn author(&self) -> Option<&MailboxBuf> {
        self.author.get_or_init(|| author(&self.original.header)).as_ref()
    }

    fn date(&self) -> Option<Day> {
        *self.date.get_or_init(|| self.original.field("Date").and_then(|date| day_of(&date)))
    }
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
        Self {
            originals: reading.original.iter().chain(&reading.others).map(Returned::new).collect(),
            envelope_id: reading.report.original_envelope_id.as_deref(),
            envelope_mark: OnceCell::new(),
            ring,
            ours,
            today,
            marks: OnceCell::new(),
            signatures: OnceCell::new(),
            tag: OnceCell::new(),
            conversions: Conversions::default(),
            hosts: OnceCell::new(),
            own: OnceCell::new(),
            own_of: Memo::new(),
            foreign: OnceCell::new(),
            found: Memo::new(),
            beyond: OnceCell::new(),
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
    /// It is looked for once for each recipient, and for a hundred of them at most: nobody returns a message to so many. Nothing
    /// is known for the others ([`Provenance::cut`]).
    ///
    /// ```
    /// # use batv_bounce::{Investigation, Limits, OwnMail, read};
    /// # use batv_core::{Day, Key, Mailbox};
    /// let reading = read(b"", None, &Limits::default());
    /// let keys: [Key; 0] = [];
    /// let investigation = Investigation::new(&reading, &keys, OwnMail::<&str>::new(&[]), Day::new(20_782)?);
    /// assert!(investigation.origin(&Mailbox::parse("a@example.com")?).evidence.is_empty());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn origin(&self, recipient: &Mailbox<'_>) -> &Provenance {
        let name = recipient.to_string().to_ascii_lowercase();
        let found = self.found.get_or_find(name, MOST_RECIPIENTS, |_| self.search(recipient));
        found.unwrap_or_else(|| self.beyond())
    }

    /// Whether the bounce had more than is looked at: recipients, or what its returned headers name.
    ///
    /// ```
    /// # use batv_bounce::{Investigation, Limits, OwnMail, read};
    /// # use batv_core::{Day, Key};
    /// let reading = read(b"", None, &Limits::default());
    /// let keys: [Key; 0] = [];
    /// assert!(!Investigation::new(&reading, &keys, OwnMail::<&str>::new(&[]), Day::new(20_782)?).is_cut());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.beyond.get().is_some() || self.is_read_in_part()
    }

    /// Whether the returned headers hold more than is read for any recipient.
    fn is_read_in_part(&self) -> bool {
        self.conversions.is_cut() || self.signatures.get().is_some_and(|(_, allowance)| allowance.cut)
    }

    fn beyond(&self) -> &Provenance {
        self.beyond.get_or_init(|| Provenance { cut: true, ..Provenance::default() })
    }

    fn search(&self, recipient: &Mailbox<'_>) -> Provenance {
        let mut search = Search { about: self, recipient, is_ours: false, found: Provenance::default() };
        search.envelope_id();
        let marks = self.marks.get_or_init(|| {
            let mut pairs = MOST_PAIRS;
            self.originals.iter().map(|returned| ReturnedMark::of_header(returned.original, &mut pairs)).collect()
        });
        let (signatures, _) = self.signatures.get_or_init(|| {
            let mut allowance = dkim::Allowance::default();
            let mut verify = |original: &Original<'_>| {
                dkim::verify_within(&original.header, original.body.as_deref(), self.ours.dkim_keys, &mut allowance)
            };
            (self.originals.iter().map(|returned| verify(returned.original)).collect(), allowance)
        });
        let tag = self.tag.get_or_init(|| {
            let mut headers = self.originals.iter().map(|returned| &returned.original.header).enumerate();
            let may_be_ours = |mailbox: &Mailbox<'_>| self.may_be_ours(mailbox);
            headers.find_map(|(number, header)| {
                Some((number, ReturnedTag::find(header, &self.conversions, self.ring, self.today, may_be_ours)?))
            })
        });
        for (number, ((returned, marks), signature)) in self.originals.iter().zip(marks).zip(signatures).enumerate() {
            search.is_ours = false;
            search.marks(marks, returned);
            search.signature(*signature, returned);
            if let Some((_, tag)) = tag.as_ref().filter(|(of, _)| *of == number) {
                search.tag(tag, &returned.place);
            }
        }
        if search.found.origin == Origin::Unknown {
            search.without_proof();
        }
        search.found.cut |= self.is_read_in_part();
        search.found
    }

    /// Originals in which a lack of proof counts, with their numbers: what stands in a text besides was put there by somebody.
    fn counted(&self) -> impl Iterator<Item = (usize, &Returned<'i, 'x>)> {
        let only_texts = self.originals.iter().all(|returned| returned.original.in_text);
        self.originals.iter().enumerate().filter(move |(_, returned)| only_texts || !returned.original.in_text)
    }

    /// The first original that names one of these hosts, and where.
    fn first_that_names(&self, hosts: &OwnHosts) -> Option<(usize, &'static str)> {
        if hosts.is_empty() {
            return None;
        }
        self.counted().find_map(|(number, returned)| {
            Some((number, hosts.in_header(&returned.original.header, &self.conversions)?))
        })
    }

    /// The first original, if each of them lacks a mark that it would have if it were ours.
    fn foreign(&self) -> Option<usize> {
        *self.foreign.get_or_init(|| {
            // Nobody marks a bounce: of one that is returned, what it returns itself tells.
            let is_of_person = |original: &Original<'_>| original.field("From").is_none_or(|from| !is_of_daemon(&from));
            let mut counted = self.counted().filter(|(_, returned)| is_of_person(returned.original)).peekable();
            let (first, _) = *counted.peek()?;
            counted.all(|(_, returned)| returned.original.complete && self.sent_with_a_mark(returned)).then_some(first)
        })
    }

    /// Whether a day is no longer ago than a proof for this mailbox counts. A day is for clocks that differ.
    fn is_recent(&self, day: Day, recipient: &Mailbox<'_>) -> bool {
        (-1..=mark::proof_days(self.ring, recipient)).contains(&self.today.since(day))
    }

    fn sent_with_a_mark(&self, returned: &Returned<'_, '_>) -> bool {
        let Some(since) = self.ours.marked_since else { return false };
        // One day for the clocks of others.
        let expected = |day: Day| day.since(since) > 0 && day.since(self.today) <= 1;
        let first_received = fields(&returned.original.header).filter(|field| field.is("Received")).last();
        let received = first_received.and_then(|field| day_of(field.text().rsplit_once(';')?.1));
        self.today.since(since) > GRACE_DAYS && returned.date().is_some_and(expected) && received.is_none_or(expected)
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
    fn envelope_id(&mut self) {
        let about = self.about;
        let mark = about.envelope_mark.get_or_init(|| ReturnedMark::of_envelope_id(about.envelope_id?));
        if let Some(mark) = mark {
            let senders = || about.originals.iter().flat_map(|returned| returned.senders(about.ring, about.today));
            let best = mark.best(self.recipient, senders, about.ring, about.today);
            let place = Place::Field("Original-Envelope-Id");
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
    fn marks(&mut self, marks: &[ReturnedMark], returned: &Returned<'_, '_>) {
        let Investigation { ring, today, .. } = *self.about;
        for mark in marks {
            let best = mark.best(self.recipient, || returned.senders(ring, today), ring, today);
            let name = if best.verdict == TagVerdict::Valid { "a mark of ours" } else { "a mark" };
            if self.judge_mark(Proof::Mark, &returned.place, name, best) {
                return;
            }
        }
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

    fn signature(&mut self, signature: dkim::DkimVerdict<'_>, returned: &Returned<'_, '_>) {
        let place = returned.place.clone();
        match signature {
            dkim::DkimVerdict::Valid { key, body, open, day, message } => {
                let named = format!("a DKIM signature of ours ({}, {})", key.selector(), key.domain());
                if let Some(but) = self.lack(returned, body, open, day) {
                    return self.hint(place, format!("{named}, {but}"));
                }
                match self.author(returned, key) {
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
    fn lack(&self, returned: &Returned<'_, '_>, body: Body, open: Option<&str>, day: Option<Day>) -> Option<String> {
        let is_recent = |day: Day| self.about.is_recent(day, self.recipient);
        match (body, open) {
            (Body::Differs, _) => Some("and another body".to_owned()),
            (Body::Longer, _) => Some("and a longer body than was signed".to_owned()),
            (_, Some(field)) => Some(format!("which leaves {field} open")),
            _ if !returned.date().is_some_and(is_recent) || !day.is_none_or(is_recent) => {
                Some("but too old".to_owned())
            }
            _ => None,
        }
    }

    /// Whether the author of a signed message is the recipient, or an identity of the recipient's; an error names the author.
    fn author(&self, returned: &Returned<'_, '_>, key: &PublicKey) -> Result<(), String> {
        let author = returned.author().ok_or("of no single author")?;
        let mailbox = author.as_mailbox();
        if !are_related(key.domain(), mailbox.domain().as_str()) {
            return Err(format!("for another domain than the author's: {author}"));
        }
        let sends = || self.about.ours.identities.iter().any(|own| own.sends_for(self.recipient, &mailbox));
        if self.is_for(&mailbox) || sends() { Ok(()) } else { Err(format!("of another author: {author}")) }
    }

    /// Looks for hints, or for a disproof, if nothing was verified.
    fn without_proof(&mut self) {
        let about = self.about;
        let hosts = about.hosts.get_or_init(|| OwnHosts::of(&about.ours));
        let mut named = *about.own.get_or_init(|| about.first_that_names(hosts));
        let more = hosts.and_of(self.recipient);
        if !more.is_empty() {
            let Some(own) = about.own_of.get_or_find(more, MOST_DOMAINS, |hosts| about.first_that_names(hosts)) else {
                about.beyond();
                self.found.cut = true;
                return;
            };
            named = named.into_iter().chain(*own).min_by_key(|(number, _)| *number);
        }
        let place = |number: usize| about.originals[number].place.clone();
        if let Some((number, words)) = named {
            self.hint(place(number), words);
        } else if let Some(number) = about.foreign() {
            self.see(place(number), "its header is complete and has no mark of ours, as all our mail has");
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
}

/// Whether two domains are the same, or one is above the other.
fn are_related(one: &str, other: &str) -> bool {
    speaks_for(one, other) || speaks_for(other, one)
}

/// Verdict on a tag or mark that is not valid, in words.
const fn says(verdict: TagVerdict) -> &'static str {
    match verdict {
        TagVerdict::Expired => "good, but too old",
        TagVerdict::UnknownKey => "of a key that we don't have",
        _ => "forged",
    }
}
