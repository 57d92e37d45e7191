#pragma once

#include "RHICommandList.h"

#include <memory>
#include <vector>

class FRDGTexture
{
};
using FRDGTextureRef = FRDGTexture*;

/** Here passes are told to the host at once. */
class FRDGBuilder
{
public:
	explicit FRDGBuilder(FRHICommandListImmediate& In) : RHICmdList(In) {}
	FRHICommandListImmediate& RHICmdList;

	template <typename T>
	T* AllocParameters()
	{
		auto Made = std::make_shared<T>();
		Kept.push_back(Made);
		return Made.get();
	}

private:
	std::vector<std::shared_ptr<void>> Kept;
};

struct FRDGEventName
{
	const char* Name;
};

#define RDG_EVENT_NAME(Name) (FRDGEventName{Name})
