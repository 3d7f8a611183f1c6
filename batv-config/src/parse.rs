//! Text of a keyring file, read into entries with the place of each.

use core::ops::Range;
use core::str::FromStr;

use batv_core::{Day, KeyId, KeyState, KeyUse, Lifetime, UnknownName};
use toml_edit::{Document, Item, TableLike, Value};
use zeroize::Zeroizing;

use crate::entry::{Entry, Handle, Use};
use crate::error::Error;
use crate::fault::{FIELDS, Fault};
use crate::nearest::nearest;
use crate::position::Position;
use crate::scope::Scope;
use crate::secret::{self, Secret};

/// Only key at the top of a keyring file.
pub(crate) const KEY: &str = "key";

/// Entry, and the offset of its header.
pub(crate) type Placed = (Entry, usize);
/// Fault, and its offset.
pub(crate) type Misplaced = (Fault, usize);

/// Reads the text of a keyring file.
pub(crate) fn entries(text: &str) -> Result<Vec<Placed>, Misplaced> {
    let document = document(text)?;
    let read = tables(&document);
    wipe(document.into_item());
    read
}

/// Error of a fault in this text.
pub(crate) fn error(text: &str, (fault, offset): Misplaced) -> Error {
    let Position { line, column } = Position::of(text, offset);
    Error::Content { path: None, line, column, fault }
}

/// Reads the TOML of a keyring file.
pub(crate) fn document(text: &str) -> Result<Document<&str>, Misplaced> {
    Document::parse(text).map_err(|error| {
        // The `Display` of this error shows the line, which may hold a secret; its message holds nothing of the text.
        let offset = error.span().map_or(text.len(), |span| span.start);
        (Fault::Syntax(error.message().to_owned()), offset)
    })
}

fn tables(document: &Document<&str>) -> Result<Vec<Placed>, Misplaced> {
    let root = Fields { table: document.as_table(), header: 0 };
    root.check_names(&[KEY])?;
    let wrong = |offset| (Fault::Must { key: KEY, what: "an array of tables: write `[[key]]`" }, offset);
    match root.table.get(KEY) {
        None => Ok(Vec::new()),
        Some(Item::ArrayOfTables(tables)) => {
            tables.iter().map(|table| Fields { table, header: start(table.span()) }.entry()).collect()
        }
        Some(Item::Value(Value::Array(tables))) => tables
            .iter()
            .map(|value| match value {
                Value::InlineTable(table) => Fields { table, header: start(table.span()) }.entry(),
                other => Err(wrong(start(other.span()))),
            })
            .collect(),
        Some(_) => Err(wrong(root.key_offset(KEY))),
    }
}

fn start(span: Option<Range<usize>>) -> usize {
    span.map_or(0, |span| span.start)
}

/// Table, and the offset of its header.
struct Fields<'a> {
    table: &'a dyn TableLike,
    header: usize,
}

impl<'a> Fields<'a> {
    fn entry(&self) -> Result<Placed, Misplaced> {
        self.check_names(&FIELDS)?;
        let key_use = self.key_use()?;
        let entry = Entry {
            handle: Handle::new(),
            key_use,
            algorithm: self.name("algorithm")?.unwrap_or_else(|| Use::from(key_use).default_algorithm()),
            secret: self.secret()?,
            state: self.name("state")?.unwrap_or(KeyState::Verifying),
            lifetime: self.lifetime()?.unwrap_or_else(|| Use::from(key_use).default_lifetime()),
            created: self.day("created")?,
            strong_since: self.strong_since(key_use)?,
            scope: self.scope(key_use)?,
        };
        Ok((entry, self.header))
    }

    fn key_use(&self) -> Result<KeyUse, Misplaced> {
        match self.name("use")?.ok_or_else(|| self.missing("use"))? {
            Use::Srs if self.table.contains_key("id") => Err((Fault::IdForSrs, self.key_offset("id"))),
            Use::Srs => Ok(KeyUse::Srs),
            Use::Batv => {
                let read = |item: &Item| KeyId::new(item.as_integer()?.try_into().ok()?).ok();
                let id = self.read("id", "an integer from 0 to 9", read)?;
                id.map(KeyUse::Batv).ok_or_else(|| self.missing("id"))
            }
        }
    }

    fn secret(&self) -> Result<Secret, Misplaced> {
        let text = self.read("secret", "text in quotes", Item::as_str)?.ok_or_else(|| self.missing("secret"))?;
        secret::decode(text).map_err(|fault| (fault, self.offset("secret")))
    }

    fn lifetime(&self) -> Result<Option<Lifetime>, Misplaced> {
        let read = |item: &Item| Lifetime::new(item.as_integer()?.try_into().ok()?).ok();
        self.read("lifetime", "a number of days from 1 to 180", read)
    }

    fn strong_since(&self, key_use: KeyUse) -> Result<Option<Day>, Misplaced> {
        match self.day("strong_since")? {
            Some(_) if key_use == KeyUse::Srs => Err((Fault::StrongForSrs, self.key_offset("strong_since"))),
            day => Ok(day),
        }
    }

    fn day(&self, key: &'static str) -> Result<Option<Day>, Misplaced> {
        self.read(key, "a date without quotes, from 1970-01-01 on", |item| {
            let date = item.as_datetime().filter(|moment| moment.time.is_none())?.date?;
            Day::from_date(date.year, date.month, date.day).ok()
        })
    }

    fn scope(&self, key_use: KeyUse) -> Result<Scope, Misplaced> {
        const WHAT: &str = "an array of text in quotes";
        let Some(domains) = self.read("domains", WHAT, Item::as_array)? else { return Ok(Scope::default()) };
        let mut scope = Scope::default();
        for value in domains {
            let offset = start(value.span());
            let domain = value.as_str().ok_or((Fault::Must { key: "domains", what: WHAT }, offset))?;
            scope.add(domain).map_err(|error| (Fault::Domain(error), offset))?;
        }
        if scope.is_everybody() {
            Err((Fault::NoDomains, self.offset("domains")))
        } else if key_use == KeyUse::Srs && scope.has_mailbox() {
            Err((Fault::MailboxForSrs, self.offset("domains")))
        } else {
            Ok(scope)
        }
    }

    fn check_names(&self, known: &[&'static str]) -> Result<(), Misplaced> {
        let Some((unknown, _)) = self.table.iter().find(|(name, _)| !known.contains(name)) else { return Ok(()) };
        Err((Fault::UnknownKey { nearest: nearest(unknown, known.iter().copied()) }, self.key_offset(unknown)))
    }

    /// Value that is one of a few words.
    fn name<T: FromStr<Err = UnknownName>>(&self, key: &'static str) -> Result<Option<T>, Misplaced> {
        // A value that is not text is no name, as the empty text is none.
        let name = self.table.get(key).map(|item| item.as_str().unwrap_or_default().parse());
        name.transpose().map_err(|choices| (Fault::Name { key, choices }, self.offset(key)))
    }

    /// Any other value; `what` describes those that `read` takes.
    fn read<T>(
        &self,
        key: &'static str,
        what: &'static str,
        read: impl FnOnce(&'a Item) -> Option<T>,
    ) -> Result<Option<T>, Misplaced> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        read(item).map(Some).ok_or_else(|| (Fault::Must { key, what }, self.offset(key)))
    }

    /// Offset of a value.
    fn offset(&self, key: &str) -> usize {
        let span = self.table.get(key).and_then(Item::span);
        span.map_or_else(|| self.key_offset(key), |span| span.start)
    }

    fn key_offset(&self, key: &str) -> usize {
        self.table.key(key).and_then(toml_edit::Key::span).map_or(self.header, |span| span.start)
    }

    fn missing(&self, key: &'static str) -> Misplaced {
        (Fault::Missing(key), self.header)
    }
}

/// Wipes the copies of texts that the parser made: one may be a secret.
fn wipe(item: Item) {
    match item {
        Item::None => {}
        Item::Value(value) => wipe_value(value),
        Item::Table(table) => table.into_iter().for_each(|(_, item)| wipe(item)),
        Item::ArrayOfTables(tables) => {
            tables.into_iter().flatten().for_each(|(_, item)| wipe(item));
        }
    }
}

fn wipe_value(value: Value) {
    match value {
        Value::String(text) => drop(Zeroizing::new(text.into_value())),
        Value::Array(values) => values.into_iter().for_each(wipe_value),
        Value::InlineTable(table) => table.into_iter().for_each(|(_, value)| wipe_value(value)),
        _ => {}
    }
}
