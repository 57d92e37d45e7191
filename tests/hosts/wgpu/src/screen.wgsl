// The whole screen, a ray for each pixel.

struct Camera {
    eye: vec3<f32>,
    // Angle of one pixel.
    pixel: f32,
    forward: vec3<f32>,
    // To the edges of the screen, at a distance of 1.
    right: vec3<f32>,
    up: vec3<f32>,
    edges: vec3<f32>,
}

@group(0) @binding(0) var volume: texture_3d<f32>;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var<uniform> camera: Camera;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) at: vec2<f32>,
}

@vertex
fn corner(@builtin(vertex_index) index: u32) -> Corner {
    let at = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u)) * 2.0 - 1.0;
    return Corner(vec4<f32>(at, 0.0, 1.0), at);
}

@fragment
fn pixel(corner: Corner) -> @location(0) vec4<f32> {
    let direction = normalize(camera.forward + corner.at.x * camera.right + corner.at.y * camera.up);
    let background = mix(vec3<f32>(0.0045, 0.005, 0.007), vec3<f32>(0.012, 0.014, 0.020), 0.5 - 0.5 * corner.at.y);
    let ray = march(volume, linear, camera.eye, direction, camera.edges, camera.pixel);
    return vec4<f32>(ray.rgb + (1.0 - ray.a) * background, 1.0);
}
