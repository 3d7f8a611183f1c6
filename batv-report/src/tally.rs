//! Counts of decisions by verdict.

use core::ops::AddAssign;

/// Limit of a count that is read back. No host counts so far, and sums of such numbers don't overflow.
pub(crate) const LARGEST: u64 = 1 << 48;

batv_core::names! {
    /// Column of a decision: its verdict, or a question whether the mailbox exists.
    ///
    /// ```
    /// use batv_core::envelope::Verdict;
    /// use batv_report::Column;
    ///
    /// assert_eq!(Column::Asked.as_str(), "asked");
    /// for verdict in Verdict::ALL {
    ///     assert!(verdict.as_str().parse::<Column>().is_ok());
    /// }
    /// ```
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    #[non_exhaustive]
    pub enum Column {
        /// [`Verdict::Genuine`](batv_core::envelope::Verdict::Genuine).
        Genuine = "genuine",
        /// [`Verdict::Unverified`](batv_core::envelope::Verdict::Unverified).
        Unverified = "unverified",
        /// [`Verdict::Disproved`](batv_core::envelope::Verdict::Disproved).
        Disproved = "disproved",
        /// [`Verdict::NotJudged`](batv_core::envelope::Verdict::NotJudged).
        NotJudged = "not-judged",
        /// [`Verdict::Undecided`](batv_core::envelope::Verdict::Undecided): deferred.
        Undecided = "undecided",
        /// A null reverse-path, a recipient, and no message: a question whether the mailbox exists.
        Asked = "asked",
        /// A verdict of a later version.
        Other = "other",
    }
}

impl Column {
    /// Column of a verdict.
    pub(crate) fn of(verdict: &str) -> Self {
        verdict.parse().ok().filter(|column| *column != Self::Asked).unwrap_or(Self::Other)
    }
}

/// Disposition of a decision, compared with mode `reject`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// Accepted in mode `reject`, too, or deferred.
    Taken,
    /// Accepted; mode `reject` would have refused it.
    Refusable,
    /// Refused.
    Refused,
}

/// Counts of decisions.
///
/// ```
/// use batv_report::{Column, Tally};
///
/// let tally = Tally::default();
/// assert_eq!((tally.total(), tally.of(Column::Genuine), tally.refusable), (0, 0, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    columns: [u64; Column::ALL.len()],
    /// Number of those that were refused.
    pub refused: u64,
    /// Number of those that were accepted, and that mode `reject` would have refused.
    pub refusable: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, column: Column, fate: Fate) {
        self.columns[column as usize] += 1;
        self.refused += u64::from(fate == Fate::Refused);
        self.refusable += u64::from(fate == Fate::Refusable);
    }

    /// Number of decisions in a column.
    ///
    /// ```
    /// # use batv_report::{Column, Tally};
    /// assert_eq!(Tally::default().of(Column::Other), 0);
    /// ```
    #[must_use]
    pub const fn of(&self, column: Column) -> u64 {
        self.columns[column as usize]
    }

    pub(crate) const fn column_mut(&mut self, column: Column) -> &mut u64 {
        &mut self.columns[column as usize]
    }

    /// Number of all decisions.
    ///
    /// ```
    /// # use batv_report::Tally;
    /// assert_eq!(Tally::default().total(), 0);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.columns.iter().sum()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.columns.iter_mut().zip(other.columns).for_each(|(mine, its)| *mine += its);
        self.refused += other.refused;
        self.refusable += other.refusable;
    }
}

/// Tallies by name, the last of them for all names that are not known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ByName {
    names: &'static [&'static str],
    tallies: Box<[Tally]>,
}

impl ByName {
    pub(crate) fn new(names: &'static [&'static str]) -> Self {
        Self { names, tallies: vec![Tally::default(); names.len() + 1].into() }
    }

    /// Place of a name among the tallies.
    pub(crate) fn place(&self, name: &str) -> usize {
        self.names.iter().position(|known| *known == name).unwrap_or(self.names.len())
    }

    pub(crate) fn at(&mut self, place: usize) -> &mut Tally {
        &mut self.tallies[place]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, Tally)> {
        self.names.iter().copied().chain(["other"]).zip(self.tallies.iter().copied())
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.tallies.iter_mut().zip(&other.tallies).for_each(|(mine, its)| *mine += *its);
    }
}
