//! Whose message a bounce returns: proof that it was ours, proof that it wasn't, or neither.
//!
//! A mark ([`batv_core::mark`]), a tag in the returned envelope sender and a DKIM signature of ours on the returned header
//! can't be made by somebody else. They prove that the message was ours. They don't prove that who reports on it ever had
//! it: whoever has seen such a message can return it. So a proof counts for who sent it alone: for the mailbox that it
//! names; for another one of its domain, or of one above or below, where the header names it; by DKIM for all of these
//! domains. For all others it is a hint.
//!
//! The lack of all that disproves a message only where nothing else can explain it: each of the originals has its whole
//! header, which names no host, domain or mark of ours, and was sent since all our mail has marks.

use core::cell::OnceCell;
use core::fmt;

use batv_core::tag::{self, Verification};
use batv_core::{Day, KeyRing, Mailbox, Pattern, TagVerdict, mark};

use crate::clues::is_of_daemon;
use crate::dkim::{self, Body, PublicKey};
use crate::evidence::{Evidence, Place};
use crate::header::{day_of, fields};
use crate::names::Names;
use crate::original::Original;
use crate::reading::Reading;
use crate::trusted_results::speaks_for;

/// Days after which a bounce to mail from before a change is no longer to be expected: a tag's lifetime of seven days, and
/// five in a queue (RFC 5321 §4.5.4.1).
const GRACE_DAYS: i32 = 12;
/// The most marks, and the most Message-IDs, of a returned header that are looked at.
const MOST_MARKS: usize = 5;

/// What proves that a message was ours.
///
/// ```
/// use batv_bounce::Proof;
///
/// assert_eq!(Proof::EnvelopeId.as_str(), "envelope-id");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Proof {
    /// A mark of ours in the returned header.
    Mark,
    /// A mark of ours as the envelope id that the report names.
    EnvelopeId,
    /// A tag of ours in the returned header.
    Tag,
    /// A DKIM signature of ours on the returned header.
    Dkim,
    /// The log of what was sent, which whoever keeps one has asked: [`SentQuery`](crate::SentQuery).
    SentLog,
}

impl Proof {
    /// The name in outputs.
    ///
    /// ```
    /// # use batv_bounce::Proof;
    /// assert_eq!(Proof::Mark.as_str(), "mark");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::EnvelopeId => "envelope-id",
            Self::Tag => "tag",
            Self::Dkim => "dkim",
            Self::SentLog => "sent-log",
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose message it was.
///
/// ```
/// use batv_bounce::{Origin, Proof};
///
/// assert_eq!(Origin::Proved(Proof::Mark).as_str(), "mark");
/// assert_ne!(Origin::Disproved.as_str(), Origin::Unknown.as_str());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Origin {
    /// Ours.
    Proved(Proof),
    /// It looks like ours, as anybody's can: never enough to accept it, enough not to refuse it.
    Hinted,
    /// Nothing tells.
    #[default]
    Unknown,
    /// Not ours: its header is all there, and has none of the marks that all of ours have.
    Disproved,
}

impl Origin {
    /// The name in outputs: that of the proof, or `hint`, `unknown`, `disproved`.
    ///
    /// ```
    /// # use batv_bounce::Origin;
    /// assert_eq!(Origin::default().as_str(), "unknown");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proved(proof) => proof.as_str(),
            Self::Hinted => "hint",
            Self::Unknown => "unknown",
            Self::Disproved => "disproved",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What tells ours from others'.
///
/// ```
/// use batv_bounce::OwnMail;
/// use batv_core::Pattern;
///
/// let protected = [Pattern::parse("example.com")?];
/// let ours = OwnMail::new(&protected);
/// assert!(ours.marked_since.is_none());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct OwnMail<'o, T = &'o str> {
    /// Our domains and mailboxes. The domain of the recipient is one of them in any case.
    pub protected: &'o [Pattern<T>],
    /// The public keys of our DKIM signatures.
    pub dkim_keys: &'o [PublicKey],
    /// The day from which on all mail of ours has a mark: only then the lack of one says something.
    pub marked_since: Option<Day>,
    /// Domains, besides, in which the hosts are that our mail leaves by.
    pub hosts: &'o [T],
}

impl<T> Clone for OwnMail<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

// Of texts that somebody owns, too: derived, it would be for those alone that can be copied.
impl<T> Copy for OwnMail<'_, T> {}

impl<'o, T> OwnMail<'o, T> {
    /// Without keys of DKIM, and without a promise that all mail is marked.
    ///
    /// ```
    /// # use batv_bounce::OwnMail;
    /// assert!(OwnMail::<&str>::new(&[]).dkim_keys.is_empty());
    /// ```
    pub const fn new(protected: &'o [Pattern<T>]) -> Self {
        Self { protected, dkim_keys: &[], marked_since: None, hosts: &[] }
    }
}

/// Whose message it was, and what tells.
///
/// ```
/// use batv_bounce::{Limits, Origin, OwnMail, origin, read};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, mark};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"0123456789abcdef")?];
/// let alice = Mailbox::parse("alice@example.com")?;
/// let today = Day::new(20_782)?;
/// let mark = mark::make(&keys, b"<1@example.com>", &alice, today).expect("a key signs for Alice");
///
/// let bounce = format!(
///     "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message:\n\n\
///      Message-ID: <1@example.com>\n{}: {mark}\nFrom: alice@example.com\nTo: bob@example.net\n",
///     mark::FIELD
/// );
/// let reading = read(bounce.as_bytes(), None, &Limits::default());
/// let found = origin(&reading, &alice, &keys, &OwnMail::<&str>::new(&[]), today);
/// assert_eq!(found.origin.as_str(), "mark");
/// assert_eq!(found.evidence[0].to_string(), "text: a mark of ours");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Provenance {
    /// Whose message it was.
    pub origin: Origin,
    /// What tells, in the order in which it was looked for.
    pub evidence: Vec<Evidence>,
}

/// Finds out whose message a bounce returns. `recipient` is the one of the bounce, without a tag.
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

/// The same for several recipients of one message: what is the same for all is found out once.
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
    /// Nothing is verified before it is asked for.
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

    /// Whose message it was, for this recipient of the bounce, without a tag.
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

    /// Verifies tags in what was the envelope sender.
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

    /// Verifies marks. One that nothing verifies was perhaps made for another sender, or another Message-ID.
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

    /// The verdict that tells most, for the recipient or one of these senders, and for whom it is.
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

    /// Nothing was verified: what looks like ours, or can't be.
    fn without_proof(&mut self) {
        let own = self.about.originals.iter().filter(|(original, _)| !original.in_text).count();
        let about = self.about;
        let counts = |original: &&Original<'_>| own == 0 || !original.in_text;
        let mut all = about.originals.iter().map(|(original, _)| *original).filter(counts).peekable();
        if all.peek().is_none() {
            return;
        }
        let names = Names::of(self.recipient, &about.ours);
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

    /// Something that only our keys make, for this sender.
    fn prove(&mut self, proof: Proof, place: Place, words: &str, sender: String) {
        if self.is_bound(&sender) {
            self.see(place, words);
            self.proved(proof);
        } else {
            self.hint(place, format!("{words}, of another sender: {sender}"));
        }
    }

    /// The first proof is the one that is told.
    fn proved(&mut self, proof: Proof) {
        if !matches!(self.found.origin, Origin::Proved(_)) {
            self.found.origin = Origin::Proved(proof);
        }
    }

    /// Whether what proves a message to be of this sender proves it to be of the recipient. Replies and some bounces go to
    /// the author, whoever the envelope names.
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

    /// All that may have been the sender or author of an original.
    fn senders(&self) -> impl Iterator<Item = &str> {
        self.about.originals.iter().flat_map(|(_, senders)| senders).map(String::as_str)
    }
}

/// Whether two domains are the same, or one is above the other.
fn are_related(one: &str, other: &str) -> bool {
    speaks_for(one, other) || speaks_for(other, one)
}

/// The Message-IDs that a mark may cover: gateways add some, and comments.
fn message_ids(original: &Original<'_>) -> Vec<String> {
    let mut message_ids = Vec::new();
    for field in fields(&original.header).filter(|field| field.is("Message-ID")).take(MOST_MARKS) {
        let text = field.text();
        let alone = text.find('<').and_then(|start| Some(text[start..=start + text[start..].find('>')?].to_owned()));
        message_ids.extend(alone.filter(|alone| *alone != text));
        message_ids.push(text);
    }
    if message_ids.is_empty() {
        message_ids.push(String::new());
    }
    message_ids
}

/// Which verdict on a mark tells most of it.
const fn rank(verdict: TagVerdict) -> u8 {
    match verdict {
        TagVerdict::Valid => 0,
        TagVerdict::Expired => 1,
        TagVerdict::UnknownKey => 2,
        _ => 3,
    }
}

/// What one that isn't valid says.
const fn says(verdict: TagVerdict) -> &'static str {
    match verdict {
        TagVerdict::Expired => "good, but too old",
        TagVerdict::UnknownKey => "of a key that we don't have",
        _ => "forged",
    }
}

/// What may have been the envelope sender of the original, and its author.
fn senders(original: &Original<'_>) -> Vec<String> {
    const MOST: usize = 8;
    let mut senders: Vec<String> = Vec::new();
    for field in fields(&original.header) {
        let text = field.text();
        let sender = if field.is("Return-Path") || field.is("X-Envelope-From") || field.is("X-Envelope-Sender") {
            Some(in_brackets(&text))
        } else if field.is("From") || field.is("Sender") || field.is("Reply-To") {
            text.rsplit_once('<').map_or(Some(text.trim()), |(_, mailbox)| mailbox.split('>').next())
        } else if field.is("Received") {
            // Of Exim and others: `(envelope-from <alice@example.com>)`.
            text.split_once("envelope-from").map(|(_, rest)| in_brackets(rest.trim_start_matches(['=', ' '])))
        } else {
            None
        };
        if let Some(sender) = sender.filter(|sender| sender.contains('@') && senders.len() < MOST) {
            senders.push(sender.trim().to_owned());
        }
    }
    senders.dedup();
    senders
}

fn in_brackets(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix('<') {
        Some(rest) => rest.split('>').next().unwrap_or_default(),
        None => text.split([' ', ')', ';', ',']).next().unwrap_or_default(),
    }
}
