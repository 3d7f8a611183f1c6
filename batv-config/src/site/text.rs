//! Values that a configuration writes as strings, with the position of the wrong one.

use core::fmt::{self, Display};
use core::marker::PhantomData;
use core::str::FromStr;

use batv_core::{Domain, UnknownName};
use batv_policy::address;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// Reads a string by a function. Its error gets the position of this string, also within a list.
///
/// # Errors
/// The error of `read`, or that the value is no string.
///
/// ```
/// use batv_config::site::text;
///
/// let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new("9900");
/// assert_eq!(text::read(text, |text| text.parse::<u16>()), Ok(9900));
/// ```
pub fn read<'de, D: Deserializer<'de>, T, E: Display>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Text(read, PhantomData))
}

/// Reads a string by its type's [`FromStr`].
///
/// # Errors
/// As [`read`].
///
/// ```
/// use batv_config::site::text;
///
/// let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new("9900");
/// assert_eq!(text::parsed::<_, u16>(text), Ok(9900));
/// ```
pub fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    read(deserializer, str::parse)
}

/// Reads one of a few names.
pub(super) fn named<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &str,
    find: impl FnOnce(&str) -> Result<T, UnknownName>,
) -> Result<T, D::Error> {
    read(deserializer, |name| find(name).map_err(|unknown| format!("unknown {what} `{name}`: {unknown:#}")))
}

/// Reads domains, which may be in U-labels.
pub(super) fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let domains = Vec::<DomainName>::deserialize(deserializer)?;
    Ok(domains.into_iter().map(|DomainName(domain)| domain).collect())
}

struct DomainName(String);

impl<'de> Deserialize<'de> for DomainName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |text| {
            let domain = address::domain(text).into_owned();
            Domain::parse(&domain).map_err(|error| format!("`{text}`: {error}"))?;
            Ok::<_, String>(Self(domain))
        })
    }
}

struct Text<F, E>(F, PhantomData<E>);

impl<T, E: Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for Text<F, E> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<X: Error>(self, text: &str) -> Result<T, X> {
        (self.0)(text).map_err(X::custom)
    }
}
