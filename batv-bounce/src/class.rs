//! The class of a message.

use core::fmt;

/// What kind of message it is.
///
/// ```
/// use batv_bounce::Class;
///
/// assert_eq!(Class::NonstandardDsn.as_str(), "nonstandard-dsn");
/// assert!(Class::Dsn.is_bounce() && !Class::FeedbackReport.is_bounce());
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Class {
    /// A report on TLS (RFC 8460).
    TlsReport,
    /// A report on DMARC, aggregate (RFC 7489 §7.2).
    DmarcReport,
    /// A report on abuse or on a failed authentication (RFC 5965, RFC 6591).
    FeedbackReport,
    /// A message disposition notification (RFC 8098).
    Mdn,
    /// A delivery status notification (RFC 3464, RFC 6533).
    Dsn,
    /// One in a form of its own.
    NonstandardDsn,
    /// A request to prove that one is no robot.
    Challenge,
    /// A notice that a virus was found.
    VirusNotice,
    /// An automatic reply (RFC 3834).
    AutoReply,
    /// An answer of a list's program.
    ListAutomaton,
    /// Other mail with a null reverse-path.
    NullOther,
    /// Any other mail.
    Ordinary,
}

impl Class {
    /// All of them, in the order in which the first hit counts.
    pub const ALL: [Self; 12] = [
        Self::TlsReport,
        Self::DmarcReport,
        Self::FeedbackReport,
        Self::Mdn,
        Self::Dsn,
        Self::NonstandardDsn,
        Self::Challenge,
        Self::VirusNotice,
        Self::AutoReply,
        Self::ListAutomaton,
        Self::NullOther,
        Self::Ordinary,
    ];

    /// The name in outputs.
    ///
    /// ```
    /// # use batv_bounce::Class;
    /// assert_eq!(Class::TlsReport.as_str(), "tlsrpt");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TlsReport => "tlsrpt",
            Self::DmarcReport => "dmarc",
            Self::FeedbackReport => "arf",
            Self::Mdn => "mdn",
            Self::Dsn => "dsn",
            Self::NonstandardDsn => "nonstandard-dsn",
            Self::Challenge => "challenge",
            Self::VirusNotice => "virus-notice",
            Self::AutoReply => "auto-reply",
            Self::ListAutomaton => "list-automaton",
            Self::NullOther => "null-other",
            Self::Ordinary => "ordinary",
        }
    }

    /// Whether it tells what became of a message on its way.
    ///
    /// ```
    /// # use batv_bounce::Class;
    /// assert!(!Class::Mdn.is_bounce());
    /// ```
    pub const fn is_bounce(self) -> bool {
        matches!(self, Self::Dsn | Self::NonstandardDsn)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
