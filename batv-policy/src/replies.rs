//! SMTP replies in a site's own words.

use alloc::collections::BTreeMap;

use batv_core::UnknownName;
use batv_core::envelope::{Reply, ReplyName};

/// Longest text of a reply, in octets: with its codes and a URL, it fits the reply line of RFC 5321 §4.5.3.1.5.
pub const REPLY_TEXT_LIMIT: usize = 400;
/// Longest URL of a reply, in octets.
pub const REPLY_URL_LIMIT: usize = 90;

/// Texts that a site gives to its SMTP replies, and the page that explains its refusals.
///
/// ```
/// use batv_core::envelope::ReplyName;
/// use batv_policy::Replies;
///
/// let mut replies = Replies::default();
/// replies.set("not-our-bounce", "We did not send this")?;
/// replies.set("url", "https://example.com/bounces")?;
/// let reply = replies.reply(ReplyName::NotOurBounce);
/// assert_eq!(reply.to_string(), "550 5.7.1 We did not send this; see https://example.com/bounces");
/// # Ok::<(), batv_policy::ReplyError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Replies {
    texts: BTreeMap<ReplyName, String>,
    url: Option<String>,
}

impl Replies {
    /// Sets the text of the reply with this name, or the URL that is appended to all refusals when the name is `url`.
    ///
    /// # Errors
    /// [`ReplyError`]; nothing is changed then.
    ///
    /// ```
    /// # use batv_policy::Replies;
    /// let mut replies = Replies::default();
    /// assert!(replies.set("not-our-bonce", "We did not send this").is_err());
    /// assert_eq!(
    ///     replies.set("tag-forged", "Nein,\ndanke").unwrap_err().to_string(),
    ///     "character '\\n' at offset 5: a reply is one line of printable ASCII without `%`, `\"` and `\\`"
    /// );
    /// ```
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), ReplyError> {
        if name == "url" {
            check(text, REPLY_URL_LIMIT)?;
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) || text.contains(' ') {
                return Err(ReplyError::Url);
            }
            self.url = Some(text.to_owned());
        } else {
            let name = name.parse().map_err(ReplyError::Name)?;
            check(text, REPLY_TEXT_LIMIT)?;
            // Some servers read three digits at the start as the code of the reply, whatever comes behind them.
            if text.trim_start().get(..3).is_some_and(|start| start.bytes().all(|octet| octet.is_ascii_digit())) {
                return Err(ReplyError::Code);
            }
            self.texts.insert(name, text.to_owned());
        }
        Ok(())
    }

    /// Texts that are set, and the URL, by their names.
    ///
    /// ```
    /// # use batv_policy::Replies;
    /// let mut replies = Replies::default();
    /// replies.set("tag-forged", "We did not send this")?;
    /// assert!(replies.texts().eq([("tag-forged", "We did not send this")]));
    /// # Ok::<(), batv_policy::ReplyError>(())
    /// ```
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts = self.texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        texts.chain(self.url.as_deref().map(|url| ("url", url)))
    }

    /// Reply with the text of the site, or the standard text where it has none. Refusals (5yz) get the URL.
    pub fn reply(&self, name: ReplyName) -> Reply<'_> {
        self.worded(name.reply())
    }

    pub(crate) fn worded<'r>(&'r self, reply: Reply<'r>) -> Reply<'r> {
        let text = reply.name.and_then(|name| self.texts.get(&name)).map_or(reply.text, String::as_str);
        let url = self.url.as_deref().filter(|_| reply.code >= 500);
        Reply { text, url, ..reply }
    }
}

fn check(text: &str, limit: usize) -> Result<(), ReplyError> {
    // Sendmail reads `%` in the reply of a milter as the begin of a format, and the line protocol puts replies in quotes.
    let is_wrong = |&(_, character): &(usize, char)| !matches!(character, ' '..='~') || "%\"\\".contains(character);
    match text.char_indices().find(is_wrong) {
        Some((offset, character)) => Err(ReplyError::Character { character, offset }),
        None if text.trim().is_empty() => Err(ReplyError::Empty),
        None if text.len() > limit => Err(ReplyError::TooLong { length: text.len(), limit }),
        None => Ok(()),
    }
}

/// Reason why a text can't be that of a reply.
///
/// ```
/// use batv_policy::{Replies, ReplyError};
///
/// assert_eq!(Replies::default().set("tag-forged", ""), Err(ReplyError::Empty));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// Name that is no reply's.
    #[error("unknown reply: {0:#}, or `url`")]
    Name(UnknownName),
    /// Text without a word.
    #[error("text is empty")]
    Empty,
    /// Control character, line end, character beyond ASCII, `%`, `"`, or `\`.
    #[error(
        "character {character:?} at offset {offset}: a reply is one line of printable ASCII without `%`, `\"` and `\\`"
    )]
    Character {
        /// Character that is not allowed.
        character: char,
        /// Octets from the start of the text.
        offset: usize,
    },
    /// Text that does not fit on a line (RFC 5321 §4.5.3.1.5).
    #[error("text of {length} octets is over the limit of {limit}")]
    TooLong {
        /// Length in octets.
        length: usize,
        /// Limit in octets.
        limit: usize,
    },
    /// Text that begins with a reply code.
    #[error("text begins with three digits, as a reply code does: leave the codes out, they stay as they are")]
    Code,
    /// URL of another scheme, without a host, or with a space.
    #[error("URL must be like `https://example.com/bounces`, without a space")]
    Url,
}
