//! The boundaries of the multiparts that are open, and the lines that are their delimiters (RFC 2046 §5.1.1).

/// The boundaries of the open multiparts, from the outermost on.
///
/// Whoever crafts a message chooses them and the lines that nearly are delimiters. A line is compared only with those
/// that are as long as it would take, and the lengths are gone through only up to that of the line: so the time is bounded
/// by the octets of the lines, and the depth of the multiparts adds little.
#[derive(Debug, Default)]
pub(super) struct Boundaries {
    open: Vec<Vec<u8>>,
    /// Their lengths, each once, from the shortest on.
    lengths: Vec<usize>,
    #[cfg(test)]
    work: Work,
}

/// What lines cost.
#[cfg(test)]
#[derive(Debug, Default)]
struct Work {
    lengths: core::cell::Cell<usize>,
    comparisons: core::cell::Cell<usize>,
}

impl Boundaries {
    pub(super) const fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Opens a multipart inside the others.
    pub(super) fn open(&mut self, boundary: Vec<u8>) {
        if let Err(place) = self.lengths.binary_search(&boundary.len()) {
            self.lengths.insert(place, boundary.len());
        }
        self.open.push(boundary);
    }

    /// Closes the multiparts from this level on.
    pub(super) fn close(&mut self, level: usize) {
        if level < self.open.len() {
            self.open.truncate(level);
            self.lengths = self.open.iter().map(Vec::len).collect();
            self.lengths.sort_unstable();
            self.lengths.dedup();
        }
    }

    /// The level of the multipart whose delimiter this line is, and whether it closes it. The line is without the two hyphens
    /// before it. Of two boundaries one may begin with the other: then the longer counts, and of the same the inner one.
    pub(super) fn of_line(&self, line: &[u8]) -> Option<(usize, bool)> {
        // White space may follow.
        let text = line.trim_ascii_end().len();
        let mut found = None;
        for &length in self.lengths.iter().take_while(|length| **length <= text) {
            #[cfg(test)]
            self.work.lengths.set(self.work.lengths.get() + 1);
            let closes = line[length..].starts_with(b"--");
            if !closes && length < text {
                continue;
            }
            let is_it = |boundary: &Vec<u8>| {
                #[cfg(test)]
                self.work.comparisons.set(self.work.comparisons.get() + usize::from(boundary.len() == length));
                boundary.len() == length && **boundary == line[..length]
            };
            if let Some(level) = self.open.iter().rposition(is_it) {
                found = Some((level, closes));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opened(boundaries: &[&str]) -> Boundaries {
        let mut opened = Boundaries::default();
        boundaries.iter().for_each(|boundary| opened.open(boundary.as_bytes().to_vec()));
        opened
    }

    /// The rule itself: of the boundaries with which the line begins, the one behind which least follows.
    fn expected(boundaries: &[&str], line: &[u8]) -> Option<(usize, bool)> {
        let behind = |boundary: &&str| line.strip_prefix(boundary.as_bytes());
        let found = boundaries.iter().map(behind).enumerate().filter_map(|(level, rest)| Some((level, rest?)));
        let found = found.filter(|(_, rest)| rest.starts_with(b"--") || rest.trim_ascii().is_empty());
        let (level, rest) = found.min_by_key(|(level, rest)| (rest.len(), usize::MAX - level))?;
        Some((level, rest.starts_with(b"--")))
    }

    proptest! {
        #[test]
        fn a_line_is_the_delimiter_that_the_rule_says(
            boundaries in prop::collection::vec("[a-]{1,4}", 0..6),
            line in "[a-]{0,6}(--)?[ \t]{0,2}\r?\n?",
            closed in 0..6_usize,
        ) {
            let mut boundaries: Vec<&str> = boundaries.iter().map(String::as_str).collect();
            let mut opened = opened(&boundaries);
            prop_assert_eq!(opened.of_line(line.as_bytes()), expected(&boundaries, line.as_bytes()));
            opened.close(closed);
            boundaries.truncate(closed);
            prop_assert_eq!(opened.of_line(line.as_bytes()), expected(&boundaries, line.as_bytes()));
            prop_assert_eq!(opened.is_empty(), boundaries.is_empty());
        }
    }

    #[test]
    fn the_work_on_a_line_is_bounded_by_its_octets_and_the_depth() {
        const DEPTH: usize = 20;
        let of_one_length: Vec<String> = (0..DEPTH).map(|level| format!("b{level:02}")).collect();
        let of_all_lengths: Vec<String> = (0..DEPTH).map(|level| "b".repeat(level + 1)).collect();
        let of_hyphens: Vec<String> = (0..DEPTH).map(|level| format!("{}{level:02}", "-".repeat(60))).collect();
        let the_same = vec!["b".to_owned(); DEPTH];
        let long_line = "-".repeat(10_000);
        for boundaries in [&of_one_length, &of_all_lengths, &of_hyphens, &the_same] {
            let boundaries: Vec<&str> = boundaries.iter().map(String::as_str).collect();
            for line in
                ["\n", "b\n", "bx\n", "b9x\n", "b99\n", "bbbbbbbbbbbbbbbbbbbbbbbbbx\n", "b--b--b--\n", &long_line]
            {
                let opened = opened(&boundaries);
                opened.of_line(line.as_bytes());
                assert!(opened.work.lengths.get() <= line.len(), "{boundaries:?}: {line}");
                assert!(opened.work.comparisons.get() <= DEPTH, "{boundaries:?}: {line}");
            }
        }
        // Lines that only begin as a delimiter does are compared with none.
        let boundaries: Vec<&str> = of_one_length.iter().map(String::as_str).collect();
        let opened = opened(&boundaries);
        for line in ["\n", "b\n", "b9x9\n"] {
            opened.of_line(line.as_bytes());
        }
        assert_eq!(opened.work.comparisons.get(), 0);
    }
}
