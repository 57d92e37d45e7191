#pragma once

#include "Components/PrimitiveComponent.h"
#include "RHICommandList.h"
#include "SceneView.h"

struct FPrimitiveViewRelevance
{
	bool bDrawRelevance = false;
};

class FPrimitiveSceneProxy
{
public:
	explicit FPrimitiveSceneProxy(const UPrimitiveComponent* Component);
	virtual ~FPrimitiveSceneProxy() = default;
	virtual SIZE_T GetTypeHash() const = 0;
	virtual uint32 GetMemoryFootprint() const = 0;
	virtual FPrimitiveViewRelevance GetViewRelevance(const FSceneView*) const { return {}; }
	virtual void CreateRenderThreadResources(FRHICommandListBase&) {}
	virtual void DestroyRenderThreadResources() {}
	uint32 GetAllocatedSize() const { return 0; }
	bool IsShown(const FSceneView*) const { return bFakeIsShown; }
	FSceneInterface& GetScene() const { return *FakeScene; }
	const FMatrix& GetLocalToWorld() const { return FakeLocalToWorld; }
	const FBoxSphereBounds& GetBounds() const { return FakeBounds; }

	FSceneInterface* FakeScene;
	FMatrix FakeLocalToWorld;
	FBoxSphereBounds FakeBounds;
	bool bFakeIsShown = true;
};
