//! Evidence in a message: words with a place.

use core::fmt;

/// The most characters of the words.
const MOST_CHARACTERS: usize = 500;

/// Evidence that was found in a message.
///
/// ```
/// use batv_bounce::{Limits, read};
///
/// let reading = read(b"From: MAILER-DAEMON@example.net\nSubject: failure notice\n\n", None, &Limits::default());
/// assert_eq!(reading.evidence[0].to_string(), "From: the author is a program that returns mail");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Evidence {
    /// Place of the evidence.
    pub place: Place,
    /// Evidence in words, which may quote a stranger, without control characters.
    pub words: String,
}

impl Evidence {
    pub(crate) fn new(place: Place, words: &str) -> Self {
        let characters = words.chars().filter(|character| !character.is_control());
        Self { place, words: characters.take(MOST_CHARACTERS).collect() }
    }
}

/// Place of evidence.
///
/// ```
/// use batv_bounce::Place;
///
/// assert_eq!(Place::Part("2.1".to_owned()).to_string(), "part 2.1");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// Envelope.
    Envelope,
    /// Field of the header.
    Field(&'static str),
    /// Part, by its number (RFC 3501 §6.4.5); empty in a message of one part.
    Part(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope => f.write_str("envelope"),
            Self::Field(name) => f.write_str(name),
            Self::Part(number) if number.is_empty() => f.write_str("text"),
            Self::Part(number) => write!(f, "part {number}"),
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.words)
    }
}
