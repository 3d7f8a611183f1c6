//! The packets of a filter.

use super::packet;

/// One packet of a filter.
///
/// ```
/// use batv_mta::listen::milter::Reply;
///
/// let mut octets = Vec::new();
/// Reply::ChangeSender { path: b"<prvs=1234abcdef=alice@example.com>", parameters: "" }.put(&mut octets);
/// assert_eq!(octets.get(..6), Some(&b"\0\0\0\x25e<"[..]));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the line of a variant explains its fields")]
pub enum Reply<'a> {
    /// Go on.
    Continue,
    /// Take the message unchanged, and send no more of it.
    Accept,
    /// Refuse temporarily, with the server's text.
    Tempfail,
    /// Refuse with this reply.
    Code(&'a str),
    /// No more pieces of the body.
    Skip,
    /// The new reverse-path, in brackets, and changed parameters of MAIL, with spaces between.
    ChangeSender { path: &'a [u8], parameters: &'a str },
    /// A new recipient, in brackets, and the parameters of its RCPT, with spaces between.
    AddRecipient { path: &'a [u8], parameters: &'a str },
    /// Delete a recipient, exactly as the server named it.
    DeleteRecipient(&'a [u8]),
    /// A header field at the end of the header.
    AddHeader { name: &'a str, value: &'a str },
    /// A header field at this index from the top, counted from 0.
    InsertHeader { index: u32, name: &'a str, value: &'a str },
    /// Delete the header field with this index among the fields of its name, counted from 1.
    DeleteHeader { index: u32, name: &'a str },
    /// Quarantine the message, for this reason.
    Quarantine(&'a str),
}

impl Reply<'_> {
    /// Appends the packet.
    ///
    /// ```
    /// # use batv_mta::listen::milter::Reply;
    /// let mut octets = Vec::new();
    /// Reply::Continue.put(&mut octets);
    /// assert_eq!(octets, b"\0\0\0\x01c");
    /// ```
    pub fn put(self, out: &mut Vec<u8>) {
        const END: &[u8] = b"\0";
        let mut put = |command, parts: &[&[u8]]| packet::put(out, command, parts);
        match self {
            Self::Continue => put(b'c', &[]),
            Self::Accept => put(b'a', &[]),
            Self::Tempfail => put(b't', &[]),
            Self::Code(text) => put(b'y', &[text.as_bytes(), END]),
            Self::Skip => put(b's', &[]),
            Self::ChangeSender { path, parameters: "" } => put(b'e', &[path, END]),
            Self::ChangeSender { path, parameters } => put(b'e', &[path, END, parameters.as_bytes(), END]),
            Self::AddRecipient { path, parameters: "" } => put(b'+', &[path, END]),
            Self::AddRecipient { path, parameters } => put(b'2', &[path, END, parameters.as_bytes(), END]),
            Self::DeleteRecipient(path) => put(b'-', &[path, END]),
            Self::AddHeader { name, value } => put(b'h', &[name.as_bytes(), END, value.as_bytes(), END]),
            Self::InsertHeader { index, name, value } => {
                put(b'i', &[&index.to_be_bytes(), name.as_bytes(), END, value.as_bytes(), END]);
            }
            Self::DeleteHeader { index, name } => put(b'm', &[&index.to_be_bytes(), name.as_bytes(), END, END]),
            Self::Quarantine(reason) => put(b'q', &[reason.as_bytes(), END]),
        }
    }
}
