//! Masks coded by context (SPEC section 9, method 2): steps, planes and rows that follow what is known cost next to
//! nothing, and only voxels where the neighbours disagree are coded one by one.

use super::model::{Flag, Orders};
use super::neighbours::Around;
use super::range::{Coder, Decoder, EncoderState};
use super::words::{Packer, pad, per_row, unpack};

/// Most voxels on an axis, those of a block: it bounds the memory for rows, which take whole words.
pub(super) const MAX_AXIS: u32 = crate::limits::MAX_BLOCK_AXIS;

/// The rows of one step.
pub(super) struct Shape {
    pub(super) nz: usize,
    pub(super) ny: usize,
    pub(super) nx: usize,
    /// Words of a row and of a plane.
    pub(super) row: usize,
    pub(super) plane: usize,
}

impl Shape {
    /// Every axis is 1..=[`MAX_AXIS`].
    fn new(extent: [u32; 3]) -> Self {
        let [nz, ny, nx] = extent.map(|n| n as usize);
        let row = per_row(nx);
        Self { nz, ny, nx, row, plane: row * ny }
    }

    fn words(&self) -> usize {
        self.plane * self.nz
    }

    /// The bits of a word of a row that are voxels.
    pub(super) fn used(&self, word: usize) -> u64 {
        u64::MAX >> (64 - (self.nx - 64 * word).min(64))
    }
}

/// Encodes packed bits of `steps` steps of `extent` voxels, each axis 1..=[`MAX_AXIS`].
pub(super) fn encode(bits: &[u8], extent: [u32; 3], steps: u32) -> Vec<u8> {
    let shape = Shape::new(extent);
    let mut model = Model::new(&shape);
    let mut truth = vec![0; shape.words()];
    let mut state = EncoderState::new();
    for step in 0..steps as usize {
        unpack(bits, step * shape.nz * shape.ny * shape.nx, shape.nx, &mut truth);
        let mut encoder = state.step(&truth);
        model.step(&mut encoder, &shape);
        state = encoder.into_state();
    }
    state.finish()
}

/// Decodes what [`encode`] wrote into `len` bytes of packed bits; `None` if the bytes are nothing that it writes.
pub(super) fn decode(bytes: &[u8], extent: [u32; 3], steps: u32, len: usize) -> Option<Vec<u8>> {
    let shape = Shape::new(extent);
    let mut model = Model::new(&shape);
    let mut decoder = Decoder::new(bytes)?;
    let mut packer = Packer::new(len);
    for _ in 0..steps {
        model.step(&mut decoder, &shape);
        packer.step(&model.now, shape.nx);
    }
    // Padding, nothing else.
    decoder.rest().iter().all(|&byte| byte == 0).then(|| packer.finish())
}

/// A flag that expects what the flag before it was.
#[derive(Default)]
struct Habit {
    flags: [Flag; 2],
    last: bool,
}

impl Habit {
    fn code<C: Coder>(&mut self, coder: &mut C, truth: impl FnOnce(&[u64]) -> bool) -> bool {
        self.last = self.flags[usize::from(self.last)].code(coder, truth);
        self.last
    }
}

/// What has been learnt, and the step that is being coded and the one before it.
struct Model {
    now: Vec<u64>,
    before: Vec<u64>,
    started: bool,
    step_same: Habit,
    plane_as_before: Habit,
    plane_as_below: Habit,
    plane_uniform: Habit,
    plane_value: Flag,
    /// By kind of neighbours, whether all is decided, the row before and the row before that.
    row_as_expected: [[Flag; 8]; 4],
    /// Of the first plane of the first step.
    flat: Orders<3>,
    /// With one plane beside: below, or at the step before.
    below: Option<Orders<4>>,
    earlier: Option<Orders<4>>,
    /// With both.
    both: Option<Orders<4>>,
}

impl Model {
    fn new(shape: &Shape) -> Self {
        Self {
            now: vec![0; shape.words()],
            before: vec![0; shape.words()],
            started: false,
            step_same: Habit::default(),
            plane_as_before: Habit::default(),
            plane_as_below: Habit::default(),
            plane_uniform: Habit::default(),
            plane_value: Flag::default(),
            row_as_expected: Default::default(),
            flat: Orders::new([2, 5, 10]),
            below: None,
            earlier: None,
            both: None,
        }
    }

    /// Codes a step: afterwards `now` holds it.
    fn step<C: Coder>(&mut self, coder: &mut C, shape: &Shape) {
        let timed = self.started;
        self.started = true;
        if timed {
            // What `now` holds is still the step before.
            let now = &self.now;
            if self.step_same.code(coder, |truth| truth == now) {
                return;
            }
            std::mem::swap(&mut self.now, &mut self.before);
        }
        for z in 0..shape.nz {
            self.plane(coder, shape, z, timed);
        }
    }

    fn plane<C: Coder>(&mut self, coder: &mut C, shape: &Shape, z: usize, timed: bool) {
        let range = z * shape.plane..(z + 1) * shape.plane;
        if timed {
            let before = &self.before[range.clone()];
            if self.plane_as_before.code(coder, |truth| truth[range.clone()] == *before) {
                self.now[range.clone()].copy_from_slice(before);
                return;
            }
        }
        let (known, now) = self.now.split_at_mut(range.start);
        if z > 0 {
            let below = &known[range.start - shape.plane..];
            if self.plane_as_below.code(coder, |truth| truth[range.clone()] == *below) {
                now[..shape.plane].copy_from_slice(below);
                return;
            }
        }
        let uniform = |truth: &[u64]| {
            truth[range.clone()].iter().all(|&word| word == 0 || word == u64::MAX) && {
                let first = truth[range.start];
                truth[range.clone()].iter().all(|&word| word == first)
            }
        };
        if self.plane_uniform.code(coder, uniform) {
            let valid = self.plane_value.code(coder, |truth| truth[range.start] != 0);
            now[..shape.plane].fill(if valid { u64::MAX } else { 0 });
            return;
        }
        let mut last = [true; 2];
        for y in 0..shape.ny {
            if let Some(as_expected) = self.row(coder, shape, [z, y], timed, last) {
                last = [as_expected, last[0]];
            }
        }
    }

    /// Codes a row voxel by voxel where its neighbours disagree; gives whether the others were as expected, if there are
    /// others. `last` is what the latest such rows gave, the last one first.
    fn row<C: Coder>(
        &mut self,
        coder: &mut C,
        shape: &Shape,
        [z, y]: [usize; 2],
        timed: bool,
        last: [bool; 2],
    ) -> Option<bool> {
        let at = z * shape.plane + y * shape.row;
        let (known, now) = self.now.split_at_mut(at);
        let around = Around::new(shape, [z, y], known, timed.then_some(&self.before));
        let expected = around.expected(shape);
        let mut open = expected.open;
        let mut as_expected = None;
        if expected.some {
            let truth = |truth: &[u64]| {
                let words = truth[at..at + shape.row].iter().zip(expected.ones).zip(expected.open);
                let mut wrong =
                    words.enumerate().map(|(word, ((truth, ones), open))| (truth ^ ones) & shape.used(word) & !open);
                wrong.all(|wrong| wrong == 0)
            };
            let kind = usize::from(z > 0) + 2 * usize::from(timed);
            let flag = usize::from(last[0]) + 2 * usize::from(last[1]) + 4 * usize::from(expected.every);
            let right = self.row_as_expected[kind][flag].code(coder, truth);
            as_expected = Some(right);
            if !right {
                for (word, open) in open.iter_mut().enumerate().take(shape.row) {
                    *open = shape.used(word);
                }
            }
        }

        let mut before = around.first();
        for word in 0..shape.row {
            let mut voxels =
                Voxels { at: at + word, open: open[word], value: expected.ones[word] & !open[word], before };
            if voxels.open != 0 {
                let near = around.near(word);
                match (&near.below, &near.earlier) {
                    (None, None) => voxels.code(coder, &mut self.flat, |x, west| near.flat(x, west)),
                    (Some(beside), None) => {
                        let orders = self.below.get_or_insert_with(|| Orders::new([3, 6, 10, 14]));
                        voxels.code(coder, orders, |x, west| near.one(beside, x, west));
                    }
                    (None, Some(beside)) => {
                        let orders = self.earlier.get_or_insert_with(|| Orders::new([3, 6, 10, 14]));
                        voxels.code(coder, orders, |x, west| near.one(beside, x, west));
                    }
                    (Some(below), Some(earlier)) => {
                        let orders = self.both.get_or_insert_with(|| Orders::new([4, 7, 11, 15]));
                        voxels.code(coder, orders, |x, west| near.both(below, earlier, x, west));
                    }
                }
            }
            now[word] = voxels.value;
            before = voxels.value >> 62;
        }
        pad(&mut now[..shape.row], shape.nx);
        as_expected
    }
}

/// The voxels of one word of a row that are coded one by one.
struct Voxels {
    /// Number of the word in the step.
    at: usize,
    open: u64,
    /// The voxels that are known; the open ones are 0 before they are coded.
    value: u64,
    /// The two voxels before the word, the nearer one in bit 1.
    before: u64,
}

impl Voxels {
    /// `context` gets the place of a voxel in the word and the two voxels before it, the nearer one in bit 1.
    #[inline(always)]
    fn code<const K: usize, C: Coder>(
        &mut self,
        coder: &mut C,
        orders: &mut Orders<K>,
        context: impl Fn(u32, u32) -> u32,
    ) {
        let at = self.at;
        while self.open != 0 {
            let x = self.open.trailing_zeros();
            self.open &= self.open - 1;
            let west = (u128::from(self.value) << 2 | u128::from(self.before)) >> x;
            let bit = orders.code(coder, context(x, west as u32 & 3), |truth| truth[at] >> x & 1 != 0);
            self.value |= u64::from(bit) << x;
        }
    }
}
