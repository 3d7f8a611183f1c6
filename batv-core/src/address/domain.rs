//! Domain names and address literals.

use core::cmp::Ordering;
use core::fmt::{self, Write};
use core::hash::{Hash, Hasher};

/// Longest domain, in octets (RFC 5321 §4.5.3.1.2).
pub const DOMAIN_LIMIT: usize = 255;

/// Domain name, or address literal in brackets; empty after a bare `postmaster`.
///
/// The case of ASCII letters doesn't matter to equality, order and hash (RFC 5321 §2.4). The printed form is in lower
/// case.
///
/// ```
/// use batv_core::Domain;
///
/// assert_eq!(Domain::parse("Example.COM")?, Domain::parse("example.com")?);
/// assert_eq!(Domain::parse("Example.COM")?.to_string(), "example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Domain<'a> {
    text: &'a str,
    has_upper_case: bool,
}

impl<'a> Domain<'a> {
    pub(crate) const NONE: Self = Self { text: "", has_upper_case: false };

    pub(super) const fn new(text: &'a str, has_upper_case: bool) -> Self {
        Self { text, has_upper_case }
    }

    /// Text as it was read.
    ///
    /// ```
    /// # use batv_core::Domain;
    /// assert_eq!(Domain::parse("Example.COM")?.as_str(), "Example.COM");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether the printed form differs from the text.
    pub(crate) const fn has_upper_case(&self) -> bool {
        self.has_upper_case
    }

    fn lower_case(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.text.bytes().map(|octet| octet.to_ascii_lowercase())
    }

    pub(crate) fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        if self.has_upper_case {
            self.text.chars().try_for_each(|character| out.write_char(character.to_ascii_lowercase()))
        } else {
            out.write_str(self.text)
        }
    }

    pub(crate) fn write_after_at<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        if self.text.is_empty() {
            return Ok(());
        }
        out.write_char('@')?;
        self.write_to(out)
    }
}

impl fmt::Display for Domain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl AsRef<str> for Domain<'_> {
    fn as_ref(&self) -> &str {
        self.text
    }
}

impl PartialEq for Domain<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(other.text)
    }
}

impl Eq for Domain<'_> {}

impl PartialOrd for Domain<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Domain<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.lower_case().cmp(other.lower_case())
    }
}

impl Hash for Domain<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lower_case().for_each(|octet| state.write_u8(octet));
        state.write_u8(0xFF);
    }
}
