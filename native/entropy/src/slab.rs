//! The bricks of a band that are not empty, one layer of bricks after the other.

use std::ops::Range;

use crate::around::Known;
use crate::brick::{Brick, any};
use crate::error::Damage;
use crate::plane::{BRICK, CELLS};

/// A brick that is not empty; `T` is what its coder wants to know about it.
#[derive(Debug)]
pub(crate) struct Block<T> {
    /// Its place among the bricks, and its cell there.
    pub(crate) brick: [usize; 3],
    pub(crate) cell: usize,
    /// The cell of its first coefficient.
    pub(crate) first: usize,
    /// The coefficients, `[z][y][x]`.
    pub(crate) values: [i32; CELLS],
    pub(crate) about: T,
}

/// Part of a row of coefficients that lies in one brick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    /// Its first place in the band, the cell of that, and its place in the brick.
    pub(crate) place: [usize; 3],
    pub(crate) cell: usize,
    pub(crate) inner: usize,
    /// Coefficients, 1..=4.
    pub(crate) len: usize,
}

/// A layer of bricks.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    extent: [usize; 3],
    /// The first `n` of these; the others wait to be used again.
    blocks: Vec<Block<T>>,
    n: usize,
    /// The blocks of each row of bricks.
    rows: Vec<Range<usize>>,
}

impl<T: Default> Slab<T> {
    pub(crate) fn new() -> Self {
        Self { extent: [0; 3], blocks: Vec::new(), n: 0, rows: Vec::new() }
    }

    /// Takes the bricks of layer `z` of a band whose flags are known; `begin` sets the values of each and what else its
    /// coder wants to know.
    pub(crate) fn fill(&mut self, known: &Known, z: usize, mut begin: impl FnMut(&mut Block<T>)) {
        self.extent = known.magnitudes.extent;
        self.n = 0;
        self.rows.clear();
        let [_, ny, nx] = known.bricks.extent;
        for y in 0..ny {
            let first = self.n;
            let row = known.bricks.at([z, y, 0]);
            for (x, _) in known.bricks.cells[row..row + nx].iter().enumerate().filter(|&(_, &flag)| flag != 0) {
                if self.n == self.blocks.len() {
                    let (brick, values, about) = ([0; 3], [0; CELLS], T::default());
                    self.blocks.push(Block { brick, cell: 0, first: 0, values, about });
                }
                let block = &mut self.blocks[self.n];
                block.brick = [z, y, x];
                block.cell = row + x;
                block.first = known.magnitudes.at(block.brick.map(|n| n * BRICK));
                begin(block);
                self.n += 1;
            }
            self.rows.push(first..self.n);
        }
    }

    /// Goes through the coefficients in order of places in the band. `row` and `slice` are the strides of its planes.
    #[inline(always)]
    pub(crate) fn each(
        &mut self,
        [slice, row]: [usize; 2],
        mut code: impl FnMut(&mut Block<T>, Piece) -> Result<(), Damage>,
    ) -> Result<(), Damage> {
        let Some(first) = self.blocks[..self.n].first() else {
            return Ok(());
        };
        let [nz, ny, nx] = self.extent;
        let below = first.brick[0] * BRICK;
        for z in below..(below + BRICK).min(nz) {
            for (y, blocks) in self.rows.iter().enumerate().filter(|(_, blocks)| !blocks.is_empty()) {
                for y in y * BRICK..(y * BRICK + BRICK).min(ny) {
                    let inner = z % BRICK * BRICK + y % BRICK;
                    for block in &mut self.blocks[blocks.clone()] {
                        let x = block.brick[2] * BRICK;
                        let cell = block.first + z % BRICK * slice + y % BRICK * row;
                        let piece = Piece { place: [z, y, x], cell, inner: inner * BRICK, len: (nx - x).min(BRICK) };
                        code(block, piece)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The bricks, of a band that begins at `start`. A damaged stream may have flags of bricks that turn out to be empty.
    pub(crate) fn bricks(&self, component: usize, start: [usize; 3]) -> impl Iterator<Item = Brick<'_>> {
        self.blocks[..self.n].iter().filter(|block| any(&block.values)).map(move |block| {
            let place = block.brick.map(|n| n * BRICK);
            Brick {
                component,
                start: [0, 1, 2].map(|axis| start[axis] + place[axis]),
                extent: [0, 1, 2].map(|axis| (self.extent[axis] - place[axis]).min(BRICK)),
                values: &block.values,
            }
        })
    }
}
