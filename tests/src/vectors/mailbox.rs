//! `mailbox.json`: which texts are addresses, and where the others go wrong.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

use super::{named, read};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vectors {
    /// For people.
    pub comment: Vec<String>,
    /// What is to be read.
    pub accept: Vec<Accept>,
    /// What is not.
    pub refuse: Vec<Refuse>,
}

/// A text that is an address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Accept {
    /// What it shows.
    pub name: String,
    /// Where that is laid down, or was seen.
    pub source: String,
    /// The text.
    pub input: String,
    /// The content of the local part; `None` for the null reverse-path.
    pub local: Option<String>,
    /// The domain as it came; `None` for the null reverse-path and the bare postmaster.
    pub domain: Option<String>,
    /// The text written again.
    pub canonical: String,
}

/// A text that is none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Refuse {
    /// What it shows.
    pub name: String,
    /// Where that is laid down, or was seen.
    pub source: String,
    input: Option<String>,
    input_hex: Option<String>,
    /// The index of the first octet that cannot stand where it is; `None` where something is too long.
    pub position: Option<usize>,
}

impl Refuse {
    /// The octets of the text.
    ///
    /// # Panics
    /// When the case has neither text nor hex.
    pub fn input(&self) -> Vec<u8> {
        match (&self.input, &self.input_hex) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(hex)) => HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).expect("hex"),
            _ => panic!("{}: one input, please", self.name),
        }
    }
}

named!(Accept, Refuse);

/// Reads the file.
pub fn vectors() -> Vectors {
    read("mailbox.json", include_str!("../../vectors/mailbox.json"))
}
