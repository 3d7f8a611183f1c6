//! The message of a transaction, read to its end.

use batv_bounce::{Limits, Reading, read};
use batv_core::Path;

use crate::message_buffer::MessageBuffer;
use crate::settings::Settings;

/// Reads a message, and counts the limits that it meets.
pub(crate) fn read_message<'c>(content: &'c MessageBuffer, reverse_path: Path<'_>, settings: &Settings) -> Reading<'c> {
    let mut limits = Limits::default();
    limits.parts = settings.config().limits.parts;
    let mut reading = read(content.octets(), Some(reverse_path), &limits);
    for (is_cut, limit) in [(content.is_cut(), "message_octets"), (reading.cut, "parts")] {
        if is_cut {
            settings.metrics().count_limit(limit);
        }
    }
    reading.cut |= content.is_cut();
    reading
}
