//! Classes of octets in an address.

/// Octet of an unquoted local part: `atext` or UTF-8. The dot has a class of its own.
pub(super) const ATEXT: u8 = 1;
pub(super) const DOT: u8 = 2;
/// Octet of a label of a domain.
pub(super) const LABEL: u8 = 4;
/// Upper-case letter of ASCII.
pub(super) const UPPER: u8 = 8;
/// `=`, which all tags hold but those of infradead.org, or `+`, which those hold.
pub(super) const IN_TAG: u8 = 16;

pub(super) const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut octet = 0u8;
    loop {
        class[octet as usize] = match octet {
            b'A'..=b'Z' => ATEXT | LABEL | UPPER,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => ATEXT | LABEL,
            0x80.. => ATEXT,
            b'+' | b'=' => ATEXT | IN_TAG,
            b'!' | b'#'..=b'\'' | b'*' | b'/' | b'?' | b'^' | b'`' | b'{'..=b'~' => ATEXT,
            b'.' => DOT,
            _ => 0,
        };
        if octet == u8::MAX {
            break class;
        }
        octet += 1;
    }
};
