// A ray march through the volume, the same for all hosts. The texture holds values from 0 to about 100, and -50 where there
// is ground. The world has y up, the volume z.

const STEP: f32 = 0.006;
const GROUND: f32 = -25.0;
// Towards the light, in the volume's axes.
const LIGHT: vec3<f32> = vec3<f32>(-0.42, -0.45, 0.79);

fn volume_axes(v: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(v.x, -v.z, v.y);
}

fn value_at(volume: texture_3d<f32>, linear: sampler, p: vec3<f32>) -> f32 {
    return textureSampleLevel(volume, linear, p, 0.0).r;
}

// From blue over cyan, green and yellow to red, in linear light.
fn colour_of(x: f32) -> vec3<f32> {
    var stops = array<vec3<f32>, 6>(
        vec3<f32>(0.030, 0.045, 0.400),
        vec3<f32>(0.015, 0.330, 0.900),
        vec3<f32>(0.020, 0.720, 0.500),
        vec3<f32>(0.520, 0.800, 0.060),
        vec3<f32>(1.000, 0.420, 0.025),
        vec3<f32>(0.640, 0.035, 0.010),
    );
    let place = clamp(x, 0.0, 0.9999) * 5.0;
    let low = u32(place);
    return mix(stops[low], stops[low + 1u], fract(place));
}

// How much of an edge of the box is seen at a point of its surface: 1 on it.
fn edge_at(p: vec3<f32>, edges: vec3<f32>, width: f32) -> f32 {
    let distance = min(p, 1.0 - p) * edges;
    // The point lies on one face; the second smallest distance is the one to the nearest edge.
    let second = max(min(distance.x, distance.y), min(max(distance.x, distance.y), distance.z));
    return 1.0 - smoothstep(0.4 * width, width, second);
}

fn ground_colour(volume: texture_3d<f32>, linear: sampler, p: vec3<f32>, edges: vec3<f32>) -> vec3<f32> {
    // Valid or not is a matter of whole voxels: the slope of some voxels around hides their steps.
    var slope = vec3<f32>(0.0, 0.0, 0.001);
    for (var i = 0; i < 27; i++) {
        let d = vec3<f32>(f32(i % 3 - 1), f32(i / 3 % 3 - 1), f32(i / 9 - 1));
        slope += d * min(value_at(volume, linear, p + 0.03 * d / edges), 0.0);
    }
    let lit = max(dot(normalize(slope), LIGHT), 0.0);
    // The shadow of the smoke.
    var above = 0.0;
    for (var i = 1; i <= 16; i++) {
        above += clamp(value_at(volume, linear, p + LIGHT * 0.03 * f32(i) / edges), 0.0, 100.0);
    }
    return vec3<f32>(0.075, 0.083, 0.098) * (0.12 + 1.2 * lit * lit * exp(-0.006 * above));
}

// Colour and opacity of the ray from `eye` (both in the world), the colour times the opacity. `edges` are those of the box,
// `pixel` is the angle of one pixel.
fn march(
    volume: texture_3d<f32>,
    linear: sampler,
    eye: vec3<f32>,
    direction: vec3<f32>,
    edges: vec3<f32>,
    pixel: f32,
) -> vec4<f32> {
    let ray = volume_axes(direction) / edges;
    let start = volume_axes(eye) / edges + 0.5;
    let a = -start / ray;
    let b = (1.0 - start) / ray;
    let near = max(max(max(min(a.x, b.x), min(a.y, b.y)), min(a.z, b.z)), 0.0);
    let far = min(min(max(a.x, b.x), max(a.y, b.y)), max(a.z, b.z));
    if near >= far {
        return vec4<f32>(0.0);
    }
    let line = vec3<f32>(0.35, 0.40, 0.48);
    let front = 0.8 * edge_at(start + ray * near, edges, 1.8 * pixel * near);
    var colour = line * front;
    var through = 1.0 - front;
    let steps = i32(ceil((far - near) / STEP));
    for (var i = 0; i < steps; i++) {
        let t = near + (f32(i) + 0.5) * STEP;
        let p = start + ray * min(t, far);
        let value = value_at(volume, linear, p);
        if value < GROUND {
            // Between this step and the one before.
            var above = max(t - STEP, near);
            var below = t;
            for (var k = 0; k < 6; k++) {
                let middle = 0.5 * (above + below);
                if value_at(volume, linear, start + ray * middle) < GROUND { below = middle; } else { above = middle; }
            }
            colour += through * ground_colour(volume, linear, start + ray * above, edges);
            return vec4<f32>(colour, 1.0);
        }
        if value > 0.5 {
            // What stands between here and the light, and how the surface of a billow turns to it.
            let next = max(value_at(volume, linear, p + LIGHT * 0.025 / edges), 0.0);
            let behind = max(value_at(volume, linear, p + LIGHT * 0.09 / edges), 0.0);
            let light = 0.22 + 1.15 * exp(-0.022 * next - 0.03 * behind) + 0.016 * clamp(value - next, -16.0, 30.0);
            let opacity = 1.0 - exp(-1.6 * value * STEP);
            colour += through * opacity * light * colour_of(value / 60.0);
            through *= 1.0 - opacity;
            if through < 0.01 {
                return vec4<f32>(colour, 1.0);
            }
        }
    }
    let back = 0.45 * edge_at(start + ray * far, edges, 1.8 * pixel * far);
    colour += through * back * line;
    through *= 1.0 - back;
    return vec4<f32>(colour, 1.0 - through);
}
