//! Authentication-Results of our own servers, taken together.
//!
//! # Trust
//!
//! Only the fields of our own border servers count, and only their name, the authserv-id, tells them apart (RFC 8601 §5).
//! So the border must remove every field that comes from outside under its name, and must quote text that a sender chose
//! before it writes it into a field of its own. Without that, anyone can prove anything.
//!
//! # When fields contradict each other
//!
//! Of several results for the same method and identity the worst counts, since all fields are ours. Within one field the
//! same holds, except for DKIM: a message may have several signatures of a domain, and one that verifies is enough
//! (RFC 6376 §6.1).
//!
//! # Which domain speaks for which
//!
//! A domain speaks for itself and for those below it, whose names it hands out, when it has at least two labels: a
//! signature of `example.org` proves mail from `bounces.example.org`. RFC 7489 §3.1.1 has the reverse as well, and
//! siblings, but needs a list of the domains under which strangers have theirs: `evil.dyn.example` must not speak for
//! `dyn.example`, nor for `victim.dyn.example`. Here it doesn't, and no list is needed. The price is a bounce that is
//! not sent, if SPF does not pass either. Domains are compared as A-labels.

mod arc;
mod authentication_results;
mod outcome;

use batv_core::Mailbox;

use self::authentication_results::{AuthenticationResults, Resinfo};
pub use self::outcome::Outcome;
use crate::read::domain::speaks_for;
use crate::read::header::{Field, fields};
use crate::read::mailboxes::ascii;
use crate::read::message::authors;

/// The properties in which servers name MAIL FROM: RFC 8601 §2.7.2, and before there was an agreement.
const MAIL_FROM: [&str; 4] = ["mailfrom", "mfrom", "mail", "envelope-from"];

/// Authentication-Results that our own servers wrote.
///
/// ```
/// use batv_bounce::trusted_results::{Outcome, TrustedResults};
///
/// let header = b"Authentication-Results: mx.example.net; spf=fail smtp.mailfrom=example.org\r\n\
///     Authentication-Results: mx.forged.example; spf=pass smtp.mailfrom=example.org\r\n";
/// let results = TrustedResults::of(header, &["MX.example.net"]);
/// assert_eq!(results.spf("example.org"), Some(Outcome::Fail));
/// assert_eq!(results.spf("example.com"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedResults<'x> {
    /// The newest first.
    fields: Vec<AuthenticationResults<'x>>,
}

impl<'x> TrustedResults<'x> {
    /// The fields of a header, or of a whole message, that one of these servers wrote. Foreign ones, unreadable ones and
    /// those of another version are left out.
    ///
    /// The name must stand where servers put it, without quotes, and before any comment: a filter that removes forged
    /// fields may see it nowhere else. It is compared without regard to ASCII case, and in no other way: a dot at the end,
    /// or the other form of an internationalized name, is another name.
    ///
    /// ```
    /// # use batv_bounce::trusted_results::TrustedResults;
    /// let header = b"Authentication-Results: (mx.example.net) \"mx.example.net\"; spf=pass smtp.mailfrom=example.org\n";
    /// assert!(TrustedResults::of(header, &["mx.example.net"]).is_empty());
    /// ```
    pub fn of<T: AsRef<str>>(header: &'x [u8], authserv_ids: &[T]) -> Self {
        let is_trusted = |field: &Field<'_>| authserv_ids.iter().any(|id| is_of(field, id.as_ref()));
        let parsed =
            fields(header).filter(is_trusted).filter_map(|field| AuthenticationResults::parse(field.value).ok());
        Self { fields: parsed.filter(|field| matches!(field.version, None | Some("1"))).collect() }
    }

    /// Number of fields.
    ///
    /// ```
    /// # use batv_bounce::trusted_results::TrustedResults;
    /// let header = b"Authentication-Results: mx.example.net; none\nAuthentication-Results: mx.example.org; none\n";
    /// assert_eq!(TrustedResults::of(header, &["mx.example.net"]).len(), 1);
    /// ```
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field of these servers.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether they prove the domain of the only author. `header` is that of the message.
    ///
    /// ```
    /// # use batv_bounce::trusted_results::TrustedResults;
    /// let header = b"Authentication-Results: mx.example.net; dkim=pass header.d=example.org\nFrom: <reports@example.org>\n";
    /// assert!(TrustedResults::of(header, &["mx.example.net"]).prove_author(header));
    /// assert!(!TrustedResults::of(header, &["mx.example.com"]).prove_author(header));
    /// ```
    #[must_use]
    pub fn prove_author(&self, header: &[u8]) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut froms = fields(header).filter(|field| field.is("From"));
        let (Some(from), None) = (froms.next(), froms.next()) else { return false };
        let [(_, author)] = &authors(from)[..] else { return false };
        let author = ascii(author);
        let Ok(author) = Mailbox::parse(&*author) else { return false };
        let domain = author.domain().as_str();
        [self.dmarc(domain), self.dkim(domain), self.spf(domain)].contains(&Some(Outcome::Pass))
    }

    /// Result of SPF for a MAIL FROM with this domain; `None` if there is none.
    ///
    /// A field without a domain proves nothing: its pass is [`Outcome::Neutral`].
    ///
    /// ```
    /// # use batv_bounce::trusted_results::{Outcome, TrustedResults};
    /// let header = b"Authentication-Results: mx.example.net; spf=pass; spf=none smtp.helo=mail.example.org\n";
    /// assert_eq!(TrustedResults::of(header, &["mx.example.net"]).spf("example.org"), Some(Outcome::Neutral));
    /// ```
    #[must_use]
    pub fn spf(&self, domain: &str) -> Option<Outcome> {
        self.worst("spf", |result| {
            let names = || MAIL_FROM.iter().flat_map(|name| result.values("smtp", name));
            let same = |name: &str| !domain.is_empty() && name.eq_ignore_ascii_case(domain);
            if names().next().is_none() && result.values("smtp", "helo").next().is_some() {
                // RFC 7208 §2.3: of the client, not of the sender.
                return About::Other;
            }
            match (names().any(|value| same(&value.domain())), names().all(|value| same(&value.domain()))) {
                (true, true) => About::It,
                (false, false) => About::Other,
                _ => About::Unclear,
            }
        })
    }

    /// Result of DKIM for the signatures that speak for this domain, by `header.d` or else `header.i`.
    ///
    /// ```
    /// # use batv_bounce::trusted_results::{Outcome, TrustedResults};
    /// let header = b"Authentication-Results: mx.example.net; dkim=pass header.d=example.org\n";
    /// let results = TrustedResults::of(header, &["mx.example.net"]);
    /// assert_eq!(results.dkim("bounces.example.org"), Some(Outcome::Pass));
    /// assert_eq!(results.dkim("org"), None);
    /// ```
    #[must_use]
    pub fn dkim(&self, domain: &str) -> Option<Outcome> {
        self.worst("dkim", |result| {
            let signer = if result.values("header", "d").next().is_some() { "d" } else { "i" };
            let mut signers = result.values("header", signer).peekable();
            if signers.peek().is_some() && signers.all(|signer| speaks_for(&signer.domain(), domain)) {
                About::It
            } else {
                About::Other
            }
        })
    }

    /// Result of DMARC. A pass counts only if the domain of From speaks for this one.
    ///
    /// ```
    /// # use batv_bounce::trusted_results::{Outcome, TrustedResults};
    /// let header = b"Authentication-Results: mx.example.net; dmarc=pass header.from=example.org\n";
    /// let results = TrustedResults::of(header, &["mx.example.net"]);
    /// assert_eq!(results.dmarc("bounces.example.org"), Some(Outcome::Pass));
    /// assert_eq!(results.dmarc("example.com"), Some(Outcome::Neutral));
    /// ```
    #[must_use]
    pub fn dmarc(&self, domain: &str) -> Option<Outcome> {
        self.worst("dmarc", |result| {
            let mut authors = result.values("header", "from").peekable();
            if authors.peek().is_some() && authors.all(|author| speaks_for(&author.domain(), domain)) {
                About::It
            } else {
                About::Unclear
            }
        })
    }

    /// Result for the chain of ARC seals as it arrived.
    ///
    /// ```
    /// # use batv_bounce::trusted_results::{Outcome, TrustedResults};
    /// let header = b"Authentication-Results: mx.example.net; arc=fail\nAuthentication-Results: mx.example.net; arc=pass\n";
    /// assert_eq!(TrustedResults::of(header, &["mx.example.net"]).arc(), Some(Outcome::Fail));
    /// ```
    #[must_use]
    pub fn arc(&self) -> Option<Outcome> {
        self.worst("arc", |_| About::It)
    }

    fn worst(&self, method: &str, about: impl Fn(&Resinfo<'x>) -> About) -> Option<Outcome> {
        let of_field = |field: &AuthenticationResults<'x>| {
            let outcomes =
                field.results.iter().filter(|result| result.is(method)).filter_map(|result| match about(result) {
                    About::It => Some(result.outcome()),
                    About::Unclear => Some(result.outcome().max(Outcome::Neutral)),
                    About::Other => None,
                });
            if method == "dkim" { outcomes.min() } else { outcomes.max() }
        };
        self.fields.iter().filter_map(of_field).max()
    }
}

/// Identity that a result is about.
enum About {
    /// The identity in question.
    It,
    /// Perhaps the identity in question: the field names none, or several.
    Unclear,
    /// Another identity.
    Other,
}

/// Whether a field is Authentication-Results under this name, written as servers do.
fn is_of(field: &Field<'_>, authserv_id: &str) -> bool {
    let value = field.value.trim_ascii_start();
    let (id, rest) = value.split_at_checked(authserv_id.len()).unwrap_or_default();
    let ends = matches!(rest.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'(' | b';'));
    // White space before the colon (RFC 5322 §4.5) is as good a place to hide from a filter.
    let is_plain = field.octets.get(field.name.len()) == Some(&b':');
    is_plain
        && field.is("Authentication-Results")
        && !id.is_empty()
        && ends
        && id.eq_ignore_ascii_case(authserv_id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_only_its_own_servers() {
        let pass = "; spf=pass smtp.mailfrom=example.org";
        let cases = [
            ("Authentication-Results: mx.example.net", true),
            ("authentication-results:MX.Example.NET", true),
            ("Authentication-Results:\r\n\tmx.example.net", true),
            ("Authentication-Results: mx.example.net (x) 1", true),
            ("Authentication-Results: mx2.example.net", true),
            ("Authentication-Results: grüße.example", true),
            ("Authentication-Results: mx.example.net 2", false),
            ("Authentication-Results: mx.example.net.", false),
            ("Authentication-Results: mx.example.net/4F2A", false),
            ("Authentication-Results: mx.example.netx", false),
            ("Authentication-Results: xmx.example.net", false),
            ("Authentication-Results: example.net", false),
            ("Authentication-Results: mx.example.net@evil.example", false),
            ("Authentication-Results: evil.example (mx.example.net)", false),
            ("Authentication-Results: (mx.example.net) evil.example", false),
            ("Authentication-Results: (x) mx.example.net", false),
            ("Authentication-Results: \"mx.example.net\"", false),
            ("Authentication-Results: xn--gre-9na6e.example", false),
            ("Authentication-Results: GRÜSSE.example", false),
            ("Authentication-Results: mx.example.net (open", false),
            ("Authentication-Results: mx.example.net spf=none", false),
            ("Authentication-Results: spf=pass smtp.mailfrom=example.org", false),
            ("Authentication-Results: ", false),
            ("Authentication-Results : mx.example.net", false),
            ("ARC-Authentication-Results: mx.example.net", false),
            ("X-Authentication-Results: mx.example.net", false),
        ];
        for (start, trusted) in cases {
            let header = format!("{start}{pass}\r\n");
            let results =
                TrustedResults::of(header.as_bytes(), &["mx.example.net", "MX2.example.net", "grüße.example", ""]);
            assert_eq!(results.spf("example.org"), trusted.then_some(Outcome::Pass), "{start}");
        }
        assert!(TrustedResults::of::<&str>(b"Authentication-Results: mx.example.net; spf=pass\n", &[]).is_empty());
    }

    /// Fields of ours, a question, and the answer.
    fn ask(values: &[&str], question: impl Fn(&TrustedResults<'_>) -> Option<Outcome>) -> Option<Outcome> {
        let field = |value: &&str| format!("Authentication-Results: mx.example.net; {value}\n");
        let header: String = values.iter().map(field).collect();
        question(&TrustedResults::of(header.as_bytes(), &["mx.example.net"]))
    }

    #[test]
    fn spf_is_about_mail_from() {
        let cases: [(&[&str], Option<Outcome>); 15] = [
            (&["spf=pass smtp.mailfrom=Example.ORG"], Some(Outcome::Pass)),
            (&["SPF=PASS smtp.mailfrom=\"a;b@example.com\"@example.org"], Some(Outcome::Pass)),
            (&["spf=pass smtp.mail=alice@example.org"], Some(Outcome::Pass)),
            (&["spf=pass smtp.mailfrom=example.org smtp.helo=mail.example.org"], Some(Outcome::Pass)),
            (&["spf=pass smtp.mailfrom=mail.example.org"], None),
            (&["spf=fail smtp.mailfrom=example.com"], None),
            (&["spf=fail smtp.helo=example.org"], None),
            (&["spf=pass"], Some(Outcome::Neutral)),
            (&["spf=pass smtp.mailfrom="], Some(Outcome::Neutral)),
            (&["spf=fail"], Some(Outcome::Fail)),
            (&["spf=pass smtp.mailfrom=example.com smtp.mailfrom=example.org"], Some(Outcome::Neutral)),
            (&["spf/2=pass smtp.mailfrom=example.org"], None),
            (
                &["spf=pass smtp.mailfrom=example.org", "spf=softfail smtp.mailfrom=example.org"],
                Some(Outcome::SoftFail),
            ),
            (&["spf=fail smtp.mailfrom=example.org; spf=pass smtp.mailfrom=example.org"], Some(Outcome::Fail)),
            (&["spf=pass smtp.mailfrom=example.org", "spf=fail smtp.mailfrom=example.com"], Some(Outcome::Pass)),
        ];
        for (values, outcome) in cases {
            assert_eq!(ask(values, |results| results.spf("example.org")), outcome, "{values:?}");
        }
    }

    #[test]
    fn one_good_signature_of_a_domain_is_enough_unless_another_server_of_ours_sees_none() {
        let cases: [(&[&str], Option<Outcome>); 10] = [
            (&["dkim=fail header.d=example.org; dkim=pass header.d=example.org"], Some(Outcome::Pass)),
            (
                &["dkim=pass header.d=example.org header.s=a", "dkim=permerror header.d=example.org header.s=a"],
                Some(Outcome::PermError),
            ),
            (&["dkim=pass header.d=example.org", "dkim=none"], Some(Outcome::Pass)),
            (&["dkim=pass header.d=example.org", "dkim=fail header.d=example.com"], Some(Outcome::Pass)),
            (&["dkim=pass header.i=alice@example.org"], Some(Outcome::Pass)),
            (&["dkim=pass header.d=example.com header.i=@example.org"], None),
            (&["dkim=pass header.d=example.com header.d=example.org"], None),
            (&["dkim=pass header.from=example.org"], None),
            (&["dkim=pass"], None),
            (&["dkim=pass header.d=example.org."], None),
        ];
        for (values, outcome) in cases {
            assert_eq!(ask(values, |results| results.dkim("example.org")), outcome, "{values:?}");
        }
    }

    #[test]
    fn a_failure_of_dmarc_is_one_whatever_from_says() {
        let cases: [(&[&str], Option<Outcome>); 5] = [
            (&["dmarc=pass header.from=example.org"], Some(Outcome::Pass)),
            (&["dmarc=pass header.from=example.com"], Some(Outcome::Neutral)),
            (&["dmarc=bestguesspass header.from=example.org"], Some(Outcome::Other)),
            (&["dmarc=fail header.from=example.com"], Some(Outcome::Fail)),
            (&["dmarc=fail"], Some(Outcome::Fail)),
        ];
        for (values, outcome) in cases {
            assert_eq!(ask(values, |results| results.dmarc("example.org")), outcome, "{values:?}");
        }
    }
}
