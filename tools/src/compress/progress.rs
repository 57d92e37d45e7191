//! Running totals.

use super::{Event, Layout, journal, scan};

/// Running totals for the progress display.
pub(super) struct Progress {
    done: u64,
    total: u64,
    bytes: u64,
    /// Sum of squared errors relative to the range, and number of values.
    squares: f64,
    values: f64,
    /// Range of every variable, by group.
    ranges: Vec<Vec<f64>>,
}

impl Progress {
    pub(super) fn new(layout: &Layout, scans: &[scan::Scan], total: u64) -> Self {
        let range = |&v: &usize| f64::from(scans[v].max) - f64::from(scans[v].min);
        let ranges = layout.groups.iter().map(|group| group.iter().map(range).collect()).collect();
        Self { done: 0, total, bytes: 0, squares: 0.0, values: 0.0, ranges }
    }

    pub(super) fn add(&mut self, record: &journal::Record) {
        self.done += 1;
        self.bytes += record.bytes();
        for (output, range) in record.outputs.iter().zip(&self.ranges[record.unit.group as usize]) {
            if *range > 0.0 {
                self.squares += output.fitted_squares / (range * range);
            }
            self.values += output.valid as f64;
        }
    }

    pub(super) fn event(&self, record: &journal::Record) -> Event {
        Event::Progress {
            done: self.done,
            total: self.total,
            loss: record.losses.last().copied(),
            psnr: -10.0 * (self.squares / self.values.max(1.0)).log10(),
            bytes: self.bytes,
        }
    }
}
