//! Domains and mailboxes of a key.

use core::fmt;

use batv_core::{Mailbox, Pattern};
use batv_policy::address;
use thiserror::Error;

/// Domains and whole mailboxes that a key is for, or everybody.
///
/// A key for everybody, one for a domain and one for a mailbox of it stand beside each other: the closest one signs.
/// Only keys that name the same domain or mailbox, or are both for everybody, conflict.
///
/// ```
/// use batv_config::Scope;
///
/// let scope = Scope::parse(["Example.COM", "alice@example.net"])?;
/// assert_eq!(scope.to_string(), "example.com, alice@example.net");
/// assert_eq!(Scope::default().to_string(), "everybody");
/// # Ok::<(), batv_config::ScopeError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope(Vec<String>);

/// Text that is not a domain or mailbox.
///
/// ```
/// use batv_config::Scope;
///
/// let error = Scope::parse(["exa mple.com"]).unwrap_err();
/// assert!(error.to_string().starts_with("`exa mple.com` is not a domain or mailbox: "));
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{text}` is not a domain or mailbox: {reason}")]
#[non_exhaustive]
pub struct ScopeError {
    /// Text.
    pub text: String,
    /// What is wrong with it.
    pub reason: batv_core::Error,
}

impl Scope {
    /// Scope of these domains and mailboxes; everybody when there are none. A domain may be in U-labels
    /// (RFC 5890 §2.3.2.1).
    ///
    /// # Errors
    /// [`ScopeError`] for a text that is neither.
    ///
    /// ```
    /// # use batv_config::Scope;
    /// let none: [&str; 0] = [];
    /// assert!(Scope::parse(none)?.is_everybody());
    /// assert_eq!(Scope::parse(["b\u{fc}cher.example"])?.domains(), ["xn--bcher-kva.example"]);
    /// # Ok::<(), batv_config::ScopeError>(())
    /// ```
    pub fn parse<T: AsRef<str>>(domains: impl IntoIterator<Item = T>) -> Result<Self, ScopeError> {
        let mut scope = Self::default();
        for domain in domains {
            let text = domain.as_ref();
            scope.add(text).map_err(|reason| ScopeError { text: text.to_owned(), reason })?;
        }
        Ok(scope)
    }

    /// Whether the key is for everybody.
    ///
    /// ```
    /// # use batv_config::Scope;
    /// assert!(Scope::default().is_everybody());
    /// ```
    #[must_use]
    pub const fn is_everybody(&self) -> bool {
        self.0.is_empty()
    }

    /// Domains and mailboxes as keys are looked up by them: in lower case and A-labels. None for everybody.
    ///
    /// ```
    /// # use batv_config::Scope;
    /// assert_eq!(Scope::parse(["\"Alice\"@Example.COM"])?.domains(), ["alice@example.com"]);
    /// # Ok::<(), batv_config::ScopeError>(())
    /// ```
    #[must_use]
    pub fn domains(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn add(&mut self, text: &str) -> Result<(), batv_core::Error> {
        let pattern = address::pattern(text)?;
        let canonical =
            Mailbox::parse(pattern.as_str()).map_or_else(|_| pattern.to_string(), |mailbox| mailbox.to_string());
        let canonical = canonical.to_ascii_lowercase();
        if !self.0.contains(&canonical) {
            self.0.push(canonical);
        }
        Ok(())
    }

    pub(crate) fn has_mailbox(&self) -> bool {
        self.0.iter().any(|domain| domain.contains('@'))
    }

    /// Each domain and mailbox, or `None` for everybody.
    pub(crate) fn members(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|domain| Some(domain.as_str())).chain(self.is_everybody().then_some(None))
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.members().any(|member| other.members().any(|others| member == others))
    }

    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.members().all(|member| other.members().any(|others| member == others))
    }

    pub(crate) fn patterns(&self) -> Result<Vec<Pattern<String>>, batv_core::Error> {
        self.0.iter().cloned().map(Pattern::parse).collect()
    }
}

impl fmt::Display for Scope {
    /// `everybody`, or the domains and mailboxes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everybody() { f.write_str("everybody") } else { f.write_str(&self.0.join(", ")) }
    }
}
