//! Drawing a 3D texture with a pipeline of wgpu.

use neuvol_host::{Picture, Result, read_texture, scene};

/// The uniform of `screen.wgsl`: five vectors, the first with a number behind it.
type Camera = [[f32; 4]; 5];

/// Draws a volume and reads the picture back.
///
/// # Errors
/// If the device is lost.
pub(crate) fn picture(device: &wgpu::Device, queue: &wgpu::Queue, volume: &wgpu::Texture) -> Result<Picture> {
    let pipeline = pipeline(device);
    let group = group(device, queue, volume, &pipeline.get_bind_group_layout(0));
    let [width, height] = scene::SIZE;
    let screen = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("screen"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: FORMAT,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let view = screen.create_view(&wgpu::TextureViewDescriptor::default());
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let attachment = wgpu::RenderPassColorAttachment {
        view: &view,
        depth_slice: None,
        resolve_target: None,
        ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
    };
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        color_attachments: &[Some(attachment)],
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.draw(0..3, 0..1);
    drop(pass);
    queue.submit([encoder.finish()]);
    Ok(Picture::from_rgba(scene::SIZE, &read_texture(device, queue, &screen, 4)?))
}

const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;

fn pipeline(device: &wgpu::Device) -> wgpu::RenderPipeline {
    let source = [scene::MARCH, include_str!("screen.wgsl")].concat();
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("screen"),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("screen"),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("corner"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("pixel"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(FORMAT.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}

fn group(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    volume: &wgpu::Texture,
    layout: &wgpu::BindGroupLayout,
) -> wgpu::BindGroup {
    let linear = device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        ..wgpu::SamplerDescriptor::default()
    });
    let bytes: Vec<u8> = camera(volume.size()).as_flattened().iter().flat_map(|number| number.to_le_bytes()).collect();
    let uniform = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("camera"),
        size: bytes.len() as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    queue.write_buffer(&uniform, 0, &bytes);
    let view = volume.create_view(&wgpu::TextureViewDescriptor::default());
    let resources = [
        wgpu::BindingResource::TextureView(&view),
        wgpu::BindingResource::Sampler(&linear),
        uniform.as_entire_binding(),
    ];
    let entries: Vec<wgpu::BindGroupEntry<'_>> =
        (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

fn camera(size: wgpu::Extent3d) -> Camera {
    let [width, height] = scene::SIZE.map(|n| n as f32);
    let tangent = (scene::ANGLE / 2.0).tan();
    let forward = unit(std::array::from_fn(|axis| scene::LOOK_AT[axis] - scene::EYE[axis]));
    let right = unit(cross(forward, [0.0, 1.0, 0.0]));
    let up = cross(right, forward);
    let edges = scene::edges([size.width, size.height, size.depth_or_array_layers]);
    let four = |[x, y, z]: [f32; 3], w| [x, y, z, w];
    [
        four(scene::EYE, 2.0 * tangent / height),
        four(forward, 0.0),
        four(right.map(|n| n * tangent * width / height), 0.0),
        four(up.map(|n| n * tangent), 0.0),
        four(edges, 0.0),
    ]
}

fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    let at = |i: usize, j: usize| a[i] * b[j] - a[j] * b[i];
    [at(1, 2), at(2, 0), at(0, 1)]
}

fn unit(v: [f32; 3]) -> [f32; 3] {
    let length = v.iter().map(|n| n * n).sum::<f32>().sqrt();
    v.map(|n| n / length)
}
