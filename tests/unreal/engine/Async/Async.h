#pragma once

#include "Async/Future.h"

#include <functional>
#include <thread>

enum class EAsyncExecution { TaskGraph, TaskGraphMainThread, Thread, ThreadPool };

namespace Fake
{
	void RunInPool(std::function<void()> Task);
}

template <typename Callable>
auto Async(EAsyncExecution, Callable&& Function) -> TFuture<decltype(Function())>
{
	using Result = decltype(Function());
	auto Task = std::make_shared<std::packaged_task<Result()>>(std::forward<Callable>(Function));
	TFuture<Result> Made(Task->get_future().share());
	Fake::RunInPool([Task] { (*Task)(); });
	return Made;
}
