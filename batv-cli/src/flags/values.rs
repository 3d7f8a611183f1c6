//! Values of options.

use alloc::borrow::Cow;
use core::str::FromStr;

use batv_core::srs::Separator;
use batv_core::tag::{Delimiter, Form};
use batv_core::{Domain, KeyId, Lifetime, UnknownName};
use batv_policy::address;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Parser of an enum by its names.
pub(crate) fn named<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = UnknownName> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// Parser of [`Form`].
pub(crate) fn form() -> impl TypedValueParser<Value = Form> {
    let help = |form: &Form| match form {
        Form::SubAddress(_) => "`alice+prvs=KDDDSSSSSS@…`, for servers that ignore the part after a delimiter",
        Form::Strong => "`batv=KDDD…=alice@…`, with 60 bits of MAC instead of 24; only this program verifies it",
        _ => "`prvs=KDDDSSSSSS=alice@…`, as in the draft, Exim and batv-tools",
    };
    let values = Form::ALL.iter().map(|form| PossibleValue::new(form.as_str()).help(help(form)));
    PossibleValuesParser::new(values).try_map(|name| name.parse())
}

pub(crate) fn delimiter(text: &str) -> Result<Delimiter, String> {
    let character = text.parse().map_err(|_| "expected one character".to_owned())?;
    Delimiter::new(character).map_err(|error| error.to_string())
}

pub(crate) fn separator(text: &str) -> Result<Separator, &'static str> {
    text.parse().ok().and_then(|character| Separator::new(character).ok()).ok_or("expected =, + or -")
}

pub(crate) fn lifetime(text: &str) -> Result<Lifetime, String> {
    let days = text.parse().map_err(|_| "expected a number of days".to_owned())?;
    Lifetime::new(days).map_err(|error| error.to_string())
}

pub(crate) fn key_id(text: &str) -> Result<KeyId, String> {
    let number = text.parse().map_err(|_| "expected a digit from 0 to 9".to_owned())?;
    KeyId::new(number).map_err(|error| error.to_string())
}

pub(crate) fn domain(text: &str) -> Result<String, batv_core::Error> {
    let domain = address::domain(text);
    Domain::parse(domain.as_ref())?;
    Ok(domain.into_owned())
}

pub(crate) fn path(text: &str) -> Result<String, batv_core::Error> {
    address::reverse_path(text.as_bytes()).map(Cow::into_owned)
}

pub(crate) fn mailbox(text: &str) -> Result<String, batv_core::Error> {
    address::forward_path(text.as_bytes()).map(Cow::into_owned)
}

pub(crate) fn pattern(text: &str) -> Result<String, batv_core::Error> {
    address::pattern(text).map(|pattern| pattern.as_str().to_owned())
}
