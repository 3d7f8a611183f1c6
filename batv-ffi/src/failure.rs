//! Failures of calls, and their texts.

use core::fmt;

/// Failure of a call: its result code, and what there is to say about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A pointer that must not be NULL.
    NullPointer(&'static str),
    /// A wrong argument.
    Argument(&'static str),
    /// A number that is no code of its kind.
    Code {
        argument: &'static str,
        kind: &'static str,
    },
    /// A struct whose size no version of it has.
    Size {
        argument: &'static str,
        size: usize,
        known: usize,
    },
    /// A flag that is neither 0 nor 1.
    Flag(&'static str),
    /// The value of a setting, or of another text with a form of its own.
    Setting(String),
    /// A buffer with too little capacity.
    TooSmall {
        needed: usize,
        capacity: usize,
    },
    /// An argument that is no address.
    Malformed(&'static str, batv_core::Error),
    /// An address that can't be tagged or rewritten.
    Refused(batv_core::Error),
    /// A keyring.
    Keyring(batv_config::Error),
    Clock,
    /// A value of the core that has no number here yet.
    Unnumbered,
    Panic,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NullPointer(name) => write!(f, "`{name}` is NULL"),
            Self::Argument(what) => f.write_str(what),
            Self::Code { argument, kind } => write!(f, "`{argument}` is no {kind}"),
            Self::Size { argument, size, known } => {
                write!(f, "`{argument}` has size {size}, but must have {known}: set `size`, as BATV_INIT does")
            }
            Self::Flag(name) => write!(f, "`{name}` is neither 0 nor 1"),
            Self::Setting(what) => f.write_str(what),
            Self::TooSmall { needed, capacity } => {
                write!(f, "a buffer of {capacity} octets, where {needed} are needed")
            }
            Self::Malformed(name, error) => write!(f, "`{name}` is no address: {error}"),
            Self::Refused(error) => error.fmt(f),
            Self::Keyring(error) => error.fmt(f),
            Self::Clock => f.write_str("the time is not from 1970-01-01 to 9999-12-31"),
            Self::Unnumbered | Self::Panic => f.write_str("internal error of the library: please report it"),
        }
    }
}

impl From<batv_config::Error> for Failure {
    fn from(error: batv_config::Error) -> Self {
        Self::Keyring(error)
    }
}
