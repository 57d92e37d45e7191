// The box of the volume as a material of Bevy: a ray for each pixel of its front faces.

#import bevy_pbr::forward_io::VertexOutput
#import bevy_pbr::mesh_view_bindings::view

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var volume: texture_3d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var linear: sampler;
// Edges of the box, and the angle of one pixel.
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var<uniform> shape: vec4<f32>;

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let direction = normalize(in.world_position.xyz - view.world_position);
    return march(volume, linear, view.world_position, direction, shape.xyz, shape.w);
}

