//! Texts of the caller, and text that is written into the caller's buffer.

use core::ffi::c_char;
use core::fmt::{self, Write};
use std::io;

use batv_core::Path;

use crate::failure::Failure;

/// Octets that are enough for any address that this library writes, and the NUL after it.
pub const BATV_ADDRESS_SIZE: usize = 1024;

/// Octets of the caller. NULL, with a length of 0, is an absent text.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_text {
    /// The octets, which need no NUL after them.
    pub data: *const c_char,
    /// How many there are.
    pub length: usize,
}

impl batv_text {
    /// The text, or `None` when it is absent.
    #[inline]
    pub(crate) const fn present(self) -> Option<Self> {
        if self.data.is_null() && self.length == 0 { None } else { Some(self) }
    }
}

/// Buffer of the caller for a text and a NUL.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_buffer {
    /// Where to write; NULL, with a capacity of 0, when only the length is wanted.
    pub data: *mut c_char,
    /// Octets there are.
    pub capacity: usize,
    /// Gets the octets of the text, without the NUL: also those of a text that does not fit.
    pub length: usize,
}

/// Buffer of a call: one of the caller, or none when the text is not wanted.
pub(crate) struct Text {
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
}

impl Text {
    /// Empties the buffer, so that an old text is not taken for a new one. Refuses a buffer that overlaps an input.
    ///
    /// # Safety
    /// `buffer` is NULL, or a buffer that may be written to, where `data` is NULL, or may be written to for `capacity` octets.
    #[inline]
    pub(crate) unsafe fn new(
        argument: &'static str,
        buffer: *mut batv_buffer,
        inputs: &[batv_text],
    ) -> Result<Self, Failure> {
        if buffer.is_null() {
            return Ok(Self { buffer: core::ptr::null_mut(), capacity: 0, length: core::ptr::null_mut() });
        }
        // The length has no value yet, so that there is no reference to the whole.
        // SAFETY: not NULL, and the caller vouches for the rest.
        let data = unsafe { (*buffer).data };
        // SAFETY: not NULL, and the caller vouches for the rest.
        let capacity = unsafe { (*buffer).capacity };
        // SAFETY: not NULL, and the caller vouches for the rest.
        let length = unsafe { &raw mut (*buffer).length };
        let (start, end) = (data.addr(), data.addr().saturating_add(capacity));
        let overlaps = |input: &batv_text| {
            let first = input.data.addr();
            capacity > 0 && input.length > 0 && first < end && start < first.saturating_add(input.length)
        };
        if inputs.iter().any(overlaps) {
            return Err(Failure::Argument("the buffer for the answer overlaps an input"));
        }
        // SAFETY: it points into a buffer that may be written to.
        unsafe { length.write(0) };
        if data.is_null() && capacity > 0 {
            return Err(Failure::NullPointer(argument));
        }
        if capacity > 0 {
            // SAFETY: not NULL, and there is room for one octet.
            unsafe { data.write(0) };
        }
        Ok(Self { buffer: data, capacity, length })
    }

    /// Writes the text and a NUL, or says how many octets are needed.
    #[inline]
    pub(crate) fn write(self, write: impl FnOnce(&mut Filling) -> fmt::Result) -> Result<(), Failure> {
        let mut out = Filling { buffer: self.buffer.cast(), room: self.capacity, length: 0 };
        write(&mut out).map_err(|_| Failure::Argument("the text could not be written"))?;
        let length = out.length;
        if !self.length.is_null() {
            // SAFETY: `new` was promised that it may be written to.
            unsafe { self.length.write(length) };
        }
        if self.buffer.is_null() {
            return Ok(());
        }
        let fits = length < self.capacity;
        if self.capacity > 0 {
            let end = self.buffer.wrapping_add(if fits { length } else { 0 });
            // SAFETY: it is within the capacity, for which `new` was promised that it may be written to.
            unsafe { end.write(0) };
        }
        if fits { Ok(()) } else { Err(Failure::TooSmall { needed: length + 1, capacity: self.capacity }) }
    }
}

/// Text as a field of a struct, with a NUL after it.
pub(crate) fn fixed<const SIZE: usize>(text: &impl fmt::Display) -> Result<[c_char; SIZE], Failure> {
    let mut octets = [0; SIZE];
    // The last one stays NUL.
    let mut room = octets.split_last_mut().map_or(&mut [][..], |(_, room)| room);
    io::Write::write_fmt(&mut room, format_args!("{text}"))
        .map_err(|_| Failure::Argument("the text of an answer is too long"))?;
    Ok(octets.map(|octet| c_char::from_ne_bytes([octet])))
}

/// Writer that writes as much as fits, and counts all.
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
            let place = self.buffer.wrapping_add(self.length);
            // SAFETY: it ends within the capacity that `Text::new` was promised, and a buffer that overlaps what is read
            // was refused there.
            unsafe { core::ptr::copy_nonoverlapping(text.as_ptr(), place, text.len()) };
        }
        self.length = end;
        Ok(())
    }
}

/// Writer of text by strangers: a control character becomes a space, so that it neither ends the text for C nor begins a
/// line of a log.
#[cfg(feature = "messages")]
pub(crate) struct Tame<'f>(pub(crate) &'f mut Filling);

#[cfg(feature = "messages")]
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
