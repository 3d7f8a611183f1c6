//! The objects of `--json`: fields and their order are fixed.

use alloc::borrow::Cow;
use core::fmt::Display;

use batv_core::dialect;
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

#[derive(Serialize)]
pub(crate) struct Signed<'a> {
    pub(crate) input: &'a str,
    pub(crate) address: Text<'a>,
    pub(crate) key_id: Option<u8>,
    pub(crate) expires: Option<Text<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Refused<'a> {
    pub(crate) input: &'a str,
    pub(crate) error: Text<'a>,
}

#[derive(Serialize)]
pub(crate) struct Verified<'a> {
    pub(crate) input: &'a str,
    pub(crate) verdict: &'static str,
    pub(crate) address: Option<Text<'a>>,
    pub(crate) key_id: Option<u8>,
    pub(crate) expires: Option<Text<'a>>,
    pub(crate) days_left: Option<i32>,
}

#[derive(Serialize)]
pub(crate) struct Unwrapped<'a> {
    pub(crate) input: &'a str,
    pub(crate) address: Option<Text<'a>>,
    pub(crate) layers: Layers<'a>,
}

/// The tags of an address, from the outermost inwards.
pub(crate) struct Layers<'a>(pub(crate) &'a [dialect::Layer<'a>]);

impl Serialize for Layers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Layer::of))
    }
}

#[derive(Serialize)]
struct Layer<'a> {
    dialect: &'static str,
    address: Option<Text<'a>>,
}

impl<'a> Layer<'a> {
    fn of(layer: &'a dialect::Layer<'_>) -> Self {
        Self { dialect: layer.dialect.as_str(), address: layer.mailbox.as_ref().map(Text::of) }
    }
}

#[derive(Serialize)]
pub(crate) struct Forwarded<'a> {
    pub(crate) input: &'a str,
    pub(crate) address: Text<'a>,
}

#[derive(Serialize)]
pub(crate) struct Reversed<'a> {
    pub(crate) input: &'a str,
    pub(crate) verdict: &'static str,
    pub(crate) address: Option<Text<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Checked<'a> {
    pub(crate) reverse_path: Cow<'a, str>,
    pub(crate) forward_path: Cow<'a, str>,
    pub(crate) verdict: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) disposition: &'static str,
    pub(crate) reply: Text<'a>,
    pub(crate) deliver_to: Option<Text<'a>>,
    pub(crate) mode: Option<&'static str>,
    pub(crate) in_reject: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Judged<'a> {
    pub(crate) input: &'a str,
    pub(crate) class: &'static str,
    pub(crate) action: Option<&'static str>,
    pub(crate) reverse_path: Option<String>,
    pub(crate) forward_path: Option<String>,
    pub(crate) verdict: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) disposition: Option<&'static str>,
    pub(crate) reply: Option<String>,
    pub(crate) deliver_to: Option<String>,
    pub(crate) origin: Option<&'static str>,
    pub(crate) original: Option<&'static str>,
    pub(crate) message_id: Option<String>,
    pub(crate) final_recipient: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    pub(crate) cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<Vec<String>>,
}

#[derive(Serialize)]
pub(crate) struct Summary<'a> {
    pub(crate) messages: u64,
    pub(crate) unreadable: u64,
    pub(crate) cut: u64,
    pub(crate) verdicts: Counts<u64>,
    pub(crate) classes: Counts<u64>,
    pub(crate) modes: Counts<Counts<u64>>,
    pub(crate) causes: Vec<Cause<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Cause<'a> {
    pub(crate) reason: &'static str,
    pub(crate) class: &'static str,
    pub(crate) host: Option<&'a str>,
    pub(crate) messages: u64,
}

#[derive(Serialize)]
pub(crate) struct MayBounce<'a> {
    pub(crate) reverse_path: String,
    pub(crate) forward_path: Option<&'a str>,
    pub(crate) may_bounce: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) row: u8,
    pub(crate) words: &'static str,
}

/// An object with these names, in their order.
pub(crate) struct Counts<T>(pub(crate) Vec<(&'static str, T)>);

impl<T: Serialize> Serialize for Counts<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name, count)))
    }
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
