//! Logical lines of Exim's files: continuations joined, macros expanded, included files in place.

use core::mem;
use std::path::Path;

use crate::import::migration::Migration;
use crate::import::source::{File, ImportError, Place, quote, utf8};

/// Octets of a line with its macros expanded, at most: a definition can double another, and so on.
const LONGEST: usize = 64 * 1024;
/// Depth to which `.include` is followed.
const DEPTH: usize = 16;

/// Prefix of `${prvs…}` and `${prvscheck…}`.
pub(super) const PRVS: &str = "${prvs";

/// A line, or the value of a definition, with its macros put in.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) place: Place,
    /// Whether a macro in it has several values, of which `.ifdef` chooses.
    pub(super) is_ambiguous: bool,
    /// Whether it had [`PRVS`] before its macros were put in.
    pub(super) raw_has_prvs: bool,
}

struct Macro {
    name: String,
    value: String,
    is_ambiguous: bool,
}

/// All lines but comments and directives, with the values of definitions. A file that another one includes is read there.
pub(super) fn read(files: &[File<'_>], migration: &mut Migration) -> Result<Vec<Line>, ImportError> {
    let mut reader = Reader { files, is_included: vec![false; files.len()], macros: Vec::new(), lines: Vec::new() };
    for (at, file) in files.iter().enumerate() {
        if !mem::replace(&mut reader.is_included[at], true) {
            reader.read(file, DEPTH, migration)?;
        }
    }
    Ok(reader.lines)
}

struct Reader<'a> {
    files: &'a [File<'a>],
    is_included: Vec<bool>,
    macros: Vec<Macro>,
    lines: Vec<Line>,
}

impl Reader<'_> {
    fn read(&mut self, file: &File<'_>, depth: usize, migration: &mut Migration) -> Result<(), ImportError> {
        let mut branches = 0_usize;
        for (place, text) in logical(file)? {
            if let Some(directive) = text.strip_prefix('.') {
                match directive.split_whitespace().collect::<Vec<_>>()[..] {
                    ["ifdef" | "ifndef", ..] => branches += 1,
                    ["endif", ..] => branches = branches.saturating_sub(1),
                    ["include" | "include_if_exists", path, ..] => {
                        let (path, _) = self.put_macros_in(path, &place)?;
                        self.include(&path, &place, depth, migration)?;
                    }
                    _ => {}
                }
            } else if let Some((name, value, replaces)) = definition(&text) {
                let raw_has_prvs = value.contains(PRVS);
                let (value, is_ambiguous) = self.put_macros_in(value, &place)?;
                self.lines.push(Line { text: value.clone(), place, is_ambiguous, raw_has_prvs });
                self.define(name, value, is_ambiguous, replaces && branches == 0);
            } else {
                let raw_has_prvs = text.contains(PRVS);
                let (text, is_ambiguous) = self.put_macros_in(&text, &place)?;
                self.lines.push(Line { text, place, is_ambiguous, raw_has_prvs });
            }
        }
        Ok(())
    }

    fn include(
        &mut self,
        path: &str,
        place: &Place,
        depth: usize,
        migration: &mut Migration,
    ) -> Result<(), ImportError> {
        let path = Path::new(path.trim_matches('"'));
        let is_named = |file: &File<'_>| file.name == path;
        // It may be given from a copy of the host.
        let is_called = |file: &File<'_>| path.file_name().is_some_and(|name| file.name.file_name() == Some(name));
        let found = self.files.iter().position(is_named).or_else(|| self.files.iter().position(is_called));
        let Some(at) = found else {
            let what = quote(&format!(".include {}", path.display()), place);
            migration.leave(what, "give this file as well: it may hold a key or a macro");
            return Ok(());
        };
        if mem::replace(&mut self.is_included[at], true) {
            return Ok(());
        }
        let deeper = depth.checked_sub(1).ok_or_else(|| place.fault("files include each other too deep"))?;
        let file = self.files[at];
        self.read(&file, deeper, migration)
    }

    /// Each macro once, in the order of their definitions: the value of one may contain later ones.
    fn put_macros_in(&self, text: &str, place: &Place) -> Result<(String, bool), ImportError> {
        let (mut text, mut is_ambiguous) = (text.to_owned(), false);
        for known in &self.macros {
            if text.contains(&known.name) {
                let times = text.matches(&known.name).count();
                if text.len().saturating_add(times.saturating_mul(known.value.len())) > LONGEST {
                    return Err(place.fault("macros make this line too long"));
                }
                text = text.replace(&known.name, &known.value);
                is_ambiguous |= known.is_ambiguous;
            }
        }
        Ok((text, is_ambiguous))
    }

    fn define(&mut self, name: &str, value: String, is_ambiguous: bool, replaces: bool) {
        match self.macros.iter_mut().find(|known| known.name == name) {
            Some(known) if replaces => (known.value, known.is_ambiguous) = (value, is_ambiguous),
            Some(known) => known.is_ambiguous |= is_ambiguous || known.value != value,
            None => self.macros.push(Macro { name: name.to_owned(), value, is_ambiguous }),
        }
    }
}

/// A definition: `NAME = value`, or `NAME == value` for a macro that is there already. Names begin with a capital.
fn definition(line: &str) -> Option<(&str, &str, bool)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    let replaces = value.starts_with('=');
    is_name.then(|| (name, value.strip_prefix('=').unwrap_or(value).trim(), replaces))
}

/// Lines without comments, with those joined that end in a backslash; white space at the beginning of what goes on is not
/// part of it.
fn logical(file: &File<'_>) -> Result<Vec<(Place, String)>, ImportError> {
    let mut lines: Vec<(Place, String)> = Vec::new();
    let mut goes_on = false;
    for (at, line) in utf8(file)?.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let (text, continued) = line.strip_suffix('\\').map_or((line, false), |text| (text, true));
        match lines.last_mut() {
            Some((_, last)) if goes_on => last.push_str(text),
            _ if text.is_empty() => {}
            _ => lines.push((Place::new(file.name, at + 1), text.to_owned())),
        }
        goes_on = continued;
    }
    Ok(lines)
}
