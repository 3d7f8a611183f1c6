//! Signatures of our own (DKIM: RFC 6376, RFC 8463) on the header of a message that a bounce returns.
//!
//! Nobody else can make a signature that our key verifies, so one of them proves that the message is ours. The public
//! keys are given: there is no DNS here, and no clock.

mod canonical;
mod key;
mod signature;
mod tags;
mod verdict;

pub use self::key::{KeyError, PublicKey};
use self::signature::{Index, Signature};
use self::tags::Tags;
pub use self::verdict::{Body, DkimVerdict, Failure};
use crate::read::header::{Field, fields};

/// Signatures that are tried, with each key of theirs. Who signs twice, for RSA and Ed25519, makes two.
const SIGNATURES_LIMIT: usize = 10;
/// Octets of headers that are hashed: two of the longest, and many more of those that people send.
const OCTETS_LIMIT: usize = 512 * 1024;

/// Work that the signatures of a message may still cost, in all headers that it returns.
#[derive(Debug)]
pub(super) struct Allowance {
    checks: usize,
    octets: usize,
    /// Whether a signature was left out.
    pub(super) cut: bool,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { checks: SIGNATURES_LIMIT, octets: OCTETS_LIMIT, cut: false }
    }
}

impl Allowance {
    /// Takes what a signature on so long a header costs; says whether it was there. For the first signature it always is.
    fn take(&mut self, keys: usize, octets: usize) -> bool {
        let (keys, octets) = (keys.min(SIGNATURES_LIMIT), octets.min(OCTETS_LIMIT));
        match (self.checks.checked_sub(keys), self.octets.checked_sub(octets)) {
            (Some(checks), Some(octets)) => (self.checks, self.octets) = (checks, octets),
            _ => self.cut = true,
        }
        !self.cut
    }
}

/// Verifies the signatures of ours on a header: the first ten that name one of the keys, until one is good.
///
/// The header is hashed as it came back, but that a line may end in LF too. Nothing is guessed about what a mail
/// server may have done to it. The body, which begins after the empty line, is given when all of it came back. The time
/// it takes is in proportion to their octets, which the caller bounds: of headers, 512 KiB are hashed in all.
///
/// Until when a signature is good (`x=`) is no matter, as a bounce may be late. Its day (`t=`) is in the verdict: the
/// caller decides how old a message may be.
///
/// ```
/// use batv_bounce::dkim::{PublicKey, DkimVerdict, verify};
///
/// let record = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// let keys = [PublicKey::parse("example.com", "sel", record)?];
/// assert_eq!(verify(b"From: a@example.com\r\n", None, &keys), DkimVerdict::Unsigned);
/// let forged = b"DKIM-Signature: v=1; d=example.com; s=sel; b=AAAA\r\nFrom: a@example.com\r\n";
/// assert!(matches!(verify(forged, None, &keys), DkimVerdict::Bad { .. }));
/// # Ok::<(), batv_bounce::dkim::KeyError>(())
/// ```
#[must_use]
pub fn verify<'k>(header: &[u8], body: Option<&[u8]>, keys: &'k [PublicKey]) -> DkimVerdict<'k> {
    verify_within(header, body, keys, &mut Allowance::default())
}

/// The same for one of several headers.
pub(super) fn verify_within<'k>(
    header: &[u8],
    body: Option<&[u8]>,
    keys: &'k [PublicKey],
    allowance: &mut Allowance,
) -> DkimVerdict<'k> {
    let mut verdict = DkimVerdict::Unsigned;
    let mut index = None;
    let ours = fields(header).filter(|field| field.is("DKIM-Signature")).filter_map(|field| Claim::read(field, keys));
    for claim in ours {
        let first = claim.keys[0];
        if !allowance.take(claim.keys.len(), header.len()) {
            break;
        }
        let index = index.get_or_insert_with(|| Index::of(header));
        match claim.verify(index) {
            Ok((key, signature)) => {
                let (body, open, message) = (signature.compare(body), signature.open(index), signature.message(index));
                return DkimVerdict::Valid { key, body, open, day: signature.day(), message };
            }
            Err(failure) if verdict == DkimVerdict::Unsigned => verdict = DkimVerdict::Bad { key: first, failure },
            Err(_) => {}
        }
    }
    verdict
}

/// A signature that names keys of ours.
struct Claim<'x, 'k> {
    field: Field<'x>,
    tags: Tags<'x>,
    /// One at least; more where a selector was used again.
    keys: Vec<&'k PublicKey>,
}

impl<'x, 'k> Claim<'x, 'k> {
    fn read(field: Field<'x>, keys: &'k [PublicKey]) -> Option<Self> {
        let tags = Tags::parse(field.value).ok()?;
        let (domain, selector) = (tags.get("d")?, tags.get("s")?);
        let keys: Vec<_> = keys.iter().filter(|key| key.is_named(domain, selector)).collect();
        (!keys.is_empty()).then_some(Self { field, tags, keys })
    }

    /// The key that made it, and what it says.
    fn verify(mut self, index: &Index<'x>) -> Result<(&'k PublicKey, Signature<'x>), Failure> {
        let algorithm = self.tags.get("a").ok_or(Failure::Missing("a"))?;
        self.keys.retain(|key| key.algorithm().as_bytes() == algorithm);
        if self.keys.is_empty() {
            return Err(Failure::Algorithm);
        }
        if let Some(identity) = self.tags.get("i") {
            self.keys.retain(|key| key.may_sign_for(identity));
            if self.keys.is_empty() {
                return Err(Failure::Identity);
            }
        }
        let signature = Signature::parse(self.field, self.tags)?;
        let hash = signature.header_hash(index);
        let key = self.keys.into_iter().find(|key| key.verifies(&hash, &signature.octets)).ok_or(Failure::Mismatch)?;
        Ok((key, signature))
    }
}
