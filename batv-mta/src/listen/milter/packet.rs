//! The frame: four octets of length, most significant first, then as many octets, the first of which is the command.

use thiserror::Error;

/// The longest packet that is read, in octets, whatever the length field says. A header field is one packet, and mail
/// servers let them be longer than libmilter's 64 KiB.
pub const PACKET_LIMIT: usize = 256 * 1024;

const LENGTH_OCTETS: usize = 4;

/// A length field of 0 or over [`PACKET_LIMIT`].
///
/// ```
/// use batv_mta::listen::milter::next_packet;
///
/// assert!(next_packet(&[0x7f, 0xff, 0xff, 0xff]).is_err());
/// assert!(next_packet(&[0, 0, 0, 0]).is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("milter packet of {0} octets: must be 1 to {PACKET_LIMIT}")]
#[expect(clippy::exhaustive_structs, reason = "a length and nothing else")]
pub struct TooLong(pub u32);

/// Cuts the first packet off: its content, and its size in octets with the length field. `None` if it is not complete.
///
/// # Errors
/// [`TooLong`], as soon as the length field is there.
///
/// ```
/// use batv_mta::listen::milter::next_packet;
///
/// assert_eq!(next_packet(b"\0\0\0\x01QX"), Ok(Some((&b"Q"[..], 5))));
/// assert_eq!(next_packet(b"\0\0\0\x02Q"), Ok(None));
/// ```
pub fn next_packet(octets: &[u8]) -> Result<Option<(&[u8], usize)>, TooLong> {
    let Some((length, rest)) = octets.split_first_chunk::<LENGTH_OCTETS>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length);
    match usize::try_from(length) {
        Ok(octets @ 1..=PACKET_LIMIT) => Ok(rest.get(..octets).map(|packet| (packet, LENGTH_OCTETS + octets))),
        _ => Err(TooLong(length)),
    }
}

/// Appends a packet.
pub(crate) fn put(out: &mut Vec<u8>, command: u8, parts: &[&[u8]]) {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_OCTETS]);
    out.push(command);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    let octets = u32::try_from(out.len() - start - LENGTH_OCTETS).unwrap_or(u32::MAX);
    if let Some(length) = out.get_mut(start..start + LENGTH_OCTETS) {
        length.copy_from_slice(&octets.to_be_bytes());
    }
}
