//! What a job is made of: passes, each one kernel over one record.

use crate::{Error, Kernel};
use half::f16;

/// Threads of a workgroup of the kernels that work element by element.
const THREADS: u32 = 64;

/// One kernel over one record. Passes of a job follow each other; those of different jobs know nothing of each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pass {
    pub(crate) kernel: Kernel,
    /// Workgroups along x.
    pub(crate) groups: u32,
    /// The record.
    pub(crate) words: Vec<u32>,
}

impl Pass {
    /// A pass whose workgroups have a tile of an array each.
    pub(crate) fn tiles(kernel: Kernel, extent: [u32; 3], words: Vec<u32>) -> Self {
        let tile = kernel.tile();
        let groups = (0..3).map(|axis| extent[axis].div_ceil(tile[axis])).product();
        Self { kernel, groups, words }
    }

    /// A pass with a thread per element.
    pub(crate) fn elements(kernel: Kernel, n: u32, words: Vec<u32>) -> Self {
        Self { kernel, groups: n.div_ceil(THREADS), words }
    }
}

/// The pass that interpolates `n` values with later ones.
pub(crate) fn interpolate(values: u32, n: u32, later: u32, fraction: f32, range: (f32, f32)) -> Pass {
    finish(values, n, 1, later, fraction, range)
}

/// The pass that adds a residual to `n` values.
pub(crate) fn add_residual(values: u32, n: u32, residual: u32, quantum: f32, range: (f32, f32)) -> Pass {
    finish(values, n, 0, residual, quantum, range)
}

/// The pass that makes `n` values of r.
pub(crate) fn scale(r: u32, values: u32, n: u32, (step, offset): (f32, f32), (min, max): (f32, f32)) -> Pass {
    let mut words = vec![values, n, 2, r];
    words.extend(bits([step, min, max, offset]));
    Pass::elements(Kernel::Finish, n, words)
}

fn finish(values: u32, n: u32, what: u32, other: u32, factor: f32, (min, max): (f32, f32)) -> Pass {
    let words = vec![values, n, what, other, factor.to_bits(), min.to_bits(), max.to_bits()];
    Pass::elements(Kernel::Finish, n, words)
}

/// Which values are valid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    /// Where the bits of two steps stand in the memory of models, as `store.slang` has it.
    pub(crate) bits: [u32; 2],
    /// Where a number per value stands in the work memory instead.
    pub(crate) in_work: Option<u32>,
}

/// The pass that halves every axis; the result's validity goes to `validity`.
pub(crate) fn reduce(values: u32, extent: [u32; 3], to: u32, half: [u32; 3], valid: Validity, validity: u32) -> Pass {
    let mut words = vec![values, to];
    words.extend(half);
    words.extend(extent);
    words.extend(valid.bits);
    words.extend([valid.in_work.unwrap_or(u32::MAX), validity]);
    Pass::elements(Kernel::Reduce, half.iter().product(), words)
}

/// Gives out the memory that jobs work in, in words.
#[derive(Debug)]
pub(crate) struct Work {
    next: u32,
    len: u32,
}

impl Work {
    pub(crate) fn new(len: u32) -> Self {
        Self { next: 0, len }
    }

    /// Room for `n` numbers.
    pub(crate) fn take(&mut self, n: u32) -> Result<u32, Error> {
        let at = self.next;
        match at.checked_add(n).filter(|&end| end <= self.len) {
            Some(end) => {
                self.next = end;
                Ok(at)
            }
            None => {
                Err(Error::Full { what: "work memory", needed: u64::from(n) * 4, free: u64::from(self.len - at) * 4 })
            }
        }
    }
}

/// The bits of numbers, for a record.
pub(crate) fn bits(numbers: impl IntoIterator<Item = f32>) -> impl Iterator<Item = u32> {
    numbers.into_iter().map(f32::to_bits)
}

/// Numbers as halves, two in a word.
pub(crate) fn halves(numbers: &[f32]) -> impl Iterator<Item = u32> {
    let half = |number: &f32| u32::from(f16::from_f32(*number).to_bits());
    numbers.chunks(2).map(move |pair| half(&pair[0]) | pair.get(1).map_or(0, half) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_out_once() {
        let mut work = Work::new(10);
        assert_eq!((work.take(4).unwrap(), work.take(6).unwrap()), (0, 4));
        assert!(work.take(1).is_err());
        assert!(work.take(u32::MAX).is_err());
    }
}
