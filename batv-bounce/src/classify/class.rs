//! Classes of messages.

batv_core::names! {
    /// Class of a message. Of those that fit a message, the first in this order counts.
    ///
    /// ```
    /// use batv_bounce::Class;
    ///
    /// assert_eq!(Class::NonstandardDsn.as_str(), "nonstandard-dsn");
    /// assert_eq!("tlsrpt".parse(), Ok(Class::TlsReport));
    /// assert!(Class::Dsn.is_bounce() && !Class::FeedbackReport.is_bounce());
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Class {
        /// Report on TLS (RFC 8460).
        TlsReport = "tlsrpt",
        /// Aggregate report on DMARC (RFC 7489 §7.2).
        DmarcReport = "dmarc",
        /// Report on abuse or on a failed authentication (RFC 5965, RFC 6591).
        FeedbackReport = "arf",
        /// Message disposition notification (RFC 8098).
        Mdn = "mdn",
        /// Delivery status notification (RFC 3464, RFC 6533).
        Dsn = "dsn",
        /// Bounce in a form of its own.
        NonstandardDsn = "nonstandard-dsn",
        /// Request to prove that the sender is no robot.
        Challenge = "challenge",
        /// Notice that a virus was found.
        VirusNotice = "virus-notice",
        /// Automatic reply (RFC 3834).
        AutoReply = "auto-reply",
        /// Answer of a mailing list program.
        ListAutomaton = "list-automaton",
        /// Other mail with a null reverse-path.
        NullOther = "null-other",
        /// Any other mail.
        Ordinary = "ordinary",
    }
}

impl Class {
    /// Whether messages of this class report what became of another message on its way.
    ///
    /// ```
    /// # use batv_bounce::Class;
    /// assert!(!Class::Mdn.is_bounce());
    /// ```
    #[must_use]
    pub const fn is_bounce(self) -> bool {
        matches!(self, Self::Dsn | Self::NonstandardDsn)
    }
}
