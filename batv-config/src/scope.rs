//! Whom a key is for.

use core::fmt;

use batv_core::{Mailbox, Pattern};

use crate::error::Error;

/// The domains and whole mailboxes that a key is for, or everybody.
///
/// A key for everybody, one for a domain and one for a mailbox of it stand beside each other: the closest one signs.
/// Only keys that name the same domain or mailbox, or are both for everybody, get into each other's way.
///
/// ```
/// use batv_config::Scope;
///
/// let scope = Scope::parse(["Example.COM", "alice@example.net"])?;
/// assert_eq!(scope.to_string(), "example.com, alice@example.net");
/// assert_eq!(Scope::default().to_string(), "everybody");
/// # Ok::<(), batv_config::Error>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// The scope of these domains and mailboxes; everybody when there are none.
    ///
    /// # Errors
    /// [`Error::Domain`] for what is neither.
    ///
    /// ```
    /// # use batv_config::Scope;
    /// let none: [&str; 0] = [];
    /// assert!(Scope::parse(none)?.is_everybody());
    /// assert!(Scope::parse(["exa mple.com"]).is_err());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn parse<T: AsRef<str>>(domains: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        let mut scope = Self::default();
        for domain in domains {
            let domain = domain.as_ref();
            scope.add(domain).map_err(|reason| Error::Domain { domain: domain.to_owned(), reason })?;
        }
        Ok(scope)
    }

    /// Whether it is everybody.
    ///
    /// ```
    /// # use batv_config::Scope;
    /// assert!(Scope::default().is_everybody());
    /// ```
    pub const fn is_everybody(&self) -> bool {
        self.0.is_empty()
    }

    /// The domains and mailboxes in lower case, for that is how keys are looked up; none for everybody.
    ///
    /// ```
    /// # use batv_config::Scope;
    /// assert_eq!(Scope::parse(["\"Alice\"@Example.COM"])?.domains(), ["alice@example.com"]);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn domains(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn add(&mut self, domain: &str) -> Result<(), batv_core::Error> {
        Pattern::parse(domain)?;
        let canonical = if domain.contains('@') { Mailbox::parse(domain)?.to_string() } else { domain.to_owned() };
        let canonical = canonical.to_ascii_lowercase();
        if !self.0.contains(&canonical) {
            self.0.push(canonical);
        }
        Ok(())
    }

    pub(crate) fn has_mailbox(&self) -> bool {
        self.0.iter().any(|domain| domain.contains('@'))
    }

    /// Each one that it names, or `None` for everybody.
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
