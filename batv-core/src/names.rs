//! Names of enums in configurations, logs and JSON: each is written once, and read back.

use core::error::Error;
use core::fmt;

/// Declares an enum whose values have names: `ALL`, `NAMES`, `as_str`, `Display` and `FromStr`, whose error lists the
/// choices; `Serialize` and `Deserialize` with the feature `serde`.
///
/// A variant may hold something that its name does not tell; `ALL` and `FromStr` then have it with this value.
///
/// ```
/// batv_core::names! {
///     /// Taste of a dish.
///     #[derive(Clone, Copy, Debug, Eq, PartialEq)]
///     pub enum Taste {
///         /// Sugar.
///         Sweet = "sweet",
///         /// Lemons, two unless told otherwise.
///         Sour(u8 = 2) = "sour",
///     }
/// }
///
/// assert_eq!("sour".parse(), Ok(Taste::Sour(2)));
/// assert_eq!(Taste::Sour(3).to_string(), "sour");
/// assert_eq!(Taste::ALL, [Taste::Sweet, Taste::Sour(2)]);
/// assert_eq!(Taste::NAMES, ["sweet", "sour"]);
/// assert_eq!("salty".parse::<Taste>().unwrap_err().to_string(), "unknown name: expected `sweet` or `sour`");
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! names {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident $(($held:ty = $value:expr))? = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$variant_meta])* $variant $(($held))?),+
        }

        impl $name {
            /// All values, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant $(($value))?),+];

            /// Names of all values, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// Name in configurations, logs and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $text),+
                }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::UnknownName;

            fn from_str(name: &str) -> ::core::result::Result<Self, $crate::UnknownName> {
                const UNKNOWN: $crate::UnknownName = $crate::UnknownName::new($name::NAMES);
                Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or(UNKNOWN)
            }
        }

        $crate::serde_names!($name);
    };
}

/// Implements `Serialize` and `Deserialize` by name; nothing without the feature `serde` of this crate, whatever features
/// the crate has in which the macro stands.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! serde_names {
    ($name:ident) => {
        impl $crate::serde_core::Serialize for $name {
            fn serialize<S: $crate::serde_core::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::serde_core::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde_core::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::deserialize_text(deserializer, "a name")
            }
        }
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! serde_names {
    ($name:ident) => {};
}

/// Name that is none of the choices.
///
/// ```
/// use batv_core::Algorithm;
///
/// let error = "md5".parse::<Algorithm>().unwrap_err();
/// assert_eq!(error.choices(), ["hmac-sha1", "hmac-sha256"]);
/// assert_eq!(error.to_string(), "unknown name: expected `hmac-sha1` or `hmac-sha256`");
/// assert_eq!(format!("{error:#}"), "expected `hmac-sha1` or `hmac-sha256`");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownName {
    choices: &'static [&'static str],
}

impl UnknownName {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(choices: &'static [&'static str]) -> Self {
        Self { choices }
    }

    /// Names that would have been right.
    ///
    /// ```
    /// # use batv_core::envelope::Stage;
    /// assert_eq!("never".parse::<Stage>().unwrap_err().choices(), ["rcpt", "data"]);
    /// ```
    #[must_use]
    pub const fn choices(&self) -> &'static [&'static str] {
        self.choices
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if f.alternate() { "expected " } else { "unknown name: expected " })?;
        for (place, name) in self.choices.iter().enumerate() {
            let left = self.choices.len() - place;
            let separator = if left == 1 {
                ""
            } else if left == 2 {
                " or "
            } else {
                ", "
            };
            write!(f, "`{name}`{separator}")?;
        }
        Ok(())
    }
}

impl Error for UnknownName {}
