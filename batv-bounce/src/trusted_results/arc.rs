//! The sets of ARC (RFC 8617 §4.1): who sealed a message on its way, and what they had seen. No seal is checked here.

use alloc::collections::BTreeMap;

use super::TrustedResults;
use super::authentication_results::AuthenticationResults;
use crate::read::header::{Field, fields};

impl<'x> TrustedResults<'x> {
    /// Results that trusted sealers saw, from the newest seal down to the first of a stranger; `header` is that of the
    /// message.
    ///
    /// A chain that passes ([`Self::arc`]) proves that the sets are those that were sealed, but only the newest sealer
    /// vouches for the rest of the message: anyone can put a seal on top of another message's sets (RFC 8617 §9). So
    /// sets below the seal of a stranger are left out.
    ///
    /// ```
    /// use batv_bounce::trusted_results::{Outcome, TrustedResults};
    ///
    /// let header = b"ARC-Seal: i=1; d=list.example; cv=none\n\
    ///     ARC-Authentication-Results: i=1; mx.list.example; spf=pass smtp.mailfrom=example.org\n";
    /// let sealed = TrustedResults::sealed(header, &["list.example"]);
    /// assert_eq!(sealed[0].spf("example.org"), Some(Outcome::Pass));
    /// assert!(TrustedResults::sealed(header, &["forwarder.example"]).is_empty());
    /// ```
    #[must_use]
    pub fn sealed<T: AsRef<str>>(header: &'x [u8], sealers: &[T]) -> Vec<Self> {
        let is_trusted = |set: &Set<'x>| {
            set.sealer.is_some_and(|name| sealers.iter().any(|known| known.as_ref().eq_ignore_ascii_case(name)))
        };
        let trusted = sets(header).unwrap_or_default().into_values().rev().take_while(is_trusted);
        let parsed = trusted.filter_map(|set| AuthenticationResults::parse(set.results?).ok());
        parsed.map(|field| Self { fields: vec![field] }).collect()
    }
}

#[derive(Default)]
struct Set<'x> {
    /// `d=` of ARC-Seal.
    sealer: Option<&'x str>,
    /// ARC-Authentication-Results behind the instance.
    results: Option<&'x [u8]>,
}

/// The sets by their instance; `None` when one can't be read, or is there twice.
fn sets(header: &[u8]) -> Option<BTreeMap<u8, Set<'_>>> {
    let mut sets = BTreeMap::<u8, Set<'_>>::new();
    for field in fields(header) {
        let second = if field.is("ARC-Seal") {
            let set = sets.entry(instance(tag(&field, "i")?)?).or_default();
            set.sealer.replace(tag(&field, "d")?).is_some()
        } else if field.is("ARC-Authentication-Results") {
            let semicolon = field.value.iter().position(|&octet| octet == b';')?;
            let set = sets.entry(instance(tag(&field, "i")?)?).or_default();
            set.results.replace(&field.value[semicolon + 1..]).is_some()
        } else {
            false
        };
        if second {
            return None;
        }
    }
    Some(sets)
}

/// The value of the first such tag (RFC 6376 §3.2). What is behind the instance of ARC-Authentication-Results has none, but
/// that comes first.
fn tag<'x>(field: &Field<'x>, name: &str) -> Option<&'x str> {
    let pairs = field.value.split(|&octet| octet == b';').map(|pair| {
        let equals = pair.iter().position(|&octet| octet == b'=')?;
        Some((&pair[..equals], &pair[equals + 1..]))
    });
    let (_, value) = pairs.flatten().find(|(found, _)| found.trim_ascii() == name.as_bytes())?;
    str::from_utf8(value.trim_ascii()).ok()
}

/// RFC 8617 §4.2.1: 1 to 50.
fn instance(text: &str) -> Option<u8> {
    text.parse().ok().filter(|instance| (1..=50).contains(instance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trusted_results::Outcome;

    const SPF: &str = "mx.list.example; spf=pass smtp.mailfrom=example.org";

    fn set(instance: &str, sealer: &str, results: &str) -> String {
        format!(
            "ARC-Seal: i={instance}; a=rsa-sha256; cv=none;\r\n d={sealer}; s=x; b=AbCd=\r\n\
             ARC-Authentication-Results:i={instance};{results}\r\n"
        )
    }

    #[test]
    fn believes_trusted_sealers_with_nobody_unknown_on_top() {
        let spf = || set("1", "LIST.example", SPF);
        let cases = [
            (spf(), true),
            (set("2", "own.example", "mx.own.example; arc=pass") + &spf(), true),
            (spf() + &set("2", "own.example", "mx.own.example; arc=pass"), true),
            (set("2", "own.example", "unreadable") + &spf(), true),
            (set("2", "evil.example", "mx.evil.example; arc=pass") + &spf(), false),
            (set("1", "evil.example", SPF), false),
            (set("1", "list.example", "mx.list.example; spf=fail smtp.mailfrom=example.org"), false),
            (set("1", "list.example", "spf=pass smtp.mailfrom=example.org"), false),
            (spf() + &spf(), false),
            (set("51", "list.example", SPF), false),
            (set("0", "list.example", SPF), false),
            (set("x", "list.example", SPF), false),
            (spf() + "ARC-Seal: d=evil.example\r\n", false),
            (spf() + "ARC-Authentication-Results: i=2\r\n", false),
            (format!("ARC-Authentication-Results: i=1; {SPF}\r\n"), false),
            ("ARC-Seal: i=1; d=list.example\r\n".to_owned(), false),
            (String::new(), false),
        ];
        for (header, believed) in cases {
            let sealed = TrustedResults::sealed(header.as_bytes(), &["list.example", "own.example"]);
            let passes = sealed.iter().any(|results| results.spf("example.org") == Some(Outcome::Pass));
            assert_eq!(passes, believed, "{header}");
        }
    }
}
