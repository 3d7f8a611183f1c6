//! Figures that outlive the daemon, as JSON. It contains no more of an address than the page shows.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;

use batv_core::envelope::Mode;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::domains::{self, Domain, Domains};
use crate::event::Outcome;
use crate::recent::Recent;
use crate::report::Report;
use crate::samples::{Sample, Samples};
use crate::senders::{self, Sender, Senders};
use crate::tally::{Column, LARGEST, Tally};
use crate::timeline::Timeline;
use crate::timestamp::{DAY, PLAUSIBLE};

const VERSION: u32 = 1;

/// Error of figures that can't be read back.
///
/// ```
/// use batv_report::Recent;
///
/// let fault = Recent::restored(7, b"{\"version\":9}").unwrap_err();
/// assert_eq!(fault.to_string(), "they are of another version");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Unreadable {}

#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Deserialize, Serialize)]
struct Kept {
    version: u32,
    since: Option<i64>,
    days: Vec<Day>,
}

#[derive(Deserialize, Serialize)]
struct Day {
    day: i64,
    period: Option<(i64, i64)>,
    decisions: Tally,
    answers: Tally,
    timeline: Timeline,
    domains: Vec<(Box<str>, Option<Box<str>>, Tally)>,
    other_domains: Tally,
    modes: Named<Tally>,
    reasons: Named<Tally>,
    classes: Named<Tally>,
    listeners: Named<Tally>,
    networks: Vec<Sender>,
    backscatter: u64,
    samples: Vec<Sample>,
    departures: Named<u64>,
    keys: Named<u64>,
}

type Named<T> = BTreeMap<Box<str>, T>;

impl Recent {
    /// Reports as text, for [`Recent::restored`]. Addresses are redacted.
    ///
    /// ```
    /// # use batv_report::Recent;
    /// assert!(Recent::new(7).kept().starts_with("{\"version\":1,"));
    /// ```
    #[must_use]
    pub fn kept(&self) -> String {
        let days = self.days.iter().map(|(day, report)| Day::of(*day, &report.settled())).collect();
        // Maps have texts for keys, so this can't fail.
        serde_json::to_string(&Kept { version: VERSION, since: self.since, days }).unwrap_or_default()
    }

    /// Reads the text of [`Recent::kept`] back.
    ///
    /// # Errors
    /// [`Unreadable`] when the text is something else, or of another version.
    ///
    /// ```
    /// use batv_report::{Departure, Event, Outcome, Recent, Told};
    ///
    /// let mut recent = Recent::new(7);
    /// let told = Told::Departure(Departure::new(Outcome::Tagged, "alice@example.com"));
    /// recent.add(&Event { time: Some(1_795_613_534), told });
    /// let later = Recent::restored(7, recent.kept().as_bytes())?;
    /// assert_eq!(later.report().departures(Outcome::Tagged), 1);
    /// # Ok::<(), batv_report::Unreadable>(())
    /// ```
    pub fn restored(days: usize, text: &[u8]) -> Result<Self, Unreadable> {
        let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
        let head: Head = serde_json::from_slice(text).map_err(unreadable)?;
        if head.version != VERSION {
            return Err(Unreadable("they are of another version".to_owned()));
        }
        let kept: Kept = serde_json::from_slice(text).map_err(unreadable)?;
        let mut recent = Self::new(days);
        recent.since = kept.since.filter(|time| PLAUSIBLE.contains(time));
        let is_day = |day: i64| (0..PLAUSIBLE.end / DAY).contains(&day);
        let are_days = kept.days.iter().all(|day| is_day(day.day)) && kept.days.is_sorted_by(|a, b| a.day < b.day);
        if !are_days {
            return Err(Unreadable("their days are not in order".to_owned()));
        }
        for day in kept.days {
            let number = day.day;
            recent.begin(number);
            if let Some((_, report)) = recent.days.back_mut() {
                *report = day.report().ok_or_else(|| Unreadable("there is more than is ever kept".to_owned()))?;
            }
        }
        Ok(recent)
    }
}

impl Day {
    fn of(day: i64, report: &Report) -> Self {
        let domain = |domain: &Domain| {
            (Box::from(&*domain.name), domain.mode.map(|mode| Box::from(mode.as_str())), domain.tally)
        };
        Self {
            day,
            period: report.period,
            decisions: report.decisions,
            answers: report.answers,
            timeline: report.timeline.clone(),
            domains: report.domains.list.iter().map(domain).collect(),
            other_domains: report.domains.others,
            modes: named(report.modes.iter()),
            reasons: named(report.reasons.iter()),
            classes: named(report.classes.iter()),
            listeners: named(report.listeners.iter()),
            networks: report.senders.largest(),
            backscatter: report.senders.total,
            samples: report.samples.latest().map(Sample::redacted).collect(),
            departures: named(Outcome::NAMES.iter().copied().zip(report.departures)),
            keys: report.keys.iter().enumerate().map(|(id, count)| (id.to_string().into(), *count)).collect(),
        }
    }

    /// Report of the day; `None` if it exceeds the limits of a report.
    fn report(self) -> Option<Report> {
        let are_times = self
            .period
            .is_none_or(|(first, last)| PLAUSIBLE.contains(&first) && PLAUSIBLE.contains(&last) && first <= last);
        let is_count = |count: &u64| *count <= LARGEST;
        let are_senders = (self.networks.iter()).all(|sender| is_count(&sender.count) && sender.error <= sender.count);
        let fits = are_times
            && are_senders
            && is_count(&self.backscatter)
            && self.departures.values().chain(self.keys.values()).all(is_count)
            && self.domains.len() <= domains::MOST
            && self.networks.len() <= senders::MOST;
        if !fits {
            return None;
        }
        let mut report = Report {
            period: self.period,
            decisions: self.decisions,
            answers: self.answers,
            timeline: self.timeline,
            senders: Senders::of(self.networks, self.backscatter),
            ..Report::default()
        };
        let domain = |(name, mode, tally): (Box<str>, Option<Box<str>>, Tally)| Domain {
            name: domains::bounded(&name, domains::NAME_LIMIT).into(),
            tally,
            mode: mode.and_then(|mode| mode.parse::<Mode>().ok()),
        };
        report.domains = Domains { list: self.domains.into_iter().map(domain).collect(), others: self.other_domains };
        for (tallies, kept) in [
            (&mut report.modes, self.modes),
            (&mut report.reasons, self.reasons),
            (&mut report.classes, self.classes),
            (&mut report.listeners, self.listeners),
        ] {
            for (name, tally) in kept {
                // Another version may know more names.
                *tallies.at(tallies.place(&name)) += tally;
            }
        }
        for (outcome, count) in Outcome::ALL.iter().copied().zip(&mut report.departures) {
            *count = self.departures.get(outcome.as_str()).copied().unwrap_or_default();
        }
        for (id, count) in report.keys.iter_mut().enumerate() {
            *count = self.keys.get(&*id.to_string()).copied().unwrap_or_default();
        }
        let mut samples = Samples::default();
        self.samples.into_iter().rev().for_each(|sample| samples.add(Arc::new(sample.bounded())));
        report.samples = samples;
        Some(report)
    }
}

/// What is not nothing.
fn named<T: Default + PartialEq>(counts: impl Iterator<Item = (&'static str, T)>) -> Named<T> {
    counts.filter(|(_, count)| *count != T::default()).map(|(name, count)| (name.into(), count)).collect()
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut tally = Self::default();
        for (name, count) in Named::<u64>::deserialize(deserializer)? {
            if count > LARGEST {
                return Err(D::Error::custom("a count is too large"));
            }
            match &*name {
                "total" => {}
                "refused" => tally.refused = count,
                "would_refuse" => tally.refusable = count,
                name => {
                    *tally.column_mut(name.parse().unwrap_or(Column::Other)) += count;
                }
            }
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Event, Told};
    use crate::figures::Page;
    use crate::json;

    const BEGIN: i64 = 1_795_008_734;

    /// A week of everything.
    fn week() -> Recent {
        let mut recent = Recent::new(7);
        recent.advance(BEGIN);
        for number in 0..2_000_i64 {
            let reason = match number % 5 {
                0 => "tag-ok",
                1 => "tag-forged",
                2 => "srs-forged",
                3 => "callout",
                _ => "for-a-new-reason",
            };
            let (at, in_reject) = if number % 2 == 0 { ("rcpt", "reject") } else { ("data", "accept") };
            let line = format!(
                "judged listener=line queue_id=\"4Zx{number}\" client=192.0.{}.7 from=<> to=bob@{}.example verdict=disproved \
                 reason={reason} disposition=accept mode=observe in_reject={in_reject} at={at} class=dsn",
                number % 250,
                number % 150
            );
            recent.add(&Event { time: Some(BEGIN + number * 300), ..Event::parse(&line).unwrap() });
            let tagged = Event::parse("tagged queue_id=\"A\" from=alice@example.com key=4").unwrap();
            assert!(matches!(tagged.told, Told::Departure(_)));
            recent.add(&Event { time: Some(BEGIN + number * 300), ..tagged });
        }
        recent
    }

    fn shown(recent: &Recent) -> String {
        json::render(&Page::new(&recent.report()))
    }

    #[test]
    fn what_is_kept_is_gone_on_with() {
        let mut recent = week();
        let kept = recent.kept();
        assert!(kept.len() < 1_000_000, "{}", kept.len());
        assert!(!kept.contains("alice") && !kept.contains("bob@") && !kept.contains("192.0.2.7"));
        let mut restored = Recent::restored(7, kept.as_bytes()).unwrap();
        assert_eq!(shown(&restored), shown(&recent));
        assert_eq!(restored.since(BEGIN), recent.since(BEGIN));
        assert_eq!(restored.kept(), kept);
        // And on and on.
        let later = Event::parse("tagged queue_id=\"A\" from=alice@example.com key=4").unwrap();
        for recent in [&mut recent, &mut restored] {
            recent.add(&Event { time: Some(BEGIN + 8 * DAY), ..later.clone() });
        }
        assert_eq!(shown(&restored), shown(&recent));
        assert_eq!(Recent::restored(1, kept.as_bytes()).unwrap().days.len(), 1);
    }

    #[test]
    fn what_never_was_kept_is_refused() {
        let kept = week().kept();
        let with = |from: &str, to: &str| {
            let changed = kept.replacen(from, to, 1);
            assert_ne!(changed, kept, "{from}");
            changed
        };
        for text in [
            String::new(),
            "{}".to_owned(),
            kept[..kept.len() / 2].to_owned(),
            with("\"version\":1", "\"version\":2"),
            with("\"disproved\":", "\"disproved\":9223372036854775807,\"asked\":"),
            with("\"day\":20", "\"day\":-20"),
            with("\"day\":20", "\"day\":99"),
            with("\"width\":", "\"width\":0"),
            with("\"first\":", "\"first\":922337203685477"),
            with("\"count\":", "\"error\":999999999,\"count\":"),
            with("\"period\":[1", "\"period\":[9"),
            with("\"backscatter\":", "\"backscatter\":999999999999999"),
        ] {
            assert!(Recent::restored(7, text.as_bytes()).is_err(), "{}", &text[..text.len().min(300)]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Recent::restored(7, &octets);
        }

        /// Whatever is changed in it, it is refused, or it can be shown, added to, and kept.
        #[test]
        fn what_was_changed_harms_nobody(
            changes in prop::collection::vec((any::<prop::sample::Index>(), "[0-9]{1,20}|[-\"{}\\[\\],:a-z]"), 1..4),
        ) {
            let mut text = week().kept().into_bytes();
            for (at, change) in changes {
                let at = at.index(text.len());
                let end = (at + change.len()).min(text.len());
                text.splice(at..end, change.bytes());
            }
            if let Ok(mut recent) = Recent::restored(7, &text) {
                recent.add(&Event::parse("tagged queue_id=\"A\" from=alice@example.com key=4").unwrap());
                let both = [recent.report(), recent.report()];
                let mut all = both[0].clone();
                all.merge(&both[1]);
                prop_assert!(json::render(&Page::new(&all)).len() < 2_000_000);
                prop_assert!(Recent::restored(7, recent.kept().as_bytes()).is_ok());
            }
        }
    }
}
