//! The section `sign`.

use batv_core::tag::{Delimiter, Form};
use batv_policy::MixedRecipients;
use serde::{Deserialize, Deserializer, de};

use crate::site::mailboxes::Mailboxes;
use crate::site::text;

/// Senders that get a tag, and the form of the tag.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Sign {
    /// Senders of the site, which get tags. When there are none: those that the keys serve.
    pub protected: Mailboxes,
    /// Senders without a tag. Their bounces are not judged.
    pub exempt: Mailboxes,
    /// Recipients of mail without a tag: lists that check subscribers by the reverse-path.
    pub exempt_recipients: Mailboxes,
    /// Treatment of a message to exempt recipients and to others.
    #[serde(deserialize_with = "mixed")]
    pub mixed_recipients: MixedRecipients,
    /// Form of new tags.
    #[serde(deserialize_with = "form_name")]
    pub form: Form,
    /// Character between a local part and its sub-address, for [`Form::SubAddress`].
    #[serde(deserialize_with = "delimiter")]
    pub delimiter: Delimiter,
}

impl Sign {
    pub(super) const fn form(&self) -> Form {
        self.form.with_delimiter(self.delimiter)
    }
}

fn mixed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MixedRecipients, D::Error> {
    text::named(deserializer, "treatment", str::parse)
}

fn form_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Form, D::Error> {
    text::named(deserializer, "form", str::parse)
}

fn delimiter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Delimiter, D::Error> {
    Delimiter::new(char::deserialize(deserializer)?).map_err(de::Error::custom)
}
