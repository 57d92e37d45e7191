//! The two-dimensional fields a figure shows.

/// One row of a figure: the same slice of the original and of the decoded field.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// What is shown, for example `z = 12`.
    pub label: String,
    /// Names of the horizontal and the vertical axis.
    pub axes: [String; 2],
    /// Numbers of the first voxel along both axes, for slices of a part of the grid.
    pub origin: [usize; 2],
    /// Rectangles to outline: first voxel along both axes, counted from `origin`, and extent along both axes.
    pub frames: Vec<[usize; 4]>,
    /// Voxels along the horizontal axis.
    pub width: usize,
    /// Voxels along the vertical axis.
    pub height: usize,
    /// True when the vertical axis grows upwards (latitude, height), false for image rows.
    pub upwards: bool,
    /// `width * height` values, horizontal axis fastest, NaN = invalid; values beyond the end count as invalid.
    pub original: Vec<f32>,
    /// The decoded field, in the same layout.
    pub decoded: Vec<f32>,
}

/// Picks the middle z slice and the middle y slice out of planes that come one after the other.
#[derive(Clone, Debug)]
pub struct MiddleSlices {
    dims: [usize; 3],
    upwards: [bool; 2],
    horizontal: [Vec<f32>; 2],
    vertical: [Vec<f32>; 2],
}

impl MiddleSlices {
    /// Slices of a volume of `dims` [z, y, x] voxels whose y and z axes grow upwards.
    pub fn new(dims: [u32; 3]) -> Self {
        let [nz, ny, nx] = dims.map(|n| n as usize);
        Self {
            dims: [nz, ny, nx],
            upwards: [true, true],
            horizontal: [vec![f32::NAN; ny * nx], vec![f32::NAN; ny * nx]],
            vertical: [vec![f32::NAN; nz * nx], vec![f32::NAN; nz * nx]],
        }
    }

    /// Says whether the z and y axes grow upwards in the picture; images and volumes from microscopes go down.
    pub fn with_directions(mut self, z_upwards: bool, y_upwards: bool) -> Self {
        self.upwards = [z_upwards, y_upwards];
        self
    }

    /// Takes plane `z` of both fields, y * x values with x fastest. Planes may come in any order.
    pub fn add_plane(&mut self, z: u32, original: &[f32], decoded: &[f32]) {
        let [nz, ny, nx] = self.dims;
        let z = z as usize;
        if z >= nz || original.len() != ny * nx || decoded.len() != ny * nx || original.is_empty() {
            return;
        }
        let row = ny / 2 * nx..(ny / 2 + 1) * nx;
        for (which, plane) in [original, decoded].into_iter().enumerate() {
            if z == nz / 2 {
                self.horizontal[which].copy_from_slice(plane);
            }
            self.vertical[which][z * nx..(z + 1) * nx].copy_from_slice(&plane[row.clone()]);
        }
    }

    /// The z slice and, unless the volume is a single plane or a single row, the y slice.
    pub fn slices(self) -> Vec<Slice> {
        let [nz, ny, nx] = self.dims;
        let [z_upwards, y_upwards] = self.upwards;
        let [original, decoded] = self.horizontal;
        let label = if nz > 1 { format!("z = {} of {nz}", nz / 2) } else { String::new() };
        let mut slices = vec![Slice {
            label,
            axes: ["x".into(), "y".into()],
            width: nx,
            height: ny,
            upwards: y_upwards,
            original,
            decoded,
            ..Slice::default()
        }];
        if nz > 1 {
            let [original, decoded] = self.vertical;
            slices.push(Slice {
                label: format!("y = {} of {ny}", ny / 2),
                axes: ["x".into(), "z".into()],
                width: nx,
                height: nz,
                upwards: z_upwards,
                original,
                decoded,
                ..Slice::default()
            });
        }
        slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_every_axis_is_taken() {
        let dims = [4, 3, 2];
        let mut slices = MiddleSlices::new(dims);
        for z in 0..4 {
            let plane: Vec<f32> = (0..6).map(|i| (z * 100 + i) as f32).collect();
            let decoded: Vec<f32> = plane.iter().map(|v| v + 0.5).collect();
            slices.add_plane(z, &plane, &decoded);
        }
        slices.add_plane(9, &[0.0; 6], &[0.0; 6]);
        let slices = slices.slices();
        assert_eq!(slices[0].original, [200.0, 201.0, 202.0, 203.0, 204.0, 205.0]);
        assert_eq!(slices[1].decoded, [2.5, 3.5, 102.5, 103.5, 202.5, 203.5, 302.5, 303.5]);
        assert_eq!((slices[1].width, slices[1].height), (2, 4));
    }

    #[test]
    fn a_plane_has_one_slice() {
        assert_eq!(MiddleSlices::new([1, 5, 5]).slices().len(), 1);
    }
}
