//! SRS for callers that know which mail is forwarded.

use batv_core::srs::Reversal;
use batv_core::{Day, Mailbox};

use crate::sender::Sender;
use crate::site::View;

impl<'s> View<'s> {
    /// Sender of a forwarded message, which is rewritten unless the site [keeps](View::keeps) it or it belongs to one of the SRS
    /// domains. With [`View::sender`] the rules also decide which mail gets a tag.
    ///
    /// ```
    /// use batv_core::{Algorithm, Day, Key, KeySet, KeyUse, Mailbox};
    /// use batv_policy::{Handling, Rules, SrsRules, View};
    ///
    /// let keys = KeySet::from(vec![Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?]);
    /// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
    /// let rules = Rules { srs, ..Rules::default() };
    /// let sender = View::new(&keys, &rules).forwarded(Mailbox::parse("alice@example.com")?);
    /// let Handling::Rewritten(rewritten) = sender.sign(Day::new(18_262)?) else { panic!() };
    /// assert_eq!(rewritten.to_string(), "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn forwarded<'a>(self, sender: Mailbox<'a>) -> Sender<'s, 'a> {
        Sender::forwarded(self, sender)
    }

    /// Sender inside an SRS address; `None` if the rules have no SRS domain. [`View::recipient`] decides whether mail may go
    /// there.
    ///
    /// ```
    /// use batv_core::srs::SrsVerdict;
    /// use batv_core::{Algorithm, Day, Key, KeySet, KeyUse, Mailbox};
    /// use batv_policy::{Rules, SrsRules, View};
    ///
    /// let keys = KeySet::from(vec![Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?]);
    /// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
    /// let rules = Rules { srs, ..Rules::default() };
    /// let forwarded = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")?;
    /// let reversal = View::new(&keys, &rules).reverse(&forwarded, Day::new(18_262)?).expect("there is a domain");
    /// assert_eq!((reversal.verdict, reversal.mailbox), (SrsVerdict::Valid, Mailbox::parse("alice@example.com").ok()));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn reverse<'a>(self, recipient: &Mailbox<'a>, today: Day) -> Option<Reversal<'a>> {
        Some(self.rules.srs.srs().ok()?.reverse(self.keys, recipient, today))
    }
}
