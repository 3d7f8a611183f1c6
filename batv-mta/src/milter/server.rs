//! The mail servers that speak this protocol, and where they differ.

use alloc::borrow::Cow;

use batv_core::Path;
use batv_policy::address;

/// The mail server, as it names itself (`v`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Server {
    /// It doesn't say.
    #[default]
    Unknown,
    /// Postfix. A recipient that is deleted and added again is another than before to it.
    Postfix,
    /// Another one: Sendmail.
    Other,
}

impl Server {
    pub(crate) fn of(version: &str) -> Self {
        if version.starts_with("Postfix") { Self::Postfix } else { Self::Other }
    }

    /// The reverse-path that counts: of the argument of MAIL FROM and `{mail_addr}`.
    pub(crate) fn sender(self, argument: &[u8], mail_addr: Option<Vec<u8>>) -> Cow<'_, [u8]> {
        // Postfix completes `<MAILER-DAEMON>` here, and makes it the null reverse-path later.
        if address::reverse_path(argument).is_ok_and(|path| path == "<>") {
            return Cow::Borrowed(b"<>");
        }
        self.address(argument, mail_addr, |words| address::reverse_path(words).is_ok())
    }

    /// The forward-path that counts: of the argument of RCPT TO and `{rcpt_addr}`.
    pub(crate) fn recipient(self, argument: &[u8], rcpt_addr: Option<Vec<u8>>) -> Cow<'_, [u8]> {
        self.address(argument, rcpt_addr, |words| address::forward_path(words).is_ok())
    }

    /// Postfix completes the client's words before it names them. Sendmail names the user and the host that its tables
    /// make of them (`virtusertable`), often without a domain: there the words count, where they are an address.
    fn address(self, argument: &[u8], named: Option<Vec<u8>>, is_address: impl Fn(&[u8]) -> bool) -> Cow<'_, [u8]> {
        let argument_first = self == Self::Other && Path::parse(argument).is_ok();
        match named.filter(|named| !argument_first && !named.is_empty()) {
            Some(named) if is_address(&named) => Cow::Owned(named),
            _ => Cow::Borrowed(argument),
        }
    }
}
