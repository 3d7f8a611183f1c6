#![doc = include_str!("../README.md")]
#![warn(clippy::must_use_candidate)]

extern crate alloc;

pub mod address;
mod answers;
#[cfg(feature = "messages")]
mod delivery;
mod header_fields;
#[cfg(feature = "messages")]
mod may_bounce;
mod recipient;
mod replies;
#[cfg(feature = "messages")]
mod rows;
mod rules;
mod ruling;
mod sender;
mod site;
mod srs;

pub use answers::{Answers, HandleAnswer, Question, Replayed, SentAnswer, TagPlace};
#[cfg(feature = "messages")]
pub use delivery::{Delivery, Message};
pub use header_fields::{Findings, STATUS_FIELD, VERDICT_FIELD};
#[cfg(feature = "messages")]
pub use may_bounce::{
    BounceAnswer, BouncePolicy, BounceQuestion, BounceReason, MayBounce, NoticeKind, Notify, NotifyError, may_bounce,
};
pub use recipient::Recipient;
pub use replies::{REPLY_TEXT_LIMIT, REPLY_URL_LIMIT, Replies, ReplyError};
#[cfg(feature = "messages")]
pub use rows::Row;
pub use rules::{MessageRules, MixedRecipients, Rules, SrsRules};
pub use ruling::Ruling;
pub use sender::{ExemptRecipients, Handling, Outgoing, Sender, UnchangedReason};
pub use site::{Site, View};
