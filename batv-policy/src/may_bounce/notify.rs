//! The NOTIFY parameter of RCPT TO (RFC 3461 §4.1).

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

/// Reports that a sender asks for (RFC 3461 §4.1).
///
/// ```
/// use batv_policy::Notify;
///
/// assert_eq!("never".parse(), Ok(Notify::Never));
/// assert_eq!("SUCCESS,FAILURE".parse(), Ok(Notify::On { success: true, failure: true, delay: false }));
/// let error = "NEVER,FAILURE".parse::<Notify>().unwrap_err();
/// assert_eq!(error.to_string(), "NOTIFY=NEVER stands alone, at offset 0: leave the other words out, or NEVER");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Notify {
    /// No report.
    Never,
    /// One report or more of these.
    On {
        /// Report of a delivery.
        success: bool,
        /// Report of a failure.
        failure: bool,
        /// Report of a delay.
        delay: bool,
    },
}

impl FromStr for Notify {
    type Err = NotifyError;

    /// Reads the value of the parameter: `NEVER`, or `SUCCESS`, `FAILURE` and `DELAY` with commas between them, in any
    /// case.
    fn from_str(text: &str) -> Result<Self, NotifyError> {
        if text.eq_ignore_ascii_case("NEVER") {
            return Ok(Self::Never);
        }
        let (mut success, mut failure, mut delay) = (false, false, false);
        let mut offset = 0;
        for word in text.split(',') {
            match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => success = true,
                "FAILURE" => failure = true,
                "DELAY" => delay = true,
                "NEVER" => return Err(NotifyError::NotAlone { offset }),
                _ => return Err(NotifyError::UnknownWord { offset }),
            }
            offset += word.len() + 1;
        }
        Ok(Self::On { success, failure, delay })
    }
}

impl fmt::Display for Notify {
    /// Writes the value of the parameter; nothing if no report is on, which no parameter can say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::On { success, failure, delay } = *self else { return f.write_str("NEVER") };
        let mut comma = "";
        for (_, word) in [(success, "SUCCESS"), (failure, "FAILURE"), (delay, "DELAY")].iter().filter(|(on, _)| *on) {
            write!(f, "{comma}{word}")?;
            comma = ",";
        }
        Ok(())
    }
}

/// Error in the value of NOTIFY. Offsets count octets from 0.
///
/// ```
/// use batv_policy::{Notify, NotifyError};
///
/// assert_eq!("FAILURE,".parse::<Notify>(), Err(NotifyError::UnknownWord { offset: 8 }));
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum NotifyError {
    /// Unknown word, or an empty one.
    #[error("unknown word in NOTIFY at offset {offset}: NEVER, SUCCESS, FAILURE and DELAY are known")]
    UnknownWord {
        /// Offset of the word.
        offset: usize,
    },
    /// NEVER beside another word.
    #[error("NOTIFY=NEVER stands alone, at offset {offset}: leave the other words out, or NEVER")]
    NotAlone {
        /// Offset of NEVER.
        offset: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_says_what_is_wrong() {
        for text in
            ["NEVER", "SUCCESS", "FAILURE", "DELAY", "SUCCESS,FAILURE", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY"]
        {
            assert_eq!(text.parse::<Notify>().unwrap().to_string(), text);
            assert_eq!(text.to_lowercase().parse::<Notify>().unwrap().to_string(), text);
        }
        assert_eq!("DELAY,SUCCESS,DELAY".parse::<Notify>().unwrap().to_string(), "SUCCESS,DELAY");
        let unknown = |offset| NotifyError::UnknownWord { offset };
        let not_alone = |offset| NotifyError::NotAlone { offset };
        let cases = [
            ("", unknown(0)),
            ("ALWAYS", unknown(0)),
            ("FAILURE, DELAY", unknown(8)),
            ("SUCCESS,", unknown(8)),
            ("NEVER,FAILURE", not_alone(0)),
            ("FAILURE,never", not_alone(8)),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Notify>(), Err(error), "{text}");
        }
    }
}
