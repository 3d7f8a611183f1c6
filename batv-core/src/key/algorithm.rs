//! Algorithms of MACs.

crate::names! {
    /// Algorithm by which a key makes its MACs.
    ///
    /// ```
    /// use batv_core::Algorithm;
    ///
    /// assert_eq!("hmac-sha256".parse(), Ok(Algorithm::HmacSha256));
    /// assert_eq!(Algorithm::HmacSha1.to_string(), "hmac-sha1");
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Algorithm {
        /// HMAC-SHA1 over the exact address, as the draft, Exim and batv-tools have it; for SRS the published hash.
        HmacSha1 = "hmac-sha1",
        /// HMAC-SHA256 over the address with its ASCII letters in lower case; for SRS the separated hash.
        #[default]
        HmacSha256 = "hmac-sha256",
    }
}
