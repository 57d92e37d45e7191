// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolRenderer.h"

#include "GlobalShader.h"
#include "Misc/ScopeLock.h"
#include "Modules/ModuleManager.h"
#include "NeuvolSceneProxy.h"
#include "PixelShaderUtils.h"
#include "RenderGraphBuilder.h"
#include "RenderGraphUtils.h"
#include "RenderingThread.h"
#include "RHIStaticStates.h"
#include "SceneInterface.h"
#include "SceneView.h"
#include "ShaderParameterStruct.h"

namespace
{
	/** Shaders/Private/NeuvolRaymarch.usf. */
	class FNeuvolRaymarchPS : public FGlobalShader
	{
		DECLARE_GLOBAL_SHADER(FNeuvolRaymarchPS);
		SHADER_USE_PARAMETER_STRUCT(FNeuvolRaymarchPS, FGlobalShader);

	public:
		class FMode : SHADER_PERMUTATION_INT("NEUVOL_UNREAL_MODE", 3);
		class FLit : SHADER_PERMUTATION_BOOL("NEUVOL_UNREAL_LIT");
		using FPermutationDomain = TShaderPermutationDomain<FMode, FLit>;

		BEGIN_SHADER_PARAMETER_STRUCT(FParameters, )
			SHADER_PARAMETER(FMatrix44f, ClipToBox)
			SHADER_PARAMETER(FVector4f, ViewportRect)
			SHADER_PARAMETER(FVector3f, EyeInBox)
			SHADER_PARAMETER(float, IsPerspective)
			SHADER_PARAMETER(FVector3f, VolumeSize)
			SHADER_PARAMETER(float, StepVoxels)
			SHADER_PARAMETER(FVector3f, Edges)
			SHADER_PARAMETER(float, UnitLength)
			SHADER_PARAMETER(FVector3f, TextureScale)
			SHADER_PARAMETER(float, Density)
			SHADER_PARAMETER(FVector3f, TextureOffset)
			SHADER_PARAMETER(float, IsoValue)
			SHADER_PARAMETER(FVector3f, ToLightInBox)
			SHADER_PARAMETER(float, FrameNumber)
			SHADER_PARAMETER(FVector2f, ValueRange)
			SHADER_PARAMETER_RDG_TEXTURE(Texture2D, SceneDepth)
			SHADER_PARAMETER_TEXTURE(Texture3D, Volume)
			SHADER_PARAMETER_SAMPLER(SamplerState, VolumeSampler)
			SHADER_PARAMETER_TEXTURE(Texture2D, Transfer)
			SHADER_PARAMETER_SAMPLER(SamplerState, TransferSampler)
			RENDER_TARGET_BINDING_SLOTS()
		END_SHADER_PARAMETER_STRUCT()
	};

	IMPLEMENT_GLOBAL_SHADER(FNeuvolRaymarchPS, "/Plugin/Neuvol/Private/NeuvolRaymarch.usf", "MainPS", SF_Pixel);
}

void FNeuvolRenderer::Register()
{
	IRendererModule* Module = FModuleManager::LoadModulePtr<IRendererModule>(TEXT("Renderer"));
	if (Module != nullptr && !Handle.IsValid())
	{
		Handle = Module->RegisterPostOpaqueRenderDelegate(FPostOpaqueRenderDelegate::CreateRaw(this, &FNeuvolRenderer::Draw));
	}
}

void FNeuvolRenderer::Unregister()
{
	if (Handle.IsValid())
	{
		if (IRendererModule* Module = FModuleManager::GetModulePtr<IRendererModule>(TEXT("Renderer")))
		{
			Module->RemovePostOpaqueRenderDelegate(Handle);
		}
		Handle.Reset();
		// A frame that is being drawn may still call.
		FlushRenderingCommands();
	}
}

void FNeuvolRenderer::Add(FNeuvolSceneProxy* Proxy)
{
	FScopeLock Guard(&Lock);
	Proxies.Add(Proxy);
}

void FNeuvolRenderer::Remove(FNeuvolSceneProxy* Proxy)
{
	FScopeLock Guard(&Lock);
	Proxies.Remove(Proxy);
}

void FNeuvolRenderer::Draw(FPostOpaqueRenderParameters& Parameters)
{
	if (Parameters.GraphBuilder == nullptr || Parameters.View == nullptr || Parameters.DepthTexture == nullptr)
	{
		return;
	}
	FRDGBuilder& GraphBuilder = *Parameters.GraphBuilder;
	// FViewInfo, which is the renderer's own, is an FSceneView.
	const FSceneView& View = *reinterpret_cast<const FSceneView*>(Parameters.View);
	const FMatrix WorldToClip = FMatrix(Parameters.ViewMatrix) * FMatrix(Parameters.ProjMatrix);
	const FVector Eye = FMatrix(Parameters.ViewMatrix).Inverse().GetOrigin();
	const bool bIsPerspective = FMatrix(Parameters.ProjMatrix).M[3][3] < 0.5;

	FScopeLock Guard(&Lock);
	TArray<FNeuvolSceneProxy*> Visible = Proxies.FilterByPredicate([&](const FNeuvolSceneProxy* Proxy)
	{
		const FNeuvolAppearance& Looks = Proxy->GetAppearance();
		return Looks.Textures && Looks.Textures->GetFront() != nullptr && Looks.Transfer && &Proxy->GetScene() == View.Family->Scene
			&& Proxy->IsShown(&View);
	});
	// What is behind comes first: each volume is blended over what is there.
	Visible.Sort([&](const FNeuvolSceneProxy& A, const FNeuvolSceneProxy& B)
	{
		return FVector::DistSquared(A.GetBounds().Origin, Eye) > FVector::DistSquared(B.GetBounds().Origin, Eye);
	});
	for (const FNeuvolSceneProxy* Proxy : Visible)
	{
		const FNeuvolAppearance& Looks = Proxy->GetAppearance();
		const FMatrix BoxToWorld = Proxy->GetBoxToWorld();
		const FMatrix WorldToBox = BoxToWorld.Inverse();
		const FIntVector Size = Looks.Textures->GetSize();

		FNeuvolRaymarchPS::FParameters* Pass = GraphBuilder.AllocParameters<FNeuvolRaymarchPS::FParameters>();
		Pass->ClipToBox = FMatrix44f((BoxToWorld * WorldToClip).Inverse());
		Pass->ViewportRect = FVector4f(Parameters.ViewportRect.Min.X, Parameters.ViewportRect.Min.Y, Parameters.ViewportRect.Width(),
			Parameters.ViewportRect.Height());
		Pass->EyeInBox = FVector3f(WorldToBox.TransformPosition(Eye));
		Pass->IsPerspective = bIsPerspective ? 1.0f : 0.0f;
		Pass->VolumeSize = FVector3f(Size.X, Size.Y, Size.Z);
		Pass->StepVoxels = Looks.StepVoxels;
		Pass->Edges = Looks.Edges;
		Pass->UnitLength = 0.1f * Looks.Edges.GetMax();
		const auto Axis = [&](int32 N) { return Looks.bIsReversed[N] ? -1.0f : 1.0f; };
		Pass->TextureScale = FVector3f(Axis(0), Axis(1), Axis(2));
		Pass->TextureOffset = (FVector3f::OneVector - Pass->TextureScale) * 0.5f;
		Pass->Density = Looks.Density;
		Pass->IsoValue = Looks.IsoValue;
		Pass->ToLightInBox = FVector3f(WorldToBox.TransformVector(FVector(Looks.ToLight))) * Looks.Edges;
		Pass->FrameNumber = static_cast<float>(View.Family->FrameNumber % 64);
		Pass->ValueRange = FVector2f(Looks.ValueMin, 1.0f / FMath::Max(Looks.ValueMax - Looks.ValueMin, UE_SMALL_NUMBER));
		Pass->SceneDepth = Parameters.DepthTexture;
		Pass->Volume = Looks.Textures->GetFront();
		Pass->VolumeSampler = TStaticSamplerState<SF_Bilinear, AM_Clamp, AM_Clamp, AM_Clamp>::GetRHI();
		Pass->Transfer = Looks.Transfer->Get(GraphBuilder.RHICmdList);
		Pass->TransferSampler = TStaticSamplerState<SF_Bilinear, AM_Clamp, AM_Clamp, AM_Clamp>::GetRHI();
		Pass->RenderTargets[0] = FRenderTargetBinding(Parameters.ColorTexture, ERenderTargetLoadAction::ELoad);

		FNeuvolRaymarchPS::FPermutationDomain Permutation;
		Permutation.Set<FNeuvolRaymarchPS::FMode>(static_cast<int32>(Looks.Mode));
		Permutation.Set<FNeuvolRaymarchPS::FLit>(Looks.bLit);
		FGlobalShaderMap* Map = GetGlobalShaderMap(View.GetFeatureLevel());
		const TShaderMapRef<FNeuvolRaymarchPS> Shader(Map, Permutation);
		// Colours come multiplied by their alpha.
		FRHIBlendState* Blend =
			TStaticBlendState<CW_RGB, BO_Add, BF_One, BF_InverseSourceAlpha, BO_Add, BF_Zero, BF_One>::GetRHI();
		FPixelShaderUtils::AddFullscreenPass(GraphBuilder, Map, RDG_EVENT_NAME("Neuvol"), Shader, Pass, Parameters.ViewportRect, Blend);
	}
}
