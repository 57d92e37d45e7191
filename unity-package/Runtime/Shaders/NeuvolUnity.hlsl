// What the shaders of all render pipelines share: properties, textures, and the ray of a pixel.
// Before it, a shader includes its pipeline's library: UnityCG.cginc, or URP's Core.hlsl with NEUVOL_URP defined.

#ifndef NEUVOL_UNITY_INCLUDED
#define NEUVOL_UNITY_INCLUDED

// One set for all passes, so that the SRP batcher accepts the shaders.
CBUFFER_START(UnityPerMaterial)
float4 _NeuvolSize;
float4 _NeuvolSpacing;
float4 _NeuvolAxes;
float4 _NeuvolScaleOffset;
float4 _NeuvolRange;
float4 _NeuvolBoxMin;
float4 _NeuvolBoxMax;
float4 _NeuvolCut0;
float4 _NeuvolCut1;
float4 _NeuvolCut2;
float4 _NeuvolCut3;
float4 _NeuvolSlice0;
float4 _NeuvolSlice1;
float4 _NeuvolSlice2;
float4 _NeuvolLight;
float4 _NeuvolSpecular;
float _NeuvolCutCount;
float _NeuvolSliceCount;
float _NeuvolSliceOpacity;
float _NeuvolStep;
float _NeuvolUnitLength;
float _NeuvolDensity;
float _NeuvolIso;
float _NeuvolFrame;
float _NeuvolMacroSize;
float _NeuvolZTest;
CBUFFER_END

// Full precision on mobile devices, too.
#if defined(UNITY_DECLARE_TEX3D_FLOAT)
UNITY_DECLARE_TEX3D_FLOAT(_NeuvolVolume);
#elif defined(TEXTURE3D_FLOAT)
TEXTURE3D_FLOAT(_NeuvolVolume);
SamplerState sampler_NeuvolVolume;
#else
Texture3D _NeuvolVolume;
SamplerState sampler_NeuvolVolume;
#endif
Texture2D _NeuvolTransfer;
SamplerState sampler_NeuvolTransfer;

#define NEUVOL_SAMPLE_VOLUME(uvw) _NeuvolVolume.SampleLevel(sampler_NeuvolVolume, uvw, 0).r
#define NEUVOL_SAMPLE_TRANSFER(u) _NeuvolTransfer.SampleLevel(sampler_NeuvolTransfer, float2(u, 0.5), 0)

#ifdef NEUVOL_SKIP
Texture3D<float4> _NeuvolMacro;
Texture2D<float4> _NeuvolTransferMax;
#define NEUVOL_LOAD_MACRO(block) _NeuvolMacro.Load(int4(block, 0)).rg
#define NEUVOL_LOAD_TRANSFER_MAX(place) _NeuvolTransferMax.Load(int3(place, 0)).r
#endif

#include "NeuvolVolume.hlsl"

struct NeuvolAttributes
{
    float4 positionOS : POSITION;
    UNITY_VERTEX_INPUT_INSTANCE_ID
};

struct NeuvolVaryings
{
    float4 positionCS : SV_POSITION;
    float3 positionWS : TEXCOORD0;
#if defined(NEUVOL_DEPTH_VARYING)
    float4 screen : TEXCOORD1;
#endif
    UNITY_VERTEX_INPUT_INSTANCE_ID
    UNITY_VERTEX_OUTPUT_STEREO
};

// ------------------------------------------------------------------------------- what the pipelines call differently

#if defined(NEUVOL_URP)

float4x4 NeuvolWorldToObject()
{
    return GetWorldToObjectMatrix();
}

float3 NeuvolCamera()
{
    return GetCameraPositionWS();
}

float3 NeuvolToWorld(float3 positionOS)
{
    return TransformObjectToWorld(positionOS);
}

float4 NeuvolToClip(float3 positionWS)
{
    return TransformWorldToHClip(positionWS);
}

float NeuvolRawDepth(NeuvolVaryings input)
{
#if defined(NEUVOL_DEPTH)
    return SampleSceneDepth(GetNormalizedScreenSpaceUV(input.positionCS));
#else
    return 0.0;
#endif
}

float NeuvolPerspectiveDepth(float raw)
{
    return LinearEyeDepth(raw, _ZBufferParams);
}

#else

#if defined(NEUVOL_DEPTH)
UNITY_DECLARE_DEPTH_TEXTURE(_CameraDepthTexture);
#endif

float4x4 NeuvolWorldToObject()
{
    return unity_WorldToObject;
}

// In stereo Unity's name for one eye's camera, not the one between the eyes.
float3 NeuvolCamera()
{
    return _WorldSpaceCameraPos;
}

float3 NeuvolToWorld(float3 positionOS)
{
    return mul(unity_ObjectToWorld, float4(positionOS, 1.0)).xyz;
}

float4 NeuvolToClip(float3 positionWS)
{
    return mul(UNITY_MATRIX_VP, float4(positionWS, 1.0));
}

float NeuvolRawDepth(NeuvolVaryings input)
{
#if defined(NEUVOL_DEPTH)
    return SAMPLE_DEPTH_TEXTURE(_CameraDepthTexture, input.screen.xy / input.screen.w);
#else
    return 0.0;
#endif
}

float NeuvolPerspectiveDepth(float raw)
{
    return LinearEyeDepth(raw);
}

#endif

bool NeuvolIsOrthographic()
{
    return unity_OrthoParams.w > 0.5;
}

// Distance of the opaque scene from the camera's plane.
float NeuvolSceneDepth(NeuvolVaryings input)
{
    float raw = NeuvolRawDepth(input);
// Libraries define it as 1, as 0, or not at all.
#if UNITY_REVERSED_Z
    float across = 1.0 - raw;
#else
    float across = raw;
#endif
    float parallel = lerp(_ProjectionParams.y, _ProjectionParams.z, across);
    return NeuvolIsOrthographic() ? parallel : NeuvolPerspectiveDepth(raw);
}

// ------------------------------------------------------------------------------------------------------------- stages

NeuvolVaryings NeuvolVertex(NeuvolAttributes input)
{
    NeuvolVaryings output;
    UNITY_SETUP_INSTANCE_ID(input);
    UNITY_TRANSFER_INSTANCE_ID(input, output);
    UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO(output);
    output.positionWS = NeuvolToWorld(input.positionOS.xyz);
    output.positionCS = NeuvolToClip(output.positionWS);
#if defined(NEUVOL_DEPTH_VARYING)
    output.screen = ComputeScreenPos(output.positionCS);
#endif
    return output;
}

// One row of boxToTexture and its offset: k for axis k of the box, -(k + 1) for the same backwards.
float4 NeuvolAxisRow(float code)
{
    float axis = code < -0.5 ? -code - 1.0 : code;
    float3 row = float3(abs(axis) < 0.5 ? 1 : 0, abs(axis - 1.0) < 0.5 ? 1 : 0, abs(axis - 2.0) < 0.5 ? 1 : 0);
    return code < -0.5 ? float4(-row, 1.0) : float4(row, 0.0);
}

// The ray from this eye's camera through the pixel, and all settings. t is 1 where it meets the box's back face.
NeuvolRay NeuvolRayOf(NeuvolVaryings input, out NeuvolSettings s)
{
    float4x4 toObject = NeuvolWorldToObject();
    float depth = -mul(UNITY_MATRIX_V, float4(input.positionWS, 1.0)).z;
    float3 forward = -UNITY_MATRIX_V[2].xyz;
    float3 eye = NeuvolIsOrthographic() ? input.positionWS - forward * depth : NeuvolCamera();
    float3 eyeOS = mul(toObject, float4(eye, 1.0)).xyz;
    float3 backOS = mul(toObject, float4(input.positionWS, 1.0)).xyz;

    NeuvolRay ray;
    ray.origin = eyeOS / _NeuvolSpacing.xyz + 0.5;
    ray.direction = (backOS - eyeOS) / _NeuvolSpacing.xyz;
    ray.tMin = _ProjectionParams.y / depth;
    ray.tMax = 1e6;
#if defined(NEUVOL_DEPTH)
    ray.tMax = NeuvolSceneDepth(input) / depth;
#endif

    float4 x = NeuvolAxisRow(_NeuvolAxes.x);
    float4 y = NeuvolAxisRow(_NeuvolAxes.y);
    float4 z = NeuvolAxisRow(_NeuvolAxes.z);
    s.size = _NeuvolSize.xyz;
    s.edges = _NeuvolSpacing.xyz;
    s.boxToTexture = float3x3(x.xyz, y.xyz, z.xyz);
    s.boxToTextureOffset = float3(x.w, y.w, z.w);
    s.scaleOffset = _NeuvolScaleOffset.xy;
    s.range = _NeuvolRange.xy;
    s.step = _NeuvolStep;
    s.unitLength = _NeuvolUnitLength;
    s.density = _NeuvolDensity;
    s.iso = _NeuvolIso;
    s.cropMin = _NeuvolBoxMin.xyz;
    s.cropMax = _NeuvolBoxMax.xyz;
    s.cuts[0] = _NeuvolCut0;
    s.cuts[1] = _NeuvolCut1;
    s.cuts[2] = _NeuvolCut2;
    s.cuts[3] = _NeuvolCut3;
    s.cutCount = (int)(_NeuvolCutCount + 0.5);
    s.toLight = _NeuvolLight.xyz;
    s.toEye = normalize(eye - input.positionWS);
    s.normalToShading = transpose((float3x3)toObject);
    s.ambient = _NeuvolLight.w;
    s.specular = _NeuvolSpecular.xyz;
    s.offset = 0.5;
#if defined(NEUVOL_JITTER)
    s.offset = NeuvolJitter(input.positionCS.xy, _NeuvolFrame);
#endif
    s.macroSize = _NeuvolMacroSize;
    return ray;
}

float4 NeuvolVolumeFragment(NeuvolVaryings input) : SV_Target
{
    UNITY_SETUP_INSTANCE_ID(input);
    UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX(input);
    NeuvolSettings settings;
    NeuvolRay ray = NeuvolRayOf(input, settings);
    float4 colour = 0.0;
    if (NeuvolClip(ray, settings))
    {
        colour = NeuvolRender(ray, settings);
    }
    return colour;
}

float4 NeuvolSliceFragment(NeuvolVaryings input) : SV_Target
{
    UNITY_SETUP_INSTANCE_ID(input);
    UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX(input);
    NeuvolSettings settings;
    NeuvolRay ray = NeuvolRayOf(input, settings);
    float4 planes[NEUVOL_MAX_SLICES];
    planes[0] = _NeuvolSlice0;
    planes[1] = _NeuvolSlice1;
    planes[2] = _NeuvolSlice2;
    float4 colour = 0.0;
    if (NeuvolClip(ray, settings))
    {
        colour = NeuvolSlices(ray, settings, planes, (int)(_NeuvolSliceCount + 0.5), _NeuvolSliceOpacity);
    }
    return colour;
}

#endif
