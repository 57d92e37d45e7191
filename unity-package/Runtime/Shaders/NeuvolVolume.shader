// A volume: direct volume rendering, maximum intensity or an isosurface.
// Faces are drawn from behind, so that the camera may be inside; colours are multiplied by alpha.

Shader "Neuvol/Volume"
{
    Properties
    {
        _NeuvolVolume ("Volume", 3D) = "black" {}
        _NeuvolTransfer ("Transfer function, 1024 x 1", 2D) = "white" {}
        [NoScaleOffset] _NeuvolTransferMax ("Largest alphas, 1024 x 11", 2D) = "white" {}
        [NoScaleOffset] _NeuvolMacro ("Smallest and largest values of blocks", 3D) = "black" {}
        [HideInInspector] _NeuvolSize ("Voxels x, y, z", Vector) = (1, 1, 1, 0)
        [HideInInspector] _NeuvolSpacing ("Edges of the box in object space", Vector) = (1, 1, 1, 0)
        [HideInInspector] _NeuvolAxes ("Axes of the box along the texture's", Vector) = (0, 1, 2, 0)
        [HideInInspector] _NeuvolScaleOffset ("Scale, offset from texel to value", Vector) = (1, 0, 0, 0)
        [HideInInspector] _NeuvolRange ("Minimum, 1 / width of the transfer function", Vector) = (0, 1, 0, 0)
        _NeuvolBoxMin ("Crop from, 0..1", Vector) = (0, 0, 0, 0)
        _NeuvolBoxMax ("Crop to, 0..1", Vector) = (1, 1, 1, 0)
        _NeuvolCut0 ("Cut plane 1", Vector) = (0, 0, 0, 1)
        _NeuvolCut1 ("Cut plane 2", Vector) = (0, 0, 0, 1)
        _NeuvolCut2 ("Cut plane 3", Vector) = (0, 0, 0, 1)
        _NeuvolCut3 ("Cut plane 4", Vector) = (0, 0, 0, 1)
        [IntRange] _NeuvolCutCount ("Cut planes in use", Range(0, 4)) = 0
        _NeuvolSlice0 ("Slice 1", Vector) = (1, 0, 0, -0.5)
        _NeuvolSlice1 ("Slice 2", Vector) = (0, 1, 0, -0.5)
        _NeuvolSlice2 ("Slice 3", Vector) = (0, 0, 1, -0.5)
        [IntRange] _NeuvolSliceCount ("Slices in use", Range(0, 3)) = 1
        _NeuvolSliceOpacity ("Opacity of slices: 0 by the transfer function", Range(0, 1)) = 1
        _NeuvolLight ("Direction to the light, ambient", Vector) = (0.3, 0.8, -0.52, 0.35)
        _NeuvolSpecular ("Specular strength, shininess, full at gradient", Vector) = (0.25, 32, 0.02, 0)
        _NeuvolStep ("Step in voxels", Range(0.1, 4)) = 0.5
        [HideInInspector] _NeuvolUnitLength ("Length that opacity is for", Float) = 0.01
        _NeuvolDensity ("Density", Range(0, 10)) = 1
        _NeuvolIso ("Value of the isosurface", Float) = 0.5
        [HideInInspector] _NeuvolFrame ("Frame", Float) = 0
        [HideInInspector] _NeuvolMacroSize ("Voxels of a block's edge", Float) = 8
        [Enum(UnityEngine.Rendering.CompareFunction)] _NeuvolZTest ("Depth test", Float) = 4
        [KeywordEnum(DVR, MIP, ISO)] NEUVOL_MODE ("Mode", Float) = 0
        [Toggle(NEUVOL_LIT)] _NeuvolLit ("Lit", Float) = 0
        [Toggle(NEUVOL_JITTER)] _NeuvolJitter ("Jitter", Float) = 0
        [Toggle(NEUVOL_SKIP)] _NeuvolSkip ("Skip empty blocks", Float) = 0
        [Toggle(NEUVOL_DEPTH)] _NeuvolDepth ("End rays at opaque things", Float) = 0
    }

    SubShader
    {
        PackageRequirements
        {
            "com.unity.render-pipelines.universal"
        }
        Tags
        {
            "RenderPipeline" = "UniversalPipeline"
            "Queue" = "Transparent"
            "RenderType" = "Transparent"
            "IgnoreProjector" = "True"
        }

        Pass
        {
            Name "Volume"
            Tags { "LightMode" = "UniversalForward" }
            Cull Front
            ZWrite Off
            ZTest [_NeuvolZTest]
            Blend One OneMinusSrcAlpha

            HLSLPROGRAM
            #pragma target 3.5
            #pragma vertex NeuvolVertex
            #pragma fragment NeuvolVolumeFragment
            #pragma multi_compile_instancing
            #pragma multi_compile_local_fragment NEUVOL_MODE_DVR NEUVOL_MODE_MIP NEUVOL_MODE_ISO
            #pragma multi_compile_local_fragment _ NEUVOL_LIT
            #pragma multi_compile_local_fragment _ NEUVOL_JITTER
            #pragma multi_compile_local_fragment _ NEUVOL_SKIP
            #pragma multi_compile_local_fragment _ NEUVOL_DEPTH

            #define NEUVOL_URP
            #include "Packages/com.unity.render-pipelines.universal/ShaderLibrary/Core.hlsl"
            #include "Packages/com.unity.render-pipelines.universal/ShaderLibrary/DeclareDepthTexture.hlsl"
            #include "NeuvolUnity.hlsl"
            ENDHLSL
        }
    }

    SubShader
    {
        Tags
        {
            "Queue" = "Transparent"
            "RenderType" = "Transparent"
            "IgnoreProjector" = "True"
        }

        Pass
        {
            Name "Volume"
            Cull Front
            ZWrite Off
            ZTest [_NeuvolZTest]
            Blend One OneMinusSrcAlpha

            HLSLPROGRAM
            #pragma target 3.5
            #pragma vertex NeuvolVertex
            #pragma fragment NeuvolVolumeFragment
            #pragma multi_compile_instancing
            #pragma multi_compile_local_fragment NEUVOL_MODE_DVR NEUVOL_MODE_MIP NEUVOL_MODE_ISO
            #pragma multi_compile_local_fragment _ NEUVOL_LIT
            #pragma multi_compile_local_fragment _ NEUVOL_JITTER
            #pragma multi_compile_local_fragment _ NEUVOL_SKIP
            #pragma multi_compile_local_fragment _ NEUVOL_DEPTH

            #define NEUVOL_DEPTH_VARYING
            #include "UnityCG.cginc"
            #include "NeuvolUnity.hlsl"
            ENDHLSL
        }
    }
}
