//! wgpu as the host: it owns device, queue, textures and command buffers; the library fills two of its 3D textures, and a
//! fragment shader draws them.
//!
//! The host does the barriers itself, with wgpu's own transitions.

mod draw;

use neuvol_host::compare::{self, Verdict};
use neuvol_host::{Barriers, Content, Failure, Options, Picture, Player, Result, exit, messages, name, write_texture};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<()> {
    let options = Options::parse()?;
    let content = Content::open(&options)?;
    messages::listen();
    let (device, queue) = pollster::block_on(device())?;
    let dims = content.variable.dims;
    let textures = [
        (wgpu::TextureFormat::R32Float, wgpu::TextureUsages::STORAGE_BINDING, 4),
        (wgpu::TextureFormat::R16Float, wgpu::TextureUsages::empty(), 2),
    ]
    .map(|(format, usage, bytes)| {
        let texture = texture(&device, dims, format, usage);
        let texels: u32 = dims.iter().product();
        write_texture(&queue, &texture, &vec![0; (texels * bytes) as usize]);
        texture
    });

    let mut player = Player::new(content, &options, Barriers::Host, &device)?;
    for texture in &textures {
        player.add(&queue, texture)?;
    }
    while !player.frame(&device, &queue)? {
        std::thread::sleep(Duration::from_millis(5));
    }

    let mut verdict = Verdict::default();
    player.check(&device, &queue, &mut verdict)?;
    let reference = Picture::read(&options.reference.join("wgpu.png"))?;
    for texture in &textures {
        let picture = draw::picture(&device, &queue, texture)?;
        let name = format!("wgpu-{}", name(texture));
        picture.write(&options.out.join(format!("{name}.png")))?;
        verdict.add(compare::picture(&name, &picture, &reference));
    }
    player.close(&device)?;
    verdict.finish(options.wrong_time)
}

/// A device of the first adapter, with wgpu's validation and the one feature that drawing 32-bit floats needs.
async fn device() -> Result<(wgpu::Device, wgpu::Queue)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN,
        flags: wgpu::InstanceFlags::debugging(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await;
    let adapter = adapter.map_err(|error| Failure::broken("adapter", error))?;
    println!("{}", adapter.get_info().name);
    let device = adapter.request_device(&wgpu::DeviceDescriptor {
        required_features: wgpu::Features::FLOAT32_FILTERABLE,
        ..wgpu::DeviceDescriptor::default()
    });
    device.await.map_err(|error| Failure::broken("device", error))
}

fn texture(
    device: &wgpu::Device,
    [width, height, depth_or_array_layers]: [u32; 3],
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("volume"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D3,
        format,
        usage: usage
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}
