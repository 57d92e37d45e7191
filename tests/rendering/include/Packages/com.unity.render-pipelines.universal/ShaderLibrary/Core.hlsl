// Of URP's Core.hlsl, what the package's shaders use (see Stub.hlsl):
//
//   TEXTURE3D_FLOAT LinearEyeDepth(depth, zBufferParams) GetWorldToObjectMatrix GetCameraPositionWS TransformObjectToWorld
//   TransformWorldToHClip GetNormalizedScreenSpaceUV

#ifndef NEUVOL_STUB_CORE
#define NEUVOL_STUB_CORE

#include "../../../Stub.hlsl"

#define TEXTURE3D_FLOAT(name) Texture3D name

float LinearEyeDepth(float raw, float4 zBufferParams)
{
    return 1.0 / (zBufferParams.z * raw + zBufferParams.w);
}

float4x4 GetWorldToObjectMatrix()
{
    return unity_WorldToObject;
}

float3 GetCameraPositionWS()
{
    return _WorldSpaceCameraPos;
}

float3 TransformObjectToWorld(float3 positionOS)
{
    return mul(unity_ObjectToWorld, float4(positionOS, 1.0)).xyz;
}

float4 TransformWorldToHClip(float3 positionWS)
{
    return mul(UNITY_MATRIX_VP, float4(positionWS, 1.0));
}

float2 GetNormalizedScreenSpaceUV(float4 positionCS)
{
    return positionCS.xy / _ScreenParams.xy;
}

#endif
