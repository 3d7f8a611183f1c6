//! Record of a bounce: the fields of its report, and the message that it returns.

pub(crate) mod original;
pub(crate) mod report;

pub use self::original::{Extent, Original};
pub use self::report::{Action, RecipientReport, Report};
