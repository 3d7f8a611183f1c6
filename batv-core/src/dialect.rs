//! Tagged and rewritten addresses of every known kind, ours and other people's, and what stands inside of them.
//!
//! Nothing here checks a MAC. What is unwrapped serves to show, to compare and to look up; an address of a domain that
//! isn't ours must never be used for delivery once it is stripped (draft-levine-smtp-batv-01 §5).

use crate::address::{Domain, LocalPart, Mailbox};
use crate::base32::is_base32;
use crate::tag::form::split_sub_address;

/// Most layers that [`unwrap`] takes off.
pub const MAX_DEPTH: usize = 8;

crate::names! {
    /// Kind of a tag, named after the software that makes it.
    ///
    /// ```
    /// use batv_core::dialect::Dialect;
    ///
    /// assert_eq!(Dialect::PrvsCisco9.as_str(), "prvs-cisco9");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Dialect {
        /// `prvs=KDDDSSSSSS=local`: the draft, and what we sign.
        PrvsDraft = "prvs-draft",
        /// `prvs=DDDSSSSSS=local`, without a key id: Cisco's mail gateways.
        PrvsCisco9 = "prvs-cisco9",
        /// `prvs=value=local` whose value has no known shape.
        PrvsNonconforming = "prvs-nonconforming",
        /// `prvs=local=tag`: the order of some gateways' manuals.
        PrvsUserTag = "prvs-user-tag",
        /// `prvs=local/tag`: draft-levine-mass-batv-00, and Exim to 4.62.
        PrvsSlash = "prvs-slash",
        /// `local+prvs=KDDDSSSSSS`, with any delimiter: batv-tools, and what we sign on request.
        PrvsSubAddress = "prvs-subaddr",
        /// `batv=KDDD…=local`: our strong form.
        BatvStrong = "batv-strong",
        /// `btv1==tag==local`: Barracuda.
        Btv1 = "btv1",
        /// `msprvs1=tag=local`: SparkPost and Momentum.
        Msprvs1 = "msprvs1",
        /// `SRS0=hash=day=domain=local`.
        Srs0 = "srs0",
        /// `SRS0+…`.
        Srs0Plus = "srs0-plus-sep",
        /// `SRS0-…`.
        Srs0Minus = "srs0-minus-sep",
        /// `SRS0=` with Exim's own hash: four hexadecimal digits, and the day in lower case.
        Srs0Exim = "srs0-exim-native",
        /// `SRS0=hash=day==local`: the same domain, signed by pysrs.
        Srs0PysrsSign = "srs0-pysrs-sign",
        /// `SRS0=hash=day=1=handle`: an alias in the database of postsrsd, opaque to all others.
        Srs0PostsrsdDatabase = "srs0-postsrsd-db",
        /// `SRS1=hash=host==…`: a forwarded SRS0.
        Srs1 = "srs1",
        /// `SRS1=host=…` without a hash, from before Mail::SRS 0.28.
        Srs1Hashless = "srs1-hashless-old",
        /// `SRS0+hash+days+domain+local` of infradead.org.
        InfradeadRpr = "infradead-rpr",
        /// `BATV+hash+days+domain+local` of infradead.org.
        InfradeadBatv = "infradead-batv",
        /// `user+SRS=hash=day=domain=local`: Microsoft 365.
        M365Srs = "m365-srs",
        /// `bounces+SRS=hash=day`: Microsoft 365, opaque.
        M365SrsOpaque = "m365-srs-opaque",
        /// `user+caf_=forwarded=to`: Google's mark on forwarded mail.
        GoogleCaf = "google-caf",
    }
}

impl Dialect {
    /// Whether it tags a sender in its own domain, as BATV does; the rest is rewritten by whoever forwards.
    pub(crate) const fn is_bounce_tag(self) -> bool {
        matches!(
            self,
            Self::PrvsDraft
                | Self::PrvsCisco9
                | Self::PrvsUserTag
                | Self::PrvsSlash
                | Self::PrvsSubAddress
                | Self::BatvStrong
                | Self::Btv1
                | Self::Msprvs1
        )
    }
}

crate::names! {
    /// Strictness with which a tag is recognized.
    ///
    /// ```
    /// use batv_core::{Mailbox, dialect};
    ///
    /// let odd = Mailbox::parse("prvs=deadbeef0=john@example.com")?;
    /// assert_eq!(dialect::unwrap(&odd, dialect::Strictness::Strict).count(), 0);
    /// assert_eq!(dialect::unwrap(&odd, dialect::Strictness::Identity).count(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
    #[non_exhaustive]
    pub enum Strictness {
        /// To compare, display and look up: a known tag-type is enough, whatever the look of its value. The draft asks that
        /// a tag can be stripped without knowledge of its scheme (§3).
        #[default]
        Identity = "identity",
        /// To decide: the value must have the shape that its makers give it.
        Strict = "strict",
    }
}

/// Tag that was taken off, and the address inside.
///
/// ```
/// use batv_core::{Mailbox, dialect};
///
/// let tagged = Mailbox::parse("bounces+SRS=HnE87=C7@tenant.example.com")?;
/// let layer = dialect::unwrap(&tagged, dialect::Strictness::Identity).next().expect("a tag");
/// assert!(layer.mailbox.is_none(), "there is no address inside to recover");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Layer<'a> {
    /// The kind of the tag.
    pub dialect: Dialect,
    /// What stands inside; `None` when the tag is opaque.
    pub mailbox: Option<Mailbox<'a>>,
}

/// Takes off the tags of an address, the outermost first, at most [`MAX_DEPTH`] of them, up to one that is opaque.
///
/// ```
/// use batv_core::{Mailbox, dialect};
///
/// let tagged = Mailbox::parse("SRS0=8nW7=2W=example.com=prvs=0778a1b2c3=alice@forwarder.example.net")?;
/// let layers: Vec<_> = dialect::unwrap(&tagged, dialect::Strictness::Identity)
///     .map(|layer| (layer.dialect.as_str(), layer.mailbox.expect("not opaque").to_string()))
///     .collect();
/// assert_eq!(
///     layers,
///     [
///         ("srs0", "prvs=0778a1b2c3=alice@example.com".to_owned()),
///         ("prvs-draft", "alice@example.com".to_owned()),
///     ]
/// );
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn unwrap<'a>(mailbox: &Mailbox<'a>, mode: Strictness) -> impl Iterator<Item = Layer<'a>> + use<'a> {
    core::iter::successors(outermost(mailbox, mode), move |layer| outermost(&layer.mailbox?, mode)).take(MAX_DEPTH)
}

/// Takes off the outermost tag of an address, if it has one.
///
/// ```
/// use batv_core::{Mailbox, dialect};
///
/// let plain = Mailbox::parse("user+tag@example.com")?;
/// assert_eq!(dialect::outermost(&plain, dialect::Strictness::Identity), None);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[inline]
#[must_use]
pub fn outermost<'a>(mailbox: &Mailbox<'a>, mode: Strictness) -> Option<Layer<'a>> {
    let local_part = mailbox.local_part();
    if !local_part.may_be_tagged() {
        return None;
    }
    let reader = Reader { mailbox, local_part, mode };
    reader.prefixed().or_else(|| reader.inside())
}

/// What stands behind a prefix of ASCII, in any case.
pub(crate) fn strip_prefix<'a>(local_part: &LocalPart<'a>, prefix: &str) -> Option<LocalPart<'a>> {
    let start = local_part.front().as_bytes().get(..prefix.len())?;
    if start.eq_ignore_ascii_case(prefix.as_bytes()) { local_part.skip(prefix.len()) } else { None }
}

struct Reader<'m, 'a> {
    mailbox: &'m Mailbox<'a>,
    local_part: LocalPart<'a>,
    mode: Strictness,
}

impl<'a> Reader<'_, 'a> {
    fn prefixed(&self) -> Option<Layer<'a>> {
        let after = |prefix| strip_prefix(&self.local_part, prefix);
        if let Some(rest) = after("prvs=") {
            self.prvs(rest)
        } else if let Some(rest) = after("SRS0") {
            self.srs0(rest)
        } else if let Some(rest) = after("SRS1") {
            self.srs1(rest)
        } else if let Some(rest) = after("btv1==") {
            let (tag, after_tag) = rest.split_once(b'=')?;
            let core = strip_prefix(&after_tag, "=")?;
            let shaped = tag.len() == 11 && has_shape(tag, 3, is_hex);
            self.tagged(Dialect::Btv1, shaped || self.lenient() && is_tag_value(tag), core)
        } else if let Some(rest) = after("msprvs1=") {
            let (tag, core) = rest.split_once(b'=')?;
            let character = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-');
            let shaped = has_shape(tag, 5, character);
            self.tagged(Dialect::Msprvs1, shaped && (tag.len() == 13 || self.lenient()), core)
        } else if let Some(rest) = after("batv=") {
            let (tag, core) = rest.split_once(b'=')?;
            self.tagged(Dialect::BatvStrong, tag.len() == 16 && has_shape(tag, 4, is_base32), core)
        } else {
            self.infradead(after("BATV+")?, Dialect::InfradeadBatv)
        }
    }

    /// The three orders in which a tag and a user are seen behind `prvs=`.
    fn prvs(&self, rest: LocalPart<'a>) -> Option<Layer<'a>> {
        let first = rest.split_once(b'=');
        if let Some((tag, core)) = first {
            let dialect = match tag.len() {
                9 if has_shape(tag, 3, is_hex) => Some(Dialect::PrvsCisco9),
                10 if has_shape(tag, 4, is_hex) => Some(Dialect::PrvsDraft),
                10 if self.lenient() && has_shape(tag, 3, is_hex) => Some(Dialect::PrvsDraft),
                _ => None,
            };
            if let Some(dialect) = dialect {
                return self.tagged(dialect, true, core);
            }
        }
        let is_tail = |tail: &str| {
            let character = if self.lenient() { |octet: u8| octet.is_ascii_alphanumeric() } else { is_hex };
            matches!(tail.len(), 9 | 10) && has_shape(tail, 3, character)
        };
        if let Some(text) = rest.whole() {
            for (delimiter, dialect) in [('=', Dialect::PrvsUserTag), ('/', Dialect::PrvsSlash)] {
                if let Some((user, tail)) = text.rsplit_once(delimiter)
                    && is_tail(tail)
                {
                    return self.tagged(dialect, true, rest.with(user).unescaped_end());
                }
            }
        }
        let (tag, core) = first?;
        self.tagged(Dialect::PrvsNonconforming, self.lenient() && is_tag_value(tag), core)
    }

    fn srs0(&self, rest: LocalPart<'a>) -> Option<Layer<'a>> {
        let fields = rest.skip(1)?;
        let separator = rest.front().as_bytes()[0];
        let (plain, infradead) = match separator {
            b'=' => (Dialect::Srs0, None),
            b'+' => (Dialect::Srs0Plus, self.infradead(fields, Dialect::InfradeadRpr)),
            b'-' => (Dialect::Srs0Minus, None),
            _ => return None,
        };
        if infradead.is_some() {
            return infradead;
        }
        let (hash, after_hash) = fields.split_once(b'=')?;
        let (day, after_day) = after_hash.split_once(b'=')?;
        let (domain, local_part) = after_day.split_once(b'=')?;
        let shaped = is_srs_hash(hash) && day.len() == 2 && day.bytes().all(is_base32);
        let lenient = !hash.is_empty() && hash.bytes().all(is_base64) && is_tag_value(day);
        if local_part.is_empty() || !(shaped || self.lenient() && lenient) {
            return None;
        }
        if domain == "1" {
            return opaque(Dialect::Srs0PostsrsdDatabase);
        }
        if domain.is_empty() {
            return self.inner(Dialect::Srs0PysrsSign, local_part, self.mailbox.domain());
        }
        let lower_hex = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        let exim = shaped
            && separator == b'='
            && self.local_part.front().starts_with("SRS0")
            && hash.len() == 4
            && hash.bytes().all(lower_hex)
            && !day.bytes().any(|octet| octet.is_ascii_uppercase());
        let dialect = if exim { Dialect::Srs0Exim } else { plain };
        match Domain::parse(domain) {
            Ok(domain) => self.inner(dialect, local_part, domain),
            Err(_) => opaque(dialect),
        }
    }

    fn srs1(&self, rest: LocalPart<'a>) -> Option<Layer<'a>> {
        if !matches!(rest.front().as_bytes().first()?, b'=' | b'+' | b'-') {
            return None;
        }
        let (first, after_first) = rest.skip(1)?.split_once(b'=')?;
        // A hash is base64, which has no dot: a dot shows a host in its place.
        if first.contains('.') {
            let fields = after_first.whole()?;
            let inner = LocalPart::new("SRS0=", fields, after_first.is_quoted());
            return match Domain::parse(first) {
                Ok(host) if !fields.is_empty() => self.inner(Dialect::Srs1Hashless, inner, host),
                _ => None,
            };
        }
        let (host, inner) = after_first.split_once(b'=')?;
        let shaped =
            if self.lenient() { !first.is_empty() && first.bytes().all(is_base64) } else { is_srs_hash(first) };
        let separated = matches!(inner.front().as_bytes(), [b'=' | b'+' | b'-', _, ..]);
        if !shaped || !separated {
            return None;
        }
        match (Domain::parse(host), inner.whole()) {
            (Ok(host), Some(fields)) => {
                self.inner(Dialect::Srs1, LocalPart::new("SRS0", fields, inner.is_quoted()), host)
            }
            _ => opaque(Dialect::Srs1),
        }
    }

    /// `<20 hex digits>+<days>+<domain>+<local part>`.
    fn infradead(&self, fields: LocalPart<'a>, dialect: Dialect) -> Option<Layer<'a>> {
        let (hash, after_hash) = fields.split_once(b'+')?;
        let (days, after_days) = after_hash.split_once(b'+')?;
        let (domain, local_part) = after_days.split_once(b'+')?;
        let shaped = hash.len() == 20 && hash.bytes().all(is_hex) && has_shape(days, days.len(), is_hex);
        match Domain::parse(domain) {
            Ok(domain) if shaped && !days.is_empty() => self.inner(dialect, local_part, domain),
            _ => None,
        }
    }

    /// The tags that stand behind a user.
    fn inside(&self) -> Option<Layer<'a>> {
        let text = self.local_part.whole()?;
        if let Some(layer) = split_at_mark(text, "+SRS=").and_then(|(_, fields)| self.m365(fields)) {
            return Some(layer);
        }
        for (tag_length, digits) in [(10, 4), (9, 3)] {
            if let Some((user, _, tag)) = split_sub_address(&self.local_part, tag_length)
                && has_shape(tag, digits, is_hex)
            {
                return self.tagged(Dialect::PrvsSubAddress, true, user);
            }
        }
        let (user, forwarded_to) = split_at_mark(text, "+caf_=")?;
        self.tagged(Dialect::GoogleCaf, forwarded_to.contains('='), self.local_part.with(user).unescaped_end())
    }

    fn m365(&self, fields: &'a str) -> Option<Layer<'a>> {
        let (hash, after_hash) = fields.split_once('=')?;
        let (day, original) = match after_hash.split_once('=') {
            Some((day, original)) => (day, Some(original)),
            None => (after_hash, None),
        };
        if !(is_srs_hash(hash) && day.len() == 2 && day.bytes().all(is_base32)) {
            return None;
        }
        let Some(original) = original else { return opaque(Dialect::M365SrsOpaque) };
        let (domain, local_part) = original.split_once('=')?;
        match Domain::parse(domain) {
            Ok(domain) => self.inner(Dialect::M365Srs, self.local_part.with(local_part), domain),
            Err(_) => None,
        }
    }

    fn lenient(&self) -> bool {
        self.mode == Strictness::Identity
    }

    /// A tag on the same domain.
    fn tagged(&self, dialect: Dialect, shaped: bool, core: LocalPart<'a>) -> Option<Layer<'a>> {
        if shaped { self.inner(dialect, core, self.mailbox.domain()) } else { None }
    }

    fn inner(&self, dialect: Dialect, local_part: LocalPart<'a>, domain: Domain<'a>) -> Option<Layer<'a>> {
        (!local_part.is_empty()).then(|| Layer { dialect, mailbox: Some(Mailbox::new(local_part, domain)) })
    }
}

const fn opaque<'a>(dialect: Dialect) -> Option<Layer<'a>> {
    Some(Layer { dialect, mailbox: None })
}

/// Splits at the first such mark, in any case, that has something before it.
fn split_at_mark<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at =
        text.as_bytes().windows(mark.len()).skip(1).position(|window| window.eq_ignore_ascii_case(mark.as_bytes()))?
            + 1;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// So many digits, then something, all of it of this class.
fn has_shape(text: &str, digits: usize, class: fn(u8) -> bool) -> bool {
    text.len() >= digits
        && text.bytes().enumerate().all(|(at, octet)| if at < digits { octet.is_ascii_digit() } else { class(octet) })
}

/// `tag-val` of the draft, §3.
fn is_tag_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

const fn is_hex(octet: u8) -> bool {
    octet.is_ascii_hexdigit()
}

/// Of either alphabet of RFC 4648.
const fn is_base64(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'-' | b'_')
}

/// A whole HMAC-SHA1 has 27 characters; nobody takes fewer than four.
fn is_srs_hash(text: &str) -> bool {
    (4..=27).contains(&text.len()) && text.bytes().all(is_base64)
}
