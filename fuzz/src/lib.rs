//! Lets one fuzz target serve twice: under libFuzzer, and on stable as a program that replays the
//! files given as arguments. And what the targets share.

use batv_core::envelope::Envelope;
use batv_core::{Algorithm, Day, KeyId};

pub mod c;
pub mod listeners;
pub mod site;

#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// Defines the target: `fuzz!(|data| { … })`, with `data: &[u8]`.
#[cfg(fuzzing)]
#[macro_export]
macro_rules! fuzz {
    (|$data:ident| $body:block) => {
        $crate::libfuzzer_sys::fuzz_target!(|$data: &[u8]| $body);
    };
}

/// Defines the target: `fuzz!(|data| { … })`, with `data: &[u8]`.
#[cfg(not(fuzzing))]
#[macro_export]
macro_rules! fuzz {
    (|$data:ident| $body:block) => {
        fn main() {
            $crate::replay(|$data: &[u8]| $body);
        }
    };
}

/// Hands `target` the contents of each file named on the command line.
///
/// # Panics
///
/// When a file cannot be read, and when `target` does.
#[cfg(not(fuzzing))]
pub fn replay(target: impl Fn(&[u8])) {
    let mut files = 0;
    for path in std::env::args_os().skip(1) {
        let current = Replaying(path.as_ref());
        let data = std::fs::read(current.0).expect("readable file");
        target(&data);
        files += 1;
    }
    println!("{files} replayed");
}

/// Names the file at hand when the target panics.
#[cfg(not(fuzzing))]
struct Replaying<'a>(&'a std::path::Path);

#[cfg(not(fuzzing))]
impl Drop for Replaying<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("while replaying {}", self.0.display());
        }
    }
}

/// The day of this number, or one far from it when there is none.
pub fn day(number: u32) -> Day {
    Day::new(number % (Day::MAX.number() + 1)).expect("a day")
}

/// One of the ten key ids.
pub fn key_id(number: u8) -> KeyId {
    KeyId::new(number % 10).expect("a digit")
}

/// The same with each line ending in CRLF.
pub fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    lines
        .flat_map(|line| match line.strip_suffix(b"\n") {
            Some(text) => [text.strip_suffix(b"\r").unwrap_or(text), b"\r\n"].concat(),
            None => line.to_vec(),
        })
        .collect()
}

/// One of the two algorithms.
pub fn algorithm(number: u8) -> Algorithm {
    if number < 128 { Algorithm::HmacSha1 } else { Algorithm::HmacSha256 }
}

/// Both paths of an envelope as SMTP has them. Without brackets, a byte order mark before a local part is taken for that of
/// a file.
pub fn in_brackets(envelope: &Envelope<'_>) -> [String; 2] {
    let sender = envelope.reverse_path.mailbox().map_or_else(String::new, ToString::to_string);
    [format!("<{sender}>"), format!("<{}>", envelope.forward_path)]
}
