// Of Unity's UnityCG.cginc, what the package's shaders use (see Stub.hlsl):
//
//   UNITY_DECLARE_TEX3D_FLOAT UNITY_DECLARE_DEPTH_TEXTURE SAMPLE_DEPTH_TEXTURE LinearEyeDepth ComputeScreenPos

#ifndef NEUVOL_STUB_UNITYCG
#define NEUVOL_STUB_UNITYCG

#include "Stub.hlsl"

#define UNITY_DECLARE_TEX3D_FLOAT(name) Texture3D name; SamplerState sampler##name

#if defined(NEUVOL_STUB_STEREO)
#define UNITY_DECLARE_DEPTH_TEXTURE(name) Texture2DArray name; SamplerState sampler##name
#define SAMPLE_DEPTH_TEXTURE(name, uv) name.Sample(sampler##name, float3(uv, unity_StereoEyeIndex)).r
#else
#define UNITY_DECLARE_DEPTH_TEXTURE(name) Texture2D name; SamplerState sampler##name
#define SAMPLE_DEPTH_TEXTURE(name, uv) name.Sample(sampler##name, uv).r
#endif

float LinearEyeDepth(float raw)
{
    return 1.0 / (_ZBufferParams.z * raw + _ZBufferParams.w);
}

float4 ComputeScreenPos(float4 positionCS)
{
    float2 centred = float2(positionCS.x, positionCS.y * _ProjectionParams.x);
    return float4(0.5 * (centred + positionCS.w), positionCS.zw);
}

#endif
