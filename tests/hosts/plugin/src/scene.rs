//! What both hosts draw: the same volume, at the same time, from the same place.

/// Width and height of the pictures.
pub const SIZE: [u32; 2] = [640, 480];

/// The time that is shown: between two steps.
pub const TIME: f64 = 5.37;
/// Another one, for the check that the comparisons notice it.
pub const WRONG_TIME: f64 = 4.5;

/// What invalid voxels get: far below the values, so that a ray finds the surface of what is not valid (the ground).
pub const INVALID: f32 = -50.0;

/// Where the camera is; y is up, and the volume stands around the origin.
pub const EYE: [f32; 3] = [1.0, 0.72, 1.85];
/// What it looks at.
pub const LOOK_AT: [f32; 3] = [0.0, -0.07, 0.0];
/// Its vertical angle of view, in radians.
pub const ANGLE: f32 = 0.63;

/// Edges of the volume along its own x, y, z, in the units of the world: voxels are cubes, and z (up) is 1.
pub fn edges([x, y, z]: [u32; 3]) -> [f32; 3] {
    [x, y, z].map(|n| n as f32 / z as f32)
}

/// The ray march in WGSL, without entry points: `march(...)`.
pub const MARCH: &str = include_str!("march.wgsl");
