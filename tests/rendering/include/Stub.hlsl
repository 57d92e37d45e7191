// The names of Unity's shader libraries that the package's shaders use, written from Unity's public manual (built-in shader
// variables and functions; single-pass instanced rendering; GPU instancing), so that they can be compiled and run without
// Unity. Not Unity's files, and nothing more than what is used:
//
//   CBUFFER_START CBUFFER_END
//   unity_ObjectToWorld unity_WorldToObject UNITY_MATRIX_V UNITY_MATRIX_VP unity_OrthoParams
//   _WorldSpaceCameraPos _ProjectionParams _ScreenParams _ZBufferParams UNITY_REVERSED_Z
//   UNITY_VERTEX_INPUT_INSTANCE_ID UNITY_SETUP_INSTANCE_ID UNITY_TRANSFER_INSTANCE_ID
//   UNITY_VERTEX_OUTPUT_STEREO UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX
//   unity_StereoEyeIndex

#ifndef NEUVOL_STUB_INCLUDED
#define NEUVOL_STUB_INCLUDED

#define CBUFFER_START(name) cbuffer name {
#define CBUFFER_END };
#define UNITY_REVERSED_Z 1

CBUFFER_START(UnityPerCamera)
float4 _ProjectionParams; // x: 1 or -1 (flipped), y: near, z: far, w: 1 / far
float4 _ScreenParams;     // width, height, 1 + 1 / width, 1 + 1 / height
float4 _ZBufferParams;    // reversed: far / near - 1, 1, x / far, 1 / far
float4 unity_OrthoParams; // w: 1 for orthographic cameras
CBUFFER_END

#if defined(UNITY_STEREO_INSTANCING_ENABLED) || defined(UNITY_STEREO_MULTIVIEW_ENABLED)
#define NEUVOL_STUB_STEREO 1
CBUFFER_START(UnityStereoGlobals)
float4x4 unity_StereoMatrixV[2];
float4x4 unity_StereoMatrixVP[2];
float4 unity_StereoWorldSpaceCameraPos[2];
CBUFFER_END
static uint unity_StereoEyeIndex;
#define UNITY_MATRIX_V unity_StereoMatrixV[unity_StereoEyeIndex]
#define UNITY_MATRIX_VP unity_StereoMatrixVP[unity_StereoEyeIndex]
#define _WorldSpaceCameraPos unity_StereoWorldSpaceCameraPos[unity_StereoEyeIndex].xyz
#else
#define unity_StereoEyeIndex 0
CBUFFER_START(UnityPerFrame)
float4x4 unity_MatrixV;
float4x4 unity_MatrixVP;
float3 _WorldSpaceCameraPos;
CBUFFER_END
#define UNITY_MATRIX_V unity_MatrixV
#define UNITY_MATRIX_VP unity_MatrixVP
#endif

#if defined(INSTANCING_ON)
// One matrix for each object that is drawn together.
struct NeuvolStubInstance
{
    float4x4 toWorld;
    float4x4 toObject;
};
CBUFFER_START(UnityInstancing_PerDraw0)
NeuvolStubInstance unity_Instances[64];
CBUFFER_END
static uint unity_InstanceID;
#define unity_ObjectToWorld unity_Instances[unity_InstanceID].toWorld
#define unity_WorldToObject unity_Instances[unity_InstanceID].toObject
#else
CBUFFER_START(UnityPerDraw)
float4x4 unity_ObjectToWorld;
float4x4 unity_WorldToObject;
CBUFFER_END
#endif

#if defined(UNITY_STEREO_INSTANCING_ENABLED)
// Twice as many instances as objects; the lowest bit is the eye.
void NeuvolStubInstanceId(uint id)
{
    unity_StereoEyeIndex = id & 1;
#if defined(INSTANCING_ON)
    unity_InstanceID = id >> 1;
#endif
}
#define UNITY_VERTEX_INPUT_INSTANCE_ID uint instanceID : SV_InstanceID;
#define UNITY_SETUP_INSTANCE_ID(input) NeuvolStubInstanceId(input.instanceID)
#define UNITY_TRANSFER_INSTANCE_ID(input, output) output.instanceID = input.instanceID
#define UNITY_VERTEX_OUTPUT_STEREO uint stereoLayer : SV_RenderTargetArrayIndex; nointerpolation uint stereoEye : BLENDINDICES0;
#define UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO(output) output.stereoLayer = unity_StereoEyeIndex; output.stereoEye = unity_StereoEyeIndex
#define UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX(input) unity_StereoEyeIndex = input.stereoEye
#else
#if defined(UNITY_STEREO_MULTIVIEW_ENABLED)
// The eye comes from the device: the entry point that is compiled sets it before it calls the shader's own.
#define UNITY_VERTEX_OUTPUT_STEREO nointerpolation uint stereoEye : BLENDINDICES0;
#define UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO(output) output.stereoEye = unity_StereoEyeIndex
#define UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX(input) unity_StereoEyeIndex = input.stereoEye
#else
#define UNITY_VERTEX_OUTPUT_STEREO
#define UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO(output)
#define UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX(input)
#endif
#if defined(INSTANCING_ON)
#define UNITY_VERTEX_INPUT_INSTANCE_ID uint instanceID : SV_InstanceID;
#define UNITY_SETUP_INSTANCE_ID(input) unity_InstanceID = input.instanceID
#define UNITY_TRANSFER_INSTANCE_ID(input, output) output.instanceID = input.instanceID
#else
#define UNITY_VERTEX_INPUT_INSTANCE_ID
#define UNITY_SETUP_INSTANCE_ID(input)
#define UNITY_TRANSFER_INSTANCE_ID(input, output)
#endif
#endif

#endif
