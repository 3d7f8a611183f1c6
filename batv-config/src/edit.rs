//! Edit of a keyring: its entries, and its text with all comments.

use batv_core::{Day, KeyState};
use toml_edit::{Array, ArrayOfTables, Datetime, DocumentMut, InlineTable, Item, Table, TableLike, Value};
use zeroize::Zeroizing;

use crate::entry::{Entry, Use};
use crate::error::Error;
use crate::parse::{self, KEY};
use crate::secret;

/// Heading of a new keyring file.
pub(crate) const HEADING: &str = "\
# Keys that tag bounce addresses (BATV) or rewrite senders (SRS). Anyone who can read this file can forge both.
# `batv key` changes the file and keeps comments. If you edit it by hand and let another key sign, set its `created`
# to that day: it tells when the tags of the previous key expire.
";

/// Copy of a keyring, to be changed, and then taken or left as a whole.
pub(crate) struct Edit {
    document: DocumentMut,
    entries: Vec<Entry>,
}

impl Edit {
    /// Begins with a text and the entries that were read from it.
    pub(crate) fn new(text: &str, entries: &[Entry]) -> Result<Self, Error> {
        let document = parse::document(text).map_err(|misplaced| parse::error(text, misplaced))?.into_mut();
        Ok(Self { document, entries: entries.to_vec() })
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn set_state(&mut self, index: usize, state: KeyState) {
        self.entries[index].state = state;
        self.set(index, "state", state.as_str().into());
    }

    pub(crate) fn set_created(&mut self, index: usize, created: Day) {
        self.entries[index].created = Some(created);
        self.set(index, "created", date(created));
    }

    pub(crate) fn set_strong_since(&mut self, index: usize, since: Day) {
        self.entries[index].strong_since = Some(since);
        self.set(index, "strong_since", date(since));
    }

    /// Adds an entry at the end, and returns its index.
    pub(crate) fn push(&mut self, entry: Entry) -> usize {
        let fields = fields(&entry);
        self.entries.push(entry);
        if let Some(Item::Value(Value::Array(tables))) = self.document.get_mut(KEY) {
            tables.push(fields.into_iter().collect::<InlineTable>());
        } else {
            let mut table: Table = fields.into_iter().collect();
            // A comment at the end of the file stays where it is.
            let mut before = self.document.trailing().as_str().unwrap_or_default().to_owned();
            self.document.set_trailing("");
            if !before.is_empty() && !before.ends_with('\n') {
                before.push('\n');
            }
            if self.entries.len() > 1 || !before.is_empty() {
                before.push('\n');
            }
            table.decor_mut().set_prefix(before);
            let tables = self.document.entry(KEY).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
            if let Some(tables) = tables.as_array_of_tables_mut() {
                tables.push(table);
            }
        }
        self.entries.len() - 1
    }

    /// Removes an entry and the comment that stands right above it.
    pub(crate) fn remove(&mut self, index: usize) {
        self.entries.remove(index);
        match self.document.get_mut(KEY) {
            Some(Item::Value(Value::Array(tables))) => {
                tables.remove(index);
            }
            Some(Item::ArrayOfTables(tables)) => {
                let removed = tables.remove(index);
                let above = comments(&removed);
                let kept = &above[..above.rfind("\n\n").map_or(0, |blank_line| blank_line + 1)];
                if let Some(next) = tables.get_mut(index) {
                    let above_next = [kept, comments(next)].concat();
                    next.decor_mut().set_prefix(above_next);
                } else {
                    let trailing = [kept, self.document.trailing().as_str().unwrap_or_default()].concat();
                    self.document.set_trailing(trailing);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.document.to_string())
    }

    fn set(&mut self, index: usize, key: &str, value: Value) {
        let table: Option<&mut dyn TableLike> = match self.document.get_mut(KEY) {
            Some(Item::ArrayOfTables(tables)) => tables.get_mut(index).map(|table| table as _),
            Some(Item::Value(Value::Array(tables))) => {
                tables.get_mut(index).and_then(Value::as_inline_table_mut).map(|table| table as _)
            }
            _ => None,
        };
        let Some(table) = table else { return };
        match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => {
                table.insert(key, Item::Value(value));
            }
        }
    }
}

/// Fields of an entry, in the order of [`FIELDS`](crate::fault::FIELDS).
fn fields(entry: &Entry) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("use", Value::from(Use::from(entry.key_use()).as_str()))];
    if let Some(id) = entry.id() {
        fields.push(("id", i64::from(id.number()).into()));
    }
    fields.push(("algorithm", entry.algorithm().as_str().into()));
    fields.push(("secret", secret::encode(entry.expose_secret()).as_str().into()));
    fields.push(("state", entry.state().as_str().into()));
    fields.push(("lifetime", i64::from(entry.lifetime().days()).into()));
    fields.extend(entry.created().map(|created| ("created", date(created))));
    fields.extend(entry.strong_since().map(|since| ("strong_since", date(since))));
    if !entry.scope().is_everybody() {
        fields.push(("domains", entry.scope().domains().iter().collect::<Array>().into()));
    }
    fields
}

fn date(day: Day) -> Value {
    let (year, month, day) = day.date();
    let date = toml_edit::Date { year, month, day };
    Datetime { date: Some(date), time: None, offset: None }.into()
}

fn comments(table: &Table) -> &str {
    table.decor().prefix().and_then(toml_edit::RawString::as_str).unwrap_or_default()
}
