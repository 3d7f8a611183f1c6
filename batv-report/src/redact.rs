//! Addresses and other text that strangers chose, made safe to show.

use core::fmt::{self, Write as _};

use batv_core::{Mailbox, Path, dialect};

use crate::senders::Network;

/// Text in one line without side effects: control characters, and those that are invisible or change the direction of
/// text, are shown by their number.
///
/// ```
/// use batv_report::Plain;
///
/// assert_eq!(Plain("a\u{202e}b").to_string(), r"a\u{202e}b");
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is a text")]
pub struct Plain<'t>(pub &'t str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if acts(character) {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Whether a character affects the text around it (Unicode Technical Report 36, §3.5 and Bidi_Control).
pub(crate) fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Part of an address that is shown.
///
/// ```
/// use batv_report::Shown;
///
/// assert_eq!(Shown::Redacted.address("prvs=0788c05b3f=alice@example.com"), "a…@example.com");
/// assert_eq!(Shown::Redacted.client("192.0.2.7"), "192.0.2.0/24");
/// assert_eq!(Shown::Whole.address("alice@example.com"), "alice@example.com");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "an address is shown whole or not")]
pub enum Shown {
    /// First letter and domain of a mailbox; network of a client.
    #[default]
    Redacted,
    /// Whole address.
    Whole,
}

impl Shown {
    /// Address in one line, without characters that affect the text around them.
    ///
    /// ```
    /// # use batv_report::Shown;
    /// assert_eq!(Shown::Redacted.address("<>"), "<>");
    /// assert_eq!(Shown::Redacted.address("no address at all"), "…");
    /// ```
    #[must_use]
    pub fn address(self, address: &str) -> String {
        if self == Self::Whole || address == "<>" {
            return Plain(address).to_string();
        }
        let inner = untagged(address);
        let Ok(Path::Mailbox(mailbox)) = Path::parse(inner.as_deref().unwrap_or(address)) else {
            return "…".to_owned();
        };
        let first: String = first_letter(&mailbox).into_iter().collect();
        format!("{first}…@{}", Plain(mailbox.domain().as_str()))
    }

    /// Address of a client, or its network.
    ///
    /// ```
    /// # use batv_report::Shown;
    /// assert_eq!(Shown::Redacted.client("2001:db8:0:1::25"), "2001:db8:0:1::/64");
    /// assert_eq!(Shown::Redacted.client("local"), "local");
    /// ```
    #[must_use]
    pub fn client(self, client: &str) -> String {
        match Network::of(client) {
            Some(network) if self == Self::Redacted => network.to_string(),
            None if self == Self::Redacted && client != "local" => "…".to_owned(),
            _ => Plain(client).to_string(),
        }
    }
}

/// Address without its tags; `None` when it has none.
pub(crate) fn untagged(address: &str) -> Option<String> {
    if !address.contains('=') {
        return None;
    }
    let Ok(Path::Mailbox(mailbox)) = Path::parse(address) else { return None };
    let inner: Option<Mailbox<'_>> =
        dialect::unwrap(&mailbox, dialect::Strictness::Identity).filter_map(|layer| layer.mailbox).last();
    inner.map(|mailbox| mailbox.to_string())
}

fn first_letter(mailbox: &Mailbox<'_>) -> Option<char> {
    mailbox.local_part().characters().next().filter(|character| character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses() {
        for (address, redacted) in [
            ("alice@example.com", "a…@example.com"),
            ("\"alice smith\"@example.com", "a…@example.com"),
            ("\" \"@example.com", "…@example.com"),
            ("@example.com", "…"),
            ("alice", "…"),
            ("", "…"),
            ("SRS0=8nW7=2W=example.com=alice@forwarder.example.net", "a…@example.com"),
            ("ünal@example.com", "ü…@example.com"),
        ] {
            assert_eq!(Shown::Redacted.address(address), redacted, "{address}");
        }
        assert_eq!(Shown::Whole.address("a\u{202e}b\u{1b}[31m\n"), "a\\u{202e}b\\u{1b}[31m\\u{a}");
    }

    proptest! {
        #[test]
        fn nothing_acts(text in any::<String>(), whole in any::<bool>()) {
            let shown = if whole { Shown::Whole } else { Shown::Redacted };
            for text in [shown.address(&text), shown.client(&text), Plain(&text).to_string()] {
                prop_assert!(!text.contains(acts), "{:?}", text);
            }
        }

        #[test]
        fn one_letter_at_most(local_part in "[a-z]{2,40}", digits in "[0-9a-f]{6}") {
            let redacted = Shown::Redacted.address(&format!("prvs=0788{digits}={local_part}@example.com"));
            prop_assert_eq!(redacted, format!("{}…@example.com", &local_part[..1]));
        }
    }
}
