//! What of a message is kept until its end, for who must read it.

/// What of a message must be read.
///
/// ```
/// use batv_mta::content::Needed;
///
/// assert!(Needed::Nothing < Needed::Header && Needed::Header < Needed::All);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a message is a header and a body")]
pub enum Needed {
    /// Nothing.
    #[default]
    Nothing,
    /// Its header.
    Header,
    /// All of it.
    All,
}

/// Octets of a header that are kept where nothing else is.
const HEADER_OCTETS: usize = 256 * 1024;

/// A message, as much of it as is needed.
///
/// ```
/// use batv_mta::content::{Content, Needed};
///
/// let mut content = Content::new(Needed::All, 1024);
/// content.field(b"Subject", b"hello");
/// content.body(b"Hello\r\n");
/// assert_eq!(content.octets(), b"Subject: hello\r\n\r\nHello\r\n");
/// ```
#[derive(Debug, Default)]
pub struct Content {
    needed: Needed,
    octets: Vec<u8>,
    most: usize,
    in_body: bool,
    cut: bool,
}

impl Content {
    /// Nothing yet; `most` octets of a whole message will be kept.
    ///
    /// ```
    /// # use batv_mta::content::{Content, Needed};
    /// let mut content = Content::new(Needed::All, 4);
    /// content.body(b"12345");
    /// assert_eq!((content.octets(), content.is_cut()), (b"\r\n12".as_slice(), true));
    /// ```
    pub fn new(needed: Needed, most: usize) -> Self {
        Self { needed, most: if needed == Needed::Header { HEADER_OCTETS } else { most }, ..Self::default() }
    }

    /// A field of the header, its lines as they were folded.
    pub fn field(&mut self, name: &[u8], value: &[u8]) {
        for piece in [name, b": ", value, b"\r\n"] {
            self.keep(Needed::Header, piece);
        }
    }

    /// A line, without its end.
    pub fn line(&mut self, line: &[u8]) {
        self.keep(Needed::Header, line);
        self.keep(Needed::Header, b"\r\n");
    }

    /// A piece of the body, after all fields.
    pub fn body(&mut self, octets: &[u8]) {
        if !core::mem::replace(&mut self.in_body, true) {
            self.keep(Needed::All, b"\r\n");
        }
        self.keep(Needed::All, octets);
    }

    /// A message that is there at once, as far as it is there.
    ///
    /// ```
    /// # use batv_mta::content::{Content, Needed};
    /// let mut content = Content::new(Needed::All, 1024);
    /// content.message(b"Subject: hello\n\nHel", false);
    /// assert!(content.is_cut());
    /// ```
    pub fn message(&mut self, octets: &[u8], is_whole: bool) {
        self.keep(Needed::All, octets);
        self.cut |= !is_whole;
    }

    /// Whether more of the body would be kept.
    pub const fn wants_body(&self) -> bool {
        matches!(self.needed, Needed::All) && !self.cut
    }

    /// Whether anything is needed.
    pub const fn is_needed(&self) -> bool {
        !matches!(self.needed, Needed::Nothing)
    }

    /// Whether it is the whole message that is needed.
    pub const fn is_message(&self) -> bool {
        matches!(self.needed, Needed::All)
    }

    /// Whether something was not kept that was needed.
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// What was kept.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn keep(&mut self, part: Needed, octets: &[u8]) {
        if self.needed < part || self.cut {
            return;
        }
        let room = self.most - self.octets.len();
        self.cut = octets.len() > room;
        self.octets.extend_from_slice(&octets[..octets.len().min(room)]);
    }
}
