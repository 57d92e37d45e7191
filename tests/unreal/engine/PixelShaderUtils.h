#pragma once

#include "GlobalShader.h"
#include "ShaderParameterStruct.h"

namespace Fake
{
	/** What a pass of the plugin's shader got. */
	struct FDrawn
	{
		FMatrix44f ClipToBox;
		FVector3f EyeInBox, VolumeSize, Edges, TextureScale, TextureOffset;
		FVector2f ValueRange;
		FRHITexture* Volume = nullptr;
		FRHITexture* Transfer = nullptr;
		FRDGTexture* Target = nullptr;
		FRDGTexture* Depth = nullptr;
		FIntRect Viewport;
	};
	void Drawn(const FDrawn& What);
}

struct FPixelShaderUtils
{
	template <typename Shader>
	static void AddFullscreenPass(FRDGBuilder&, const FGlobalShaderMap* Map, FRDGEventName&&, const TShaderMapRef<Shader>&,
		typename Shader::FParameters* Parameters, const FIntRect& Viewport, FRHIBlendState* Blend)
	{
		check(Map != nullptr && Blend != nullptr);
		check(Parameters->VolumeSampler != nullptr && Parameters->TransferSampler != nullptr);
		check(Parameters->RenderTargets[0].Action == ERenderTargetLoadAction::ELoad);
		Fake::FDrawn What;
		What.ClipToBox = Parameters->ClipToBox;
		What.EyeInBox = Parameters->EyeInBox;
		What.VolumeSize = Parameters->VolumeSize;
		What.Edges = Parameters->Edges;
		What.TextureScale = Parameters->TextureScale;
		What.TextureOffset = Parameters->TextureOffset;
		What.ValueRange = Parameters->ValueRange;
		What.Volume = Parameters->Volume;
		What.Transfer = Parameters->Transfer;
		What.Target = Parameters->RenderTargets[0].Texture;
		What.Depth = Parameters->SceneDepth;
		What.Viewport = Viewport;
		Fake::Drawn(What);
	}
};
