//! Mailboxes as they are compared.

use alloc::string::{String, ToString};

use batv_core::Mailbox;

/// The canonical form with all ASCII letters in lower case: some servers change the case of a local part on the way.
pub(crate) fn folded(mailbox: &Mailbox<'_>) -> String {
    let mut text = mailbox.to_string();
    text.make_ascii_lowercase();
    text
}
