//! Draws scenes with the package's own shaders: sets their properties as its C# component does.

use crate::camera::{Camera, Lens};
use crate::device::{Device, Image, Shape};
use crate::draw::{self, Mesh, Properties, Stereo};
use crate::picture::Picture;
use crate::scene::{Mode, Scene};
use crate::spirv::Module;
use crate::transfer::{ROWS, TEXELS};
use ash::vk;
use glam::{DMat4, DVec3};
use std::path::PathBuf;

/// Voxels along an edge of the blocks that may be skipped.
const BLOCK: usize = 8;

/// What does not change what a scene shows, or should not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// `dxc` or `glslang`.
    pub(crate) compiler: &'static str,
    /// `urp` or `builtin`.
    pub(crate) pipeline: &'static str,
    pub(crate) stereo: Stereo,
    pub(crate) skip: bool,
    /// Frame of the jitter.
    pub(crate) jitter: Option<u32>,
    /// 16-bit texels.
    pub(crate) half: bool,
    /// With a table that says that no value has opacity.
    pub(crate) blind: bool,
}

impl Default for How {
    fn default() -> Self {
        Self {
            compiler: "dxc",
            pipeline: "urp",
            stereo: Stereo::Mono,
            skip: true,
            jitter: None,
            half: false,
            blind: false,
        }
    }
}

/// A device, and where the compiled shaders are.
pub(crate) struct Renderer {
    pub(crate) device: Device,
    pub(crate) spirv: PathBuf,
}

impl Renderer {
    /// One picture for each camera of the scene.
    pub(crate) fn render(&self, scene: &Scene, how: How) -> Result<Vec<Picture>, String> {
        let size = scene.size;
        let textures = self.textures(scene, how)?;
        let mut properties = material(scene, how);
        camera_properties(&mut properties, scene, how);
        for (name, image) in &textures {
            properties.texture(name, image);
        }
        let stages = [self.module(scene, how, "vertex")?, self.module(scene, how, "fragment")?];
        let backgrounds: Vec<_> = scene.cameras.iter().map(|camera| scene.background(camera)).collect();
        let mesh = cube(scene.edges);
        let draw = |stereo, backgrounds: &[_]| {
            draw::draw(&self.device, &stages, &properties, &mesh, stereo, size, backgrounds)
        };
        let drawn = if let Stereo::Multiview(_) = how.stereo {
            // Lavapipe 22.3 draws all views into the first layer: each eye alone then shows what the shader makes of its view.
            let eye = |(eye, background): (usize, &Vec<[u8; 4]>)| {
                let mut layers = draw(Stereo::Multiview(1 << eye), &vec![background.clone(); backgrounds.len()])?;
                Ok::<_, String>(layers.swap_remove(if layers[eye] == *background { 0 } else { eye }))
            };
            backgrounds.iter().enumerate().map(eye).collect::<Result<_, _>>()?
        } else {
            draw(how.stereo, &backgrounds)?
        };
        let picture =
            |pixels: Vec<[u8; 4]>| Picture { size, pixels: pixels.into_iter().map(|[r, g, b, _]| [r, g, b]).collect() };
        Ok(drawn.into_iter().map(picture).collect())
    }

    fn load(&self, how: How, name: &str, set: u32) -> Result<Module, String> {
        let path = self.spirv.join(how.compiler).join(format!("{name}.spv"));
        let bytes = std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Module::read(&bytes, set).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The variant that a material with these keywords has.
    fn module(&self, scene: &Scene, how: How, stage: &str) -> Result<Module, String> {
        let is_slice = matches!(scene.mode, Mode::Slices(..));
        let shader = if is_slice { "NeuvolSlice" } else { "NeuvolVolume" };
        let stereo = match how.stereo {
            Stereo::Mono => "mono",
            Stereo::Instanced => "instanced",
            Stereo::Multiview(_) => "multiview",
        };
        let mut words = vec![shader, how.pipeline, stage, stereo];
        if stage == "fragment" {
            let keyword = |is_on: bool, name| is_on.then_some(name);
            words.extend(match scene.mode {
                Mode::Direct => Some("NEUVOL_MODE_DVR"),
                Mode::Maximum => Some("NEUVOL_MODE_MIP"),
                Mode::Isosurface(_) => Some("NEUVOL_MODE_ISO"),
                Mode::Slices(..) => None,
            });
            words.extend(keyword(scene.lit && !is_slice, "NEUVOL_LIT"));
            words.extend(keyword(how.jitter.is_some() && !is_slice, "NEUVOL_JITTER"));
            words.extend(keyword(how.skip && !is_slice, "NEUVOL_SKIP"));
            words.extend(keyword(scene.opaque.is_some(), "NEUVOL_DEPTH"));
        }
        self.load(how, &words.join("-"), u32::from(stage == "fragment"))
    }

    fn textures(&self, scene: &Scene, how: How) -> Result<Vec<(&'static str, Image)>, String> {
        let field = &scene.field;
        let extent = field.size.map(|n| n as u32);
        let three = |format, extent| Shape { view: vk::ImageViewType::TYPE_3D, format, extent };
        let flat = |format, [x, y]: [usize; 2]| Shape {
            view: vk::ImageViewType::TYPE_2D,
            format,
            extent: [x as u32, y as u32, 1],
        };
        let (format, bytes): (_, Vec<u8>) = if how.half {
            let halves = field.values.iter().flat_map(|value| half::f16::from_f32(*value).to_le_bytes());
            (vk::Format::R16_SFLOAT, halves.collect())
        } else {
            (vk::Format::R32_SFLOAT, field.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        };
        let volume = self.device.texture(three(format, extent), &bytes);
        let texels = scene.transfer.texels.as_flattened();
        let transfer = self.device.texture(flat(vk::Format::R8G8B8A8_UNORM, [TEXELS, 1]), texels);
        let mut largest = scene.transfer.largest_alphas();
        if how.blind {
            largest.fill(0);
        }
        let largest = self.device.texture(flat(vk::Format::R8_UNORM, [TEXELS, ROWS]), &largest);
        let mut properties = Properties::default();
        properties.set("_NeuvolSize", &field.size.map(|n| n as f32));
        properties.set("_NeuvolMacroSize", &[BLOCK as f32]);
        properties.texture("_NeuvolVolume", &volume);
        let blocks = extent.map(|n| n.div_ceil(BLOCK as u32));
        let module = self.load(how, "NeuvolMacro-compute-NeuvolMacro", 0)?;
        let output = ("_NeuvolMacroOut", three(vk::Format::R32G32_SFLOAT, blocks));
        let groups = blocks.map(|n| n.div_ceil(4));
        let macros = draw::compute(&self.device, &module, &properties, output, groups)?;
        let mut made = vec![
            ("_NeuvolVolume", volume),
            ("_NeuvolTransfer", transfer),
            ("_NeuvolTransferMax", largest),
            ("_NeuvolMacro", macros),
        ];
        if scene.opaque.is_some() {
            let depth: Vec<u8> = scene.cameras.iter().flat_map(|camera| depth_buffer(scene, camera)).collect();
            let view = match how.stereo {
                Stereo::Mono => vk::ImageViewType::TYPE_2D,
                _ => vk::ImageViewType::TYPE_2D_ARRAY,
            };
            let extent = [scene.size[0] as u32, scene.size[1] as u32, scene.cameras.len() as u32];
            let shape = Shape { view, format: vk::Format::R32_SFLOAT, extent };
            made.push(("_CameraDepthTexture", self.device.texture(shape, &depth)));
        }
        Ok(made)
    }
}

/// What the opaque scene leaves in the depth buffer.
fn depth_buffer(scene: &Scene, camera: &Camera) -> Vec<u8> {
    let depth = |n: usize| {
        let (origin, direction) = scene.pixel_ray(camera, n);
        // Rays are one long along the view.
        let raw = scene.opaque_at(origin, direction).map_or(0.0, |(t, _)| camera.raw_depth(t));
        (raw as f32).to_le_bytes()
    };
    (0..scene.size[0] * scene.size[1]).flat_map(depth).collect()
}

/// The material's properties; see `NeuvolUnity.hlsl`.
fn material<'a>(scene: &Scene, how: How) -> Properties<'a> {
    let mut properties = Properties::default();
    let four = |v: DVec3, w: f64| [v.x as f32, v.y as f32, v.z as f32, w as f32];
    let mut set = |name: &str, values: &[f32]| properties.set(name, values);
    set("_NeuvolSize", &scene.field.size.map(|n| n as f32));
    set("_NeuvolSpacing", &four(scene.edges, 0.0));
    set("_NeuvolAxes", &scene.axes.map(|axis| axis as f32));
    set("_NeuvolScaleOffset", &[1.0, 0.0]);
    let transfer = &scene.transfer;
    set("_NeuvolRange", &[transfer.min as f32, (1.0 / (transfer.max - transfer.min)) as f32]);
    set("_NeuvolBoxMin", &four(scene.crop[0], 0.0));
    set("_NeuvolBoxMax", &four(scene.crop[1], 0.0));
    for n in 0..4 {
        let cut = scene.cuts.get(n).copied().unwrap_or_default();
        set(&format!("_NeuvolCut{n}"), &four(cut.truncate(), cut.w));
    }
    set("_NeuvolCutCount", &[scene.cuts.len() as f32]);
    let (planes, opacity) = match &scene.mode {
        Mode::Slices(planes, opacity) => (planes.clone(), *opacity),
        _ => (Vec::new(), 0.0),
    };
    for n in 0..3 {
        let plane = planes.get(n).copied().unwrap_or_default();
        set(&format!("_NeuvolSlice{n}"), &four(plane.truncate(), plane.w));
    }
    set("_NeuvolSliceCount", &[planes.len() as f32]);
    set("_NeuvolSliceOpacity", &[opacity as f32]);
    set("_NeuvolLight", &four(scene.light, scene.ambient));
    set("_NeuvolSpecular", &scene.specular.map(|x| x as f32));
    set("_NeuvolStep", &[scene.step as f32]);
    set("_NeuvolUnitLength", &[scene.unit_length as f32]);
    set("_NeuvolDensity", &[scene.density as f32]);
    set("_NeuvolIso", &[if let Mode::Isosurface(iso) = scene.mode { iso as f32 } else { 0.0 }]);
    set("_NeuvolFrame", &[how.jitter.unwrap_or(0) as f32]);
    set("_NeuvolMacroSize", &[BLOCK as f32]);
    set("_NeuvolZTest", &[8.0]);
    properties
}

/// What Unity sets for an object and its cameras.
fn camera_properties(properties: &mut Properties<'_>, scene: &Scene, how: How) {
    let floats = |matrix: DMat4| matrix.to_cols_array().map(|x| x as f32);
    let [width, height] = scene.size.map(|n| n as f32);
    let aspect = f64::from(width / height);
    let camera = &scene.cameras[0];
    let (near, far) = (camera.near as f32, camera.far as f32);
    let is_orthographic = matches!(camera.lens, Lens::Orthographic(_));
    properties.set("_ProjectionParams", &[1.0, near, far, 1.0 / far]);
    properties.set("_ScreenParams", &[width, height, 1.0 + 1.0 / width, 1.0 + 1.0 / height]);
    properties.set("_ZBufferParams", &[far / near - 1.0, 1.0, 1.0 / near - 1.0 / far, 1.0 / far]);
    properties.set("unity_OrthoParams", &[0.0, 0.0, 0.0, if is_orthographic { 1.0 } else { 0.0 }]);
    properties.set("unity_ObjectToWorld", &floats(scene.to_world));
    properties.set("unity_WorldToObject", &floats(scene.to_world.inverse()));
    let eyes: Vec<_> = scene
        .cameras
        .iter()
        .map(|eye| {
            let view = eye.view();
            (floats(view), floats(eye.projection(aspect) * view), [eye.eye.x, eye.eye.y, eye.eye.z, 1.0])
        })
        .collect();
    if how.stereo == Stereo::Mono {
        properties.set("unity_MatrixV", &eyes[0].0);
        properties.set("unity_MatrixVP", &eyes[0].1);
        properties.set("_WorldSpaceCameraPos", &eyes[0].2.map(|x| x as f32)[..3]);
    } else {
        properties.set("unity_StereoMatrixV", &eyes.iter().flat_map(|eye| eye.0).collect::<Vec<_>>());
        properties.set("unity_StereoMatrixVP", &eyes.iter().flat_map(|eye| eye.1).collect::<Vec<_>>());
        let places = eyes.iter().flat_map(|eye| eye.2.map(|x| x as f32));
        properties.set("unity_StereoWorldSpaceCameraPos", &places.collect::<Vec<_>>());
    }
}

/// The box around the origin, its faces clockwise from outside in a left-handed world.
fn cube(edges: DVec3) -> Mesh {
    let corner = |n: u16| {
        let at = |bit: u16, edge: f64| (if n & bit != 0 { 0.5 * edge } else { -0.5 * edge }) as f32;
        [at(1, edges.x), at(2, edges.y), at(4, edges.z)]
    };
    let faces: [[u16; 4]; 6] = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3]];
    let indices = faces.iter().flat_map(|[a, b, c, d]| [*a, *b, *c, *a, *c, *d]).collect();
    Mesh { vertices: (0..8).map(corner).collect(), indices }
}
