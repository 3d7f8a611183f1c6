//! Origin of the message that a bounce returns.

pub mod dkim;
mod identity;
mod investigation;
mod marks;
mod memo;
mod own_hosts;
mod own_mail;
mod provenance;
mod returned_tag;
mod sent_query;

pub use self::identity::author;
pub use self::investigation::{Investigation, origin};
pub use self::own_mail::{Identity, OwnMail};
pub use self::provenance::{Origin, Proof, Provenance};
pub use self::returned_tag::ReturnedTag;
pub use self::sent_query::SentQuery;
