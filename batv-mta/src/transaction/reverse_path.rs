//! The argument of MAIL FROM, and the reverse-path that it stands for.

use alloc::borrow::Cow;
use core::fmt::{self, Write};

use batv_core::{Error, Path};

use crate::settings::Settings;

/// Most octets of an unreadable argument that are kept for the log.
const MOST_SHOWN: usize = 256;

/// The reverse-path of a message. Prints as an address, or as one word for the words that are none.
#[derive(Clone, Debug)]
pub(crate) struct ReversePath(Result<String, Malformed>);

/// The argument of a command that is no address, and the error in it.
#[derive(Clone, Debug)]
pub(crate) struct Malformed {
    pub(super) argument: String,
    pub(super) error: Error,
}

impl Malformed {
    pub(super) fn new(argument: &[u8], error: Error) -> Self {
        let shown = argument.get(..MOST_SHOWN).unwrap_or(argument);
        Self { argument: shown.escape_ascii().to_string(), error }
    }
}

impl ReversePath {
    /// Reads the argument of MAIL FROM, with or without brackets, or the address that the mail server made of it.
    pub(crate) fn new(argument: &[u8], settings: &Settings) -> Self {
        let spelled = settings.rules().reverse_path(argument).map(Cow::into_owned);
        Self(spelled.map_err(|error| Malformed::new(argument, error)))
    }

    /// The path, if it is an address or null.
    pub(crate) fn path(&self) -> Option<Path<'_>> {
        Path::parse(self.0.as_ref().ok()?).ok()
    }

    /// The path by which recipients are judged. A sender that the mail server took and that cannot be read is no bounce, but
    /// the mail of a stranger.
    pub(crate) fn judged(&self) -> Path<'_> {
        self.path().unwrap_or(Path::UNREADABLE)
    }

    pub(super) fn malformed(&self) -> Option<&Malformed> {
        self.0.as_ref().err()
    }
}

impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(_) => self.judged().fmt(f),
            // A stranger wrote it: in a line of the log it must be one word, and no other field.
            Err(Malformed { argument, .. }) => argument.chars().try_for_each(|character| {
                let is_plain = character.is_ascii_graphic() && !matches!(character, '"' | '\\');
                f.write_char(if is_plain { character } else { '?' })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use batv_config::Keyring;

    use super::*;
    use crate::config::Config;

    #[test]
    fn an_unreadable_sender_is_a_stranger_and_one_word() {
        let settings = Settings::new(Config::default(), Keyring::parse("").expect("a keyring")).expect("settings");
        let hostile = br#"<x verdict=genuine "reason=tag-ok@spam.test>"#;
        for (argument, shown) in [
            (&b"<>"[..], "<>"),
            (b"<bob@example.net>", "bob@example.net"),
            (b"\xff@spam.test", "?xff@spam.test"),
            (hostile, "<x?verdict=genuine???reason=tag-ok@spam.test>"),
        ] {
            let reverse_path = ReversePath::new(argument, &settings);
            assert_eq!(reverse_path.to_string(), shown);
            assert_eq!(reverse_path.path().is_none(), reverse_path.judged() == Path::UNREADABLE, "{shown}");
        }
        assert_eq!(ReversePath::new(&[b'x'; 5000], &settings).to_string().len(), MOST_SHOWN);
    }
}
