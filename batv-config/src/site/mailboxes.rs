//! Lists of domains and mailboxes, and files of them.

use std::path::PathBuf;

use batv_core::Pattern;
use batv_policy::address;
use serde::{Deserialize, Deserializer};

use crate::site::fault::Fault;
use crate::site::files::Files;
use crate::site::text;

/// Domains and mailboxes, and files of them: `file:/path`, one a line, with comments after `#`.
///
/// ```
/// use batv_config::site::{Config, FileSystem};
///
/// let config = Config::parse("[sign]\nexempt_recipients = ['list@example.net', 'file:/nonexistent']")?;
/// assert!(config.sign.exempt_recipients.patterns(&FileSystem).is_err());
/// # Ok::<(), batv_config::site::Fault>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Mailboxes(Vec<Source>);

#[derive(Clone, Debug)]
enum Source {
    Pattern(Pattern<String>),
    File(PathBuf),
}

impl Mailboxes {
    /// All patterns, with those of the files as they are now.
    ///
    /// # Errors
    /// [`Fault::Read`], and [`Fault::InFile`] for a line that is no domain or mailbox.
    pub fn patterns(&self, files: &dyn Files) -> Result<Vec<Pattern<String>>, Fault> {
        let mut patterns = Vec::new();
        for source in &self.0 {
            match source {
                Source::Pattern(pattern) => patterns.push(pattern.clone()),
                Source::File(path) => patterns.extend(Fault::in_file(path, files, lines)?),
            }
        }
        Ok(patterns)
    }
}

fn lines(text: &str) -> Result<Vec<Pattern<String>>, Fault> {
    let lines = text.lines().map(|line| line.split_once('#').map_or(line, |(before, _)| before).trim());
    let read = |(number, line)| pattern(line).map_err(|message| Fault::Text { line: number + 1, column: 1, message });
    lines.enumerate().filter(|(_, line)| !line.is_empty()).map(read).collect()
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |text| match text.strip_prefix("file:") {
            Some(path) if path.starts_with('/') => Ok(Self::File(path.into())),
            Some(_) => Err(format!("`{text}`: a file is `file:/path`")),
            None => pattern(text).map(Self::Pattern),
        })
    }
}

pub(super) fn pattern(text: &str) -> Result<Pattern<String>, String> {
    address::pattern(text).map_err(|error| format!("`{text}`: {error}"))
}
