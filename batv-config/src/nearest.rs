//! The known name that an unknown one is a misspelling of.

/// Letters that may differ.
const NEAR: usize = 3;

/// The known name nearest to this one, if one is near enough. At least one letter is the same.
pub(crate) fn nearest<'n>(unknown: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let distance = |known: &str| strsim::osa_distance(unknown, known);
    let near = known.into_iter().filter(|known| distance(known) <= NEAR.min(known.len().saturating_sub(1)));
    near.min_by_key(|known| distance(known))
}
