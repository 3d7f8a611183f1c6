//! The objects of `--json`: fields and their order are fixed.

use alloc::borrow::Cow;

use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Signed<'a> {
    pub(crate) input: Cow<'a, str>,
    pub(crate) address: Cow<'a, str>,
    pub(crate) key_id: Option<u8>,
    pub(crate) expires: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Refused<'a> {
    pub(crate) input: Cow<'a, str>,
    pub(crate) error: String,
}

#[derive(Serialize)]
pub(crate) struct Verified<'a> {
    pub(crate) input: Cow<'a, str>,
    pub(crate) verdict: &'static str,
    pub(crate) address: Option<Cow<'a, str>>,
    pub(crate) key_id: Option<u8>,
    pub(crate) expires: Option<String>,
    pub(crate) days_left: Option<i32>,
}

#[derive(Serialize)]
pub(crate) struct Unwrapped<'a> {
    pub(crate) input: Cow<'a, str>,
    pub(crate) address: Option<Cow<'a, str>>,
    pub(crate) layers: Vec<Layer>,
}

#[derive(Serialize)]
pub(crate) struct Layer {
    pub(crate) dialect: &'static str,
    pub(crate) address: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Forwarded<'a> {
    pub(crate) input: Cow<'a, str>,
    pub(crate) address: Cow<'a, str>,
}

#[derive(Serialize)]
pub(crate) struct Reversed<'a> {
    pub(crate) input: Cow<'a, str>,
    pub(crate) verdict: &'static str,
    pub(crate) address: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
pub(crate) struct Checked<'a> {
    pub(crate) reverse_path: Cow<'a, str>,
    pub(crate) forward_path: Cow<'a, str>,
    pub(crate) verdict: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) disposition: &'static str,
    pub(crate) reply: String,
    pub(crate) deliver_to: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Key<'a> {
    #[serde(rename = "use")]
    pub(crate) key_use: &'static str,
    pub(crate) id: Option<u8>,
    pub(crate) algorithm: &'static str,
    pub(crate) state: &'static str,
    pub(crate) lifetime: u16,
    pub(crate) created: Option<String>,
    pub(crate) last_valid: Option<String>,
    pub(crate) domains: &'a [String],
}
