//! The scenes that are drawn and compared.

use crate::camera::{Camera, Lens};
use crate::draw::Stereo;
use crate::field::Field;
use crate::render::How;
use crate::scene::{Ball, Mode, Scene};
use crate::transfer::Transfer;
use glam::{DMat4, DQuat, DVec3, DVec4};
use std::sync::Arc;

/// A scene with a name, and how it is drawn.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) scene: Scene,
    pub(crate) how: How,
}

/// Edges of the sample's box: a little wider than high.
const EDGES: DVec3 = DVec3::new(1.0, 1.15, 0.85);
/// The texture has x east, y north, z up; the box has y up.
const UPRIGHT: [i32; 3] = [0, 2, 1];

/// All cases, with the decoded sample.
pub(crate) fn all(plume: &Field) -> Vec<Case> {
    let case = |name, scene, how| Case { name, scene, how };
    let builtin = How { pipeline: "builtin", ..How::default() };
    let lit = |scene: Scene| Scene { lit: true, ..scene };
    let base = || smoke(plume);
    let mut cases = vec![
        case("direct", base(), How::default()),
        case("direct, lit", lit(base()), builtin),
        case("maximum", Scene { mode: Mode::Maximum, ..base() }, How::default()),
        case("isosurface, lit", isosurface(plume), builtin),
        case("slices", slices(plume), How::default()),
        case("slices, see-through", see_through(slices(plume)), builtin),
        case("cut", lit(cut(base())), How::default()),
        case("inside", lit(inside(base())), builtin),
        case("opaque ball", lit(with_ball(base())), How::default()),
        case("opaque ball, Built-in", lit(with_ball(base())), builtin),
        case("orthographic", lit(orthographic(with_ball(base()))), builtin),
        case("16-bit texels", lit(base()), How { half: true, ..How::default() }),
        case("code of glslang", lit(base()), How { compiler: "glslang", ..builtin }),
        case("turned, stretched axes", stretched(), How::default()),
        case("long steps", Scene { step: 1.5, ..base() }, How::default()),
    ];
    for (name, stereo, pipeline) in [
        ("stereo, instanced", Stereo::Instanced, "urp"),
        ("stereo, instanced, Built-in", Stereo::Instanced, "builtin"),
        ("stereo, multiview", Stereo::Multiview(0b11), "urp"),
        ("stereo, multiview, Built-in", Stereo::Multiview(0b11), "builtin"),
    ] {
        let how = How { stereo, pipeline, ..How::default() };
        cases.push(case(name, both_eyes(lit(with_ball(base()))), how));
    }
    let how = How { stereo: Stereo::Instanced, ..How::default() };
    cases.push(case("stereo slices", both_eyes(slices(plume)), how));
    cases
}

/// The sample as smoke over a hill.
pub(crate) fn smoke(plume: &Field) -> Scene {
    let transfer = Transfer::new(
        0.0,
        100.0,
        &[
            [0.00, 0.10, 0.20, 0.55, 0.000],
            [0.04, 0.12, 0.30, 0.70, 0.000],
            [0.12, 0.15, 0.55, 0.85, 0.008],
            [0.30, 0.35, 0.80, 0.65, 0.030],
            [0.50, 0.95, 0.85, 0.35, 0.070],
            [0.75, 0.98, 0.50, 0.15, 0.180],
            [1.00, 0.75, 0.08, 0.10, 0.350],
        ],
    );
    let camera = Camera::new(DVec3::new(1.35, 0.75, -1.55), DVec3::new(0.0, -0.08, 0.0), 38.0);
    Scene { axes: UPRIGHT, ..Scene::new(plume.clone(), EDGES, transfer, camera) }
}

fn isosurface(plume: &Field) -> Scene {
    Scene { mode: Mode::Isosurface(22.0), lit: true, step: 0.2, ..smoke(plume) }
}

fn slices(plume: &Field) -> Scene {
    let planes =
        vec![DVec4::new(1.0, 0.0, 0.0, -0.45), DVec4::new(0.0, 1.0, 0.0, -0.3), DVec4::new(0.3, 0.2, 1.0, -0.8)];
    Scene { mode: Mode::Slices(planes, 0.92), ..smoke(plume) }
}

fn see_through(scene: Scene) -> Scene {
    let Mode::Slices(planes, _) = scene.mode else { return scene };
    Scene { mode: Mode::Slices(planes, 0.35), ..scene }
}

/// A plane through the middle and a box that leaves parts out.
fn cut(scene: Scene) -> Scene {
    Scene {
        cuts: vec![DVec4::new(0.5, 0.1, 1.0, -0.72), DVec4::new(0.0, -1.0, 0.0, 0.85)],
        crop: [DVec3::new(0.1, 0.0, 0.05), DVec3::new(0.8, 0.95, 1.0)],
        density: 2.0,
        ..scene
    }
}

fn inside(scene: Scene) -> Scene {
    let camera = Camera::new(DVec3::new(0.18, -0.02, -0.2), DVec3::new(-0.2, -0.22, 0.25), 65.0);
    Scene { cameras: vec![camera], ..scene }
}

fn with_ball(scene: Scene) -> Scene {
    let ball = Ball { centre: DVec3::new(0.08, -0.18, -0.1), radius: 0.22 };
    Scene { opaque: Some(Arc::new(ball)), ..scene }
}

fn orthographic(scene: Scene) -> Scene {
    let camera = Camera { lens: Lens::Orthographic(0.8), ..scene.cameras[0] };
    Scene { cameras: vec![camera], ..scene }
}

/// Cameras as far apart as eyes are at this scale; far enough for a wrong eye to be seen.
fn both_eyes(scene: Scene) -> Scene {
    let middle = scene.cameras[0];
    Scene { cameras: vec![middle.beside(-0.06), middle.beside(0.06)], ..scene }
}

/// Waves on a grid with different spacings, two axes backwards, in a box that is turned and stretched.
fn stretched() -> Scene {
    let field = Field::of([40, 24, 56], |[x, y, z]| {
        let wave = (9.0 * x).sin() * (7.0 * y).cos() + (11.0 * z + 2.0 * x).sin();
        let far = (x - 0.5).powi(2) + (y - 0.5).powi(2) + (z - 0.5).powi(2);
        // A hole without values.
        if far < 0.02 { f64::NAN } else { 1.0 + 0.5 * wave - 2.0 * far }
    });
    let transfer = Transfer::new(
        0.0,
        2.0,
        &[
            [0.0, 0.2, 0.1, 0.5, 0.0],
            [0.45, 0.3, 0.5, 0.9, 0.0],
            [0.6, 0.3, 0.9, 0.8, 0.06],
            [0.8, 0.9, 0.8, 0.4, 0.2],
            [1.0, 0.9, 0.3, 0.3, 0.3],
        ],
    );
    let to_world = DMat4::from_scale_rotation_translation(
        DVec3::new(1.3, 0.8, 0.9),
        DQuat::from_euler(glam::EulerRot::YXZ, 0.5, 0.3, -0.2),
        DVec3::new(0.05, 0.0, 0.1),
    );
    let camera = Camera::new(DVec3::new(0.9, 0.9, -1.7), DVec3::ZERO, 42.0);
    let edges = DVec3::new(1.1, 0.7, 0.9);
    Scene { axes: [-3, 1, -1], to_world, lit: true, ..Scene::new(field, edges, transfer, camera) }
}
