//! SRS for callers that decide themselves which mail is forwarded.

use batv_core::srs::Reversal;
use batv_core::{Day, Mailbox};

use crate::sender::Sender;
use crate::site::View;

impl<'s> View<'s> {
    /// The sender of a forwarded message, to be rewritten unless it belongs to one of the SRS domains. Use [`View::sender`]
    /// to let the rules decide which mail is rewritten.
    ///
    /// ```
    /// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox};
    /// use batv_policy::{Handling, Rules, SrsRules, View};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
    /// let rules = Rules { srs, ..Rules::default() };
    /// let sender = View::new(&keys, &rules).forwarded(Mailbox::parse("alice@example.com")?);
    /// let Handling::Rewritten(rewritten) = sender.sign(Day::new(18_262)?) else { panic!() };
    /// assert_eq!(rewritten.to_string(), "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn forwarded<'a>(self, sender: Mailbox<'a>) -> Sender<'s, 'a> {
        Sender::rewriting(self, sender)
    }

    /// The sender that an SRS address stands for; `None` when we have no SRS domain. Whether mail may go there is for
    /// [`View::recipient`] to say.
    ///
    /// ```
    /// use batv_core::srs::SrsVerdict;
    /// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox};
    /// use batv_policy::{Rules, SrsRules, View};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
    /// let rules = Rules { srs, ..Rules::default() };
    /// let forwarded = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")?;
    /// let reversal = View::new(&keys, &rules).reverse(&forwarded, Day::new(18_262)?).expect("there is a domain");
    /// assert_eq!((reversal.verdict, reversal.mailbox), (SrsVerdict::Valid, Mailbox::parse("alice@example.com").ok()));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn reverse<'a>(self, recipient: &Mailbox<'a>, today: Day) -> Option<Reversal<'a>> {
        let domains = self.rules.srs.parsed_domains();
        let srs = self.rules.srs.over(&domains).ok()?;
        Some(srs.reverse(self.keys, recipient, today))
    }
}
