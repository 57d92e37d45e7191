//! The reference: a plain ray march in double precision, many samples to a voxel, which skips nothing, and shares nothing with
//! the shaders but the meaning of the scene.

use crate::camera::Camera;
use crate::scene::{Mode, Scene};
use crate::transfer::TEXELS;
use glam::{DMat4, DVec3, DVec4};
use rayon::prelude::*;

/// Samples per voxel along a ray.
const SAMPLES: f64 = 8.0;

/// Draws the scene as one camera sees it: 8-bit red, green, blue, and whether the volume is seen in a pixel.
pub(crate) fn draw(scene: &Scene, camera: &Camera) -> (Vec<[u8; 3]>, Vec<bool>) {
    let background = scene.background(camera);
    let marcher = Marcher::new(scene);
    let pixel = |n: usize| {
        let (origin, direction) = scene.pixel_ray(camera, n);
        let end = scene.opaque_at(origin, direction).map_or(f64::INFINITY, |(t, _)| t);
        let colour = marcher.ray(origin, direction, camera.near, end);
        let behind = background[n];
        let byte = |n: usize| (colour[n] * 255.0 + f64::from(behind[n]) * (1.0 - colour.w)).round() as u8;
        ([byte(0), byte(1), byte(2)], colour.w > 0.0)
    };
    (0..background.len()).into_par_iter().map(pixel).unzip()
}

struct Marcher<'a> {
    scene: &'a Scene,
    /// World to box space.
    to_box: DMat4,
    voxel: DVec3,
}

impl<'a> Marcher<'a> {
    fn new(scene: &'a Scene) -> Self {
        let to_box = DMat4::from_translation(DVec3::splat(0.5))
            * DMat4::from_scale(scene.edges.recip())
            * scene.to_world.inverse();
        // One voxel, in box space.
        let mut voxel = DVec3::ZERO;
        for (texture, &axis) in scene.axes.iter().enumerate() {
            let (axis, _) = axis_of(axis);
            voxel[axis] = 1.0 / scene.field.size[texture] as f64;
        }
        Self { scene, to_box, voxel }
    }

    /// Colour times opacity, and opacity.
    fn ray(&self, origin: DVec3, direction: DVec3, near: f64, end: f64) -> DVec4 {
        let (o, d) = (self.to_box.transform_point3(origin), self.to_box.transform_vector3(direction));
        let (a, b) = ((DVec3::ZERO - o) / d, (DVec3::ONE - o) / d);
        let (start, stop) = (a.min(b).max_element().max(near), a.max(b).min_element().min(end));
        if start.is_nan() || stop.is_nan() || start >= stop {
            return DVec4::ZERO;
        }
        let to_eye = -direction.normalize();
        match &self.scene.mode {
            Mode::Slices(planes, opacity) => self.slices(o, d, start, stop, planes, *opacity),
            mode => {
                let steps = (SAMPLES * (d / self.voxel).length() * (stop - start)).ceil().max(2.0);
                let dt = (stop - start) / steps;
                let points = (0..steps as usize).map(|n| o + d * (start + (n as f64 + 0.5) * dt));
                match mode {
                    Mode::Direct => self.direct(points, (d * self.scene.edges).length() * dt, to_eye),
                    Mode::Maximum => self.maximum(points),
                    Mode::Isosurface(iso) => self.isosurface(points, *iso, to_eye),
                    Mode::Slices(..) => unreachable!("handled above"),
                }
            }
        }
    }

    /// Emission and absorption.
    fn direct(&self, points: impl Iterator<Item = DVec3>, length: f64, to_eye: DVec3) -> DVec4 {
        let (mut sum, mut through) = (DVec3::ZERO, 1.0);
        for p in points.filter(|p| self.is_shown(*p)) {
            let Some(value) = self.value(p) else { continue };
            let (mut colour, alpha) = self.transfer(value);
            if alpha == 0.0 {
                continue;
            }
            if self.scene.lit {
                let gradient = self.gradient(p, value);
                let transfer = &self.scene.transfer;
                let steepness = gradient.length() / (transfer.max - transfer.min) * self.scene.unit_length;
                let weight = (steepness / self.scene.specular[2]).min(1.0);
                colour = colour.lerp(self.shade(colour, gradient, to_eye), weight);
            }
            let extinction = -(1.0 - alpha).ln() / self.scene.unit_length * self.scene.density;
            let passed = (-extinction * length).exp();
            sum += through * (1.0 - passed) * colour;
            through *= passed;
        }
        DVec4::from((sum, 1.0 - through))
    }

    fn maximum(&self, points: impl Iterator<Item = DVec3>) -> DVec4 {
        let values = points.filter(|p| self.is_shown(*p)).filter_map(|p| self.value(p));
        let Some(largest) = values.reduce(f64::max) else { return DVec4::ZERO };
        let (colour, alpha) = self.transfer(largest);
        let alpha = 1.0 - (1.0 - alpha).powf(self.scene.density);
        DVec4::from((colour * alpha, alpha))
    }

    fn isosurface(&self, points: impl Iterator<Item = DVec3>, iso: f64, to_eye: DVec3) -> DVec4 {
        let mut before: Option<(DVec3, f64)> = None;
        for p in points {
            let now = self.value(p).filter(|_| self.is_shown(p)).map(|value| (p, value));
            if let (Some((mut a, u)), Some((mut b, v))) = (before, now)
                && (u < iso) != (v < iso)
            {
                for _ in 0..40 {
                    let middle = (a + b) / 2.0;
                    let Some(value) = self.value(middle) else { break };
                    if (value < iso) == (u < iso) { a = middle } else { b = middle }
                }
                let (mut colour, _) = self.transfer(iso);
                if self.scene.lit {
                    colour = self.shade(colour, self.gradient(a, iso), to_eye);
                }
                return DVec4::from((colour, 1.0));
            }
            before = now;
        }
        DVec4::ZERO
    }

    fn slices(&self, o: DVec3, d: DVec3, start: f64, stop: f64, planes: &[DVec4], opacity: f64) -> DVec4 {
        let mut hits: Vec<f64> = planes
            .iter()
            .map(|plane| -(plane.truncate().dot(o) + plane.w) / plane.truncate().dot(d))
            .filter(|t| *t >= start && *t <= stop && self.is_shown(o + d * *t))
            .collect();
        hits.sort_by(f64::total_cmp);
        let (mut sum, mut through) = (DVec3::ZERO, 1.0);
        for t in hits {
            if let Some(value) = self.value(o + d * t) {
                let (colour, alpha) = self.transfer(value);
                let alpha = alpha + (1.0 - alpha) * opacity;
                sum += through * alpha * colour;
                through *= 1.0 - alpha;
            }
        }
        DVec4::from((sum, 1.0 - through))
    }

    /// Whether crop box and cut planes leave a point.
    fn is_shown(&self, p: DVec3) -> bool {
        let [low, high] = self.scene.crop;
        p.cmpge(low).all()
            && p.cmple(high).all()
            && self.scene.cuts.iter().all(|cut| cut.truncate().dot(p) + cut.w >= 0.0)
    }

    /// Between the eight voxels around, or nothing if one is missing. Beyond the outermost centres as there.
    fn value(&self, p: DVec3) -> Option<f64> {
        let size = self.scene.field.size;
        let mut low = [0; 3];
        let mut weight = [0.0; 3];
        for n in 0..3 {
            let (axis, backwards) = axis_of(self.scene.axes[n]);
            let along = if backwards { 1.0 - p[axis] } else { p[axis] };
            let at = (along * size[n] as f64 - 0.5).clamp(0.0, (size[n] - 1) as f64);
            low[n] = (at as usize).min(size[n].saturating_sub(2));
            weight[n] = at - low[n] as f64;
        }
        let mut sum = 0.0;
        for corner in 0..8 {
            let (mut index, mut factor) = ([0; 3], 1.0);
            for n in 0..3 {
                let high = corner >> n & 1;
                index[n] = (low[n] + high).min(size[n] - 1);
                factor *= if high == 1 { weight[n] } else { 1.0 - weight[n] };
            }
            let value = self.scene.field.values[(index[2] * size[1] + index[1]) * size[0] + index[0]];
            if value.is_nan() {
                return None;
            }
            sum += factor * f64::from(value);
        }
        Some(sum)
    }

    fn transfer(&self, value: f64) -> (DVec3, f64) {
        let transfer = &self.scene.transfer;
        let at = ((value - transfer.min) / (transfer.max - transfer.min)).clamp(0.0, 1.0) * (TEXELS - 1) as f64;
        let low = (at as usize).min(TEXELS - 2);
        let [a, b] = [0, 1].map(|n| DVec4::from_array(transfer.texels[low + n].map(f64::from)) / 255.0);
        let colour = a.lerp(b, at - low as f64);
        (colour.truncate(), colour.w)
    }

    /// In object space, by differences over one voxel to either side; a missing neighbour counts as the centre.
    fn gradient(&self, p: DVec3, centre: f64) -> DVec3 {
        let along = |axis: usize| {
            let mut step = DVec3::ZERO;
            step[axis] = self.voxel[axis];
            let at = |p| self.value(p).unwrap_or(centre);
            (at(p + step) - at(p - step)) / (2.0 * self.voxel[axis] * self.scene.edges[axis])
        };
        DVec3::new(along(0), along(1), along(2))
    }

    /// Blinn-Phong on both sides of the surface across a gradient.
    fn shade(&self, colour: DVec3, gradient: DVec3, to_eye: DVec3) -> DVec3 {
        let normal = self.scene.to_world.inverse().transpose().transform_vector3(gradient);
        if normal.length() == 0.0 {
            return colour;
        }
        let normal = normal.normalize();
        let middle = (self.scene.light + to_eye).normalize();
        let diffuse = self.scene.ambient + (1.0 - self.scene.ambient) * normal.dot(self.scene.light).abs();
        let [strength, shininess, _] = self.scene.specular;
        let shine = strength * normal.dot(middle).abs().powf(shininess);
        (colour * diffuse + shine).clamp(DVec3::ZERO, DVec3::ONE)
    }
}

/// The axis of the box, and whether it runs backwards.
fn axis_of(code: i32) -> (usize, bool) {
    if code < 0 { ((-code - 1) as usize, true) } else { (code as usize, false) }
}
