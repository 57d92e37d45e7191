//! Cameras as Unity has them: a left-handed world with y up.

use glam::{DMat4, DVec3, DVec4};

/// Where a picture is seen from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Camera {
    pub(crate) eye: DVec3,
    pub(crate) right: DVec3,
    pub(crate) up: DVec3,
    pub(crate) forward: DVec3,
    pub(crate) near: f64,
    pub(crate) far: f64,
    pub(crate) lens: Lens,
}

/// Half the height of what is seen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lens {
    /// At distance 1.
    Perspective(f64),
    /// Everywhere.
    Orthographic(f64),
}

impl Camera {
    /// A perspective camera with a vertical angle of view in degrees.
    pub(crate) fn new(eye: DVec3, target: DVec3, degrees: f64) -> Self {
        let forward = (target - eye).normalize();
        // Left-handed: x = y × z.
        let right = DVec3::Y.cross(forward).normalize();
        let up = forward.cross(right);
        let lens = Lens::Perspective((degrees.to_radians() / 2.0).tan());
        Self { eye, right, up, forward, near: 0.01, far: 20.0, lens }
    }

    /// Moved to the right.
    pub(crate) fn beside(self, distance: f64) -> Self {
        Self { eye: self.eye + distance * self.right, ..self }
    }

    /// Origin and direction of the ray through a place of the picture, -1..1 to the right and upwards; the direction is 1 long
    /// along the view.
    pub(crate) fn ray(&self, x: f64, y: f64, aspect: f64) -> (DVec3, DVec3) {
        let beside = |half: f64| self.right * (x * half * aspect) + self.up * (y * half);
        match self.lens {
            Lens::Perspective(half) => (self.eye, self.forward + beside(half)),
            Lens::Orthographic(half) => (self.eye + beside(half), self.forward),
        }
    }

    /// World to camera, which looks along -z.
    pub(crate) fn view(&self) -> DMat4 {
        let row = |axis: DVec3| DVec4::from((axis, -axis.dot(self.eye)));
        DMat4::from_cols(row(self.right), row(self.up), -row(self.forward), DVec4::W).transpose()
    }

    /// Camera to clip space of Vulkan, y down, depth from 1 (near) to 0 (far).
    pub(crate) fn projection(&self, aspect: f64) -> DMat4 {
        let (near, far) = (self.near, self.far);
        let rows = match self.lens {
            Lens::Perspective(half) => [
                DVec4::new(1.0 / (half * aspect), 0.0, 0.0, 0.0),
                DVec4::new(0.0, -1.0 / half, 0.0, 0.0),
                DVec4::new(0.0, 0.0, near / (far - near), near * far / (far - near)),
                DVec4::new(0.0, 0.0, -1.0, 0.0),
            ],
            Lens::Orthographic(half) => [
                DVec4::new(1.0 / (half * aspect), 0.0, 0.0, 0.0),
                DVec4::new(0.0, -1.0 / half, 0.0, 0.0),
                DVec4::new(0.0, 0.0, 1.0 / (far - near), far / (far - near)),
                DVec4::W,
            ],
        };
        DMat4::from_cols(rows[0], rows[1], rows[2], rows[3]).transpose()
    }

    /// What the depth buffer holds for things at a distance from the camera's plane.
    pub(crate) fn raw_depth(&self, distance: f64) -> f64 {
        let clip = self.projection(1.0) * DVec4::new(0.0, 0.0, -distance, 1.0);
        clip.z / clip.w
    }
}
