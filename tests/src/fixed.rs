//! A place for text that never allocates.

use core::fmt::{self, Write};

/// Text of at most 2000 octets: what a caller without an allocator keeps.
#[derive(Clone, Debug)]
pub struct Fixed {
    octets: [u8; 2000],
    length: usize,
}

impl Fixed {
    /// No text.
    pub const fn new() -> Self {
        Self { octets: [0; 2000], length: 0 }
    }

    /// What was written.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.octets[..self.length]).unwrap_or_default()
    }
}

impl Default for Fixed {
    fn default() -> Self {
        Self::new()
    }
}

impl Write for Fixed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.octets.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
