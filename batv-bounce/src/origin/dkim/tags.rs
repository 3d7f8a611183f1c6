//! Tag lists (RFC 6376 §3.2): signatures and key records are both written as one.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use core::ops::Range;

use memchr::memchr;

/// The tags of a list, by name.
#[derive(Debug)]
pub(super) struct Tags<'x> {
    list: &'x [u8],
    values: BTreeMap<&'x str, Range<usize>>,
}

/// Why something is no tag list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TagError<'x> {
    /// A part of it is not `name=value`.
    NotATag,
    /// A tag stands there twice, which makes the whole list invalid.
    Twice(&'x str),
}

impl<'x> Tags<'x> {
    /// Parts that are empty are passed over.
    pub(super) fn parse(list: &'x [u8]) -> Result<Self, TagError<'x>> {
        let mut values = BTreeMap::new();
        let mut start = 0;
        for part in list.split(|octet| *octet == b';') {
            let end = start + part.len();
            if !part.trim_ascii().is_empty() {
                let equals = memchr(b'=', part).ok_or(TagError::NotATag)?;
                let name = name(&part[..equals]).ok_or(TagError::NotATag)?;
                match values.entry(name) {
                    Entry::Occupied(_) => return Err(TagError::Twice(name)),
                    Entry::Vacant(entry) => entry.insert(start + equals + 1..end),
                };
            }
            start = end + 1;
        }
        Ok(Self { list, values })
    }

    /// The value of a tag, without white space around it.
    pub(super) fn get(&self, name: &str) -> Option<&'x [u8]> {
        self.place(name).map(|place| self.list[place].trim_ascii())
    }

    /// Place of the value of a tag in the list, with the white space around it.
    pub(super) fn place(&self, name: &str) -> Option<Range<usize>> {
        self.values.get(name).cloned()
    }

    /// The value of a tag that is a list with colons: its items, without white space around them.
    pub(super) fn items(&self, name: &str) -> Option<impl Iterator<Item = &'x [u8]> + use<'x>> {
        self.get(name).map(|value| value.split(|octet| *octet == b':').map(<[u8]>::trim_ascii))
    }
}

/// Names are told apart by case.
fn name(octets: &[u8]) -> Option<&str> {
    let name = str::from_utf8(octets.trim_ascii()).ok()?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_stands_between_semicolons() {
        let tags = Tags::parse(b" a = 1 = 1 ;; b=\r\n\t;\r\n c=x : y\r\n ;").expect("a list");
        assert_eq!(tags.get("a"), Some(b"1 = 1".as_slice()));
        assert_eq!(tags.get("b"), Some(b"".as_slice()));
        assert_eq!(tags.place("b"), Some(16..19));
        assert_eq!(tags.get("A"), None);
        assert_eq!(tags.items("c").expect("a tag").collect::<Vec<_>>(), [b"x", b"y"]);
    }

    #[test]
    fn refuses_what_is_none() {
        let cases: [(&[u8], _); 6] = [
            (b"a=1; a=2", TagError::Twice("a")),
            (b"a=1; a", TagError::NotATag),
            (b"=1", TagError::NotATag),
            (b"1=a", TagError::NotATag),
            (b"a b=1", TagError::NotATag),
            (b"a\xff=1", TagError::NotATag),
        ];
        for (list, error) in cases {
            assert_eq!(Tags::parse(list).err(), Some(error), "{}", String::from_utf8_lossy(list));
        }
    }
}
