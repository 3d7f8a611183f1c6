//! The one spelling of an address that counts: of the words of a client, that which its server makes of them.

use alloc::borrow::Cow;

use batv_core::{Error, Path, Pattern, Syntax};

/// The local part, without a domain, by which Postfix takes the null reverse-path, too (`double_bounce_sender` is another).
const DAEMON: &str = "MAILER-DAEMON";
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The argument of MAIL FROM in the spelling that counts, for [`Path::parse`].
///
/// What is an address already stays as it is. Else, as mail servers do: blanks and brackets around it, a byte order mark
/// before it and a dot behind it go; the domain is written in A-labels (RFC 5890 §2.3.2.1); `user%example.com` is
/// `user@example.com`. Blanks, empty quotes, doubled brackets and `<MAILER-DAEMON>` are the null reverse-path.
///
/// # Errors
/// Those of [`Path::parse`], of the words as they came: also for a local part alone, whose domain only its server knows.
///
/// ```
/// use batv_policy::address;
///
/// assert_eq!(address::reverse_path(b"<alice@example.com>")?, "<alice@example.com>");
/// assert_eq!(address::reverse_path(b"<alice@example.com.>")?, "<alice@example.com>");
/// assert_eq!(address::reverse_path("<alice@b\u{fc}cher.example>".as_bytes())?, "<alice@xn--bcher-kva.example>");
/// assert_eq!(address::reverse_path(b"<alice%example.com>")?, "<alice@example.com>");
/// assert_eq!(address::reverse_path(b"<MAILER-DAEMON>")?, "<>");
/// assert!(address::reverse_path(b"<alice>").is_err());
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn reverse_path(words: &[u8]) -> Result<Cow<'_, str>, Error> {
    spelled(words, true)
}

/// The argument of RCPT TO in the spelling that counts, for [`Path::parse`]: as [`reverse_path`], but nothing is null.
///
/// # Errors
/// Those of [`Path::parse`], of the words as they came.
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
    spelled(words, false)
}

/// A path whose domains are in A-labels, for [`Path::parse`], where nothing else may be spelled in another way. A byte order
/// mark before it is no part of it.
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
    let words = words.strip_prefix(BYTE_ORDER_MARK).unwrap_or(words);
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

/// A domain in A-labels, without the dot behind it, where it is written in another way.
///
/// ```
/// use batv_policy::address;
///
/// assert_eq!(address::domain("b\u{fc}cher.example"), "xn--bcher-kva.example");
/// assert_eq!(address::domain("Example.COM"), "Example.COM");
/// ```
pub fn domain(text: &str) -> Cow<'_, str> {
    a_labels(text.strip_suffix('.').unwrap_or(text))
}

/// What can't be written stays as it is, for the error to name.
fn a_labels(text: &str) -> Cow<'_, str> {
    match idna::domain_to_ascii(text) {
        Ok(ascii) if !text.is_ascii() => Cow::Owned(ascii),
        _ => Cow::Borrowed(text),
    }
}

/// A pattern, whose domain may be in U-labels.
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

fn spelled(words: &[u8], is_reverse: bool) -> Result<Cow<'_, str>, Error> {
    let error = match path(words) {
        // Only these are the null path.
        Ok(text) if is_reverse || !matches!(text.as_ref(), "" | "<>") => return Ok(text),
        Ok(_) => return Err(Error::NullPath),
        Err(error) => error,
    };
    let words = words.strip_prefix(BYTE_ORDER_MARK).unwrap_or(words);
    let text = str::from_utf8(words).map_err(|_| error)?;
    let inside = unbracketed(text);
    let is_null = inside.is_empty() || inside == "\"\"" || inside.eq_ignore_ascii_case(DAEMON);
    let again = match split(inside) {
        _ if is_null && is_reverse => "<>".to_owned(),
        Some((local_part, host)) => format!("<{local_part}@{}>", domain(host)),
        None => return Err(error),
    };
    Path::parse(&again).map_err(|_| error)?;
    Ok(Cow::Owned(again))
}

fn unbracketed(text: &str) -> &str {
    let mut text = text.trim_ascii();
    while let Some(inside) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
        text = inside.trim_ascii();
    }
    text
}

/// At the last `@`, behind which there are no quotes; or at the last `%`, where there is no `@`.
fn split(text: &str) -> Option<(&str, &str)> {
    let behind_quotes = text.rfind('"').unwrap_or(0);
    let at = |mark| text.get(behind_quotes..)?.rfind(mark).map(|at| behind_quotes + at);
    let at = at('@').or_else(|| at('%'))?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}
