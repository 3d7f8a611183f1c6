//! Decision as a report counts it.

use alloc::sync::Arc;

use batv_core::envelope::Reason;

use crate::samples::Sample;
use crate::senders::Network;
use crate::tally::{Column, Fate};

/// Decision, by its places in the tables of a report.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) time: Option<i64>,
    pub(crate) column: Column,
    pub(crate) fate: Fate,
    pub(crate) is_answer: bool,
    pub(crate) domain: usize,
    pub(crate) mode: usize,
    /// `None` for a reason of another version.
    pub(crate) reason: Option<Reason>,
    pub(crate) class: Option<usize>,
    pub(crate) listener: usize,
    /// Sender of backscatter.
    pub(crate) network: Option<Network>,
    pub(crate) sample: Option<Arc<Sample>>,
}
