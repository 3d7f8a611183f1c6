//! Bounded buffer for the part of a message that a decision at its end needs.

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

/// The needed part of a message.
#[derive(Debug, Default)]
pub(crate) struct MessageBuffer {
    needed: Needed,
    octets: Vec<u8>,
    limit: usize,
    in_body: bool,
    cut: bool,
}

impl MessageBuffer {
    /// An empty buffer, for at most `limit` octets of a whole message.
    pub(crate) fn new(needed: Needed, limit: usize) -> Self {
        Self { needed, limit: if needed == Needed::Header { HEADER_OCTETS } else { limit }, ..Self::default() }
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

    /// Adds a whole message, or its beginning.
    pub(crate) fn message(&mut self, octets: &[u8], is_whole: bool) {
        self.keep(Needed::All, octets);
        self.cut |= !is_whole;
    }

    /// Whether more of the body would be kept.
    pub(crate) const fn wants_body(&self) -> bool {
        matches!(self.needed, Needed::All) && !self.cut
    }

    /// Whether anything is needed.
    pub(crate) const fn is_needed(&self) -> bool {
        !matches!(self.needed, Needed::Nothing)
    }

    /// Whether the whole message is needed.
    pub(crate) const fn is_message(&self) -> bool {
        matches!(self.needed, Needed::All)
    }

    /// Whether some of the needed part was left out.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// The octets that were kept.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn keep(&mut self, part: Needed, octets: &[u8]) {
        if self.needed < part || self.cut {
            return;
        }
        let room = self.limit - self.octets.len();
        self.cut = octets.len() > room;
        self.octets.extend_from_slice(&octets[..octets.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needed_parts_are_kept_up_to_the_limit() {
        let mut content = MessageBuffer::new(Needed::All, 26);
        content.field(b"Subject", b"hello");
        content.body(b"Hello\r\n");
        assert_eq!((content.octets(), content.is_cut()), (b"Subject: hello\r\n\r\nHello\r\n".as_slice(), false));
        content.body(b"12345");
        assert_eq!((content.octets().len(), content.is_cut()), (26, true));

        let mut content = MessageBuffer::new(Needed::Header, 1024);
        content.field(b"Subject", b"hello");
        content.body(b"Hello\r\n");
        assert_eq!((content.octets(), content.is_cut()), (b"Subject: hello\r\n".as_slice(), false));

        let mut content = MessageBuffer::new(Needed::All, 1024);
        content.message(b"Subject: hello\n\nHel", false);
        assert!(content.is_cut());
    }
}
