// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "HAL/CriticalSection.h"
#include "RendererInterface.h"

class FNeuvolSceneProxy;

/** Draws all volumes behind the opaque scene of each view: before translucency, so lit and post-processed like it. */
class FNeuvolRenderer
{
public:
	/** Game thread, once the renderer's module is there. */
	void Register();
	void Unregister();

	/** Render thread, or the tasks by which it updates scenes. */
	void Add(FNeuvolSceneProxy* Proxy);
	void Remove(FNeuvolSceneProxy* Proxy);

private:
	/** Render thread, for each view. */
	void Draw(FPostOpaqueRenderParameters& Parameters);

	FCriticalSection Lock;
	TArray<FNeuvolSceneProxy*> Proxies;
	FDelegateHandle Handle;
};
