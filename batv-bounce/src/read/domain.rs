//! Domains in fields: their one spelling, and which of them speaks for which.

use alloc::borrow::Cow;

/// The most octets of a name that is converted. No domain has more than 255, and U-labels are seldom longer than A-labels.
const MOST_OCTETS: usize = 512;

/// Converts a domain to A-labels (RFC 5890 §2.3.2.1), in which addresses are compared; a text that has none stays as it is.
pub(crate) fn a_labels(domain: &str) -> Cow<'_, str> {
    if domain.is_ascii() || domain.len() > MOST_OCTETS {
        return Cow::Borrowed(domain);
    }
    idna::domain_to_ascii(domain).map_or(Cow::Borrowed(domain), Cow::Owned)
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
        let long = "\u{fc}".repeat(MOST_OCTETS);
        for (domain, expected) in [
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("B\u{dc}CHER.Example", "xn--bcher-kva.example"),
            ("Example.COM", "Example.COM"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
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
