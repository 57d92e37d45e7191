//! What a picture shows.

use crate::camera::Camera;
use crate::field::Field;
use crate::transfer::Transfer;
use glam::{DMat4, DVec3, DVec4};
use std::sync::Arc;

/// How the volume is shown.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    Direct,
    Maximum,
    Isosurface(f64),
    /// Planes in box space, and how opaque they are.
    Slices(Vec<DVec4>, f64),
}

/// Something in the world that the volume may be in front of, behind, or around.
pub(crate) trait Opaque: std::fmt::Debug + Send + Sync {
    /// Where a ray meets it first, in lengths of its direction, and its colour there.
    fn hit(&self, origin: DVec3, direction: DVec3, to_light: DVec3) -> Option<(f64, DVec3)>;
}

/// A ball.
#[derive(Debug)]
pub(crate) struct Ball {
    pub(crate) centre: DVec3,
    pub(crate) radius: f64,
}

impl Opaque for Ball {
    fn hit(&self, origin: DVec3, direction: DVec3, to_light: DVec3) -> Option<(f64, DVec3)> {
        let from = origin - self.centre;
        let (a, b) = (direction.length_squared(), from.dot(direction));
        let root = b * b - a * (from.length_squared() - self.radius * self.radius);
        let t = (-b - root.max(0.0).sqrt()) / a;
        let normal = (from + t * direction) / self.radius;
        let light = 0.15 + 0.85 * normal.dot(to_light).max(0.0);
        (root > 0.0 && t > 0.0).then(|| (t, DVec3::new(0.62, 0.60, 0.56) * light))
    }
}

/// A volume, how it is shown, and from where.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) field: Field,
    /// Edges of the box in object space.
    pub(crate) edges: DVec3,
    /// Which axis of the box each axis of the texture is; -(k + 1) is axis k backwards.
    pub(crate) axes: [i32; 3],
    pub(crate) to_world: DMat4,
    pub(crate) transfer: Transfer,
    pub(crate) mode: Mode,
    pub(crate) lit: bool,
    pub(crate) light: DVec3,
    pub(crate) ambient: f64,
    /// Strength, shininess, and the gradient from which shading is full.
    pub(crate) specular: [f64; 3],
    pub(crate) step: f64,
    pub(crate) unit_length: f64,
    pub(crate) density: f64,
    pub(crate) crop: [DVec3; 2],
    pub(crate) cuts: Vec<DVec4>,
    pub(crate) opaque: Option<Arc<dyn Opaque>>,
    /// One camera, or the left and the right eye's.
    pub(crate) cameras: Vec<Camera>,
    pub(crate) size: [usize; 2],
}

impl Scene {
    /// Direct, unlit, whole, with the box as it stands.
    pub(crate) fn new(field: Field, edges: DVec3, transfer: Transfer, camera: Camera) -> Self {
        Self {
            field,
            edges,
            axes: [0, 1, 2],
            to_world: DMat4::IDENTITY,
            transfer,
            mode: Mode::Direct,
            lit: false,
            light: DVec3::new(0.3, 0.8, -0.52).normalize(),
            ambient: 0.35,
            specular: [0.25, 32.0, 0.02],
            step: 0.5,
            unit_length: edges.max_element() / 100.0,
            density: 1.0,
            crop: [DVec3::ZERO, DVec3::ONE],
            cuts: Vec::new(),
            opaque: None,
            cameras: vec![camera],
            size: [256, 256],
        }
    }

    /// Distance of the opaque thing along a ray, in lengths of its direction, and its colour there.
    pub(crate) fn opaque_at(&self, origin: DVec3, direction: DVec3) -> Option<(f64, DVec3)> {
        self.opaque.as_ref()?.hit(origin, direction, self.light)
    }

    /// What is behind the volume: a dark sky that brightens downwards, and the opaque thing.
    pub(crate) fn background(&self, camera: &Camera) -> Vec<[u8; 4]> {
        let pixels = (0..self.size[0] * self.size[1]).map(|n| {
            let (origin, direction) = self.pixel_ray(camera, n);
            let height = (n / self.size[0]) as f64 / self.size[1] as f64;
            let colour = match self.opaque_at(origin, direction) {
                Some((_, colour)) => colour,
                None => DVec3::new(0.035, 0.045, 0.065).lerp(DVec3::new(0.11, 0.125, 0.155), height),
            };
            let byte = |x: f64| (x * 255.0).round() as u8;
            [byte(colour.x), byte(colour.y), byte(colour.z), 255]
        });
        pixels.collect()
    }

    /// The ray through the centre of pixel `n`, rows from the top.
    pub(crate) fn pixel_ray(&self, camera: &Camera, n: usize) -> (DVec3, DVec3) {
        let [width, height] = self.size.map(|n| n as f64);
        let (x, y) = ((n % self.size[0]) as f64 + 0.5, (n / self.size[0]) as f64 + 0.5);
        camera.ray(2.0 * x / width - 1.0, 1.0 - 2.0 * y / height, width / height)
    }
}
