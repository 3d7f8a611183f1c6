//! Lines and columns of a text.

/// Line and column of a place in a text, both from 1.
///
/// ```
/// use batv_config::Position;
///
/// let position = Position::of("# B\u{fc}cher\nid = 12\n", 15);
/// assert_eq!((position.line, position.column), (2, 6));
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_structs, reason = "a place in a text has a line and a column")]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// Position of the character at this offset in octets; the end of the text for one behind it.
    ///
    /// ```
    /// # use batv_config::Position;
    /// assert_eq!(Position::of("a\nb", 100), Position { line: 2, column: 2 });
    /// ```
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |newline| newline + 1);
        let begins_a_character = |octet: &&u8| **octet & 0b1100_0000 != 0b1000_0000;
        Self {
            line: before.iter().filter(|octet| **octet == b'\n').count() + 1,
            column: before[line_start..].iter().filter(begins_a_character).count() + 1,
        }
    }
}
