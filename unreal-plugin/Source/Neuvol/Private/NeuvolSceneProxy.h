// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "NeuvolStream.h"
#include "NeuvolTypes.h"
#include "PrimitiveSceneProxy.h"

class UNeuvolComponent;

/** The transfer function as a texture: 1024 texels, straight alpha. */
class FNeuvolTransferTexture
{
public:
	static constexpr int32 Width = 1024;

	/** Texels from the lowest value to the highest. */
	explicit FNeuvolTransferTexture(TArray<FFloat16Color>&& InTexels) : Texels(MoveTemp(InTexels)) {}

	/** Render thread; made by the first call. */
	FRHITexture* Get(FRHICommandListBase& RHICmdList);

private:
	TArray<FFloat16Color> Texels;
	FTextureRHIRef Texture;
};

/** What a volume looks like. */
struct FNeuvolAppearance
{
	/** What is drawn; null before the first frame. */
	TSharedPtr<FNeuvolTextures> Textures;
	TSharedPtr<FNeuvolTransferTexture> Transfer;
	/** Edge lengths of the box, in the component's space. */
	FVector3f Edges = FVector3f::OneVector;
	/** Whether the texture runs against the box, per axis. */
	bool bIsReversed[3] = {false, false, false};
	float ValueMin = 0.0f;
	float ValueMax = 1.0f;
	ENeuvolRenderMode Mode = ENeuvolRenderMode::DirectVolume;
	float IsoValue = 0.0f;
	float Density = 1.0f;
	float StepVoxels = 1.0f;
	bool bLit = false;
	FVector3f ToLight = FVector3f::UpVector;
};

/** A volume in the scene: knows where it is, and what it looks like. FNeuvolRenderer draws it. */
class FNeuvolSceneProxy final : public FPrimitiveSceneProxy
{
public:
	explicit FNeuvolSceneProxy(const UNeuvolComponent* Component);

	//~ Begin FPrimitiveSceneProxy
	virtual SIZE_T GetTypeHash() const override;
	virtual uint32 GetMemoryFootprint() const override { return sizeof(*this) + GetAllocatedSize(); }
	virtual FPrimitiveViewRelevance GetViewRelevance(const FSceneView* View) const override;
	virtual void CreateRenderThreadResources(FRHICommandListBase& RHICmdList) override;
	virtual void DestroyRenderThreadResources() override;
	//~ End FPrimitiveSceneProxy

	/** Render thread. */
	void SetAppearance(const FNeuvolAppearance& InAppearance) { Appearance = InAppearance; }
	const FNeuvolAppearance& GetAppearance() const { return Appearance; }

	/** Points of the box, 0 to 1 along each edge, to the world. */
	FMatrix GetBoxToWorld() const;

private:
	FNeuvolAppearance Appearance;
};
