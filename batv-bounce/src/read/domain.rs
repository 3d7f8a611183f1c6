//! Domains in fields: their one spelling, and which of them speaks for which.

use alloc::borrow::Cow;
use core::cell::Cell;

/// The most octets of a domain (RFC 5321 §4.5.3.1.2).
pub(crate) const MOST_OCTETS: usize = 255;
/// The most letters of a label: an A-label has at least as many octets, of which there are 63 at most.
const MOST_LETTERS: usize = 63;
/// The most domains that are converted.
const MOST_DOMAINS: usize = 100;

/// Converts a domain to A-labels (RFC 5890 §2.3.2.1), in which addresses are compared; a text that has none stays as it is.
pub(crate) fn a_labels(domain: &str) -> Cow<'_, str> {
    Conversions::default().a_labels(domain)
}

/// Domains in one message that may still be converted: to convert one takes much longer than to read it.
#[derive(Debug)]
pub(crate) struct Conversions {
    left: Cell<usize>,
    cut: Cell<bool>,
}

impl Default for Conversions {
    fn default() -> Self {
        Self { left: Cell::new(MOST_DOMAINS), cut: Cell::new(false) }
    }
}

impl Conversions {
    /// Converts a domain, as [`a_labels`] does. Beyond the limit it stays as it is.
    pub(crate) fn a_labels<'d>(&self, domain: &'d str) -> Cow<'d, str> {
        let is_long = |label: &str| label.chars().nth(MOST_LETTERS).is_some();
        if domain.is_ascii() || domain.len() > MOST_OCTETS || domain.split('.').any(is_long) {
            return Cow::Borrowed(domain);
        }
        let Some(left) = self.left.get().checked_sub(1) else {
            self.cut.set(true);
            return Cow::Borrowed(domain);
        };
        self.left.set(left);
        idna::domain_to_ascii(domain).map_or(Cow::Borrowed(domain), Cow::Owned)
    }

    /// Whether a domain was left as it is because there were too many.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut.get()
    }
}

/// Whether a domain speaks for the other: it is the same, or above it and has two labels.
pub(crate) fn speaks_for(signer: &str, domain: &str) -> bool {
    if signer.eq_ignore_ascii_case(domain) {
        return !domain.is_empty();
    }
    // An address literal has nothing above it.
    let is_above = !domain.starts_with('[') && domain.len() > signer.len() && {
        let (below, above) = domain.as_bytes().split_at(domain.len() - signer.len());
        below.ends_with(b".") && above.eq_ignore_ascii_case(signer.as_bytes())
    };
    is_above && signer.split('.').filter(|label| !label.is_empty()).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u_labels_become_a_labels() {
        let long_label = "\u{fc}".repeat(64);
        let long = ["b\u{fc}cher."; 32].concat();
        for (domain, expected) in [
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("B\u{dc}CHER.Example", "xn--bcher-kva.example"),
            ("Example.COM", "Example.COM"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            (&long_label, &long_label),
            (&long, &long),
            ("", ""),
        ] {
            assert_eq!(a_labels(domain), expected);
        }
    }

    #[test]
    fn a_domain_speaks_for_itself_and_for_those_below() {
        let cases = [
            ("example.org", "Example.ORG", true),
            ("Example.org", "a.b.example.ORG", true),
            ("a.example.org", "example.org", false),
            ("a.example.org", "b.example.org", false),
            ("ple.org", "example.org", false),
            ("org", "example.org", false),
            (".org", "example..org", false),
            ("", "example.org", false),
            ("", "", false),
            ("localhost", "localhost", true),
            ("[192.0.2.1]", "[192.0.2.1]", true),
            ("2.1]", "[192.0.2.1]", false),
        ];
        for (signer, domain, speaks) in cases {
            assert_eq!(speaks_for(signer, domain), speaks, "{signer} for {domain}");
        }
    }
}
