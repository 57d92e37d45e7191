//! What is known around a row of voxels that is being coded (SPEC section 9, method 2).

use super::context::{MAX_AXIS, Shape};
use super::words::wide;

/// Words of a row of [`MAX_AXIS`] voxels.
const MAX_WORDS: usize = MAX_AXIS as usize / 64;

/// What the neighbours of the first row are.
const NOTHING: [u64; MAX_WORDS] = [0; MAX_WORDS];

/// The rows around a row. Outside the block are the rows at its edge.
pub(super) struct Around<'a> {
    /// At y - 1 and y - 2.
    north: &'a [u64],
    north2: &'a [u64],
    /// At y - 1, y, y + 1 of the plane below, and of the step before.
    below: Option<[&'a [u64]; 3]>,
    earlier: Option<[&'a [u64]; 3]>,
    /// Of the step before: the same row of the planes z + 1 and z - 1.
    up: Option<&'a [u64]>,
    down: Option<&'a [u64]>,
}

/// What the neighbours say about a row, in words.
pub(super) struct Expected {
    /// Voxels that are expected to be 1; voxels that are neither these nor open ones are expected to be 0.
    pub(super) ones: [u64; MAX_WORDS],
    /// Voxels whose neighbours disagree.
    pub(super) open: [u64; MAX_WORDS],
    /// Whether some (every) voxel is not open.
    pub(super) some: bool,
    pub(super) every: bool,
}

impl<'a> Around<'a> {
    /// `known` are the rows of the step before this one.
    pub(super) fn new(shape: &Shape, [z, y]: [usize; 2], known: &'a [u64], before: Option<&'a Vec<u64>>) -> Self {
        let beside = |step: &'a [u64], z: usize| {
            let row = |y: usize| &step[z * shape.plane + y * shape.row..][..shape.row];
            [row(y.saturating_sub(1)), row(y), row((y + 1).min(shape.ny - 1))]
        };
        let below = (z > 0).then(|| beside(known, z - 1));
        let earlier = before.map(|before| beside(before, z));
        // What stands for a row above the first.
        let instead = below.or(earlier).map_or(&NOTHING[..shape.row], |rows| rows[1]);
        let north = if y > 0 { &known[known.len() - shape.row..] } else { instead };
        let north2 = if y > 1 { &known[known.len() - 2 * shape.row..][..shape.row] } else { north };
        let same_row = |z: usize| before.map(|before| &before[z * shape.plane + y * shape.row..][..shape.row]);
        let up = if z + 1 < shape.nz { same_row(z + 1) } else { None };
        let down = z.checked_sub(1).and_then(same_row);
        Self { north, north2, below, earlier, up, down }
    }

    /// Where all neighbours agree.
    pub(super) fn expected(&self, shape: &Shape) -> Expected {
        let (mut all, mut any) = ([0; MAX_WORDS], [0; MAX_WORDS]);
        for (word, (all, any)) in all.iter_mut().zip(&mut any).enumerate().take(shape.row) {
            (*all, *any) = (self.north[word], self.north[word]);
            for row in self.below.iter().chain(&self.earlier).flatten() {
                *all &= row[word];
                *any |= row[word];
            }
        }
        let mut expected = Expected { ones: NOTHING, open: NOTHING, some: false, every: true };
        for word in 0..shape.row {
            let (all, any) = (wide(&all[..shape.row], word), wide(&any[..shape.row], word));
            let up = self.up.map(|row| row[word]);
            let ones = (all >> 1 & all >> 2 & all >> 3) as u64 & up.unwrap_or(u64::MAX);
            let zeros = !((any >> 1 | any >> 2 | any >> 3) as u64 | up.unwrap_or(0));
            let used = shape.used(word);
            let open = !(ones | zeros) & used;
            expected.ones[word] = ones;
            expected.open[word] = open;
            expected.some |= open != used;
            expected.every &= open == 0;
        }
        expected
    }

    /// What stands for the two voxels before the first.
    pub(super) fn first(&self) -> u64 {
        (self.north[0] & 1) * 3
    }

    /// The neighbours of the voxels of a word.
    #[inline(always)]
    pub(super) fn near(&self, word: usize) -> Near {
        Near {
            north: wide(self.north, word),
            north2: wide(self.north2, word),
            below: self.below.map(|rows| rows.map(|row| wide(row, word))),
            earlier: self.earlier.map(|rows| rows.map(|row| wide(row, word))),
            up: self.up.map_or(0, |row| row[word]),
            down: self.down.map_or(0, |row| row[word]),
        }
    }
}

/// The neighbours of the voxels of a word; bit x + 2 of the wide ones is voxel x.
pub(super) struct Near {
    north: u128,
    north2: u128,
    pub(super) below: Option<[u128; 3]>,
    pub(super) earlier: Option<[u128; 3]>,
    up: u64,
    down: u64,
}

/// Puts bits of words together, the first in the lowest place.
macro_rules! bits {
    ($($word:ident >> $n:literal),+ $(,)?) => {{
        let (mut context, mut _place) = (0, 0);
        $(
            context |= ($word >> $n & 1) << _place;
            _place += 1;
        )+
        context
    }};
}

/// The voxels x - 2..=x + 2 of a row, in the bits 0..=4.
#[inline(always)]
fn five(row: u128, x: u32) -> u32 {
    (row >> x) as u32 & 31
}

// In the contexts, bit 2 of a row of five is the voxel at x and bit 1 of `w` the voxel at x - 1.
impl Near {
    /// The context of a voxel with nothing beside it: 10 bits.
    #[inline(always)]
    pub(super) fn flat(&self, x: u32, w: u32) -> u32 {
        let (n, m) = (five(self.north, x), five(self.north2, x));
        bits!(w >> 1, n >> 2, n >> 3, n >> 1, w >> 0, m >> 2, n >> 4, n >> 0, m >> 3, m >> 1)
    }

    /// The context of a voxel with one plane beside it: 14 bits.
    #[inline(always)]
    pub(super) fn one(&self, beside: &[u128; 3], x: u32, w: u32) -> u32 {
        let (n, m) = (five(self.north, x), five(self.north2, x));
        let [b, c, d] = beside.map(|row| five(row, x));
        bits!(
            w >> 1,
            n >> 2,
            c >> 2,
            n >> 3,
            c >> 3,
            d >> 2,
            c >> 1,
            b >> 2,
            n >> 1,
            d >> 3,
            w >> 0,
            n >> 4,
            m >> 2,
            d >> 1,
        )
    }

    /// The context of a voxel with the plane below and the step before beside it: 15 bits.
    #[inline(always)]
    pub(super) fn both(&self, below: &[u128; 3], earlier: &[u128; 3], x: u32, w: u32) -> u32 {
        let n = five(self.north, x);
        let [_, c, d] = below.map(|row| five(row, x));
        let [f, g, h] = earlier.map(|row| five(row, x));
        let (u, v) = ((self.up >> x) as u32, (self.down >> x) as u32);
        bits!(
            w >> 1,
            n >> 2,
            c >> 2,
            g >> 2,
            g >> 3,
            h >> 2,
            u >> 0,
            g >> 1,
            f >> 2,
            v >> 0,
            n >> 3,
            c >> 3,
            d >> 2,
            n >> 1,
            w >> 0,
        )
    }
}
