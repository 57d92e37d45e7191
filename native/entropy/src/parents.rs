//! The level above the one that is being coded.

use crate::around::{Known, Level};
use crate::plane::{BRICK, CELLS, Plane, Wide};

/// The level above, of all components, or nothing.
#[derive(Debug)]
pub(crate) struct Parents {
    pub(crate) levels: Vec<Level>,
    /// Where there is no parent.
    none: Known,
}

impl Parents {
    /// Nothing.
    pub(crate) fn new() -> Self {
        Self { levels: Vec::new(), none: Known::new([1; 3]) }
    }

    /// A band, or a single zero.
    pub(crate) fn band(&self, component: usize, id: usize) -> &Known {
        self.levels.get(component).and_then(|level| level[id].as_ref()).unwrap_or(&self.none)
    }
}

/// Sums over 3³ places of the magnitudes of a level, made brick by brick where they are needed.
#[derive(Debug)]
pub(crate) struct Sums {
    /// Of each band.
    bands: [Plane<u16>; 8],
    /// Of all bands: where one ends, it counts no more.
    total: Plane<u16>,
    /// Bricks that were made.
    ready: Plane<u8>,
    none: Plane<u16>,
}

impl Sums {
    pub(crate) fn new() -> Self {
        let none = Plane::new([1; 3]);
        Self { bands: [(); 8].map(|()| Plane::default()), total: Plane::default(), ready: Plane::default(), none }
    }

    /// Forgets what was made: the next sums are those of another level.
    pub(crate) fn begin(&mut self, level: &Level) {
        let mut extent = [1; 3];
        for (band, known) in self.bands.iter_mut().zip(level) {
            if let Some(known) = known {
                band.reshape(known.magnitudes.extent);
                extent = [0, 1, 2].map(|axis| extent[axis].max(band.extent[axis]));
            }
        }
        self.total.reshape(extent);
        self.ready.cells.fill(0);
        self.ready.reshape(extent.map(|n| n.div_ceil(BRICK)));
    }

    /// Makes the sums for the places from the first to the last ones of each axis.
    pub(crate) fn prepare(&mut self, level: &Level, places: [[usize; 2]; 3]) {
        let [z, y, x] = places.map(|[first, last]| first / BRICK..=last / BRICK);
        for (z, y) in z.flat_map(|z| y.clone().map(move |y| (z, y))) {
            for x in x.clone() {
                let brick = [z, y, x];
                let at = self.ready.at(brick);
                if self.ready.cells[at] == 0 {
                    self.ready.cells[at] = 1;
                    self.make(level, brick);
                }
            }
        }
    }

    fn make(&mut self, level: &Level, brick: [usize; 3]) {
        let first = brick.map(|n| n * BRICK);
        let mut total = [0; CELLS];
        for (band, known) in self.bands.iter_mut().zip(level) {
            let Some(known) = known.as_ref().filter(|known| (0..3).all(|a| first[a] < known.magnitudes.extent[a]))
            else {
                continue;
            };
            let mut sums = [0; CELLS];
            if has_neighbours(&known.bricks, brick) {
                let mut wide = Wide::new();
                wide.add(&known.magnitudes, known.magnitudes.at(first), 1);
                sums = wide.sums();
                for (k, sum) in sums.iter_mut().enumerate() {
                    let place = [k / (BRICK * BRICK), k / BRICK % BRICK, k % BRICK];
                    if (0..3).any(|axis| first[axis] + place[axis] >= band.extent[axis]) {
                        *sum = 0;
                    }
                }
                for (total, sum) in total.iter_mut().zip(sums) {
                    *total += sum;
                }
            }
            band.set_brick(band.at(first), &sums);
        }
        self.total.set_brick(self.total.at(first), &total);
    }

    /// The sums of a band and those of all, or a single zero each if there is no such parent.
    pub(crate) fn of(&self, level: Option<&Level>, id: usize) -> [&Plane<u16>; 2] {
        match level {
            Some(level) if level[id].is_some() => [&self.bands[id], &self.total],
            _ => [&self.none, &self.none],
        }
    }
}

/// Whether a brick or one of the 26 beside it is not empty.
fn has_neighbours(bricks: &Plane<u8>, brick: [usize; 3]) -> bool {
    let corner = bricks.at(brick) - bricks.slice - bricks.row - 1;
    (0..9).any(|k| {
        let from = corner + k / 3 * bricks.slice + k % 3 * bricks.row;
        bricks.cells[from..from + 3] != [0; 3]
    })
}
