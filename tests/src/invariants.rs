//! What must hold for every input: asked with random ones by the properties, and with hostile ones by the fuzz targets.
//!
//! Each function panics when something does not hold.

#![expect(clippy::missing_panics_doc, clippy::unwrap_in_result, reason = "to panic is what they are for")]

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::RangeInclusive;
use std::hash::DefaultHasher;

use batv_core::dialect::{self, Dialect, MAX_DEPTH, Strictness};
use batv_core::envelope::{self, Disposition, Earlier, Envelope, OnError, Policy, Reason, Stage, Verdict};
use batv_core::mark;
use batv_core::srs::{Forwarding, HASH_MAXIMUM, HASH_MINIMUM, Separator, Srs, SrsVerdict};
use batv_core::tag::{self, Form, Signing, Unchanged};
use batv_core::{
    Algorithm, Day, Domain, Error, Key, KeyState, LOCAL_PART_LIMIT, Lifetime, LocalPart, Mailbox, MailboxBuf,
    PATH_LIMIT, Path, TagVerdict,
};
use batv_policy::address;
use data_encoding::HEXLOWER;

use crate::fixed::Fixed;
use crate::reference;

/// With and without an allocator, by `Display` and by a writer, the same is written.
fn written(value: &impl fmt::Display, write_to: impl Fn(&mut Fixed) -> fmt::Result) -> String {
    let text = value.to_string();
    let mut fixed = Fixed::new();
    write_to(&mut fixed).expect("2000 octets are enough");
    assert_eq!(fixed.as_str(), text, "Display and writer differ");
    text
}

fn written_mailbox(mailbox: &Mailbox<'_>) -> String {
    written(mailbox, |out| mailbox.write_to(out))
}

/// Anything may come as a path. What is read prints as what reads the same; what is not, says where. A slow reading by
/// the grammar agrees.
pub fn path(octets: &[u8]) {
    let parsed = Path::parse(octets);
    let parts = parsed.ok().map(|path| {
        path.mailbox().map(|mailbox| {
            let domain = Some(mailbox.domain().as_str().to_owned()).filter(|domain| !domain.is_empty());
            (mailbox.local_part().characters().collect(), domain)
        })
    });
    assert_eq!(parts, reference::path(octets), "{:?} is read in two ways", String::from_utf8_lossy(octets));
    let mailbox = match parsed {
        Err(error) => {
            assert!(error.offset().is_none_or(|offset| offset <= octets.len()), "{error}");
            assert!(!error.to_string().contains('\n') && !error.to_string().ends_with('.'), "{error}");
            return;
        }
        Ok(Path::Null) => return assert!(matches!(octets, b"" | b"<>"), "only these are the null path"),
        Ok(Path::Mailbox(mailbox)) => mailbox,
    };
    let text = written_mailbox(&mailbox);
    assert!(text.len() <= octets.len(), "{text} is longer than it came");
    assert!(!text.contains(char::is_control), "{text:?} holds a control character");
    let again = Mailbox::parse(&text).expect("what it printed itself");
    assert_same(&again, &mailbox);
    assert_eq!(written_mailbox(&again), text, "printing is not stable");
    owned(&mailbox, &again);
    if text.len() + 2 <= PATH_LIMIT {
        assert_same(&Mailbox::parse(&format!("<{text}>")).expect("the same in brackets"), &mailbox);
    }
    let local_part = mailbox.local_part().to_string();
    match mailbox.domain().as_str() {
        "" => assert!(mailbox.local_part().is_postmaster() && text == local_part),
        _ => assert_eq!(text, format!("{local_part}@{}", mailbox.domain())),
    }
    assert_eq!(mailbox.check_length().is_ok(), local_part.len() <= LOCAL_PART_LIMIT);
}

/// An owned mailbox is the borrowed one in all respects. `again` is the same mailbox, read from what it printed.
fn owned(mailbox: &Mailbox<'_>, again: &Mailbox<'_>) {
    let owned = MailboxBuf::from(*mailbox);
    assert_same(&owned.as_mailbox(), mailbox);
    assert_eq!((owned.to_string(), String::from(*mailbox)), (mailbox.to_string(), mailbox.to_string()));
    assert_eq!(owned.as_str().parse(), Ok(owned.clone()));
    assert_eq!(owned.cmp(&MailboxBuf::from(*again)), Ordering::Equal);
    assert_eq!(mailbox.cmp(again), Ordering::Equal);
    let hash = |value: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        value(&mut hasher);
        hasher.finish()
    };
    assert_eq!(hash(&|hasher| owned.hash(hasher)), hash(&|hasher| again.hash(hasher)), "{mailbox}");
    let local_part = mailbox.local_part().to_string();
    assert_eq!(LocalPart::parse(&local_part), Ok(mailbox.local_part()));
    let layer = |mailbox| dialect::outermost(mailbox, Strictness::Identity).map(|layer| layer.dialect);
    assert_eq!(layer(&owned.as_mailbox()), layer(again));
}

/// Order, hash and equality of any two mailboxes agree.
pub fn ordered(left: &Mailbox<'_>, right: &Mailbox<'_>) {
    assert_eq!(left == right, left.cmp(right) == Ordering::Equal, "{left} {right}");
    assert_eq!(left.cmp(right), right.cmp(left).reverse(), "{left} {right}");
    assert_eq!(left.cmp(right), MailboxBuf::from(*left).cmp(&MailboxBuf::from(*right)), "{left} {right}");
    let owned = MailboxBuf::from(*left);
    assert_eq!((owned == *right, *right == owned), (left == right, left == right), "{left} {right}");
}

/// The same mailbox to the letter, but for the case of the domain.
fn assert_same(left: &Mailbox<'_>, right: &Mailbox<'_>) {
    assert_eq!(left, right);
    assert!(left.local_part().characters().eq(right.local_part().characters()), "{left} and {right}");
}

/// Whether two mailboxes are the same to an `hmac-sha256` key.
fn same_but_for_case(left: &Mailbox<'_>, right: &Mailbox<'_>) -> bool {
    let folded = |mailbox: &Mailbox<'_>| -> String {
        mailbox.local_part().characters().map(|character| character.to_ascii_lowercase()).collect()
    };
    left.domain() == right.domain() && folded(left) == folded(right)
}

const FORMS_TRIED_AGAIN: [Form; 2] = [Form::Prvs, Form::Strong];

/// Signs, and holds the tag against all that is promised of it. Gives the tagged address, if there is one.
pub fn tag(key: &Key, mailbox: &Mailbox<'_>, form: Form, today: Day) -> Option<String> {
    let keys = core::slice::from_ref(key);
    let untagged = written_mailbox(mailbox);
    let printed = mailbox.local_part().to_string().len() + overhead(form);
    let signing = match tag::sign(keys, mailbox, form, None, today) {
        Ok(signing) => signing,
        Err(error) => {
            assert_eq!(error, Error::LocalPartTooLong { length: printed, limit: LOCAL_PART_LIMIT });
            assert!(printed > LOCAL_PART_LIMIT, "{untagged}: {error}");
            return None;
        }
    };
    let text = written(&signing, |out| signing.write_to(out));
    let outermost = dialect::outermost(mailbox, Strictness::Strict);
    match signing {
        Signing::Unchanged(same, reason) => {
            assert_same(&same, mailbox);
            assert_eq!(text, untagged);
            match (reason, outermost) {
                (Unchanged::AlreadyTagged(dialect), Some(layer)) => assert_eq!(dialect, layer.dialect),
                (Unchanged::NotOurs, None) => assert!(mailbox.domain().as_str().is_empty(), "{untagged} is ours"),
                (reason, layer) => panic!("{untagged} left alone for {reason:?}, has {layer:?}"),
            }
            return None;
        }
        Signing::Tagged(tagged) => {
            assert_eq!(outermost, None, "{untagged} was tagged already");
            assert_eq!(Some(tagged.key_id()), key.key_use().id());
            assert_eq!(tagged.expires(), today.plus(key.lifetime().days().into()));
        }
    }
    let tagged = Mailbox::parse(&text).expect("what was signed");
    tagged.check_length().expect("short enough");
    assert_eq!(text.len(), printed + 1 + mailbox.domain().as_str().len(), "{text}");
    assert_eq!(tagged.domain(), mailbox.domain());
    window(keys, &tagged, mailbox, form, today, key.lifetime());
    // A server may take off the quotes that the address does not need.
    let canonical = written_mailbox(&tagged);
    let respelled = Mailbox::parse(&canonical).expect("what it printed itself");
    window(keys, &respelled, mailbox, form, today, key.lifetime());

    for again in FORMS_TRIED_AGAIN.into_iter().chain([form]) {
        let signing = tag::sign(keys, &tagged, again, None, today).expect("nothing to do");
        assert!(matches!(signing, Signing::Unchanged(_, Unchanged::AlreadyTagged(_))), "{text} was signed again");
        assert_eq!(signing.to_string(), canonical);
    }
    // A sub-address may complete what looks like somebody's tag, and then only the MAC could tell.
    if !matches!(form, Form::SubAddress(_)) || !may_be_half_a_tag(mailbox) {
        for mode in [Strictness::Identity, Strictness::Strict] {
            let layer = dialect::outermost(&tagged, mode).expect("a tag");
            assert_eq!((layer.dialect, layer.mailbox), (dialect_of(form), Some(*mailbox)), "{text}");
        }
    }
    Some(text)
}

fn may_be_half_a_tag(mailbox: &Mailbox<'_>) -> bool {
    let content = mailbox.local_part().characters().collect::<String>().to_ascii_lowercase();
    let begins = ["prvs=", "batv=", "batv+", "btv1=", "msprvs1=", "srs0", "srs1"];
    begins.into_iter().any(|tag_type| content.starts_with(tag_type)) || content.contains("+srs=")
}

/// Octets that a tag adds.
const fn overhead(form: Form) -> usize {
    match form {
        Form::Strong => 22,
        _ => 16,
    }
}

fn dialect_of(form: Form) -> Dialect {
    match form {
        Form::Prvs => Dialect::PrvsDraft,
        Form::SubAddress(_) => Dialect::PrvsSubAddress,
        Form::Strong => Dialect::BatvStrong,
        other => panic!("{other:?} has no dialect"),
    }
}

/// A tag is valid on the days of its lifetime, first and last included, and on no others for 1000 days around.
fn window(keys: &[Key], tagged: &Mailbox<'_>, mailbox: &Mailbox<'_>, form: Form, signed: Day, lifetime: Lifetime) {
    let days = i32::from(lifetime.days());
    let around = [-1000 + days, -999 + days, -1, 0, 1, days / 2, days - 1, days, days + 1, 999, 1000];
    for later in around {
        let Some(today) = signed.plus(later) else { continue };
        let verification = tag::verify(keys, tagged, today);
        let alive = valid_by_counting(signed, lifetime, today);
        let wanted = if alive { TagVerdict::Valid } else { TagVerdict::Expired };
        assert_eq!(verification.verdict, wanted, "{tagged} of day {signed:?} on {today:?}");
        assert_eq!(verification.mailbox, *mailbox, "{tagged}");
        assert_eq!(verification.form, Some(form), "{tagged}");
        assert_eq!(verification.key_id, keys[0].key_use().id());
        let left = verification.days_left.expect("the MAC is right");
        assert_eq!(alive, (0..=days).contains(&left), "{left} days left");
        assert_eq!(verification.expires, today.plus(left));
        if (0..=days).contains(&later) {
            assert_eq!(left, days - later);
        }
    }
}

/// The rule of the draft, counted out: some day of the lifetime that begins today has the digits that the tag names.
fn valid_by_counting(signed: Day, lifetime: Lifetime, today: Day) -> bool {
    let digits = (signed.number() + u32::from(lifetime.days())) % 1000;
    (0..=u32::from(lifetime.days())).any(|ahead| (today.number() + ahead) % 1000 == digits)
}

/// A damaged tag is not valid, unless it still says the same: the same tag for the same mailbox.
///
/// Not a change are the case of hex, base32 and tag-type, the delimiter of a sub-address, needless quotes and escapes,
/// and to a key that ignores case that of the address.
pub fn damaged(key: &Key, tagged: &str, damaged: &[u8], today: Day) {
    let Ok(mailbox) = Mailbox::parse(damaged) else { return };
    let keys = core::slice::from_ref(key);
    let found = tag::verify(keys, &mailbox, today);
    if found.verdict != TagVerdict::Valid {
        return;
    }
    let original = Mailbox::parse(tagged).expect("a tagged address");
    let expected = tag::verify(keys, &original, today);
    let strong = expected.form == Some(Form::Strong);
    if strong || key.algorithm() == Algorithm::HmacSha256 {
        assert!(same_but_for_case(&found.mailbox, &expected.mailbox), "{tagged} became {mailbox}");
    } else {
        assert_eq!(found.mailbox, expected.mailbox, "{tagged} became {mailbox}");
    }
    assert_eq!(strong, found.form == Some(Form::Strong), "{tagged} became {mailbox}");
    assert_eq!((found.key_id, found.expires), (expected.key_id, expected.expires), "{tagged} became {mailbox}");
}

/// Any address can be judged by any ring, and what is said hangs together.
pub fn verdict(keys: &[Key], mailbox: &Mailbox<'_>, today: Day) {
    let verification = tag::verify(keys, mailbox, today);
    let found = verification.verdict;
    assert_eq!(verification.days_left.is_some(), matches!(found, TagVerdict::Valid | TagVerdict::Expired));
    assert_eq!(verification.days_left.is_some_and(|days| days >= 0), found == TagVerdict::Valid);
    assert_eq!(verification.key_id.is_none(), found == TagVerdict::Untagged);
    assert_eq!(verification.form.is_none(), found == TagVerdict::Untagged);
    if found == TagVerdict::Untagged {
        assert_same(&verification.mailbox, mailbox);
    } else {
        assert!(dialect::outermost(mailbox, Strictness::Strict).is_some(), "{mailbox} is tagged for verify only");
    }
    let live = |key: &&Key| key.state() != KeyState::Retired && key.key_use().id() == verification.key_id;
    assert_eq!(matches!(found, TagVerdict::Untagged | TagVerdict::UnknownKey), {
        verification.key_id.is_none() || keys.iter().find(live).is_none()
    });
    // With every key retired, or of the other use, there is nothing left to be right by.
    assert!(!matches!(tag::verify(&[] as &[Key], mailbox, today).verdict, TagVerdict::Valid | TagVerdict::Expired));
}

/// Marks a message, and holds the mark against all that is promised of it. Gives the header value and the envelope id,
/// if there is a mark.
pub fn mark(key: &Key, message_id: &[u8], mailbox: &Mailbox<'_>, today: Day) -> Option<[String; 2]> {
    let keys = core::slice::from_ref(key);
    let Some(mark) = mark::make(keys, message_id, mailbox, today) else {
        let tagged = dialect::outermost(mailbox, Strictness::Strict).is_some();
        assert!(tagged || mailbox.domain().as_str().is_empty(), "{mailbox} is ours");
        return None;
    };
    assert_eq!((Some(mark.key_id()), mark.day()), (key.key_use().id(), today));
    let [text, envelope_id] = [mark.to_string(), mark.envelope_id().to_string()];
    assert!(looks_like_mark(text.as_bytes()), "{text}");
    assert!(looks_like_envelope_id(envelope_id.as_bytes()), "{envelope_id}");
    assert!(text.len() < 60 && envelope_id.len() < 100, "{text} or {envelope_id} is too long");

    let days = key.lifetime().proof_days();
    for later in [-1000, -2, -1, 0, 1, days - 1, days, days + 1, 1000] {
        let Some(then) = today.plus(later) else { continue };
        let wanted = if (-1..=days).contains(&later) { TagVerdict::Valid } else { TagVerdict::Expired };
        let folded = text.replace('.', ".\r\n\t").to_ascii_uppercase();
        for text in [&text, &folded] {
            assert_eq!(mark::verify(keys, text.as_bytes(), message_id, mailbox, then), wanted, "{text} after {later}");
        }
        let escaped: String = envelope_id.bytes().map(|octet| format!("+{octet:02X}")).collect();
        for text in [&envelope_id, &escaped] {
            assert_eq!(mark::verify_envelope_id(keys, text.as_bytes(), mailbox, then), wanted, "{text} after {later}");
        }
    }

    let again = [b"\t<", message_id, b"\r\n >"].concat();
    let other = [message_id, b"x"].concat();
    let upper = mailbox.to_string().to_ascii_uppercase();
    let upper = Mailbox::parse(&upper).expect("the same in another case");
    let stranger = Mailbox::parse("somebody.else@elsewhere.example").expect("a mailbox");
    let for_stranger = if same_but_for_case(mailbox, &stranger) { TagVerdict::Valid } else { TagVerdict::BadMac };
    let verify = |message_id: &[u8], mailbox| mark::verify(keys, text.as_bytes(), message_id, mailbox, today);
    if !message_id.iter().any(|octet| matches!(octet, b'<' | b'>')) {
        assert_eq!(verify(&again, mailbox), TagVerdict::Valid, "{text}");
    }
    assert_eq!(verify(message_id, &upper), TagVerdict::Valid, "{text}");
    assert_eq!(verify(&other, mailbox), TagVerdict::BadMac, "{text}");
    assert_eq!(verify(message_id, &stranger), for_stranger, "{text}");
    assert_eq!(mark::verify_envelope_id(keys, envelope_id.as_bytes(), &upper, today), TagVerdict::Valid, "{text}");
    assert_eq!(mark::verify_envelope_id(keys, envelope_id.as_bytes(), &stranger, today), for_stranger, "{text}");
    Some([text, envelope_id])
}

/// A damaged mark is not valid, unless only white space and the case of letters are changed.
pub fn damaged_mark(
    key: &Key,
    message_id: &[u8],
    mailbox: &Mailbox<'_>,
    [text, envelope_id]: &[String; 2],
    damage: impl Fn(&str) -> Vec<u8>,
    today: Day,
) {
    let keys = core::slice::from_ref(key);
    let damaged = damage(text);
    let valid = mark::verify(keys, &damaged, message_id, mailbox, today) == TagVerdict::Valid;
    assert_eq!(valid, compact(&damaged) == text.as_bytes(), "{text} became {}", damaged.escape_ascii());
    let damaged = damage(envelope_id);
    let valid = mark::verify_envelope_id(keys, &damaged, mailbox, today) == TagVerdict::Valid;
    assert_eq!(valid, compact(&damaged) == envelope_id.as_bytes(), "{envelope_id} became {}", damaged.escape_ascii());
}

/// Any octets may come as a mark. A slow reading agrees on whether they are one; and none that comes by chance is right.
pub fn any_mark(keys: &[Key], octets: &[u8], mailbox: &Mailbox<'_>, today: Day) {
    let is_right = |verdict| matches!(verdict, TagVerdict::Valid | TagVerdict::Expired);
    for message_id in [octets, b""] {
        let verdict = mark::verify(keys, octets, message_id, mailbox, today);
        assert_eq!(verdict != TagVerdict::Untagged, looks_like_mark(octets), "{}", octets.escape_ascii());
        assert!(!is_right(verdict), "{}", octets.escape_ascii());
        // Any octets may come as a Message-ID, too.
        let _ = mark::make(keys, message_id, mailbox, today);
    }
    let verdict = mark::verify_envelope_id(keys, octets, mailbox, today);
    assert_eq!(verdict != TagVerdict::Untagged, looks_like_envelope_id(octets), "{}", octets.escape_ascii());
    assert!(!is_right(verdict), "{}", octets.escape_ascii());
}

fn looks_like_mark(octets: &[u8]) -> bool {
    let text = String::from_utf8(compact(octets)).unwrap_or_default();
    matches!(*text.split('.').collect::<Vec<_>>(), ["1", key_id, day, mac] if is_stamp(key_id, day) && is_base32(mac, 24))
}

fn looks_like_envelope_id(octets: &[u8]) -> bool {
    let Some(text) = decoded_xtext(&compact(octets)).and_then(|octets| String::from_utf8(compact(&octets)).ok()) else {
        return false;
    };
    matches!(*text.split('.').collect::<Vec<_>>(), ["batv1", key_id, day, id, mac]
        if is_stamp(key_id, day) && is_base32(id, 20) && is_base32(mac, 24))
}

fn is_stamp(key_id: &str, day: &str) -> bool {
    let is_number_below =
        |text: &str, end| text.parse().is_ok_and(|number: u32| number < end && number.to_string() == text);
    is_number_below(key_id, 10) && is_number_below(day, Day::MAX.number() + 1)
}

fn is_base32(text: &str, length: usize) -> bool {
    text.len() == length && text.chars().all(|character| "abcdefghijklmnopqrstuvwxyz234567".contains(character))
}

/// Without white space and in lower case.
fn compact(octets: &[u8]) -> Vec<u8> {
    octets.iter().filter(|octet| !b" \t\n\x0b\x0c\r".contains(octet)).map(u8::to_ascii_lowercase).collect()
}

/// `xtext` (RFC 3461 §4), with digits of either case.
fn decoded_xtext(octets: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = octets.split(|&octet| octet == b'+');
    let mut decoded = pieces.next()?.to_vec();
    for piece in pieces {
        let (digits, plain) = piece.split_at_checked(2)?;
        decoded.extend(HEXLOWER.decode(digits).ok()?);
        decoded.extend(plain);
    }
    Some(decoded)
}

/// How senders are rewritten.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the tests make their own")]
pub struct Rewriting {
    /// The character after the tag.
    pub separator: Separator,
    /// Characters of hash.
    pub hash_length: u8,
    /// Days that an address lives.
    pub max_age: u16,
}

impl Rewriting {
    /// The hash lengths that there are.
    pub const HASH_LENGTHS: RangeInclusive<u8> = HASH_MINIMUM..=HASH_MAXIMUM;

    /// Into the first of these domains.
    fn srs<'d>(&self, domains: &'d [Domain<'d>]) -> Srs<&'d [Domain<'d>]> {
        Srs::new(domains)
            .expect("a domain")
            .with_separator(self.separator)
            .with_hash_length(self.hash_length, self.hash_length)
            .expect("a length")
            .with_max_age(self.max_age)
            .expect("an age")
    }
}

/// Rewrites a sender, restores it, and holds both against all that is promised. Gives the rewritten address, if any.
pub fn rewriting(
    rewriting: Rewriting,
    key: &Key,
    domains: &[Domain<'_>],
    mailbox: &Mailbox<'_>,
    today: Day,
) -> Option<String> {
    let keys = core::slice::from_ref(key);
    let srs = rewriting.srs(domains);
    let forwarding = match srs.forward(keys, mailbox, today) {
        Ok(forwarding) => forwarding,
        Err(Error::LocalPartTooLong { length, limit: LOCAL_PART_LIMIT }) => {
            assert!(length > LOCAL_PART_LIMIT, "{mailbox}: {length}");
            return None;
        }
        // A literal that holds the separator of the fields.
        Err(error) => {
            assert!(mailbox.domain().as_str().contains(['=', '"']), "{mailbox}: {error}");
            return None;
        }
    };
    let text = written(&forwarding, |out| forwarding.write_to(out));
    if let Forwarding::Unchanged(same) = forwarding {
        assert_same(&same, mailbox);
        assert!(srs.owns(&mailbox.domain()) || mailbox.domain().as_str().is_empty(), "{mailbox} is not ours");
        return None;
    }
    let rewritten = Mailbox::parse(&text).expect("what was rewritten");
    rewritten.check_length().expect("short enough");
    assert_eq!(rewritten.domain(), domains[0]);
    let again = text.trim_start_matches('"').starts_with("SRS1");
    for later in [-2, -1, 0, 1, 20, 21, 22, 23, 500, 1001, 1021, 1022, 1023, 1024, 1025] {
        let Some(then) = today.plus(later) else { continue };
        let reversal = srs.reverse(keys, &rewritten, then);
        let age = later.rem_euclid(1024);
        if again || age <= i32::from(rewriting.max_age) || age == 1023 {
            assert_eq!(reversal.verdict, SrsVerdict::Valid, "{text} after {later}");
            assert_restored(&reversal.mailbox.expect("a sender"), mailbox, again);
        } else {
            assert_eq!((reversal.verdict, reversal.mailbox), (SrsVerdict::Expired, None), "{text} after {later}");
        }
    }
    Some(text)
}

/// What was rewritten for the first time comes back as it was. A rewritten one comes back as the first host wrote it,
/// whose tag-type may have had another case, and is kept through further forwarders.
fn assert_restored(restored: &Mailbox<'_>, sender: &Mailbox<'_>, again: bool) {
    if !again {
        assert_same(restored, sender);
    } else if same_but_for_case(restored, sender) {
        assert!(restored.local_part().characters().skip(4).eq(sender.local_part().characters().skip(4)), "{sender}");
    } else {
        let tail = restored.local_part().characters().skip(4).collect::<String>();
        let host = restored.domain().as_str();
        let content: String = sender.local_part().characters().collect();
        assert!(content.ends_with(&format!("={host}={tail}")), "{sender} became {restored}");
    }
}

/// Whatever comes, a spelling that is made of it can be read, and stays as it is.
pub fn spelling(octets: &[u8]) {
    for spell in [address::reverse_path, address::forward_path, address::path] {
        let Ok(spelled) = spell(octets) else { continue };
        let read = Path::parse(spelled.as_bytes());
        assert!(read.is_ok(), "{} became {spelled:?}: {read:?}", octets.escape_ascii());
        assert_eq!(spell(spelled.as_bytes()).as_deref(), Ok(spelled.as_ref()), "{}", octets.escape_ascii());
    }
}

/// A damaged address is not restored, unless it still says the same.
///
/// The published hash runs its fields together, so to an `hmac-sha1` key the same is what runs together to the same.
pub fn damaged_rewriting(
    rewriting: Rewriting,
    key: &Key,
    domains: &[Domain<'_>],
    rewritten: &str,
    damaged: &[u8],
    today: Day,
) {
    let Ok(mailbox) = Mailbox::parse(damaged) else { return };
    let keys = core::slice::from_ref(key);
    let srs = rewriting.srs(domains);
    let reversal = srs.reverse(keys, &mailbox, today);
    if reversal.verdict != SrsVerdict::Valid {
        return;
    }
    let original = Mailbox::parse(rewritten).expect("a rewritten address");
    let original = srs.reverse(keys, &original, today).mailbox.expect("a sender");
    let found = reversal.mailbox.expect("a sender");
    if key.algorithm() == Algorithm::HmacSha256 {
        assert!(same_but_for_case(&found, &original), "{rewritten} became {mailbox}");
    } else {
        assert_eq!(run_together(&found), run_together(&original), "{rewritten} became {mailbox}");
    }
}

/// Domain and local part as the published hash sees them.
fn run_together(mailbox: &Mailbox<'_>) -> String {
    let mut text = mailbox.domain().to_string();
    text.extend(mailbox.local_part().characters());
    text.make_ascii_lowercase();
    text
}

/// Any address can be put to `reverse`, and what is said hangs together.
pub fn reversal(keys: &[Key], domains: &[Domain<'_>], mailbox: &Mailbox<'_>, today: Day) {
    let Ok(srs) = Srs::new(domains) else {
        // That of a bare `postmaster`.
        assert!(domains.iter().any(|domain| domain.as_str().is_empty()));
        return;
    };
    let reversal = srs.reverse(keys, mailbox, today);
    match reversal.verdict {
        SrsVerdict::Foreign => assert!(!srs.owns(&mailbox.domain())),
        SrsVerdict::Untagged => (),
        _ => assert!(srs.owns(&mailbox.domain())),
    }
    match reversal.verdict {
        SrsVerdict::Foreign | SrsVerdict::Untagged => assert_eq!(reversal.mailbox, Some(*mailbox)),
        SrsVerdict::Valid => path(written_mailbox(&reversal.mailbox.expect("a sender")).as_bytes()),
        _ => assert_eq!(reversal.mailbox, None),
    }
}

/// Unwrapping comes to an end, each layer is a shorter address, and where strict mode sees a tag identity mode sees one
/// too: the same, or one in front that is less sure.
pub fn unwrapping(mailbox: &Mailbox<'_>) {
    let layers = |mode| dialect::unwrap(mailbox, mode).collect::<Vec<_>>();
    for layers in [layers(Strictness::Identity), layers(Strictness::Strict)] {
        assert!(layers.len() <= MAX_DEPTH, "{mailbox}: {} layers", layers.len());
        let mut outer = written_mailbox(mailbox);
        for (at, layer) in layers.iter().enumerate() {
            let Some(inner) = layer.mailbox else {
                assert_eq!(at, layers.len() - 1, "{mailbox}: an opaque layer is the last");
                break;
            };
            let text = written_mailbox(&inner);
            assert_same(&Mailbox::parse(&text).expect("an address"), &inner);
            assert!(text.len() < outer.len(), "{outer} unwraps to {text}");
            outer = text;
        }
    }
    if let Some(strict) = dialect::outermost(mailbox, Strictness::Strict) {
        let identity = dialect::outermost(mailbox, Strictness::Identity).expect("a tag");
        assert!(identity.dialect != strict.dialect || identity == strict, "{mailbox}");
    }
}

/// Whatever is asked: nothing is refused below reject mode, nor when it has a good tag or is for postmaster.
pub fn judgement(envelope: &Envelope<'_>, keys: &[Key], policy: &Policy<'_>, today: Day) {
    let judgement = envelope::judge(envelope, keys, policy, today);
    let verification = tag::verify(keys, &envelope.forward_path, today);
    let refused = matches!(judgement.disposition, Disposition::Reject | Disposition::Drop);
    let put_off = judgement.disposition == Disposition::Tempfail;
    let bounce = envelope.reverse_path == Path::Null;

    // Reply, disposition and mailbox say the same thing.
    let class = judgement.reply.code / 100;
    assert_eq!(
        class,
        if refused {
            5
        } else if put_off {
            4
        } else {
            2
        },
        "{judgement:?}"
    );
    assert_eq!(u16::from(judgement.reply.enhanced.class()), class);
    assert!(judgement.reply.text.is_ascii() && !judgement.reply.text.contains(['\r', '\n']));
    assert_eq!(judgement.deliver_to.is_some(), class == 2);
    if let Some(mailbox) = judgement.deliver_to {
        let unwrapped = dialect::outermost(&envelope.forward_path, Strictness::Strict).and_then(|layer| layer.mailbox);
        let known = [Some(envelope.forward_path), Some(verification.mailbox), unwrapped];
        assert!(known.contains(&Some(mailbox)), "{judgement:?}");
    }

    assert!(!refused || policy.mode == envelope::Mode::Reject, "{judgement:?}");
    assert!(!refused || !envelope.trusted_client, "{judgement:?}");
    assert!(!put_off || bounce, "mail is never put off: {judgement:?}");
    let for_a_role = |mailbox: &Mailbox<'_>| {
        mailbox.local_part().is_postmaster() || mailbox.local_part().to_string().eq_ignore_ascii_case("abuse")
    };
    assert!(!refused || !for_a_role(&envelope.forward_path), "{judgement:?}");
    if verification.verdict == TagVerdict::Valid {
        assert!(!refused, "{judgement:?}");
        assert!(judgement.deliver_to.is_none_or(|mailbox| mailbox == verification.mailbox), "{judgement:?}");
        if judgement.reason == Reason::TagOk {
            assert_eq!((judgement.verdict, judgement.settled), (Verdict::Genuine, true));
        }
    }
    let signing = tag::sign(keys, &envelope.forward_path, policy.form, None, today);
    let never_tagged = matches!(signing, Err(_) | Ok(Signing::Unchanged(_, Unchanged::AlreadyTagged(_))));
    if bounce && never_tagged && verification.verdict == TagVerdict::Untagged {
        assert!(!refused, "what we send without a tag may come back without one: {judgement:?}");
    }
    if judgement.verdict == Verdict::Genuine {
        assert!(bounce && verification.verdict == TagVerdict::Valid, "{judgement:?}");
    }
    if put_off {
        let crowded = judgement.reason == Reason::NullMultiRcpt
            && envelope.earlier != Earlier::None
            && envelope.stage == Stage::RcptTo;
        let internal = judgement.reason == Reason::Internal && policy.on_error == OnError::Tempfail;
        assert!(crowded || internal, "{judgement:?}");
    }
    if !judgement.settled {
        assert!(envelope.stage < policy.reject_at && judgement.disposition == Disposition::Accept, "{judgement:?}");
    }
}
