//! A second reading of paths: slow, straight from the grammar, and sharing nothing with the core.

use core::net::{Ipv4Addr, Ipv6Addr};

/// The content of a local part, without quotes and escapes, and the domain as it came.
pub(crate) type Parts = (String, Option<String>);

/// Reads a path (RFC 5321 §4.1.2, RFC 6531 §3.3): `Some(None)` for the null path, `None` for what is no path.
///
/// As generous as the core: dots anywhere, underscores in domains, a tag outside the quotes, no limit on a local part.
pub(crate) fn path(octets: &[u8]) -> Option<Option<Parts>> {
    let text =
        core::str::from_utf8(octets).ok().filter(|text| text.len() <= 1000 && !text.contains(char::is_control))?;
    if matches!(text, "" | "<>") {
        return Some(None);
    }
    let Some(bracketed) = text.strip_prefix('<') else {
        return mailbox(text).map(Some);
    };
    let bracketed = bracketed.strip_suffix('>')?;
    if !bracketed.starts_with('@') {
        return mailbox(bracketed).map(Some);
    }
    // A colon may stand in a literal of the route and in the quotes after it, so each might be the one.
    let colons = bracketed.match_indices(':').map(|(at, _)| at);
    colons.filter(|&at| is_route(&bracketed[..at])).find_map(|at| mailbox(&bracketed[at + 1..])).map(Some)
}

/// `A-d-l`. A comma may stand in a literal, so each might be the one between two hops.
fn is_route(text: &str) -> bool {
    let is_hop = |hop: &str| hop.strip_prefix('@').is_some_and(is_domain);
    is_hop(text) || text.match_indices(',').any(|(at, _)| is_hop(&text[..at]) && is_route(&text[at + 1..]))
}

fn mailbox(text: &str) -> Option<Parts> {
    // RFC 5321 §4.1.1.3
    if let Some(content) = local_part_content(text).filter(|content| content.eq_ignore_ascii_case("postmaster")) {
        return Some((content, None));
    }
    // One in quotes leaves a local part whose quotes don't end.
    text.match_indices('@').find_map(|(at, _)| {
        let (local_part, domain) = (&text[..at], &text[at + 1..]);
        let content = local_part_content(local_part)?;
        is_domain(domain).then(|| (content, Some(domain.to_owned())))
    })
}

fn local_part_content(text: &str) -> Option<String> {
    let (head, quoted) = text.split_at(text.find('"').unwrap_or(text.len()));
    if !head.chars().all(|character| is_atext(character) || character == '.') {
        return None;
    }
    let mut content = head.to_owned();
    if !quoted.is_empty() {
        if !(head.is_empty() || head.ends_with('=')) {
            return None;
        }
        content += &quoted_content(quoted)?;
    }
    Some(content).filter(|content| !content.is_empty())
}

/// `Quoted-string`, not empty.
fn quoted_content(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.strip_suffix('"').filter(|inside| !inside.is_empty())?.chars();
    let mut content = String::new();
    while let Some(character) = characters.next() {
        content.push(match character {
            '"' => return None,
            '\\' => characters.next().filter(char::is_ascii)?,
            other => other,
        });
    }
    Some(content)
}

/// `atext`, with the additions of RFC 6531 §3.3.
fn is_atext(character: char) -> bool {
    !character.is_ascii() || character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character)
}

fn is_domain(text: &str) -> bool {
    let in_label = |character: char| character == '-' || character == '_' || character.is_ascii_alphanumeric();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(in_label)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 255 && (text.split('.').all(is_label) || is_literal(text))
}

/// `address-literal` (RFC 5321 §4.1.3)
fn is_literal(text: &str) -> bool {
    let Some(content) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
        return false;
    };
    match content.split_once(':') {
        None => content.parse::<Ipv4Addr>().is_ok(),
        Some((tag, address)) if tag.eq_ignore_ascii_case("ipv6") => address.parse::<Ipv6Addr>().is_ok(),
        Some((tag, address)) => {
            let in_tag = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
            let in_content = |octet: u8| octet.is_ascii_graphic() && !b"[\\]".contains(&octet);
            !tag.is_empty()
                && !tag.ends_with('-')
                && tag.bytes().all(in_tag)
                && !address.is_empty()
                && address.bytes().all(in_content)
        }
    }
}
