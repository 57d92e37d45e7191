// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolSceneProxy.h"

#include "NeuvolComponent.h"
#include "NeuvolModule.h"
#include "NeuvolRenderer.h"
#include "RHICommandList.h"

FRHITexture* FNeuvolTransferTexture::Get(FRHICommandListBase& RHICmdList)
{
	if (!Texture)
	{
		const FRHITextureCreateDesc Desc = FRHITextureCreateDesc::Create2D(TEXT("NeuvolTransfer"), Width, 1, PF_FloatRGBA)
			.SetFlags(ETextureCreateFlags::ShaderResource)
			.SetInitialState(ERHIAccess::SRVMask);
		Texture = RHICmdList.CreateTexture(Desc);
		const FUpdateTextureRegion2D Region(0, 0, 0, 0, Width, 1);
		RHICmdList.UpdateTexture2D(Texture, 0, Region, Width * sizeof(FFloat16Color), reinterpret_cast<const uint8*>(Texels.GetData()));
	}
	return Texture;
}

FNeuvolSceneProxy::FNeuvolSceneProxy(const UNeuvolComponent* Component)
	: FPrimitiveSceneProxy(Component)
{
}

SIZE_T FNeuvolSceneProxy::GetTypeHash() const
{
	static size_t Unique;
	return reinterpret_cast<size_t>(&Unique);
}

FPrimitiveViewRelevance FNeuvolSceneProxy::GetViewRelevance(const FSceneView* View) const
{
	FPrimitiveViewRelevance Relevance;
	Relevance.bDrawRelevance = IsShown(View);
	return Relevance;
}

void FNeuvolSceneProxy::CreateRenderThreadResources(FRHICommandListBase&)
{
	if (FNeuvolModule* Module = FNeuvolModule::Get())
	{
		Module->GetRenderer()->Add(this);
	}
}

void FNeuvolSceneProxy::DestroyRenderThreadResources()
{
	if (FNeuvolModule* Module = FNeuvolModule::Get())
	{
		Module->GetRenderer()->Remove(this);
	}
}

FMatrix FNeuvolSceneProxy::GetBoxToWorld() const
{
	const FVector Edges(Appearance.Edges);
	return FScaleMatrix(Edges) * FTranslationMatrix(Edges * -0.5) * GetLocalToWorld();
}
