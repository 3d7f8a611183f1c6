//! Bounded buffer for the part of a message that a decision at its end needs.

use crate::held::Held;

/// The part of a message that is needed.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Needed {
    #[default]
    Nothing,
    Header,
    All,
}

/// Octets that are kept if only the header is needed.
const HEADER_OCTETS: usize = 256 * 1024;
/// First size of the buffer, in octets.
const FIRST_OCTETS: usize = 4096;

/// The needed part of a message.
#[derive(Debug, Default)]
pub(crate) struct MessageBuffer {
    needed: Needed,
    octets: Vec<u8>,
    limit: usize,
    held: Held,
    in_body: bool,
    cut: bool,
    cut_off: bool,
    deferred: bool,
}

impl MessageBuffer {
    /// An empty buffer, for at most `limit` octets of a whole message, which are `held`.
    pub(crate) fn new(needed: Needed, limit: usize, held: Held) -> Self {
        let limit = if needed == Needed::Header { HEADER_OCTETS } else { limit };
        Self { needed, limit, held, ..Self::default() }
    }

    /// Adds a header field, folded as it came.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        for piece in [name, b": ", value, b"\r\n"] {
            self.keep(Needed::Header, piece);
        }
    }

    /// Adds a line without its line end.
    pub(crate) fn line(&mut self, line: &[u8]) {
        self.keep(Needed::Header, line);
        self.keep(Needed::Header, b"\r\n");
    }

    /// Adds a piece of the body, after the last header field.
    pub(crate) fn body(&mut self, octets: &[u8]) {
        if !core::mem::replace(&mut self.in_body, true) {
            self.keep(Needed::All, b"\r\n");
        }
        self.keep(Needed::All, octets);
    }

    /// Adds a piece of a whole message, header and body.
    pub(crate) fn piece(&mut self, octets: &[u8]) {
        self.keep(Needed::All, octets);
    }

    /// Notes that the end of the message does not come.
    pub(crate) const fn note_cut_off(&mut self) {
        self.cut_off = true;
    }

    /// Whether more of the body would be kept.
    pub(crate) const fn wants_body(&self) -> bool {
        matches!(self.needed, Needed::All) && !self.cut && !self.deferred
    }

    /// Whether anything is needed.
    pub(crate) const fn is_needed(&self) -> bool {
        !matches!(self.needed, Needed::Nothing)
    }

    /// Whether the whole message is needed.
    pub(crate) const fn is_message(&self) -> bool {
        matches!(self.needed, Needed::All)
    }

    /// Whether some of the needed part was left out for lack of memory, so that the message must come again.
    pub(crate) const fn is_deferred(&self) -> bool {
        self.deferred
    }

    /// Whether some of the needed part was left out.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut || self.cut_off
    }

    /// The octets that were kept.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn keep(&mut self, part: Needed, octets: &[u8]) {
        if self.needed < part || self.cut || self.deferred {
            return;
        }
        let room = self.limit - self.octets.len();
        let kept = &octets[..octets.len().min(room)];
        if !self.grow(self.octets.len() + kept.len()) {
            self.deferred = true;
            return;
        }
        self.cut = kept.len() < octets.len();
        self.octets.extend_from_slice(kept);
    }

    /// Makes room for so many octets in all. `false` if the total of all messages has none.
    fn grow(&mut self, octets: usize) -> bool {
        let capacity = self.octets.capacity();
        if octets <= capacity {
            return true;
        }
        // Doubled as a vector is, but never beyond the limit.
        let wanted = octets.max(2 * capacity).max(FIRST_OCTETS).min(self.limit);
        let has_room = self.held.resize(wanted);
        if has_room {
            self.octets.reserve_exact(wanted - self.octets.len());
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;

    use super::*;
    use crate::held::{Holder, Total};

    #[test]
    fn needed_parts_are_kept_up_to_the_limit() {
        let mut content = MessageBuffer::new(Needed::All, 26, Held::default());
        content.field(b"Subject", b"hello");
        content.body(b"Hello\r\n");
        assert_eq!((content.octets(), content.is_cut()), (b"Subject: hello\r\n\r\nHello\r\n".as_slice(), false));
        content.body(b"12345");
        assert_eq!((content.octets().len(), content.is_cut()), (26, true));

        let mut content = MessageBuffer::new(Needed::Header, 1024, Held::default());
        content.field(b"Subject", b"hello");
        content.body(b"Hello\r\n");
        assert_eq!((content.octets(), content.is_cut()), (b"Subject: hello\r\n".as_slice(), false));
    }

    #[test]
    fn a_message_holds_no_more_than_its_limit_and_the_total() {
        let total = Arc::new(Total::default());
        total.set_limit(10_000, 0);
        let mut content = MessageBuffer::new(Needed::All, 5_000, Held::new(&total, Holder::Ours));
        (0..100).for_each(|_| content.line(&[b'x'; 70]));
        assert_eq!((content.octets().len(), total.octets(), content.is_deferred()), (5_000, 5_000, false));
        let mut other = MessageBuffer::new(Needed::All, 20_000, Held::new(&total, Holder::Ours));
        (0..100).for_each(|_| other.line(&[b'x'; 70]));
        assert!(other.is_deferred() && !other.wants_body() && total.octets() <= 10_000);
        drop((content, other));
        assert_eq!(total.octets(), 0);
    }
}
