//! Counts of decisions, by what was found.

use core::ops::AddAssign;

use batv_core::envelope::Verdict;

/// What is counted of a decision: the verdict, or that nobody wanted more than to know whether the mailbox exists.
///
/// ```
/// use batv_report::Column;
///
/// assert_eq!(Column::ALL.map(Column::as_str)[..3], ["genuine", "unverified", "disproved"]);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Column {
    /// [`Verdict::Genuine`].
    Genuine,
    /// [`Verdict::Unverified`].
    Unverified,
    /// [`Verdict::Disproved`].
    Disproved,
    /// [`Verdict::NotJudged`].
    NotJudged,
    /// [`Verdict::Undecided`]: put off, or not to be judged.
    Undecided,
    /// A null reverse-path, a recipient, and no message: a question whether the mailbox exists.
    Asked,
    /// A verdict of a later version.
    Other,
}

impl Column {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Genuine, Self::Unverified, Self::Disproved, Self::NotJudged, Self::Undecided, Self::Asked, Self::Other];

    /// The name in outputs.
    ///
    /// ```
    /// # use batv_report::Column;
    /// assert_eq!(Column::Asked.as_str(), "asked");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Genuine => Verdict::Genuine.as_str(),
            Self::Unverified => Verdict::Unverified.as_str(),
            Self::Disproved => Verdict::Disproved.as_str(),
            Self::NotJudged => Verdict::NotJudged.as_str(),
            Self::Undecided => Verdict::Undecided.as_str(),
            Self::Asked => "asked",
            Self::Other => "other",
        }
    }

    pub(crate) fn of(verdict: &str) -> Self {
        match verdict.parse() {
            Ok(Verdict::Genuine) => Self::Genuine,
            Ok(Verdict::Unverified) => Self::Unverified,
            Ok(Verdict::Disproved) => Self::Disproved,
            Ok(Verdict::NotJudged) => Self::NotJudged,
            Ok(Verdict::Undecided) => Self::Undecided,
            _ => Self::Other,
        }
    }
}

/// What mode `reject` makes of a decision.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It is taken in this mode, too, or put off.
    Taken,
    /// It was taken, and mode `reject` would have refused it.
    Refusable,
    /// It was refused.
    Refused,
}

/// Some decisions.
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
    /// Those that were refused.
    pub refused: u64,
    /// Those that were taken, and that mode `reject` would have refused.
    pub refusable: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, column: Column, fate: Fate) {
        self.columns[column as usize] += 1;
        self.refused += u64::from(fate == Fate::Refused);
        self.refusable += u64::from(fate == Fate::Refusable);
    }

    /// Those of one column.
    ///
    /// ```
    /// # use batv_report::{Column, Tally};
    /// assert_eq!(Tally::default().of(Column::Other), 0);
    /// ```
    pub const fn of(&self, column: Column) -> u64 {
        self.columns[column as usize]
    }

    pub(crate) const fn column_mut(&mut self, column: Column) -> &mut u64 {
        &mut self.columns[column as usize]
    }

    /// All of them.
    ///
    /// ```
    /// # use batv_report::Tally;
    /// assert_eq!(Tally::default().total(), 0);
    /// ```
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
