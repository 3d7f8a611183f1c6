//! Mistakes in a configuration, and their places.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::nearest::nearest;
use crate::position::Position;
use crate::site::files::Files;

/// Mistake in a configuration.
///
/// ```
/// use batv_config::site::Config;
///
/// let error = Config::parse("[verify]\nmode = 'refuse'").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2, column 8: unknown mode `refuse`: expected `observe`, `mark`, `quarantine` or `reject`",
/// );
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Reason that the system gave.
        source: std::io::Error,
    },
    /// The text is wrong.
    #[error("line {line}, column {column}: {message}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The mistake, and the values that would be right.
        message: String,
    },
    /// The text of a file is wrong.
    #[error("{}: {fault}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// The mistake.
        fault: Box<Self>,
    },
}

impl Fault {
    /// Reads a configuration file, which is no larger than 1 MiB, and parses its text.
    ///
    /// # Errors
    /// Those of [`Fault::in_file`].
    pub fn in_config<T>(
        path: &Path,
        files: &dyn Files,
        parse: impl FnOnce(&str) -> Result<T, Self>,
    ) -> Result<T, Self> {
        /// As of a key file. Its tables take many times the room of their text.
        const LIMIT: usize = 1 << 20;
        let too_large = || {
            let message = format!("it is too large for a configuration: the limit is {LIMIT} octets");
            Self::Text { line: 1, column: 1, message }
        };
        let parse = |text: &str| if text.len() > LIMIT { Err(too_large()) } else { parse(text) };
        Self::in_file(path, files, parse).map_err(|fault| match fault {
            // As a list it would be, too, whose limit is another.
            Self::Read { path, source } if source.kind() == ErrorKind::FileTooLarge => {
                Self::InFile { path, fault: Box::new(too_large()) }
            }
            fault => fault,
        })
    }

    /// Reads a file and parses its text.
    ///
    /// # Errors
    /// [`Fault::Read`], and the error of `parse` as [`Fault::InFile`].
    pub fn in_file<T>(path: &Path, files: &dyn Files, parse: impl FnOnce(&str) -> Result<T, Self>) -> Result<T, Self> {
        let text = files.text(path).map_err(|source| Self::Read { path: path.to_owned(), source })?;
        parse(&text).map_err(|fault| Self::InFile { path: path.to_owned(), fault: Box::new(fault) })
    }

    pub(super) fn locate<T>(text: &str, result: Result<T, toml::de::Error>) -> Result<T, Self> {
        result.map_err(|error| Self::at(text, error.span().map_or(0, |span| span.start), error.message()))
    }

    /// Mistake at this octet of the text.
    pub(super) fn at(text: &str, offset: usize, message: &str) -> Self {
        let Position { line, column } = Position::of(text, offset);
        Self::Text { line, column, message: suggest(message) }
    }
}

/// Adds the nearest known name to a message about an unknown one.
fn suggest(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next().filter(|_| message.starts_with("unknown"));
    let nearest = unknown.and_then(|unknown| nearest(unknown, names));
    nearest.map_or_else(|| message.to_owned(), |nearest| format!("{message}; did you mean `{nearest}`?"))
}
