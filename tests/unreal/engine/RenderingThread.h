#pragma once

#include "RHICommandList.h"

namespace Fake
{
	void EnqueueRender(std::function<void(FRHICommandListImmediate&)> Command);

	struct FRenderEnqueuer
	{
		template <typename Lambda>
		void operator()(Lambda&& Command) const
		{
			EnqueueRender(std::forward<Lambda>(Command));
		}
	};
}

#define ENQUEUE_RENDER_COMMAND(Name) Fake::FRenderEnqueuer()

/** Waits for the render thread and the RHI thread. */
void FlushRenderingCommands();
