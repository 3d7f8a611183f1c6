//! The forms of a tag, and the characters around it.

use core::fmt;
use core::str::FromStr;

use crate::UnknownName;
use crate::address::LocalPart;
use crate::error::Error;

/// Form of a tag: its place in the local part, and the length of its MAC.
///
/// It prints as its name, and a sub-address with another delimiter than `+` with that as well. That text reads back.
///
/// ```
/// use batv_core::tag::{Delimiter, Form};
///
/// assert_eq!(Form::default(), Form::Prvs);
/// assert_eq!("sub-address".parse(), Ok(Form::SubAddress(Delimiter::default())));
/// let minus = Form::SubAddress(Delimiter::new('-')?);
/// assert_eq!((minus.to_string().as_str(), "sub-address:-".parse()), ("sub-address:-", Ok(minus)));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Form {
    /// `prvs=KDDDSSSSSS=local`, 16 octets longer, 24 bits of MAC.
    #[default]
    Prvs,
    /// `local+prvs=KDDDSSSSSS`, 16 octets longer, the same MAC: for a server that ignores a sub-address. Read by name, it has
    /// the delimiter `+`.
    SubAddress(Delimiter),
    /// `batv=KDDD…=local`, 22 octets longer, 60 bits of HMAC-SHA256 whatever the algorithm of the key.
    Strong,
}

impl Form {
    /// All forms, in the order of their declaration.
    pub const ALL: &'static [Self] = &[Self::Prvs, Self::SubAddress(Delimiter('+')), Self::Strong];
    /// Names of all forms, in the same order.
    pub const NAMES: &'static [&'static str] = &["prvs", "sub-address", "strong"];

    /// Name in configurations, without a delimiter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prvs => "prvs",
            Self::SubAddress(_) => "sub-address",
            Self::Strong => "strong",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubAddress(delimiter) if *delimiter != Delimiter::default() => {
                write!(f, "{}:{}", self.as_str(), delimiter.character())
            }
            _ => f.pad(self.as_str()),
        }
    }
}

impl FromStr for Form {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        const UNKNOWN: UnknownName = UnknownName::new(Form::NAMES);
        if let Some(form) = Self::ALL.iter().find(|form| form.as_str() == text) {
            return Ok(*form);
        }
        let mut rest = text.strip_prefix("sub-address:").ok_or(UNKNOWN)?.chars();
        match (rest.next().map(Delimiter::new), rest.next()) {
            (Some(Ok(delimiter)), None) => Ok(Self::SubAddress(delimiter)),
            _ => Err(UNKNOWN),
        }
    }
}

crate::serde_names!(Form);

impl Form {
    /// Sets the delimiter of a form that has one.
    ///
    /// ```
    /// # use batv_core::tag::{Delimiter, Form};
    /// let minus = Delimiter::new('-')?;
    /// assert_eq!(Form::SubAddress(Delimiter::default()).with_delimiter(minus), Form::SubAddress(minus));
    /// assert_eq!(Form::Strong.with_delimiter(minus), Form::Strong);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn with_delimiter(self, delimiter: Delimiter) -> Self {
        match self {
            Self::SubAddress(_) => Self::SubAddress(delimiter),
            Self::Prvs | Self::Strong => self,
        }
    }
}

/// Character between a local part and its sub-address, `+` unless told otherwise.
///
/// ```
/// use batv_core::tag::Delimiter;
///
/// assert_eq!(Delimiter::new('-')?.character(), '-');
/// assert!(Delimiter::new('a').is_err());
/// assert!(Delimiter::new('@').is_err());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delimiter(pub(super) char);

impl Delimiter {
    /// Makes a delimiter of a punctuation character that a local part may hold without quotes (RFC 5321 §4.1.2, `atext`), or a
    /// dot.
    ///
    /// # Errors
    /// [`Error::Delimiter`] for any other character.
    ///
    /// ```
    /// # use batv_core::{Error, tag::Delimiter};
    /// assert_eq!(Delimiter::new(' '), Err(Error::Delimiter(' ')));
    /// ```
    pub const fn new(character: char) -> Result<Self, Error> {
        match character {
            '!' | '#'..='\'' | '*' | '+' | '-'..='/' | '=' | '?' | '^'..='`' | '{'..='~' => Ok(Self(character)),
            _ => Err(Error::Delimiter(character)),
        }
    }

    /// Character itself.
    ///
    /// ```
    /// # use batv_core::tag::Delimiter;
    /// assert_eq!(Delimiter::default().character(), '+');
    /// ```
    #[must_use]
    pub const fn character(self) -> char {
        self.0
    }
}

impl Default for Delimiter {
    fn default() -> Self {
        Self('+')
    }
}

/// What stands before `delimiter + "prvs=" + tag` at the end, the delimiter, and the tag (batv-tools).
pub(crate) fn split_sub_address<'a>(
    local_part: &LocalPart<'a>,
    tag_length: usize,
) -> Option<(LocalPart<'a>, Delimiter, &'a str)> {
    const TAG_TYPE: &str = "prvs=";
    let text = local_part.whole()?;
    let (before, suffix) = text.split_at_checked(text.len().checked_sub(TAG_TYPE.len() + tag_length)?)?;
    let (tag_type, tag) = suffix.split_at_checked(TAG_TYPE.len())?;
    if !tag_type.eq_ignore_ascii_case(TAG_TYPE) {
        return None;
    }
    let character = before.chars().next_back()?;
    let user = local_part.with(before.strip_suffix(character)?).unescaped_end();
    (!user.is_empty()).then_some((user, Delimiter::new(character).ok()?, tag))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn each_form_reads_back_from_its_text() {
        let delimiters = (0..=127_u8).map(char::from).filter_map(|character| Delimiter::new(character).ok());
        for form in delimiters.map(Form::SubAddress).chain(Form::ALL.iter().copied()) {
            assert_eq!(form.to_string().parse(), Ok(form));
        }
        for text in ["sub-address:", "sub-address:--", "sub-address:a", "prvs:-", "sub-address-"] {
            assert!(text.parse::<Form>().is_err(), "{text}");
        }
    }
}
