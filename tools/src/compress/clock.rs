//! Where the time of making models goes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Sums of elapsed times.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) transform: Sum,
    pub(super) training: Sum,
    pub(super) coding: Sum,
}

/// One of them, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Sum(AtomicU64);

impl Sum {
    /// Does some work and adds the time that it took.
    pub(super) fn time<R>(&self, work: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = work();
        // 584 years fit.
        self.0.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        result
    }

    pub(super) fn seconds(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 * 1e-9
    }
}
