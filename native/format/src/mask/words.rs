//! Rows of voxels as 64-bit words, least significant bit first, and their way into and out of packed bits.

/// Words of a row of `nx` voxels.
pub(super) fn per_row(nx: usize) -> usize {
    nx.div_ceil(64)
}

/// Fills the bits of a row behind its last voxel with that voxel, so that shifts find it there.
pub(super) fn pad(row: &mut [u64], nx: usize) {
    let used = nx % 64;
    if used > 0
        && let Some(last) = row.last_mut()
    {
        let beyond = u64::MAX << used;
        *last = if *last >> (used - 1) & 1 != 0 { *last | beyond } else { *last & !beyond };
    }
}

/// Takes the rows of one step out of packed bits, from bit `at` on. `words` has whole rows.
pub(super) fn unpack(bits: &[u8], at: usize, nx: usize, words: &mut [u64]) {
    let mut at = at;
    for row in words.chunks_exact_mut(per_row(nx)) {
        let mut left = nx;
        for word in &mut *row {
            let n = left.min(64);
            let bytes = bits.get(at / 8..(at + n).div_ceil(8)).unwrap_or(&[]);
            let value = bytes.iter().rev().fold(0u128, |value, &byte| value << 8 | u128::from(byte));
            *word = (value >> (at % 8)) as u64 & u64::MAX >> (64 - n);
            at += n;
            left -= n;
        }
        pad(row, nx);
    }
}

/// Packs rows of words into bits, one step after the other.
pub(super) struct Packer {
    bytes: Vec<u8>,
    /// Bits that do not fill a word yet, and their number, 0..64.
    open: u64,
    n_open: usize,
}

impl Packer {
    pub(super) fn new(len: usize) -> Self {
        Self { bytes: Vec::with_capacity(len), open: 0, n_open: 0 }
    }

    /// Adds all rows of a step.
    pub(super) fn step(&mut self, words: &[u64], nx: usize) {
        for row in words.chunks_exact(per_row(nx)) {
            let mut left = nx;
            for &word in row {
                let n = left.min(64);
                self.push(word & u64::MAX >> (64 - n), n);
                left -= n;
            }
        }
    }

    fn push(&mut self, word: u64, n: usize) {
        self.open |= word << self.n_open;
        let n_all = self.n_open + n;
        if n_all < 64 {
            self.n_open = n_all;
            return;
        }
        self.bytes.extend(self.open.to_le_bytes());
        self.open = if self.n_open == 0 { 0 } else { word >> (64 - self.n_open) };
        self.n_open = n_all - 64;
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let last = self.open.to_le_bytes();
        self.bytes.extend(&last[..self.n_open.div_ceil(8)]);
        self.bytes
    }
}

/// A word of a row with the two voxels before and the two behind it: bit x + 2 is voxel x of the word. Outside the row are
/// the voxels at its ends.
pub(super) fn wide(row: &[u64], word: usize) -> u128 {
    let here = row[word];
    let before = if word > 0 { row[word - 1] >> 62 } else { (here & 1) * 3 };
    let behind = match row.get(word + 1) {
        Some(next) => next & 3,
        None => (here >> 63) * 3,
    };
    u128::from(before) | u128::from(here) << 2 | u128::from(behind) << 66
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_survive_the_way() {
        for nx in [1, 2, 7, 8, 9, 63, 64, 65, 100, 127, 128, 200, 256] {
            for first in [0, 1, 2] {
                let bits: Vec<u8> = (0..first + nx * 3).map(|i| (i * i * 37 + i / 5) as u8).collect();
                let mut words = vec![0; 24 * per_row(nx)];
                let mut packer = Packer::new(0);
                for step in 0..first + 1 {
                    unpack(&bits, step * 24 * nx, nx, &mut words);
                    packer.step(&words, nx);
                }
                let packed = packer.finish();
                let n = (first + 1) * 24 * nx / 8;
                let wanted: Vec<u8> = (0..n).map(|i| bits.get(i).copied().unwrap_or(0)).collect();
                if wanted.len() <= bits.len() {
                    assert_eq!(packed, wanted, "{nx} {first}");
                }
            }
        }
    }

    #[test]
    fn ends_of_a_row_go_on_outside() {
        let mut row = [1 << 63 | 1, 0b10];
        pad(&mut row, 66);
        assert_eq!(row[1], u64::MAX << 1);
        assert_eq!(wide(&row, 0) & 0b111, 0b111);
        assert_eq!(wide(&row, 0) >> 65, 0b101);
        assert_eq!(wide(&row, 1) & 0b1111, 0b1010);
        assert_eq!(wide(&row, 1) >> 65, 0b111);
    }
}
