//! Differences between the mail servers that speak the milter protocol.

use alloc::borrow::Cow;

use batv_core::Path;
use batv_policy::address;

/// The mail server, as it names itself (`v`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum MailServer {
    /// No name.
    #[default]
    Unknown,
    /// Postfix. A recipient that is deleted and added again is a new one to it.
    Postfix,
    /// Any other: Sendmail.
    Other,
}

impl MailServer {
    pub(crate) fn of(version: &str) -> Self {
        if version.starts_with("Postfix") { Self::Postfix } else { Self::Other }
    }

    /// Chooses the reverse-path that counts: the argument of MAIL FROM, or `{mail_addr}`.
    pub(crate) fn sender(self, argument: &[u8], mail_addr: Option<Vec<u8>>) -> Cow<'_, [u8]> {
        // Postfix completes `<MAILER-DAEMON>` here, and makes it the null reverse-path later.
        if address::reverse_path(argument).is_ok_and(|path| path == "<>") {
            return Cow::Borrowed(b"<>");
        }
        self.address(argument, mail_addr, |words| address::reverse_path(words).is_ok())
    }

    /// Chooses the forward-path that counts: the argument of RCPT TO, or `{rcpt_addr}`.
    pub(crate) fn recipient(self, argument: &[u8], rcpt_addr: Option<Vec<u8>>) -> Cow<'_, [u8]> {
        self.address(argument, rcpt_addr, |words| address::forward_path(words).is_ok())
    }

    /// Postfix completes the argument for its macro. Sendmail's macro has the result of its tables (`virtusertable`), often
    /// without a domain: there the argument counts, if it is an address.
    fn address(self, argument: &[u8], named: Option<Vec<u8>>, is_address: impl Fn(&[u8]) -> bool) -> Cow<'_, [u8]> {
        let argument_first = self == Self::Other && Path::parse(argument).is_ok();
        match named.filter(|named| !argument_first && !named.is_empty()) {
            Some(named) if is_address(&named) => Cow::Owned(named),
            _ => Cow::Borrowed(argument),
        }
    }
}
