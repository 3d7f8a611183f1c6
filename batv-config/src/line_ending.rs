//! Line ending of a raw key file.

/// Secret of a raw key file without its line ending, `\n` or `\r\n`. The ending is part of the secret for batv-tools, but not
/// for Exim, whose key is a string in its configuration: the same file can stand for two secrets.
///
/// ```
/// use batv_config::without_line_ending;
///
/// assert_eq!(without_line_ending(b"s3kr1t\r\n"), b"s3kr1t");
/// assert_eq!(without_line_ending(b"s3kr1t\n\n"), b"s3kr1t\n");
/// assert_eq!(without_line_ending(b"s3kr1t"), b"s3kr1t");
/// ```
#[must_use]
pub fn without_line_ending(secret: &[u8]) -> &[u8] {
    secret.strip_suffix(b"\n").map_or(secret, |line| line.strip_suffix(b"\r").unwrap_or(line))
}
