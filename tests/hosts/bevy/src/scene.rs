//! What Bevy draws: for each of the two textures a box with it on a disc, seen by a camera with a screen of its own.

use bevy::asset::{RenderAssetUsages, uuid_handle};
use bevy::camera::RenderTarget;
use bevy::camera::visibility::RenderLayers;
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::image::ImageSampler;
use bevy::prelude::*;
use bevy::reflect::TypePath;
use bevy::render::extract_resource::ExtractResource;
use bevy::render::render_resource::{AsBindGroup, Extent3d, TextureDimension, TextureFormat, TextureUsages};
use bevy::shader::{Shader, ShaderRef};
use neuvol_host::scene::{ANGLE, EYE, LOOK_AT, MARCH, SIZE, edges};

const SHADER: Handle<Shader> = uuid_handle!("6a4b6d0e-6e9c-4f0b-9c56-0f3f6c1f8a57");

/// The material of the box: what is drawn is in the texture.
#[derive(Asset, TypePath, AsBindGroup, Clone)]
pub(crate) struct VolumeMaterial {
    #[texture(0, dimension = "3d")]
    #[sampler(1)]
    volume: Handle<Image>,
    #[uniform(2)]
    shape: Vec4,
}

impl Material for VolumeMaterial {
    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Premultiplied
    }
}

/// Puts the shader where the material finds it.
pub(crate) fn add_shader(app: &mut App) {
    let source = [include_str!("material.wgsl"), MARCH].concat();
    let mut shaders = app.world_mut().resource_mut::<Assets<Shader>>();
    // The handle's kind of name is always accepted.
    let _ = shaders.insert(&SHADER, Shader::from_wgsl(source, "material.wgsl"));
}

/// Voxels of the volume.
#[derive(Resource)]
pub(crate) struct Size(pub(crate) [u32; 3]);

/// The textures that the library fills, and the screens that show them.
#[derive(Resource, Clone, ExtractResource)]
pub(crate) struct Shown {
    pub(crate) volumes: [Handle<Image>; 2],
    pub(crate) screens: [Handle<Image>; 2],
}

pub(crate) fn spawn(
    mut commands: Commands,
    size: Res<Size>,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut volume_materials: ResMut<Assets<VolumeMaterial>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    let volumes = [
        images.add(volume(size.0, TextureFormat::R32Float, &[0; 4], TextureUsages::STORAGE_BINDING)),
        images.add(volume(size.0, TextureFormat::R16Float, &[0; 2], TextureUsages::empty())),
    ];
    let screens = [(); 2].map(|()| {
        let mut screen = Image::new_target_texture(SIZE[0], SIZE[1], TextureFormat::Rgba8UnormSrgb, None);
        screen.texture_descriptor.usage |= TextureUsages::COPY_SRC;
        images.add(screen)
    });
    let [x, y, z] = edges(size.0);
    // y is up.
    let cuboid = meshes.add(Cuboid::new(x, z, y));
    let pixel = 2.0 * (ANGLE / 2.0).tan() / SIZE[1] as f32;
    for (layer, (volume, screen)) in volumes.iter().zip(&screens).enumerate() {
        commands.spawn((
            Mesh3d(cuboid.clone()),
            MeshMaterial3d(
                volume_materials.add(VolumeMaterial { volume: volume.clone(), shape: Vec4::new(x, y, z, pixel) }),
            ),
            RenderLayers::layer(layer),
        ));
        commands.spawn((
            Camera3d::default(),
            Camera { clear_color: ClearColorConfig::Custom(Color::linear_rgb(0.006, 0.007, 0.010)), ..default() },
            Projection::Perspective(PerspectiveProjection { fov: ANGLE, ..default() }),
            RenderTarget::Image(screen.clone().into()),
            Transform::from_translation(EYE.into()).looking_at(LOOK_AT.into(), Vec3::Y),
            // Colours as the shader gives them.
            (Tonemapping::None, DebandDither::Disabled, Msaa::Sample4),
            RenderLayers::layer(layer),
        ));
    }
    let disc = materials.add(StandardMaterial {
        base_color: Color::linear_rgb(0.030, 0.034, 0.042),
        perceptual_roughness: 0.6,
        ..default()
    });
    let lying = Quat::from_rotation_x(-std::f32::consts::FRAC_PI_2);
    commands.spawn((
        Mesh3d(meshes.add(Circle::new(0.95).mesh().resolution(128))),
        MeshMaterial3d(disc),
        Transform::from_xyz(0.0, -0.5 * z - 0.004, 0.0).with_rotation(lying),
        RenderLayers::from_layers(&[0, 1]),
    ));
    commands.spawn((
        DirectionalLight { illuminance: 6000.0, ..default() },
        Transform::from_xyz(-0.42, 0.79, 0.45).looking_at(Vec3::ZERO, Vec3::Y),
        RenderLayers::from_layers(&[0, 1]),
    ));
    commands.insert_resource(Shown { volumes, screens });
}

/// A 3D texture of zeros.
fn volume(
    [width, height, depth_or_array_layers]: [u32; 3],
    format: TextureFormat,
    zero: &[u8],
    usage: TextureUsages,
) -> Image {
    let size = Extent3d { width, height, depth_or_array_layers };
    let mut image = Image::new_fill(size, TextureDimension::D3, zero, format, RenderAssetUsages::default());
    image.sampler = ImageSampler::linear();
    image.texture_descriptor.usage |= usage | TextureUsages::COPY_DST | TextureUsages::COPY_SRC;
    image
}
