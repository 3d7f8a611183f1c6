//! What all protocols have in common: octets in, octets out, no I/O.

use crate::settings::Settings;

/// Whether a connection goes on.
///
/// ```
/// use batv_mta::door::Flow;
///
/// assert_ne!(Flow::Continue, Flow::Close);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a connection goes on or ends")]
pub enum Flow {
    /// It does.
    Continue,
    /// It ends here, once what was answered is written.
    Close,
}

/// One connection of one protocol.
pub trait Door {
    /// Takes as many whole requests as there are, and appends the answer to each. Says how many octets it took.
    fn receive(&mut self, octets: &[u8], settings: &Settings, out: &mut Vec<u8>) -> (usize, Flow);

    /// Whether something is under way that must not be cut off.
    fn is_busy(&self) -> bool {
        false
    }
}
