// Rays through a volume: direct volume rendering, maximum intensity, isosurface, slices. Knows no engine.
//
// Before the include, a shader defines how textures are read (level 0; nothing here needs derivatives):
//
//   NEUVOL_SAMPLE_VOLUME(uvw)        float: the volume at texture coordinates, trilinear, clamped
//   NEUVOL_SAMPLE_TRANSFER(u)        float4: the transfer function, 1024 texels, linear, clamped; straight alpha
//   NEUVOL_LOAD_MACRO(block)         float2: smallest and largest texel of a block, int3             (NEUVOL_SKIP)
//   NEUVOL_LOAD_TRANSFER_MAX(place)  float: int2(i, k) -> largest alpha of texels i .. i + 2^k - 1   (NEUVOL_SKIP)
//
// and may define NEUVOL_MODE_MIP or NEUVOL_MODE_ISO (without: direct volume rendering), NEUVOL_LIT, NEUVOL_SKIP.
// Then, per pixel:
//
//   NeuvolSettings settings;                                   every member must be set
//   NeuvolRay ray;                                             in box space, from the eye
//   if (NeuvolClip(ray, settings)) colour = NeuvolRender(ray, settings);      or NeuvolSlices(...)
//
// Spaces. Box space: 0..1 in each axis of the box that the volume fills. Texture space: the coordinates of the texture,
// boxToTexture * p + boxToTextureOffset (axes may be swapped or reversed). Object space: box space times `edges`; lengths
// and gradients are measured there. Shading space: wherever light and eye are given, usually the world.
//
// Colours that come back are multiplied by their alpha. A missing value (NaN) is transparent.

#ifndef NEUVOL_VOLUME_INCLUDED
#define NEUVOL_VOLUME_INCLUDED

// More steps than this a ray does not take; they become longer instead.
#ifndef NEUVOL_MAX_STEPS
#define NEUVOL_MAX_STEPS 4096
#endif

#define NEUVOL_TRANSFER_TEXELS 1024
// What is behind this much opacity changes an 8-bit colour by half a unit at most.
#define NEUVOL_OPAQUE 0.998
#define NEUVOL_MAX_CUTS 4
#define NEUVOL_MAX_SLICES 3

struct NeuvolSettings
{
    float3 size;                 // voxels along the texture's axes
    float3 edges;                // edge lengths of the box in object space
    float3x3 boxToTexture;
    float3 boxToTextureOffset;
    float2 scaleOffset;          // value = texel * x + y, x > 0
    float2 range;                // of the transfer function: smallest value, 1 / (largest - smallest)
    float step;                  // voxels
    float unitLength;            // object-space length that the transfer function's alpha stands for
    float density;               // factor on extinction
    float iso;                   // value of the isosurface
    float3 cropMin;              // box space
    float3 cropMax;
    float4 cuts[NEUVOL_MAX_CUTS];// planes in box space; kept where dot(n, p) + w >= 0
    int cutCount;
    float3 toLight;              // shading space, normalised
    float3 toEye;                // shading space, normalised
    float3x3 normalToShading;    // a gradient in object space to shading space (inverse transpose of the points' matrix)
    float ambient;               // 0..1
    float3 specular;             // strength, shininess, gradient from which shading is full: part of the range per unit length
    float offset;                // where in a step the sample lies: 0.5, or NeuvolJitter
    float macroSize;             // voxels along an edge of a block (NEUVOL_SKIP)
};

// The points origin + t * direction with tMin <= t <= tMax, in box space.
struct NeuvolRay
{
    float3 origin;
    float3 direction;
    float tMin;
    float tMax;
};

// ---------------------------------------------------------------------------------------------------------------- rays

// 0..1, as evenly spread over neighbours and frames as noise can be (interleaved gradient noise); always the same for the
// same pixel and frame.
float NeuvolJitter(float2 pixel, float frame)
{
    float2 place = floor(pixel) + 5.588238 * frame;
    return frac(52.9829189 * frac(dot(place, float2(0.06711056, 0.00583715))));
}

// Keeps of the ray what is inside the box, the crop box and all cut planes; false if nothing is.
bool NeuvolClip(inout NeuvolRay ray, NeuvolSettings s)
{
    float3 d = ray.direction;
    float tiny = 1e-7 * max(abs(d.x), max(abs(d.y), abs(d.z)));
    // Not 0, so that no 0 * infinity arises.
    d = float3(abs(d.x) < tiny ? tiny : d.x, abs(d.y) < tiny ? tiny : d.y, abs(d.z) < tiny ? tiny : d.z);
    float3 a = (clamp(s.cropMin, 0.0, 1.0) - ray.origin) / d;
    float3 b = (clamp(s.cropMax, 0.0, 1.0) - ray.origin) / d;
    float3 low = min(a, b);
    float3 high = max(a, b);
    float tNear = max(ray.tMin, max(low.x, max(low.y, low.z)));
    float tFar = min(ray.tMax, min(high.x, min(high.y, high.z)));
    [loop]
    for (int i = 0; i < s.cutCount; i++)
    {
        float start = dot(s.cuts[i].xyz, ray.origin) + s.cuts[i].w;
        float slope = dot(s.cuts[i].xyz, ray.direction);
        if (abs(slope) < 1e-9)
        {
            tFar = start < 0.0 ? tNear - 1.0 : tFar;
        }
        else if (slope > 0.0)
        {
            tNear = max(tNear, -start / slope);
        }
        else
        {
            tFar = min(tFar, -start / slope);
        }
    }
    ray.tMin = tNear;
    ray.tMax = tFar;
    return tNear < tFar;
}

// A ray in texture space, cut into steps.
struct NeuvolMarch
{
    float3 origin;
    float3 direction;
    float start;       // t
    float stepT;       // t of one step
    float steps;       // length in steps; the last one may be a part
    int count;         // ceil(steps)
    float unitLengths; // of one step
};

NeuvolMarch NeuvolBegin(NeuvolRay ray, NeuvolSettings s)
{
    NeuvolMarch m;
    m.origin = mul(s.boxToTexture, ray.origin) + s.boxToTextureOffset;
    m.direction = mul(s.boxToTexture, ray.direction);
    m.start = ray.tMin;
    float t = ray.tMax - ray.tMin;
    m.stepT = max(s.step / length(m.direction * s.size), t / NEUVOL_MAX_STEPS);
    m.steps = t / m.stepT;
    m.count = (int)ceil(m.steps);
    m.unitLengths = m.stepT * length(ray.direction * s.edges) / s.unitLength;
    return m;
}

float3 NeuvolPoint(NeuvolMarch m, float t)
{
    return m.origin + t * m.direction;
}

// -------------------------------------------------------------------------------------------------------------- values

// Compilers may assume that nothing is NaN and drop `x != x`; bits they must take as they are.
bool NeuvolIsMissing(float value)
{
    return (asuint(value) & 0x7fffffffu) > 0x7f800000u;
}

// The value at texture coordinates; NaN where it is missing.
float NeuvolValue(NeuvolSettings s, float3 uvw)
{
    return NEUVOL_SAMPLE_VOLUME(uvw) * s.scaleOffset.x + s.scaleOffset.y;
}

float4 NeuvolTransferOf(NeuvolSettings s, float value)
{
    float x = saturate((value - s.range.x) * s.range.y);
    return NEUVOL_SAMPLE_TRANSFER((x * (NEUVOL_TRANSFER_TEXELS - 1) + 0.5) / NEUVOL_TRANSFER_TEXELS);
}

// Opacity of a layer some unit lengths thick, where one unit length has opacity `alpha` at density 1.
float NeuvolOpacity(NeuvolSettings s, float alpha, float unitLengths)
{
    // Not 1: log2(0) * 0 has no value.
    return 1.0 - exp2(log2(max(1.0 - alpha, 1e-7)) * s.density * unitLengths);
}

float NeuvolNeighbour(NeuvolSettings s, float3 uvw, float centre)
{
    float value = NeuvolValue(s, uvw);
    return NeuvolIsMissing(value) ? centre : value;
}

// Gradient in object space by central differences over one voxel to either side.
float3 NeuvolGradient(NeuvolSettings s, float3 uvw, float centre)
{
    float3 voxel = 1.0 / s.size;
    float3 low = float3(NeuvolNeighbour(s, uvw - float3(voxel.x, 0, 0), centre),
                        NeuvolNeighbour(s, uvw - float3(0, voxel.y, 0), centre),
                        NeuvolNeighbour(s, uvw - float3(0, 0, voxel.z), centre));
    float3 high = float3(NeuvolNeighbour(s, uvw + float3(voxel.x, 0, 0), centre),
                         NeuvolNeighbour(s, uvw + float3(0, voxel.y, 0), centre),
                         NeuvolNeighbour(s, uvw + float3(0, 0, voxel.z), centre));
    return mul((high - low) * 0.5 * s.size, s.boxToTexture) / s.edges;
}

// Blinn-Phong that lights both sides. Where values hardly change there is no surface, and `weight` fades the light out.
float3 NeuvolLight(NeuvolSettings s, float3 colour, float3 gradient, float weight)
{
    float3 normal = mul(s.normalToShading, gradient);
    float squared = dot(normal, normal);
    if (squared <= 0.0)
    {
        return colour;
    }
    normal *= rsqrt(squared);
    float3 middle = normalize(s.toLight + s.toEye + 1e-6);
    float diffuse = s.ambient + (1.0 - s.ambient) * abs(dot(normal, s.toLight));
    float shine = s.specular.x * pow(abs(dot(normal, middle)), s.specular.y);
    return lerp(colour, saturate(colour * diffuse + shine), weight);
}

// ------------------------------------------------------------------------------------------------------- empty blocks

#ifdef NEUVOL_SKIP

struct NeuvolBlock
{
    float2 range;  // values; empty if x > y
    float exit;    // t where the ray leaves the block
};

NeuvolBlock NeuvolBlockAt(NeuvolSettings s, NeuvolMarch m, float t)
{
    float3 blocks = s.size / s.macroSize;
    float3 at = clamp(floor(NeuvolPoint(m, t) * blocks), 0.0, ceil(blocks) - 1.0);
    NeuvolBlock block;
    float2 texels = NEUVOL_LOAD_MACRO(int3(at));
    block.range = texels.x > texels.y ? float2(1, 0) : texels * s.scaleOffset.x + s.scaleOffset.y;
    float3 d = m.direction;
    float3 wall = (at + float3(d.x > 0.0 ? 1 : 0, d.y > 0.0 ? 1 : 0, d.z > 0.0 ? 1 : 0)) / blocks;
    float tFar = 1e30;
    float3 walls = float3(d.x != 0.0 ? (wall.x - m.origin.x) / d.x : tFar,
                          d.y != 0.0 ? (wall.y - m.origin.y) / d.y : tFar,
                          d.z != 0.0 ? (wall.z - m.origin.z) / d.z : tFar);
    block.exit = min(walls.x, min(walls.y, walls.z));
    return block;
}

// Whether any value of the range has opacity. Two loads: ranges of powers of two overlap to any range.
bool NeuvolIsVisible(NeuvolSettings s, float2 range)
{
    if (range.x > range.y)
    {
        return false;
    }
    const float last = NEUVOL_TRANSFER_TEXELS - 1;
    // One more texel on either side: filters weigh with few bits.
    int low = (int)clamp(floor((range.x - s.range.x) * s.range.y * last) - 1.0, 0.0, last);
    int high = (int)clamp(ceil((range.y - s.range.x) * s.range.y * last) + 1.0, 0.0, last);
    int row = (int)floor(log2(high - low + 1.5));
    int second = high + 1 - (int)(1u << (uint)row);
    return max(NEUVOL_LOAD_TRANSFER_MAX(int2(low, row)), NEUVOL_LOAD_TRANSFER_MAX(int2(second, row))) > 0.0;
}

// The first sample behind the end of a block, at least the one after `i`. Sample k lies `shift` steps behind step k.
int NeuvolBehind(NeuvolMarch m, float exit, int i, float shift)
{
    float k = ceil((exit - m.start) / m.stepT - shift);
    return (int)clamp(k, i + 1.0, m.count + 2.0);
}

#endif

// --------------------------------------------------------------------------------------------------------------- modes

// Emission and absorption, front to back.
float4 NeuvolDirect(NeuvolRay ray, NeuvolSettings s)
{
    NeuvolMarch m = NeuvolBegin(ray, s);
    float4 sum = 0.0;
    int i = 0;
    int known = 0;
    [loop]
    while (i < m.count && sum.a < NEUVOL_OPAQUE)
    {
        float part = min(m.steps - i, 1.0);
        float t = m.start + (i + s.offset * part) * m.stepT;
#ifdef NEUVOL_SKIP
        if (i >= known)
        {
            NeuvolBlock block = NeuvolBlockAt(s, m, t);
            known = NeuvolBehind(m, block.exit, i, s.offset);
            if (!NeuvolIsVisible(s, block.range))
            {
                i = known;
                continue;
            }
        }
#endif
        i++;
        float3 uvw = NeuvolPoint(m, t);
        float value = NeuvolValue(s, uvw);
        if (NeuvolIsMissing(value))
        {
            continue;
        }
        float4 colour = NeuvolTransferOf(s, value);
        if (colour.a <= 0.0)
        {
            continue;
        }
#ifdef NEUVOL_LIT
        float3 gradient = NeuvolGradient(s, uvw, value);
        float weight = saturate(length(gradient) * s.range.y * s.unitLength / max(s.specular.z, 1e-6));
        colour.rgb = NeuvolLight(s, colour.rgb, gradient, weight);
#endif
        float alpha = NeuvolOpacity(s, colour.a, m.unitLengths * part) * (1.0 - sum.a);
        sum += float4(colour.rgb * alpha, alpha);
    }
    return sum;
}

// Colour and opacity of the largest value, as seen through one unit length of it.
float4 NeuvolMaximum(NeuvolRay ray, NeuvolSettings s)
{
    NeuvolMarch m = NeuvolBegin(ray, s);
    float best = 0.0;
    bool any = false;
    int i = 0;
    int known = 0;
    [loop]
    while (i < m.count)
    {
        float t = m.start + (i + s.offset * min(m.steps - i, 1.0)) * m.stepT;
#ifdef NEUVOL_SKIP
        if (i >= known)
        {
            NeuvolBlock block = NeuvolBlockAt(s, m, t);
            known = NeuvolBehind(m, block.exit, i, s.offset);
            if (block.range.x > block.range.y || (any && block.range.y <= best))
            {
                i = known;
                continue;
            }
        }
#endif
        i++;
        float value = NeuvolValue(s, NeuvolPoint(m, t));
        if (!NeuvolIsMissing(value))
        {
            best = any ? max(best, value) : value;
            any = true;
        }
    }
    if (!any)
    {
        return 0.0;
    }
    float4 colour = NeuvolTransferOf(s, best);
    float alpha = NeuvolOpacity(s, colour.a, 1.0);
    return float4(colour.rgb * alpha, alpha);
}

// t of sample k of an isosurface: both ends of the ray are samples, too.
float NeuvolIsoT(NeuvolMarch m, NeuvolSettings s, int k)
{
    return m.start + clamp(k - 1 + s.offset, 0.0, m.steps) * m.stepT;
}

// Where the value first crosses `iso`, an opaque surface in the transfer function's colour. `t` is that place, or tMax.
float4 NeuvolIsosurface(NeuvolRay ray, NeuvolSettings s, out float t)
{
    NeuvolMarch m = NeuvolBegin(ray, s);
    t = ray.tMax;
    float before = NeuvolIsoT(m, s, 0);
    float valueBefore = NeuvolValue(s, NeuvolPoint(m, before));
    bool found = false;
    float after = before;
    int k = 1;
    int known = 0;
    [loop]
    while (k <= m.count + 1)
    {
        after = NeuvolIsoT(m, s, k);
#ifdef NEUVOL_SKIP
        if (k >= known)
        {
            NeuvolBlock block = NeuvolBlockAt(s, m, before);
            // The first sample behind the block; the crossing before it begins in the block.
            known = NeuvolBehind(m, block.exit, k - 1, s.offset - 1.0);
            if (block.range.x > s.iso || block.range.y < s.iso)
            {
                if (known > k)
                {
                    k = known;
                    before = NeuvolIsoT(m, s, k - 1);
                    valueBefore = NeuvolValue(s, NeuvolPoint(m, before));
                    continue;
                }
            }
        }
#endif
        float value = NeuvolValue(s, NeuvolPoint(m, after));
        if (!NeuvolIsMissing(value) && !NeuvolIsMissing(valueBefore) && (value >= s.iso) != (valueBefore >= s.iso))
        {
            found = true;
            break;
        }
        before = after;
        valueBefore = value;
        k++;
    }
    if (!found)
    {
        return 0.0;
    }
    bool isAbove = valueBefore >= s.iso;
    [loop]
    for (int halving = 0; halving < 12; halving++)
    {
        float middle = 0.5 * (before + after);
        float value = NeuvolValue(s, NeuvolPoint(m, middle));
        if ((value >= s.iso) == isAbove)
        {
            before = middle;
        }
        else
        {
            after = middle;
        }
    }
    t = 0.5 * (before + after);
    float3 colour = NeuvolTransferOf(s, s.iso).rgb;
#ifdef NEUVOL_LIT
    colour = NeuvolLight(s, colour, NeuvolGradient(s, NeuvolPoint(m, t), s.iso), 1.0);
#endif
    return float4(colour, 1.0);
}

// The mode that is defined, for a ray that NeuvolClip has left something of.
float4 NeuvolRender(NeuvolRay ray, NeuvolSettings s)
{
#if defined(NEUVOL_MODE_MIP)
    return NeuvolMaximum(ray, s);
#elif defined(NEUVOL_MODE_ISO)
    float t;
    return NeuvolIsosurface(ray, s, t);
#else
    return NeuvolDirect(ray, s);
#endif
}

// Up to three planes dot(n, p) + w = 0 in box space, seen from front to back. `opaque` goes from the transfer function's
// alpha (0) to full opacity (1).
float4 NeuvolSlices(NeuvolRay ray, NeuvolSettings s, float4 planes[NEUVOL_MAX_SLICES], int count, float opaque)
{
    const float none = 1e30;
    // Planes that lie in a face of the box count as inside.
    float margin = 1e-5 * (ray.tMax - ray.tMin) + 1e-6 * abs(ray.tMax);
    float3 hits = none;
    [unroll]
    for (int i = 0; i < NEUVOL_MAX_SLICES; i++)
    {
        float slope = dot(planes[i].xyz, ray.direction);
        float t = abs(slope) > 1e-9 ? -(dot(planes[i].xyz, ray.origin) + planes[i].w) / slope : none;
        bool isInside = i < count && t >= ray.tMin - margin && t <= ray.tMax + margin;
        hits[i] = isInside ? t : none;
    }
    hits.xy = hits.x > hits.y ? hits.yx : hits.xy;
    hits.yz = hits.y > hits.z ? hits.zy : hits.yz;
    hits.xy = hits.x > hits.y ? hits.yx : hits.xy;
    float4 sum = 0.0;
    [unroll]
    for (int k = 0; k < NEUVOL_MAX_SLICES; k++)
    {
        if (hits[k] < none)
        {
            float3 p = ray.origin + hits[k] * ray.direction;
            float value = NeuvolValue(s, mul(s.boxToTexture, p) + s.boxToTextureOffset);
            if (!NeuvolIsMissing(value))
            {
                float4 colour = NeuvolTransferOf(s, value);
                float alpha = lerp(colour.a, 1.0, opaque) * (1.0 - sum.a);
                sum += float4(colour.rgb * alpha, alpha);
            }
        }
    }
    return sum;
}

#endif
