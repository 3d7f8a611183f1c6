//! The objects of `--json`: fields and their order are fixed.

use core::fmt::Display;

use serde::{Serialize, Serializer};

/// Text that goes straight into the output. A string for each would grow piece by piece, and threads that do so wait for each
/// other in the allocator.
pub(crate) struct Text<'a>(pub(crate) &'a dyn Display);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

impl<'a> Text<'a> {
    pub(crate) fn of(text: &'a impl Display) -> Self {
        Self(text)
    }
}

/// Object with these fields, in this order.
macro_rules! object {
    ($($field:ident: $value:expr),+ $(,)?) => {{
        #[expect(non_camel_case_types, reason = "the type of a field has its name")]
        mod object {
            #[derive(serde::Serialize)]
            pub(super) struct Object<$($field),+> {
                $(pub(super) $field: $field),+
            }
        }
        object::Object { $($field: $value),+ }
    }};
}
pub(crate) use object;

/// Object with the evidence at its end.
#[derive(Serialize)]
pub(crate) struct Explained<T> {
    #[serde(flatten)]
    pub(crate) object: T,
    pub(crate) evidence: Vec<String>,
}

/// An object with these names, in their order.
pub(crate) struct Counts<T>(pub(crate) Vec<(&'static str, T)>);

impl<T: Serialize> Serialize for Counts<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name, count)))
    }
}
