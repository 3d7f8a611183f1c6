//! What was found: keys, settings with where they come from, and what is left.

use core::fmt::{self, Display, Write};
use std::path::Path;

use toml_edit::Value;
use zeroize::Zeroizing;

use super::{Place, Program};
use crate::change::NewKey;

/// The widest line of a comment, in characters.
const WIDTH: usize = 118;
/// The sections, in the order of `batvd.toml`. What has none stands before them.
const SECTIONS: [&str; 8] = ["", "log", "listen", "clients", "sign", "verify", "messages", "srs"];

/// A key of another program, for [`Keyring::add`](crate::Keyring::add). The secret is wiped on drop, and shown by
/// [`ForeignKey::expose_secret`] alone.
#[derive(Clone)]
pub struct ForeignKey {
    key: NewKey,
    secret: Zeroizing<Vec<u8>>,
}

impl ForeignKey {
    /// What it is to be here.
    ///
    /// ```
    /// # use batv_config::foreign::ForeignKey;
    /// fn is_for_everybody(foreign: &ForeignKey) -> bool {
    ///     foreign.key().scope.is_everybody()
    /// }
    /// ```
    pub const fn key(&self) -> &NewKey {
        &self.key
    }

    /// The octets of the secret, for a keyring: never for a log.
    ///
    /// ```
    /// # use batv_config::foreign::ForeignKey;
    /// fn length(foreign: &ForeignKey) -> usize {
    ///     foreign.expose_secret().len()
    /// }
    /// ```
    pub fn expose_secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What a configuration comes to.
///
/// ```
/// # use batv_config::foreign::Migration;
/// fn tell(migration: &Migration) {
///     for left in migration.left() {
///         eprintln!("{left}");
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Migration {
    program: Program,
    keys: Vec<ForeignKey>,
    settings: Vec<Setting>,
    /// What needs nothing here.
    needless: Vec<Note>,
    /// What is left for a person.
    left: Vec<Note>,
}

#[derive(Clone, Debug)]
struct Setting {
    section: &'static str,
    key: &'static str,
    value: Taken,
    /// The lines that it comes from, and remarks.
    comments: Vec<String>,
}

#[derive(Clone, Debug)]
enum Taken {
    /// As it stands in TOML.
    One(String),
    List(Vec<String>),
}

#[derive(Clone, Debug)]
struct Note {
    what: String,
    instead: String,
}

impl Migration {
    pub(super) const fn new(program: Program) -> Self {
        Self { program, keys: Vec::new(), settings: Vec::new(), needless: Vec::new(), left: Vec::new() }
    }

    /// The keys, in the order in which they are to be added.
    ///
    /// ```
    /// # use batv_config::{Error, Keyring, foreign::Migration};
    /// # use batv_core::Day;
    /// fn add(migration: &Migration, keyring: &mut Keyring, today: Day) -> Result<(), Error> {
    ///     for foreign in migration.keys() {
    ///         keyring.add(foreign.key(), foreign.expose_secret(), today)?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn keys(&self) -> &[ForeignKey] {
        &self.keys
    }

    /// What a person must decide or do, a line each. Nothing, when all was taken over.
    ///
    /// ```
    /// # use batv_config::foreign::Migration;
    /// fn is_complete(migration: &Migration) -> bool {
    ///     migration.left().next().is_none()
    /// }
    /// ```
    pub fn left(&self) -> impl Iterator<Item = String> + '_ {
        self.left.iter().map(|note| format!("{}: {}", note.what, note.instead))
    }

    /// A `batvd.toml` with comments: where each setting comes from, what has no counterpart, and what to do instead.
    ///
    /// ```
    /// # use std::path::Path;
    /// # use batv_config::foreign::Migration;
    /// fn print(migration: &Migration) {
    ///     print!("{}", migration.configuration(Path::new("/etc/batv/keyring.toml")));
    /// }
    /// ```
    pub fn configuration(&self, keyring: &Path) -> String {
        let mut text = String::new();
        comment(
            &mut text,
            &format!(
                "The configuration of batvd that does what {} did, as far as it can. Below a comment with the line that \
                 it comes from stands what is in its place.",
                self.program
            ),
        );
        if !self.left.is_empty() {
            comment(&mut text, "What is left for you is at the end.");
        }
        line(&mut text, "");
        line(&mut text, &format!("keyring = {}", string(&keyring.display().to_string())));
        for section in SECTIONS {
            let of_section: Vec<_> = self.settings.iter().filter(|setting| setting.section == section).collect();
            if !section.is_empty() && !of_section.is_empty() {
                line(&mut text, &format!("\n[{section}]"));
            }
            for setting in of_section {
                for remark in &setting.comments {
                    comment(&mut text, remark);
                }
                line(&mut text, &format!("{} = {}", setting.key, setting.value.to_toml()));
            }
        }
        for (heading, notes) in [("Needs nothing here:", &self.needless), ("Left for you:", &self.left)] {
            if !notes.is_empty() {
                line(&mut text, &format!("\n# {heading}"));
            }
            for note in notes {
                comment(&mut text, &format!("- {}: {}", note.what, note.instead));
            }
        }
        text
    }

    pub(super) fn add_key(&mut self, key: NewKey, secret: &[u8]) {
        self.keys.push(ForeignKey { key, secret: Zeroizing::new(secret.to_vec()) });
    }

    /// A setting, as TOML has it; it takes the place of an earlier one.
    pub(super) fn set(
        &mut self,
        section: &'static str,
        key: &'static str,
        value: impl Into<Value>,
        from: impl Display,
    ) {
        self.set_raw(section, key, toml(value), from);
    }

    /// The same, of a value in a spelling of its own.
    pub(super) fn set_raw(&mut self, section: &'static str, key: &'static str, value: String, from: impl Display) {
        self.settings.retain(|setting| (setting.section, setting.key) != (section, key));
        self.settings.push(Setting { section, key, value: Taken::One(value), comments: vec![from.to_string()] });
    }

    /// An empty list.
    pub(super) fn set_empty(&mut self, section: &'static str, key: &'static str, from: impl Display) {
        self.set_raw(section, key, "[]".to_owned(), from);
    }

    /// One more value of a list.
    pub(super) fn push(&mut self, section: &'static str, key: &'static str, value: &str, from: impl Display) {
        let from = from.to_string();
        let known = self.settings.iter_mut().find(|setting| (setting.section, setting.key) == (section, key));
        match known {
            Some(Setting { value: Taken::List(values), comments, .. }) => {
                if !values.iter().any(|known| known == value) {
                    values.push(value.to_owned());
                }
                if !comments.contains(&from) {
                    comments.push(from);
                }
            }
            _ => {
                self.settings.retain(|setting| (setting.section, setting.key) != (section, key));
                let value = Taken::List(vec![value.to_owned()]);
                self.settings.push(Setting { section, key, value, comments: vec![from] });
            }
        }
    }

    /// A remark on a setting that is there.
    pub(super) fn remark(&mut self, section: &'static str, key: &'static str, remark: &str) {
        if let Some(setting) = self.settings.iter_mut().find(|setting| (setting.section, setting.key) == (section, key))
        {
            setting.comments.push(remark.to_owned());
        }
    }

    /// What needs nothing here.
    pub(super) fn skip(&mut self, what: impl Display, why: impl Into<String>) {
        self.needless.push(Note { what: what.to_string(), instead: why.into() });
    }

    /// What is left for a person.
    pub(super) fn leave(&mut self, what: impl Display, instead: impl Into<String>) {
        self.left.push(Note { what: what.to_string(), instead: instead.into() });
    }
}

impl Taken {
    fn to_toml(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::List(values) => {
                let values: Vec<_> = values.iter().map(|value| string(value)).collect();
                format!("[{}]", values.join(", "))
            }
        }
    }
}

/// What a line of a configuration says, for a comment above what takes its place.
pub(super) fn quote(setting: &str, place: &Place) -> String {
    format!("{setting} ({place})")
}

fn toml(value: impl Into<Value>) -> String {
    value.into().to_string()
}

fn string(text: &str) -> String {
    toml(text)
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
