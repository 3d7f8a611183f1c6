//! The files under `vectors/`, which tests in every language read: a module for each.
//!
//! What a field means stands in the comment at the head of its file. A field that a reader doesn't know is an error.

use alloc::collections::BTreeSet;
use core::fmt::Debug;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use batv_core::tag::{Delimiter, Form};
use batv_core::{Day, Key, KeyId, KeyUse, Lifetime, Pattern};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub mod decisions;
pub mod dialects;
pub mod envelope;
pub mod mailbox;
pub mod mark;
pub mod srs;
pub mod tag;

/// A case that can be named when it fails.
pub trait Case {
    /// The name in the file.
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($case:ty),+) => {
        $(impl $crate::vectors::Case for $case {
            fn name(&self) -> &str {
                &self.name
            }
        })+
    };
}
use named;

fn read<T: DeserializeOwned>(file: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("vectors/{file}: {error}"))
}

/// Looks at every case, and then names all in which `found` is not what was `expected`.
///
/// # Panics
/// When there are such cases, when two have one name, and when there are none at all.
pub fn check<C: Case, T: Debug + PartialEq>(cases: &[C], expected: impl Fn(&C) -> T, found: impl Fn(&C) -> T) {
    assert!(!cases.is_empty(), "no cases");
    let mut names = BTreeSet::new();
    let mut failures = String::new();
    for case in cases {
        assert!(names.insert(case.name()), "two cases have the name {:?}", case.name());
        let expected = expected(case);
        match catch_unwind(AssertUnwindSafe(|| found(case))) {
            Ok(found) if found == expected => (),
            Ok(found) => failures += &format!("{}\n  expected {expected:?}\n  found    {found:?}\n", case.name()),
            Err(_) => failures += &format!("{}\n  expected {expected:?}\n  panicked, see above\n", case.name()),
        }
    }
    assert!(failures.is_empty(), "of {} cases these fail:\n{failures}", cases.len());
}

/// `text:…` or `hex:…`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(Vec<u8>);

impl TryFrom<String> for Secret {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let octets = match text.split_once(':') {
            Some(("text", text)) => Ok(text.as_bytes().to_vec()),
            Some(("hex", digits)) => {
                HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|error| format!("{text}: {error}"))
            }
            _ => Err(format!("{text}: neither text: nor hex:")),
        };
        octets.map(Self)
    }
}

/// A key as the files describe it. Its id and lifetime mean nothing for SRS.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    #[serde(default)]
    id: u8,
    algorithm: String,
    secret: Secret,
    state: String,
    lifetime: Option<u32>,
    created: Option<u32>,
    #[serde(default)]
    domains: Vec<String>,
}

impl KeyEntry {
    fn key(&self, key_use: KeyUse) -> Key {
        let mut key = Key::new(key_use, self.algorithm.parse().expect("an algorithm"), &self.secret.0)
            .expect("a secret")
            .with_state(self.state.parse().expect("a state"))
            .with_scope(self.domains.iter().map(|text| Pattern::parse(text.clone()).expect("a pattern")).collect());
        if let Some(days) = self.lifetime {
            key = key.with_lifetime(Lifetime::new(days).expect("a lifetime"));
        }
        if let Some(number) = self.created {
            key = key.with_created(day(number));
        }
        key
    }

    fn batv(entries: &[Self]) -> Vec<Key> {
        let key_use = |entry: &Self| KeyUse::Batv(KeyId::new(entry.id).expect("a key id"));
        entries.iter().map(|entry| entry.key(key_use(entry))).collect()
    }

    fn srs(entries: &[Self]) -> Vec<Key> {
        entries.iter().map(|entry| entry.key(KeyUse::Srs)).collect()
    }
}

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

/// The form of a tag by its name on the command line.
fn form(name: &str, delimiter: Delimiter) -> Form {
    name.parse::<Form>().expect("a form").with_delimiter(delimiter)
}
