#pragma once

#include "CoreMinimal.h"

#include <functional>
#include <map>

class FDelegateHandle
{
public:
	FDelegateHandle() = default;
	explicit FDelegateHandle(uint64 In) : Number(In) {}
	bool IsValid() const { return Number != 0; }
	void Reset() { Number = 0; }
	bool operator<(const FDelegateHandle& Other) const { return Number < Other.Number; }

private:
	uint64 Number = 0;
};

template <typename Signature>
class TDelegate;

template <typename Result, typename... Types>
class TDelegate<Result(Types...)>
{
public:
	template <typename Class>
	static TDelegate CreateRaw(Class* Object, Result (Class::*Method)(Types...))
	{
		TDelegate Made;
		Made.Function = [Object, Method](Types... Arguments) -> Result { return (Object->*Method)(std::forward<Types>(Arguments)...); };
		return Made;
	}
	Result Execute(Types... Arguments) const { return Function(std::forward<Types>(Arguments)...); }

private:
	std::function<Result(Types...)> Function;
};

class FSimpleMulticastDelegate
{
public:
	template <typename Callable>
	FDelegateHandle AddLambda(Callable&& Function)
	{
		const FDelegateHandle Handle(++Last);
		Functions[Handle] = std::forward<Callable>(Function);
		return Handle;
	}
	bool Remove(FDelegateHandle Handle) { return Functions.erase(Handle) != 0; }
	void Broadcast() const
	{
		const auto Copy = Functions;
		for (const auto& [Handle, Function] : Copy) Function();
	}

private:
	std::map<FDelegateHandle, std::function<void()>> Functions;
	uint64 Last = 0;
};
