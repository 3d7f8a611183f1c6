//! Result of an import: keys, settings with their origin, and the rest.

use core::fmt::{self, Display, Write};
use std::path::Path;

use toml_edit::{Array, Value};

use super::source::Program;
use crate::rotation::NewKey;
use crate::secret::Secret;

/// Widest line of a comment, in characters.
const WIDTH: usize = 118;
/// Sections, in the order of `batvd.toml`. Settings without one come first.
const SECTIONS: [&str; 8] = ["", "log", "listen", "clients", "sign", "verify", "messages", "srs"];

/// Key of another program, for [`Keyring::add`](crate::Keyring::add). The secret is wiped on drop, and shown by
/// [`ImportedKey::expose_secret`] alone.
#[derive(Clone)]
pub struct ImportedKey {
    key: NewKey,
    secret: Secret,
}

impl ImportedKey {
    /// Description of the key for the keyring.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::Permissions;
    /// # use batv_config::import::{self, File, Host, Program};
    /// # let file = File { name: Path::new("exim.conf"), text: b"x = ${prvs{a@b}{s3kr1t}{5}}\n" };
    /// let migration = import::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
    /// assert!(migration.keys()[0].key().scope.is_everybody());
    /// # Ok::<(), import::ImportError>(())
    /// ```
    #[must_use]
    pub const fn key(&self) -> &NewKey {
        &self.key
    }

    /// Octets of the secret, for a keyring: never for a log.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::Permissions;
    /// # use batv_config::import::{self, File, Host, Program};
    /// # let file = File { name: Path::new("exim.conf"), text: b"x = ${prvs{a@b}{s3kr1t}{5}}\n" };
    /// let migration = import::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
    /// assert_eq!(migration.keys()[0].expose_secret(), b"s3kr1t");
    /// # Ok::<(), import::ImportError>(())
    /// ```
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for ImportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Keys and settings that came of a configuration.
///
/// ```
/// # use std::path::Path;
/// # use batv_config::Permissions;
/// # use batv_config::import::{self, File, Host, Program};
/// # let file = File { name: Path::new("exim.conf"), text: b"x = ${prvs{a@b}{s3kr1t}{5}}\n" };
/// let migration = import::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
/// assert!(migration.left().any(|left| left.starts_with("Your domains: ")));
/// # Ok::<(), import::ImportError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Migration {
    program: Program,
    keys: Vec<ImportedKey>,
    settings: Vec<Setting>,
    /// Settings that need no counterpart, and why.
    needless: Vec<String>,
    /// Settings that are left to the administrator, and what to do instead.
    left: Vec<String>,
}

#[derive(Clone, Debug)]
struct Setting {
    section: &'static str,
    key: &'static str,
    value: Value,
    /// The lines that it comes from, and remarks.
    comments: Vec<String>,
}

impl Migration {
    pub(super) const fn new(program: Program) -> Self {
        Self { program, keys: Vec::new(), settings: Vec::new(), needless: Vec::new(), left: Vec::new() }
    }

    /// Keys, in the order in which to add them.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::Permissions;
    /// # use batv_config::import::{self, File, Host, Program};
    /// # let file = File { name: Path::new("exim.conf"), text: b"x = ${prvs{a@b}{s3kr1t}{5}}\n" };
    /// let migration = import::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
    /// assert_eq!(migration.keys().len(), 1);
    /// # Ok::<(), import::ImportError>(())
    /// ```
    #[must_use]
    pub fn keys(&self) -> &[ImportedKey] {
        &self.keys
    }

    /// Settings that are left to the administrator, a line each; none when everything was imported.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::Permissions;
    /// # use batv_config::import::{self, File, Host, Program};
    /// # let file = File { name: Path::new("exim.conf"), text: b"x = ${prvs{a@b}{s3kr1t}{5}}\n" };
    /// let migration = import::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
    /// assert_eq!(migration.left().count(), 1);
    /// # Ok::<(), import::ImportError>(())
    /// ```
    pub fn left(&self) -> impl Iterator<Item = String> + '_ {
        self.left.iter().cloned()
    }

    /// Text of a `batvd.toml`, with comments: the origin of each setting, those without a counterpart, and alternatives.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::Permissions;
    /// # use batv_config::import::{self, File, Host, Program};
    /// # let file = File { name: Path::new("exim.conf"), text: b"x = ${prvs{a@b}{s3kr1t}{5}}\n" };
    /// let migration = import::read(Program::Exim, &[file], &Host::new(None, Permissions::Private))?;
    /// assert!(migration.configuration(Path::new("keyring.toml")).contains("\nkeyring = \"keyring.toml\"\n"));
    /// # Ok::<(), import::ImportError>(())
    /// ```
    #[must_use]
    pub fn configuration(&self, keyring: &Path) -> String {
        let mut text = String::new();
        comment(
            &mut text,
            &format!(
                "Configuration of batvd that does the same as {}, as far as possible. The comment above a setting tells \
                 where it comes from.",
                self.program
            ),
        );
        if !self.left.is_empty() {
            comment(&mut text, "The end lists what is left to you.");
        }
        line(&mut text, "");
        line(&mut text, &format!("keyring = {}", Value::from(keyring.display().to_string())));
        for section in SECTIONS {
            let of_section: Vec<_> = self.settings.iter().filter(|setting| setting.section == section).collect();
            if !section.is_empty() && !of_section.is_empty() {
                line(&mut text, &format!("\n[{section}]"));
            }
            for setting in of_section {
                for remark in &setting.comments {
                    comment(&mut text, remark);
                }
                line(&mut text, &format!("{} = {}", setting.key, setting.value));
            }
        }
        for (heading, notes) in [("Not needed here:", &self.needless), ("Left to you:", &self.left)] {
            if !notes.is_empty() {
                line(&mut text, &format!("\n# {heading}"));
            }
            for note in notes {
                comment(&mut text, &format!("- {note}"));
            }
        }
        text
    }

    pub(super) fn add_key(&mut self, key: NewKey, secret: &[u8]) {
        self.keys.push(ImportedKey { key, secret: secret.into() });
    }

    /// A setting, which takes the place of an earlier one.
    pub(super) fn set(
        &mut self,
        section: &'static str,
        key: &'static str,
        value: impl Into<Value>,
        from: impl Display,
    ) {
        self.settings.retain(|setting| (setting.section, setting.key) != (section, key));
        self.settings.push(Setting { section, key, value: value.into(), comments: vec![from.to_string()] });
    }

    /// One more value of a list.
    pub(super) fn push(&mut self, section: &'static str, key: &'static str, value: &str, from: impl Display) {
        let from = from.to_string();
        match self.setting(section, key) {
            Some(Setting { value: Value::Array(values), comments, .. }) if !values.is_empty() => {
                if !values.iter().any(|known| known.as_str() == Some(value)) {
                    values.push(value);
                }
                if !comments.contains(&from) {
                    comments.push(from);
                }
            }
            _ => self.set(section, key, Array::from_iter([value]), from),
        }
    }

    /// A remark on a setting that is there.
    pub(super) fn remark(&mut self, section: &'static str, key: &'static str, remark: &str) {
        if let Some(setting) = self.setting(section, key) {
            setting.comments.push(remark.to_owned());
        }
    }

    fn setting(&mut self, section: &str, key: &str) -> Option<&mut Setting> {
        self.settings.iter_mut().find(|setting| (setting.section, setting.key) == (section, key))
    }

    /// Notes a setting that needs no counterpart.
    pub(super) fn skip(&mut self, what: impl Display, why: impl Display) {
        self.needless.push(format!("{what}: {why}"));
    }

    /// Notes a setting that is left to the administrator.
    pub(super) fn leave(&mut self, what: impl Display, instead: impl Display) {
        self.left.push(format!("{what}: {instead}"));
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Writes a comment, in lines that are not too long. TOML has no control characters in comments.
fn comment(text: &mut String, remark: &str) {
    let clean: String = remark.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut width = 0;
    for word in clean.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if width == 0 || width + 1 + length > WIDTH {
            let indent = if width == 0 || !clean.starts_with("- ") { "" } else { "  " };
            let newline = if width == 0 { "" } else { "\n" };
            // A String takes all that is written to it.
            let _ = write!(text, "{newline}# {indent}{word}");
            width = 2 + indent.len() + length;
        } else {
            let _ = write!(text, " {word}");
            width += 1 + length;
        }
    }
    text.push('\n');
}
