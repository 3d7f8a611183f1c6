//! Text that is written into the caller's buffer.

use core::ffi::c_char;
use core::fmt::{self, Write};

use batv_core::Path;

use crate::border::Failure;

/// Octets that are enough for any address that this library writes, and the NUL after it.
pub const BATV_ADDRESS_SIZE: usize = 1024;

/// A buffer of the caller, and the place for the length of what is written.
pub(crate) struct Text {
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
}

impl Text {
    /// Empties the buffer, so that whoever does not look at the result does not take old text for new. Refuses one
    /// that overlaps an input.
    ///
    /// # Safety
    /// `buffer` is NULL or may be written to for `capacity` octets, and `length` is NULL or may be written to.
    #[inline]
    pub(crate) unsafe fn new(
        name: &'static str,
        buffer: *mut c_char,
        capacity: usize,
        length: *mut usize,
        inputs: &[(*const c_char, usize)],
    ) -> Result<Self, Failure> {
        let (start, end) = (buffer.addr(), buffer.addr().saturating_add(capacity));
        let overlaps = |&(input, octets): &(*const c_char, usize)| {
            capacity > 0 && octets > 0 && input.addr() < end && start < input.addr().saturating_add(octets)
        };
        if inputs.iter().any(overlaps) {
            return Err(Failure::Argument("the buffer for the answer overlaps what is asked about"));
        }
        if !length.is_null() {
            // SAFETY: not NULL, and the caller vouches for the rest.
            unsafe { length.write(0) };
        }
        if buffer.is_null() && capacity > 0 {
            return Err(Failure::NullPointer(name));
        }
        if capacity > 0 {
            // SAFETY: not NULL, and there is room for one octet.
            unsafe { buffer.write(0) };
        }
        Ok(Self { buffer, capacity, length })
    }

    /// Writes the text and a NUL, or says how many octets are needed. Without a buffer only the length is wanted.
    #[inline]
    pub(crate) fn write(self, write: impl FnOnce(&mut Filling) -> fmt::Result) -> Result<(), Failure> {
        let mut out = Filling { buffer: self.buffer.cast(), room: self.capacity, length: 0 };
        write(&mut out).map_err(|_| Failure::Argument("the text could not be written"))?;
        let length = out.length;
        if !self.length.is_null() {
            // SAFETY: `new` was promised so.
            unsafe { self.length.write(length) };
        }
        if self.buffer.is_null() {
            return Ok(());
        }
        if length < self.capacity {
            // SAFETY: within the capacity, and `new` was promised that so much may be written.
            let end = unsafe { self.buffer.add(length) };
            // SAFETY: the same.
            unsafe { end.write(0) };
            return Ok(());
        }
        if self.capacity > 0 {
            // SAFETY: as before, of the first octet.
            unsafe { self.buffer.write(0) };
        }
        Err(Failure::TooSmall { needed: length + 1, capacity: self.capacity })
    }
}

/// The text as a field of a struct, with a NUL after it.
pub(crate) fn fixed<const SIZE: usize>(text: &impl fmt::Display) -> Result<[c_char; SIZE], Failure> {
    let mut fixed = Fixed { octets: [0; SIZE], length: 0 };
    write!(fixed, "{text}").map_err(|_| Failure::Argument("the text of an answer is too long"))?;
    Ok(fixed.octets)
}

struct Fixed<const SIZE: usize> {
    octets: [c_char; SIZE],
    length: usize,
}

impl<const SIZE: usize> Write for Fixed<SIZE> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.octets.get_mut(self.length..end).filter(|_| end < SIZE).ok_or(fmt::Error)?;
        for (place, octet) in room.iter_mut().zip(text.bytes()) {
            *place = c_char::from_ne_bytes([octet]);
        }
        self.length = end;
        Ok(())
    }
}

/// Writes what fits, and counts all.
pub(crate) struct Filling {
    buffer: *mut u8,
    room: usize,
    length: usize,
}

impl Filling {
    #[inline]
    pub(crate) fn write(&mut self, path: &Path<'_>) -> fmt::Result {
        match path {
            Path::Null => self.write_str("<>"),
            Path::Mailbox(mailbox) => mailbox.write_to(self),
        }
    }
}

impl Write for Filling {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        if end <= self.room {
            // SAFETY: `length` to `end` is within the room that `Text::new` was promised.
            let place = unsafe { self.buffer.add(self.length) };
            // SAFETY: the same; and `Text::new` has refused a buffer that overlaps what is read.
            unsafe { core::ptr::copy_nonoverlapping(text.as_ptr(), place, text.len()) };
        }
        self.length = end;
        Ok(())
    }
}

/// Writes what strangers have written: a control character becomes a space, so that it neither ends the text for C nor
/// begins a line of somebody's log.
pub(crate) struct Tame<'f>(pub(crate) &'f mut Filling);

impl Write for Tame<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut pieces = text.split(char::is_control);
        self.0.write_str(pieces.next().unwrap_or_default())?;
        pieces.try_for_each(|piece| {
            self.0.write_str(" ")?;
            self.0.write_str(piece)
        })
    }
}
