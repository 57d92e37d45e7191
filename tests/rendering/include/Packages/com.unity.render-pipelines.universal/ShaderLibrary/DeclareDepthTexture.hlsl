// Of URP's DeclareDepthTexture.hlsl, what the package's shaders use: SampleSceneDepth.

#ifndef NEUVOL_STUB_DEPTH
#define NEUVOL_STUB_DEPTH

#if defined(NEUVOL_STUB_STEREO)
Texture2DArray _CameraDepthTexture;
#else
Texture2D _CameraDepthTexture;
#endif
SamplerState sampler_CameraDepthTexture;

float SampleSceneDepth(float2 uv)
{
#if defined(NEUVOL_STUB_STEREO)
    return _CameraDepthTexture.SampleLevel(sampler_CameraDepthTexture, float3(uv, unity_StereoEyeIndex), 0).r;
#else
    return _CameraDepthTexture.SampleLevel(sampler_CameraDepthTexture, uv, 0).r;
#endif
}

#endif
