//! Whose message a bounce returns: proof that it was ours, proof that it wasn't, or neither.
//!
//! A mark ([`batv_core::mark`]), a tag in the returned envelope sender and a DKIM signature of ours on the returned header
//! can't be made by somebody else. They prove that the message was ours. They don't prove that who reports on it ever had
//! it: whoever has seen such a message can return it.

use core::fmt;

use batv_core::prvs::{self, Verification};
use batv_core::{Day, KeyRing, Mailbox, Path, Pattern, Verdict, mark};

use crate::dkim::{self, Body, PublicKey};
use crate::evidence::{Evidence, Place};
use crate::header::fields;
use crate::original::Original;
use crate::reading::Reading;

/// Days after which a bounce to mail from before a change is no longer to be expected: a tag's lifetime of seven days, and
/// five in a queue (RFC 5321 §4.5.4.1).
const GRACE_DAYS: i32 = 12;
/// The most marks of a returned header that are verified.
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
/// use batv_bounce::Ours;
/// use batv_core::Pattern;
///
/// let protected = [Pattern::parse("example.com")?];
/// let ours = Ours::new(&protected);
/// assert!(ours.marked_since.is_none());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ours<'o, T = &'o str> {
    /// Our domains and mailboxes. The domain of the recipient is one of them in any case.
    pub protected: &'o [Pattern<T>],
    /// The public keys of our DKIM signatures.
    pub dkim_keys: &'o [PublicKey],
    /// The day from which on all mail of ours has a mark: only then the lack of one says something.
    pub marked_since: Option<Day>,
}

impl<'o, T> Ours<'o, T> {
    /// Without keys of DKIM, and without a promise that all mail is marked.
    ///
    /// ```
    /// # use batv_bounce::Ours;
    /// assert!(Ours::<&str>::new(&[]).dkim_keys.is_empty());
    /// ```
    pub const fn new(protected: &'o [Pattern<T>]) -> Self {
        Self { protected, dkim_keys: &[], marked_since: None }
    }
}

/// Whose message it was, and what tells.
///
/// ```
/// use batv_bounce::{Limits, Origin, Ours, origin, read};
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
/// let found = origin(&reading, &alice, &keys, &Ours::<&str>::new(&[]), today);
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
/// use batv_bounce::{Limits, Origin, Ours, origin, read};
/// use batv_core::{Day, Key, Mailbox};
///
/// let reading = read(b"Subject: hello\n\n", None, &Limits::default());
/// let alice = Mailbox::parse("alice@example.com")?;
/// let keys: [Key; 0] = [];
/// assert_eq!(origin(&reading, &alice, &keys, &Ours::<&str>::new(&[]), Day::new(20_782)?).origin, Origin::Unknown);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn origin(
    reading: &Reading<'_>,
    recipient: &Mailbox<'_>,
    ring: &(impl KeyRing + ?Sized),
    ours: &Ours<'_, impl AsRef<str>>,
    today: Day,
) -> Provenance {
    let mut search = Search { recipient, ring, ours, today, found: Provenance::default() };
    if let Some(envelope_id) = &reading.report.original_envelope_id {
        search.envelope_id(envelope_id);
    }
    if let Some(original) = &reading.original {
        search.original(original);
    }
    search.found
}

struct Search<'s, R: ?Sized, T> {
    recipient: &'s Mailbox<'s>,
    ring: &'s R,
    ours: &'s Ours<'s, T>,
    today: Day,
    found: Provenance,
}

impl<R: KeyRing + ?Sized, T: AsRef<str>> Search<'_, R, T> {
    fn envelope_id(&mut self, envelope_id: &str) {
        let verdict = mark::verify_envelope_id(self.ring, envelope_id.as_bytes(), self.recipient, self.today);
        if verdict != Verdict::Untagged {
            let words = format!("a mark of ours as envelope id: {}", says(verdict));
            self.see(Place::Field("Original-Envelope-Id"), words);
        }
        if verdict == Verdict::Valid {
            self.prove(Proof::EnvelopeId);
        }
    }

    fn original(&mut self, original: &Original<'_>) {
        let place = Place::Part(original.part.clone());
        let senders = senders(original);
        let tagged = self.tag(&senders, &place);
        let marked = self.mark(original, &senders, &place);
        let signed = self.signature(original, &place);
        if matches!(self.found.origin, Origin::Proved(_)) {
            return;
        }
        let speaks_for_us = tagged || marked || signed || self.hint(original, &place);
        if speaks_for_us {
            self.found.origin = Origin::Hinted;
        } else if original.complete && self.all_are_marked() {
            self.see(place, "its header is complete and has no mark of ours, as all our mail has");
            self.found.origin = Origin::Disproved;
        }
    }

    /// Verifies tags in what was the envelope sender; says whether one is there that isn't proved wrong.
    fn tag(&mut self, senders: &[String], place: &Place) -> bool {
        let mut doubt = false;
        for sender in senders {
            let Ok(Path::Mailbox(mailbox)) = Path::parse(sender.as_bytes()) else { continue };
            let Verification { verdict, days_left, .. } = prvs::verify(self.ring, &mailbox, self.today);
            // A bounce may be as late as a mark is old.
            let recent = days_left.is_some_and(|days_left| days_left >= -i32::from(mark::LIFETIME_DAYS));
            match verdict {
                Verdict::Valid => {}
                Verdict::Expired if recent => {}
                Verdict::Expired | Verdict::UnknownKey => {
                    doubt = true;
                    self.see(place.clone(), format!("a tag in its envelope sender: {}", says(verdict)));
                    continue;
                }
                _ => continue,
            }
            self.see(place.clone(), "a tag of ours in its envelope sender");
            self.prove(Proof::Tag);
            return true;
        }
        doubt
    }

    /// Verifies marks; says whether one is there that isn't proved wrong.
    fn mark(&mut self, original: &Original<'_>, senders: &[String], place: &Place) -> bool {
        let message_id = original.field("Message-ID").unwrap_or_default();
        let senders: Vec<Mailbox<'_>> = senders
            .iter()
            .filter_map(|sender| match Path::parse(sender.as_bytes()) {
                Ok(Path::Mailbox(mailbox)) => Some(prvs::verify(self.ring, &mailbox, self.today).mailbox),
                _ => None,
            })
            .collect();
        let mut doubt = false;
        for field in fields(&original.header).filter(|field| field.is(mark::FIELD)).take(MOST_MARKS) {
            let verify = |sender| mark::verify(self.ring, field.value, message_id.as_bytes(), sender, self.today);
            let verdicts = core::iter::once(self.recipient).chain(&senders).map(verify);
            let verdict = verdicts.reduce(|best, next| if rank(next) < rank(best) { next } else { best });
            let Some(verdict) = verdict.filter(|verdict| *verdict != Verdict::Untagged) else { continue };
            if verdict == Verdict::Valid {
                self.see(place.clone(), "a mark of ours");
                self.prove(Proof::Mark);
                return true;
            }
            self.see(place.clone(), format!("a mark: {}", says(verdict)));
            // Without the Message-ID that it covers nothing can be said of it.
            doubt |= verdict != Verdict::BadMac || message_id.is_empty();
        }
        doubt
    }

    fn signature(&mut self, original: &Original<'_>, place: &Place) -> bool {
        if self.ours.dkim_keys.is_empty() {
            return false;
        }
        match dkim::verify(&original.header, original.body.as_deref(), self.ours.dkim_keys) {
            dkim::Verdict::Valid { key, body: Body::Differs } => {
                let words = "a DKIM signature of ours, and another body";
                self.see(place.clone(), format!("{words} ({}, {})", key.selector(), key.domain()));
                true
            }
            dkim::Verdict::Valid { key, .. } => {
                self.see(place.clone(), format!("a DKIM signature of ours ({}, {})", key.selector(), key.domain()));
                self.prove(Proof::Dkim);
                true
            }
            dkim::Verdict::Bad { key, failure } => {
                let named = format!("{}, {}", key.selector(), key.domain());
                self.see(place.clone(), format!("a DKIM signature that names our key ({named}): {failure}"));
                // Servers on the way change headers, and anybody can name our key.
                false
            }
            dkim::Verdict::Unsigned => false,
        }
    }

    /// Whether Message-ID or Received name one of our domains, as anybody can write them.
    fn hint(&mut self, original: &Original<'_>, place: &Place) -> bool {
        let domain = self.recipient.domain();
        let protected = self.ours.protected.iter().filter_map(|pattern| pattern.as_str().rsplit('@').next());
        let domains: Vec<&str> = protected.chain([domain.as_str()]).collect();
        let is_ours = |host: &str| {
            domains.iter().any(|domain| {
                let start = host.len().checked_sub(domain.len()).filter(|start| host.is_char_boundary(*start));
                start.is_some_and(|start| {
                    host[start..].eq_ignore_ascii_case(domain) && (start == 0 || host[..start].ends_with('.'))
                })
            })
        };
        let hosts = |text: &str| {
            let words = text.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | '-')));
            words.map(|word| word.trim_end_matches('.')).any(is_ours)
        };
        let hint = fields(&original.header).find_map(|field| {
            if field.is("Message-ID") && hosts(&field.text()) {
                return Some("its Message-ID names a domain of ours, as anybody's can");
            }
            // Its recipient stands there too, behind `for`, and may be one of ours.
            let text = field.text();
            let before = text.split(" for ").next().unwrap_or_default();
            (field.is("Received") && hosts(before))
                .then_some("its Received fields name a host of ours, as anybody's can")
        });
        if let Some(words) = hint {
            self.see(place.clone(), words);
        }
        hint.is_some()
    }

    fn all_are_marked(&self) -> bool {
        self.ours.marked_since.is_some_and(|since| self.today.since(since) > GRACE_DAYS)
    }

    fn see(&mut self, place: Place, words: impl AsRef<str>) {
        self.found.evidence.push(Evidence::new(place, words.as_ref()));
    }

    /// The first proof is the one that is told.
    fn prove(&mut self, proof: Proof) {
        if !matches!(self.found.origin, Origin::Proved(_)) {
            self.found.origin = Origin::Proved(proof);
        }
    }
}

/// Which verdict on a mark tells most of it.
const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Valid => 0,
        Verdict::Expired => 1,
        Verdict::UnknownKey => 2,
        _ => 3,
    }
}

const fn says(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "good",
        Verdict::Expired => "good, but too old",
        Verdict::UnknownKey => "of a key that we don't have",
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
        } else if field.is("From") || field.is("Sender") {
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
