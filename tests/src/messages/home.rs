//! The site whose mail the messages return: its keys, tags and marks.

use batv_config::Keyring;
use batv_core::tag::{self, Delimiter, Form};
use batv_core::{Day, Mailbox, mark};

/// What a judge of the messages is given.
pub(super) const KEYRING: &str = r#"# The keys of the site that the messages come back to. Its secrets are public. Today is 2026-11-25.

[[key]]
use = "batv"
id = 4
algorithm = "hmac-sha256"
secret = "text:the public secret of our test messages"
state = "signing"
lifetime = 7
created = 2026-01-01
domains = ["example.com"]
"#;
/// The reverse-path of its mail, and who gets the bounces.
pub(super) const SENDER: &str = "alice@example.com";

/// 2026-11-25.
const TODAY: u32 = 20_782;

/// The sender's address as it was tagged so many days ago.
pub(super) fn tagged(form: Form, days_ago: u32) -> String {
    let sender = Mailbox::parse(SENDER).expect("an address");
    tag::sign(keyring().keys(), &sender, form, None, day(days_ago)).expect("a tag").to_string()
}

/// A sub-address after `+`.
pub(super) fn sub_address() -> Form {
    Form::SubAddress(Delimiter::default())
}

/// The mark of a message that left so many days ago.
pub(super) fn mark(message_id: &str, days_ago: u32) -> mark::Mark {
    let sender = Mailbox::parse(SENDER).expect("an address");
    mark::make(keyring().keys(), message_id.as_bytes(), &sender, day(days_ago)).expect("a key signs for the sender")
}

/// Its keys.
pub(super) fn keyring() -> Keyring {
    Keyring::parse(KEYRING).expect("a keyring")
}

/// So many days before today.
pub(super) fn day(days_ago: u32) -> Day {
    Day::new(TODAY - days_ago).expect("a day")
}
