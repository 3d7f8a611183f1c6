//! Evidence while a message is classified.

use crate::evidence::{Evidence, Place};
use crate::read::message::Message;

/// Message, with the evidence that was found in it so far.
pub(super) struct Signs<'m, 'x> {
    pub(super) message: &'m Message<'x>,
    pub(super) evidence: Vec<Evidence>,
}

impl<'m, 'x> Signs<'m, 'x> {
    pub(super) const fn new(message: &'m Message<'x>) -> Self {
        Self { message, evidence: Vec::new() }
    }

    pub(super) fn see(&mut self, place: Place, words: impl AsRef<str>) {
        self.evidence.push(Evidence::new(place, words.as_ref()));
    }
}
