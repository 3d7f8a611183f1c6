//! Mailboxes and domains that keys are looked up for.

use crate::address::{Domain, Fit, LocalPart, Mailbox};
use crate::key::material::Key;
use crate::key::purpose::KeyUse;

/// A sender or recipient that BATV keys serve, or one of our domains that SRS keys serve.
#[derive(Clone, Copy, Debug)]
pub(super) enum Served<'m> {
    Mailbox(&'m Mailbox<'m>),
    Domain(&'m Domain<'m>),
}

impl<'m> Served<'m> {
    #[inline]
    pub(super) const fn domain(self) -> Domain<'m> {
        match self {
            Self::Mailbox(mailbox) => mailbox.domain(),
            Self::Domain(domain) => *domain,
        }
    }

    #[inline]
    pub(super) const fn local_part(self) -> Option<LocalPart<'m>> {
        match self {
            Self::Mailbox(mailbox) => Some(mailbox.local_part()),
            Self::Domain(_) => None,
        }
    }

    #[inline]
    pub(super) const fn takes(self, key: &Key) -> bool {
        matches!((self, key.key_use()), (Self::Mailbox(_), KeyUse::Batv(_)) | (Self::Domain(_), KeyUse::Srs))
    }

    #[inline]
    pub(super) fn fit(self, key: &Key) -> Option<Fit> {
        if self.takes(key) { key.fit(&self.domain(), self.local_part().as_ref()) } else { None }
    }
}
