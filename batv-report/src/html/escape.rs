//! Escaped text in HTML.

use core::fmt::{self, Write as _};

/// Text as content or in a quoted attribute: it can't end either (HTML §13.1.2.3, §13.2.5.36).
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'t>(pub(super) &'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_what_it_stands_in() {
        assert_eq!(Text("<b a=\"'\">&amp;").to_string(), "&lt;b a=&quot;&#39;&quot;&gt;&amp;amp;");
    }
}
