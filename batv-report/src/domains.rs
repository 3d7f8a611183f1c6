//! Counts by the domain of the recipient: of the first hundred domains, and of all others together.

use alloc::sync::Arc;
use core::cmp::Reverse;

use batv_core::envelope::Mode;

use crate::tally::Tally;

/// Largest number of domains that are counted by name.
pub(crate) const MOST: usize = 100;
/// Octets of a name that are kept (RFC 5321 §4.5.3.1.2).
pub(crate) const NAME_LIMIT: usize = 255;

#[derive(Clone, Debug)]
pub(crate) struct Domain {
    /// Name, in lower case.
    pub(crate) name: Arc<str>,
    pub(crate) tally: Tally,
    /// Mode of the latest decision.
    pub(crate) mode: Option<Mode>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Domains {
    pub(crate) list: Vec<Domain>,
    pub(crate) others: Tally,
}

impl Domains {
    /// Place of a domain; [`MOST`] for all that have none of their own.
    pub(crate) fn place(&mut self, address: &str, mode: Option<Mode>) -> usize {
        let name = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let name = bounded(name, NAME_LIMIT);
        if let Some(place) = self.list.iter().position(|domain| domain.name.eq_ignore_ascii_case(name)) {
            self.list[place].mode = mode.or(self.list[place].mode);
            return place;
        }
        if self.list.len() < MOST {
            self.list.push(Domain { name: name.to_ascii_lowercase().into(), tally: Tally::default(), mode });
            return self.list.len() - 1;
        }
        MOST
    }

    pub(crate) fn tally(&mut self, place: usize) -> &mut Tally {
        self.list.get_mut(place).map_or(&mut self.others, |domain| &mut domain.tally)
    }

    /// Domains with counts, the largest first.
    pub(crate) fn largest(&self) -> Vec<&Domain> {
        let mut list: Vec<_> = self.list.iter().filter(|domain| domain.tally.total() > 0).collect();
        list.sort_unstable_by_key(|domain| (Reverse(domain.tally.total()), Arc::clone(&domain.name)));
        list
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for domain in &other.list {
            match self.list.iter().position(|known| known.name == domain.name) {
                Some(place) => {
                    let known = &mut self.list[place];
                    known.tally += domain.tally;
                    known.mode = domain.mode.or(known.mode);
                }
                None if self.list.len() < MOST => self.list.push(domain.clone()),
                None => self.others += domain.tally,
            }
        }
        self.others += other.others;
    }
}

/// As much of the text as the limit in octets allows. `str::floor_char_boundary` is of Rust 1.91.
pub(crate) fn bounded(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::{Column, Fate};

    #[test]
    fn domains_without_end_take_no_space_without_end() {
        let mut domains = Domains::default();
        let mut other = Domains::default();
        for number in 0..10_000 {
            let place = domains.place(&format!("alice@{number}.example"), None);
            domains.tally(place).count(Column::Genuine, Fate::Taken);
            let place = other.place(&format!("\"@\"@{}.EXAMPLE", 10_000 - number), Some(Mode::Mark));
            other.tally(place).count(Column::Genuine, Fate::Taken);
        }
        assert_eq!((domains.list.len(), domains.others.total()), (MOST, 9_900));
        domains.merge(&other);
        assert_eq!((domains.list.len(), domains.others.total()), (MOST, 19_900));
        let same = domains.place("bob@7.Example", Some(Mode::Reject));
        assert_eq!((&*domains.list[same].name, domains.list[same].mode), ("7.example", Some(Mode::Reject)));
        let long = "ü".repeat(1000);
        assert_eq!(Domains::default().place(&format!("a@{long}"), None), 0);
    }
}
