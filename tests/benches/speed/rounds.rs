//! Measuring by turns.

use core::time::Duration;
use std::time::Instant;

/// One thing to measure: its name, how often it happens in one run, and the run.
pub(crate) struct Measured<'a> {
    pub(crate) name: String,
    pub(crate) count: u32,
    pub(crate) run: Box<dyn FnMut() + 'a>,
}

impl<'a> Measured<'a> {
    pub(crate) fn new(name: impl Into<String>, count: u32, run: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), count, run: Box::new(run) }
    }

    /// Something short, repeated.
    pub(crate) fn repeated(name: impl Into<String>, count: u32, mut run: impl FnMut() + 'a) -> Self {
        Self::new(name, count, move || (0..count).for_each(|_| run()))
    }
}

/// Runs all by turns, and gives the least time of each for one of its counts, in nanoseconds.
pub(crate) fn least(rounds: u32, measured: &mut [Measured<'_>]) -> Vec<f64> {
    let mut least = vec![Duration::MAX; measured.len()];
    for _ in 0..rounds {
        for (least, one) in least.iter_mut().zip(measured.iter_mut()) {
            let start = Instant::now();
            (one.run)();
            *least = (*least).min(start.elapsed());
        }
    }
    let each = |(least, one): (&Duration, &Measured<'_>)| least.as_secs_f64() * 1e9 / f64::from(one.count);
    least.iter().zip(measured.iter()).map(each).collect()
}
