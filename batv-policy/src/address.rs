//! The spelling of an address that counts: the one that mail servers make of a client's words.

use alloc::borrow::Cow;

use batv_core::envelope::Mode;
use batv_core::{Error, Mailbox, Path, Pattern, Syntax, UnknownName};

/// Local part without a domain that Postfix also takes for the null reverse-path.
const DAEMON: &str = "MAILER-DAEMON";
/// Mark before text in UTF-8, which some programs write in front of the first address of a file. It is no part of that, though
/// a local part may hold it (RFC 6531 §3.3).
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Spells the argument of MAIL FROM as mail servers do, for [`Path::parse`].
///
/// A correct address stays unchanged. Otherwise blanks and brackets around it, a byte order mark or a source route before it and
/// a dot after it are removed; the domain is written in A-labels (RFC 5890 §2.3.2.1); `user%example.com` and `example.com!user` become
/// `user@example.com`.
/// Blanks, empty quotes, doubled brackets and `<MAILER-DAEMON>` are the null reverse-path.
///
/// # Errors
/// Those of [`Path::parse`] for the original words: also for a local part without a domain, which only its server knows.
///
/// ```
/// use batv_policy::address;
///
/// assert_eq!(address::reverse_path(b"<alice@example.com>")?, "<alice@example.com>");
/// assert_eq!(address::reverse_path(b"<alice@example.com.>")?, "<alice@example.com>");
/// assert_eq!(address::reverse_path("<alice@b\u{fc}cher.example>".as_bytes())?, "<alice@xn--bcher-kva.example>");
/// assert_eq!(address::reverse_path(b"<alice%example.com>")?, "<alice@example.com>");
/// assert_eq!(address::reverse_path(b"<example.com!alice>")?, "<alice@example.com>");
/// assert_eq!(address::reverse_path(b"<MAILER-DAEMON>")?, "<>");
/// assert!(address::reverse_path(b"<alice>").is_err());
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn reverse_path(words: &[u8]) -> Result<Cow<'_, str>, Error> {
    spelled(words, true, None)
}

/// Spells the argument of RCPT TO as mail servers do, for [`Path::parse`]: like [`reverse_path`], but nothing is null.
///
/// # Errors
/// Those of [`Path::parse`] for the original words.
///
/// ```
/// use batv_policy::address;
///
/// assert_eq!(address::forward_path(b"<Alice@Example.COM.>")?, "<Alice@Example.COM>");
/// assert_eq!(address::forward_path(b"postmaster")?, "postmaster");
/// assert!(address::forward_path(b"<MAILER-DAEMON>").is_err());
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn forward_path(words: &[u8]) -> Result<Cow<'_, str>, Error> {
    spelled(words, false, None)
}

/// Writes the domains of a path in A-labels, for [`Path::parse`], and leaves everything else unchanged.
///
/// Byte order marks before the path are removed.
///
/// # Errors
/// Those of [`Path::parse`].
///
/// ```
/// use batv_policy::address;
///
/// assert_eq!(address::path("alice@b\u{fc}cher.example".as_bytes())?, "alice@xn--bcher-kva.example");
/// assert_eq!(address::path("\u{feff}alice@example.com".as_bytes())?, "alice@example.com");
/// assert!(address::path(b"alice@example.com.").is_err());
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn path(words: &[u8]) -> Result<Cow<'_, str>, Error> {
    let words = without_mark(words);
    // What can be read as a path is UTF-8.
    let Err(error) = Path::parse(words) else { return Ok(String::from_utf8_lossy(words)) };
    let mut text = str::from_utf8(words).map_err(|_| error)?.to_owned();
    let mut wrong = error;
    while let Error::Syntax { what: Syntax::ULabel, offset } = wrong {
        let start = text.get(..offset).and_then(|before| before.rfind('@')).map_or(0, |at| at + 1);
        let name = text.get(start..).unwrap_or_default().split(['>', ',', ':', ' ']).next().unwrap_or_default();
        let ascii = a_labels(name).into_owned();
        // Each turn writes one domain in ASCII, so that they come to an end.
        if name.is_ascii() || !ascii.is_ascii() {
            break;
        }
        let end = start + name.len();
        text.replace_range(start..end, &ascii);
        match Path::parse(&text) {
            Ok(_) => return Ok(Cow::Owned(text)),
            Err(error) => wrong = error,
        }
    }
    Err(error)
}

/// Words without a byte order mark, and without another one behind it: else the spelling of an address would have another
/// spelling.
fn without_mark(mut words: &[u8]) -> &[u8] {
    while let Some(rest) = words.strip_prefix(BYTE_ORDER_MARK) {
        words = rest;
    }
    words
}

/// Writes a domain in A-labels, without a dot after it.
///
/// ```
/// use batv_policy::address;
///
/// assert_eq!(address::domain("b\u{fc}cher.example"), "xn--bcher-kva.example");
/// assert_eq!(address::domain("Example.COM"), "Example.COM");
/// ```
#[must_use]
pub fn domain(text: &str) -> Cow<'_, str> {
    a_labels(text.strip_suffix('.').unwrap_or(text))
}

/// Writes a domain in A-labels; one that has none stays unchanged, for the error to name.
fn a_labels(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    idna::domain_to_ascii(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Reads a pattern whose domain may be in U-labels.
///
/// # Errors
/// Those of [`Pattern::parse`].
///
/// ```
/// use batv_core::Mailbox;
/// use batv_policy::address;
///
/// let pattern = address::pattern("b\u{fc}cher.example")?;
/// assert!(pattern.matches(&Mailbox::parse("alice@xn--bcher-kva.example")?));
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn pattern(text: &str) -> Result<Pattern<String>, Error> {
    Pattern::parse(match text.rsplit_once('@') {
        Some((local_part, host)) => format!("{local_part}@{}", domain(host)),
        None => domain(text).into_owned(),
    })
}

/// A pattern with a mode of its own, written `PATTERN=MODE`. The pattern comes in lower case, as
/// [`Rules::modes`](crate::Rules::modes) has it.
///
/// # Errors
/// [`PatternModeError`], for text of another form, an unknown mode, and those of [`pattern`].
///
/// ```
/// use batv_core::envelope::Mode;
/// use batv_policy::address;
///
/// assert_eq!(address::pattern_mode("Example.com=mark")?, ("example.com".to_owned(), Mode::Mark));
/// // A local part may contain the sign, a mode does not.
/// assert_eq!(address::pattern_mode("o=connor@example.com=reject")?.0, "o=connor@example.com");
/// let wrong = address::pattern_mode("example.com").unwrap_err();
/// assert_eq!(wrong.to_string(), "must be like `example.com=mark`");
/// # Ok::<(), address::PatternModeError>(())
/// ```
pub fn pattern_mode(text: &str) -> Result<(String, Mode), PatternModeError> {
    let (text, mode) = text.rsplit_once('=').ok_or(PatternModeError::Form)?;
    let mode = mode.parse()?;
    Ok((mode_name(&pattern(text)?), mode))
}

/// A mailbox or domain and an author in whose name it sends, written `PATTERN=AUTHOR`: for an
/// [`Identity`](batv_bounce::Identity).
///
/// # Errors
/// [`IdentityError`], where no sign divides the text into two patterns.
///
/// ```
/// use batv_policy::address;
///
/// let (mailbox, author) = address::identity("bounces@example.com=news@example.org")?;
/// assert_eq!((mailbox.as_str(), author.as_str()), ("bounces@example.com", "news@example.org"));
/// // A local part may contain the sign, a domain does not.
/// assert_eq!(address::identity("o=connor@example.com=example.org")?.1.as_str(), "example.org");
/// let wrong = address::identity("bounces@example.com").unwrap_err();
/// assert_eq!(wrong.to_string(), "must be like `bounces@example.com=news@example.com`");
/// # Ok::<(), address::IdentityError>(())
/// ```
pub fn identity(text: &str) -> Result<(Pattern<String>, Pattern<String>), IdentityError> {
    let divided = |(at, _)| Some((pattern(&text[..at]).ok()?, pattern(&text[at + 1..]).ok()?));
    text.match_indices('=').find_map(divided).ok_or(IdentityError)
}

/// Error of [`identity`]: text that is not `PATTERN=AUTHOR`.
///
/// ```
/// use batv_policy::address::{IdentityError, identity};
///
/// assert_eq!(identity("example.com=").unwrap_err(), IdentityError);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be like `bounces@example.com=news@example.com`")]
#[expect(clippy::exhaustive_structs, reason = "it has one cause")]
pub struct IdentityError;

/// Name of a pattern in [`Rules::modes`](crate::Rules::modes): in lower case, and the same for all spellings of a mailbox.
///
/// ```
/// use batv_policy::address;
///
/// for spelling in ["news@example.com", "\"news\"@Example.COM", "<News@example.com>"] {
///     assert_eq!(address::mode_name(&address::pattern(spelling)?), "news@example.com");
/// }
/// assert_eq!(address::mode_name(&address::pattern("Example.COM")?), "example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[must_use]
pub fn mode_name(pattern: &Pattern<String>) -> String {
    let text = pattern.as_str();
    match Mailbox::parse(text) {
        Ok(mailbox) if text.contains('@') => mailbox_name(&mailbox),
        _ => text.to_ascii_lowercase(),
    }
}

pub(crate) fn mailbox_name(mailbox: &Mailbox<'_>) -> String {
    let mut name = mailbox.to_string();
    // The parser reads some local parts also without the quotes that RFC 5321 §4.1.2 wants, such as `john..doe`.
    if name.starts_with('"') {
        let local_part: String = mailbox.local_part().characters().collect();
        let bare = format!("{local_part}@{}", mailbox.domain());
        if Mailbox::parse(&bare).is_ok_and(|other| other == *mailbox) {
            name = bare;
        }
    }
    name.make_ascii_lowercase();
    name
}

/// Error of [`pattern_mode`].
///
/// ```
/// use batv_policy::address::{PatternModeError, pattern_mode};
///
/// let wrong = pattern_mode("example.com=refuse").unwrap_err();
/// assert!(matches!(wrong, PatternModeError::Mode(_)));
/// assert_eq!(wrong.to_string(), "unknown mode: expected `observe`, `mark`, `quarantine` or `reject`");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternModeError {
    /// Text that is not `PATTERN=MODE`.
    #[error("must be like `example.com=mark`")]
    Form,
    /// Unknown mode.
    #[error("unknown mode: {0:#}")]
    Mode(#[from] UnknownName),
    /// Pattern that is neither a domain nor a mailbox.
    #[error(transparent)]
    Pattern(#[from] Error),
}

/// Spells a path, and completes a local part without a domain with `local_domain`.
pub(crate) fn spelled<'w>(
    words: &'w [u8],
    is_reverse: bool,
    local_domain: Option<&str>,
) -> Result<Cow<'w, str>, Error> {
    let error = match path(words) {
        // Only these are the null path.
        Ok(text) if is_reverse || !matches!(text.as_ref(), "" | "<>") => return Ok(text),
        Ok(_) => return Err(Error::NullPath),
        Err(error) => error,
    };
    let words = without_mark(words);
    let text = str::from_utf8(words).map_err(|_| error)?;
    let inside = without_route(unbracketed(text));
    let is_null = inside.is_empty() || inside == "\"\"" || inside.eq_ignore_ascii_case(DAEMON);
    let again = match (split(inside), local_domain) {
        _ if is_null && is_reverse => "<>".to_owned(),
        (Some((local_part, host)), _) => format!("<{local_part}@{}>", domain(host)),
        // A bang path has a domain of its own, which cannot be read.
        (None, Some(host)) if is_bare(error) && (inside.starts_with('"') || !inside.contains('!')) => {
            format!("<{inside}@{host}>")
        }
        _ => return Err(error),
    };
    Path::parse(&again).map_err(|_| error)?;
    Ok(Cow::Owned(again))
}

const fn is_bare(error: Error) -> bool {
    matches!(error, Error::Syntax { what: Syntax::MissingDomain, .. })
}

fn unbracketed(text: &str) -> &str {
    let mut text = text.trim_ascii();
    while let Some(inside) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
        text = inside.trim_ascii();
    }
    text
}

/// Splits at the last `@` after all quotes. Where there is none, at the first `!` before all quotes, with the domain in
/// front, or else at the last `%`: in the order of Postfix (`swap_bangpath`, `allow_percent_hack`), which delivers there.
fn split(text: &str) -> Option<(&str, &str)> {
    let behind_quotes = text.rfind('"').unwrap_or(0);
    let last = |mark| text.get(behind_quotes..)?.rfind(mark).map(|at| behind_quotes + at);
    let halves = |at: usize| Some((text.get(..at)?, text.get(at + 1..)?));
    if let Some(at) = last('@') {
        return halves(at);
    }
    let before_quotes = text.split('"').next()?;
    match before_quotes.find('!') {
        Some(at) => halves(at).map(|(host, user)| (user, host)),
        None => halves(last('%')?),
    }
}

/// Text without a source route before it (RFC 5321 §4.1.1.3), which servers ignore.
fn without_route(text: &str) -> &str {
    match text.split_once(':') {
        Some((route, rest)) if route.starts_with('@') => rest,
        _ => text,
    }
}
