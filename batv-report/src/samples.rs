//! Latest decisions that refused, or would have in mode `reject`.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domains::bounded;
use crate::event::Decision;
use crate::redact::Shown;
use crate::senders::Network;
use crate::timestamp::PLAUSIBLE;

/// Largest number of samples.
pub(crate) const MOST: usize = 100;
/// Octets of an address that are kept: more than a path without escapes has (RFC 5321 §4.5.3.1.3).
const ADDRESS_LIMIT: usize = 320;
/// Octets of a name or a client that are kept.
const NAME_LIMIT: usize = 64;

/// Decision with all its fields.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Sample {
    pub(crate) time: Option<i64>,
    pub(crate) was_refused: bool,
    pub(crate) listener: Box<str>,
    pub(crate) queue_id: Box<str>,
    pub(crate) client: Box<str>,
    pub(crate) from: Box<str>,
    pub(crate) to: Box<str>,
    pub(crate) verdict: Box<str>,
    pub(crate) reason: Box<str>,
    pub(crate) class: Option<Box<str>>,
    pub(crate) mode: Box<str>,
}

impl Sample {
    pub(crate) fn of(decision: &Decision<'_>, time: Option<i64>, was_refused: bool) -> Self {
        Self {
            time,
            was_refused,
            listener: name(decision.listener),
            queue_id: name(&decision.queue_id),
            client: name(&decision.client),
            from: address(&decision.from),
            to: address(&decision.to),
            verdict: name(decision.verdict),
            reason: name(decision.reason),
            class: decision.class.map(name),
            mode: name(decision.mode),
        }
    }

    /// Sample with redacted addresses. Redacting them again changes nothing.
    pub(crate) fn redacted(&self) -> Self {
        let client = Network::of(&self.client).map(|network| network.address().to_string());
        Self {
            from: Shown::Redacted.address(&self.from).into(),
            to: Shown::Redacted.address(&self.to).into(),
            client: client.unwrap_or_else(|| Shown::Redacted.client(&self.client)).into(),
            ..self.clone()
        }
    }

    /// Sample with its texts cut to their limits.
    pub(crate) fn bounded(mut self) -> Self {
        self.time = self.time.filter(|time| PLAUSIBLE.contains(time));
        let Self { listener, queue_id, client, from, to, verdict, reason, class, mode, .. } = &mut self;
        for text in [listener, queue_id, client, verdict, reason, mode].into_iter().chain(class) {
            *text = name(text);
        }
        for text in [from, to] {
            *text = address(text);
        }
        self
    }
}

fn name(text: &str) -> Box<str> {
    bounded(text, NAME_LIMIT).into()
}

fn address(text: &str) -> Box<str> {
    bounded(text, ADDRESS_LIMIT).into()
}

/// Samples in the order of their times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(VecDeque<Arc<Sample>>);

impl Samples {
    pub(crate) fn add(&mut self, sample: Arc<Sample>) {
        let later = self.0.iter().rev().take_while(|known| known.time > sample.time).count();
        if self.0.len() < MOST {
            self.0.insert(self.0.len() - later, sample);
        } else if later < MOST {
            self.0.pop_front();
            self.0.insert(self.0.len() - later, sample);
        }
    }

    /// Samples, the latest first.
    pub(crate) fn latest(&self) -> impl ExactSizeIterator<Item = &Sample> {
        self.0.iter().rev().map(|sample| &**sample)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|sample| self.add(Arc::clone(sample)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept_in_their_order() {
        let mut samples = Samples::default();
        // Files come as they come: the older one last.
        for time in (500..1000).chain(0..500).chain([1500]) {
            samples.add(Arc::new(Sample::of(&Decision::default(), Some(time), false)));
        }
        let times: Vec<_> = samples.latest().map(|sample| sample.time.unwrap()).collect();
        assert_eq!(times, [1500].into_iter().chain((901..1000).rev()).collect::<Vec<_>>());
    }
}
