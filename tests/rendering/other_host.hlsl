// The core as a compute shader of a host with names of its own: nothing in it may need an engine.

Texture3D<float> Volume;
Texture2D<float4> Transfer;
SamplerState Linear;
RWTexture2D<float4> Picture;
float4 Origin;
float4 Corners[3];

#define NEUVOL_SAMPLE_VOLUME(uvw) Volume.SampleLevel(Linear, uvw, 0)
#define NEUVOL_SAMPLE_TRANSFER(u) Transfer.SampleLevel(Linear, float2(u, 0.5), 0)

#include "NeuvolVolume.hlsl"

[numthreads(8, 8, 1)]
void Main(uint3 pixel : SV_DispatchThreadID)
{
    NeuvolSettings settings = (NeuvolSettings)0;
    settings.size = float3(64, 64, 64);
    settings.edges = float3(1, 1, 1);
    settings.boxToTexture = float3x3(1, 0, 0, 0, 1, 0, 0, 0, 1);
    settings.scaleOffset = float2(1, 0);
    settings.range = float2(0, 1);
    settings.step = 0.5;
    settings.unitLength = 0.01;
    settings.density = 1.0;
    settings.cropMax = float3(1, 1, 1);
    settings.toLight = float3(0, 0, 1);
    settings.toEye = float3(0, 0, 1);
    settings.normalToShading = settings.boxToTexture;
    settings.offset = NeuvolJitter(float2(pixel.xy), 0.0);

    NeuvolRay ray;
    ray.origin = Origin.xyz;
    ray.direction = Corners[0].xyz + pixel.x * Corners[1].xyz + pixel.y * Corners[2].xyz;
    ray.tMin = 0.0;
    ray.tMax = 1e6;
    float4 colour = 0.0;
    if (NeuvolClip(ray, settings))
    {
        colour = NeuvolRender(ray, settings);
        float4 planes[NEUVOL_MAX_SLICES];
        planes[0] = planes[1] = planes[2] = float4(0, 0, 1, -0.5);
        colour += NeuvolSlices(ray, settings, planes, 1, 1.0) * (1.0 - colour.a);
    }
    Picture[pixel.xy] = colour;
}
