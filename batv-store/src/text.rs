//! Mailboxes in the spelling that is compared.

use alloc::string::{String, ToString};

use batv_core::Mailbox;

/// Canonical form of a mailbox, with all ASCII letters in lower case: some servers change the case of a local part.
pub(crate) fn folded(mailbox: &Mailbox<'_>) -> String {
    let mut text = mailbox.to_string();
    text.make_ascii_lowercase();
    text
}
