//! Header fields, octet by octet (RFC 5322 §2.2): of a message, of a returned header, of a report.

use batv_core::Day;
use mail_parser::DateTime;
use memchr::memchr;

/// The most fields of a header that are read: no program writes so many, and what is asked of a header is asked of each.
pub(crate) const MOST_FIELDS: usize = 1000;

/// Header field, with its line ends and folding.
///
/// ```
/// use batv_bounce::header::fields;
///
/// let field = fields(b"Subject: one\r\n two\r\n").next().ok_or("no field")?;
/// assert_eq!(field.name, b"Subject");
/// assert_eq!(field.value, b" one\r\n two\r\n");
/// assert_eq!(field.text(), "one two");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Field<'x> {
    /// Whole field.
    pub octets: &'x [u8],
    /// Name, without white space behind it.
    pub name: &'x [u8],
    /// Value behind the colon, line ends included.
    pub value: &'x [u8],
}

impl<'x> Field<'x> {
    /// Whether the field has this name, in any case.
    ///
    /// ```
    /// # use batv_bounce::header::fields;
    /// assert!(fields(b"message-id: <a@example.com>\n").all(|field| field.is("Message-ID")));
    /// ```
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Value on one line. Encoded words are kept, and octets that are not UTF-8 replaced.
    ///
    /// ```
    /// # use batv_bounce::header::fields;
    /// assert!(fields(b"To: <a@example.com>,\r\n\t<b@example.com>\r\n").all(|field| field.text() == "<a@example.com>, <b@example.com>"));
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        for line in self.value.split(|octet| matches!(octet, b'\r' | b'\n')) {
            let line = line.trim_ascii();
            if !text.is_empty() && !line.is_empty() {
                text.push(' ');
            }
            text.push_str(&String::from_utf8_lossy(line));
        }
        text
    }
}

/// Fields of a header, up to the first empty line or the end. A line that is no field is skipped.
///
/// ```
/// use batv_bounce::header::fields;
///
/// let header = b"From sender Wed Nov 25\nFrom: a@example.com\nTo: b@example.com\n\nBody: no\n";
/// assert_eq!(fields(header).map(|field| field.name).collect::<Vec<_>>(), [b"From".as_slice(), b"To"]);
/// ```
#[must_use]
pub const fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

/// Iterator over header fields: [`fields`].
#[derive(Clone, Debug)]
pub struct Fields<'x> {
    rest: &'x [u8],
}

impl<'x> Fields<'x> {
    /// Octets that are left: after the last field, the empty line and the body.
    ///
    /// ```
    /// use batv_bounce::header::fields;
    ///
    /// let mut fields = fields(b"To: b@example.com\n\nbody");
    /// fields.by_ref().for_each(drop);
    /// assert_eq!(fields.rest(), b"\nbody");
    /// ```
    #[must_use]
    pub const fn rest(&self) -> &'x [u8] {
        self.rest
    }
}

impl<'x> Iterator for Fields<'x> {
    type Item = Field<'x>;

    fn next(&mut self) -> Option<Field<'x>> {
        loop {
            let first = line(self.rest);
            if is_empty(first) {
                return None;
            }
            let mut end = first.len();
            while let [b' ' | b'\t', ..] = self.rest[end..] {
                let next = line(&self.rest[end..]);
                if is_empty(next) {
                    break;
                }
                end += next.len();
            }
            let (octets, rest) = self.rest.split_at(end);
            self.rest = rest;
            if let Some(field) = field(octets) {
                return Some(field);
            }
        }
    }
}

/// Day of a date (RFC 5322 §3.3), in UTC.
///
/// ```
/// use batv_bounce::header::day_of;
///
/// assert_eq!(day_of("Wed, 1 Jan 2020 00:30:00 +0100 (CET)").map(|day| day.number()), Some(18_261));
/// assert_eq!(day_of("yesterday"), None);
/// ```
pub fn day_of(date: &str) -> Option<Day> {
    let date = DateTime::parse_rfc822(date).filter(DateTime::is_valid)?;
    // Of February 31st the parser makes a day of March.
    let local = DateTime { tz_hour: 0, tz_minute: 0, ..date };
    if DateTime::from_timestamp(local.to_timestamp()).day != date.day {
        return None;
    }
    Day::from_unix_seconds(date.to_timestamp()).ok()
}

/// Message without empty lines and the `From ` line of a mailbox file (RFC 4155) above its header.
///
/// ```
/// use batv_bounce::header::{fields, without_envelope_line};
///
/// let message = b"\r\nFrom alice@example.com Wed Nov 25 10:00:00 2026\nSubject: hello\n";
/// assert!(fields(without_envelope_line(message)).next().is_some_and(|field| field.is("Subject")));
/// ```
#[must_use]
pub fn without_envelope_line(message: &[u8]) -> &[u8] {
    let message = message.trim_ascii_start();
    match message.strip_prefix(b">").unwrap_or(message) {
        [b'F', b'r', b'o', b'm', b' ', ..] => &message[line(message).len()..],
        _ => message,
    }
}

/// A line with its end.
pub(crate) fn line(octets: &[u8]) -> &[u8] {
    memchr(b'\n', octets).map_or(octets, |at| &octets[..=at])
}

/// Whether a line has nothing but its end. White space alone ends no header: it is folding that lost its text.
pub(crate) fn is_empty(line: &[u8]) -> bool {
    matches!(line, b"" | b"\n" | b"\r\n")
}

fn field(octets: &[u8]) -> Option<Field<'_>> {
    let colon = memchr(b':', octets)?;
    let name = octets[..colon].trim_ascii_end();
    // RFC 5322 §3.6.8: printable, but for the colon.
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| Field { octets, name, value: &octets[colon + 1..] })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![prop::sample::select(b" \t\r\na:".as_slice()), any::<u8>()];
        prop::collection::vec(octet, 0..80)
    }

    proptest! {
        #[test]
        fn fields_stand_in_order_in_what_is_read(octets in octets()) {
            let mut header = fields(&octets);
            let mut left = octets.as_slice();
            for field in header.by_ref() {
                let at = memchr::memmem::find(left, field.octets);
                prop_assert!(at.is_some());
                left = &left[at.unwrap_or_default() + field.octets.len()..];
                prop_assert!(field.octets.starts_with(field.name) && field.octets.ends_with(field.value));
                prop_assert!(!field.name.is_empty() && field.name.iter().all(u8::is_ascii_graphic));
                prop_assert!(!field.text().contains(['\r', '\n']));
            }
            prop_assert!(left.ends_with(header.rest()) && is_empty(line(header.rest())));
        }

        #[test]
        fn what_is_written_is_read(
            written in prop::collection::vec(("[!-9;-~]{1,9}", "[!-~é]{1,9}( [!-~é]{1,9}){0,3}"), 0..8),
            line_end in "\r?\n",
            space in " |\r?\n\t",
        ) {
            let field = |(name, value): &(String, String)| format!("{name}: {}{line_end}", value.replace(' ', &space));
            let header: String = written.iter().map(field).collect();
            let message = format!("{header}{line_end}a: b");
            let mut read = fields(message.as_bytes());
            let text = |field: Field<'_>| (String::from_utf8_lossy(field.name).into_owned(), field.text());
            prop_assert_eq!(read.by_ref().map(text).collect::<Vec<_>>(), written);
            prop_assert_eq!(read.rest().len(), line_end.len() + "a: b".len());
        }
    }

    #[test]
    fn reads_folded_fields_and_passes_over_what_is_none() {
        let header = b">From x\nReceived : from a\n\tby b;\n Wed\nnonsense\n: empty\nX-Y:\n \n folded\n\nno: field\n";
        let mut fields = fields(header);
        let read: Vec<_> = fields.by_ref().map(|field| (field.name, field.text())).collect();
        assert_eq!(
            read,
            [(b"Received".as_slice(), "from a by b; Wed".to_owned()), (b"X-Y".as_slice(), "folded".to_owned())]
        );
        assert_eq!(fields.rest(), b"\nno: field\n");
    }
}
