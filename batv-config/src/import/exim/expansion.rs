//! `${prvs…}` and `${prvscheck…}` in a line.

use alloc::borrow::Cow;

/// One of the two, with its key.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Use {
    pub(super) signs: bool,
    pub(super) key: Key,
    /// The text of the id, where there is one.
    pub(super) id: Option<String>,
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Key {
    /// The octets, without escapes.
    Literal(Vec<u8>),
    /// `${readfile{PATH}…}`.
    File(String),
    /// `${lookup…}`.
    Lookup,
    /// Another value that is known only while Exim runs.
    Other,
}

/// All of them, those inside of others too.
pub(super) fn find(line: &str) -> Vec<Use> {
    let line = unquote_option(line);
    let mut found = Vec::new();
    let mut rest = &*line;
    while let Some(at) = rest.find("${prvs") {
        rest = &rest[at + "${prvs".len()..];
        let signs = !rest.starts_with("check");
        let mut arguments = rest.strip_prefix("check").unwrap_or(rest);
        if let (Some(_), Some(key)) = (argument(&mut arguments), argument(&mut arguments)) {
            let id = if signs { argument(&mut arguments).map(|id| id.trim().to_owned()) } else { None };
            found.push(Use { signs, key: Key::of(key), id });
        }
    }
    found
}

impl Key {
    fn of(text: &str) -> Self {
        let call = text.trim_start();
        if let Some(mut rest) = call.strip_prefix("${readfile") {
            return match argument(&mut rest) {
                Some(path) if !path.contains('$') => Self::File(path.trim().to_owned()),
                _ => Self::Other,
            };
        }
        if call.starts_with("${lookup") {
            return Self::Lookup;
        }
        expand(text).map_or(Self::Other, Self::Literal)
    }
}

/// The next argument in braces, which may have others inside of it.
fn argument<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let begun = rest.trim_start().strip_prefix('{')?;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in begun.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 0 => {
                *rest = &begun[at + 1..];
                return Some(&begun[..at]);
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The octets that a text without variables stands for; `None` where Exim puts something in.
fn expand(text: &str) -> Option<Vec<u8>> {
    let octets = unescape(text, |octet| octet != b'$')?;
    // Exim's keys are strings of C.
    (!octets.contains(&0)).then_some(octets)
}

/// Text without its escapes; `None` if an escape cannot be read, or an octet outside of them is not allowed.
fn unescape(text: &str, is_allowed: impl Fn(u8) -> bool) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        octets.push(match first {
            b'\\' => escape(&mut rest)?,
            octet if is_allowed(*octet) => *octet,
            _ => return None,
        });
    }
    Some(octets)
}

/// Character after a backslash: a letter, up to three octal digits, `x` and up to two hexadecimal ones, or itself.
/// `None` for `\N`, up to whose next occurrence nothing is expanded.
fn escape(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    let mut number = |radix: u32, digits: usize, begin: u32| {
        let mut value = begin;
        for _ in 0..digits {
            let Some(digit) = rest.first().and_then(|octet| char::from(*octet).to_digit(radix)) else { break };
            value = value * radix + digit;
            *rest = &rest[1..];
        }
        u8::try_from(value).ok()
    };
    match first {
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'N' => None,
        b'x' => number(16, 2, 0),
        digit @ b'0'..=b'7' => number(8, 2, u32::from(digit - b'0')),
        octet => Some(*octet),
    }
}

/// The value of an option in quotes, whose escapes count before those of the expansion. A line with an unreadable escape stays as
/// it is.
fn unquote_option(line: &str) -> Cow<'_, str> {
    let quoted = line.split_once('=').and_then(|(_, value)| value.trim().strip_prefix('"')?.strip_suffix('"'));
    let unquoted = quoted.and_then(|quoted| String::from_utf8(unescape(quoted, |_| true)?).ok());
    unquoted.map_or(Cow::Borrowed(line), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(line: &str) -> Use {
        let mut found = find(line);
        assert_eq!(found.len(), 1, "{line}");
        found.remove(0)
    }

    #[test]
    fn keys_are_found() {
        let literal = |text: &[u8]| Key::Literal(text.to_vec());
        for (line, signs, key, id) in [
            ("return_path = ${prvs{$return_path}{s3kr1t}{5}}", true, literal(b"s3kr1t"), Some("5")),
            ("return_path = ${prvs {$return_path} {s3kr1t}}", true, literal(b"s3kr1t"), None),
            ("return_path = \"${prvs{$return_path}{a\\\\\\\\b}}\"", true, literal(b"a\\b"), None),
            ("data = ${if x{${prvscheck{$local_part@$domain}{s3kr1t}{$value}}}}", false, literal(b"s3kr1t"), None),
            ("data = ${prvscheck{a@b}{s\\}\\x41\\101\\t}}", false, literal(b"s}AA\t"), None),
            (
                "data = ${prvs{a@b}{${readfile{/etc/exim4/key}{}}}{1}}",
                true,
                Key::File("/etc/exim4/key".into()),
                Some("1"),
            ),
            ("data = ${prvs{a@b}{${lookup mysql{SELECT x}}}{1}}", true, Key::Lookup, Some("1")),
            ("data = ${prvs{a@b}{$acl_m_key}{1}}", true, Key::Other, Some("1")),
            ("data = ${prvs{a@b}{\\Nx\\N}}", true, Key::Other, None),
            ("data = ${prvs{a@b}{x\\0}}", true, Key::Other, None),
        ] {
            assert_eq!(only(line), Use { signs, key, id: id.map(str::to_owned) }, "{line}");
        }
    }

    #[test]
    fn what_is_cut_is_passed_over() {
        for line in ["${prvs", "${prvs{a", "${prvs{a}{b", "${prvscheck{a}", "$prvscheck_result", "${prvs{a\\}{b}}"] {
            assert_eq!(find(line), [], "{line}");
        }
    }
}
