//! Lists of our domains.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// List of domains, borrowed or owned: `["example.net"]`, a `Vec<String>`, a slice of [`Domain`](crate::Domain)s.
///
/// ```
/// use batv_core::srs::Domains;
///
/// assert_eq!(vec!["example.net".to_owned()].names().len(), 1);
/// assert_eq!((&["example.net", "example.org"]).names(), ["example.net", "example.org"]);
/// ```
pub trait Domains {
    /// One domain.
    type Name: AsRef<str>;

    /// All domains, in their order.
    ///
    /// ```
    /// # use batv_core::srs::Domains;
    /// assert_eq!(["example.net"].names(), ["example.net"]);
    /// ```
    fn names(&self) -> &[Self::Name];
}

impl<T: AsRef<str>> Domains for [T] {
    type Name = T;

    fn names(&self) -> &[T] {
        self
    }
}

impl<T: AsRef<str>, const N: usize> Domains for [T; N] {
    type Name = T;

    fn names(&self) -> &[T] {
        self
    }
}

impl<D: Domains + ?Sized> Domains for &D {
    type Name = D::Name;

    fn names(&self) -> &[D::Name] {
        (**self).names()
    }
}

#[cfg(feature = "alloc")]
impl<T: AsRef<str>> Domains for Vec<T> {
    type Name = T;

    fn names(&self) -> &[T] {
        self
    }
}

#[cfg(feature = "alloc")]
impl<D: Domains + ?Sized> Domains for Box<D> {
    type Name = D::Name;

    fn names(&self) -> &[D::Name] {
        (**self).names()
    }
}

#[cfg(feature = "alloc")]
impl<D: Domains + ?Sized> Domains for Arc<D> {
    type Name = D::Name;

    fn names(&self) -> &[D::Name] {
        (**self).names()
    }
}
