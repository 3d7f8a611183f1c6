//! Line ending of a raw key file.

/// Line ending of a raw key file. It is part of the secret for batv-tools, but not for Exim, whose key is a string in its
/// configuration: the same file can stand for two secrets.
///
/// ```
/// use batv_config::LineEnding;
///
/// assert_eq!(LineEnding::of(b"s3kr1t\n"), Some(LineEnding::Lf));
/// assert_eq!(LineEnding::of(b"s3kr1t\r\n"), Some(LineEnding::CrLf));
/// assert_eq!(LineEnding::of(b"s3kr1t"), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "text files know no other")]
pub enum LineEnding {
    /// One octet, `\n`.
    Lf,
    /// Two octets, `\r\n`.
    CrLf,
}

impl LineEnding {
    /// Line ending of a secret, if it has one.
    ///
    /// ```
    /// # use batv_config::LineEnding;
    /// assert!(LineEnding::of(b"").is_none());
    /// ```
    #[must_use]
    pub fn of(secret: &[u8]) -> Option<Self> {
        if secret.ends_with(b"\r\n") {
            Some(Self::CrLf)
        } else if secret.ends_with(b"\n") {
            Some(Self::Lf)
        } else {
            None
        }
    }

    /// Secret without its line ending.
    ///
    /// ```
    /// # use batv_config::LineEnding;
    /// assert_eq!(LineEnding::strip(b"s3kr1t\r\n"), b"s3kr1t");
    /// assert_eq!(LineEnding::strip(b"s3kr1t\n\n"), b"s3kr1t\n");
    /// ```
    #[must_use]
    pub fn strip(secret: &[u8]) -> &[u8] {
        let octets = match Self::of(secret) {
            Some(Self::CrLf) => 2,
            Some(Self::Lf) => 1,
            None => 0,
        };
        &secret[..secret.len() - octets]
    }
}
