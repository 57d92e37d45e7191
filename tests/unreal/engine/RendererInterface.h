#pragma once

#include "Delegates.h"
#include "Modules/ModuleInterface.h"
#include "RenderGraphBuilder.h"

/** The renderer's own: an FSceneView, which nobody outside knows more of. */
class FViewInfo;

class FPostOpaqueRenderParameters
{
public:
	FIntRect ViewportRect;
	FMatrix ViewMatrix;
	FMatrix ProjMatrix;
	FRDGTexture* ColorTexture = nullptr;
	FRDGTexture* DepthTexture = nullptr;
	FRDGBuilder* GraphBuilder = nullptr;
	const FViewInfo* View = nullptr;
};

using FPostOpaqueRenderDelegate = TDelegate<void(FPostOpaqueRenderParameters&)>;

class IRendererModule : public IModuleInterface
{
public:
	virtual FDelegateHandle RegisterPostOpaqueRenderDelegate(const FPostOpaqueRenderDelegate& Delegate) = 0;
	virtual void RemovePostOpaqueRenderDelegate(FDelegateHandle Handle) = 0;
};
