#pragma once

#include "CoreMinimal.h"

#include <chrono>
#include <future>

template <typename T>
class TFuture
{
public:
	TFuture() = default;
	explicit TFuture(std::shared_future<T> In) : Held(std::move(In)) {}
	bool IsValid() const { return Held.valid(); }
	bool IsReady() const { return Held.valid() && Held.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
	void Wait() const { Held.wait(); }
	/** Waits. */
	const T& Get() const { return Held.get(); }

private:
	std::shared_future<T> Held;
};
