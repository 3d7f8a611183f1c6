#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod address;
mod answers;
mod recipient;
pub mod rows;
mod rules;
mod ruling;
mod sender;
mod site;
mod srs;

pub use answers::{Answers, HandleAnswer, Question, SentAnswer};
pub use recipient::{Delivery, Message, Recipient};
pub use rows::is_refused;
pub use rules::{MessageRules, MixedRecipients, Rules, SrsRules};
pub use ruling::Ruling;
pub use sender::{ExemptRecipients, Handling, Outgoing, Sender, Unchanged};
pub use site::{Site, View};
