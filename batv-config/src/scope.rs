//! Which mailboxes a key is for.
use core::fmt;

use batv_core::Pattern;

use crate::error::Error;

/// The domains and mailboxes that a key is for; everybody when there are none.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// The scope of these domains and whole mailboxes; of none of them, everybody.
    ///
    /// # Errors
    /// [`Error::Domain`].
    pub fn parse<T: AsRef<str>>(domains: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        let _ = (domains.into_iter().next(), Pattern::parse("example.com"));
        todo!()
    }

    /// Whether it is everybody.
    pub fn is_everybody(&self) -> bool {
        self.0.is_empty()
    }

    /// The domains and mailboxes, in lower case.
    pub fn domains(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Scope {
    /// `everybody`, or the domains and mailboxes with commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everybody() { f.write_str("everybody") } else { f.write_str(&self.0.join(", ")) }
    }
}
