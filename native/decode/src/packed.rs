//! Integer arrays that are mostly 0, of several components: what a prepared block keeps of its coefficients.
//!
//! Rows are cut into pieces of 16. A piece has a mask of the components that are not 0 all over it, and the numbers of
//! those as 8 or 16 bits each. What is beyond them stands in a list of its own.
use crate::simd::Simd;

/// Numbers of a piece.
pub(crate) const PIECE: usize = 16;

/// What a number beyond 8 bits costs in the list of excesses, in bytes.
const EXCESS_BYTES: usize = size_of::<Excess>();

#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// Bit k: component k has numbers.
    masks: Vec<u32>,
    /// Pieces of numbers, in order of the components of each mask.
    numbers: Numbers,
    /// In order of `at`.
    excess: Vec<Excess>,
    /// Where planes begin: in masks, pieces, excesses.
    planes: Vec<[u32; 3]>,
}

#[derive(Debug)]
enum Numbers {
    I8(Vec<i8>),
    I16(Vec<i16>),
}

/// What a number has beyond the largest that fits.
#[derive(Clone, Copy, Debug)]
struct Excess {
    /// Number of the mask, and where in its piece.
    mask: u32,
    lane: u8,
    component: u8,
    value: f32,
}

/// Reads rows in the order in which they were packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    packed: &'a Packed,
    mask: usize,
    piece: usize,
    excess: usize,
}

/// A number of a piece. A trait and no closure, which would not always be inlined.
trait Number: Copy {
    fn load<S: Simd>(s: S, from: &[Self]) -> S::V;
}

impl Number for i8 {
    #[inline(always)]
    fn load<S: Simd>(s: S, from: &[i8]) -> S::V {
        s.load_i8(from)
    }
}

impl Number for i16 {
    #[inline(always)]
    fn load<S: Simd>(s: S, from: &[i16]) -> S::V {
        s.load_i16(from)
    }
}

/// What the numbers of a row are multiplied with.
pub(crate) trait Scale: Copy {
    fn at<S: Simd>(self, s: S, x: usize) -> S::V;
}

/// The same everywhere.
impl Scale for f32 {
    #[inline(always)]
    fn at<S: Simd>(self, s: S, _: usize) -> S::V {
        s.splat(self)
    }
}

/// By place.
impl Scale for &[f32] {
    #[inline(always)]
    fn at<S: Simd>(self, s: S, x: usize) -> S::V {
        s.load(&self[x..])
    }
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::I16(Vec::new())
    }
}

impl Packed {
    /// Begins a plane.
    pub(crate) fn begin_plane(&mut self) {
        let place = [self.masks.len(), self.n_pieces(), self.excess.len()];
        self.planes.push(place.map(|n| n as u32));
    }

    /// Appends a row: numbers `at..at + n` of every component, of which there are at most 32.
    pub(crate) fn push(&mut self, components: &[Vec<i32>], at: usize, n: usize) {
        let Numbers::I16(numbers) = &mut self.numbers else { return };
        for first in (at..at + n).step_by(PIECE) {
            let len = PIECE.min(at + n - first);
            let mut mask = 0;
            for (k, component) in components.iter().enumerate() {
                let values = &component[first..first + len];
                let any = match values.as_array::<PIECE>() {
                    Some(values) => values.iter().fold(0, |any, v| any | v) != 0,
                    None => values.iter().any(|&v| v != 0),
                };
                if !any {
                    continue;
                }
                mask |= 1 << k;
                let mut piece = [0; PIECE];
                for (lane, (to, &value)) in piece.iter_mut().zip(values).enumerate() {
                    *to = value.clamp(-i32::from(i16::MAX), i16::MAX.into()) as i16;
                    if i32::from(*to) != value {
                        let (mask, component) = (self.masks.len() as u32, k as u8);
                        let value = (value - i32::from(*to)) as f32;
                        self.excess.push(Excess { mask, lane: lane as u8, component, value });
                    }
                }
                numbers.extend_from_slice(&piece);
            }
            self.masks.push(mask);
        }
    }

    /// Ends packing: numbers become bytes if that takes less memory, and only what is needed is kept.
    pub(crate) fn finish(mut self) -> Self {
        if let Numbers::I16(numbers) = &self.numbers {
            let large = numbers.iter().filter(|v| v.unsigned_abs() > 127).count();
            if large * EXCESS_BYTES < numbers.len() {
                self.narrow();
            }
        }
        self.masks.shrink_to_fit();
        self.excess.shrink_to_fit();
        match &mut self.numbers {
            Numbers::I8(numbers) => numbers.shrink_to_fit(),
            Numbers::I16(numbers) => numbers.shrink_to_fit(),
        }
        self
    }

    fn narrow(&mut self) {
        let Numbers::I16(numbers) = &self.numbers else { return };
        let narrow = numbers.iter().map(|&v| v.clamp(-127, 127) as i8).collect();
        // All excesses anew, in order.
        let old = std::mem::take(&mut self.excess);
        let mut old = old.iter().peekable();
        let mut pieces = numbers.as_chunks::<PIECE>().0.iter();
        let mut plane = 0;
        for (number, &mask) in self.masks.iter().enumerate() {
            while plane < self.planes.len() && self.planes[plane][0] as usize == number {
                self.planes[plane][2] = self.excess.len() as u32;
                plane += 1;
            }
            for (component, piece) in bits(mask).zip(&mut pieces) {
                for (lane, &v) in piece.iter().enumerate() {
                    let place = (number as u32, lane as u8, component as u8);
                    let mut value = f32::from(v - v.clamp(-127, 127));
                    if let Some(more) = old.next_if(|e| (e.mask, e.lane, e.component) == place) {
                        value += more.value;
                    }
                    if value != 0.0 {
                        self.excess.push(Excess { mask: place.0, lane: place.1, component: place.2, value });
                    }
                }
            }
        }
        self.numbers = Numbers::I8(narrow);
    }

    fn n_pieces(&self) -> usize {
        let numbers = match &self.numbers {
            Numbers::I8(numbers) => numbers.len(),
            Numbers::I16(numbers) => numbers.len(),
        };
        numbers / PIECE
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let numbers = match &self.numbers {
            Numbers::I8(numbers) => numbers.capacity(),
            Numbers::I16(numbers) => 2 * numbers.capacity(),
        };
        numbers + 4 * self.masks.capacity() + EXCESS_BYTES * self.excess.capacity() + 12 * self.planes.capacity()
    }

    /// The rows of a plane.
    pub(crate) fn plane(&self, number: usize) -> Cursor<'_> {
        let [mask, piece, excess] = self.planes[number].map(|n| n as usize);
        Cursor { packed: self, mask, piece, excess }
    }
}

/// The bits that are set, lowest first.
#[inline(always)]
fn bits(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (bit < 32).then_some(bit)
    })
}

impl Cursor<'_> {
    /// The next row, of up to `out.len()` numbers (in whole pieces): the components mixed, times a scale, which is
    /// that of the place in the row.
    #[inline(always)]
    pub(crate) fn mix<S: Simd>(&mut self, s: S, weights: &[f32], scale: impl Scale, out: &mut [f32]) {
        match &self.packed.numbers {
            Numbers::I8(numbers) => self.mix_numbers(s, numbers, weights, scale, out),
            Numbers::I16(numbers) => self.mix_numbers(s, numbers, weights, scale, out),
        }
    }

    #[inline(always)]
    fn mix_numbers<S: Simd, T: Number>(
        &mut self,
        s: S,
        numbers: &[T],
        weights: &[f32],
        scale: impl Scale,
        out: &mut [f32],
    ) {
        // A piece is one or two vectors.
        const { assert!(PIECE == S::LANES || PIECE == 2 * S::LANES) };
        let zero = s.splat(0.0);
        let first_mask = self.mask;
        let pieces = out.chunks_exact_mut(PIECE);
        self.mask += pieces.len();
        let (mut x, mut piece) = (0, self.piece);
        for (out, &mask) in pieces.zip(&self.packed.masks[first_mask..]) {
            let (mut low, mut high) = (zero, zero);
            let mut left = mask;
            while left != 0 {
                let weight = s.splat(weights[left.trailing_zeros() as usize]);
                left &= left - 1;
                let values = &numbers[piece * PIECE..][..PIECE];
                low = s.fma(T::load(s, values), weight, low);
                if S::LANES < PIECE {
                    high = s.fma(T::load(s, &values[S::LANES..]), weight, high);
                }
                piece += 1;
            }
            s.store(out, if mask == 0 { zero } else { s.mul(low, scale.at(s, x)) });
            if S::LANES < PIECE {
                s.store(&mut out[S::LANES..], if mask == 0 { zero } else { s.mul(high, scale.at(s, x + S::LANES)) });
            }
            x += PIECE;
        }
        self.piece = piece;
        while let Some(excess) = self.packed.excess.get(self.excess).filter(|e| (e.mask as usize) < self.mask) {
            let at = (excess.mask as usize - first_mask) * PIECE;
            let mut scales = [0f32; 2 * PIECE];
            s.store(&mut scales, scale.at(s, at));
            if S::LANES < PIECE {
                s.store(&mut scales[S::LANES..], scale.at(s, at + S::LANES));
            }
            let lane = usize::from(excess.lane);
            out[at + lane] += excess.value * weights[usize::from(excess.component)] * scales[lane];
            self.excess += 1;
        }
    }

    /// Adds a component times a factor to the next row, of any length.
    pub(crate) fn add(&mut self, component: usize, factor: f32, out: &mut [f32]) {
        for out in out.chunks_mut(PIECE) {
            let mask = self.packed.masks[self.mask];
            if mask >> component & 1 != 0 {
                let piece = self.piece + (mask & ((1 << component) - 1)).count_ones() as usize;
                for (lane, out) in out.iter_mut().enumerate() {
                    let at = piece * PIECE + lane;
                    *out += factor
                        * match &self.packed.numbers {
                            Numbers::I8(numbers) => f32::from(numbers[at]),
                            Numbers::I16(numbers) => f32::from(numbers[at]),
                        };
                }
            }
            self.piece += mask.count_ones() as usize;
            while let Some(e) = self.packed.excess.get(self.excess).filter(|e| e.mask as usize == self.mask) {
                if usize::from(e.component) == component {
                    out[usize::from(e.lane)] += factor * e.value;
                }
                self.excess += 1;
            }
            self.mask += 1;
        }
    }
}
