//! Text of HTML.

use mail_parser::decoders::html::html_to_text;
use memchr::memchr_iter;

/// The text of HTML, with the line ends of what is preformatted: a header is returned so.
pub(super) fn text_of_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(start) = tag(rest, "<pre") {
        text.push_str(&html_to_text(&rest[..start]));
        let inside = rest[start..].split_once('>').map_or("", |(_, inside)| inside);
        let end = tag(inside, "</pre").unwrap_or(inside.len());
        text.push('\n');
        for line in inside[..end].lines() {
            let content = line.trim_start_matches([' ', '\t']);
            // What folds a field.
            text.push_str(&line[..line.len() - content.len()]);
            if !content.is_empty() {
                text.push_str(&html_to_text(content));
            }
            text.push('\n');
        }
        text.push('\n');
        rest = &inside[end..];
    }
    text.push_str(&html_to_text(rest));
    text
}

/// Place of the first tag that begins so, in any case. Nothing behind it is looked at: who looks again from there on looks at
/// each octet once.
fn tag(html: &str, start: &str) -> Option<usize> {
    let octets = html.as_bytes();
    let is_it = |at: &usize| {
        octets.get(*at..*at + start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()))
    };
    memchr_iter(b'<', octets).find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_preformatted_keep_their_ends() {
        for (html, text) in [
            ("<p>a</p><pre>b\n c</pre>d", "b\n c\n"),
            ("<PRE>b\nc</PRE><pre>d\ne</pre>", "d\ne\n"),
            ("<PRE>b\nc</PRE><pre>d\ne</pre>", "b\nc\n"),
            ("<Pre class=x>b\n\n&amp;</pRE>", "b\n\n&\n"),
            ("<pre>b\nc", "b\nc\n"),
        ] {
            assert!(text_of_html(html).contains(text), "{html}: {}", text_of_html(html));
        }
    }

    #[test]
    fn a_tag_is_found_in_any_case_and_at_the_end() {
        for (html, place) in
            [("a<b<PrE>", Some(3)), ("<pre", Some(0)), ("<pr", None), ("", None), ("\u{fc}<pre>", Some(2))]
        {
            assert_eq!(tag(html, "<pre"), place, "{html}");
        }
    }
}
