//! Messages about the keys of a keyring.

use std::io::{self, Write};

use batv_config::{Entry, Handle, Keyring, KeyringFile, Rotation};
use batv_core::{Algorithm, Day, KeyState};

use crate::answer::print;
use crate::error::Error;

pub(crate) fn is_verifying(entry: &Entry) -> bool {
    entry.state() == KeyState::Verifying
}

/// Reports added, promoted or retired keys.
pub(crate) fn report(done: &str, file: &KeyringFile, keys: &[Handle]) -> Result<(), Error> {
    entries(file.keyring(), keys)
        .try_for_each(|entry| print(format!("{done} {}, in {}\n", describe(entry), file.path().display()).as_bytes()))
}

pub(crate) fn entries<'k>(keyring: &'k Keyring, keys: &[Handle]) -> impl Iterator<Item = &'k Entry> {
    keys.iter().filter_map(|key| keyring.entry(*key))
}

/// Key in words.
pub(crate) fn describe(entry: &Entry) -> String {
    let (algorithm, state, lifetime) = (entry.algorithm(), entry.state(), entry.lifetime().days());
    let strong = entry.strong_since().map_or_else(String::new, |day| format!("strong tags from {day}, "));
    format!("{}: {algorithm}, {state}, lifetime {lifetime} days, {strong}for {}", name(entry), entry.scope())
}

pub(crate) fn report_others(file: &KeyringFile, rotation: &Rotation, today: Day) -> Result<(), Error> {
    let keyring = file.keyring();
    for entry in entries(keyring, &rotation.verifying) {
        let until = match keyring.last_valid_day(entry.handle(), today) {
            Some(day) => format!("until {day}"),
            None => "until its last tag expires, which the keyring does not tell".to_owned(),
        };
        print(format!("{} verifies {until}\n", name(entry)).as_bytes())?;
    }
    entries(keyring, &rotation.retired)
        .try_for_each(|entry| print(format!("{} is retired: its last tag has expired\n", name(entry)).as_bytes()))
}

pub(crate) fn advise_promotion(keyring: &Keyring, keys: &[Handle]) {
    for entry in entries(keyring, keys).filter(|entry| is_verifying(entry)) {
        let which = entry.id().map_or_else(|| "--use srs".to_owned(), |id| id.to_string());
        advise(format_args!(
            "another key signs: `batv key promote {which}` lets this one sign, once all hosts have it"
        ));
    }
}

pub(crate) fn advise_strong(keyring: &Keyring, key: Handle) {
    if entries(keyring, &[key]).any(|entry| entry.algorithm() == Algorithm::HmacSha1) {
        advise(format_args!("Exim and batv-tools don't know strong tags: this key can no longer be shared with them"));
    }
}

pub(crate) fn advise(what: core::fmt::Arguments<'_>) {
    // Standard error may be closed: then nobody wants to be told.
    let _ = writeln!(io::stderr(), "batv: {what}");
}

fn name(entry: &Entry) -> String {
    let key_use = entry.key_use().as_str();
    entry.id().map_or_else(|| format!("{key_use} key"), |id| format!("{key_use} key {id}"))
}
