#pragma once

#include "Delegates.h"

using FTickerDelegate = TDelegate<bool(float)>;

class FTSTicker
{
public:
	struct FDelegateHandle
	{
		uint64 Number = 0;
	};

	static FTSTicker& GetCoreTicker();
	FDelegateHandle AddTicker(const FTickerDelegate& Delegate, float Delay = 0.0f);
	static void RemoveTicker(FDelegateHandle Handle);
	void Tick(float DeltaTime);

private:
	std::map<uint64, FTickerDelegate> Delegates;
	uint64 Last = 0;
};
