//! The words in braces of a case: addresses that are made on the day of the test, and kept values.

use std::collections::HashMap;

use batv_core::tag::{Delimiter, Form};
use batv_tests::site;

/// The text with all placeholders filled in.
pub(crate) fn fill(text: &str, kept: &HashMap<String, String>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, after) = after.split_once('}').unwrap_or_else(|| panic!("no `}}` in {text}"));
        filled.push_str(before);
        filled.push_str(&value(inside, kept).unwrap_or_else(|| panic!("no placeholder `{inside}`")));
        rest = after;
    }
    filled + rest
}

/// The same for a message, where a header that was kept may lose fields on its way.
pub(crate) fn fill_message(text: &str, kept: &HashMap<String, String>) -> String {
    let mut all = kept.clone();
    for (name, header) in kept {
        let mut bare = String::new();
        let mut passes = true;
        for line in header.lines() {
            if !line.starts_with([' ', '\t']) {
                let field = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
                passes = !["x-batv-mark", "return-path", "dkim-signature"].contains(&field.as_str());
            }
            if passes {
                bare.push_str(line);
                bare.push('\n');
            }
        }
        all.insert(format!("bare {name}"), bare.trim_end().to_owned());
    }
    fill(text, &all)
}

fn value(inside: &str, kept: &HashMap<String, String>) -> Option<String> {
    if let Some(value) = kept.get(inside) {
        return Some(value.clone());
    }
    if let Some((days, "")) = days_ago(inside) {
        return Some(site::date(days));
    }
    if let Some(rest) = inside.strip_prefix("forged ") {
        return Some(site::forged(&value(rest, kept)?));
    }
    let (kind, rest) = inside.split_once(' ')?;
    let (days, address) = days_ago(rest).unwrap_or((0, rest));
    match kind {
        "tagged" => Some(site::tagged(address, days)),
        "sub-address" => Some(site::tagged_in(Form::SubAddress(Delimiter::default()), address, days)),
        "strong" => Some(site::tagged_in(Form::Strong, address, days)),
        "srs" => Some(site::forwarded_before(days, address)),
        _ => None,
    }
}

/// `N days ago`, and the rest.
fn days_ago(text: &str) -> Option<(i32, &str)> {
    let (days, rest) = text.split_once(" days ago")?;
    Some((days.parse().ok()?, rest.trim_start()))
}
